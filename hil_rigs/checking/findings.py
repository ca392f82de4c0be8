"""The findings of a check, as text for technicians and as data for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from twinfeed._phrases import Phrase

Translate = Callable[[str], str]
"""Gives a text in the language of who reads it (`twinfeed.harness.language.Words`)."""


class Level(IntEnum):
    """The severity."""

    FINE = 0
    NOTICE = 1
    """Worth knowing; tests can run."""
    PROBLEM = 2
    """To be put right before tests."""
    UNREACHABLE = 3
    """There is no result, since something does not answer."""

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
    found: str
    expected: str | None = None
    do: str | None = None
    """The next step."""
    points: tuple[str, ...] = ()
    """The points it is about, where it is about several."""

    def __str__(self) -> str:
        found = self.found
        if self.expected is not None:
            found = Phrase("{found}, expected {expected}", found=self.found, expected=self.expected)
        on, do = f"{self.on}: " if self.on else "", f"; {self.do}" if self.do else ""
        return f"{on}{found}{do}"

    def as_data(self, translate: Translate = str) -> dict[str, Any]:
        return {
            "on": self.on,
            "check": self.check,
            "level": self.level.word,
            "found": translate(self.found),
            "expected": translate(self.expected) if self.expected else "",
            "do": translate(self.do) if self.do else "",
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
