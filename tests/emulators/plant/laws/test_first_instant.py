"""A fault at the very first instant moves no temperature: heat needs time, also before the clock has moved."""

from __future__ import annotations

import pytest

from twinfeed.emulators import sitefile
from twinfeed.emulators.site import Site


def temperatures(site: Site) -> dict[str, float]:
    return {
        f"{name}.{quantity}": float(component.quantity(quantity))
        for name, component in site.components.items()
        for quantity, unit in component.QUANTITIES.items()
        if unit == "°C" and component.kind in ("hall", "room", "water_loop")
    }


@pytest.mark.parametrize("name", sitefile.names())
def test_the_loss_of_every_feed_at_the_start_leaves_halls_and_water_as_they_are(name: str) -> None:
    site = Site.load(name)
    before = temperatures(site)
    for utility in (each for each, component in site.components.items() if component.kind == "utility"):
        site.inject(utility, "outage")
    site.advance(0.01)
    assert before
    assert temperatures(site) == pytest.approx(before, abs=0.1)
