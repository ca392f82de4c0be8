"""The heartbeat of a test run: a thread of its own, so that a test that thinks for a while is not taken for dead.

It beats as long as the event loop was seen alive within `HUNG_S`: a run that was killed or stopped falls silent at
once, one that hangs a little later. The thread is also the first to notice that the supervisor has died: it then calls
`lost`, whatever the test is doing.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from twinfeed.hil_rigs.emergency.first import connect

HUNG_S = 30.0
"""A loop that did nothing for so long is taken for hung, s: drawing a plot or importing a library takes less."""

ANSWER_S = 30.0
"""A supervisor that does not answer for so long is taken for lost, s; its guard ends it before."""


class Beating:
    """Beats for the run that holds the bench under that ticket, every `period_s`, until `stop`."""

    def __init__(self, path: Path, ticket: str, period_s: float, lost: Callable[[], object] = lambda: None) -> None:
        self._path, self._ticket, self._period_s, self._lost = path, ticket, period_s, lost
        self._alive_s = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def alive(self) -> None:
        """The event loop does something."""
        self._alive_s = time.monotonic()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            self._until_lost()
        if not self._over.is_set():
            self._lost()

    def _until_lost(self) -> None:
        """Raises OSError: the supervisor is gone."""
        line = json.dumps({"do": "beat", "ticket": self._ticket}).encode() + b"\n"
        with socket.socket(socket.AF_UNIX) as connection:
            connect(connection, str(self._path))
            while not self._over.is_set():
                if time.monotonic() - self._alive_s < HUNG_S:
                    connection.sendall(line)
                    connection.settimeout(ANSWER_S)
                    if not connection.recv(4096):
                        return
                self._over.wait(self._period_s)
