"""The state of a bench on the disk, which outlives every process, and whether a process keeps the bench.

Each bench of this computer has a folder. In it `armed` holds the life of a bench that is not at rest, as JSON; its time
of modification is when its keeper was last seen alive. Keepers hold a shared flock(2) on `kept`: the kernel frees it
when a process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.hil_rigs.emergency import first
from twinfeed.hil_rigs.emergency.life import Event, Life, from_json

MARK, KEPT = "armed", "kept"
"""In the folder of a bench: its life, and the lock of its keepers."""


def benches() -> Path:
    """The folder that holds a folder for each bench."""
    return Path(first.benches())


class Mark:
    """The life of the bench in that folder. One process writes it at a time, which calls itself `keeper`."""

    def __init__(self, place: Path, keeper: str = "", file: Path | None = None) -> None:
        self.place, self.keeper, self._file = place, keeper, file
        self._path = place / MARK
        self.life = self.read()
        self._kept: int | None = None

    @property
    def bench(self) -> str:
        return self.place.name

    def read(self) -> Life:
        """The present state on the disk."""
        try:
            return from_json(self._path.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            return Life()
        except OSError as error:  # it is there, so the bench is not at rest
            return Life("armed", Phrase("somebody ({strerror})", strerror=error.strerror))

    @property
    def rig_file(self) -> str:
        """The path of the rig file, as noted; empty if nothing is."""
        with contextlib.suppress(OSError):
            return (self.place / first.FILE).read_text(encoding="utf-8", errors="replace").strip()
        return ""

    def become(self, event: Event, **changes: Any) -> Life:
        """The next life, which is on the disk when this returns.

        Raises:
            Impossible: the event cannot happen now.
            OSError: it could not be written; the life has changed all the same. The text on the disk then still has
                that the bench is not at rest, unless it was.
        """
        self.life = self.life.after(event, **changes)
        self._write()
        return self.life

    def confirm(self) -> None:
        """Put the life that this keeper has seen on the disk, if another one stands there. Raises OSError."""
        if self.read() != self.life:
            self._write()

    def _write(self) -> None:
        if self.life.at_rest:
            self._path.unlink(missing_ok=True)
            return
        text = self.life.as_json(keeper=self.keeper, pid=os.getpid()).encode()
        new = self._path.with_name(f"{MARK}.{os.getpid()}")
        try:
            with new.open("wb") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            new.chmod(0o664)
            new.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            try:
                with self._path.open("r+b") as out:  # another user's, or a full disk: what is there is overwritten
                    out.write(text)
                    out.truncate()
            except FileNotFoundError:  # nothing is there: the reason is the first one
                raise error from None

    def seen(self) -> None:
        """The keeper is alive, now."""
        with contextlib.suppress(OSError):
            if not self.life.at_rest:
                os.utime(self._path)

    @property
    def seen_at(self) -> float:
        """When its keeper was last seen alive, s of the wall clock; 0 if the bench is at rest."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return 0.0

    # -- keepers ------------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """This process keeps the bench from now on, until it ends or lets go."""
        with contextlib.suppress(OSError):  # in another user's folder it is kept, and that is not seen
            if self._kept is None:
                self._kept = _opened(self.place / KEPT)
                fcntl.flock(self._kept, fcntl.LOCK_SH)
        if self._file is not None:
            with contextlib.suppress(OSError):  # it is found by its name then
                (self.place / first.FILE).write_text(str(self._file), encoding="utf-8")

    def let_go(self) -> None:
        if self._kept is not None:
            os.close(self._kept)
            self._kept = None

    @property
    def kept(self) -> bool:
        """True if a process keeps the bench."""
        if self._kept is not None:
            return True
        try:
            file = os.open(self.place / KEPT, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    def said(self) -> str:
        """The text that every command must print of this bench; empty if there is none."""
        life = self.read()
        when = datetime.fromtimestamp(self.seen_at).strftime("%Y-%m-%d %H:%M:%S") if self.seen_at else N_("never")
        return life.said(self.bench, self.kept, when, self.rig_file or self.bench)


def _opened(path: Path) -> int:
    """The lock file, made for all users of the folder if it is not there."""
    file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o664)
    with contextlib.suppress(OSError):
        os.fchmod(file, 0o664)
    return file


def marks() -> Iterator[Mark]:
    """The benches of this computer that are not at rest, by name."""
    try:
        found = sorted(benches().iterdir())
    except OSError:
        return
    for place in found:
        if os.path.exists(place / MARK):  # a folder that this user may not read is not theirs to speak of
            yield Mark(place)


def place_of(bench: str) -> Path | None:
    """The folder of the bench of that name or rig file; None if this computer has none."""
    found = first.place_of(bench)
    return Path(found) if found else None
