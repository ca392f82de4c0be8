"""A device handle: points read and written through the profile of every product, against the emulated device itself."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import pytest
from misbehaving import HOST, answering, mbap
from small_device import USER

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.profiles import library
from twinfeed.emulators.serving import Servers
from twinfeed.emulators.site import Site
from twinfeed.harness.transports import (
    DeviceHandle,
    ModbusTransport,
    NoAnswer,
    NotShown,
    Reading,
    Refused,
    SnmpTransport,
    UsmUser,
    WrongAnswer,
)
from twinfeed.harness.virtual.loop import VirtualLoop

DEVICES = {entry.name: entry.profile for entry in Site.load("bench").file.devices}
SNMP = [name for name, profile in DEVICES.items() if profile.snmp is not None]
MODBUS = [name for name, profile in DEVICES.items() if profile.modbus is not None]

RESOLUTION = 0.02
"""No product of the bench shows a number more coarsely than this part of it …"""

STEP = 0.6
"""… or half a unit of its last digit."""


class Bench:
    """The shipped bench ten minutes after its start, in memory; the plant stands still."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.site = Site.load("bench")
        self.site.advance(600.0)
        self.servers = Servers(self.site, draining=False)
        self.run(self.servers.start())

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def device(self, name: str) -> Device:
        return self.site[name]

    def handle(self, name: str, version: str = "v2c", **options: Any) -> DeviceHandle:
        places = {e.protocol: e for e in self.servers.endpoints if e.device == name}
        access = self.site.file.head.snmp
        snmp = modbus = None
        if at := places.get("snmp"):
            if version == "v3":
                user = UsmUser(access.user, access.auth_password, access.priv_password)
                snmp = SnmpTransport.v3(at.address, at.port, user=user)
            else:
                snmp = getattr(SnmpTransport, version)(at.address, at.port, access.read, access.write)
        if at := places.get("modbus"):
            modbus = ModbusTransport.tcp(at.address, at.port, at.unit or 1)
        return DeviceHandle(name, DEVICES[name], snmp, modbus, **options)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.run(bench.servers.stop())
    assert bench.loop.failures == []
    bench.loop.close()


def alike(reading: Reading, device: Device) -> bool:
    """True if a reading is the device's own value, as precisely as the product shows it."""
    shown, true = reading.value, device.read(reading.point)
    if isinstance(true, float) and isinstance(shown, (int, float)):
        if math.isnan(true):
            return math.isnan(shown)
        return abs(shown - true) <= max(STEP, RESOLUTION * abs(true))
    if true == b"":
        return shown == ""
    return shown == true


AMBIGUOUS = {"test.result"}
"""Points of which a product shows several words as the same number."""


class TestEveryProduct:
    @pytest.mark.parametrize("name", DEVICES)
    def test_shows_over_the_wire_what_the_device_says(self, bench: Bench, name: str) -> None:
        handle = bench.handle(name)
        points = bench.run(handle.points())
        assert len(points) > 10
        readings = bench.run(handle.read_many(points))
        assert list(readings) == points
        wrong = [reading for reading in readings.values() if not alike(reading, bench.device(name))]
        assert [reading for reading in wrong if reading.point not in AMBIGUOUS] == []

    @pytest.mark.parametrize("name", DEVICES)
    def test_has_the_units_of_the_catalogue(self, bench: Bench, name: str) -> None:
        handle = bench.handle(name)
        readings = bench.run(handle.read_many(bench.run(handle.points())))
        device = bench.device(name)
        assert {r.point: r.unit for r in readings.values()} == {p: device.point(p).point.unit for p in readings}

    @pytest.mark.parametrize("version", ["v1", "v3"])
    @pytest.mark.parametrize("name", ["ups-1", "pdu-1", "sensor-1"])
    def test_says_the_same_in_every_version_of_snmp(self, bench: Bench, name: str, version: str) -> None:
        handle, reference = bench.handle(name, version), bench.handle(name)
        points = bench.run(reference.points())
        assert bench.run(handle.points()) == points
        one, other = (bench.run(h.read_many(points)) for h in (handle, reference))
        moving = {"system.uptime", "system.clock"}
        assert {p: r.value for p, r in one.items() if p not in moving and r.value == r.value} == {
            p: r.value for p, r in other.items() if p not in moving and r.value == r.value
        }


