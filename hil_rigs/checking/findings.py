"""The findings of a check, as text for technicians and as data for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

Translate = Callable[[str], str]


class Phrase:
    """A text for people, translated before its names in braces are filled in; what they stand for may be phrases."""

    def __init__(self, text: str, /, **values: object) -> None:
        self.text, self.values = text, values

    def said(self, translate: Translate = str) -> str:
        """The text in the language of `translate`."""
        filled = {
            name: value.said(translate) if isinstance(value, Phrase) else value for name, value in self.values.items()
        }
        return translate(self.text).format(**filled) if filled else translate(self.text)

    def __str__(self) -> str:
        return self.said()

    def __repr__(self) -> str:
        return f"Phrase({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phrase) and (self.text, self.values) == (other.text, other.values)

    def __hash__(self) -> int:
        return hash(self.text)


class Level(IntEnum):
    """How bad it is."""

    FINE = 0
    NOTICE = 1
    """Worth knowing; tests can run."""
    PROBLEM = 2
    """To be put right before tests."""
    UNREACHABLE = 3
    """Nothing can be said, since something does not answer."""

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One checked item."""

    on: str
    """The device, interlock, actuator or instrument; empty for the bench."""
    check: str
    """reach, port, credentials, identity, firmware, points, range, latency, clock, interlock, actuator, calibration or
    arming."""
    level: Level
    found: Phrase
    expected: Phrase | None = None
    do: Phrase | None = None
    """The next step."""
    points: tuple[str, ...] = ()
    """The points it is about, where it is about several."""

    def __str__(self) -> str:
        on = f"{self.on}: " if self.on else ""
        expected = f", expected {self.expected}" if self.expected is not None else ""
        do = f"; {self.do}" if self.do is not None else ""
        return f"{on}{self.found}{expected}{do}"

    def as_data(self, translate: Translate = str) -> dict[str, Any]:
        return {
            "on": self.on,
            "check": self.check,
            "level": self.level.word,
            "found": self.found.said(translate),
            "expected": self.expected.said(translate) if self.expected else "",
            "do": self.do.said(translate) if self.do else "",
            **({"points": list(self.points)} if self.points else {}),
        }


@dataclass
class DeviceSummary:
    """The identification of a device, and its answer times."""

    name: str
    profile: str
    where: str
    """The URLs of the requests."""
    product: str = ""
    object_id: str = ""
    serial: str = ""
    firmware: str = ""
    points: int = 0
    """Points that were read."""
    requests: int = 0
    median_s: float | None = None
    """Of the time from a request to its answer, s."""
    worst_s: float | None = None
    timeout_s: float = 0.0


@dataclass
class Report:
    """All that a check of a bench found."""

    bench: str
    devices: list[DeviceSummary] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def worst(self, on: str | None = None) -> Level:
        """The worst that was found on that device (interlock, …), or on the whole bench."""
        return max((f.level for f in self.findings if on is None or f.on == on), default=Level.FINE)

    def as_data(self, translate: Translate = str) -> dict[str, Any]:
        return {
            "bench": self.bench,
            "level": self.worst().word,
            "devices": [{**vars(device), "level": self.worst(device.name).word} for device in self.devices],
            "findings": [finding.as_data(translate) for finding in self.findings],
        }
