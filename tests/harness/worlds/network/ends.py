"""Both ends of connections and datagrams on a network in memory."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import strategies as st

from twinfeed.harness.virtual.links.link import LinkConditions
from twinfeed.harness.virtual.network import Path, VirtualNetwork

UPS, PDU = "127.20.1.11", "127.20.1.21"
PORT = 502


class Collecting(asyncio.Protocol, asyncio.DatagramProtocol):
    """Keeps what arrives, and when."""

    def __init__(self) -> None:
        self.arrived: list[tuple[float, bytes]] = []
        self.lost: list[tuple[float, str]] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.arrived.append((now(), data))

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append((now(), type(exc).__name__))

    @property
    def octets(self) -> bytes:
        return b"".join(data for _, data in self.arrived)

    @property
    def times(self) -> list[float]:
        return [t for t, _ in self.arrived]


def now() -> float:
    return asyncio.get_running_loop().time()


def network() -> VirtualNetwork:
    return asyncio.get_running_loop().network  # type: ignore[attr-defined, no-any-return]


def path(host: str = UPS) -> Path:
    return network().path(host)


async def connection(host: str = UPS) -> tuple[Collecting, Collecting]:
    """A client and the device's end."""
    loop = asyncio.get_running_loop()
    device = Collecting()
    listener = await loop.create_server(lambda: device, host, PORT)
    _, client = await loop.create_connection(Collecting, host, PORT)
    listener.close()
    return client, device


async def datagrams(host: str = UPS) -> tuple[Collecting, Collecting]:
    loop = asyncio.get_running_loop()
    _, device = await loop.create_datagram_endpoint(Collecting, local_addr=(host, 161))
    _, client = await loop.create_datagram_endpoint(Collecting, remote_addr=(host, 161))
    return client, device


conditions = st.builds(
    LinkConditions,
    latency_s=st.floats(0, 2),
    jitter_s=st.floats(0, 2),
    loss_percent=st.floats(0, 90),
    duplication_percent=st.floats(0, 100),
    reordering_percent=st.floats(0, 100),
    reordering_s=st.floats(0, 1),
    bandwidth_bps=st.sampled_from([0.0, 9600.0, 1e6]),
)
