"""The fixture `measure` and the marker `measures`: a test fails at its end for what it measured outside its limits."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path

import pytest

from twinfeed.harness.journal import Journal
from twinfeed.harness.plugin.options import MARGINAL
from twinfeed.harness.plugin.recording import RUN_RECORD
from twinfeed.harness.report.measure import Measure, OutsideLimits
from twinfeed.harness.report.measurement import Measurement
from twinfeed.harness.report.outcomes import Outcome
from twinfeed.harness.uncertainty import SIMPLE, Rule
from twinfeed.harness.worlds.world import World

MEASURE = pytest.StashKey[Measure]()


def measure_of(item: pytest.Item) -> Measure:
    """The measurements of a test; each goes into the record of the run as soon as it is taken."""
    recording = item.config.stash.get(RUN_RECORD, None)

    def note(measurement: Measurement) -> None:
        item.user_properties.append((measurement.name, f"{measurement.outcome}: {measurement}"))
        if measurement.outcome is Outcome.MARGINAL:
            item.user_properties.append((MARGINAL, str(measurement)))
        if recording:
            recording.put("test", "measured", test=item.nodeid, **asdict(measurement))

    def keep(path: Path, caption: str) -> None:
        if recording:
            recording.attach(item.nodeid, path, caption)
        else:
            path.stat()

    def tell(what: str, data: dict[str, str]) -> None:
        if recording:
            recording.put("test", what, test=item.nodeid, **data)

    def journal() -> Journal | None:
        world = (getattr(item, "funcargs", None) or {}).get("site")
        return world.journal if isinstance(world, World) else None

    rule: Rule = item.config.getoption("--decision-rule") or SIMPLE
    measure = Measure(note, keep, rule=rule, journal=journal, noted=tell)
    item.stash[MEASURE] = measure
    return measure


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """All is measured first; then a measurement outside its limits, or one that is missing, fails the test."""
    result = yield
    required = [name for marker in pyfuncitem.iter_markers("measures") for name in marker.args]
    measure = pyfuncitem.stash.get(MEASURE, None)
    if measure is None:
        if required:
            pytest.fail("a test with the marker `measures` takes the fixture `measure`", pytrace=False)
        return result
    measure.require(required)
    wrong = ""
    try:
        measure.check()
    except OutsideLimits as error:
        wrong = str(error)
    if wrong:
        pytest.fail(wrong, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The report of a test that fails by itself lists what the test had measured until then."""
    report = yield
    measure = item.stash.get(MEASURE, None)
    if measure and measure.taken and report.failed and call.when == "call":
        report.sections.append(("measured", "\n".join(str(measurement) for measurement in measure.taken)))
    return report
