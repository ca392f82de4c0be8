"""A run and the record of its bench quote each other: when a test begins and ends, and at the end of the run.

Lines that were taken off the end of either record are then missed by the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.record import Broken, Record, keys, read
from twinfeed.harness.report.facts import QUOTES
from twinfeed.hil_rigs.emergency.asking import Hangs, NobodyThere, Refused, ask
from twinfeed.hil_rigs.lock import BenchLock, Held

Ask = Callable[..., Awaitable[Any]]
"""ask(do, **fields): a question to the supervisor."""


async def quote(supervisor: Ask, run: Record) -> None:
    """The supervisor writes down the last line of the run's record, and the run that of the supervisor's.

    Raises:
        OSError: the run's record cannot be written.
        Denied, SupervisorGone: the supervisor did not answer.
    """
    answer = await supervisor("quote", **_last_line(run))
    _write(run, answer)


def end(place: Path, bench: str, run: Record, into: Path) -> str:
    """After the last line of a run: quote it in the record of the bench, and copy the bench's records to the run's.

    `place` is the folder of the bench, `into` that of the run. A run that never had the bench leaves it alone.
    Returns what could not be done, empty if all was.
    """
    if not _quoted(run):
        return ""
    trouble = ""
    try:
        answer = ask(place, "quote", **_last_line(run))
    except (NobodyThere, Hangs, Refused):
        answer = {}
        try:
            with (
                BenchLock(bench, what=N_("the end of a test run")),
                Record.open(place / "record.jsonl", _key()) as record,
            ):
                who, what = QUOTES
                record.write(who, what, of="run", **_last_line(run))
                answer = {"file": record.path.name, **vars(record.head)}
        except (Held, Broken, OSError) as error:
            trouble = Phrase(
                "the record of {bench} does not quote the end of this run: {error}", bench=bench, error=error
            )
    try:
        if answer:
            _write(run, answer)
        for path, name in _records(place, bench, _quoted(run)):
            half = into / f".{name}.half"
            try:
                shutil.copyfile(path, half)
                half.replace(into / name)
            finally:
                half.unlink(missing_ok=True)
    except (Broken, OSError) as error:
        trouble = Phrase("the record of {bench} is not beside that of the run: {error}", bench=bench, error=error)
    return trouble


def _last_line(run: Record) -> dict[str, Any]:
    return {"file": run.path.name, **vars(run.head)}


def _write(run: Record, answer: dict[str, Any]) -> None:
    who, what = QUOTES
    run.write(who, what, of="bench", **{name: answer[name] for name in ("file", "record", "n", "hash")})


def _quoted(run: Record) -> set[str]:
    """The records of the bench that a run has quoted, by the hashes of their first lines."""
    lines = read(run.path)
    return {str(e.data["record"]) for e in lines if (e.who, e.what) == QUOTES and e.data.get("of") == "bench"}


def _records(place: Path, bench: str, quoted: set[str]) -> list[tuple[Path, str]]:
    """The records of the bench that a run has quoted, and what each is called beside that of the run."""
    found = []
    for path in sorted(place.glob("record*.jsonl")):
        with path.open("rb") as file:
            first = file.readline()
        if any(f'"hash":"{record}"'.encode() in first for record in quoted):
            stem = path.stem.removeprefix("record")
            found.append((path, f"bench-{bench}{stem}.jsonl"))
    return found


def _key() -> keys.Key | None:
    try:
        return keys.own()
    except keys.BadKey:
        return None
