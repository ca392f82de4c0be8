"""Statements of a bench's record beside its tests: the file in force, who armed it, how its limits were watched.

The supervisor of a bench and the run on it write these lines; `docs/explanation/records.md` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twinfeed.harness.record import Entry

QUOTES = ("record", "quotes")
"""A record names a line of another one: `of` (run or bench), `file`, `record`, `n`, `hash`."""
IN_FORCE = ("bench", "in force")
"""The bench file that a supervisor or a run has read: its text, hash, title, devices and limits."""
EDITED = ("bench", "file was edited")
"""The file is no longer what the supervisor has read; the supervisor keeps to what it has read."""
WATCHED = ("interlocks", "were read")
"""The lines in which the interlocks of an armed bench are summed up."""
ARMED = "armed the bench"
"""The line of an arming; `who` is the person."""


@dataclass(frozen=True)
class Address:
    """The connection to a device of the bench."""

    device: str
    profile: str = ""
    where: str = ""
    loopback: bool = False
    """True if it is on this computer: an emulator or another program, not a physical device."""


@dataclass(frozen=True)
class Bench:
    """A bench file in force."""

    name: str
    title: Mapping[str, str] = field(default_factory=dict)
    """By language; under an empty name where it has one for all."""
    file: str = ""
    sha256: str = ""
    decision_rule: str = ""
    devices: tuple[Address, ...] = ()

    @property
    def on_loopback(self) -> int:
        """The number of its devices that are on this computer."""
        return sum(device.loopback for device in self.devices)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Bench:
        """
        Raises:
            KeyError, TypeError: a line that is not written like that.
        """
        devices = tuple(Address(**device) for device in data.get("devices", ()))
        text = {name: str(data.get(name, "")) for name in ("file", "sha256", "decision_rule")}
        title = {str(language): str(words) for language, words in data.get("title", {}).items()}
        return cls(str(data["name"]), title, devices=devices, **text)

    def titled(self, language: str = "en") -> str:
        """The title in that language, with the name of the bench."""
        title = self.title.get(language) or self.title.get("") or next(iter(self.title.values()), "")
        return f"{title} ({self.name})" if title else self.name


@dataclass(frozen=True)
class Arming:
    """A person who let things move."""

    time: str
    person: str
    login: str
    uid: int | None
    for_s: float

    @property
    def signed(self) -> str:
        """The person with the login that the system knows them by."""
        return f"{self.person} ({self.login}, uid {self.uid})" if self.login else self.person


@dataclass
class Watch:
    """The watch over one interlock while the bench was armed."""

    name: str
    quantity: str
    limit: str
    unit: str = ""
    samples: int = 0
    least: float | bool | str | None = None
    most: float | bool | str | None = None
    largest_gap_s: float = 0.0

    def add(self, reading: Mapping[str, Any]) -> None:
        """Take in what one line has of it."""
        self.samples += int(reading["samples"])
        self.largest_gap_s = max(self.largest_gap_s, float(reading["largest_gap_s"]))
        for value in (reading["least"], reading["most"]):
            if value is not None:
                self.least = value if self.least is None else min(self.least, value)
                self.most = value if self.most is None else max(self.most, value)


@dataclass(frozen=True)
class Edit:
    """The bench file was edited under way."""

    time: str
    sha256: str


@dataclass
class Facts:
    """All of that, in the order in which it was written."""

    benches: list[Bench] = field(default_factory=list)
    armings: list[Arming] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)

    def take(self, entry: Entry) -> bool:
        """True if the line was one of these; then it is taken in.

        Raises:
            KeyError, TypeError, ValueError: it is, and not as it must be.
        """
        kind, data = (entry.who, entry.what), entry.data
        if kind == IN_FORCE:
            bench = Bench.of(data)
            if bench not in self.benches:
                self.benches.append(bench)
        elif kind == WATCHED:
            for reading in data["readings"]:
                self._watch(reading).add(reading)
        elif kind == EDITED:
            self.edits.append(Edit(entry.time, str(data.get("sha256", ""))))
        elif entry.what == ARMED:
            self.armings.append(Arming(entry.time, entry.who, entry.login, entry.uid, float(data.get("for_s", 0.0))))
        else:
            return False
        return True

    def _watch(self, reading: Mapping[str, Any]) -> Watch:
        known = (str(reading["name"]), str(reading["quantity"]), str(reading["limit"]))
        for watch in self.watches:
            if (watch.name, watch.quantity, watch.limit) == known:
                return watch
        self.watches.append(Watch(*known, unit=str(reading.get("unit", ""))))
        return self.watches[-1]

    @property
    def bench(self) -> Bench | None:
        """The bench file in force at the end."""
        return self.benches[-1] if self.benches else None

    @property
    def persons(self) -> list[str]:
        """The person who armed the bench."""
        return list(dict.fromkeys(arming.person for arming in self.armings))
