"""pytest's `--rig FILE`: the same tests on a physical bench; `--dry-run` lists what would move, on its twin."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from twinfeed._phrases import N_, Phrase

if TYPE_CHECKING:
    from twinfeed.harness.worlds.world import World
    from twinfeed.hil_rigs.dry_run import Plan
    from twinfeed.hil_rigs.rigfile import Rig

RIG: pytest.StashKey[Rig] = pytest.StashKey()
PLAN: pytest.StashKey[Plan] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("twinfeed")
    group.addoption("--rig", metavar="NAME|FILE", help="run on the physical bench that this file describes")
    group.addoption(
        "--dry-run", action="store_true", help="with --rig: run on its software twin, and list what would move"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    option = config.getoption
    if not option("--rig") and not option("--dry-run"):
        return
    from twinfeed.harness.language import said, speak

    if not option("--rig"):
        raise pytest.UsageError(said(Phrase("--dry-run lists what would move on a bench: add --rig FILE")))
    if option("--site"):
        raise pytest.UsageError(said(Phrase("--rig and --site name two sites: the bench's own is that of its wiring")))
    if option("--world") != "simulated":
        raise pytest.UsageError(said(Phrase("--rig and --world name two worlds; give one of them")))
    from twinfeed.emulators.yamlfile import FileError
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.dry_run import Plan

    try:
        rig = config.stash[RIG] = rigfile.read(option("--rig"))
    except FileError as error:
        raise pytest.UsageError(said(str(error))) from None
    speak(otherwise=rig.bench.language)
    config.option.rig = str(rig.path)  # a bench that ships may have been named by its name
    if option("--dry-run"):
        config.stash[PLAN] = Plan(rig)
    else:
        config.option.world = "rig"
        if option("--decision-rule") is None:
            config.option.decision_rule = rig.bench.decision_rule


@pytest.hookimpl
def pytest_twinfeed_world(request: pytest.FixtureRequest) -> World | None:
    """The bench, or its twin on which nothing real moves."""
    rig = request.config.stash.get(RIG, None)
    if rig is None:
        return None
    from twinfeed.hil_rigs.world.fits import fits
    from twinfeed.hil_rigs.world.world import RigWorld

    fits(rig, request.node)
    plan = request.config.stash.get(PLAN, None)
    if plan is not None:
        return plan.world(request.node)
    return RigWorld(rig, run=request.node.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """The record of the run holds which bench file it has read."""
    rig = session.config.stash.get(RIG, None)
    if rig is None or PLAN in session.config.stash or not session.config.getoption("--report", None):
        return
    from twinfeed.harness.report import notes
    from twinfeed.harness.report.facts import IN_FORCE
    from twinfeed.hil_rigs.evidence.in_force import described

    notes.note_event(*IN_FORCE, **described(rig, with_text=False))


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The bench's own records go to those of the run, each quoting the end of the other."""
    rig = config.stash.get(RIG, None)
    if rig is None or PLAN in config.stash or not config.getoption("--report", None):
        return
    from twinfeed.harness.language import said
    from twinfeed.harness.report import notes
    from twinfeed.hil_rigs.evidence import quotes
    from twinfeed.hil_rigs.supervisor.places import folder

    record = notes.current()
    if record is not None and (trouble := quotes.end(folder(rig), rig.name, record, record.path.parent)):
        print(f"twinfeed: {said(trouble)}", file=sys.stderr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
    """The reason that stopped a test is added in the language of this process; the record has it in English."""
    report: pytest.TestReport = yield  # type: ignore[assignment, misc]
    if RIG in item.config.stash and report.failed and call.excinfo is not None:
        from twinfeed.harness.language import said

        text = str(call.excinfo.value)
        if (translated := said(text)) != text:
            report.sections.append((said(N_("in short")), translated))
    return report  # type: ignore[return-value]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that leaves a bench which is not safe has not passed."""
    if _not_safe(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The actuators that would move, if that was requested; and the warning if the bench is not safe."""
    if RIG not in config.stash:
        return
    from twinfeed.harness.language import said

    if (plan := config.stash.get(PLAN, None)) is not None:
        terminalreporter.section(said(Phrase("dry run: nothing has moved")))
        for line in plan.lines():
            terminalreporter.write_line(line)
    if line := _not_safe(config):
        terminalreporter.write_line(said(line), red=True, bold=True)


def _not_safe(config: pytest.Config) -> str:
    """The text that must be printed of the bench of this run; empty if there is none."""
    rig = config.stash.get(RIG, None)
    if rig is None or PLAN in config.stash:
        return ""
    from twinfeed.hil_rigs.emergency.mark import Mark, benches

    return Mark(benches() / rig.name).said()
