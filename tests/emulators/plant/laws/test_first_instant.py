"""A fault at the very first instant moves no temperature: heat needs time, also before the clock has moved."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.emulators import sitefile
from twinfeed.emulators.site import Site

EXAMPLES = int(os.environ.get("TWINFEED_EXAMPLES", "6"))
"""Pairs of faults tried at each site."""

PLACE = st.integers(0, 10**6)


@cache
def begun(name: str) -> tuple[Site, dict[str, Any], list[tuple[str, str]], dict[str, float]]:
    """A site at its first instant, that instant to go back to, every fault of a whole thing, and its temperatures."""
    site = Site.load(name)
    faults = [
        (target, kind) for target in site.components for kind, fault in site.faults(target).items() if not fault.of
    ]
    return site, site.plant.snapshot(), faults, temperatures(site)


STORES = ("hall", "room", "water_loop", "transformer", "ups", "generator", "switch", "rack", "pdu")
"""Kinds of components whose temperatures are those of stored heat; the others follow from flows at once."""


def temperatures(site: Site) -> dict[str, float]:
    return {
        f"{name}.{quantity}": float(component.quantity(quantity))
        for name, component in site.components.items()
        for quantity, unit in component.QUANTITIES.items()
        if unit == "°C" and component.kind in STORES
    }


@pytest.mark.parametrize("name", sitefile.names())
@settings(max_examples=EXAMPLES, deadline=None)
@given(places=st.lists(PLACE, min_size=1, max_size=2))
def test_no_fault_at_the_start_moves_a_temperature_at_once(name: str, places: list[int]) -> None:
    site, first_instant, faults, before = begun(name)
    site.plant.restore(first_instant)
    for target, kind in dict.fromkeys(faults[place % len(faults)] for place in places):
        site.inject(target, kind)
    site.advance(0.01)
    assert temperatures(site) == pytest.approx(before, abs=0.1)


@pytest.mark.parametrize("name", sitefile.names())
def test_the_loss_of_every_feed_at_the_start_moves_no_temperature_at_once(name: str) -> None:
    site, first_instant, _, before = begun(name)
    site.plant.restore(first_instant)
    for utility in (each for each, component in site.components.items() if component.kind == "utility"):
        site.inject(utility, "outage")
    site.advance(0.01)
    assert before
    assert temperatures(site) == pytest.approx(before, abs=0.1)
