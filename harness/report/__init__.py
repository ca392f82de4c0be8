"""Measurements with limits, the record of a run, and the report that is handed in.

`docs/how-to/reports.md` describes their use.
"""

from twinfeed.harness.report.measure import Measure, OutsideLimits
from twinfeed.harness.report.measurement import Measurement, MeasurementError
from twinfeed.harness.report.notes import Calibration, Confirmation, Identity, note, note_event
from twinfeed.harness.report.outcomes import Ending, Outcome

__all__ = [
    "Calibration",
    "Confirmation",
    "Ending",
    "Identity",
    "Measure",
    "Measurement",
    "MeasurementError",
    "Outcome",
    "OutsideLimits",
    "note",
    "note_event",
]
