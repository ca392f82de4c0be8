"""The inline proxy in front of a device: the controller's traffic suffers, the bench's own does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from emulated_bench import DEVICES, EmulatedBench
from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice
from serial_lines import serial_line

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.transports import DeviceHandle, ModbusTransport, NoAnswer, Refused, SnmpTransport
from twinfeed.hil_rigs import actuators, rigfile
from twinfeed.hil_rigs.actuators import ActuatorFailed
from twinfeed.hil_rigs.actuators.wire import WireActuator
from twinfeed.hil_rigs.dialogue import Unattended

RELAY = '{device: relay-1, modbus: "127.0.0.1:15020"}'
PDU = '{device: pdu-1, snmp: "127.0.0.1:11610"}'


class Between:
    """A bench, its own handles, and the proxy `wire` in front of one of its devices."""

    def __init__(self, bench: EmulatedBench, section: str) -> None:
        self.run = bench.run
        self.rig = bench.rig(f"actuators:\n  wire: {{proxy: {section}}}\n")
        self.handles = bench.handles(self.rig)
        wire = actuators.make(self.rig, self.handles, Unattended())["wire"]
        assert isinstance(wire, WireActuator)
        self.wire = wire
        self.run(wire.open())

    def controller(self) -> DeviceHandle:
        """The device as the controller under test finds it."""
        name, places = self.wire.device, self.wire.comes_to
        modbus = snmp = None
        if "modbus" in places:
            modbus = ModbusTransport.tcp(*places["modbus"], timeout_s=1.0, retries=0)
        if "snmp" in places:
            snmp = SnmpTransport.v2c(*places["snmp"], timeout_s=1.0, retries=0)
        return DeviceHandle(name, self.rig.profiles[name], snmp, modbus)


@pytest.fixture
def relay(bench: EmulatedBench) -> Iterator[Between]:
    between = Between(bench, RELAY)
    yield between
    bench.run(between.wire.close())


@pytest.fixture
def pdu(bench: EmulatedBench) -> Iterator[Between]:
    between = Between(bench, PDU)
    yield between
    bench.run(between.wire.close())


class TestModbus:
    def test_without_faults_the_controller_reads_the_device(self, relay: Between) -> None:
        assert relay.run(relay.controller().read("input.4.on")).value is True
        assert relay.run(relay.wire.position()) == "on"

    def test_a_fault_meets_the_controller_and_not_the_bench(self, relay: Between) -> None:
        relay.run(relay.wire.move("modbus-exception", {"code": 6}))
        with pytest.raises(Refused, match=r"exception 6"):
            relay.run(relay.controller().read("input.4.on"))
        assert relay.run(relay.handles["relay-1"].read("input.4.on")).value is True
        assert relay.run(relay.wire.position()) == "modbus-exception"

    def test_back_in_normal_it_is_over(self, relay: Between) -> None:
        relay.run(relay.wire.move("refused"))
        with pytest.raises(NoAnswer):
            relay.run(relay.controller().read("input.4.on"))
        relay.run(relay.wire.move("on"))
        assert relay.run(relay.controller().read("input.4.on")).value is True

    def test_faults_add_up_until_it_is_normal_again(self, relay: Between) -> None:
        relay.run(relay.wire.move("modbus-exception"))
        relay.run(relay.wire.move("delay", {"delay_s": 0.1}))
        assert relay.run(relay.wire.position()) == "modbus-exception, delay"
        relay.run(relay.wire.move("on"))
        assert relay.run(relay.controller().read("input.4.on")).value is True

    @pytest.mark.parametrize(
        ("kind", "parameters", "message"),
        [
            (
                "snmp-generr",
                {},
                "wire: should be snmp-generr: relay-1 speaks modbus-tcp here, which cannot suffer snmp-generr",
            ),
            ("delay", {"percent": 3.0}, "wire: should be delay: delay: unknown parameter percent; it takes delay_s"),
            ("rain", {}, "wire: should be rain: no fault is called 'rain'"),
        ],
    )
    def test_what_it_cannot_suffer_is_refused_and_changes_nothing(
        self, relay: Between, kind: str, parameters: dict[str, float], message: str
    ) -> None:
        relay.run(relay.wire.move("loss"))
        with pytest.raises(ActuatorFailed, match=message):
            relay.run(relay.wire.move(kind, parameters))
        assert relay.run(relay.wire.position()) == "loss"

    def test_tried_dry_it_says_where_the_controller_comes(self, relay: Between) -> None:
        assert relay.run(relay.wire.try_dry()) == "the controller finds relay-1 by modbus at 127.0.0.1:15020"


class TestSnmp:
    def test_a_fault_meets_the_controller_and_not_the_bench(self, pdu: Between) -> None:
        assert pdu.run(pdu.controller().read("outlet.1.state")).value == "on"
        pdu.run(pdu.wire.move("black-hole"))
        with pytest.raises(NoAnswer):
            pdu.run(pdu.controller().read("outlet.1.state"))
        assert pdu.run(pdu.handles["pdu-1"].read("outlet.1.state")).value == "on"


def test_a_proxy_that_is_not_open_disturbs_nothing_and_does_not_pretend_to(bench: EmulatedBench) -> None:
    rig = bench.rig(f"actuators:\n  wire: {{proxy: {RELAY}}}\n")
    wire = actuators.make(rig, bench.handles(rig), Unattended())["wire"]
    bench.run(wire.move("on"))
    with pytest.raises(ActuatorFailed, match="wire: the proxy of relay-1 is not open"):
        bench.run(wire.move("loss"))


async def test_a_port_that_is_taken_is_a_failure(rig_file: Callable[[str], Path]) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    rig = rigfile.read(rig_file(f'actuators:\n  wire: {{proxy: {{device: relay-1, modbus: "127.0.0.1:{port}"}}}}\n'))
    with pytest.raises(
        ActuatorFailed, match=f"wire: the proxy of relay-1 cannot listen at 127.0.0.1:{port}: error while"
    ):
        await actuators.make(rig, {}, Unattended())["wire"].open()
    taken.close()


def test_listening_where_others_reach_it_is_asked_for(rig_file: Callable[[str], Path]) -> None:
    rig = rigfile.read(rig_file('actuators:\n  wire: {proxy: {device: relay-1, modbus: "0.0.0.0:1502"}}\n'))
    with pytest.raises(ValueError, match=r"wire: asked to listen on 0\.0\.0\.0, which is not a loopback address"):
        actuators.make(rig, {}, Unattended())


async def test_a_second_serial_line_of_the_device_is_the_controllers(
    rig_file: Callable[[str], Path], tmp_path: Path
) -> None:
    async with serial_line() as (bench_end, device_end):
        device = SimDevice(1, [SimData(0, values=list(range(50)), datatype=DataType.REGISTERS)])
        server = ModbusSerialServer(device, framer=FramerType.RTU, port=device_end, baudrate=19200)
        await server.serve_forever(background=True)
        terminal = tmp_path / "controller"
        rig = rigfile.read(
            rig_file(
                f"actuators:\n  wire: {{proxy: {{device: relay-1, terminal: {terminal}, line: {bench_end}, parity: N}}}}\n"
            )
        )
        wire = actuators.make(rig, {}, Unattended())["wire"]
        await wire.open()
        controller = ModbusTransport.serial(str(terminal), parity="N", timeout_s=0.5, retries=0)
        assert await controller.read_registers("holding", 7, 1) == b"\x00\x07"
        await wire.move("black-hole")
        with pytest.raises(NoAnswer):
            await controller.read_registers("holding", 7, 1)
        await wire.move("on")
        controller.close()
        await wire.close()
        await server.shutdown()


class TestTheRigFile:
    @pytest.mark.parametrize(
        ("section", "message"),
        [
            ("{device: relay-9, modbus: 'h:1'}", "actuators.wire.proxy.device: found 'relay-9'; did you mean relay-1?"),
            ("{device: relay-1, snmp: 'h:1'}", "actuators.wire.proxy.snmp: relay-1 is not reached over snmp in `devices`"),
            ("{device: relay-1}", "actuators.wire.proxy: expected `modbus`, `snmp` or `line`"),
            ("{device: relay-1, line: /dev/ttyS0}", "actuators.wire.proxy: expected `terminal` and `line` together"),
            ("{device: relay-1, modbus: 1502}", "actuators.wire.proxy.modbus: expected a valid string, found 1502"),
            ("{device: serial-1, modbus: 'h:1'}", "actuators.wire.proxy.modbus: the bench itself reads serial-1 over /dev/ttyS0, and two masters"),
            ("{device: relay-1, terminal: /tmp/t, line: /dev/ttyS0}", "actuators.wire.proxy.line: the bench itself reads serial-1 over /dev/ttyS0"),
        ],
    )  # fmt: skip
    def test_says_where_a_proxy_is_wrong(self, tmp_path: Path, section: str, message: str) -> None:
        path = tmp_path / "rig.yaml"
        serial = "  serial-1: {profile: schneider-pm5000, modbus: {serial: /dev/ttyS0}}\n"
        path.write_text(f"{DEVICES}{serial}actuators:\n  wire: {{proxy: {section}}}\n")
        with pytest.raises(FileError) as refused:
            rigfile.read(path)
        assert f"rig.yaml:13: {message}" in str(refused.value)
