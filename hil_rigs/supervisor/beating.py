"""The heartbeat of a test run: a thread of its own, so that a test that thinks for a while is not taken for dead.

It beats as long as the event loop was seen alive within `HUNG_S`: a run that was killed or stopped falls silent at
once, one that hangs a little later.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from pathlib import Path

from twinfeed.harness import unixpaths

HUNG_S = 30.0
"""A loop that did nothing for so long is taken for hung, s: drawing a plot or importing a library takes less."""


class Beating:
    """Beats for the run that holds the bench under that ticket, every `period_s`, until `stop`."""

    def __init__(self, path: Path, ticket: str, period_s: float) -> None:
        self._path, self._ticket, self._period_s = path, ticket, period_s
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
        line = json.dumps({"do": "beat", "ticket": self._ticket}).encode() + b"\n"
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(self._period_s)
            with unixpaths.short(self._path) as short:
                connection.connect(short)
            while not self._over.is_set():
                if time.monotonic() - self._alive_s < HUNG_S:
                    connection.sendall(line)
                    connection.recv(4096)
                self._over.wait(self._period_s)
