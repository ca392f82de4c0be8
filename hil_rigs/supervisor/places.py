"""The meeting places of the processes of a bench: its socket, its record, its log."""

from __future__ import annotations

import contextlib
import grp
import os
import stat
from pathlib import Path

from twinfeed._phrases import Phrase
from twinfeed.harness.record import Record, keys, read
from twinfeed.hil_rigs.emergency import first, mark
from twinfeed.hil_rigs.emergency.first import ENVIRONMENT
from twinfeed.hil_rigs.rigfile import Rig

__all__ = [
    "ENVIRONMENT",
    "armed_mark",
    "folder",
    "log_of",
    "new_record",
    "record_of",
    "records_of",
    "shared_with_group",
    "socket_of",
]


OF_ALL, OF_BENCH = 0o1777, 0o1750
"""Modes of the folder of all benches, and of that of one: sticky, so that nobody removes what is another user's."""


def folder(rig: Rig) -> Path:
    """The folder of a bench, made if it is not there.

    It belongs to the user who works with the bench first; members of its group read it, and work with the bench over
    the socket of the supervisor. A folder of twinfeed 0.2.0, which all could write to, is closed.

    Raises:
        OSError: it cannot be made; the message gives the next step.
    """
    place = mark.benches() / rig.name
    try:
        if not place.parent.exists():
            place.parent.mkdir(parents=True)
            place.parent.chmod(OF_ALL)
        if not place.exists():
            place.mkdir()
    except OSError as error:
        text = Phrase(
            "{path}: the folder of the bench cannot be made: {strerror}; set {variable} to a folder that all its users "
            "can write in",
            path=place,
            strerror=error.strerror,
            variable=ENVIRONMENT,
        )
        raise OSError(error.errno, text) from None
    if place.stat().st_uid == os.getuid() and stat.S_IMODE(place.stat().st_mode) != OF_BENCH:
        shared_with_group(place, rig, OF_BENCH)
    return place


def shared_with_group(path: Path, rig: Rig, mode: int) -> None:
    """Give a file that mode, and the group that the rig file names; without one, or if one is not a member, its own."""
    if rig.bench.group:
        with contextlib.suppress(KeyError, OSError):
            os.chown(path, -1, grp.getgrnam(rig.bench.group).gr_gid)
    path.chmod(mode)


def socket_of(rig: Rig) -> Path:
    return folder(rig) / first.SOCKET


def record_of(rig: Rig) -> Path:
    """The record of all actions on the bench, from the start of its supervisor on."""
    return folder(rig) / "record.jsonl"


def records_of(rig: Rig) -> list[Path]:
    """All that was ever recorded of the bench, the oldest first."""
    return [*sorted(folder(rig).glob("record-*.jsonl")), record_of(rig)]


def new_record(rig: Rig) -> Record:
    """Begin the record of a supervisor. The one before is kept beside it, and its last hash is the first line.

    Raises:
        Broken: the one before was altered.
        OSError: it cannot be written.
    """
    path = record_of(rig)
    before = read(path) if path.exists() else []
    if before:
        kept = path.with_name(f"record-{before[0].time.replace(':', '')}.jsonl")
        path.rename(kept)
    record = Record.open(path, keys.own())
    path.chmod(0o640)
    if before:
        record.write("record", "follows", file=kept.name, hash=before[-1].hash)
    return record


def log_of(rig: Rig) -> Path:
    return folder(rig) / "supervisor.log"


def armed_mark(rig: Rig) -> Path:
    """There while the bench is not at rest: the next keeper that finds it makes the bench safe first."""
    return folder(rig) / mark.MARK
