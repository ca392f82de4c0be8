"""`twinfeed search`, `replay` and `adopt`: find what breaks a controller, see it again, keep it as a test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from harness.cli.output import Exit, console, plain_errors, print_json
from harness.durations import seconds, spoken
from harness.faults.scenario import Scenario
from harness.properties import patterns

SiteArgument = Annotated[str, typer.Argument(help="A shipped site's name or a site file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
MARGINS_SHOWN = 12


def search(
    site: SiteArgument,
    controller: Annotated[str, typer.Option("--controller", help="The controller, module:function.")] = "",
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="What must hold; may be repeated. Default: the Tier III pack."),
    ] = None,
    examples: Annotated[int, typer.Option("--examples", min=1, help="How many scenarios are tried.")] = 100,
    duration: Annotated[str, typer.Option("--duration", help="How long each lasts, site time.")] = "30min",
    at_once: Annotated[int, typer.Option("--at-once", min=0, help="Faults besides those of the grid.")] = 1,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="A family, kind, target or target/kind to choose from; * as in file names."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Leave out a kind, a target or target/kind; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed tries other scenarios.")] = 0,
    out: Annotated[Path, typer.Option("--out", help="Folder for what is found.")] = Path("findings"),
    json: JsonOption = False,
) -> None:
    """Let Hypothesis look for faults that break a property, and shrink what it finds.

    Exits with 1 when something was found; the scenario is saved and can be replayed.

    Example: twinfeed search pilot --controller fixtures.controllers.plant --examples 200
    """
    from harness.properties.tier3 import tier3
    from harness.search import Outcome, hunt, menu
    from harness.search.findings import free
    from harness.worlds.sites import fresh

    with plain_errors():
        model = fresh(site, seed)
        texts = tuple(properties) if properties else tuple(str(p) for p in tier3(model))
        frame = Scenario(site, seed, seconds(duration), (), texts, controller)
        patterns(texts)
        with console.status("") as status:

            def progress(number: int, outcome: Outcome) -> None:
                what = ", ".join(f"{i.target} {i.kind}" for i in outcome.scenario.injections) or "no fault"
                status.update(f"{number}: {escape(what)}: {'[green]held[/]' if outcome else '[red]broke[/]'}")

            result = hunt(
                frame, menu(model, only or (), without or ()), examples=examples, at_once=at_once, progress=progress
            )
    if result.finding is None:
        if json:
            print_json({"found": None, "examples": result.examples, "seconds": round(result.seconds, 1)})
        else:
            console.print(f"[green]nothing broke[/] in {result.examples} scenarios ({result.seconds:.0f} s)")
        return
    finding = result.finding
    out.mkdir(parents=True, exist_ok=True)
    stem = "-".join(dict.fromkeys(f"{i.target}-{i.kind}" for i in finding.scenario.injections)) or "no-fault"
    path = free(out / f"{stem[:60]}.scenario.yaml")
    finding.save(path)
    if json:
        print_json(
            {"found": str(path), "scenario": finding.scenario.to_dict(), "broken": list(finding.outcome.broken),
             "examples": finding.examples, "seconds": round(finding.seconds, 1),
             "shrinking_runs": finding.shrinking_runs}
        )  # fmt: skip
    else:
        console.print(
            f"[red]found[/] after {finding.examples} scenarios ({finding.seconds:.0f} s), "
            f"made smaller in {finding.shrinking_runs} more:"
        )
        _tell(finding.scenario, finding.outcome.what)
        console.print(f"saved as {path}; again: twinfeed replay {path}; as a test: twinfeed adopt {path}")
    raise typer.Exit(Exit.NO)


def replay(
    file: Annotated[Path, typer.Argument(help="A scenario file, such as a search saves.", exists=True)],
    controller: Annotated[str | None, typer.Option("--controller", help="Another controller than the file's.")] = None,
    json: JsonOption = False,
) -> None:
    """Run a scenario again, to its end, and say what holds and what does not.

    Exits with 1 when a property is broken.

    Example: twinfeed replay findings/utility-a-outage.scenario.yaml
    """
    from dataclasses import replace

    from harness.search import trial

    with plain_errors():
        scenario = Scenario.load(file)
        if controller is not None:
            scenario = replace(scenario, controller=controller)
        outcome = trial(scenario, everything=True)
    if json:
        print_json(
            {
                "holds": bool(outcome),
                "failure": outcome.failure,
                "verdicts": [{"property": str(v.about), "holds": bool(v)} for v in outcome.verdicts],
            }
        )
    else:
        _tell(scenario, outcome.what or f"all {len(outcome.verdicts)} properties hold", bool(outcome))
    raise typer.Exit(Exit.DONE if outcome else Exit.NO)


def adopt(
    file: Annotated[Path, typer.Argument(help="A scenario file, such as a search saves.", exists=True)],
    into: Annotated[Path, typer.Option("--into", help="Folder of the tests.")] = Path("tests"),
) -> None:
    """Turn a scenario into a regression test of its own that anybody can read.

    Example: twinfeed adopt findings/utility-a-outage.scenario.yaml --into tests
    """
    from harness.search.findings import free, regression_test, test_name

    with plain_errors():
        scenario = Scenario.load(file)
    name = test_name(file.name.removesuffix(".yaml").removesuffix(".scenario"))
    into.mkdir(parents=True, exist_ok=True)
    path = free(into / f"test_{name}.py")
    path.write_text(regression_test(scenario, name), encoding="utf-8")
    console.print(f"{path} written; run it: pytest {path}")


def _tell(scenario: Scenario, what: str, held: bool = False) -> None:
    for injection in scenario.injections:
        numbers = " ".join(f"{name}={value:g}" for name, value in injection.parameters.items())
        lasting = "to the end" if injection.for_s is None else f"for {spoken(injection.for_s)}"
        flap = f" {injection.flap[0]:g} s on, {injection.flap[1]:g} s off" if injection.flap else ""
        console.print(f"  at {spoken(injection.at_s)}  {injection.target} {injection.kind} {numbers} {lasting}{flap}")
    if not scenario.injections:
        console.print("  no fault at all")
    console.print(f"[green]{escape(what)}[/]" if held else escape(what), soft_wrap=True)
