"""Instruments and the samples they took: what a time or a value that is read off them is worth.

A quantity that is polled is known at instants only. A reading that came at `t` after a round trip of `trip` was taken
between `t - trip` and `t`; a change that it shows first may have happened at any time since the reading before was
taken. What was shorter than the largest gap between two samples may not have been seen at all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Instrument:
    """An instrument that measures a quantity."""

    quantity: str
    by: str = ""
    """With what: `relay-1.input.1.on`, a SCPI resource, `operator`; empty for the emulated site itself."""
    every_s: float | None = None
    """The period at which it is read, s; None if every change is recorded when it happens."""
    accuracy: float | None = None
    """Half the width of what the true value lies in, in the quantity's unit; None if it is not stated."""
    unit: str = ""
    calibrated: str = ""
    due: str = ""
    """Days, ISO 8601."""
    certificate: str = ""


class Observed(float):
    """A number that an instrument has shown: `measure` finds the instrument by the quantity's name."""

    quantity: str

    def __new__(cls, value: float, quantity: str) -> Observed:
        made = super().__new__(cls, value)
        made.quantity = quantity
        return made


@dataclass
class Samples:
    """The readings of one quantity, at times of one clock, s."""

    count: int = 0
    largest_gap_s: float = 0.0
    """Between two readings that follow each other."""
    worst_trip_s: float = 0.0
    """The longest time from a request to its answer."""
    changes: list[tuple[float, float]] = field(default_factory=list)
    """Each change of the value, in order of time: it happened between these."""
    last_s: float | None = None
    """When the last answer came."""
    last_taken_s: float = 0.0
    """The earliest instant at which that reading can have been taken."""

    def take(self, t_s: float, trip_s: float, changed: bool) -> None:
        """A reading came at `t_s`, `trip_s` after it was asked for; `changed` if it is not the one before."""
        if self.last_s is not None:
            self.largest_gap_s = max(self.largest_gap_s, t_s - self.last_s)
            if changed:
                self.changes.append((min(self.last_taken_s, t_s), t_s))
        self.count += 1
        self.worst_trip_s = max(self.worst_trip_s, trip_s)
        self.last_s, self.last_taken_s = t_s, t_s - trip_s

    @property
    def blind_s(self) -> float:
        """An event as short as this may not have been seen, s."""
        return self.largest_gap_s + self.worst_trip_s

    def blur_s(self, t_s: float) -> float:
        """The distance from `t_s` at which the change that is recorded there can have happened; 0 if none is."""
        at = bisect_left(self.changes, (t_s - 1e-9), key=lambda change: change[1])
        if at == len(self.changes):
            return 0.0
        earliest_s, latest_s = self.changes[at]
        return max(t_s - earliest_s, latest_s - t_s) if earliest_s <= t_s + 1e-9 else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Samples:
        """
        Raises:
            KeyError, TypeError, ValueError: it is not what `as_json` gave.
        """
        changes = [(float(start), float(end)) for start, end in fields["changes"]]
        return cls(**{**fields, "changes": changes})


@dataclass(frozen=True)
class Taken:
    """The instrument of a measurement, and how it was read while the measurement was taken."""

    instrument: Instrument
    samples: int | None = None
    """The number of readings; None if every change is recorded when it happens."""
    largest_gap_s: float | None = None
    worst_trip_s: float | None = None

    @property
    def calibrated(self) -> bool:
        """True if the rig file names a certificate or a day of calibration."""
        return bool(self.instrument.certificate or self.instrument.calibrated)
