"""Authorised persons, and the dates of calibrations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.checking.findings import Finding, Level
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Instrument

DUE_SOON_D = 30
"""Number of days before the end of a calibration from which the check reports it."""


def looked_at(rig: Rig, today: date) -> Iterator[Finding]:
    """The findings on authorised persons and on calibrations."""
    if not rig.bench.may_arm:
        yield Finding(
            "",
            "arming",
            Level.PROBLEM,
            Phrase("nobody may arm this bench"),
            Phrase("at least one name"),
            Phrase("enter who may: may_arm: [NAME]"),
        )
    for quantity, instrument in rig.bench.instruments.items():
        yield from _calibration(quantity, instrument, today)


def _calibration(quantity: str, instrument: Instrument, today: date) -> Iterator[Finding]:
    name = instrument.certificate or Phrase("its certificate")
    if instrument.calibrated is not None and instrument.calibrated > today:
        yield Finding(
            quantity,
            "calibration",
            Level.PROBLEM,
            Phrase("{name}: calibrated {day}, which is to come", name=name, day=instrument.calibrated),
            Phrase("a day until today, {today}", today=today),
            Phrase("correct `calibrated`, or this computer's clock"),
        )
    if instrument.due is None:
        if instrument.accuracy is not None:
            yield Finding(
                quantity,
                "calibration",
                Level.NOTICE,
                Phrase("no day is given until which its accuracy is vouched for"),
                None,
                Phrase("enter `calibrated` and `due` from its certificate"),
            )
    elif instrument.due < today:
        yield Finding(
            quantity,
            "calibration",
            Level.PROBLEM,
            Phrase("{name}: calibration was due {day}", name=name, day=instrument.due),
            Phrase("today or later, {today}", today=today),
            Phrase(
                "have it calibrated and enter the new days, or use another instrument; the bench is not armed with it"
            ),
        )
    elif (instrument.due - today).days <= DUE_SOON_D:
        yield Finding(
            quantity,
            "calibration",
            Level.NOTICE,
            Phrase("{name}: calibration is due {day}", name=name, day=instrument.due),
            None,
            Phrase("have it calibrated in time"),
        )
