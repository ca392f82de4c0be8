"""The verification of the records in a folder: nothing altered, nothing missing, and by whom it was signed.

    verification = verified([Path("out/record.jsonl"), Path("out/bench-ups.jsonl")], trusted={key.public})
    verification.standing                 # VERIFIED, UNVOUCHED or WRONG

Checked are the chain of hashes of each record, the signature of each line and whose key made it, the end of each run,
the lines that records quote of each other, and the files that a run has kept. docs/explanation/records.md has what
each of these shows, and what none of them can show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.record import BEGINS, FIRST, GOES_ON, Entry, until_broken
from twinfeed.harness.record.folder import sha256
from twinfeed.harness.record.keys import short, signed
from twinfeed.harness.report.facts import QUOTES

STARTED, ENDED = ("session", "started"), ("session", "ended")
ATTACHED = ("test", "attached")


class Standing(IntEnum):
    """The states of a record, the worst last."""

    VERIFIED = 0
    """Nothing was altered, nothing is missing, and a known key signed each line."""
    UNVOUCHED = 1
    """The chain is whole, but no known key vouches for it: anybody may have written it anew."""
    WRONG = 2
    """Something was altered, or something is missing."""


@dataclass(frozen=True)
class Trouble:
    """One trouble of a record."""

    standing: Standing
    file: str
    text: str
    """English, with names in braces for `values`; the catalogue has its translation."""
    values: Mapping[str, Any] = field(default_factory=dict)

    def said(self, translate: Callable[[str], str] = str) -> str:
        """The trouble in words."""
        said = translate(Phrase(self.text, **self.values))
        return f"{self.file}: {said}" if self.file else said

    def __str__(self) -> str:
        return self.said()


@dataclass
class Chain:
    """One record file."""

    file: str
    lines: int
    """The lines that are believed: those before the first break."""
    last: str
    """Hash of the last line. A copy kept elsewhere shows whether lines were removed at the end."""
    broken: str = ""
    """The place and kind of the alteration."""
    keys: list[str] = field(default_factory=list)
    """The public keys that signed its lines, hexadecimal; an empty one stands for lines without a signature."""
    standing: Standing = Standing.VERIFIED


@dataclass
class Verification:
    """The findings in a folder."""

    chains: list[Chain]
    troubles: list[Trouble]
    entries: dict[Path, list[Entry]]
    """The lines of each record that are believed."""

    @property
    def standing(self) -> Standing:
        return max((trouble.standing for trouble in self.troubles), default=Standing.VERIFIED)


def verified(paths: Sequence[Path], trusted: Iterable[str], folder: Path | None = None) -> Verification:
    """Check these records. `trusted` are public keys in hexadecimal; `folder` is where kept files are.

    Raises:
        OSError: a record cannot be read.
    """
    folder = folder or paths[0].parent
    found: dict[str, list[Entry]] = {}
    read: dict[Path, list[Entry]] = {}
    chains: list[Chain] = []
    troubles: list[Trouble] = []
    known = set(trusted)
    for path in paths:
        name = path.name if path.parent == folder else f"{path.parent.name}/{path.name}"
        entries, broken = until_broken(path)
        chain = Chain(name, len(entries), entries[-1].hash if entries else FIRST, broken)
        mine = [Trouble(Standing.WRONG, "", "{why}", {"why": broken})] if broken else list(_unended(name, entries))
        mine += [*_empty(name, entries, broken), *_signatures(chain, entries, known), *_kept(name, entries, folder)]
        chain.standing = max((trouble.standing for trouble in mine), default=Standing.VERIFIED)
        found[name] = read[path] = entries
        chains.append(chain)
        troubles += mine
    for trouble in _quoted(found, {chain.file for chain in chains if chain.broken}):
        troubles.append(trouble)
        for chain in chains:
            if chain.file == trouble.file:
                chain.standing = max(chain.standing, trouble.standing)
    return Verification(chains, troubles, read)


_MISSING = {
    "bench": N_("line {line} quotes a record of the bench ({file}) that is not here"),
    "worker": N_("line {line} quotes the record of a worker ({file}) that is not here"),
}
"""Records that a run cannot do without."""


def _empty(name: str, entries: Sequence[Entry], broken: str) -> Iterator[Trouble]:
    if not entries and not broken:
        yield Trouble(Standing.WRONG, name, N_("has no line; what was in it is gone"))


def _unended(name: str, entries: Sequence[Entry]) -> Iterator[Trouble]:
    """A run without an end was killed, or its last lines were removed; the record cannot show which."""
    kinds = [(entry.who, entry.what) for entry in entries]
    if STARTED in kinds:
        last = len(kinds) - 1 - kinds[::-1].index(STARTED)
        if ENDED not in kinds[last:]:
            text = N_(
                "line {line}: the run that starts here has no end: it was killed, or its last lines were taken away"
            )
            yield Trouble(Standing.WRONG, name, text, {"line": last + 1})


def _signatures(chain: Chain, entries: Sequence[Entry], known: set[str]) -> Iterator[Trouble]:
    key = ""
    unsigned, strangers = 0, dict[str, int]()
    for entry in entries:
        if (entry.who, entry.what) in (BEGINS, GOES_ON):
            key = str(entry.data.get("key", ""))
        if key not in chain.keys:
            chain.keys.append(key)
        if not key:
            unsigned += 1
        elif not signed(entry.hash, entry.sig, key):
            text = N_("line {line}: its signature was not made with the key that the record names ({key})")
            yield Trouble(Standing.WRONG, chain.file, text, {"line": entry.n + 1, "key": short(key)})
            return
        elif key not in known:
            strangers.setdefault(key, entry.n + 1)
    if unsigned:
        text = N_("{num} of {all} lines are unsigned: the chain is whole, but anybody can have written it anew")
        yield Trouble(Standing.UNVOUCHED, chain.file, text, {"num": unsigned, "all": len(entries)})
    for stranger, line in strangers.items():
        text = N_(
            "line {line}: signed with the key {key}, which is not known here; if it is the bench computer's "
            "(`twinfeed rig key` there shows it), name it: twinfeed verify --key FILE"
        )
        yield Trouble(Standing.UNVOUCHED, chain.file, text, {"line": line, "key": short(stranger)})


def _kept(name: str, entries: Sequence[Entry], folder: Path) -> Iterator[Trouble]:
    for entry in entries:
        if (entry.who, entry.what) == ATTACHED and (why := altered(folder, entry.data)):
            yield Trouble(Standing.WRONG, "", "{why}", {"why": why})


def altered(folder: Path, kept: Mapping[str, Any]) -> str:
    """The reason why a kept file is no longer the original; empty if it is."""
    file = str(kept.get("file", ""))
    try:
        if sha256(folder / file) == kept.get("sha256"):
            return ""
    except OSError as error:
        return Phrase("{file}: cannot be read: {strerror}", file=file, strerror=error.strerror)
    return Phrase("{file}: was altered after it was kept: its SHA-256 is another", file=file)


def _quoted(found: Mapping[str, Sequence[Entry]], broken: set[str]) -> Iterator[Trouble]:
    """Lines that one record names of another must be there; a run on a bench has to be named by the bench's record."""
    by_first = {entries[0].hash: (name, entries) for name, entries in found.items() if entries}
    quoted_of: dict[str, int] = {}
    for name, entries in found.items():
        for entry in entries:
            if (entry.who, entry.what) != QUOTES:
                continue
            record, n, line = str(entry.data.get("record")), entry.data.get("n"), entry.n + 1
            other, lines = by_first.get(record, ("", ()))
            if not other:
                if (text := _MISSING.get(str(entry.data.get("of")))) is not None:
                    yield Trouble(Standing.WRONG, name, text, {"line": line, "file": entry.data.get("file", "")})
            elif isinstance(n, int) and (n >= len(lines) or lines[n].hash != entry.data.get("hash")):
                if other not in broken:
                    text = N_("line {n} is missing or another: {file}, line {line}, quotes it; lines were taken away")
                    yield Trouble(Standing.WRONG, other, text, {"n": n + 1, "file": name, "line": line})
            elif isinstance(n, int):
                quoted_of[other] = max(quoted_of.get(other, -1), n)
    for name, entries in found.items():
        on_bench = any((e.who, e.what) == QUOTES and e.data.get("of") == "bench" for e in entries)
        ends = [entry.n for entry in entries if (entry.who, entry.what) == ENDED]
        if on_bench and ends and name not in broken and quoted_of.get(name, -1) < ends[-1]:
            text = N_("no record of the bench quotes the end of this run; lines of the bench's record are missing")
            yield Trouble(Standing.WRONG, name, text)
