"""Laws of nature on every shipped site, whatever fails: what flows into a node flows out of it, nothing leaves its range."""

from __future__ import annotations

import math

import pytest
from shipped import Course, courses, looks, of, on_every_site

from twinfeed.emulators.plant.cooling.halls import Hall
from twinfeed.emulators.plant.generation.fuel import Tank
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Tie
from twinfeed.emulators.plant.ups.ups import Ups
from twinfeed.emulators.site import Site

RANGES = {"%": (-1e-9, 100.0 + 1e-9), "°C": (-60.0, 400.0), "V": (-1e-9, 1500.0), "Hz": (-1e-9, 80.0)}
"""The range of a quantity of that unit where its component gives no other range; low voltage ends at 1500 V DC (IEC 60364)."""


@on_every_site(courses())
def test_what_is_drawn_from_a_node_is_what_its_consumers_draw(name: str, course: Course) -> None:
    """Kirchhoff's first law at every node of the power paths but tied boards, which share their load."""
    for site in looks(name, course):
        tied = {feed for tie in of(site, Tie) for feed in tie.feeds.values()}
        drawn = dict.fromkeys(site.components, 0.0)
        for consumer in of(site, Electrical):
            if not isinstance(consumer, Tie) and consumer.id not in tied:
                for terminal, draw in consumer.demand().items():
                    if terminal in consumer.feeds:
                        drawn[consumer.upstream(terminal).id] += draw.total_kw
        for node in of(site, Electrical):
            feeds_tied = any(tie in tied for tie in _consumers(site, node))
            if node.id not in tied and not isinstance(node, Tie) and not feeds_tied and not hasattr(node, "exchange"):
                assert node.load.total_kw == pytest.approx(drawn[node.id], abs=1e-6), f"{node.id} at {site.now:g} s"


def _consumers(site: Site, node: Electrical) -> list[str]:
    return [one.id for one in of(site, Electrical) if node.id in {ref.partition(":")[0] for ref in one.feeds.values()}]


@on_every_site(courses())
def test_no_quantity_leaves_the_range_of_its_unit(name: str, course: Course) -> None:
    for site in looks(name, course):
        for component in site.components.values():
            for quantity, unit in component.QUANTITIES.items():
                value = component.quantity(quantity)
                assert isinstance(value, bool | int | float | str), f"{component.id}.{quantity} is {value!r}"
                if isinstance(value, float):
                    low, high = _range(component, quantity, unit)
                    assert math.isfinite(value) or math.isinf(high), f"{component.id}.{quantity} is {value}"
                    assert low <= value <= high, f"{component.id}.{quantity} is {value:g} {unit} at {site.now:g} s"


def _range(component: Component, quantity: str, unit: str) -> tuple[float, float]:
    return component.POSSIBLE.get(quantity, RANGES.get(unit, (-math.inf, math.inf)))


@on_every_site(courses())
def test_readings_that_are_derived_keep_their_order(name: str, course: Course) -> None:
    for site in looks(name, course):
        for hall in of(site, Hall):
            assert hall.hottest_inlet_c >= hall.inlet_c - 1e-9
        for tank in of(site, Tank):
            assert 0.0 <= tank.level_l <= tank.params.capacity_l
        for ups in of(site, Ups):
            assert not (ups.on_battery and ups.mode in ("bypass", "maintenance", "off"))
