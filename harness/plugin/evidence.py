"""The evidence of a failed test: the command to run it again, the last events, the journal, the frames and a plot."""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness import quantities
from twinfeed.harness.controllers.program import Program
from twinfeed.harness.durations import spoken
from twinfeed.harness.plugin import recording
from twinfeed.harness.plugin.endings import WORLD, untimed
from twinfeed.harness.plugin.options import evidence_folder
from twinfeed.harness.properties import PropertyViolated, Verdict, always
from twinfeed.harness.properties.plots import MOST_ROWS, PlottingMissing, plot
from twinfeed.harness.worlds.world import World

_PICTURES = {"violated": "violation"}
"""The name of a picture, if not that of the verdict."""

LAST_EVENTS = 30
"""Lines of the timeline that are printed."""


class Evidence:
    """Collects the evidence of a failure in this world; `leave` writes it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.left: list[Path] = []
        """The files that `leave` has written, but for the journal, which is not complete yet."""

    def leave(self, folder: Path, test: str, again: str, error: BaseException | None) -> str:
        """Write the files of a failed test into a folder of its own and return what to print."""
        world = self.world
        world.sample()
        place = folder / re.sub(r"[^\w.-]+", "_", test).strip("_")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        world.journal.write(place / "journal.jsonl")
        kept = ["journal.jsonl"]
        if world.write_frames(place / "frames.pcapng"):
            kept.append("frames.pcapng")
        note = ""
        try:
            kept += self._plots(place, test, error)
        except PlottingMissing as missing:
            note = f"\n(no plot: {missing})"
        if isinstance(world.controller, Program):
            shutil.copy(world.controller.output, place / "controller.txt")
            kept.append("controller.txt")
        self.left = [place / name for name in kept if name != "journal.jsonl"]
        lines = [f"{spoken(event.t)}  {told(event)}" for event in world.journal.events[-LAST_EVENTS:]]
        return "\n".join(
            [
                f"site {world.model.name}, {world.kind} world, seed {world.seed}, site's clock {spoken(world.now)}",
                *world.remarks(),
                f"again: {again}",
                f"evidence in {place}: {', '.join(kept)}{note}",
                f"the last {len(lines)} events:" if lines else "nothing had happened on the site",
                *(f"  {line}" for line in lines),
            ]
        )

    def _plots(self, place: Path, test: str, error: BaseException | None) -> list[str]:
        """A picture of each violation, else of what was watched and what changed.

        Raises:
            PlottingMissing: matplotlib is not installed.
        """
        if isinstance(error, PropertyViolated):
            named = [(_PICTURES.get(verdict.word, verdict.word), verdict) for verdict in error.verdicts]
            pictures = {f"{name}-{n}.svg": (verdict, "") for n, (name, verdict) in enumerate(named, 1)}
        else:
            names = self._of_interest()
            pictures = {"course.svg": (Verdict(always(names[0]), math.inf, quantities=names), f"{test}: its course")}
        for name, (verdict, title) in pictures.items():
            plot(verdict, self.world.journal, place / name, title)
        return list(pictures)

    def _of_interest(self) -> tuple[str, ...]:
        """Quantities that were watched by name, then the states that changed, the latest first."""
        world, trace = self.world, self.world.journal.trace
        named = [name for pattern in world.watched for name in quantities.resolve(world.model, pattern)]
        watched = [name for name in named if name in trace]  # a rig measures some of it
        changed = [name for name, points in trace.items() if len(points) > 1 and isinstance(points[-1][1], bool | str)]
        changed.sort(key=lambda name: -trace[name][-1][0])
        return tuple(dict.fromkeys([*watched, *changed[:MOST_ROWS]])) or tuple(trace)[:MOST_ROWS]


def told(event: Event) -> str:
    """An event in a line: who, what, and the details."""
    details = " ".join(f"{name}={value}" for name, value in event.data.items())
    return f"{event.who} {event.what} {details}".rstrip()


# -- the hook ----------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    world = item.stash.get(WORLD, None)
    if world is not None and call.when != "teardown" and report.failed:
        error = call.excinfo.value if call.excinfo else None
        again = _again(item, world)
        try:
            with untimed():
                evidence = Evidence(world)
                text = evidence.leave(evidence_folder(item.config), item.nodeid, again, error)
                recording.keep(item, evidence.left)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as trouble:  # the failure itself must be reported whatever becomes of its evidence
            text = f"again: {again}\nthe evidence is incomplete: {type(trouble).__name__}: {trouble}"
        report.sections.append(("twinfeed", text))
    return report


def _again(item: pytest.Item, world: World) -> str:
    """The command that runs this test again as it ran."""
    config, option = item.config, item.config.getoption
    path, _, name = item.nodeid.partition("::")
    path = os.path.relpath(config.rootpath / path, config.invocation_params.dir)
    words = ["pytest", f"{path}::{name}", "--seed", str(world.seed)]
    rig = config.getoption("--rig", default=None)  # the bench's plugin, if it is there, names the world by it
    if option("--world") != "simulated" and not rig:
        words += ["--world", option("--world"), "--speed", f"{option('--speed'):g}"]
    for flag in ("--site", "--controller", "--controller-cmd"):
        if option(flag):
            words += [flag, option(flag)]
    if rig:
        words += ["--rig", rig]
    return shlex.join(words + ["--faketime"] * option("--faketime"))
