"""The record of a bench as its supervisor keeps it: what happened, the file in force, the clock, and its limits."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.record import DiskFull, Record
from twinfeed.harness.report.facts import EDITED, IN_FORCE, WATCHED
from twinfeed.harness.report.notes import Calibration, Noted, line
from twinfeed.hil_rigs import schema
from twinfeed.hil_rigs.evidence.in_force import Edits, described
from twinfeed.hil_rigs.evidence.watch import Watch
from twinfeed.hil_rigs.rigfile import Rig

PERIOD_S = 1.0
"""The period at which it is checked if the clock was set or the rig file edited, s."""

Shout = Callable[[Mapping[str, Any]], None]
"""Sends an event to all who are connected to the supervisor."""


class Logbook:
    """The record of a bench. `unwritten` is called with the error of a line that could not be written.

    A disk that is full leaves room for the lines that follow until the bench is safe (`twinfeed.harness.record`).
    """

    def __init__(self, rig: Rig, record: Record, shout: Shout, unwritten: Callable[[OSError | DiskFull], None]) -> None:
        self.record, self.edits = record, Edits(rig)
        self._rig, self._shout, self._unwritten = rig, shout, unwritten
        self._watched = Watch({}, 0.0)

    def tell(self, who: str, what: str, **data: Any) -> None:
        """A line of the record."""
        plainly = {name: plain(value) for name, value in data.items()}
        self._written(lambda: self.record.write(who, what, **plainly), f"{who} {what} {data}")

    def note(self, noted: Noted) -> None:
        """A line of the record that reports show in a table of their own."""
        who, what, data = line(noted)
        self.tell(who, what, **data)

    def _written(self, write: Callable[[], object], line: str) -> None:
        try:
            write()
        except DiskFull as error:
            self._unwritten(error)
        except OSError as error:
            self._shout({"event": "record failed", "why": str(error), "line": line})
            self._unwritten(error)

    def open(self, unit_of: Callable[[str], str]) -> None:
        """The first lines: the software, the rig file in force, and the calibrations, with their units."""
        rig = self._rig
        self.tell("supervisor", "started", bench=rig.name, file=str(rig.path), twinfeed=version("twinfeed"))
        self.tell(*IN_FORCE, **described(rig))
        for name, instrument in rig.bench.instruments.items():
            if instrument.certificate or instrument.due or instrument.calibrated or instrument.accuracy is not None:
                self.note(_calibration(name, instrument, unit_of(name)))

    # -- limits -------------------------------------------------------------------------------------------------------

    def watch(self, limits: Mapping[str, tuple[str, str]], now_s: float) -> None:
        """Gather the readings of these interlocks: name -> (quantity, limit in words)."""
        self._watched = Watch(limits, now_s)

    def see(self, t_s: float, quantity: str, value: Value) -> None:
        """A reading."""
        self._watched.see(t_s, quantity, value)

    def forget(self) -> None:
        """Readings up to now are no evidence of the arming that begins."""
        self._watched.line(_now())

    def limits_watched(self) -> None:
        """Write down what the interlocks have shown since the last such line."""
        self.tell(*WATCHED, **self._watched.line(_now()))

    # -- clock and file -----------------------------------------------------------------------------------------------

    async def keep(self, state: Callable[[], str]) -> None:
        """Write down when the clock was set, the file edited, and what interlocks of an armed bench show."""
        while True:
            self._written(self.record.look_at_clock, "the clock was set")
            if (edited := self.edits.news()) is not None:
                self.tell(*EDITED, sha256=edited, in_force=self._rig.sha256, state=state())
                self._shout({"event": "edited", "sha256": edited})
            if state() == "armed" and self._watched.due(_now()):
                self.limits_watched()
            await asyncio.sleep(PERIOD_S)


def _calibration(quantity: str, instrument: schema.Instrument, unit: str) -> Calibration:
    """The rig file's entry of an instrument, as reports show it."""
    accuracy = "" if instrument.accuracy is None else f"±{instrument.accuracy:g} {unit}".rstrip()
    due, calibrated = (str(day) if day is not None else "" for day in (instrument.due, instrument.calibrated))
    return Calibration(quantity, due, instrument.certificate, accuracy, calibrated)


def plain(value: Any) -> Any:
    """A value that JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.hex() if isinstance(value, bytes) else value


def _now() -> float:
    return asyncio.get_running_loop().time()
