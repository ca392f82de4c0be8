"""The measurements and verdicts of a run as CSV, one a row, for a spreadsheet or a manufacturing execution system."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twinfeed.harness.report.account import Account, Test
from twinfeed.harness.report.measurement import Measurement

COLUMNS = (
    "document", "unit_under_test", "unit_serial", "bench", "tester", "test", "requirements", "test_outcome", "kind",
    "name", "value", "uncertainty", "unit", "lowest", "highest", "at_least", "at_most", "equals", "outcome", "accepted",
    "decision_rule", "source", "not_in_accordance_with", "instrument", "accuracy", "calibrated", "due", "certificate",
    "period_s", "samples", "largest_gap_s", "started",
)  # fmt: skip


def write_csv(account: Account, path: Path) -> None:
    """Write it; numbers are as measured, with a point, times in UTC.

    Raises:
        OSError: the file cannot be written.
    """
    session = account.sessions[-1] if account.sessions else None
    head = {
        "document": account.document,
        "unit_under_test": session.unit if session else "",
        "unit_serial": session.unit_serial if session else "",
        "bench": account.title(),
        "tester": "; ".join(account.testers),
    }
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for test in account.tests:
            for row in _rows(test):
                writer.writerow({name: _cell(value) for name, value in {**head, **row}.items()})


def _rows(test: Test) -> Iterator[dict[str, Any]]:
    last = test.last
    of_test = {
        "test": test.name,
        "requirements": " ".join(last.requirements),
        "test_outcome": str(last.outcome),
        "started": last.started,
    }
    yield {**of_test, "kind": "test", "name": test.name, "outcome": str(last.outcome)}
    for m in last.measurements:
        yield {**of_test, **_measurement(m)}
    for judgement in last.judgements:
        yield {**of_test, "kind": "property", "name": judgement.about, "outcome": judgement.verdict}


def _measurement(m: Measurement) -> dict[str, Any]:
    first = m.taken[0] if m.taken else None
    instrument = first.instrument if first else None
    return {
        "kind": "measurement", "name": m.name, "value": m.value, "uncertainty": m.uncertainty or None, "unit": m.unit,
        "lowest": m.low, "highest": m.high, "at_least": m.limits.at_least, "at_most": m.limits.at_most,
        "equals": m.limits.equals, "outcome": str(m.outcome), "accepted": m.accepted, "decision_rule": m.rule,
        "source": m.source, "not_in_accordance_with": m.shortfall.standard if m.shortfall else "",
        "instrument": "; ".join(each.instrument.by or each.instrument.quantity for each in m.taken),
        "accuracy": instrument.accuracy if instrument else None,
        "calibrated": instrument.calibrated if instrument else "", "due": instrument.due if instrument else "",
        "certificate": instrument.certificate if instrument else "",
        "period_s": instrument.every_s if instrument else None, "samples": first.samples if first else None,
        "largest_gap_s": first.largest_gap_s if first else None,
    }  # fmt: skip


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
