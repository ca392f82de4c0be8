"""The states in which work on a site is judged: its full load, an hour before the hottest of its design day, and there
the grid, or its sets alone."""

from __future__ import annotations

from twinfeed._phrases import N_
from twinfeed.emulators.plant.air.climate import Climate
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site

GRID, SETS = "grid", "sets"
"""The sources that carry the site: the grid, or its sets while every utility is out."""

CARRIED_BY = {GRID: N_("on the grid"), SETS: N_("on the sets")}

BEFORE_PEAK_H = 1.0
"""The work begins so long before the hottest hour, h, and goes on through it."""

SETTLED_S = 1800.0
"""The least time for which a site has run before it is judged, s."""


def full_load(site: Site, utilisation: float = 1.0) -> None:
    """All racks at that part of their rated power; the clock an hour before the hottest of the design day."""
    for component in site.components.values():
        if isinstance(component, RackRow):
            component.set_utilisation(utilisation)
    days = [c for c in site.components.values() if isinstance(c, Climate) and not c.params.series]
    wait_h = (days[0].params.peak_hour - BEFORE_PEAK_H - days[0].hour) % 24.0 if days else 0.0
    site.advance(max(SETTLED_S, wait_h * 3600.0))
