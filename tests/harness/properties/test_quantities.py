"""The quantities of a site, by name."""

from __future__ import annotations

import pytest

from twinfeed.emulators.site import Site
from twinfeed.harness.quantities import UnknownQuantity, resolve, unit


@pytest.fixture(scope="module")
def bamako():
    return Site.load("bamako")


def read(site, pattern):
    return {name: value() for name, value in resolve(site, pattern).items()}


def test_a_quantity_of_a_component(bamako):
    assert read(bamako, "utility-a.live") == {"utility-a.live": True}


def test_a_point_of_a_device_is_read_inside_the_emulator(bamako):
    assert read(bamako, "ups-a1.battery.charge") == {"ups-a1.battery.charge": bamako["ups-a1"].read("battery.charge")}


def test_an_alarm_of_a_device(bamako):
    site = Site.load("bamako")
    on_battery = resolve(site, "ups-a1.alarm.on_battery")["ups-a1.alarm.on_battery"]
    assert on_battery() is False
    site.inject("utility-a", "outage")
    site.advance(8.0)
    assert on_battery() is True


def test_a_glob_over_names(bamako):
    assert list(read(bamako, "generator-*.running")) == [f"generator-{n}.running" for n in (1, 2, 3, 4)]


def test_a_section_means_its_entries_that_have_the_quantity(bamako):
    supplied = resolve(bamako, "racks.*.supplied")
    assert "row-1.supplied" in supplied and "rack-noc.supplied" in supplied
    assert not any(name.startswith("pdu-") for name in supplied)


def test_a_section_can_be_narrowed(bamako):
    assert list(resolve(bamako, "racks.rack-*.supplied")) == [
        "rack-noc.supplied",
        "rack-fire.supplied",
        "rack-storage.supplied",
    ]


def test_a_component_that_is_named_like_its_section(bamako):
    assert list(resolve(bamako, "network.converged")) == ["network.converged"]


def test_one_rack_of_a_row_and_all_of_them(bamako):
    assert read(bamako, "row-1.rack-3.supplied") == {"row-1.rack-3.supplied": True}
    assert len(resolve(bamako, "row-1.rack-*.supplied")) == 8


def test_how_many_faults_are_active():
    site = Site.load("bamako")
    faults = resolve(site, "site.faults")["site.faults"]
    assert faults() == 0
    site.inject("utility-a", "outage")
    assert faults() == 1


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("generatr-1.running", "did you mean generator-1"),
        ("generator-1.runing", "has no quantity 'runing'; did you mean running"),
        ("racks.*.suplied", "did you mean supplied"),
        ("rack.*.supplied", "did you mean racks"),
        ("generator-1", "expected NAME.QUANTITY"),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(bamako, pattern, message):
    with pytest.raises(UnknownQuantity, match=message):
        resolve(bamako, pattern)


def test_units(bamako):
    assert unit(bamako, "hall-1.inlet_c") == "°C"
    assert unit(bamako, "ups-a1.battery.charge") == "%"
    assert unit(bamako, "utility-a.live") == ""
