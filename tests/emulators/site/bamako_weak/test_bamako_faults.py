"""Every fault of every kind of thing, one minute long: nothing breaks in the model, and the site comes back to normal."""

from __future__ import annotations

import math

import pytest
from commissioning import losses, put_right, rows, unlike_normal
from workers.examples import some

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site

MINUTE, HOUR = 60.0, 3600.0

SINGLE_CORDED = {"row-legacy", "rack-storage"}

LOSE_A_LOAD = {
    ("sts", "output-failure"),
    ("rack_ats", "output-failure"),
    ("hall", "fire-suppression"),
    ("water_loop", "valve-shut"),
}
"""Faults that are meant to stop equipment even for a minute."""


def kinds() -> list[str]:
    return sorted({c.kind for c in Site.load("bamako-weak").components.values()})


def representatives(site, kind):
    """One component of each kind, once for each kind of firmware on it."""
    chosen = {}
    for name, component in site.components.items():
        if component.kind == kind:
            device = site.devices.get(name)
            chosen.setdefault(None if device is None else device.kind, name)
    return chosen.values()


@pytest.mark.parametrize("kind", some(list(kinds()), quick=8))
def test_every_fault_can_come_and_go(bamako, kind):
    snapshot = bamako.plant.snapshot()
    for name in representatives(bamako, kind):
        for fault in (fault for fault, what in bamako.faults(name).items() if not what.of):
            bamako.plant.restore(snapshot)
            before = losses(bamako)
            bamako.inject(name, fault, for_s=MINUTE)
            bamako.advance(MINUTE)
            lost = {row.id for row in rows(bamako) if not row.quantity("supplied")}
            if (kind, fault) not in LOSE_A_LOAD:
                assert lost <= SINGLE_CORDED, f"{name} {fault}"
            bamako.advance(MINUTE)
            put_right(bamako)
            bamako.advance(HOUR)
            assert unlike_normal(bamako) == [], f"{name} {fault}"
            if not lost:
                assert losses(bamako) == before, f"{name} {fault}"


def test_the_bus_tie_closed_out_of_step_costs_both_boards_and_latches_the_sets(bamako):
    bamako.inject("utility-a", "outage")
    bamako.advance(MINUTE)
    bamako.components["tie-ab"].close()
    bamako.advance(1.0)
    see = bamako.components
    assert {see[q].state.cause for q in ("tie-ab", "q-gen-a", "q-tx-b")} == {"out of step"}
    assert not see["board-a"].live and not see["board-b"].live
    assert {see[f"ups-{unit}"].mode for unit in ("a1", "a2", "b1", "b2")} == {"battery"}
    for number in (1, 2, 3):
        assert bamako.devices[f"generator-{number}"].read("alarm.out_of_sync.condition") == "trip"
    assert losses(bamako) == 0


@pytest.mark.parametrize(
    ("fault", "parameters", "trips", "alarm"),
    [
        ("overspeed", {"hertz": 5.0}, [1], "kw_overload"),
        ("avr", {"error": -15.0}, [1], "loss_of_excitation"),
        ("avr", {"error": -100.0}, [1], "loss_of_excitation"),
        ("avr", {"error": 15.0}, [2, 3], "loss_of_excitation"),
        ("fuel-contaminated", {"minutes": 0.0}, [1], "reverse_power"),
        ("governor", {"amplitude": 3.0}, [], ""),
    ],
)
def test_a_set_gone_wrong_shows_in_power_and_trips_by_its_protection(bamako, fault, parameters, trips, alarm):
    for utility in ("utility-a", "utility-b"):
        bamako.inject(utility, "outage")
    bamako.advance(10 * MINUTE)
    bamako.inject("generator-1", fault, parameters)
    devices = {number: bamako.devices[f"generator-{number}"] for number in (1, 2, 3)}
    for _ in range(12):
        bamako.advance(0.25)
        for point in ("generator.frequency", "generator.voltage.1"):
            assert len({round(float(device.read(point)), 6) for device in devices.values()}) == 1
    powers = ("generator.power.total", "generator.reactive.total")
    shares = {point: [devices[number].read(point) for number in (1, 2)] for point in powers}
    assert any(abs(one - other) > 100.0 for one, other in shares.values())
    bamako.advance(30.0)
    latched = [number for number, device in devices.items() if alarm and device.state.latched.get(alarm) == "trip"]
    assert latched == trips
    assert losses(bamako) == 0


def test_every_quantity_and_every_point_can_be_read_at_any_time(bamako):
    for target, fault in (("utility-a", "outage"), ("utility-b", "outage"), ("generator-1", "fail-to-start")):
        bamako.inject(target, fault)
    for pause in (1.0, 12.0, 20.0, 60.0, 400.0):
        bamako.advance(pause)
        for component in bamako.components.values():
            for quantity in component.QUANTITIES:
                value = component.quantity(quantity)
                assert isinstance(value, (bool, str)) or not math.isnan(value), f"{component.id} {quantity}"
        for device in bamako.devices.values():
            for point in device.point_names():
                assert isinstance(device.read(point), (bool, int, float, str, bytes)), f"{device.name} {point}"


def test_a_fault_nobody_knows_is_refused_with_those_that_exist(bamako):
    with pytest.raises(PlantError, match="cannot suffer 'meltdown'; it knows: fail-to-start"):
        bamako.inject("generator-1", "meltdown")
