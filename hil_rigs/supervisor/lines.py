"""How the processes of a bench talk: JSON values, one a line, over a Unix socket.

-> {"id": 1, "do": "read", "device": "ups-1", "points": ["battery.charge"]}
<- {"id": 1, "is": [{"point": "battery.charge", "value": 94.0, …}]}
<- {"id": 2, "error": "Denied", "says": "the bench is not armed: …"}
<- {"event": "tripped", "why": "…"}                    to everybody, at any time
"""

from __future__ import annotations

import json
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from collections.abc import Mapping
from typing import Any

from twinfeed._phrases import Phrase

MOST_OCTETS = 4 * 1024 * 1024
"""The longest line: all points of a large device fit in many times."""

WAITING_OCTETS = 16 * 1024 * 1024
"""So much may wait for a reader that does not read; then it is let go, so that it cannot hold up the others."""


class NotALine(ValueError):
    """The line is not a JSON object on a line of its own."""


async def receive(reader: StreamReader) -> dict[str, Any] | None:
    """The next object, None when the other side has gone.

    Raises:
        NotALine: something else came.
    """
    try:
        line = await reader.readuntil(b"\n")
    except (IncompleteReadError, ConnectionError):
        return None
    except LimitOverrunError:
        raise NotALine(Phrase("a line of more than {most_octets} octets", most_octets=MOST_OCTETS)) from None
    try:
        message = json.loads(line)
    except ValueError as error:
        raise NotALine(Phrase("not JSON: {error}", error=error)) from None
    if not isinstance(message, dict):
        raise NotALine(Phrase("not a JSON object"))
    return message


def send(writer: StreamWriter, message: Mapping[str, Any]) -> None:
    """Let that object go out; a connection that is closing, or whose other side does not read, is left alone."""
    if writer.is_closing():
        return
    writer.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
    if writer.transport.get_write_buffer_size() > WAITING_OCTETS:
        writer.transport.abort()
