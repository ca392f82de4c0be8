"""Deviations that a reader must know before relying on a report: the points that an auditor would strike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.report.outcomes import Outcome
from twinfeed.harness.report.verifying import Standing
from twinfeed.harness.uncertainty import cited

if TYPE_CHECKING:
    from twinfeed.harness.report.account import Account, Test
    from twinfeed.harness.report.measurement import Measurement


@dataclass(frozen=True)
class Deviation:
    """One of them."""

    text: str
    """English, with names in braces for `values`; the catalogue has its translation."""
    values: Mapping[str, Any] = field(default_factory=dict)
    red: bool = False
    test: str = ""

    def said(self, translate: Callable[[str], str] = str) -> str:
        """The deviation in words."""
        return translate(Phrase(self.text, **self.values))


def deviations(account: Account) -> list[Deviation]:
    """All deviations of a run, red ones first."""
    found = [*_clock(account), *_bench(account), *_people(account), *_records(account), *_worlds(account)]
    for test in account.tests:
        found += _of_test(test)
    return sorted(found, key=lambda deviation: not deviation.red)


def _clock(account: Account) -> Iterator[Deviation]:
    for step in account.clock_steps:
        text = N_("The computer's clock was set by {by} s at {before} UTC: times of day before and after do not agree.")
        yield Deviation(text, {"by": f"{step.by_s:+.1f}", "before": step.before.replace("T", " ")[:19]}, red=True)


def _bench(account: Account) -> Iterator[Deviation]:
    bench = account.facts.bench
    if bench is not None and bench.on_loopback:
        text = N_(
            "{num} of {all} devices were programs on this computer (emulators at loopback addresses), not physical "
            "devices."
        )
        yield Deviation(text, {"num": bench.on_loopback, "all": len(bench.devices)})
    for edit in account.facts.edits:
        text = N_(
            "The bench file was edited at {time} UTC, while it was in force; what was read before stayed in force."
        )
        yield Deviation(text, {"time": edit.time.replace("T", " ")[:19]}, red=True)
    hashes = {each.sha256 for each in account.facts.benches if each.sha256}
    if len(hashes) > 1:
        yield Deviation(N_("{num} versions of the bench file were in force one after the other."), {"num": len(hashes)})
    for calibration in account.calibrations:
        if account.overdue(calibration):
            text = N_("The calibration of {instrument} had run out on {day}.")
            yield Deviation(text, {"instrument": calibration.instrument, "day": calibration.due}, red=True)


def _people(account: Account) -> Iterator[Deviation]:
    armed, tested = account.facts.persons, account.testers
    for tester in tested:
        if armed and tester not in armed:
            text = N_("Tested by {tester}, but the bench was armed by {armed}.")
            yield Deviation(text, {"tester": tester, "armed": ", ".join(armed)}, red=True)


def _records(account: Account) -> Iterator[Deviation]:
    for trouble in account.troubles:
        if trouble.standing is Standing.UNVOUCHED:
            yield Deviation(trouble.text, trouble.values)
    for test in account.tests:
        if test.last.outcome == "interrupted":
            yield Deviation(N_("The test began and never ended."), red=True, test=test.name)


def _worlds(account: Account) -> Iterator[Deviation]:
    """A standard asks for measurements of a device. No session of the run was on a bench: there was none."""
    if any(session.world == "rig" for session in account.sessions):
        return
    for test in account.tests:
        for measurement in test.last.measurements:
            if standard := cited(measurement.source):
                text = N_("{name}: not in accordance with {standard}: emulated, no device was measured.")
                values = {"name": measurement.name, "standard": standard}
                yield Deviation(text, values, red=True, test=test.name)


def _of_test(test: Test) -> Iterator[Deviation]:
    for text in test.last.deviations:
        yield Deviation("{text}", {"text": text}, test=test.name)
    for measurement in test.last.measurements:
        yield from (Deviation(each.text, each.values, each.red, test.name) for each in _of_measurement(measurement))


def _of_measurement(m: Measurement) -> Iterator[Deviation]:
    if m.shortfall is not None:
        text = N_(
            "{name}: not in accordance with {standard}: sampling (times are known to {has} s, the standard takes "
            "{needs} s)."
        )
        has, needs = f"{m.shortfall.has_s:.2g}", f"{m.shortfall.needs_s:.2g}"
        values = {"name": m.name, "standard": m.shortfall.standard, "has": has, "needs": needs}
        yield Deviation(text, values, red=True)
    loose = [each.instrument.quantity for each in m.taken if each.instrument.by and not each.calibrated]
    if loose:
        text = N_("{name}: measured with {instruments}, which is not calibrated.")
        yield Deviation(text, {"name": m.name, "instruments": ", ".join(loose)})
    if m.accepted and m.outcome is Outcome.INCONCLUSIVE:
        yield Deviation(N_("{name}: accepted although it is inconclusive."), {"name": m.name}, red=True)
    if m.accepted and m.outcome is Outcome.MARGINAL:
        text = N_(
            "{name}: accepted by its reading; the uncertainty reaches over a limit (decision rule: simple acceptance)."
        )
        yield Deviation(text, {"name": m.name})
