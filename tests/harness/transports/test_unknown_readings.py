"""Handles: what a point cannot have is no reading, and every point that is served can be read back."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface, point_name
from twinfeed.emulators.profiles.schema import SnmpObject
from twinfeed.emulators.site import Site
from twinfeed.harness import quantities
from twinfeed.harness.characterise.drift.twin import Twin, place_of
from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.transports import DeviceHandle, Reading
from twinfeed.harness.transports.places import NO_VALUE, Place, entries, indices
from twinfeed.harness.transports.replay import recorded_agent, recorded_unit
from twinfeed.harness.transports.snmp.messages import VarBind

UPS, METER = library.get("ups-rfc1628"), library.get("schneider-pm5000")
CHARGE, VOLTAGE = "1.3.6.1.2.1.33.1.2.4.0", "1.3.6.1.2.1.33.1.4.4.1.2.1"

SHARED_NUMBER = {"test.result"}
"""Points of which a product shows several words as one number."""


def ups(**values: int) -> dict[str, Reading]:
    names = {"battery.charge": CHARGE, "output.1.voltage": VOLTAGE}
    handle = DeviceHandle("ups", UPS, snmp=recorded_agent([VarBind(names[n], v) for n, v in values.items()], "agent"))
    return asyncio.run(handle.read_many(values))


@pytest.mark.parametrize("charge", [128, -1, 65535, 2**31 - 1])
def test_a_charge_that_cannot_be_is_unknown_and_its_raw_value_is_kept(charge: int) -> None:
    reading = ups(**{"battery.charge": charge})["battery.charge"]
    assert math.isnan(float(reading.value))
    assert reading.raw == charge
    assert "0 to 100 %" in reading.unknown


def test_one_unknown_value_leaves_the_others_known() -> None:
    readings = ups(**{"battery.charge": 128, "output.1.voltage": 231})
    assert (readings["output.1.voltage"].value, readings["output.1.voltage"].unknown) == (231, "")
    assert readings["output.1.voltage"].raw is None


def test_the_end_of_the_type_is_no_measurement() -> None:
    reading = ups(**{"output.1.voltage": 2**31 - 1})["output.1.voltage"]
    assert math.isnan(float(reading.value))
    assert reading.unknown


POWER = "1.3.6.1.2.1.33.1.4.4.1.4.1"


@given(st.floats(0.5, 5000.0), st.integers(-(2**31) + 1, 2**31 - 2))
@example(60.0, 3_000_000)
def test_a_power_that_the_rating_rules_out_is_unknown_and_kept(rated_kva: float, watts: int) -> None:
    """Ten times the rated apparent power is the most that a UPS can show."""
    agent = recorded_agent([VarBind(POWER, watts)], "agent")
    handle = DeviceHandle("ups", UPS, snmp=agent, rated_kva=rated_kva)
    reading = asyncio.run(handle.read("output.1.power"))
    possible = abs(watts) <= 10_000.0 * rated_kva and -1e6 <= watts <= 1e7
    assert (reading.unknown == "", reading.raw) == (possible, None if possible else watts)


def test_the_rating_of_the_site_file_bounds_what_a_device_reports() -> None:
    """The quantity of the plant has no such bound: a short circuit draws many times the rating."""
    site = Site.load("bench")
    kva = site["ups-1"].rated_kva
    assert kva == site.components["ups-1"].params.kva
    domain = quantities.domain(site, "ups-1.output.power")
    assert domain.impossible(9.9 * kva * 1000.0) is None
    assert "is impossible" in (domain.impossible(10.1 * kva * 1000.0) or "")
    for name in ("chiller-1", "crac-1"):
        domain, kw = quantities.domain(site, f"{name}.cooling.power"), site.components[name].params.reference_kw
        assert domain.impossible(9.9 * kw) is None
        assert "is impossible" in (domain.impossible(10.1 * kw) or "")


def meter(first: int, second: int) -> Reading:
    entry = next(e for e in entries(METER) if e.point == "frequency")
    place = Place("frequency", None, entry, {})
    registers = {("holding", place.address): first, ("holding", place.address + 1): second}
    return asyncio.run(DeviceHandle("meter", METER, modbus=recorded_unit(registers, "unit")).read("frequency"))


def test_a_float_is_read_and_with_swapped_words_it_is_unknown() -> None:
    assert meter(0x4248, 0x0000).value == 50.0
    swapped = meter(0x0000, 0x4248)
    assert math.isnan(float(swapped.value))
    assert "too small" in swapped.unknown


def test_a_nan_of_the_device_says_that_it_has_no_value() -> None:
    assert meter(0x7FC0, 0x0000).unknown == NO_VALUE


async def read_back(handle: DeviceHandle, names: list[str], together: bool) -> dict[str, Reading]:
    """Registers one by one: what was recorded has no registers in between."""
    return await handle.read_many(names) if together else {name: await handle.read(name) for name in names}


@pytest.mark.parametrize("name", library.names())
def test_every_served_point_can_be_read_back(name: str) -> None:
    profile, (site, device) = library.get(name), place_of(name)
    for protocol in ("snmp", "modbus"):
        if getattr(profile, protocol) is None:
            continue
        walk = Twin(site, device, protocol).recording([0.0]).walks[0]
        snmp = recorded_agent(map(snmprec.as_answered, walk.variables.values()), "agent")
        modbus = recorded_unit(dict(walk.registers), "unit")
        handle = DeviceHandle(device, profile, **{protocol: {"snmp": snmp, "modbus": modbus}[protocol]})  # type: ignore[arg-type]
        emulated = Site.load(site)
        emulated.advance(60.0)
        surface = Surface(profile, emulated[device])
        served = {
            point_name(entry.point, row)
            for entry in entries(profile)
            if entry.point is not None
            and entry.access != "wo"
            and isinstance(entry, SnmpObject) == (protocol == "snmp")
            for row in surface.rows(indices(entry), entry.source)
        }
        readings = asyncio.run(read_back(handle, sorted(served), together=protocol == "snmp"))
        assert set(readings) == served
        for point, reading in readings.items():
            true = surface.device.point(point).read()
            if isinstance(true, float | int) and not isinstance(true, bool):
                assert true != true or isinstance(reading.value, float | int), point
            elif isinstance(true, str | bool) and point not in SHARED_NUMBER:
                assert reading.value == true, point
