"""A proxy on a serial line between pymodbus' RTU client and server, over pseudo-terminals."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pymodbus import FramerType, ModbusException
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice
from stations import TIMEOUT_S

from twinfeed.harness.faults.capture import Capture
from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy import SerialProxy

Connect = Callable[[str], Awaitable[AsyncModbusSerialClient]]


@pytest.fixture
async def cable() -> AsyncIterator[tuple[str, str]]:
    """Two serial ports that are wired to each other."""
    pairs = [os.openpty() for _ in range(2)]
    loop = asyncio.get_running_loop()
    for (ours, theirs), (other, _) in (pairs, pairs[::-1]):
        tty.setraw(theirs)
        loop.add_reader(ours, lambda ours=ours, other=other: os.write(other, os.read(ours, 4096)))
    yield os.ttyname(pairs[0][1]), os.ttyname(pairs[1][1])
    for pair in pairs:
        loop.remove_reader(pair[0])
        for end in pair:
            os.close(end)


@pytest.fixture
async def line(cable: tuple[str, str]) -> AsyncIterator[str]:
    """The port of a line with pymodbus' server, unit 1, at its other end."""
    device = SimDevice(1, [SimData(0, values=list(range(50)), datatype=DataType.REGISTERS)])
    server = ModbusSerialServer(device, framer=FramerType.RTU, port=cable[1], baudrate=19200)
    await server.serve_forever(background=True)
    yield cable[0]
    await server.shutdown()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        async def connected(path: str) -> AsyncModbusSerialClient:
            client = AsyncModbusSerialClient(path, baudrate=19200, timeout=TIMEOUT_S, retries=0, reconnect_delay=0)
            stack.callback(client.close)
            assert await client.connect()
            return client

        yield connected


async def read(client: AsyncModbusSerialClient) -> list[int]:
    return list((await client.read_holding_registers(5, count=3)).registers)


async def test_without_a_fault_the_line_is_as_it_was(line: str, connect: Connect) -> None:
    async with SerialProxy(None, line, Tamper(1, "modbus-rtu"), parity="N") as proxy:
        client = await connect(proxy.path)
        assert await read(client) == [5, 6, 7]
        await client.write_register(6, 66)
        assert await read(client) == [5, 66, 7]


async def test_an_exception_is_understood_and_the_device_was_not_asked(line: str, connect: Connect) -> None:
    async with SerialProxy(None, line, Tamper(1, "modbus-rtu"), parity="N") as proxy:
        client = await connect(proxy.path)
        await proxy.apply("modbus-exception", {"code": 6})
        answer = await client.write_register(6, 66)
        assert answer.exception_code == 6
        await proxy.lift()
        assert await read(client) == [5, 6, 7]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("serial-noise", {"error_rate": 0.1}),
        ("modbus-wrong-unit", {}),
        ("truncated", {}),
        ("black-hole", {}),
        ("loss", {"percent": 100}),
    ],
)
async def test_no_answer_comes_and_then_the_line_is_well_again(
    line: str, connect: Connect, kind: str, parameters: dict[str, float]
) -> None:
    async with SerialProxy(None, line, Tamper(1, "modbus-rtu"), parity="N") as proxy:
        client = await connect(proxy.path)
        await proxy.apply(kind, parameters)
        with pytest.raises(ModbusException):
            await read(client)
        await proxy.lift(kind)
        client.close()
        assert await read(await connect(proxy.path)) == [5, 6, 7]


async def test_a_terminal_has_the_name_it_was_given_while_the_proxy_runs(
    line: str, connect: Connect, tmp_path: Path
) -> None:
    name = tmp_path / "ups-1"
    async with SerialProxy(str(name), line, Tamper(1, "modbus-rtu"), pseudo=True, parity="N"):
        assert await read(await connect(str(name))) == [5, 6, 7]
    assert not name.is_symlink()


async def test_what_passed_is_recorded(line: str, connect: Connect, tmp_path: Path) -> None:
    capture = Capture(tmp_path / "line.pcapng")
    async with SerialProxy(None, line, Tamper(1, "modbus-rtu"), parity="N", capture=capture) as proxy:
        await read(await connect(proxy.path))
    octets = b"".join(frame.payload for frame in capture.frames)
    assert octets.startswith(bytes.fromhex("01 03 0005 0003"))
    assert bytes.fromhex("01 03 06 0005 0006 0007") in octets


@pytest.mark.parametrize(("baud", "parity"), [(12345, "E"), (9600, "X")])
def test_no_such_speed_or_parity(baud: int, parity: str) -> None:
    with pytest.raises(ValueError, match=f"found {baud} bit/s with parity {parity}, expected one of 1200"):
        SerialProxy(None, "/dev/ttyUSB0", Tamper(1, "modbus-rtu"), baud=baud, parity=parity)


async def test_what_is_no_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    proxy = SerialProxy(None, str(file), Tamper(1, "modbus-rtu"))
    with pytest.raises(OSError, match=f"{file} is not a serial line"):
        await proxy.start()
    await proxy.stop()
