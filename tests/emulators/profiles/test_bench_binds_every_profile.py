"""Every product that ships stands on the bench: its profile binds to a device there and every entry can be read."""

from __future__ import annotations

from typing import Any

import pytest

from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site


@pytest.fixture(scope="module")
def bench() -> Site:
    site = Site.load("bench")
    site.advance(600.0)
    return site


@pytest.mark.parametrize("profile", library.names())
def test_a_device_of_the_bench_has_that_profile(bench: Site, profile: str) -> None:
    assert profile in {entry.profile.profile for entry in bench.file.devices}


@pytest.mark.parametrize("entry", sitefile.read("bench").devices, ids=lambda entry: entry.name)
def test_every_value_of_the_device_can_be_read(bench: Site, entry: sitefile.DeviceEntry) -> None:
    surface = Surface(entry.profile, bench.devices[entry.name])
    if entry.profile.snmp is not None:
        tree = SurfaceTree(surface)
        assert all(tree.encode(position) for position in range(len(tree)))
    if entry.profile.modbus is not None:
        unit: Any = ProfileUnit(surface)
        for slots in unit._slots.values():
            assert all(slot.read() is not None for slot in slots)


def test_the_bench_is_at_peace_after_ten_minutes(bench: Site) -> None:
    assert {name: list(device.state.alarms) for name, device in bench.devices.items() if device.state.alarms} == {}
    assert all(map(bench.reachable, bench.devices))
