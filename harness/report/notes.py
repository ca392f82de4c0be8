"""Notes of a run besides its tests: the devices, the calibrations of instruments, the confirmations of people.

    note(Identity("ups-1", "Smart-UPS SMT1500", serial="AS1234567890", firmware="UPS 18.8", source="FC 43/14"))
    note(Calibration("meter-1.power.total", due="2027-03-02", certificate="LNM-2026-0412", accuracy="±0.5 kW"))
    note(Confirmation("Awa Traoré", "Open breaker Q3.", "done", "2026-11-24T10:02:11Z"))
    note_event("bench", "armed", by="Awa Traoré")

Each becomes a line of the record that is being written, if `pytest --report DIR` writes one; `line` gives its form to
others who keep a record (a supervisor). Reports take them from either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from twinfeed.harness.record import Record


@dataclass(frozen=True)
class Identity:
    """The identification of a device."""

    device: str
    """Its name on the bench or site."""
    product: str = ""
    serial: str = ""
    firmware: str = ""
    source: str = ""
    """The source of the identification: FC 43/14, sysDescr, the plate read by a person."""


@dataclass(frozen=True)
class Calibration:
    """An instrument, and the date until which its calibration is valid."""

    instrument: str
    due: str = ""
    """Until when, ISO 8601 (2027-03-02)."""
    certificate: str = ""
    accuracy: str = ""
    """The value with its unit, as the certificate states it."""
    calibrated: str = ""
    """When it was, ISO 8601."""


@dataclass(frozen=True)
class Confirmation:
    """An instruction to a person, and the answer."""

    person: str
    instruction: str
    answer: str
    time: str
    """UTC, ISO 8601."""


Noted = Identity | Calibration | Confirmation

IDENTIFIED = ("device", "identified")
CALIBRATED = ("instrument", "calibrated")
CONFIRMED = ("operator", "confirmed")

_LINES: Mapping[type[Noted], tuple[str, str]] = {
    Identity: IDENTIFIED, Calibration: CALIBRATED, Confirmation: CONFIRMED,
}  # fmt: skip

_open: list[Record] = []
"""The records that this process writes, the latest last."""


def line(noted: Noted) -> tuple[str, str, dict[str, Any]]:
    """Actor, action and data of its line: `record.write(who, what, **data)`."""
    return *_LINES[type(noted)], asdict(noted)


def note(noted: Noted) -> None:
    """Write it into the record of this run; without one nothing is kept.

    Raises:
        OSError: it could not be written; DiskFull if it went into the reserve.
    """
    who, what, data = line(noted)
    note_event(who, what, **data)


def note_event(who: str, what: str, /, **data: Any) -> None:
    """Write anything else that belongs into the timeline of this run.

    Raises:
        OSError: as for `note`.
    """
    if _open:
        _open[-1].write(who, what, **data)


def current() -> Record | None:
    """The record of this run, None if none is written."""
    return _open[-1] if _open else None


def opened(record: Record) -> None:
    """From now on notes go there."""
    _open.append(record)


def closed(record: Record) -> None:
    """Notes no longer go there."""
    _open.remove(record)
