"""The kinds of this package at work in a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinfeed.emulators.site import Site

SITE = Path(__file__).parents[1] / "site.yaml"


@pytest.fixture
def room() -> Site:
    return Site.load(SITE)


def test_a_string_whose_lead_is_off_reads_nothing_and_raises_an_alarm(room: Site) -> None:
    monitor = room["monitor-1"]
    volts = monitor.read("battery.voltage")
    assert monitor.read("string.1.voltage") == volts
    room.inject("monitor-1", "lead-off", {"string": 1})
    room.advance(1.0)
    assert monitor.read("string.1.voltage") == 0.0
    assert monitor.read("battery.voltage") == volts
    assert monitor.read("alarm.lead_off.active") is True


def test_the_fan_of_the_room_is_watched(room: Site) -> None:
    assert room["monitor-1"].read("room.ventilated") is True
    room.inject("room-1", "extractor-stopped")
    room.advance(1.0)
    assert room["monitor-1"].read("alarm.not_ventilated.active") is True


def test_a_ups_can_suffer_the_fault_of_this_package_and_recovers(room: Site) -> None:
    room.inject("ups-1", "battery-breaker-open")
    room.advance(1.0)
    assert room["monitor-1"].read("alarm.disconnected.active") is True
    room.clear("ups-1", "battery-breaker-open")
    room.advance(1.0)
    assert room["monitor-1"].read("battery.connected") is True


@pytest.mark.site(str(SITE))
async def test_a_controller_reads_the_monitor_over_modbus(site) -> None:
    monitor = site["monitor-1"]
    reading = await monitor.read("string.1.voltage")
    assert reading.value == pytest.approx(site.model["monitor-1"].read("battery.voltage"), abs=0.1)


@pytest.mark.site(str(SITE))
@pytest.mark.controller("battery-watch")
async def test_the_controller_of_this_package_reads_a_stuck_bit_until_it_is_cleared(site, controller) -> None:
    await site.run("30 s")
    assert controller.store["volts"] == controller.store["highest"] > 100.0
    await site.inject("monitor-1", "stuck-bit", bit=15)
    await site.run("30 s")
    assert controller.store["volts"] > 3276.8
    await site.clear("monitor-1", "stuck-bit")
    await site.run("30 s")
    assert controller.store["volts"] < 3276.8 < controller.store["highest"]
