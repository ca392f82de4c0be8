"""The server of a console: a socket of its own on the event loop of the site."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from twinfeed.emulators.serving import ServeError
from twinfeed.harness.console.access.guard import Policy, Role
from twinfeed.harness.console.access.tokens import new
from twinfeed.harness.console.app import Console
from twinfeed.harness.console.history import PERIOD_S
from twinfeed.harness.console.world import World

PORT = 8140
"""The port that is tried first when none is asked for."""

MOST_CONNECTIONS = 128
"""Connections at once; a further one is closed. A browser opens six for each host."""

SILENT_S = 10.0
"""Time that a connection may take until its first request, s."""

log = logging.getLogger(__name__)


@dataclass
class Door:
    """The connections of one server."""

    open: int = 0
    crowded: bool = False
    """It has been logged that there were too many."""


class Connection(H11Protocol):
    """An HTTP connection that is closed if there are too many, or if no request comes."""

    def __init__(self, *args: Any, door: Door, **named: Any) -> None:
        super().__init__(*args, **named)
        self._door = door

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own type
        super().connection_made(transport)
        self._door.open += 1
        self._patience = asyncio.get_running_loop().call_later(SILENT_S, self._give_up)
        if self._door.open > MOST_CONNECTIONS:
            if not self._door.crowded:
                self._door.crowded = True
                log.warning("console: more than %d connections; the others are closed", MOST_CONNECTIONS)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.open -= 1
        self._patience.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None:
            self._patience.cancel()

    def _give_up(self) -> None:
        if self.cycle is None:
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn, without the signals: the program that runs the site stops it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ConsoleServer:
    """Serves the console of one world."""

    def __init__(
        self,
        world: World,
        port: int | None = None,
        tokens: dict[Role, str] | None = None,
        address: str = "127.0.0.1",
        certificate: Path | None = None,
    ) -> None:
        """
        Raises:
            ServeError: the port is taken, the certificate is none, or others could reach it without one.
        """
        if certificate is None and not ip_address(address).is_loopback:
            raise ServeError(f"the console at {address} needs a certificate: others could read its token")
        self._world = world
        self._socket = _bound(address, port)
        self.port: int = self._socket.getsockname()[1]
        self.address = f"[{address}]" if ":" in address else address
        scheme = "http" if certificate is None else "https"
        self.policy = Policy.of_port(self.port, tokens or new(), self.address, scheme=scheme)
        self.console = Console(world, self.policy)
        config = uvicorn.Config(
            self.console, log_config=None, access_log=False, lifespan="off", ws="none",
            http=partial(Connection, door=Door()),  # type: ignore[arg-type]  # it is called as a class would be
            ssl_certfile=certificate, timeout_graceful_shutdown=2, server_header=False, proxy_headers=False,
        )  # fmt: skip
        try:
            config.load()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            self._socket.close()
            raise ServeError(f"{certificate}: no certificate with its key: {error}; expected both in PEM") from None
        self._server = _Server(config)
        self._task: asyncio.Task[Any] | None = None
        self._recording: asyncio.Task[None] | None = None

    @property
    def link(self) -> str:
        """The address of the page, with the token that may act."""
        return self._link("write")

    @property
    def looking_link(self) -> str:
        """The address of the page, with the token that only reads."""
        return self._link("read")

    def _link(self, role: Role) -> str:
        return f"{self.policy.scheme}://{self.address}:{self.port}/#token={self.policy.tokens[role]}"

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="console")
        self._recording = asyncio.create_task(self._record(), name="console history")
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.01)

    async def _record(self) -> None:
        """Sample the site for its trends until cancelled."""
        while True:
            try:
                self._world.sample()
            except Exception:
                log.exception("console: there are no trends from now on, since a quantity cannot be read")
                return
            await asyncio.sleep(PERIOD_S)

    async def stop(self) -> None:
        """End all streams and connections."""
        self.console.hub.close()
        self._server.should_exit = True
        if self._recording is not None:
            self._recording.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()


def _bound(address: str, port: int | None) -> socket.socket:
    """A listening socket at this port, or, if none is given, at `PORT` or any that is free.

    Raises:
        ServeError: the port is taken.
    """
    for number in (PORT, 0) if port is None else (port,):
        bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((address, number))
            bound.listen(MOST_CONNECTIONS)
        except OSError as error:
            bound.close()
            reason = error
        else:
            bound.setblocking(False)
            return bound
    raise ServeError(f"the console cannot listen at {address}:{port}: {reason.strerror}; choose --console-port")
