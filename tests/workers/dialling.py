"""Connections of a test, closed when it is over: `pytest.mark.usefixtures("hanging_up")`."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, TypeVar


class Closable(Protocol):
    """A writer of a stream, a transport, the handle of a device."""

    def close(self) -> None: ...


C = TypeVar("C", bound=Closable)

_open: list[Closable] = []


def until_over(connection: C) -> C:
    """A dialled connection; the test need not close it itself."""
    _open.append(connection)
    return connection


async def dial(host: str, port: int, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """As `asyncio.open_connection`; the test need not close the connection itself."""
    reader, writer = await asyncio.open_connection(host, port, **options)
    return reader, until_over(writer)


def hang_up() -> None:
    """Close what is still open."""
    while _open:
        _open.pop().close()
