"""Measurements with limits, the record of a run, and the report that is handed in.

`docs/reports.md` says how they are used.
"""

from harness.report.measure import Measure, OutsideLimits
from harness.report.measurement import Measurement, MeasurementError
from harness.report.notes import Calibration, Confirmation, Identity, note, note_event
from harness.report.outcomes import Ending, Outcome

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
