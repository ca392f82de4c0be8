"""A remote serial port takes its settings before the first request; telnet leaves no trace in the frames."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import pytest
import serial
from external import background, free_port, program
from hypothesis import given
from hypothesis import strategies as st
from serial.rfc2217 import PortManager
from serial_lines import serial_line

from twinfeed.emulators.wire.modbus import ModbusSerialServer, TableUnit
from twinfeed.harness.transports import ModbusTransport, NoAnswer
from twinfeed.harness.transports.modbus.rfc2217 import RemotePort

HOST = "127.0.0.1"


class PyserialServer:
    """pyserial's side of the conversation, in front of a line that gives back what it is sent."""

    def __init__(self) -> None:
        self.line = serial.serial_for_url("loop://")
        self.said = bytearray()
        self.manager = PortManager(self.line, self)

    def write(self, octets: bytes) -> None:
        self.said += octets

    def hear(self, octets: bytes) -> bytes:
        """The octets that it takes for the line's."""
        return b"".join(self.manager.filter(octets))


@pytest.mark.parametrize(
    ("baud", "parity", "stop_bits"), [(9600, "N", 1), (19200, "E", 1), (65535, "O", 2), (0xFF00, "N", 2)]
)
async def test_pyserial_s_server_takes_the_settings(baud: int, parity: str, stop_bits: int) -> None:
    """65535 and 65280 baud hold the octet 255, which telnet doubles."""
    server, port = PyserialServer(), RemotePort(baud, parity, stop_bits)  # type: ignore[arg-type]
    assert server.hear(port.greeting()) == b""
    assert (server.line.baudrate, server.line.parity, server.line.stopbits) == (baud, parity, stop_bits)
    assert server.line.bytesize == 8
    assert port.received(bytes(server.said)) == b""
    await port.ready()


async def test_a_setting_that_the_port_does_not_take_is_named() -> None:
    server, port = PyserialServer(), RemotePort(19200, "E", 1)
    server.hear(port.greeting())
    port.received(bytes(server.said).replace(b"\x2c\x65\x00\x00\x4b\x00", b"\x2c\x65\x00\x00\x25\x80"))
    with pytest.raises(ConnectionError, match="refuses baud 19200, it took 9600"):
        await port.ready()


@given(frame=st.binary(max_size=256))
def test_a_frame_reaches_pyserial_s_line_as_it_is(frame: bytes) -> None:
    server, port = PyserialServer(), RemotePort(9600, "N", 1)
    server.hear(port.greeting())
    assert server.hear(port.escaped(frame)) == frame


@given(frame=st.binary(max_size=64), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_what_comes_is_the_same_however_it_is_cut(frame: bytes, cuts: list[int]) -> None:
    server, port = PyserialServer(), RemotePort(9600, "N", 1)
    server.hear(port.greeting())
    stream = bytes(server.said) + b"".join(server.manager.escape(frame))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    assert b"".join(port.received(piece) for piece in pieces) == frame
    assert port.is_ready


@given(st.lists(st.binary(max_size=32)))
def test_nothing_that_comes_stops_it(pieces: list[bytes]) -> None:
    port = RemotePort(9600, "N", 1)
    for piece in pieces:
        port.received(piece)


@contextlib.asynccontextmanager
async def listening(answer: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while octets := await reader.read(1024):
            writer.write(answer(octets))
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in writers:
        writer.close()


async def test_a_port_that_does_not_speak_rfc_2217_is_told_from_a_silent_device() -> None:
    async with listening(lambda octets: b"") as port:
        device = ModbusTransport.rfc2217(HOST, port, timeout_s=0.2, retries=0)
        with pytest.raises(NoAnswer, match=r"the remote port does not take its settings \(RFC 2217\)"):
            await device.read_registers("holding", 0, 1)


@pytest.mark.interop
async def test_a_unit_is_read_through_ser2net(tmp_path: Path) -> None:
    """Registers that hold what telnet treats specially: 255, carriage return, line feed."""
    ser2net, port = program("ser2net", "ser2net"), free_port()
    registers = [0xFFFF, 0xFF0D, 0x0D0A, 0x0D00, 0xFFF0]
    async with serial_line() as (near, far):
        unit = TableUnit(coils=[], discrete=[], holding=registers, input=[])
        server = ModbusSerialServer({1: unit}, near, parity="N")
        await server.start()
        accepter = f"connection: &line#  accepter: telnet(rfc2217,mode=server),tcp,{HOST},{port}"
        connector = f"  connector: serialdev(nouucplock=true),{far},115200n81,local"
        with background([ser2net, "-d", "-n", "-Y", accepter, "-Y", connector], tmp_path / "ser2net.log"):
            async with asyncio.timeout(20):
                while not listens(port):
                    await asyncio.sleep(0.02)
            device = ModbusTransport.rfc2217(HOST, port, baud=9600, parity="N", timeout_s=60.0)
            octets = await device.read_registers("holding", 0, len(registers))
            device.close()
        await server.stop()
    assert [int.from_bytes(octets[n : n + 2], "big") for n in range(0, len(octets), 2)] == registers


def listens(port: int) -> bool:
    """True if somebody listens there, seen without connecting: ser2net has one line to give."""
    return f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()
