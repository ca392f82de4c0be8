"""The memory of searches: scenarios, their outcomes, what they reached, and distinct failures.

    with Memory(Path(".twinfeed/search.sqlite")) as memory:
        known = memory.outcome(scenario, key)

It is an SQLite file, or a PostgreSQL database by its URL (`databases`). The leading process writes. Every outcome is
committed when it arrives, so a search that is killed has lost only the scenarios that were being run. A scenario is
known by the hash of its content together with the versions it was run on: the same scenario again is not run again, and
not stored twice. Texts are JSON, since those of a failing controller may hold what a database refuses.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.databases import opened
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.campaign.versions import Versions
from twinfeed.harness.faults.scenario import Scenario

Pair = tuple[str, str]
"""(target, kind or deed)."""


@dataclass(frozen=True)
class Kept:
    """One distinct failure as the memory keeps it."""

    identity: Identity
    scenario: Scenario
    """The smallest scenario that shows it."""
    what: str
    anyway: str
    """The controllers with which it comes as well, as text."""
    campaign: int
    """The number of the campaign that found it first, on these versions."""


@dataclass(frozen=True)
class Past:
    """One campaign that the memory knows. Those of one `night` were begun together."""

    number: int
    night: str
    began: str
    frame: Scenario
    offered: frozenset[Pair]
    """All pairs that it could choose from."""
    key: str


class Memory:
    """The outcomes of former searches; `where` is a path, a URL, or None for this process only.

    Raises:
        FileError: as `databases.opened`.
    """

    def __init__(self, where: Path | str | None) -> None:
        self._db = opened(where)

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    # -- writing ---------------------------------------------------------------------------------------------------

    def begin(
        self, began: str, frame: Scenario, versions: Versions, offered: Iterable[Pair] = (), night: str = ""
    ) -> int:
        """Note a new search; returns its number. `began` is the time of the wall clock, ISO 8601."""
        self._db.run(
            "insert into versions values (:key, :site, :controller, :twinfeed) on conflict do nothing",
            key=versions.key, site=versions.site, controller=versions.controller, twinfeed=versions.twinfeed,
        )  # fmt: skip
        ((number,),) = self._db.run(
            "insert into campaigns (night, began, frame, offered, key) "
            "values (:night, :began, :frame, :offered, :key) returning id",
            night=night or began, began=began, frame=_text(frame.to_dict()), offered=_packed(sorted(offered)),
            key=versions.key,
        )  # fmt: skip
        return int(number)

    def remember(self, tried: Tried, key: str, campaign: int, place: int = 0, after_s: float = 0.0) -> None:
        """Keep an outcome, the `place`th scenario of its search, which came so long after its start. The same scenario
        again changes nothing."""
        self._db.run(
            "insert into scenarios values (:hash, :key, :campaign, :place, :after_s, :scenario, :broken, :what, "
            ":margins, :extremes, :vacuous, :octets, :reached, :ended_s, :processor_s, :seed) on conflict do nothing",
            hash=hash_of(tried.scenario, key),
            key=key,
            campaign=campaign,
            place=place,
            after_s=after_s,
            scenario=_text(tried.scenario.to_dict()),
            broken=_text([_parts(identity) for identity in tried.broken]),
            what=_text(tried.what),
            margins=_text(tried.margins),
            extremes=_text(tried.extremes),
            vacuous=_text(tried.vacuous),
            octets=_text(tried.octets),
            reached=_packed(sorted(tried.reached)),
            ended_s=tried.ended_s,
            processor_s=tried.processor_s,
            seed=tried.seed,
        )

    def keep(self, identity: Identity, tried: Tried, key: str, campaign: int, survivable: str = "") -> None:
        """Keep the smallest scenario of a failure in place of any that was there."""
        self._db.run(
            "insert into findings values (:hash, :key, :campaign, :identity, :scenario, :what, :survivable) "
            "on conflict (hash) do update set "
            "scenario = excluded.scenario, what = excluded.what, survivable = excluded.survivable",
            hash=_hash(f"{key}\n{_text(_parts(identity))}"),
            key=key,
            campaign=campaign,
            identity=_text(_parts(identity)),
            scenario=_text(tried.scenario.to_dict()),
            what=_text(tried.what),
            survivable=survivable,
        )

    # -- reading ---------------------------------------------------------------------------------------------------

    def outcome(self, scenario: Scenario, key: str) -> Tried | None:
        """The outcome of that very scenario on those versions, None if it has not been run."""
        rows = self._db.run(f"select {_COLUMNS} from scenarios where hash = :hash", hash=hash_of(scenario, key))
        return _tried(rows[0]) if rows else None

    def outcomes(self, key: str) -> Iterator[Tried]:
        """All outcomes on those versions, in the order in which they were proposed."""
        for row in self._db.run(
            f"select {_COLUMNS} from scenarios where key = :key order by campaign, place, hash", key=key
        ):
            yield _tried(row)

    def arrivals(self, campaign: int) -> Iterator[tuple[float, Tried]]:
        """The outcomes of one campaign in the order in which they came, each with its time since the start, s."""
        for after_s, *row in self._db.run(
            f"select after_s, {_COLUMNS} from scenarios where campaign = :campaign order by after_s, hash",
            campaign=campaign,
        ):
            yield after_s, _tried(tuple(row))

    def findings(self, key: str) -> Mapping[Identity, Scenario]:
        """The smallest scenario of each failure that is known on those versions."""
        return {kept.identity: kept.scenario for kept in self.kept(key)}

    def kept(self, key: str) -> list[Kept]:
        """The failures that are known on those versions, the first first."""
        rows = self._db.run(
            "select identity, scenario, what, survivable, campaign from findings where key = :key "
            "order by campaign, identity",
            key=key,
        )
        return [
            Kept(Identity(*json.loads(identity)), _scenario(scenario), json.loads(what), anyway, campaign)
            for identity, scenario, what, anyway, campaign in rows
        ]

    def former(self, frame: Scenario, key: str) -> list[Scenario]:
        """The scenarios of the failures that former versions of the same site and controller had, framed as now: they
        show whether a failure has gone. The newest come first."""
        alike = {
            past.key: None
            for past in reversed(self.campaigns())
            if past.key != key and (past.frame.site, past.frame.controller) == (frame.site, frame.controller)
        }
        return [
            replace(frame, injections=kept.scenario.injections, deeds=kept.scenario.deeds)
            for other in alike
            for kept in self.kept(other)
        ]

    def campaigns(self) -> list[Past]:
        """All campaigns, the first first."""
        rows = self._db.run("select id, night, began, frame, offered, key from campaigns order by id")
        return [
            Past(number, night, began, _scenario(frame), frozenset(map(tuple, _unpacked(offered))), key)
            for number, night, began, frame, offered, key in rows
        ]


def hash_of(scenario: Scenario, key: str) -> str:
    """The identity of a scenario on those versions: all its fields but the note."""
    content = {name: value for name, value in scenario.to_dict().items() if name != "note"}
    return _hash(f"{key}\n{_text(content)}")


_COLUMNS = "scenario, broken, what, margins, extremes, vacuous, octets, reached, ended_s, processor_s, seed"


def _tried(row: tuple[Any, ...]) -> Tried:
    scenario, broken, what, margins, extremes, vacuous, octets, reached, ended_s, processor_s, seed = row
    return Tried(
        _scenario(scenario),
        tuple(Identity(*parts) for parts in json.loads(broken)),
        json.loads(what),
        tuple((about, margin) for about, margin in json.loads(margins)),
        tuple((about, margin) for about, margin in json.loads(extremes)),
        tuple(json.loads(vacuous)),
        json.loads(octets),
        frozenset(_unpacked(reached)),
        ended_s,
        processor_s,
        seed,
    )


def _parts(identity: Identity) -> list[str]:
    return [identity.about, identity.kind, identity.place]


def _scenario(text: str) -> Scenario:
    return Scenario.from_dict(json.loads(text))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _packed(value: Any) -> bytes:
    return zlib.compress(_text(value).encode())


def _unpacked(octets: bytes) -> Any:
    return json.loads(zlib.decompress(octets))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
