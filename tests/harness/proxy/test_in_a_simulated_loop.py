"""A proxy needs nothing but asyncio's own calls, so it also runs in virtual time, where delays are exact."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest
from frames import GOOD, SYS_DESCR, snmp
from pysnmp.proto.rfc1902 import OctetString

from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy import TcpProxy, UdpProxy
from twinfeed.harness.virtual.links.link import LinkConditions
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.network import VirtualNetwork

DEVICE, PROXY = ("127.20.0.1", 502), ("127.0.0.9", 502)


def simulated(main: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine, run in virtual time on a network that takes none."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(VirtualNetwork(0, LinkConditions(latency_s=0.0)))) as runner:
        return runner.run(main)


class Collecting(asyncio.Protocol):
    """Keeps what arrives, and when."""

    def __init__(self) -> None:
        self.arrived: list[tuple[float, bytes]] = []
        self.lost: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.arrived.append((asyncio.get_running_loop().time(), data))

    def datagram_received(self, data: bytes, _addr: object) -> None:
        self.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)


class Device(Collecting):
    """Answers every request with the same frame."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.transport.write(GOOD["modbus-tcp"][1])  # type: ignore[attr-defined]


async def connected(proxy: TcpProxy) -> tuple[Any, Collecting]:
    transport, client = await asyncio.get_running_loop().create_connection(Collecting, *proxy.address)
    return transport, client


def test_a_delay_is_exact() -> None:
    async def main() -> list[tuple[float, bytes]]:
        loop = asyncio.get_running_loop()
        await loop.create_server(Device, *DEVICE)
        async with TcpProxy(PROXY, DEVICE, Tamper()) as proxy:
            await proxy.apply("delay", {"delay_s": 2.0})
            transport, client = await connected(proxy)
            transport.write(GOOD["modbus-tcp"][0])
            await asyncio.sleep(10)
            return client.arrived

    assert simulated(main()) == [(4.0, GOOD["modbus-tcp"][1])]


def test_a_serial_speed_is_kept() -> None:
    async def main() -> list[tuple[float, bytes]]:
        loop = asyncio.get_running_loop()
        await loop.create_server(Device, *DEVICE)
        async with TcpProxy(PROXY, DEVICE, Tamper()) as proxy:
            await proxy.apply("bandwidth", {"bits_per_s": 100.0})
            transport, client = await connected(proxy)
            transport.write(GOOD["modbus-tcp"][0])
            await asyncio.sleep(10)
            return client.arrived

    request, answer = GOOD["modbus-tcp"]
    assert simulated(main()) == [(pytest.approx((len(request) + len(answer)) * 8 / 100.0), answer)]


@pytest.mark.parametrize("octets", range(1, 12))
def test_an_answer_arrives_split_at_any_octet(octets: int) -> None:
    async def main() -> list[tuple[float, bytes]]:
        loop = asyncio.get_running_loop()
        await loop.create_server(Device, *DEVICE)
        async with TcpProxy(PROXY, DEVICE, Tamper()) as proxy:
            await proxy.apply("split", {"octets": octets, "gap_s": 0.5})
            transport, client = await connected(proxy)
            transport.write(GOOD["modbus-tcp"][0])
            await asyncio.sleep(60)
            return client.arrived

    answer = GOOD["modbus-tcp"][1]
    pieces = [answer[at : at + octets] for at in range(0, len(answer), octets)]
    assert simulated(main()) == [(0.5 * n, piece) for n, piece in enumerate(pieces)]


def test_two_answers_arrive_joined_and_the_end_comes_after_them() -> None:
    class ClosingDevice(Device):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if len(self.arrived) == 2:
                self.transport.close()  # type: ignore[attr-defined]

    async def main() -> tuple[list[tuple[float, bytes]], int]:
        loop = asyncio.get_running_loop()
        await loop.create_server(ClosingDevice, *DEVICE)
        async with TcpProxy(PROXY, DEVICE, Tamper()) as proxy:
            await proxy.apply("joined", {"hold_s": 2.0})
            transport, client = await connected(proxy)
            transport.write(GOOD["modbus-tcp"][0])
            await asyncio.sleep(1)
            transport.write(GOOD["modbus-tcp"][0])
            await asyncio.sleep(10)
            return client.arrived, len(client.lost)

    assert simulated(main()) == ([(2.0, 2 * GOOD["modbus-tcp"][1])], 1)


