"""A console that others can reach speaks TLS only, with a certificate that is kept."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twinfeed.emulators.serving import LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.harness.console.access.certificates import fingerprint, made
from twinfeed.harness.console.serving import ConsoleServer
from twinfeed.harness.console.world import Live
from twinfeed.harness.control import ControlServer


@pytest.fixture(scope="module")
def world() -> Live:
    return Live(ControlServer(LiveSite(Site.load("bench"))))


def test_a_certificate_is_made_once_and_replaced_before_it_ends(tmp_path: Path) -> None:
    first = fingerprint(made(tmp_path, "192.0.2.7"))
    assert fingerprint(made(tmp_path, "192.0.2.7")) == first
    assert made(tmp_path, "192.0.2.7").stat().st_mode & 0o077 == 0
    later = datetime.now(UTC) + timedelta(days=396, hours=12)
    assert fingerprint(made(tmp_path, "192.0.2.7", later)) != first


async def test_a_client_that_trusts_the_certificate_reads_over_tls(world: Live, tmp_path: Path) -> None:
    path = made(tmp_path, "127.0.0.1")
    server = ConsoleServer(world, 0, certificate=path)
    await server.start()
    trust = ssl.create_default_context(cafile=path)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
    token = server.policy.tokens["read"]
    writer.write(
        f"GET /api/v1/site HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n".encode()
    )
    writer.write(b"Connection: close\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    assert server.link.startswith("https://127.0.0.1:")
    writer.close()
    await server.stop()


def test_nobody_else_is_served_without_tls(world: Live) -> None:
    with pytest.raises(ServeError, match="certificate"):
        ConsoleServer(world, 0, address="192.0.2.7")


def test_a_file_that_is_no_certificate_is_refused(world: Live, tmp_path: Path) -> None:
    path = tmp_path / "no.pem"
    path.write_text("nothing")
    with pytest.raises(ServeError, match="PEM"):
        ConsoleServer(world, 0, certificate=path)
