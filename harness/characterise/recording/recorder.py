"""Walking a device over time into a file, so that an interruption loses nothing.

    walker = SnmpWalker(SnmpTransport.v2c("192.0.2.7", retries=0), pace=Pace(10))
    await Recorder(walker, Path("ups.jsonl")).record(walks=60, every_s=60)

Run again with the same file, it goes on where it was: a line that was cut off is removed, a walk that was cut short is
finished, and the walks that are missing follow, with the times at which they were really made. Nothing but reading is
ever sent.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import math
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from twinfeed.harness.characterise.recording import recording
from twinfeed.harness.characterise.recording.modbus_walk import ModbusWalker
from twinfeed.harness.characterise.recording.recording import VERSION, Recording, Walk
from twinfeed.harness.transports import NoAnswer, TransportError

RETRY_S = 2.0
"""Period of retries of a device that fell silent, s."""


class RecordError(Exception):
    """The recording cannot be made or continued. The message gives the reason and the next step."""


def walk_count(every_s: float, for_s: float) -> int:
    """The walks that are begun in `for_s` when one is `every_s` after the other; at least one, and fewer if slow."""
    return 1 + int(for_s / every_s) if every_s > 0 else 1


def time_limit_s(for_s: float) -> float:
    """The time of a recording, s, where 0 s means one walk however long it takes."""
    return for_s or math.inf


async def together(
    walkers: Iterable[Walker], walks: int = 1, every_s: float = 0.0, for_s: float = math.inf
) -> list[Recording | RecordError | TransportError]:
    """Recordings of several devices made at the same time and kept in no file, or why there is none of a device."""

    async def one(walker: Walker, path: Path) -> Recording | RecordError | TransportError:
        try:
            return await Recorder(walker, path).record(walks, every_s, for_s=for_s)
        except (RecordError, TransportError) as error:
            return error

    with tempfile.TemporaryDirectory() as folder:
        return await asyncio.gather(*(one(walker, Path(folder) / str(n)) for n, walker in enumerate(walkers)))


class Walker(Protocol):
    """The walker of a device; see `SnmpWalker` and `ModbusWalker`."""

    protocol: str
    device: str
    asked: list[str]

    async def identity(self) -> dict[str, str]: ...

    def walk(self, walk: Walk) -> AsyncIterator[dict[str, Any]]: ...

    def close(self) -> None: ...


class Recorder:
    """Writes one recording. `told` is called with each line; `wall` is the time of day, for the header and resuming."""

    def __init__(
        self,
        walker: Walker,
        path: Path,
        told: Callable[[Recording, dict[str, Any]], None] = lambda recording, item: None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = path
        self.recording = Recording({})
        self.resumed = False
        """True if the file held the beginning already."""
        self._walker = walker
        self._told, self._wall = told, wall
        self._start_s: float | None = None
        self._for_s = math.inf

    async def record(
        self, walks: int = 1, every_s: float = 0.0, patience_s: float = 30.0, for_s: float = math.inf
    ) -> Recording:
        """Record until the file holds `walks` walks, each begun `every_s` after the one before or as soon as can be.

        A device that falls silent is waited for, `patience_s` each time. After `for_s` of recording, interruptions not
        counted, no walk begins: the one under way goes on to its end unless the device falls silent. The first walk
        is needed: it may take longer, but no silence is waited for after that time.

        Raises:
            RecordError: the file is another recording, or in use, or cannot be written.
            NoAnswer: the device stays silent; run again to go on.
            FileError: the file is no recording.
        """
        with _locked(self.path) as file:
            try:
                self._read()
                self._for_s = for_s
                if not self._complete(walks, every_s):
                    await self._begin(file)
                while not self._complete(walks, every_s):
                    await self._next(file, every_s)
                    if not await self._one(file, patience_s):
                        break
            finally:
                self._walker.close()
            if not any(map(len, self.recording.walks)):
                _remove(self.path)
                why = next((trouble for walk in self.recording.walks for trouble in walk.troubles), "it is empty")
                raise RecordError(f"{self._walker.device}: nothing could be read: {why}")
        return self.recording

    @property
    def now_s(self) -> float:
        """Time since the recording began, s."""
        assert self._start_s is not None, "the recording has begun"
        return asyncio.get_running_loop().time() - self._start_s

    @property
    def _left_s(self) -> float:
        """The rest of the recording's time, s."""
        held = self.recording
        return self._for_s - ((held.last_s if self._start_s is None else self.now_s) - held.gaps_s)

    def _complete(self, walks: int, every_s: float) -> bool:
        held = self.recording.walks
        if not self._whole:
            return False
        if not held[-1].ended:
            return self._left_s < 0.0
        due_s = held[-1].t_s + every_s - self.recording.gaps_s
        return len(held) >= walks or due_s > self._for_s or self._left_s < 0.0

    def _read(self) -> None:
        """Load the lines of the file, which must be a recording of this device with the same ranges."""
        if self.path.stat().st_size:
            recording.repair(self.path)
        if self.path.stat().st_size:
            self.recording = recording.load(self.path)
            self._check()
            self.resumed = True

    async def _begin(self, file: IO[bytes]) -> None:
        """Write the header, or report that the recording continues."""
        now = self._wall()
        loop_s = asyncio.get_running_loop().time()
        identity = await self._walker.identity()
        if self.resumed:
            self._check_identity(identity)
            since_s = (now - datetime.fromisoformat(self.recording.head["began"])).total_seconds()
            # A clock that was set back in between must not make time run backwards.
            self._start_s = loop_s - max(self.recording.last_s, since_s)
            resumed = {"resumed": now.isoformat(timespec="seconds"), "t_s": round(self.now_s, 3)}
            self.recording.take(resumed)
            self._write(file, resumed)
        else:
            self._start_s = asyncio.get_running_loop().time()
            self.recording.head = {
                "twinfeed": "recording",
                "version": VERSION,
                "protocol": self._walker.protocol,
                "device": self._walker.device,
                "asked": self._walker.asked,
                "began": self._wall().isoformat(timespec="milliseconds"),
                "identity": identity,
            }
            self._write(file, self.recording.head)

    def _check(self) -> None:
        head, walker = self.recording.head, self._walker
        for name, found, asked in (
            ("device", head.get("device"), walker.device),
            ("ranges" if walker.protocol == "modbus" else "subtrees", head.get("asked"), walker.asked),
        ):
            if found != asked:
                raise RecordError(
                    f"{self.path} holds a recording with the {name} {_shown(found)}, asked for: {_shown(asked)}; "
                    "choose another file, or ask for the same to go on with this one"
                )

    def _check_identity(self, identity: dict[str, str]) -> None:
        before = self.recording.identity
        # A new firmware changes sysDescr and the revision; the product and its maker stay.
        changed = sorted(key for key in identity if key not in ("sysDescr", "2") and identity[key] != before.get(key))
        if before and changed:
            found = ", ".join(f"{key} {identity[key]!r} (was {before.get(key)!r})" for key in changed)
            raise RecordError(f"another device answers at {self._walker.device}: {found}; record it into another file")

    async def _next(self, file: IO[bytes], every_s: float) -> None:
        """Begin the next walk when it is due, unless one is under way."""
        walks = self.recording.walks
        if walks and not walks[-1].ended:
            return
        due_s = walks[-1].t_s + every_s if walks else 0.0
        if due_s > self.now_s:
            await asyncio.sleep(due_s - self.now_s)
        self._keep(file, {"walk": len(walks) + 1, "t_s": round(max(self.now_s, 0.0), 3)})

    async def _one(self, file: IO[bytes], patience_s: float) -> bool:
        """Bring the walk under way to its end. False if the device fell silent after the time of the recording."""
        walk = self.recording.walks[-1]
        silent_since_s: float | None = None
        while True:
            try:
                async for item in self._lines(walk):
                    if silent_since_s is not None:
                        said = f"answers again after {self.now_s - silent_since_s:.0f} s"
                        self._keep(file, {"t_s": round(self.now_s, 3), "trouble": said, "at": self._walker.device})
                        silent_since_s = None
                    self._keep(file, {"t_s": round(self.now_s, 3), **item})
                    if item.get("silent") and self._left_s < 0.0 and self._whole:
                        return False
                break
            except NoAnswer as error:
                if silent_since_s is None:
                    silent_since_s = self.now_s
                    self._keep(file, {"t_s": round(self.now_s, 3), "trouble": error.what, "at": error.address})
                if self._left_s < 0.0 and self._whole:
                    return False
                if self.now_s + RETRY_S - silent_since_s > min(patience_s, max(self._left_s, 0.0)):
                    raise
                await asyncio.sleep(RETRY_S)
        self._keep(file, {"walk": walk.number, "t_s": round(self.now_s, 3), "end": True})
        os.fsync(file.fileno())
        return True

    @property
    def _whole(self) -> bool:
        """True if a walk is complete."""
        return any(walk.ended for walk in self.recording.walks)

    def _lines(self, walk: Walk) -> AsyncIterator[dict[str, Any]]:
        if isinstance(self._walker, ModbusWalker) and walk.number > 1:
            return self._walker.walk(walk, self.recording.walks[walk.number - 2])
        return self._walker.walk(walk)

    def _keep(self, file: IO[bytes], item: dict[str, Any]) -> None:
        self.recording.take(item)
        self._write(file, item)
        self._told(self.recording, item)

    def _write(self, file: IO[bytes], item: dict[str, Any]) -> None:
        try:
            file.write(json.dumps(item, ensure_ascii=False).encode() + b"\n")
            file.flush()
        except OSError as error:
            raise RecordError(
                f"{self.path}: cannot be written: {error.strerror or error}; what was written is kept: make room and "
                "run again to go on"
            ) from None


@contextmanager
def _locked(path: Path) -> Iterator[IO[bytes]]:
    """The file, open for appending and locked: two recorders would mix their lines."""
    try:
        file = path.open("ab")
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror or error}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RecordError(f"{path}: another twinfeed is recording into it") from None
    try:
        yield file
    finally:
        if path.exists() and not path.stat().st_size:
            _remove(path)  # the device never answered
        with suppress(OSError):  # the failed write has been reported
            file.close()


def _remove(path: Path) -> None:
    """Remove an empty recording, if it is an ordinary file."""
    if path.is_file():
        path.unlink()


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
