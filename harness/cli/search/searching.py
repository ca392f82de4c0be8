"""`twinfeed search`, `replay` and `adopt`: find faults that break a controller, replay them, keep them as tests."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.markup import escape

from twinfeed.emulators.plant.kernel.tolerances import Tolerances
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.options import processors
from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, finite, plain_errors, print_json
from twinfeed.harness.cli.search.telling import tell
from twinfeed.harness.controllers.oracle import ORACLE
from twinfeed.harness.controllers.pair import controller_named
from twinfeed.harness.durations import seconds
from twinfeed.harness.faults.scenario import SETTLE_S, Scenario
from twinfeed.harness.properties.vocabulary import fits
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.search import Adopted, Replayed, Searched
from twinfeed.harness.virtual import guard
from twinfeed.harness.virtual.watchdog import PATIENCE_S

INTERRUPTED = 130
"""The exit code of a search that Ctrl-C ended: 128 plus the number of the signal, as in shells."""

SWALLOWED_S = 1.0
"""Time after Ctrl-C, s, after which the process is ended: the code under test has swallowed the interrupt."""

SiteArgument = Annotated[str, typer.Argument(help="A shipped site's name or a site file.")]
WatchdogOption = Annotated[
    float,
    typer.Option(
        "--watchdog",
        min=0.0,
        max=86400.0,
        callback=finite,
        help="Longest time without an await of the controller, seconds of the machine's clock; 0: no limit.",
    ),
]
DEFAULT_MEMORY = ".twinfeed/search.sqlite"
"""The file that remembers searches, from the current folder."""


@prints(Searched)
def search(
    site: SiteArgument,
    controller: Annotated[str, typer.Option("--controller", help="The controller, module:function.")] = "",
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="A property that must hold; may be repeated. Default: the Tier III pack."),
    ] = None,
    examples: Annotated[
        int | None,
        typer.Option("--examples", min=1, max=1_000_000, help="Number of scenarios. Default: 100, or none with --for."),
    ] = None,
    for_: Annotated[str | None, typer.Option("--for", help="Longest time of the search, by your clock: 8h.")] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=1024, help="Number of processes. Default: all processors.")
    ] = None,
    duration: Annotated[str, typer.Option("--duration", help="Duration of each scenario, site time.")] = "30min",
    settle: Annotated[
        str, typer.Option("--settle", help="Time that the site has run when each scenario begins, site time.")
    ] = "0s",
    at_once: Annotated[int, typer.Option("--at-once", min=0, max=20, help="Faults besides those of the grid.")] = 1,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="A family, kind, target or target/kind to choose from; * as in file names."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Leave out a kind, a target or target/kind; may be repeated.")
    ] = None,
    deeds: Annotated[bool, typer.Option("--deeds", help="Also draw deeds of people.")] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            help="Another seed gives other scenarios. Default: the seed of the site.",
            min=-(2**63),
            max=2**63 - 1,
        ),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option("--compare", help="Another controller to try each finding with: reference; may be repeated."),
    ] = None,
    memory: Annotated[
        str,
        typer.Option(
            "--memory", help="The file, or URL of PostgreSQL, that remembers former searches; `none`: remember nothing."
        ),
    ] = DEFAULT_MEMORY,
    nominal: Annotated[
        bool,
        typer.Option("--nominal", help="Keep all ratings at their nominal values. Default: drawn from the seed."),
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for findings.")] = Path("findings"),
    watchdog: WatchdogOption = PATIENCE_S,
    json: JsonOption = False,
) -> None:
    """Search for faults that break a property, on all processors. Every distinct failure is made small and kept.

    The search goes on until --examples or --for is spent. Scenarios of former searches with the same site and
    controller are remembered and not run again. Exits with 1 when something was found; each scenario is saved and can
    be replayed. Ctrl-C ends the search at once and keeps what was found until then.

    Examples:

      twinfeed search pilot --controller reference --examples 200

      twinfeed search pilot --controller my.controller --for 8h --compare reference
    """
    from twinfeed.harness.campaign import Budget, Campaign, Memory, Workers
    from twinfeed.harness.cli.search.outcome import Findings, Progress, report
    from twinfeed.harness.search import menu
    from twinfeed.harness.tier3.properties import tier3
    from twinfeed.harness.worlds.sites import fresh

    began = time.perf_counter()
    find_modules_here()
    with plain_errors():
        model = fresh(site, seed)
        texts = tuple(properties) if properties else tuple(str(p) for p in tier3(model))
        _check_names(model, texts)
        for name in (controller, *(compare or ())):
            if name:
                controller_named(name)
        chosen = menu(model, only or (), without or (), deeds)
        if only and not (chosen.others or chosen.deeds):
            fail(f"--only {' '.join(only)}: {model.name} can suffer nothing of that name", Exit.USAGE)
        tolerances: Tolerances = "nominal" if nominal else "seeded"
        frame = Scenario(
            site, model.plant.seed, _duration_s(duration), (), texts, controller,
            tolerances=tolerances, settle_s=_settle_s(settle),
        )  # fmt: skip
        for_s = None if for_ is None else _duration_s(for_, "--for")
        budget = Budget(100 if examples is None and for_s is None else examples, for_s)
        findings = Findings(out)
        processes = processors(jobs)
        with Memory(None if memory == "none" else memory) as remembered, Progress() as progress:
            campaign = Campaign(
                frame,
                chosen,
                remembered,
                workers=Workers(processes),
                budget=budget,
                at_once=at_once,
                patience_s=watchdog,
                compared=["", ORACLE, *(compare or ())],
                progress=progress.show,
                keep=findings.save,
                began=began,
            )
            with ending_at_once(campaign.interrupt if processes > 1 else None):
                result = campaign.run()
    report(result, findings, len(campaign.untried), budget, json)
    if result.found:
        raise typer.Exit(Exit.NO)
    raise typer.Exit(INTERRUPTED if result.interrupted else Exit.DONE)


@contextmanager
def ending_at_once(softly: Callable[[], None] | None = None) -> Iterator[None]:
    """In this context Ctrl-C calls `softly`, or raises KeyboardInterrupt if there is none. If that does not end the
    context in time, or Ctrl-C comes twice, the process ends."""
    timers: list[threading.Timer] = []

    def interrupted(number: int, frame: FrameType | None) -> None:
        if timers:
            os._exit(INTERRUPTED)
        timers.append(threading.Timer(SWALLOWED_S, os._exit, (INTERRUPTED,)))
        timers[0].daemon = True
        guard.outside_of_runs(timers[0].start)
        if softly is None:
            raise KeyboardInterrupt
        softly()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        for timer in timers:
            timer.cancel()


@prints(Replayed)
def replay(
    file: Annotated[Path, typer.Argument(help="A scenario file, for example a finding of a search.", exists=True)],
    controller: Annotated[
        str | None, typer.Option("--controller", help="A controller to use instead of the file's.")
    ] = None,
    watchdog: WatchdogOption = PATIENCE_S,
    json: JsonOption = False,
) -> None:
    """Run a scenario again to its end, and print the verdict of each property.

    Exits with 1 when a property is broken, or when none was seen to hold.

    Example: twinfeed replay findings/utility-a-outage.scenario.yaml
    """
    from twinfeed.harness.search import trial
    from twinfeed.harness.worlds.sites import beside

    find_modules_here()
    with plain_errors():
        scenario = Scenario.load(file)
        scenario = replace(scenario, site=beside(scenario.site, file), controller=controller or scenario.controller)
        _check(scenario, file)
        outcome = trial(scenario, everything=True, patience_s=watchdog)
    if json:
        print_json(
            {
                "holds": outcome.seen,
                "failure": outcome.failure,
                "defect": outcome.defect,
                "traceback": outcome.traceback,
                "site": scenario.site,
                "seed": outcome.seed,
                "tolerances": scenario.tolerances,
                "controller": scenario.controller,
                "settle_s": scenario.settle_s,
                "duration_s": scenario.duration_s,
                "ended_s": outcome.ended_s,
                "injections": [injection.to_dict() for injection in scenario.injections],
                "deeds": [deed.to_dict() for deed in scenario.deeds],
                "commands": [command.to_dict() for command in scenario.commands],
                "never_began": [f"{entry.target} {entry.what}" for entry in outcome.waiting],
                "events": [
                    {"t_s": e.t, "who": e.who, "what": e.what, "data": dict(e.data)} for e in outcome.journal.events
                ],
                "verdicts": [
                    {"property": str(v.about), "holds": v.holds, "violated": v.violated} for v in outcome.verdicts
                ],
                "inconclusive": [str(v.about) for v in outcome.verdicts if v.inconclusive],
                "vacuous": [str(v.about) for v in outcome.verdicts if v.word == "vacuous"],
            }
        )
    elif outcome:
        others = [str(verdict) for verdict in outcome.verdicts if not verdict]
        tell(scenario, "\n".join([_number(len(outcome.verdicts) - len(others)), *others]), held=outcome.seen)
    else:
        tell(scenario, outcome.what)
    if not json and outcome.waiting:
        console.print(f"[yellow]never began:[/] {', '.join(f'{e.target} {e.what}' for e in outcome.waiting)}")
    raise typer.Exit(Exit.DONE if outcome.seen and not outcome.never_began else Exit.NO)


@prints(Adopted)
def adopt(
    file: Annotated[Path, typer.Argument(help="A scenario file, for example a finding of a search.", exists=True)],
    into: Annotated[Path, typer.Option("--into", help="Folder of the tests.")] = Path("tests"),
    watchdog: WatchdogOption = PATIENCE_S,
    json: JsonOption = False,
) -> None:
    """Write a regression test from a scenario, as readable Python.

    The scenario is run first. A property that it does not put to the test is left out: the test would prove nothing of
    it. Exits with 1, and writes nothing, if that is so of all of them.

    Example: twinfeed adopt findings/utility-a-outage.scenario.yaml --into tests
    """
    from twinfeed.harness.search import trial
    from twinfeed.harness.search.findings import free, regression_test, test_name
    from twinfeed.harness.worlds.sites import beside

    find_modules_here()
    with plain_errors():
        scenario = Scenario.load(file)
        _check(scenario, file)
        outcome = trial(replace(scenario, site=beside(scenario.site, file)), everything=True, patience_s=watchdog)
    # A controller that failed has ended the run early: what did not come by then may come once it is mended.
    vacuous = [] if outcome.failure else [v for v in outcome.verdicts if v.word == "vacuous"]
    if len(vacuous) == len(outcome.verdicts):
        fail(f"{file}: {'; '.join(map(str, vacuous))}: a test of it would prove nothing", Exit.NO)
    left_out = {text for text, v in zip(scenario.properties, outcome.verdicts, strict=True) if v in vacuous}
    undecided = any(v.undecided for v in outcome.verdicts)
    name = test_name(file.name.removesuffix(".yaml").removesuffix(".scenario"))
    into.mkdir(parents=True, exist_ok=True)
    path = free(into / f"test_{name}.py")
    scenario = replace(scenario, site=_found_from(path, beside(scenario.site, file)))
    path.write_text(regression_test(scenario, name, left_out, undecided), encoding="utf-8")
    if json:
        return print_json({"file": str(path), "left_out": list(map(str, vacuous)), "passes": bool(outcome)})
    console.print(f"{escape(str(path))} written", soft_wrap=True)
    for verdict in vacuous:
        console.print(f"  left out:  {escape(str(verdict))}", soft_wrap=True)
    if outcome:
        console.print("  nothing in it is broken now: the test passes until something breaks again", soft_wrap=True)
    return console.print(f"  run it:  pytest {escape(str(path))}", soft_wrap=True)


def _found_from(test: Path, site: str) -> str:
    """The name of the site for the test: unchanged, or a path relative to the folder of the test."""
    from twinfeed.harness.worlds.sites import beside

    path = Path(site)
    if not path.exists():
        return site  # one that ships
    found = Path(beside(path.name, test))
    if found.exists() and found.samefile(path):
        return path.name
    return os.path.relpath(path, test.parent)


def find_modules_here() -> None:
    """Put the current folder on Python's path: controllers are modules there, and console scripts leave it out."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def _duration_s(text: str, option: str = "--duration") -> float:
    duration_s = _time_s(text, option)
    if duration_s <= 0.0:
        fail(f"{option} is {text}, expected more than 0 s", Exit.USAGE)
    return duration_s


def _settle_s(text: str) -> float:
    settle_s = _time_s(text, "--settle")
    if not 0.0 <= settle_s <= SETTLE_S:
        fail(f"--settle is {text}, expected a time from 0 s to 30 d", Exit.USAGE)
    return settle_s


def _time_s(text: str, option: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        fail(f"{option}: {error}", Exit.USAGE)


def _check_names(model: Site, texts: Sequence[str]) -> None:
    """Refuse properties with names that the site does not have, before anything runs.

    Raises:
        PropertySyntaxError, UnknownQuantity, BindingError
    """
    fits(texts, model)


def _check(scenario: Scenario, file: Path) -> None:
    """Refuse a scenario without properties, or with faults that its site cannot have.

    Raises:
        FileError: a line for each fault that cannot happen.
    """
    from twinfeed.harness.properties.scenarios import check
    from twinfeed.harness.worlds.sites import beside

    check(scenario, Site.load(beside(scenario.site, file)), file)
    if not scenario.properties:
        fail(f"{file}: it has no properties, so nothing could be broken; add what must hold", Exit.USAGE)


def _number(held: int) -> str:
    return "the property holds" if held == 1 else f"all {held} properties hold" if held else "nothing was seen to hold"
