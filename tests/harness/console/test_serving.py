"""The server of the console on real sockets: its port, its streams at the end, connections that send nothing."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from pathlib import Path

import pytest

from twinfeed.emulators.serving import LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.site.up import console_of
from twinfeed.harness.console import serving
from twinfeed.harness.console.serving import ConsoleServer
from twinfeed.harness.console.world import Live
from twinfeed.harness.control import ControlServer


@pytest.fixture(scope="module")
def world() -> Live:
    return Live(ControlServer(LiveSite(Site.load("bench"))))


async def test_a_taken_port_is_an_error_with_the_next_step(world: Live) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ServeError, match="--console-port"):
            ConsoleServer(world, other.getsockname()[1])


async def test_a_second_console_takes_another_port(world: Live) -> None:
    first = ConsoleServer(world)
    second = ConsoleServer(world)
    try:
        assert first.port != second.port and str(second.port) in second.link
    finally:
        await first.stop()
        await second.stop()


async def test_streams_do_not_hold_up_the_end(world: Live) -> None:
    """A stream whose reader waits ends at `stop`, and the reader is sent the end."""
    server = ConsoleServer(world, 0)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    token = server.policy.tokens["read"]
    writer.write(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    await reader.readuntil(b"event: full")
    await asyncio.wait_for(server.stop(), 10.0)
    assert (await reader.read()).endswith(b"0\r\n\r\n")
    writer.close()


async def test_connections_that_send_nothing_are_refused_and_closed(
    world: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 20)
    server = ConsoleServer(world, 0)
    await server.start()
    with caplog.at_level(logging.WARNING):
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(60)]
        refused = [await asyncio.wait_for(reader.read(), 10.0) for reader, _ in idle[20:]]
    assert refused == [b""] * 40
    assert len([r for r in caplog.records if "connections" in r.message]) == 1
    for _, writer in idle:
        writer.close()
    await server.stop()


async def test_a_connection_that_sends_no_request_ends(world: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "SILENT_S", 0.05)
    server = ConsoleServer(world, 0)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: ")
    assert await asyncio.wait_for(reader.read(), 10.0) == b""
    writer.close()
    await server.stop()


@pytest.mark.parametrize("missing", ["uvicorn", "starlette", "prometheus_client"])
def test_without_the_extra_a_site_runs_without_its_page(
    world: Live, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(("twinfeed.harness.console", missing))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert console_of(world.control, None, tmp_path, None, None) is None
