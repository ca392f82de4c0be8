"""Where the processes of a bench meet: its socket, its record, its log."""

from __future__ import annotations

from pathlib import Path

from twinfeed.harness.record import Record, read
from twinfeed.hil_rigs.emergency import first, mark
from twinfeed.hil_rigs.emergency.first import ENVIRONMENT
from twinfeed.hil_rigs.rigfile import Rig

__all__ = ["ENVIRONMENT", "armed_mark", "folder", "log_of", "new_record", "record_of", "records_of", "socket_of"]


def folder(rig: Rig) -> Path:
    """The folder of a bench, made if it is not there; everybody who works in the lab may use it."""
    place = mark.benches() / rig.name
    for each in (place.parent, place):
        if not each.exists():
            each.mkdir(parents=True)
            each.chmod(0o777)
    return place


def socket_of(rig: Rig) -> Path:
    return folder(rig) / first.SOCKET


def record_of(rig: Rig) -> Path:
    """What is done with the bench, from the start of its supervisor on."""
    return folder(rig) / "record.jsonl"


def records_of(rig: Rig) -> list[Path]:
    """All that was ever recorded of the bench, the oldest first."""
    return [*sorted(folder(rig).glob("record-*.jsonl")), record_of(rig)]


def new_record(rig: Rig) -> Record:
    """Begin the record of a supervisor. The one before is kept beside it, and its last hash is the first thing told.

    Raises:
        Broken: the one before was altered.
        OSError: it cannot be written.
    """
    path = record_of(rig)
    before = read(path) if path.exists() else []
    if before:
        kept = path.with_name(f"record-{before[0].time.replace(':', '')}.jsonl")
        path.rename(kept)
    record = Record.open(path)
    path.chmod(0o666)  # whoever starts the next supervisor goes on with it
    if before:
        record.write("record", "follows", file=kept.name, hash=before[-1].hash)
    return record


def log_of(rig: Rig) -> Path:
    return folder(rig) / "supervisor.log"


def armed_mark(rig: Rig) -> Path:
    """There while the bench is not at rest: the next keeper that finds it makes the bench safe first."""
    return folder(rig) / mark.MARK
