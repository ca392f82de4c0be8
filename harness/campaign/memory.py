"""The memory of searches, in an SQLite file: scenarios, their outcomes, what they reached, and distinct failures.

    with Memory(Path(".twinfeed/search.sqlite")) as memory:
        known = memory.outcome(key, scenario)

One process writes. Every outcome is committed when it arrives, so a search that is killed has lost only the scenarios
that were being run. A scenario is known by the hash of its content together with the versions it was run on: the same
scenario again is not run again, and not stored twice.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.campaign.versions import Versions
from twinfeed.harness.faults.scenario import Scenario

FORMAT = 1
"""The version of the tables. A file of another format is refused, not altered."""

TABLES = """
create table versions (key text primary key, site text, controller text, twinfeed text);
create table campaigns (id integer primary key, began text, frame text, key text references versions);
create table scenarios (
    hash text primary key, key text references versions, campaign integer references campaigns, scenario text,
    broken text, what text, margins text, vacuous text, octets text, reached blob,
    ended_s real, processor_s real, seed integer
);
create table findings (
    key text references versions, about text, kind text, place text, campaign integer references campaigns,
    scenario text, what text, survivable text, primary key (key, about, kind, place)
);
"""


class Memory:
    """The outcomes of former searches. `path` None keeps them in this process only.

    Raises:
        FileError: the file cannot be written, is no memory of twinfeed, or has another format.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
            self._open()
        except (OSError, sqlite3.Error) as error:
            raise FileError(
                [f"{path}: {error}; expected a memory of searches, or a path where one can be made"]
            ) from None

    def _open(self) -> None:
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        found = self._db.execute("pragma user_version").fetchone()[0]
        if found == 0 and not self._db.execute("select name from sqlite_master").fetchone():
            self._db.executescript(f"begin; {TABLES} pragma user_version = {FORMAT}; commit;")
        elif found != FORMAT:
            self._db.close()
            raise FileError([f"{self.path}: the format is {found}, expected {FORMAT}; give another --memory"])

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # -- writing ---------------------------------------------------------------------------------------------------

    def begin(self, began: str, frame: Scenario, versions: Versions) -> int:
        """Note a new search; returns its number. `began` is the time of the wall clock, ISO 8601."""
        self._db.execute(
            "insert or ignore into versions values (?, ?, ?, ?)",
            (versions.key, versions.site, versions.controller, versions.twinfeed),
        )
        row = self._db.execute(
            "insert into campaigns (began, frame, key) values (?, ?, ?)", (began, _text(frame.to_dict()), versions.key)
        )
        assert row.lastrowid is not None
        return row.lastrowid

    def remember(self, tried: Tried, key: str, campaign: int) -> None:
        """Keep an outcome. The same scenario again changes nothing."""
        self._db.execute(
            "insert or ignore into scenarios values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                hash_of(tried.scenario, key),
                key,
                campaign,
                _text(tried.scenario.to_dict()),
                _text([[i.about, i.kind, i.place] for i in tried.broken]),
                tried.what,
                _text(tried.margins),
                _text(tried.vacuous),
                tried.octets,
                zlib.compress(_text(sorted(tried.reached)).encode()),
                tried.ended_s,
                tried.processor_s,
                tried.seed,
            ),
        )

    def keep(self, identity: Identity, tried: Tried, key: str, campaign: int, survivable: str = "") -> None:
        """Keep the smallest scenario of a failure in place of any that was there."""
        self._db.execute(
            "insert into findings values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set "
            "scenario = excluded.scenario, what = excluded.what, survivable = excluded.survivable",
            (
                key,
                identity.about,
                identity.kind,
                identity.place,
                campaign,
                _text(tried.scenario.to_dict()),
                tried.what,
                survivable,
            ),
        )

    # -- reading ---------------------------------------------------------------------------------------------------

    def outcome(self, scenario: Scenario, key: str) -> Tried | None:
        """The outcome of that very scenario on those versions, None if it has not been run."""
        row = self._db.execute("select * from scenarios where hash = ?", (hash_of(scenario, key),)).fetchone()
        return None if row is None else _tried(row)

    def outcomes(self, key: str) -> Iterator[Tried]:
        """All outcomes on those versions, in the order in which they came."""
        for row in self._db.execute("select * from scenarios where key = ? order by rowid", (key,)).fetchall():
            yield _tried(row)

    def findings(self, key: str) -> Mapping[Identity, Scenario]:
        """The smallest scenario of each failure that is known on those versions."""
        rows = self._db.execute(
            "select about, kind, place, scenario from findings where key = ? order by rowid", (key,)
        )
        return {Identity(*row[:3]): Scenario.from_dict(json.loads(row[3])) for row in rows.fetchall()}

    def campaigns(self) -> int:
        """The number of searches that it remembers."""
        number: int = self._db.execute("select count(*) from campaigns").fetchone()[0]
        return number


def hash_of(scenario: Scenario, key: str) -> str:
    """The identity of a scenario on those versions: all its fields but the note."""
    content = {name: value for name, value in scenario.to_dict().items() if name != "note"}
    return hashlib.blake2b(f"{key}\n{_text(content)}".encode(), digest_size=16).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _tried(row: tuple[Any, ...]) -> Tried:
    _, _, _, scenario, broken, what, margins, vacuous, octets, reached, ended_s, processor_s, seed = row
    return Tried(
        Scenario.from_dict(json.loads(scenario)),
        tuple(Identity(*identity) for identity in json.loads(broken)),
        what,
        tuple((about, margin) for about, margin in json.loads(margins)),
        tuple(json.loads(vacuous)),
        octets,
        frozenset(json.loads(zlib.decompress(reached))),
        ended_s,
        processor_s,
        seed,
    )
