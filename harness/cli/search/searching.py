"""`twinfeed search`, `replay` and `adopt`: find faults that break a controller, replay them, keep them as tests."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from twinfeed.emulators.site import Site
from twinfeed.harness.cli.output import Exit, console, fail, finite, plain_errors, print_json, several
from twinfeed.harness.controllers.in_process import main_of
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.properties.vocabulary import fits
from twinfeed.harness.virtual import guard
from twinfeed.harness.virtual.watchdog import PATIENCE_S

if TYPE_CHECKING:  # Hypothesis takes a while to import
    from twinfeed.harness.search import Finding, Hunt

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
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def search(
    site: SiteArgument,
    controller: Annotated[str, typer.Option("--controller", help="The controller, module:function.")] = "",
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="A property that must hold; may be repeated. Default: the Tier III pack."),
    ] = None,
    examples: Annotated[
        int, typer.Option("--examples", min=1, max=1_000_000, help="Number of scenarios to try.")
    ] = 100,
    duration: Annotated[str, typer.Option("--duration", help="Duration of each scenario, site time.")] = "30min",
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
    out: Annotated[Path, typer.Option("--out", help="Folder for findings.")] = Path("findings"),
    watchdog: WatchdogOption = PATIENCE_S,
    json: JsonOption = False,
) -> None:
    """Search with Hypothesis for faults that break a property, and shrink the finding.

    Exits with 1 when something was found; the scenario is saved and can be replayed. Ctrl-C ends the search and keeps
    what was found until then.

    Example: twinfeed search pilot --controller reference --examples 200
    """
    from twinfeed.harness.search import Outcome, hunt, menu
    from twinfeed.harness.tier3.properties import tier3
    from twinfeed.harness.worlds.sites import fresh

    _find_modules_here()
    with plain_errors():
        model = fresh(site, seed)
        texts = tuple(properties) if properties else tuple(str(p) for p in tier3(model))
        _check_names(model, texts)
        if controller:
            main_of(controller)
        chosen = menu(model, only or (), without or (), deeds)
        if only and not (chosen.others or chosen.deeds):
            fail(f"--only {' '.join(only)}: {model.name} can suffer nothing of that name", Exit.USAGE)
        frame = Scenario(site, model.plant.seed, _duration_s(duration), (), texts, controller)
        with Console(stderr=True).status("") as status, ending_at_once():

            def progress(number: int, outcome: Outcome) -> None:
                what = ", ".join(f"{e.target} {e.what}" for e in outcome.scenario.entries) or "no fault"
                status.update(f"{number}: {escape(what)}: {'[green]held[/]' if outcome else '[red]broke[/]'}")

            result = hunt(frame, chosen, examples=examples, at_once=at_once, patience_s=watchdog, progress=progress)
    if result.finding is None:
        _report_nothing(result, examples, json)
        raise typer.Exit(INTERRUPTED if result.interrupted else Exit.DONE)
    _report(result, result.finding, out, json)
    raise typer.Exit(Exit.NO)


def _report_nothing(result: Hunt, wanted: int, json: bool) -> None:
    """Print that no property broke, the number of scenarios, and why it is lower than `--examples`."""
    if json:
        print_json(
            {"found": None, "examples": result.examples, "drawn": result.drawn, "seconds": round(result.seconds, 1),
             "interrupted": result.interrupted, "vacuous": dict(result.vacuous)}
        )  # fmt: skip
        return
    why = ""
    if result.interrupted:
        why = ", then the search was interrupted"
    elif result.examples < result.drawn:
        why = f"; {result.drawn} were drawn, and those that were like an earlier one were not run again"
    elif result.examples < wanted:
        why = "; there are no others"
    console.print(
        f"[green]nothing broke[/] in {several(result.examples, 'different scenario')} ({result.seconds:.0f} s){why}",
        soft_wrap=True,
    )
    _tell_vacuous(result)


def _tell_vacuous(result: Hunt) -> None:
    """Print the properties that were vacuous, and in how many scenarios; those vacuous in all come first."""
    for text, times in sorted(result.vacuous.items(), key=lambda item: -item[1]):
        never = times == result.examples
        where = f"in all {times} scenarios, so that nothing is known of it" if never else (
            f"in {times} of {result.examples} scenarios"
        )  # fmt: skip
        console.print(f"[{'yellow' if never else 'dim'}]vacuous {where}:[/] {escape(text)}", soft_wrap=True)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """In this context Ctrl-C raises KeyboardInterrupt. If it is swallowed, or comes twice, the process ends."""
    timers: list[threading.Timer] = []

    def interrupted(number: int, frame: FrameType | None) -> None:
        if timers:
            os._exit(INTERRUPTED)
        timers.append(threading.Timer(SWALLOWED_S, os._exit, (INTERRUPTED,)))
        timers[0].daemon = True
        guard.outside_of_runs(timers[0].start)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        for timer in timers:
            timer.cancel()


def _report(result: Hunt, finding: Finding, out: Path, json: bool) -> None:
    """Save the finding. Print the faults, the violation and the next commands."""
    from twinfeed.harness.search.findings import free

    out.mkdir(parents=True, exist_ok=True)
    stem = "-".join(dict.fromkeys(f"{e.target}-{e.what}" for e in finding.scenario.entries)) or "no-fault"
    path = free(out / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', stem)[:60].rstrip('-')}.scenario.yaml")
    finding.save(path)
    if json:
        print_json(
            {"found": str(path), "scenario": finding.scenario.to_dict(), "broken": list(finding.outcome.broken),
             "traceback": finding.outcome.traceback, "examples": finding.examples,
             "seconds": round(finding.seconds, 1), "shrinking_runs": finding.shrinking_runs,
             "seconds_in_all": round(result.seconds, 1), "interrupted": result.interrupted}
        )  # fmt: skip
        return
    console.print(
        f"[red]found[/] after {finding.examples} scenarios ({finding.seconds:.0f} s), "
        f"made smaller in {finding.shrinking_runs} more ({result.seconds - finding.seconds:.0f} s)"
        f"{', until it was interrupted' if result.interrupted else ''}:"
    )
    _tell(finding.scenario, finding.outcome.what)
    console.print(f"saved as {escape(str(path))}", soft_wrap=True)
    console.print(f"  again:      twinfeed replay {escape(str(path))}", soft_wrap=True)
    console.print(f"  as a test:  twinfeed adopt {escape(str(path))}", soft_wrap=True)


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

    _find_modules_here()
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
                "controller": scenario.controller,
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
        _tell(scenario, "\n".join([_number(len(outcome.verdicts) - len(others)), *others]), held=outcome.seen)
    else:
        _tell(scenario, outcome.what)
    if not json and outcome.waiting:
        console.print(f"[yellow]never began:[/] {', '.join(f'{e.target} {e.what}' for e in outcome.waiting)}")
    raise typer.Exit(Exit.DONE if outcome.seen and not outcome.never_began else Exit.NO)


def adopt(
    file: Annotated[Path, typer.Argument(help="A scenario file, for example a finding of a search.", exists=True)],
    into: Annotated[Path, typer.Option("--into", help="Folder of the tests.")] = Path("tests"),
    watchdog: WatchdogOption = PATIENCE_S,
) -> None:
    """Write a regression test from a scenario, as readable Python.

    The scenario is run first. A property that it does not put to the test is left out: the test would prove nothing of
    it. Exits with 1, and writes nothing, if that is so of all of them.

    Example: twinfeed adopt findings/utility-a-outage.scenario.yaml --into tests
    """
    from twinfeed.harness.search import trial
    from twinfeed.harness.search.findings import free, regression_test, test_name
    from twinfeed.harness.worlds.sites import beside

    _find_modules_here()
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
    console.print(f"{escape(str(path))} written", soft_wrap=True)
    for verdict in vacuous:
        console.print(f"  left out:  {escape(str(verdict))}", soft_wrap=True)
    if outcome:
        console.print("  nothing in it is broken now: the test passes until something breaks again", soft_wrap=True)
    console.print(f"  run it:  pytest {escape(str(path))}", soft_wrap=True)


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


def _find_modules_here() -> None:
    """Put the current folder on Python's path: controllers are modules there, and console scripts leave it out."""
    if "" not in sys.path:
        sys.path.insert(0, "")


