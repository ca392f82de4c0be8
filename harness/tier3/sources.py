"""The sources that carry a site while it is judged: the grid, or its sets alone."""

from __future__ import annotations

from twinfeed._phrases import Phrase
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site

SETTLE_S = 1800.0
"""By when a site that its sets carry is at rest again: sets in step, chillers back, batteries charging, s."""

BETWEEN_S = 120.0
"""Between two switches that a person transfers, s: a set takes its load and the chillers start again."""


def has_sets(site: Site) -> bool:
    """True if the site has a utility to lose and a set to carry it."""
    kinds = {component.kind for component in site.components.values()}
    return {"utility", "generator"} <= kinds


def lose_the_grid(site: Site) -> None:
    """All utilities fail and stay away; the sets carry the site for `SETTLE_S`.

    Transfer switches that stand in manual are moved by a person while the grid is still there, one after the other.

    Raises:
        PlantError: the site has no set, or a row of racks loses its supply on the way; the message names it.
    """
    if not has_sets(site):
        raise PlantError(Phrase("{site} has no set", site=site.name))
    rows = [component for component in site.components.values() if isinstance(component, RackRow)]
    before = {row.id: row.state.losses for row in rows}
    for name, switch in site.components.items():
        if isinstance(switch, AutomaticTransferSwitch) and name in site.devices and site[name].read("mode") == "manual":
            _transfer(site, switch)
    for name, component in site.components.items():
        if component.kind == "utility":
            site.inject(name, "outage")
    site.advance(SETTLE_S)
    lost = [row.id for row in rows if row.state.losses > before[row.id]]
    if lost:
        raise PlantError(
            Phrase("{site} does not come onto its sets: {rows} stops", site=site.name, rows=", ".join(lost))
        )


def _transfer(site: Site, switch: AutomaticTransferSwitch) -> None:
    """Call the sets, and move the switch onto its emergency side once there is voltage."""
    if "emergency" not in switch.seen:
        return
    site.plant.intervene()
    switch.request_start(True)
    site.plant.settle()
    for _ in range(int(BETWEEN_S)):
        if switch.seen["emergency"].live:
            break
        site.advance(1.0)
    if switch.position == "normal" and switch.seen["emergency"].live:
        site.do(switch.id, "transfer", {"to": "emergency"})
    site.advance(BETWEEN_S)
