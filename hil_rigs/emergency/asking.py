"""Asking the keeper of a bench, over its socket, with nothing but the standard library."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import time
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.hil_rigs.emergency.first import login, send

ACKNOWLEDGED_S = 3.0
"""A keeper that sends nothing for so long hangs, s: it sends an event when it begins to make the bench safe."""

ANSWERED_S = 120.0
"""So long a keeper that has acknowledged may take to answer, s."""


class NobodyThere(Exception):
    """No keeper listens."""


class Hangs(Exception):
    """A keeper listens and does not answer; `pid` is its process, 0 if that is not known."""

    def __init__(self, pid: int) -> None:
        super().__init__(Phrase("the keeper of the bench (pid {pid}) does not answer", pid=pid or N_("unknown")))
        self.pid = pid


class Refused(Exception):
    """The keeper refuses. The message gives the reason."""


def ask(place: Path | str, do: str, who: str = "", **fields: Any) -> dict[str, Any]:
    """The answer of the keeper of the bench in a folder.

    Raises:
        NobodyThere, Hangs, Refused
    """
    try:
        line = send(str(place), do, who or login(), **fields)
    except OSError as error:
        raise NobodyThere(
            Phrase("no keeper listens at {place}: {strerror}", place=place, strerror=error.strerror or error)
        ) from None
    return answer(line)


def answer(line: socket.socket) -> dict[str, Any]:
    """What comes back over a connection that a request was sent over; it is closed afterwards.

    Raises:
        NobodyThere, Hangs, Refused
    """
    with line:
        try:
            return _answer(line)
        except TimeoutError:
            raise Hangs(_peer(line)) from None
        except (OSError, ValueError) as error:
            raise NobodyThere(Phrase("the keeper has ended: {error}", error=error)) from None


def _answer(line: socket.socket) -> dict[str, Any]:
    """The answer to the second request; every line before it shows that somebody is there."""
    heard, until_s = b"", time.monotonic() + ANSWERED_S
    line.settimeout(ACKNOWLEDGED_S)
    while True:
        *whole, heard = heard.split(b"\n")
        for each in whole:
            message = json.loads(each)
            if message.get("event") in ("tripped", "safe"):
                line.settimeout(max(0.1, until_s - time.monotonic()))
            if message.get("id") == 2:
                if "error" in message:
                    raise Refused(str(message.get("says")))
                answer: dict[str, Any] = message.get("is") or {}
                return answer
        more = line.recv(1 << 16)
        if not more:
            raise OSError(Phrase("the connection was closed"))
        heard += more


def _peer(line: socket.socket) -> int:
    """The process that listens at the other end, 0 if the system does not give it (unix(7), SO_PEERCRED)."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return 0
    with contextlib.suppress(OSError):
        pid: int = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))[0]
        return pid
    return 0


def end(hanging: Hangs) -> bool:
    """End a keeper that hangs, so that the next one acts; False if this user may not, or it is not known."""
    try:
        if hanging.pid > 0:
            os.kill(hanging.pid, signal.SIGKILL)
        return hanging.pid > 0
    except OSError:
        return False
