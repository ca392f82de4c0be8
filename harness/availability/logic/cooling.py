"""The rules of cooling: when a hall becomes too hot, as a formula of failures.

1. A hall becomes too hot when fewer air handlers work than carry it, or when its fire panel stops them.
2. An air handler works with power on any of its feeds and water in any of its loops.
3. A loop works while it is whole and enough of its chillers and pumps do. When another loop fails, its part of the heat
   comes to this one, which needs more of them then.
4. After an outage of the grid each chiller has to start; one that stands by has to start in any case.
"""

from __future__ import annotations

from functools import partial

from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.cooling.chillers import Chiller
from twinfeed.emulators.plant.cooling.crahs import Crah
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.logic.design import Design
from twinfeed.harness.availability.logic.events import Events
from twinfeed.harness.availability.logic.gates import NO, Gates, all_of, any_of, too_few
from twinfeed.harness.availability.logic.power import Power
from twinfeed.harness.availability.tree import Formula


class Cooling:
    """The gates of cooling. `outage` is true while the grid is out."""

    def __init__(self, site: Site, design: Design, events: Events, gates: Gates, power: Power, outage: bool) -> None:
        self._site, self._design, self._events, self._gates, self._power = site, design, events, gates, power
        self._outage = outage

    def too_hot(self, hall: str) -> Formula:
        """True if that hall becomes too hot for its equipment."""
        return self._gates.gate(f"{hall} is too hot", lambda: self._too_hot(hall))

    def _too_hot(self, hall: str) -> Formula:
        group = self._design.air.get(hall)
        few = NO if group is None else too_few(group.needed, [self._handler_dead(name) for name in group.members])
        return any_of(self._events.of(hall, "fire-panel"), few)

    def _handler_dead(self, name: str) -> Formula:
        return self._gates.gate(f"{name} gives no cold air", lambda: self._handler(name))

    def _handler(self, name: str) -> Formula:
        unit = self._site.components[name]
        assert isinstance(unit, AirHandler)
        water: Formula = NO
        if isinstance(unit, Crah):
            loops = [loop for loop in (unit.params.loop, unit.params.alternate_loop) if loop]
            water = all_of(*(self._loop_dead(loop) for loop in loops)) if loops else NO
        elif loop := getattr(unit.params, "condenser_loop", ""):
            water = self._loop_dead(loop)
        own = self._events.of(name, "air-handler", "air-handler-controller", "air-conditioner")
        return any_of(own, self._unfed(unit), water, self._power.burnt(name))

    def _unfed(self, machine: Electrical) -> Formula:
        return self._power.all_dead(machine.feeds.values()) if machine.feeds else NO

    # -- water --------------------------------------------------------------------------------------------------------

    def _loop_dead(self, loop: str) -> Formula:
        return self._gates.gate(f"{loop} does not cool", lambda: self._loop(loop))

    def _loop(self, loop: str) -> Formula:
        overloads = []
        groups = [g for g in (self._design.chillers.get(loop), self._design.pumps.get(loop)) if g is not None]
        for other in dict.fromkeys(name for group in groups for name in group.needed_without):
            fails = self._gates.gate(f"{other} fails", partial(self._fails, other))
            overloads.append(all_of(fails, self._too_few(loop, other)))
        return any_of(self._gates.gate(f"{loop} fails", lambda: self._fails(loop)), *overloads)

    def _fails(self, loop: str) -> Formula:
        own = self._events.of(loop, "loop-valve", "pipe", "pump-controller-stop")
        return any_of(own, self._too_few(loop, ""), self._power.burnt(loop))

    def _too_few(self, loop: str, without: str) -> Formula:
        """Too few machines are left, when another loop has failed (or '' for none)."""
        found = []
        for groups, dead in (
            (self._design.chillers, self._chiller_dead),
            (self._design.pumps, self._pump_dead),
            (self._design.coolers, self._cooler_dead),
        ):
            if (group := groups.get(loop)) is not None and group.members:
                needed = group.needed_without.get(without, group.needed)
                found.append(too_few(needed, [dead(name) for name in group.members]))
        return any_of(*found)

    def _chiller_dead(self, name: str) -> Formula:
        chiller = self._site.components[name]
        assert isinstance(chiller, Chiller)
        starts = self._outage or not chiller.params.initially_running
        return self._gates.gate(
            f"{name} does not cool",
            lambda: any_of(
                self._events.of(name, "chiller"),
                self._events.of(name, "chiller-start") if starts else NO,
                self._unfed(chiller),
                self._loop_dead(chiller.params.condenser_loop) if chiller.params.condenser_loop else NO,
                self._power.burnt(name),
            ),
        )

    def _pump_dead(self, name: str) -> Formula:
        pump = self._site.components[name]
        assert isinstance(pump, Pump)
        stands_by = not pump.params.initially_on
        return self._gates.gate(
            f"{name} does not pump",
            lambda: any_of(
                self._events.of(name, "pump"),
                self._events.of(pump.params.loop, "pump-controller") if stands_by else NO,
                self._unfed(pump),
                self._power.burnt(name),
            ),
        )

    def _cooler_dead(self, name: str) -> Formula:
        cooler = self._site.components[name]
        assert isinstance(cooler, Electrical)
        own = self._events.of(name, "heat-rejection", "make-up-water")
        return any_of(own, self._unfed(cooler), self._power.burnt(name))
