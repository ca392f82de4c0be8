"""Units and servers the tests of this folder share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from twinfeed.emulators.wire.modbus import ModbusTcpServer, TableUnit, direct

HOST = "127.11.0.1"

IDENTIFICATION = {
    0: b"Sahel Power",
    1: b"SP-9000",
    2: b"V2.11",
    4: b"Static UPS",
    0x80: b"hall 1",
}


@pytest.fixture
def unit() -> TableUnit:
    """300 coils and discrete inputs, every third one on; 200 registers, holding n and input 1000 + n."""
    bits = [n % 3 == 0 for n in range(300)]
    return TableUnit(
        coils=bits,
        discrete=bits,
        holding=range(200),
        input=range(1000, 1200),
        identification=IDENTIFICATION,
    )


@pytest.fixture
async def serve(unit: TableUnit) -> AsyncIterator[Callable[..., object]]:
    """Start a server for `unit` on a free port; keyword arguments are ModbusTcpServer's."""
    started: list[ModbusTcpServer] = []

    async def start(**options: object) -> ModbusTcpServer:
        server = ModbusTcpServer(direct(unit), HOST, 0, **options)  # type: ignore[arg-type]
        await server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        await server.stop()
