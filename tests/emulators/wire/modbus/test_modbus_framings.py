"""One unit behind every framing: RTU over TCP, UDP, TLS and a serial line, polled by pymodbus and by mbpoll."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from certificates import contexts
from external import program
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient, AsyncModbusTlsClient, AsyncModbusUdpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusIOException
from serial_lines import serial_line
from workers.dialling import dial

from twinfeed.emulators.wire.modbus import ModbusSerialServer, ModbusTcpServer, ModbusUdpServer, TableUnit, direct
from twinfeed.harness.virtual.loop import VirtualLoop

HOST = "127.11.0.2"
FRAMINGS = ("rtu-tcp", "udp", "tls", "serial")


@pytest.fixture(params=FRAMINGS)
async def client(request: pytest.FixtureRequest, unit: TableUnit, tmp_path: Path) -> AsyncIterator[ModbusBaseClient]:
    """A pymodbus client connected to a server of ours for unit 1."""
    options = {"timeout": 10, "retries": 0}
    async with serial_line() as (near, far):
        server: ModbusTcpServer | ModbusUdpServer | ModbusSerialServer
        match request.param:
            case "rtu-tcp":
                server = ModbusTcpServer({1: unit}, HOST, 0, framing="rtu")
            case "udp":
                server = ModbusUdpServer(direct(unit), HOST, 0)
            case "tls":
                ours, theirs = contexts(tmp_path, HOST)
                server = ModbusTcpServer(direct(unit), HOST, 0, tls=ours)
            case _:
                server = ModbusSerialServer({1: unit}, near, parity="N")
        await server.start()
        client: ModbusBaseClient
        match request.param:
            case "rtu-tcp":
                client = AsyncModbusTcpClient(HOST, port=server.address[1], framer=FramerType.RTU, **options)
            case "udp":
                client = AsyncModbusUdpClient(HOST, port=server.address[1], **options)
            case "tls":
                client = AsyncModbusTlsClient(HOST, port=server.address[1], sslctx=theirs, **options)
            case _:
                client = AsyncModbusSerialClient(far, baudrate=19200, parity="N", **options)
        assert await client.connect()
        yield client
        client.close()
        await server.stop()


async def test_registers_are_read(client: ModbusBaseClient) -> None:
    assert (await client.read_holding_registers(10, count=125)).registers == list(range(10, 135))
    assert (await client.read_input_registers(10, count=3)).registers == [1010, 1011, 1012]


async def test_bits_are_read(client: ModbusBaseClient) -> None:
    assert (await client.read_coils(5, count=13)).bits[:13] == [n % 3 == 0 for n in range(5, 18)]


async def test_registers_and_coils_are_written(client: ModbusBaseClient, unit: TableUnit) -> None:
    await client.write_registers(1, [0xCAFE, 0x12])
    await client.write_coil(1, True)
    assert unit.read_registers("holding", 1, 2) == b"\xca\xfe\x00\x12"
    assert unit.read_bits("coil", 1, 1) == [True]


async def test_exceptions_are_understood(client: ModbusBaseClient) -> None:
    answer = await client.read_holding_registers(199, count=2)
    assert answer.isError()
    assert answer.exception_code == 2


class TestUdp:
    async def test_a_datagram_that_is_no_frame_is_dropped(self, unit: TableUnit) -> None:
        server = ModbusUdpServer(direct(unit), HOST, 0)
        await server.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.connect(server.address)
            for datagram in (b"", b"\0\1\0\0\0\6\1\3\0", b"nonsense, and long enough to be none"):
                client.send(datagram)
            client.send(bytes.fromhex("0001 0000 0006 01 03 0004 0001"))
            answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 300), 10)
        assert answer == bytes.fromhex("0001 0000 0005 01 03 02 0004")
        await server.stop()

    async def test_a_device_that_cannot_be_reached_is_silent(self, unit: TableUnit) -> None:
        server = ModbusUdpServer(direct(unit), HOST, 0, gate=lambda: False)
        server._transport = sent = _Sent()  # type: ignore[assignment]
        server._received(bytes.fromhex("0001 0000 0006 01 03 0004 0001"), ("127.0.0.1", 9))
        assert sent == []

    @pytest.mark.parametrize(("off_s", "answered_s"), [(9.0, [2.0, 4.0]), (3.0, [2.0])])
    def test_a_slow_device_answers_one_request_after_the_other_and_none_while_it_is_off(
        self, unit: TableUnit, off_s: float, answered_s: list[float]
    ) -> None:
        async def scenario(loop: VirtualLoop) -> list[float]:
            server = ModbusUdpServer(direct(unit), HOST, 502, gate=lambda: loop.time() < off_s, delay_s=lambda: 2.0)
            await server.start()
            came: list[float] = []

            class Client(asyncio.DatagramProtocol):
                def datagram_received(self, data: bytes, addr: object) -> None:
                    came.append(loop.time())

            transport, _ = await loop.create_datagram_endpoint(Client, remote_addr=(HOST, 502))
            for _ in range(2):
                transport.sendto(bytes.fromhex("0001 0000 0006 01 03 0004 0001"))
            await asyncio.sleep(10.0)
            await server.stop()
            return came

        loop = VirtualLoop()
        assert loop.run_until_complete(scenario(loop)) == pytest.approx(answered_s, abs=0.01)
        loop.close()

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
    def test_an_address_that_others_can_reach_needs_to_be_asked_for(self, host: str) -> None:
        with pytest.raises(ValueError, match="allow_non_loopback=True"):
            ModbusUdpServer({}, host)


@pytest.mark.usefixtures("hanging_up")
class TestTls:
    async def test_a_client_that_does_not_trust_the_certificate_gets_nowhere(
        self, unit: TableUnit, tmp_path: Path
    ) -> None:
        ours, _ = contexts(tmp_path, HOST)
        server = ModbusTcpServer(direct(unit), HOST, 0, tls=ours)
        await server.start()
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(*server.address, ssl=ssl.create_default_context())
        await server.stop()

    async def test_a_client_that_speaks_plain_modbus_gets_nowhere(self, unit: TableUnit, tmp_path: Path) -> None:
        ours, _ = contexts(tmp_path, HOST)
        server = ModbusTcpServer(direct(unit), HOST, 0, tls=ours)
        await server.start()
        reader, writer = await dial(*server.address)
        writer.write(bytes.fromhex("0001 0000 0006 01 03 0004 0001"))
        answer = await asyncio.wait_for(reader.read(), 10)
        assert not answer.startswith(b"\0\1\0\0"), "at most a TLS alert"
        await server.stop()


class TestSerialLine:
    async def test_what_arrives_while_the_device_is_off_is_swallowed_its_beginning_too(self, unit: TableUnit) -> None:
        on = True
        async with serial_line() as (near, far):
            server = ModbusSerialServer({1: unit}, near, parity="N", gate=lambda: on)
            await server.start()
            client = AsyncModbusSerialClient(far, baudrate=19200, timeout=0.2, retries=0)
            assert await client.connect()
            assert not (await client.read_holding_registers(3)).isError()
            on = False
            with pytest.raises(ModbusIOException):
                await client.read_holding_registers(3)
            on = True
            assert (await client.read_holding_registers(4)).registers == [4]
            assert server.counters.bus_messages == 2
            client.close()
            await server.stop()

    async def test_a_line_that_is_not_there_is_told(self, unit: TableUnit, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="no-such-line"):
            await ModbusSerialServer({1: unit}, str(tmp_path / "no-such-line")).start()

    async def test_settings_a_line_does_not_take_are_told(
        self, unit: TableUnit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise termios.error(22, "Invalid argument")

        async with serial_line() as (near, _):
            monkeypatch.setattr(termios, "tcsetattr", refuse)
            with pytest.raises(OSError, match=r"does not take .*'parity': 'E'.*Invalid argument"):
                await ModbusSerialServer({1: unit}, near, parity="E").start()

    async def test_a_line_is_free_again_after_stop(self, unit: TableUnit) -> None:
        async with serial_line() as (near, _):
            server = ModbusSerialServer({1: unit}, near, parity="N")
            for _ in range(3):
                await server.start()
                await server.stop()
            await server.stop()

    @pytest.mark.interop
    async def test_mbpoll_reads_and_writes(self, unit: TableUnit) -> None:
        mbpoll = program("mbpoll", "mbpoll")
        async with serial_line() as (near, far):
            server = ModbusSerialServer({7: unit}, near, baud=9600, parity="N")
            await server.start()

            async def poll(*arguments: str) -> str:
                command = [mbpoll, "-m", "rtu", "-b", "9600", "-P", "none", "-a", "7", "-0", "-1", *arguments]
                process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-2)
                output, _ = await asyncio.wait_for(process.communicate(), 20)
                assert process.returncode == 0, output.decode()
                return output.decode()

            read = await poll("-t", "4", "-r", "6", "-c", "3", far)
            assert re.findall(r"^\[\d+\]:\s+(\S+)", read, re.MULTILINE) == ["6", "7", "8"]
            await poll("-t", "4", "-r", "6", far, "513")
            assert unit.read_registers("holding", 6, 1) == b"\x02\x01"
            await server.stop()


class _Sent(list):  # type: ignore[type-arg]
    def sendto(self, data: bytes, to: tuple[str, int]) -> None:
        self.append(data)
