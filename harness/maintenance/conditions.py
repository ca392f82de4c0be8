"""The states in which work on a site is judged: its full load, an hour before the hottest of its design day, and there
the grid, or its sets alone."""

from __future__ import annotations

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.plant.air.climate import Climate
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site
from twinfeed.harness.maintenance.equipment import Equipment
from twinfeed.harness.tier3.concurrent_maintainability import SETTLE_S

GRID, SETS = "grid", "sets"
"""The sources that carry the site: the grid, or its sets while every utility is out."""

CARRIED_BY = {GRID: N_("on the grid"), SETS: N_("on the sets")}

BEFORE_PEAK_H = 1.0
"""The work begins so long before the hottest hour, h, and goes on through it."""

SETTLED_S = 1800.0
"""The least time for which a site has run before it is judged, s."""

BETWEEN_S = 120.0
"""Between two switches that a person transfers, s: a set takes its load and the chillers start again."""


def full_load(site: Site, utilisation: float = 1.0) -> None:
    """All racks at that part of their rated power; the clock an hour before the hottest of the design day."""
    for component in site.components.values():
        if isinstance(component, RackRow):
            component.set_utilisation(utilisation)
    days = [c for c in site.components.values() if isinstance(c, Climate) and not c.params.series]
    wait_h = (days[0].params.peak_hour - BEFORE_PEAK_H - days[0].hour) % 24.0 if days else 0.0
    site.advance(max(SETTLED_S, wait_h * 3600.0))


def onto_sets(site: Site) -> None:
    """Every utility is out from now on, and the sets carry the site at rest.

    Transfer switches that stand in manual are moved by a person while the grid is still there, one after the other.

    Raises:
        PlantError: the site has no set, or equipment stops on the way; the message names the first loss.
    """
    if not any(component.kind == "generator" for component in site.components.values()):
        raise PlantError(Phrase("{site} has no set", site=site.name))
    equipment = Equipment(site)
    for name, switch in site.components.items():
        if isinstance(switch, AutomaticTransferSwitch) and name in site.devices and site[name].read("mode") == "manual":
            _transfer(site, switch)
    for name, component in site.components.items():
        if component.kind == "utility":
            site.inject(name, "outage")
    site.advance(SETTLE_S)
    equipment.sample()
    if (loss := equipment.first()) is not None:
        raise PlantError(
            Phrase(
                "{site} does not come onto its sets: {row} stops ({cause})",
                site=site.name,
                row=loss.load,
                cause=loss.cause,
            )
        )


def _transfer(site: Site, switch: AutomaticTransferSwitch) -> None:
    """Call the sets, and move the switch onto its emergency side once there is voltage."""
    site.plant.intervene()
    switch.request_start(True)
    site.plant.settle()
    for _ in range(int(BETWEEN_S)):
        if "emergency" in switch.seen and switch.seen["emergency"].live:
            break
        site.advance(1.0)
    if switch.position == "normal" and "emergency" in switch.seen and switch.seen["emergency"].live:
        site.do(switch.id, "transfer", {"to": "emergency"})
    site.advance(BETWEEN_S)
