"""The top events of a site: its equipment does not run.

Equipment runs while it is supplied, not overheated, and reachable where the network serves it. There is a top event for
each row and rack, for each hall (`hall-1 is too hot`), for any row at all, and for all rows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from twinfeed.emulators.plant.cooling.halls import Hall
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.logic.cooling import Cooling
from twinfeed.harness.availability.logic.design import Design, every
from twinfeed.harness.availability.logic.events import Events
from twinfeed.harness.availability.logic.gates import NO, Gates, all_of, any_of
from twinfeed.harness.availability.logic.network import Network
from twinfeed.harness.availability.logic.power import Power
from twinfeed.harness.availability.rates.categories import Table
from twinfeed.harness.availability.tree import Formula, Named, Tree

ANY, ALL = "any row stops", "all rows stop"
"""The top events of the site."""


@dataclass(frozen=True)
class Logic:
    """The gates of a site in one state of the grid."""

    gates: Gates
    events: Events
    tops: tuple[str, ...]
    """The names of the top events: those of the site, of rows and of halls."""

    def tree(self, top: str) -> Tree:
        """The fault tree of a top event."""
        return Tree(top, self.gates.gates, self.events.failures)


def logic(site: Site, design: Design, table: Table, running_h: float, outage: bool = False, gap: bool = False) -> Logic:
    """The static logic of a site.

    `outage` is true while the grid is out, for `running_h` hours; `gap` also counts batteries, at the instant at which
    it goes.

    Raises:
        TreeError: a category of failures has no data.
    """
    gates, events = Gates(), Events(site, table, running_h)
    power = Power(site, design, events, gates, outage, gap)
    cooling = Cooling(site, design, events, gates, power, outage)
    network = Network(site, events, gates, power)
    rows = every(site, RackRow)
    stops = {row.id: _stops(row, events, power, cooling, network) for row in rows}
    tops = {f"{row} stops": formula for row, formula in stops.items()}
    tops |= {f"{hall.id} is too hot": cooling.too_hot(hall.id) for hall in every(site, Hall)}
    named = {}
    for name, formula in tops.items():
        gates.gates.setdefault(name, formula)
        named[name] = Named(name)
    of_rows = [named[f"{row.id} stops"] for row in rows]
    gates.gates[ANY] = any_of(*of_rows)
    gates.gates[ALL] = all_of(*of_rows)
    return Logic(gates, events, (ANY, ALL, *tops))


def _stops(row: RackRow, events: Events, power: Power, cooling: Cooling, network: Network) -> Formula:
    cords = [
        any_of(
            power.dead(ref),
            events.of(row.id, "rack-supply", part=terminal, items=row.params.racks),
            events.of(row.id, "rack-short", part=terminal, items=row.params.racks),
        )
        for terminal, ref in row.feeds.items()
    ]
    heat = cooling.too_hot(row.params.hall) if row.params.hall else NO
    return any_of(all_of(*cords), heat, network.unreachable(row.id), power.burnt(row.id))
