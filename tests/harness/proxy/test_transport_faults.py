"""Effects of the path on connections and datagrams, as unmodified clients see them, and the proxy's promises."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from external import free_port
from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient
from stations import LOCAL, REGISTERS, Connect, Manager
from workers.dialling import dial, until_over

from twinfeed.harness.faults.capture import Capture
from twinfeed.harness.faults.frames import PROTOCOL_KINDS, TRANSPORT_KINDS, Tamper, path
from twinfeed.harness.faults.proxy import NotLoopback, Proxies, SerialProxy, TcpProxy, UdpProxy
from twinfeed.harness.virtual.links.link import LinkConditions

DESCR = "1.3.6.1.2.1.1.1.0"


async def read(client: AsyncModbusTcpClient) -> list[int]:
    answer = await client.read_holding_registers(1, count=4)
    return list(answer.registers)


@pytest.mark.usefixtures("hanging_up")
class TestTcp:
    async def test_a_reset_ends_every_connection_and_new_ones_are_well(
        self, modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, connect: Connect
    ) -> None:
        assert await read(client) == REGISTERS[1:5]
        reader, _writer = await dial(*modbus_proxy.address)
        await modbus_proxy.apply("reset")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 10)
        with pytest.raises(ModbusException):
            await read(client)
        assert await read(await connect(modbus_proxy.address)) == REGISTERS[1:5]
        assert modbus_proxy.faults == {}

    async def test_refused_connections_are_refused_by_the_kernel_until_it_is_lifted(
        self, modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, connect: Connect
    ) -> None:
        await modbus_proxy.apply("refused")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*modbus_proxy.address)
        with pytest.raises(ModbusException):
            await read(client)
        await modbus_proxy.lift("refused")
        assert await read(await connect(modbus_proxy.address)) == REGISTERS[1:5]

    async def test_half_open_seems_connected_and_is_reset_at_the_next_request_after_it(
        self, modbus_proxy: TcpProxy, connect: Connect
    ) -> None:
        reader, writer = await dial(*modbus_proxy.address)
        await modbus_proxy.apply("half-open")
        writer.write(b"nobody reads this")
        await asyncio.sleep(0.05)
        assert not reader.at_eof() and not writer.is_closing()
        new = await connect(modbus_proxy.address)
        assert new.connected
        with pytest.raises(ModbusException):
            await read(new)
        await modbus_proxy.lift("half-open")
        writer.write(b"nor this")
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 10)
        assert await read(await connect(modbus_proxy.address)) == REGISTERS[1:5]

    @pytest.mark.parametrize("kind", ["black-hole", "partition"])
    async def test_a_stream_goes_on_where_it_was_after_a_black_hole(self, modbus_proxy: TcpProxy, kind: str) -> None:
        reader, writer = await dial(*modbus_proxy.address)
        await modbus_proxy.apply(kind)
        request = bytes.fromhex("0001 0000 0006 01 03 0001 0002")
        writer.write(request)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        await modbus_proxy.lift(kind)
        answer = await asyncio.wait_for(reader.readexactly(13), 10)
        assert answer == bytes.fromhex("0001 0000 0007 01 03 04 0001 0002")

    async def test_a_client_that_connects_into_a_black_hole_is_served_when_it_is_over(
        self, modbus_proxy: TcpProxy, connect: Connect
    ) -> None:
        await modbus_proxy.apply("black-hole")
        client = await connect(modbus_proxy.address)
        with pytest.raises(ModbusException):
            await read(client)
        await modbus_proxy.lift()
        assert await read(await connect(modbus_proxy.address)) == REGISTERS[1:5]

    async def test_a_delay_is_suffered_each_way(
        self, modbus_device: tuple[str, int], connect: Connect, tmp_path: Path
    ) -> None:
        capture = Capture(tmp_path / "frames.pcapng")
        async with TcpProxy((LOCAL, 0), modbus_device, Tamper(), capture=capture) as proxy:
            client = await connect(proxy.address)
            await proxy.apply("delay", {"delay_s": 0.05})
            assert await read(client) == REGISTERS[1:5]
        asked, answered = (frame.t_s for frame in capture.frames if frame.payload)
        assert answered - asked >= 0.1

    async def test_what_is_under_way_keeps_its_order(self) -> None:
        async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            until_over(writer)
            while data := await reader.read(1000):
                writer.write(data)
            writer.close()

        server = await asyncio.start_server(device, LOCAL, 0)
        async with server, TcpProxy((LOCAL, 0), server.sockets[0].getsockname(), Tamper()) as proxy:
            await proxy.apply("jitter", {"jitter_s": 0.02})
            reader, writer = await dial(*proxy.address)
            for octet in range(50):
                writer.write(bytes((octet,)))
                await asyncio.sleep(0)
            assert await asyncio.wait_for(reader.readexactly(50), 10) == bytes(range(50))

    async def test_loss_and_a_narrow_path_delay_a_stream_and_lose_nothing(self, modbus_proxy: TcpProxy) -> None:
        await modbus_proxy.apply("loss", {"percent": 30})
        await modbus_proxy.apply("bandwidth", {"bits_per_s": 100_000})
        await modbus_proxy.apply("duplication", {"percent": 100})
        reader, writer = await dial(*modbus_proxy.address)
        writer.write(bytes.fromhex("0001 0000 0006 01 03 0001 0002"))
        assert await asyncio.wait_for(reader.readexactly(13), 30) == bytes.fromhex("0001 0000 0007 01 03 04 0001 0002")

    async def test_a_client_of_a_device_that_is_not_there_is_reset(self) -> None:
        async with TcpProxy((LOCAL, 0), (LOCAL, free_port()), Tamper()) as proxy:
            reader, _writer = await dial(*proxy.address)
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 10)

    async def test_each_end_learns_that_the_other_has_closed(self) -> None:
        closed = asyncio.Event()

        async def device(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            until_over(writer)
            assert await reader.read() == b"all of it"
            writer.write(b"and an answer after the end")
            writer.close()
            closed.set()

        server = await asyncio.start_server(device, LOCAL, 0)
        async with server, TcpProxy((LOCAL, 0), server.sockets[0].getsockname(), Tamper()) as proxy:
            reader, writer = await dial(*proxy.address)
            writer.write(b"all of it")
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), 10) == b"and an answer after the end"
            assert closed.is_set()

    async def test_a_large_stream_arrives_whole_at_a_slow_reader(self) -> None:
        sent = bytes(range(256)) * 40_000  # 10 MB, more than is kept under way

        async def device(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            until_over(writer).write(sent)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(device, LOCAL, 0)
        async with server, TcpProxy((LOCAL, 0), server.sockets[0].getsockname(), Tamper()) as proxy:
            await proxy.apply("delay", {"delay_s": 0.001})
            reader, _writer = await dial(*proxy.address, limit=1024)
            received = bytearray()
            while piece := await asyncio.wait_for(reader.read(100_000), 20):
                received += piece
            assert received == sent


class TestUdp:
    async def test_what_is_lost_is_asked_again_by_the_manager(self, snmp_proxy: UdpProxy, manager: Manager) -> None:
        await snmp_proxy.apply("loss", {"percent": 100})
        assert await manager.get(DESCR) == "No SNMP response received before timeout"
        await snmp_proxy.apply("loss", {"percent": 40})
        assert isinstance(await manager.get(DESCR, retries=20), list)

    @pytest.mark.parametrize("kind", ["black-hole", "partition", "half-open", "refused"])
    async def test_nothing_comes_back_and_then_it_does(self, snmp_proxy: UdpProxy, manager: Manager, kind: str) -> None:
        await snmp_proxy.apply(kind)
        assert await manager.get(DESCR) == "No SNMP response received before timeout"
        await snmp_proxy.lift(kind)
        assert isinstance(await manager.get(DESCR), list)

    async def test_a_manager_takes_duplicated_and_overtaken_answers(
        self, snmp_proxy: UdpProxy, manager: Manager
    ) -> None:
        await snmp_proxy.apply("duplication", {"percent": 100})
        await snmp_proxy.apply("reordering", {"percent": 50, "delay_s": 0.01})
        for _ in range(5):
            assert isinstance(await manager.get(DESCR), list)


class TestSeveralDevices:
    async def test_a_fault_of_a_device_is_applied_where_it_can_be(
        self, modbus_proxy: TcpProxy, snmp_proxy: UdpProxy, manager: Manager, connect: Connect
    ) -> None:
        proxies = Proxies({"ups-1": [modbus_proxy, snmp_proxy], "meter-1": []})
        await proxies.apply("ups-1", "modbus-exception", {"code": 6})
        await proxies.apply("ups-1", "black-hole")
        refused = {"code": 6, "percent": 100, "only": 0, "function": 0, "next": 0}
        assert modbus_proxy.faults == {"modbus-exception": refused, "black-hole": {}}
        assert snmp_proxy.faults == {"black-hole": {}}
        assert await proxies.lift("ups-1", "black-hole") == [("ups-1", "black-hole")]
        assert isinstance(await manager.get(DESCR), list)
        assert await proxies.lift() == [("ups-1", "modbus-exception")]

    async def test_what_cannot_be_applied_is_said(self, snmp_proxy: UdpProxy) -> None:
        proxies = Proxies({"pdu-1": [snmp_proxy]})
        with pytest.raises(ValueError, match="no proxy of 'ups-9'; there are those of pdu-1"):
            await proxies.apply("ups-9", "delay")
        with pytest.raises(ValueError, match="pdu-1 speaks snmp here, which cannot suffer torn"):
            await proxies.apply("pdu-1", "torn")
        with pytest.raises(ValueError, match="no fault is called 'gremlins'"):
            await proxies.apply("pdu-1", "gremlins")


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("modbus-exception", {"code": 0}, "code is 0, expected 1 to 255"),
        ("loss", {"percent": 101}, "percent is 101, expected 0 to 100 %"),
        ("delay", {"seconds": 1}, "unknown parameter seconds; it takes delay_s"),
        ("snmp-generr", {}, "snmp-generr is a fault of snmp; here modbus-tcp is spoken"),
        ("serial-noise", {}, "serial-noise is a fault of modbus-rtu"),
    ],
)
async def test_a_wrong_fault_is_refused_and_nothing_changes(
    modbus_proxy: TcpProxy, kind: str, parameters: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        await modbus_proxy.apply(kind, parameters)
    assert modbus_proxy.faults == {}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_nobody_else_reaches_a_proxy_unless_it_is_exposed(host: str) -> None:
    for make in (TcpProxy, UdpProxy):
        with pytest.raises(NotLoopback, match=f"asked to listen on {host}"):
            make((host, 1502), (LOCAL, 502), Tamper())
        make((host, 1502), (LOCAL, 502), Tamper(), exposed=True)


def test_faults_of_the_path_add_up_on_what_it_is_without_them() -> None:
    healthy = LinkConditions(latency_s=0.001)
    assert path({}, healthy) == healthy
    assert path({"delay": {"delay_s": 0.5}, "loss": {"percent": 5.0}}, healthy) == LinkConditions(
        latency_s=0.501, loss_percent=5.0
    )
    assert path({"stale": {}}, healthy) == healthy


def test_every_kind_can_be_applied_with_its_defaults_somewhere() -> None:
    proxies = [TcpProxy((LOCAL, 0), (LOCAL, 1), Tamper()), UdpProxy((LOCAL, 0), (LOCAL, 1), Tamper(0, "snmp"))]
    proxies.append(SerialProxy(None, "/dev/null", Tamper(0, "modbus-rtu")))  # type: ignore[arg-type]
    for kind in PROTOCOL_KINDS + TRANSPORT_KINDS:
        assert any(proxy.suffers(kind.kind) for proxy in proxies), kind.kind
        assert all(spec.low <= spec.default <= spec.high for spec in kind.parameters.values()), kind.kind