def _duration_s(text: str) -> float:
    try:
        duration_s = seconds(text)
    except ValueError as error:
        fail(f"--duration: {error}", Exit.USAGE)
    if duration_s <= 0.0:
        fail(f"--duration is {text}, expected more than 0 s", Exit.USAGE)
    return duration_s


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


def _onset(entry: Scheduled) -> str:
    if entry.when is None and not entry.after:
        return f"at {spoken(entry.at_s)}"
    parts = [f"after {entry.after}" if entry.after else "", f"when {entry.when}" if entry.when is not None else ""]
    delay = [f"{spoken(entry.delay_s)} later"] if entry.delay_s else []
    return escape(", ".join([*filter(None, parts), *delay]))


def _of(entry: Scheduled) -> str:
    """The effect of the entry and its duration, as text."""
    lasting = "" if entry.for_s is None else f"for {spoken(entry.for_s)}"
    lasting += f" until {entry.until}" if entry.until is not None else ""
    if isinstance(entry, Command):
        return f"{entry.point} = {entry.value} over the wire {lasting}".rstrip()
    if isinstance(entry, Deed):
        mistake = "left out" if entry.skipped else f"at {entry.wrong} by mistake" if entry.wrong else ""
        late = f"{spoken(entry.late_s)} too late" if entry.late_s else ""
        given = [f"{name}={value}" for name, value in entry.parameters.items()]
        return " ".join(filter(None, [f"{entry.deed} by hand", *given, mistake, late, lasting]))
    numbers = " ".join(f"{name}={value:g}" for name, value in entry.parameters.items())
    flap = f" {entry.flap[0]:g} s on, {entry.flap[1]:g} s off" if entry.flap else ""
    return f"{entry.kind} {numbers} {lasting or 'to the end'}{flap}"


def _tell(scenario: Scenario, what: str, held: bool = False) -> None:
    for entry in scenario.entries:
        console.print(f"  {_onset(entry)}  {escape(entry.target)} {escape(_of(entry))}")
    if not scenario.entries:
        console.print("  no fault at all")
    console.print(f"[green]{escape(what)}[/]" if held else escape(what), soft_wrap=True)