class TestReading:
    def test_has_a_value_a_unit_a_time_and_a_source(self, bench: Bench) -> None:
        handle = bench.handle("ups-1", clock=lambda: 77.5)
        reading = bench.run(handle.read("battery.charge"))
        place = next(e for e in bench.servers.endpoints if e.device == "ups-1")
        assert reading == Reading(
            "ups-1", "battery.charge", 100, "%", 77.5, f"snmp://{place.address}:1161 1.3.6.1.2.1.33.1.2.4.0"
        )

    def test_is_dated_by_the_loop_unless_told_otherwise(self, bench: Bench) -> None:
        before = bench.loop.time()
        reading = bench.run(bench.handle("meter-1").read("voltage.average"))
        assert before < reading.t_s <= bench.loop.time()

    def test_a_lost_probe_is_not_a_number(self, bench: Bench) -> None:
        bench.site.inject("sensor-1", "probe-failure", {"probe": 1})
        reading = bench.run(bench.handle("sensor-1").read("probe.1.value"))
        bench.site.clear("sensor-1", "probe-failure")
        assert isinstance(reading.value, float)
        assert math.isnan(reading.value)

    def test_a_point_that_is_not_shown_is_told_with_near_ones(self, bench: Bench) -> None:
        with pytest.raises(
            NotShown, match=r"ups-1 battery\.chage at profile ups-rfc1628: is not shown; did you mean battery\.charge"
        ):
            bench.run(bench.handle("ups-1").read("battery.chage"))

    def test_a_point_shown_over_another_protocol_is_told_as_such(self, bench: Bench) -> None:
        with pytest.raises(NotShown, match="is shown over another protocol"):
            bench.run(DeviceHandle("ups-1", DEVICES["ups-1"]).read("battery.charge"))

    def test_a_row_that_is_not_there_is_refused_by_name(self, bench: Bench) -> None:
        with pytest.raises(Refused, match=r"pdu-1 outlet\.99\.state at snmp://\S+ 1\.3\.6\S+\.99: noSuchInstance"):
            bench.run(bench.handle("pdu-1").read_many(["system.name", "outlet.99.state"]))


class TestBatches:
    def test_of_variables_are_twenty_a_request(self, bench: Bench) -> None:
        handle = bench.handle("pdu-1")
        bench.run(handle.read_many([f"outlet.{n}.name" for n in range(1, 22)]))
        assert handle.snmp is not None
        assert handle.snmp.requests == 2

    @pytest.mark.parametrize(("name", "most"), [("generator-1", 10), ("ups-3", 5), ("meter-1", 4), ("ats-main", 6)])
    def test_of_registers_are_few(self, bench: Bench, name: str, most: int) -> None:
        points = bench.run(bench.handle(name).points())
        handle = bench.handle(name)
        bench.run(handle.read_many(points))
        assert handle.modbus is not None
        assert handle.modbus.requests <= most < len(points) / 5

    def test_are_in_the_order_asked_for_and_ask_once_for_what_is_asked_twice(self, bench: Bench) -> None:
        handle = bench.handle("ups-1")
        names = ["system.name", "battery.charge", "system.name"]
        assert list(bench.run(handle.read_many(names))) == ["system.name", "battery.charge"]

    def test_of_nothing_ask_nothing(self, bench: Bench) -> None:
        handle = bench.handle("ups-1")
        assert bench.run(handle.read_many([])) == {}
        assert handle.snmp is not None
        assert handle.snmp.requests == 0


class TestWriting:
    @pytest.mark.parametrize("version", ["v1", "v2c", "v3"])
    def test_a_text_and_a_word_over_snmp(self, bench: Bench, version: str) -> None:
        handle = bench.handle("pdu-1", version)
        bench.run(handle.write("system.name", f"strip-{version}"))
        bench.run(handle.write("outlet.2.control", "off"))
        assert bench.device("pdu-1").read("system.name") == f"strip-{version}"
        assert bench.run(handle.read("outlet.2.state")).value == "off"
        bench.run(handle.write("outlet.2.control", "on"))

    def test_a_number_in_its_unit_over_snmp(self, bench: Bench) -> None:
        bench.run(bench.handle("ups-1").write("setting.low_battery", 180.0))
        assert bench.device("ups-1").read("setting.low_battery") == 180.0

    def test_a_scaled_register(self, bench: Bench) -> None:
        handle = bench.handle("loop-1")
        bench.run(handle.write("pumps.speed", 75.5))
        assert bench.run(handle.read("pumps.speed")).value == pytest.approx(75.5)
        assert bench.device("loop-1").read("pumps.speed") == pytest.approx(75.5)

    def test_a_text_and_a_number_of_several_registers(self, bench: Bench) -> None:
        handle = bench.handle("ups-3")
        bench.run(handle.write("ups.ident", "hall 2"))
        bench.run(handle.write("setting.reboot_time", 600))
        assert bench.device("ups-3").read("ups.ident") == "hall 2"
        assert bench.run(handle.read("setting.reboot_time")).value == 600

    def test_a_text_too_long_for_its_registers_is_not_cut(self, bench: Bench) -> None:
        with pytest.raises(ValueError, match="the registers hold 16 characters"):
            bench.run(bench.handle("ups-3").write("ups.ident", "a name of seventeen"))

    def test_a_coil(self, bench: Bench) -> None:
        handle = bench.handle("relay-1")
        bench.run(handle.write("relay.3.closed", True))
        assert bench.device("relay-1").read("relay.3.closed")
        bench.run(handle.write("relay.3.closed", False))
        assert not bench.run(handle.read("relay.3.closed")).value

    def test_what_can_only_be_read_is_told_before_anything_is_sent(self, bench: Bench) -> None:
        handle = bench.handle("ups-1")
        with pytest.raises(NotShown, match=r"ups-1 battery\.charge .*can only be read"):
            bench.run(handle.write("battery.charge", 50))
        assert handle.snmp is not None
        assert handle.snmp.requests == 0

    def test_a_word_the_product_does_not_have_is_told_before_anything_is_sent(self, bench: Bench) -> None:
        with pytest.raises(ValueError, match=r"pdu-1 outlet\.2\.control: cannot write 'dim': 'dim' is not one of"):
            bench.run(bench.handle("pdu-1").write("outlet.2.control", "dim"))

    def test_a_number_that_does_not_fit_its_registers_is_not_written_as_another(self, bench: Bench) -> None:
        with pytest.raises(ValueError, match=r"relay-1 relay\.word: cannot write 65536: u16 registers hold 0 to 65535"):
            bench.run(bench.handle("relay-1").write("relay.word", 65536))

    def test_what_the_device_refuses_is_told_in_its_words(self, bench: Bench) -> None:
        with pytest.raises(
            Refused,
            match=r"relay-1 relay\.word at modbus://\S+ holding \d+: exception 3 \(illegal data value\)",
        ):
            bench.run(bench.handle("relay-1").write("relay.word", 64))
        with pytest.raises(
            Refused, match=r"ups-1 setting\.low_battery at snmp://\S+ 1\.3\.6\S+: error-status 10 \(wrongValue\)"
        ):
            bench.run(bench.handle("ups-1").write("setting.low_battery", -60.0))


