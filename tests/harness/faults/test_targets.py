"""The targets that a search draws from."""

from __future__ import annotations

import pytest

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import catalogue
from twinfeed.harness.faults.targets import targets


def test_targets_are_named_in_the_order_of_the_site(bench: Site) -> None:
    (outage,) = catalogue.find("outage")
    assert targets(bench, outage) == ["utility-a", "utility-b"]
    (hang,) = catalogue.find("card-hang")
    assert targets(bench, hang) == list(bench.devices)


def test_sensor_faults_are_of_measured_points_and_people_change_settings(bench: Site) -> None:
    (bias,) = catalogue.find("sensor-bias")
    assert {"crah-1:air.supply", "sensor-1:probe.1.value", "meter-1:power.total"} <= set(targets(bench, bias))
    assert "crah-1:setpoint.supply" not in targets(bench, bias)
    (changed,) = catalogue.find("settings-changed")
    assert "crah-1:setpoint.supply" in targets(bench, changed)
    (swapped,) = catalogue.find("sensor-swapped")
    assert "crah-1:air.supply,air.return" in targets(bench, swapped)


def test_works_overlap_on_pairs_of_breakers() -> None:
    (overlap,) = catalogue.find("works-overlap")
    pairs = targets(Site.load("bamako"), overlap)
    assert "works:q-row-a1,q-row-b1" in pairs
    assert len(pairs) == len(set(pairs))


def test_every_target_can_really_suffer_its_fault(bench: Site) -> None:
    snapshot = bench.plant.snapshot()
    for entry in catalogue.kinds():
        if entry.family in ("protocol", "transport", "controller"):
            continue
        found = targets(bench, entry)
        for target in found[:: max(1, len(found) // 3)]:
            bench.plant.restore(snapshot)
            try:
                bench.inject(target, entry.kind)
            except PlantError as refusal:
                pytest.fail(f"{target} {entry.kind}: {refusal}")
            bench.clear()
