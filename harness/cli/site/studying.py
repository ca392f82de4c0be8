"""The command that studies the power paths of a site: short circuits, load flow, selectivity."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from twinfeed.emulators.plant.study import Study
from twinfeed.emulators.plant.study import study as studied
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.output import Exit, JsonOption, console, plain_errors, print_json, table
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.search import PowerStudy


@prints(PowerStudy)
def study(
    site: Annotated[str, typer.Argument(help="A shipped site's name, or a site file.")],
    beyond_loopback: BeyondOption = False,
    json: JsonOption = False,
) -> None:
    """Study the power paths of a site at rest: short-circuit currents, load flow, breaking capacities, selectivity.

    Short-circuit currents follow IEC 60909-0 (c = 1.05 and 0.95); kA are RMS of the initial symmetrical current.
    Exits with 1 when a breaker cannot break what may flow through it, when two breakers in a row are not selective, or
    when a voltage is more than 10 % from nominal; with 2 when the file is wrong.

    Examples:

      twinfeed study bamako

      twinfeed study my-site.yaml --json
    """
    with plain_errors():
        built = Site.load(site, beyond_loopback=beyond_loopback)
        result = studied(built.flow.ordered)
    if json:
        print_json({"site": built.name, "sound": result.sound, **asdict(result)})
    else:
        _print(result)
    if not result.sound:
        raise typer.Exit(Exit.NO)


def _print(result: Study) -> None:
    nodes = table("Nodes", "node", "kind", "V", "drop %", "kA from the grid", "kA from the sets")
    for b in result.buses:
        nodes.add_row(b.name, b.kind, f"{b.volts:.1f}", f"{b.drop_percent:.2f}", _range(b.grid_ka), _range(b.sets_ka))
    branches = table("Branches", "branch", "kind", "A", "kW", "kvar", "% of rating")
    for f in result.branches:
        branches.add_row(f.name, f.kind, _tenth(f.amperes), _tenth(f.kw), _tenth(f.kvar), f"{f.percent:.0f}")
    pairs = table("Not selective", "upper", "lower", "from A", "to A", "behind")
    for p in result.pairs:
        pairs.add_row(p.upper, p.lower, f"{p.from_a:.0f}", f"{p.to_a:.0f}", p.behind or "-")
    weak = table("Breaking capacity too low", "breaker", "capacity kA", "short circuit kA")
    for w in result.weak:
        weak.add_row(w.name, f"{w.breaking_ka:.0f}", f"{w.short_circuit_ka:.1f}")
    console.print(nodes)
    console.print(branches)
    console.print(pairs if result.pairs else "All breakers in a row are selective.")
    console.print(weak if result.weak else "Every breaker can break the highest current at its place.")


def _range(ka: tuple[float, float]) -> str:
    low, high = ka
    return f"{low:.1f} to {high:.1f}" if high else "-"


def _tenth(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}"  # no negative zero
