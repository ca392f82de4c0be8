"""A site on the network goes on: a device that crashes is silent and logged once, the others answer."""

from __future__ import annotations

import logging
from pathlib import Path
from types import MethodType
from typing import Any

import pytest
from workers.dialling import dial, until_over

from twinfeed.emulators import sitefile
from twinfeed.emulators.devices.firmware.points import Point
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.serving.openfiles import connections_allowed, raise_open_files
from twinfeed.emulators.site import Site
from twinfeed.harness.transports import DeviceHandle, ModbusTransport, SnmpTransport
from twinfeed.harness.transports.errors import NoAnswer

pytestmark = pytest.mark.usefixtures("hanging_up")

FIRST_PORT = 21760


def raising(*_: object) -> Any:
    raise TypeError("seeded")


@pytest.fixture
async def live() -> Any:
    served = LiveSite(Site.load("bench"), ports=FIRST_PORT)
    await served.start()
    yield served
    await served.stop()


def handle(live: LiveSite, device: str, protocol: str) -> DeviceHandle:
    place = next(e for e in live.endpoints if (e.device, e.protocol) == (device, protocol))
    profile = next(entry.profile for entry in live.site.file.devices if entry.name == device)
    if protocol == "snmp":
        agent = SnmpTransport.v2c(place.address, place.port, timeout_s=0.3, retries=0)
        return until_over(DeviceHandle(device, profile, agent))
    transport = ModbusTransport.tcp(place.address, place.port, place.unit or 1, timeout_s=0.3, retries=0)
    return until_over(DeviceHandle(device, profile, modbus=transport))


@pytest.mark.parametrize(
    ("device", "protocol", "point"), [("pdu-1", "snmp", "system.name"), ("generator-1", "modbus", "engine.speed")]
)
async def test_a_device_whose_point_raises_is_silent_and_logged_once(
    live: LiveSite, caplog: pytest.LogCaptureFixture, device: str, protocol: str, point: str
) -> None:
    bound = live.site[device].point(point)
    good = bound.point
    bound.point = Point(good.name, good.doc, raising, good.unit)
    asked = handle(live, device, protocol)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            with pytest.raises(NoAnswer):
                await asked.read(point)
    (record,) = [record for record in caplog.records if record.name == "twinfeed.emulators.serving.pacing"]
    assert record.getMessage().startswith(f"{device}: its firmware has crashed")
    assert record.exc_info is not None
    assert record.exc_info[0] is TypeError
    assert (device, "firmware-crash", {}) in live.site.active_faults()
    assert (await handle(live, "ups-1", "snmp").read("battery.charge")).value > 0.0
    bound.point = good
    live.site.clear(device)
    assert (await asked.read(point)).value is not None


async def test_one_whose_rows_raise_is_silent_too(live: LiveSite, caplog: pytest.LogCaptureFixture) -> None:
    device = live.site["pdu-1"]
    device.indices = MethodType(raising, device)  # type: ignore[method-assign]
    device.layout += 1
    with pytest.raises(NoAnswer):
        await handle(live, "pdu-1", "snmp").read("system.name")
    assert not device.answers
    assert [defect.phase for defect in live.defects] == ["SNMP"]


async def test_one_whose_notification_raises_is_down_and_the_others_send_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bench.yaml"
    path.write_text(sitefile.find("bench").read_text().replace("user: twinfeed}", "traps: ['127.0.0.1:21799']}"))
    live = LiveSite(Site.load(path), ports=FIRST_PORT)
    await live.start()
    try:
        assert live._announcer is not None
        made, real = [], live._announcer._notification

        def notification(name: str, trap: Any, notice: Any) -> Any:
            made.append(name)
            return raising() if name == "ups-1" else real(name, trap, notice)

        monkeypatch.setattr(live._announcer, "_notification", notification)
        for name in ("ups-1", "pdu-1"):
            trap = live._announcer._traps[name][0]
            live.site[name].notify(trap.alarm, trap.on == "raised")
        live.announce()
        assert {"ups-1", "pdu-1"} <= set(made)
        assert [(defect.who, defect.phase) for defect in live.defects] == [("ups-1/device", "notification")]
        assert live.site["pdu-1"].answers
    finally:
        await live.stop()


async def test_a_limit_of_connections_is_a_fault(live: LiveSite) -> None:
    place = next(e for e in live.endpoints if (e.device, e.protocol) == ("generator-1", "modbus"))
    live.site.inject("generator-1", "connection-limit", {"limit": 1})
    first, _ = await dial(place.address, place.port)
    second = handle(live, "generator-1", "modbus")
    assert (await second.read("engine.speed")).value is not None
    assert await first.read() == b""  # this product closes the oldest
    live.site.clear("generator-1")
    third = handle(live, "generator-1", "modbus")
    for each in (second, third, second):
        assert (await each.read("engine.speed")).value is not None


async def test_a_plant_that_fails_ends_the_site_with_what_to_do(
    live: LiveSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.site.plant, "advance", raising)
    with pytest.raises(PlantError, match=r"the site stopped at t=.* TypeError\('seeded'\)\. .*please report it"):
        await live.run()
    assert isinstance(live.failure, TypeError)


def test_connections_leave_files_for_the_control_socket() -> None:
    assert connections_allowed(1024) < 1024 - 200
    assert connections_allowed(100) == 1


def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        assert raise_open_files()[0] == 256
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
