"""A recorded run to report on, written as a run on a bench writes it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

from twinfeed.harness.record import Record, keys
from twinfeed.harness.report import Calibration, Confirmation, Identity
from twinfeed.harness.report.measurement import Limits, measured, series
from twinfeed.harness.report.notes import line

SESSION = {
    "twinfeed": "0.1.0", "python": "3.11.7", "pytest": "8.4.0", "system": "Linux", "worker": "", "tester": "Awa Traoré",
    "command": "pytest --rig ups-bench.yaml --report out", "world": "rig", "bench": "ups-bench", "bench_sha256": "ab" * 32,
    "seed": None, "speed": 1.0, "resumes": False,
}  # fmt: skip


def write(folder: Path) -> Path:
    """Two tests that end, one that is skipped, one that was interrupted; the supervisor's record beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    with Record.open(folder / "record.jsonl", keys.own()) as record:
        record.write("session", "started", **SESSION)
        for noted in (
            Identity("ups-1", "Smart-UPS <SMT1500>", "AS1234567890", "UPS 18.8", "FC 43/14"),
            Calibration("meter-1.power.total", "2100-03-02", "LNM-2026-0412", "±0.5 kW", "2026-03-02"),
            Calibration("scope-1", "2020-01-31", "LNM-2019-0007", "±0.2 ms"),
            Confirmation("Moussa Keïta", "Ouvrir le disjoncteur Q3.", "fait", "2026-11-24T10:02:11Z"),
        ):
            who, what, data = line(noted)
            record.write(who, what, **data)
        _test(record, "test_ups.py::test_transfer[a]", "passed", "", 3.25)
        limits = Limits.of(at_most=10)
        _measure(record, "test_ups.py::test_battery", limits)
        _attach(record, folder, "test_ups.py::test_battery")
        reason = "1 of 4 measurements are not within their limits:\n  output <V>: found 219 V, expected 223 to 237 V"
        _finish(record, "test_ups.py::test_battery", "failed", reason, 1234.5)
        _test(record, "test_ups.py::test_bypass", "skipped", "the rig has no actuator for ups-1 bypass & fault", 0.0)
        record.write("test", "started", test="test_ups.py::test_killed", code="")
        record.write("session", "ended", exit=1)
    with Record.open(folder / "supervisor.jsonl", keys.own()) as record:
        record.write("Awa Traoré", "armed the bench", for_s=3600.0)
        record.write("supervisor", "trips", why="ups-1 on battery for 300 s")
    return folder


def _test(record: Record, name: str, outcome: str, reason: str, duration_s: float) -> None:
    record.write("test", "started", test=name, code="", site="ups-bench")
    _finish(record, name, outcome, reason, duration_s)


def _finish(record: Record, name: str, outcome: str, reason: str, duration_s: float) -> None:
    record.write("test", "finished", test=name, outcome=outcome, reason=reason, code="", duration_s=duration_s)


def _measure(record: Record, name: str, limits: Limits) -> None:
    record.write("test", "started", test=name, code="", site="ups-bench")
    for measurement in (
        measured("transfer time", 8.25, "ms", limits, source="IEC 62040-3"),
        measured("output <V>", 219.0, "V", Limits.of(within=(223, 237)), 0.5),
        measured("hall temperature", 26.9, "°C", Limits.of(at_most=27), 0.3),
        series("battery voltage", [(0, 54.5), (60, 53.25), (120, 51.0)], [("time", "s")], "V", Limits.of(at_least=42)),
    ):
        record.write("test", "measured", test=name, **asdict(measurement))


def _attach(record: Record, folder: Path, name: str) -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'
    file = folder / "files" / "0123-breaker.svg"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(picture)
    record.write(
        "test", "attached", test=name, file="files/0123-breaker.svg", name="breaker.svg",
        sha256=hashlib.sha256(picture).hexdigest(), octets=len(picture), caption="Q3 <open>",
    )  # fmt: skip
