"""Modbus through pymodbus: the same calls over every framing, and their errors when the answer is wrong or missing."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from certificates import contexts
from misbehaving import answering, mbap, rtu
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer as PymodbusServer
from pymodbus.simulator import DataType, SimData, SimDevice
from serial_lines import serial_line

from twinfeed.emulators.wire.modbus import ModbusSerialServer, ModbusTcpServer, ModbusUdpServer, TableUnit, direct
from twinfeed.harness.transports import ModbusTransport, NoAnswer, Refused, WrongAnswer
from twinfeed.harness.virtual.loop import VirtualLoop

HOST = "127.12.0.1"
FRAMINGS = ("tcp", "tls", "udp", "rtu-tcp", "serial")


@pytest.fixture(params=FRAMINGS)
async def device(request: pytest.FixtureRequest, unit: TableUnit, tmp_path: Path) -> AsyncIterator[ModbusTransport]:
    """A transport to unit 1 of a server of ours."""
    async with serial_line() as (near, far):
        server: Any
        match request.param:
            case "tls":
                ours, theirs = contexts(tmp_path, HOST)
                server = ModbusTcpServer(direct(unit), HOST, 0, tls=ours)
            case "udp":
                server = ModbusUdpServer(direct(unit), HOST, 0)
            case "rtu-tcp":
                server = ModbusTcpServer({1: unit}, HOST, 0, framing="rtu")
            case "serial":
                server = ModbusSerialServer({1: unit}, near, parity="N")
            case _:
                server = ModbusTcpServer(direct(unit), HOST, 0)
        await server.start()
        match request.param:
            case "tls":
                transport = ModbusTransport.tls(*server.address, context=theirs, timeout_s=60.0)
            case "udp":
                transport = ModbusTransport.udp(*server.address, timeout_s=60.0)
            case "rtu-tcp":
                transport = ModbusTransport.rtu_over_tcp(*server.address, timeout_s=60.0)
            case "serial":
                transport = ModbusTransport.serial(far, parity="N", timeout_s=60.0)
            case _:
                transport = ModbusTransport.tcp(*server.address, timeout_s=60.0)
        yield transport
        transport.close()
        await server.stop()


class TestEveryFraming:
    async def test_registers_are_read_as_octets(self, device: ModbusTransport) -> None:
        assert await device.read_registers("holding", 10, 3) == b"\0\x0a\0\x0b\0\x0c"
        assert await device.read_registers("input", 0, 1) == struct.pack(">H", 1000)

    async def test_as_many_as_one_request_takes(self, device: ModbusTransport) -> None:
        assert await device.read_registers("holding", 0, 125) == struct.pack(">125H", *range(125))
        assert len(await device.read_bits("coil", 0, 300)) == 300

    async def test_bits_are_read(self, device: ModbusTransport) -> None:
        assert await device.read_bits("coil", 5, 5) == [False, True, False, False, True]
        assert await device.read_bits("discrete", 6, 1) == [True]

    async def test_registers_are_written(self, device: ModbusTransport, unit: TableUnit) -> None:
        await device.write_registers(4, b"\xca\xfe")
        await device.write_registers(5, b"\x01\x02\x03\x04")
        assert unit.read_registers("holding", 4, 3) == b"\xca\xfe\x01\x02\x03\x04"

    async def test_a_coil_is_written(self, device: ModbusTransport, unit: TableUnit) -> None:
        await device.write_coil(1, True)
        await device.write_coil(0, False)
        assert unit.read_bits("coil", 0, 2) == [False, True]

    async def test_an_exception_is_named_with_its_place(self, device: ModbusTransport) -> None:
        with pytest.raises(Refused, match=r"/1 holding 199 to 200: exception 2 \(illegal data address\)"):
            await device.read_registers("holding", 199, 2)

    async def test_requests_made_at_once_are_answered_each(self, device: ModbusTransport) -> None:
        answers = await asyncio.gather(*(device.read_registers("holding", n, 1) for n in range(20)))
        assert answers == [struct.pack(">H", n) for n in range(20)]

    async def test_a_closed_transport_opens_again(self, device: ModbusTransport) -> None:
        await device.read_registers("holding", 0, 1)
        device.close()
        assert await device.read_registers("holding", 7, 1) == b"\0\x07"


class TestUnits:
    async def test_several_units_share_a_serial_line(self, unit: TableUnit) -> None:
        async with serial_line() as (near, far):
            server = ModbusSerialServer({1: unit, 2: TableUnit(holding=[42])}, near, parity="N")
            await server.start()
            first = ModbusTransport.serial(far, 1, parity="N", timeout_s=60.0)
            second = first.unit(2)
            assert await first.read_registers("holding", 5, 1) == b"\0\x05"
            assert await second.read_registers("holding", 0, 1) == b"\0\x2a"
            assert first.requests == second.requests == 2
            first.close()
            await server.stop()


class TestIdentification:
    async def test_all_of_it_comes_in_as_many_answers_as_it_takes(self) -> None:
        objects = {0: b"Maker", 1: b"M-1", 2: b"1.2", 4: b"x" * 200, 0x80: b"y" * 200}
        assert await self._of(TableUnit(identification=objects)) == objects

    async def test_a_unit_without_it_refuses(self) -> None:
        with pytest.raises(Refused, match="illegal function") as refused:
            await self._of(TableUnit())
        assert refused.value.code == 1

    async def _of(self, unit: TableUnit) -> dict[int, bytes]:
        server = ModbusTcpServer(direct(unit), HOST, 0)
        await server.start()
        device = ModbusTransport.tcp(*server.address, timeout_s=60.0)
        try:
            return await device.identification()
        finally:
            device.close()
            await server.stop()


class TestPymodbusServer:
    """Neither end is ours: this is what shows that both of ours do not share a mistake."""

    async def test_reads_and_writes(self) -> None:
        registers = [SimData(0, values=list(range(100, 120)), datatype=DataType.REGISTERS)]
        server = PymodbusServer([SimDevice(id=1, simdata=registers)], address=(HOST, 0))
        await server.serve_forever(background=True)
        port = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        device = ModbusTransport.tcp(HOST, port, timeout_s=60.0)
        assert await device.read_registers("holding", 3, 2) == struct.pack(">2H", 103, 104)
        await device.write_registers(3, b"\x12\x34")
        await device.write_registers(4, b"\x00\x01\x00\x02")
        assert await device.read_registers("holding", 3, 3) == b"\x12\x34\0\x01\0\x02"
        with pytest.raises(Refused, match="illegal data address"):
            await device.read_registers("holding", 500, 1)
        device.close()
        await server.shutdown()

    async def test_its_identification(self) -> None:
        identity = ModbusDeviceIdentification({0: "Maker", 1: "M-1", 2: "1.2", 4: "Meter", 5: "M"})
        server = PymodbusServer([SimDevice(id=1, simdata=[SimData(0)])], address=(HOST, 0), identity=identity)
        await server.serve_forever(background=True)
        port = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        device = ModbusTransport.tcp(HOST, port, timeout_s=60.0)
        found = await device.identification()
        assert {id: text for id, text in found.items() if text} == {
            0: b"Maker", 1: b"M-1", 2: b"1.2", 4: b"Meter", 5: b"M",
        }  # fmt: skip
        device.close()
        await server.shutdown()


class TestSilence:
    """All in virtual time, so that the seconds are exact."""

    @pytest.mark.parametrize(("retries", "seconds"), [(0, 2.0), (1, 4.0), (3, 8.0)])
    def test_a_silent_device_is_given_up_after_its_tries(
        self, virtually: Callable[..., Any], retries: int, seconds: float
    ) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with answering(lambda request: b"") as port:
                device = ModbusTransport.tcp(HOST, port, timeout_s=2.0, retries=retries)
                with pytest.raises(NoAnswer, match="holding 4: no answer"):
                    await device.read_registers("holding", 4, 1)
                assert loop.time() == pytest.approx(seconds, abs=0.05)
                assert device.requests == 1 + retries
                device.close()

        virtually(scenario)

    def test_nothing_listening_is_known_at_once(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            with pytest.raises(NoAnswer, match="cannot connect"):
                await ModbusTransport.tcp(HOST, 1502).read_registers("holding", 4, 1)
            assert loop.time() < 1.0

        virtually(scenario)

    def test_a_second_try_may_succeed(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            tries: list[bytes] = []

            def second(request: bytes) -> bytes:
                tries.append(request)
                return mbap(request, "03 02 002A") if len(tries) == 2 else b""

            async with answering(second) as port:
                device = ModbusTransport.tcp(HOST, port, timeout_s=2.0, retries=1)
                assert await device.read_registers("holding", 4, 1) == b"\0\x2a"
                assert loop.time() == pytest.approx(2.0, abs=0.05)
                device.close()

        virtually(scenario)

    @pytest.mark.parametrize("retries", [0, 1])
    def test_a_connection_lost_since_the_last_request_costs_no_try(
        self, virtually: Callable[..., Any], unit: TableUnit, retries: int
    ) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            server = ModbusTcpServer(direct(unit), HOST, 1502)
            await server.start()
            device = ModbusTransport.tcp(HOST, 1502, timeout_s=2.0, retries=retries)
            await device.read_registers("holding", 4, 1)
            server.lose_connections()
            assert await device.read_registers("holding", 5, 1) == b"\0\x05"
            assert loop.time() < 1.0
            device.close()
            await server.stop()

        virtually(scenario)

    def test_the_answer_to_a_try_given_up_is_not_taken_for_the_next_requests(
        self, virtually: Callable[..., Any]
    ) -> None:
        """RTU has no transaction ids: only a new connection separates the two."""

        async def scenario(loop: VirtualLoop) -> None:
            async with answering(lambda request: rtu("01 03 02 0001"), delay_s=3.0) as port:
                device = ModbusTransport.rtu_over_tcp(HOST, port, timeout_s=2.0, retries=0)
                for _ in range(3):
                    with pytest.raises(NoAnswer):
                        await device.read_registers("holding", 4, 1)
                device.close()

        virtually(scenario)

    def test_the_answer_to_a_request_that_was_cancelled_is_not_taken_for_the_next_ones(
        self, virtually: Callable[..., Any]
    ) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            answers = ["01 03 02 0001", "01 03 02 0002"]
            async with answering(lambda request: rtu(answers.pop(0)), delay_s=1.0) as port:
                device = ModbusTransport.rtu_over_tcp(HOST, port, timeout_s=2.0, retries=0)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(device.read_registers("holding", 4, 1), 0.5)
                assert await device.read_registers("holding", 5, 1) == b"\0\x02"
                device.close()

        virtually(scenario)


class TestWrongAnswers:
    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            ("03 04 0001 0002", "2 registers came, expected 1"),
            ("03 00", "0 registers came, expected 1"),
            ("03 06 0001", "not a Modbus response"),
            ("03 03 000102", "not a Modbus response"),
            ("03 02 0001 FF", "not a Modbus response"),
            ("04 02 0001", "a response of function 4, expected 3"),
            ("06 0004 0001", "a response of function 6, expected 3"),
            ("64 02 0001", "not a Modbus response"),
        ],
    )
    async def test_to_a_read_is_named_with_its_octets(self, answer: str, says: str) -> None:
        octets = []

        def misbehave(request: bytes) -> bytes:
            octets.append(mbap(request, answer))
            return octets[-1]

        async with answering(misbehave) as port:
            device = ModbusTransport.tcp(HOST, port, timeout_s=60.0)
            with pytest.raises(WrongAnswer, match=f"holding 4: {says}") as caught:
                await device.read_registers("holding", 4, 1)
            assert caught.value.octets == octets[0]
            assert octets[0].hex(" ") in str(caught.value)
            device.close()

    async def test_too_few_bits(self) -> None:
        async with answering(lambda request: mbap(request, "01 01 05")) as port:
            device = ModbusTransport.tcp(HOST, port, timeout_s=60.0)
            with pytest.raises(WrongAnswer, match="coil 0 to 8: 1 octets of bits came, expected 2"):
                await device.read_bits("coil", 0, 9)
            device.close()

    @pytest.mark.parametrize("answer", ["06 0004 0007", "06 0005 0001"])
    async def test_an_echo_that_is_none(self, answer: str) -> None:
        async with answering(lambda request: mbap(request, answer)) as port:
            device = ModbusTransport.tcp(HOST, port, timeout_s=60.0)
            with pytest.raises(WrongAnswer, match="the echo names register"):
                await device.write_registers(4, b"\0\x01")
            device.close()

    def test_noise_on_a_line_is_told_apart_from_silence(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with answering(lambda request: bytes.fromhex("01 03 02 0001 DEAD")) as port:
                device = ModbusTransport.rtu_over_tcp(HOST, port, timeout_s=1.0, retries=1)
                with pytest.raises(WrongAnswer, match=r"no Modbus frame came .*octets 01 03 02 00 01 de ad"):
                    await device.read_registers("holding", 4, 1)
                device.close()

        virtually(scenario)

    def test_the_answer_of_another_unit_of_a_line_is_not_taken_but_named(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with answering(lambda request: rtu("05 03 02 0001")) as port:
                device = ModbusTransport.rtu_over_tcp(HOST, port, timeout_s=1.0, retries=0)
                with pytest.raises(WrongAnswer, match="no Modbus frame came in 1 s, one of unit 5 did"):
                    await device.read_registers("holding", 4, 1)
                assert device.answered_by == 5
                device.close()

        virtually(scenario)

    async def test_after_one_the_next_request_is_sound(self) -> None:
        answers = iter(["03 06 0001", "03 02 002A"])
        async with answering(lambda request: mbap(request, next(answers))) as port:
            device = ModbusTransport.tcp(HOST, port, timeout_s=60.0)
            with pytest.raises(WrongAnswer):
                await device.read_registers("holding", 4, 1)
            assert await device.read_registers("holding", 4, 1) == b"\0\x2a"
            device.close()


@pytest.mark.parametrize(("timeout_s", "retries"), [(0.0, 1), (-1.0, 1), (1.0, -1)])
def test_impossible_timeouts_are_refused(timeout_s: float, retries: int) -> None:
    with pytest.raises(ValueError, match="expected more than 0 and at least 0"):
        ModbusTransport.tcp(HOST, timeout_s=timeout_s, retries=retries)


class _Answering(asyncio.DatagramProtocol):
    """Answers each request through another socket."""

    def __init__(self, answers: asyncio.DatagramTransport) -> None:
        self._answers = answers

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._answers.sendto(data[:5] + b"\x05" + data[6:8] + b"\x02\x12\x34", addr)


@pytest.mark.parametrize(("source", "answered"), [("127.0.0.1", True), ("127.0.0.2", False)])
async def test_over_udp_an_answer_may_come_from_another_port_of_the_device_and_from_no_other_address(
    source: str, answered: bool
) -> None:
    loop = asyncio.get_running_loop()
    answers, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(source, 0))
    server, _ = await loop.create_datagram_endpoint(lambda: _Answering(answers), local_addr=("127.0.0.1", 0))
    transport = ModbusTransport.udp(*server.get_extra_info("sockname"), timeout_s=2.0 if answered else 0.2, retries=0)
    try:
        if answered:
            assert await transport.read_registers("holding", 0, 1) == b"\x12\x34"
        else:
            with pytest.raises(NoAnswer):
                await transport.read_registers("holding", 0, 1)
    finally:
        transport.close()
        server.close()
        answers.close()
