"""Acceptance of the bench: what a lab runs before it hands it over, on hardware, on the bench's twin, on emulators.

No test names its world. Each leaves the bench as it found it.
"""

from __future__ import annotations

import pytest

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.durations import seconds
from twinfeed.harness.properties import always
from twinfeed.harness.transports import NoAnswer
from twinfeed.harness.worlds.world import World

pytestmark = pytest.mark.site(settle="10 min")


async def reaches(site: World, device: str, point: str, value: Value, within: str) -> None:
    """Wait until the device shows that value."""
    until_s = site.now + seconds(within)
    while (found := (await site[device].read(point)).value) != value:
        assert site.now < until_s, f"{device}.{point} is {found!r}, expected {value!r} within {within}"
        await site.run("0.5 s")


async def supplied(site: World, rack: str, expected: bool) -> None:
    """Wait until the rack has its supply or has lost it, five seconds at most."""
    until_s = site.now + 5.0
    while bool(site.observe(f"{rack}.supplied")) != expected:
        assert site.now < until_s, f"{rack}.supplied is {not expected} after 5 s"
        await site.run("0.2 s")


async def number(site: World, device: str, point: str) -> float:
    found = (await site[device].read(point)).value
    assert isinstance(found, int | float), f"{device}.{point} is {found!r}, expected a number"
    return float(found)


# -- deliveries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "point", "expected"),
    [
        ("ups-1", "system.serial", "AS0000000011"),
        ("pdu-1", "system.serial", "ZA0000000012"),
        ("ats-1", "system.serial", "QA0000000014"),
        ("switch-1", "system.name", "switch-1"),
        ("meter-1", "system.name", "meter-1"),
        ("meter-2", "system.name", "meter-2"),
        ("meter-3", "system.name", "meter-3"),
        ("ups-2", "system.model", "Upscale"),
    ],
)
async def test_the_device_is_the_one_in_the_list(site: World, device: str, point: str, expected: str) -> None:
    assert (await site[device].read(point)).value == expected


@pytest.mark.parametrize("meter", ["meter-1", "meter-2", "meter-3"])
async def test_a_meter_shows_a_sound_three_phase_supply(site: World, meter: str) -> None:
    shown = await site[meter].read_many(
        [*(f"voltage.{n}" for n in (1, 2, 3)), *(f"power.{n}" for n in (1, 2, 3)), "power.total", "frequency"]
    )
    assert all(207 <= shown[f"voltage.{n}"].value <= 253 for n in (1, 2, 3)), "230 V ± 10 % (EN 50160)"
    assert 49.5 <= shown["frequency"].value <= 50.5
    assert shown["power.total"].value == pytest.approx(sum(shown[f"power.{n}"].value for n in (1, 2, 3)), rel=0.01)
    assert shown["power.total"].value > 1.0, "kW"


async def test_the_second_ups_is_charged_and_on_its_mains(site: World) -> None:
    assert await number(site, "ups-2", "battery.charge") == 100
    assert (await site["ups-2"].read("battery.status")).value == "normal"
    for line in (1, 2, 3):
        assert 207 <= await number(site, "ups-2", f"output.{line}.voltage") <= 253


async def test_the_second_pdu_meters_its_inlet(site: World) -> None:
    assert 207 <= await number(site, "pdu-2", "input.voltage") <= 253
    assert 49.5 <= await number(site, "pdu-2", "input.frequency") <= 50.5
    assert 50 < await number(site, "pdu-2", "input.power") < 1000, "W"


# -- power -------------------------------------------------------------------------------------------------------------


@pytest.mark.watch("rack-1.supplied", "rack-2.supplied")
async def test_an_outlet_that_is_switched_off_takes_its_load_off_the_ups(site: World) -> None:
    before = await number(site, "ups-1", "output.load")
    await site["pdu-1"].write("outlet.1.control", "off")
    await supplied(site, "rack-1", False)
    await site.run("2 s")
    assert await number(site, "ups-1", "output.load") < before - 10, "%"
    await site["pdu-1"].write("outlet.1.control", "on")
    await supplied(site, "rack-1", True)
    site.check(always("rack-2.supplied"))


@pytest.mark.watch("rack-1.supplied", "rack-2.supplied")
async def test_mains_loss_goes_unnoticed_by_the_racks(site: World) -> None:
    await reaches(site, "ups-1", "ups.mode", "online", within="30 s")
    await site.inject("utility-a", "outage")
    await reaches(site, "ups-1", "ups.mode", "battery", within="10 s")
    await site.run("5 s")
    assert await number(site, "ups-1", "battery.seconds_on_battery") >= 3
    await site.clear("utility-a", "outage")
    await reaches(site, "ups-1", "ups.mode", "online", within="60 s")
    site.check(always("rack-1.supplied"), always("rack-2.supplied"))


@pytest.mark.watch("rack-2.supplied")
async def test_the_transfer_switch_carries_its_rack_over(site: World) -> None:
    await reaches(site, "ats-1", "switch.source", "a", within="30 s")
    await site["pdu-1"].write("outlet.2.control", "off")
    await reaches(site, "ats-1", "switch.source", "b", within="5 s")
    await site["pdu-1"].write("outlet.2.control", "on")
    await reaches(site, "ats-1", "switch.source", "a", within="60 s")
    site.check(always("rack-2.supplied", grace="0.2 s"))


@pytest.mark.watch("rack-2.supplied")
async def test_the_transfer_switch_tells_that_its_second_feed_is_gone(site: World) -> None:
    await reaches(site, "ats-1", "switch.redundant", True, within="10 s")
    await site.inject("utility-b", "outage")
    await reaches(site, "ats-1", "switch.redundant", False, within="10 s")
    await site.clear("utility-b", "outage")
    await reaches(site, "ats-1", "switch.redundant", True, within="30 s")
    site.check(always("rack-2.supplied"))


@pytest.mark.watch("rack-1.supplied")
async def test_a_sag_is_ridden_through(site: World) -> None:
    await site.inject("utility-a", "sag", for_="2 s")
    await site.run("10 s")
    site.check(always("rack-1.supplied"))


# -- network -----------------------------------------------------------------------------------------------------------


async def octets(site: World, port: int) -> float:
    """The octets that have come in through that port."""
    return await number(site, "switch-1", f"port.{port}.in_octets")


async def test_a_cut_link_is_told_and_carries_nothing_until_it_is_back(site: World) -> None:
    await reaches(site, "switch-1", "port.3.oper", "up", within="10 s")
    await site.inject("link-3", "cut")
    await reaches(site, "switch-1", "port.3.oper", "down", within="10 s")
    await site.run("4 s")  # agents keep counters for some seconds
    before = await octets(site, 3)
    await site.run("5 s")
    assert await octets(site, 3) == before
    assert (await site["switch-1"].read("port.4.oper")).value == "up"
    await site.clear("link-3", "cut")
    await reaches(site, "switch-1", "port.3.oper", "up", within="10 s")
    await site.run("5 s")
    assert await octets(site, 3) > before


# -- access to the devices ---------------------------------------------------------------------------------------------


async def test_a_station_learns_of_a_ups_that_has_fallen_silent(site: World) -> None:
    await site.inject("ups-1", "partition")
    with pytest.raises(NoAnswer):
        await site["ups-1"].read("battery.charge")
    await site.clear("ups-1", "partition")
    assert await number(site, "ups-1", "battery.charge") > 90
