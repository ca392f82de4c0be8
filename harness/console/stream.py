"""Frames of a site to many readers: one whole frame each, then the changes, computed once for all of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from twinfeed.harness.console.frames import Frame

PERIOD_S = 0.2
"""Shortest time between two changes, s."""

SHARE = 0.05
"""Part of one processor that frames may take: a large site is drawn less often, so that its devices answer."""

HEARTBEAT_S = 5.0
"""Longest silence on a stream, s: after it the reader knows that the server is still there."""

WAITING = 20
"""Changes that wait for a slow reader; at one more it gets one whole frame in their place."""

MOST_READERS = 64

log = logging.getLogger(__name__)


class Full(Exception):
    """All streams are taken."""


class Reader:
    """One stream. It holds octets to send, or the need of a whole frame."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.behind = True
        self.ended = False
        self.news = asyncio.Event()

    def put(self, chunk: bytes) -> None:
        if not self.behind:
            self.waiting.append(chunk)
            if len(self.waiting) > WAITING:
                self.waiting.clear()
                self.behind = True
        self.news.set()


class Hub:
    """Makes a frame of a site while somebody reads, and sends each reader what has changed.

    `look` makes a frame; `about` has the fields that every message carries besides (the boot id, the speed).
    """

    def __init__(self, look: Callable[[], Frame], about: Callable[[], dict[str, Any]]) -> None:
        self._look, self._about = look, about
        self._readers: set[Reader] = set()
        self._frame: Frame | None = None
        self._said: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self.seq = 0
        self.closed = False

    def close(self) -> None:
        """End every stream."""
        self.closed = True
        if self._task is not None:
            self._task.cancel()
            self._task = None
        for reader in self._readers:
            reader.news.set()

    def whole(self) -> dict[str, Any]:
        """The state now, whole. It does not count as a change."""
        return {**self._about(), "seq": self.seq, **self._look().whole()}

    def open(self) -> AsyncIterator[bytes]:
        """A stream of events until the hub is closed.

        Raises:
            Full: `MOST_READERS` read already.
        """
        if len(self._readers) >= MOST_READERS:
            raise Full
        return self._events(Reader())

    async def _events(self, reader: Reader) -> AsyncIterator[bytes]:
        self._readers.add(reader)
        if self._task is None and not self.closed:
            self._task = asyncio.create_task(self._watch(), name="console frames")
        try:
            while not self.closed and not reader.ended:
                if reader.behind:
                    whole = event("full", self._newest())
                    reader.behind = False  # before it is sent: what changes meanwhile waits for the reader
                    yield whole
                chunks, reader.waiting = reader.waiting, []
                for chunk in chunks:
                    yield chunk
                if not reader.waiting and not reader.behind and not self.closed and not reader.ended:
                    reader.news.clear()
                    if not await _within(HEARTBEAT_S, reader.news):
                        yield event("heartbeat", {**self._about(), "seq": self.seq})
        finally:
            self._readers.discard(reader)

    def _newest(self) -> dict[str, Any]:
        if self._frame is None:
            self._frame, self._said = self._look(), self._about()
        return {**self._about(), "seq": self.seq, **self._frame.whole()}

    async def _watch(self) -> None:
        """Make a frame as often as allowed while there are readers."""
        loop = asyncio.get_running_loop()
        try:
            while self._readers:
                begun_s = loop.time()
                self._tell()
                await asyncio.sleep(max(PERIOD_S, (loop.time() - begun_s) / SHARE))
        except Exception:
            log.exception("console: the state of the site cannot be shown; its streams end")
            for reader in self._readers:  # a heartbeat without frames would pass old values off as present
                reader.ended = True
                reader.news.set()
        finally:
            self._task = None
            self._frame = None

    def _tell(self) -> None:
        """Give all readers the changes since the last frame, if there are any."""
        frame, about = self._look(), self._about()
        before, self._frame = self._frame, frame
        said, self._said = self._said, about
        if before is None:
            return
        changes = frame.since(before)
        if len(changes) > 1 or about != said:
            self.seq += 1
            chunk = event("delta", {**about, "seq": self.seq, **changes})
            for reader in self._readers:
                reader.put(chunk)


async def _within(seconds: float, happened: asyncio.Event) -> bool:
    """True if the event happens within so many seconds."""
    try:
        await asyncio.wait_for(happened.wait(), seconds)
    except TimeoutError:
        return False
    return True


def event(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, allow_nan=False, separators=(',', ':'))}\n\n".encode()
