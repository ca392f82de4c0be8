"""Management cards that misbehave while the power train runs on."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.modbus import ModbusTcpServer, direct
from twinfeed.harness.virtual.loop import VirtualLoop


def test_lost_settings_are_the_factorys_and_come_back(bench: Site) -> None:
    ats = bench["ats-main"]
    ats.write("setting.retransfer", 77.0)
    changed = dict(ats.state.settings)
    bench.inject("ats-main", "settings-lost")
    assert ats.state.settings == {}
    assert ats.setting("retransfer_s") == 60.0, "as the site file has it"
    bench.clear("ats-main")
    assert ats.state.settings == changed
    assert ats.state.set_aside == {}


def test_a_generator_that_has_lost_its_settings_is_back_in_its_mode_from_the_factory(bench: Site) -> None:
    generator = bench["generator-1"]
    generator.write("mode", "manual")
    bench.inject("generator-1", "settings-lost")
    assert generator.read("mode") == "auto"
    bench.clear("generator-1")
    assert generator.read("mode") == "manual"


def test_a_clock_jumps_and_uptime_is_never_negative(bench: Site) -> None:
    meter = bench["meter-1"]
    bench.inject("meter-1", "clock-jump", {"offset": -3600.0, "uptime": -1e6})
    assert meter.read("system.clock") == pytest.approx(bench.now - 3600.0)
    assert meter.read("system.uptime") == 0.0
    bench.clear("meter-1")
    assert meter.read("system.clock") == bench.now
    assert meter.read("system.uptime") == bench.now


def test_an_alarm_that_is_not_raised_is_raised_when_the_fault_is_cleared(bench: Site) -> None:
    ats = bench["ats-main"]
    bench.inject("ats-main", "alarm-not-raised")
    bench.inject("utility-b", "outage")
    bench.advance(30.0)
    assert ats.state.alarms == {}
    assert ats.outbox == []
    bench.clear("ats-main", "alarm-not-raised")
    bench.advance(1.0)
    assert "normal_lost" in ats.state.alarms


def test_an_alarm_that_is_active_can_still_end(bench: Site) -> None:
    ats = bench["ats-main"]
    bench.inject("utility-b", "outage")
    bench.advance(5.0)
    bench.inject("ats-main", "alarm-not-raised")
    bench.clear("utility-b")
    bench.advance(5.0)
    assert "normal_lost" not in ats.state.alarms


def test_an_alarm_storm_raises_so_many_alarms_a_minute_as_notices_and_in_the_table(bench: Site) -> None:
    ups = bench["ups-1"]
    bench.inject("ups-1", "alarm-storm", {"per_minute": 30.0})
    seen = set()
    for _ in range(60):
        seen.update(ups.state.alarms)
        bench.advance(1.0)
    raised = [notice.alarm for notice in ups.outbox if notice.raised]
    assert len(raised) == 30 + 1
    assert len(seen) == len(set(raised)) > 10
    bench.clear("ups-1")
    bench.advance(300.0)
    assert ups.state.alarms == {}


def test_every_device_with_alarms_can_suffer_a_storm(bench: Site) -> None:
    snapshot = bench.plant.snapshot()
    for name, device in bench.devices.items():
        if device.alarms:
            bench.plant.restore(snapshot)
            bench.inject(name, "alarm-storm", {"per_minute": 60.0})
            bench.advance(10.5)
            assert sum(notice.raised for notice in device.outbox) == 11, name


def test_a_command_is_acknowledged_and_not_carried_out(bench: Site) -> None:
    pdu = bench["pdu-2"]
    bench.inject("pdu-2", "command-ignored")
    pdu.write("outlet.12.control", "off")
    bench.advance(5.0)
    assert pdu.read("outlet.12.state") == "on"
    bench.clear("pdu-2")
    pdu.write("outlet.12.control", "off")
    bench.advance(5.0)
    assert pdu.read("outlet.12.state") == "off"


def test_devices_without_alarms_cannot_suffer_alarm_faults(bench: Site) -> None:
    for name, device in bench.devices.items():
        assert ("alarm-storm" in bench.faults(name)) == bool(device.alarms), name


def test_every_device_can_suffer_every_firmware_fault_and_recovers(bench: Site) -> None:
    snapshot = bench.plant.snapshot()
    for name, device in bench.devices.items():
        for kind, fault in device.FAULTS.items():
            if fault.of:
                continue
            bench.plant.restore(snapshot)
            bench.inject(name, kind, for_s=20.0)
            bench.advance(180.0)  # a switch takes two minutes to boot
            assert bench.active_faults() == [], f"{name} {kind}"
            assert device.answers, f"{name} {kind}"


# on the wire --------------------------------------------------------------------------------------------------------


def test_a_slow_modbus_server_answers_one_request_after_the_other() -> None:
    class Registers:
        identification: ClassVar[dict[int, bytes]] = {}

        def read_registers(self, table: str, address: int, count: int) -> bytes:
            return bytes(2 * count)

    loop, delay_s = VirtualLoop(), 2.0
    answered: list[float] = []

    async def ask() -> None:
        server = ModbusTcpServer(direct(Registers()), "127.0.0.9", 502, delay_s=lambda: delay_s)  # type: ignore[arg-type]
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.9", 502)
        request = bytes.fromhex("0001 0000 0006 01 03 0000 0001")
        started = loop.time()
        for _ in range(2):
            writer.write(request)
            await asyncio.sleep(0.01)
        for _ in range(2):
            assert len(await reader.readexactly(11)) == 11
            answered.append(loop.time() - started)
        writer.close()
        await server.stop()

    loop.run_until_complete(ask())
    assert [round(t_s, 1) for t_s in answered] == [2.0, 4.0]