def test_the_same_seed_loses_the_same_and_a_stream_keeps_its_order() -> None:
    async def main() -> list[tuple[float, bytes]]:
        loop = asyncio.get_running_loop()
        device = Collecting()
        await loop.create_server(lambda: device, *DEVICE)
        async with TcpProxy(PROXY, DEVICE, Tamper(), seed=7) as proxy:
            await proxy.apply("loss", {"percent": 30})
            await proxy.apply("jitter", {"jitter_s": 0.5})
            transport, _ = await connected(proxy)
            for octet in range(200):
                transport.write(bytes((octet,)))
                await asyncio.sleep(random.Random(octet).random() * 0.1)
            await asyncio.sleep(100)
            return device.arrived

    first = simulated(main())
    assert b"".join(data for _, data in first) == bytes(range(200))
    assert simulated(main()) == first


def test_a_device_keeps_a_connection_whose_end_fell_into_a_black_hole() -> None:
    async def main() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        devices: list[Collecting] = []

        def accept() -> Collecting:
            devices.append(Collecting())
            return devices[-1]

        await loop.create_server(accept, *DEVICE)
        async with TcpProxy(PROXY, DEVICE, Tamper()) as proxy:
            transport, _ = await connected(proxy)
            await asyncio.sleep(1)
            await proxy.apply("black-hole")
            transport.close()
            await asyncio.sleep(30)
            during = len(devices[0].lost)
            await proxy.lift("black-hole")
            await asyncio.sleep(61)
            return during, len(devices[0].lost)

    assert simulated(main()) == (0, 1)


def test_late_duplicated_and_lost_traps() -> None:
    trap = snmp("SNMPv2Trap", [(SYS_DESCR, OctetString("on battery"))])

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        station = Collecting()
        await loop.create_datagram_endpoint(lambda: station, local_addr=("127.0.0.1", 162))
        async with UdpProxy(("127.0.0.9", 162), ("127.0.0.1", 162), Tamper(0, "snmp"), notifications=True) as proxy:
            sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=proxy.address)
            for kind in ("traps-late", "traps-duplicated", "traps-lost"):
                await proxy.apply(kind)
                sender.sendto(trap)
                await asyncio.sleep(100)
                await proxy.lift()
            sender.sendto(trap)
            await asyncio.sleep(100)
        assert all(data == trap for _, data in station.arrived)
        return [at for at, _ in station.arrived]

    assert simulated(main()) == [30.0, 100.0, 100.0, 300.0]


def test_timers_of_one_instant_run_in_the_order_they_were_set() -> None:
    async def main() -> list[int]:
        ran: list[int] = []
        for number in range(50):
            asyncio.get_running_loop().call_at(1.0, ran.append, number)
        await asyncio.sleep(2)
        return ran

    assert simulated(main()) == list(range(50))


def test_connections_in_memory_are_reset_and_refused_as_on_sockets() -> None:
    async def main() -> tuple[Exception | None, int]:
        loop = asyncio.get_running_loop()
        await loop.create_server(Device, *DEVICE)
        async with TcpProxy(PROXY, DEVICE, Tamper()) as proxy:
            _, client = await connected(proxy)
            await asyncio.sleep(1)
            await proxy.apply("reset")
            await asyncio.sleep(1)
            await proxy.apply("refused")
            with pytest.raises(ConnectionRefusedError):
                await connected(proxy)
            await proxy.lift()
            transport, again = await connected(proxy)
            transport.write(GOOD["modbus-tcp"][0])
            await asyncio.sleep(1)
            return client.lost[0], len(again.arrived)

    error, answers = simulated(main())
    assert isinstance(error, ConnectionResetError)
    assert answers == 1