class TestErrors:
    """Each names the device, the point, the address and, where there are some, the octets."""

    def test_silence(self, virtually: Any) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            handle = DeviceHandle(
                "ups-9", library.get("ups-rfc1628"), SnmpTransport.v2c("127.12.0.9", 161, timeout_s=1.0)
            )
            with pytest.raises(
                NoAnswer,
                match=r"^ups-9 battery\.charge at snmp://127\.12\.0\.9:161 1\.3\.6\.1\.2\.1\.33\.1\.2\.4\.0: no answer in 2 tries of 1 s",
            ):
                await handle.read("battery.charge")
            handle.close()

        virtually(scenario)

    async def test_a_wrong_answer(self) -> None:
        async with answering(lambda request: mbap(request, "03 02 0001")) as port:
            modbus = ModbusTransport.tcp("127.12.0.1", port, timeout_s=60.0)
            handle = DeviceHandle("meter-9", library.get("schneider-pm5000"), modbus=modbus)
            with pytest.raises(
                WrongAnswer,
                match=r"^meter-9 voltage\.1 at modbus://\S+/1 holding \d+ to \d+: 1 registers came, expected 2 "
                r"\(octets 00 01 00 00 00 05 01 03 02 00 01\)$",
            ) as caught:
                await handle.read("voltage.1")
            error = caught.value
            assert (error.device, error.point) == ("meter-9", "voltage.1")
            assert error.octets.endswith(b"\x03\x02\0\x01")
            handle.close()

    async def test_a_number_without_a_meaning(self) -> None:
        async with answering(lambda request: mbap(request, "03 02 03E7")) as port:
            modbus = ModbusTransport.tcp("127.12.0.1", port, timeout_s=60.0)
            handle = DeviceHandle("generator-9", library.get("dse-gencomm"), modbus=modbus)
            reading = await handle.read("mode")
            assert reading.value != reading.value
            assert (reading.raw, reading.unknown[:17]) == (999, "999 is not one of")
            handle.close()


async def test_a_device_that_gives_fewer_registers_than_its_profile_says_is_asked_by_halves() -> None:
    counts: list[int] = []

    def answer(request: bytes) -> bytes:
        count = int.from_bytes(request[10:12], "big")
        counts.append(count)
        return mbap(request, "8303" if count > 2 else "0304 43660000")  # 230.0

    points = ["voltage.1", "voltage.2", "voltage.3"]
    async with answering(answer) as port:
        meter = DeviceHandle("meter-9", library.get("schneider-pm5000"), modbus=ModbusTransport.tcp(HOST, port))
        for _ in range(2):
            readings = await meter.read_many(points)
        meter.close()
    assert [reading.value for reading in readings.values()] == [230.0] * 3
    assert counts == [6, 2, 4, 2, 2, 2, 2, 2]


async def test_handles_of_one_user_share_an_engine_and_close_apart(small_device: Any) -> None:
    from twinfeed.emulators.wire.snmp import SnmpServer
    from twinfeed.harness.transports.snmp import usm as snmp_usm

    async with SnmpServer(small_device.agent(), "127.12.0.4", 0) as server:
        both = [SnmpTransport.v3("127.12.0.4", server.port, user=USER) for _ in range(2)]
        for each in both:
            await each.get(["1.3.6.1.2.1.1.5.0"])
        loop = asyncio.get_running_loop()
        assert len([key for key in snmp_usm._managers if key[0] is loop]) == 1
        both[0].close()
        assert await both[1].get(["1.3.6.1.2.1.1.5.0"]) == {"1.3.6.1.2.1.1.5.0": b"pdu-a"}
        both[1].close()
        assert not [key for key in snmp_usm._managers if key[0] is loop]
