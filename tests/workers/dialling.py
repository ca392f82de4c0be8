"""TCP connections of a test, closed when it is over: `pytest.mark.usefixtures("hanging_up")`."""

from __future__ import annotations

import asyncio
from typing import Any

_open: list[asyncio.StreamWriter] = []


async def dial(host: str, port: int, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """As `asyncio.open_connection`; the test need not close the connection itself."""
    reader, writer = await asyncio.open_connection(host, port, **options)
    _open.append(writer)
    return reader, writer


def hang_up() -> None:
    """Close what is still open."""
    while _open:
        _open.pop().close()
