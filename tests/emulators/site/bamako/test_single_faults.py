"""No single fault of anything takes a dual-corded row or a hall, on the grid or while the sets carry the site."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from commissioning import HALLS
from workers.examples import some

from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site

WATCH_S = 3600.0
"""After the fault, s: batteries are empty by then (half an hour at this load), and warm water has reached the halls."""

TOO_WARM_C = 32.0
"""Upper limit of ASHRAE's allowable range A1 at the inlet of the servers, degC."""

EXCEPTIONS = {
    ("sts-1", "output-failure"): "row-legacy has one cord, and the failed switch is in it until its bypass is closed",
    ("row-legacy", "cord-a-short-circuit"): "its one cord is the one that fails",
    ("hall-1", "fire-suppression"): "the gas needs the air to stand: it is what the fault means",
    ("hall-2", "fire-suppression"): "the same",
}
"""Faults that stop equipment by their nature, and why."""

SAMPLE = [
    ("gen-bus-a", "short-circuit"),
    ("gen-bus-b", "earth-fault"),
    ("gen-bus-b", "insulation"),
    ("board-a", "short-circuit"),
    ("ups-board-b", "short-circuit"),
    ("mech-board-a", "short-circuit"),
    ("chilled-water-a", "valve-shut"),
    ("chilled-water-b", "restriction"),
    ("tie-gen", "trip"),
    ("q-gen-a", "trip"),
    ("ats-a", "stuck"),
    ("ups-a1", "inverter"),
    ("generator-3", "fail-on-load"),
    ("bulk-tank-a", "empty"),
    ("day-tank-1", "empty"),
    ("chiller-1", "trip"),
    ("q-net-a", "trip"),
    ("core-1", "hang"),
]


def stopped(site: Site, target: str, fault: str) -> list[str]:
    """Rows whose equipment was without supply or too hot after that fault, and halls that became too warm."""
    site.inject(target, fault)
    warm: set[str] = set()
    for _ in range(round(WATCH_S / 60.0)):
        site.advance(60.0)
        warm |= {hall for hall in HALLS if site.components[hall].quantity("hottest_inlet_c") > TOO_WARM_C}
    rows = [name for name, component in site.components.items() if isinstance(component, RackRow)]
    hurt = {event.who for event in site.plant.journal if event.what in ("lost supply", "overheated")}
    return [name for name in (*rows, *sorted(warm)) if name in hurt or name in warm]


def every_fault(site: Site) -> Iterator[tuple[str, str]]:
    """Every fault of a whole component or device. Of those that differ only by a number and are the same product
    (`ups-a1` and `ups-a2`, `pdu-1-a` and `pdu-2-a`), the first stands for all.
    """
    given: set[tuple[str, str]] = set()
    for name in site.components:
        profile = site.profiles[name].profile if name in site.devices else ""
        alike = re.sub(r"\d+", "#", name), profile
        if alike not in given:
            given.add(alike)
            yield from ((name, kind) for kind, fault in site.faults(name).items() if not fault.of)


@pytest.mark.parametrize(("target", "fault"), some(list(SAMPLE), quick=12))
def test_a_single_fault_stops_nothing(in_either_phase: Site, target: str, fault: str) -> None:
    assert stopped(in_either_phase, target, fault) == []


@pytest.mark.parametrize(("target", "fault"), EXCEPTIONS)
def test_the_exceptions_stop_what_they_are_said_to(bamako: Site, target: str, fault: str) -> None:
    expected = {"sts-1": "row-legacy"}.get(target, target)
    assert expected in stopped(bamako, target, fault)


@pytest.mark.skipif(
    "TWINFEED_EVERY_COMPONENT" not in os.environ, reason="half an hour long; set TWINFEED_EVERY_COMPONENT"
)
def test_no_single_fault_of_the_catalogue_stops_anything(in_either_phase: Site) -> None:
    site, found = in_either_phase, {}
    start = site.plant.snapshot()
    for target, fault in every_fault(site):
        site.plant.restore(start)
        site.plant.journal.clear()
        if hurt := stopped(site, target, fault):
            found[target, fault] = hurt
    assert {case: hurt for case, hurt in found.items() if case not in EXCEPTIONS} == {}
