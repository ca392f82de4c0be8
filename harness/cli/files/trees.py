"""The command that quantifies a fault tree."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from twinfeed.harness.availability import openpsa
from twinfeed.harness.availability.measures import Figures, figures
from twinfeed.harness.cli.output import JsonOption, console, plain_errors, print_json, table, tell

SHOWN = 20
"""Rows of a table of cut sets or failures; `--json` has all."""


def availability(
    files: Annotated[list[Path], typer.Argument(help="Open-PSA files that make one fault tree.")],
    top: Annotated[str | None, typer.Option(help="The top event, if several gates are named by no other.")] = None,
    order: Annotated[int, typer.Option(min=1, max=32, help="The most failures that a minimal cut set has.")] = 4,
    json: JsonOption = False,
) -> None:
    """Quantify a fault tree: probability of the top event, minimal cut sets, importance of each failure.

    The probability is exact (binary decision diagram). Cut sets of more than --order failures are left out of the list,
    not of the probability. Needs: pip install 'twinfeed[availability]'

    Example: twinfeed availability baobab1.xml baobab1-basic-events.xml --order 6
    """
    with plain_errors():
        found = figures(openpsa.read(files, top))
        cuts = found.cut_sets(order) if found.diagram.coherent else []
    if json:
        print_json(
            {
                "top": found.tree.top,
                "unavailability": found.unavailability,
                "minutes_a_year": found.minutes_a_year,
                "cut_sets": [{"failures": sorted(cut), "probability": p} for cut, p in cuts],
                "importances": [asdict(one) for one in found.importances()],
            }
        )
    else:
        _print(found, cuts, order)


def _print(found: Figures, cuts: list[tuple[frozenset[str], float]], order: int) -> None:
    tell(f"{found.tree.top}: probability {found.unavailability:.4g}, {found.minutes_a_year:.3g} min a year")
    if found.diagram.coherent:
        tell(f"{len(cuts)} minimal cut sets of at most {order} failures")
        listed = table("The most probable", "failures", "probability")
        for cut, p in cuts[:SHOWN]:
            listed.add_row(", ".join(sorted(cut)), f"{p:.3g}")
        console.print(listed)
    else:
        tell('the tree has a "not": minimal cut sets are not defined for it')
    weights = table("Importance", "failure", "unavailability", "Birnbaum", "Fussell-Vesely", "RAW", "RRW")
    for one in found.importances()[:SHOWN]:
        figures_of = (one.unavailability, one.birnbaum, one.fussell_vesely, one.achievement, one.reduction)
        weights.add_row(one.failure, *(f"{value:.3g}" for value in figures_of))
    console.print(weights)
