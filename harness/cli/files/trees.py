"""The command that quantifies a fault tree: that of a site, or one in files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.site import Site
from twinfeed.harness.availability import openpsa
from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.logic.tops import ANY, logic
from twinfeed.harness.availability.measures import Figures, figures
from twinfeed.harness.availability.phases import GRIDS
from twinfeed.harness.availability.rates.categories import table as table_of
from twinfeed.harness.availability.study import studied
from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, plain_errors, print_json, table, tell
from twinfeed.harness.cli.site.availability import as_json, show
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.availability import SiteAvailability, TreeFigures

SHOWN = 20
"""Rows of a table of cut sets or failures; `--json` has all."""


@prints(SiteAvailability | TreeFigures)
def availability(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="SITE|FILES", help="A site (a name or a file), or Open-PSA files of one fault tree."),
    ],
    top: Annotated[str | None, typer.Option(help="The top event, if several gates are named by no other.")] = None,
    order: Annotated[int, typer.Option(min=1, max=32, help="The most failures that a minimal cut set has.")] = 4,
    grid: Annotated[str | None, typer.Option(help="Of a site: one scenario of the grid, as in mild.")] = None,
    records: Annotated[
        Path | None, typer.Option(help="Of a site: a CSV file of its own failure records, by category.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Of a site: write the tree of `any row stops`, grid there, as an Open-PSA file.")
    ] = None,
    beyond_loopback: BeyondOption = False,
    json: JsonOption = False,
) -> None:
    """Quantify the availability of a site, or a fault tree in files.

    Of a site: minutes and events a year in which equipment does not run (supplied, not overheated, reachable), with the
    5 to 95 % interval of the failure data, minimal cut sets, and the improvements that save most. The grid is that of
    the site's `reliability` field, or three scenarios of Mali. A cut set has two failures at most.

    Of Open-PSA files: probability of the top event, minimal cut sets, importance of each failure. The probability is
    exact (binary decision diagram). Cut sets of more than --order failures are left out of the list, not of the
    probability. Needs: pip install 'twinfeed[availability]'

    Examples:

      twinfeed availability bamako --grid mild

      twinfeed availability baobab1.xml baobab1-basic-events.xml --order 6
    """
    if len(files) == 1 and files[0].suffix.lower() != ".xml":
        with plain_errors():
            _of_site(str(files[0]), min(order, 2), grid, records, export, beyond_loopback, json)
        return
    if grid or records or export:
        fail("--grid, --records and --export are of a site, found Open-PSA files", Exit.USAGE)
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


def _of_site(
    name: str,
    order: int,
    grid: str | None,
    records: Path | None,
    export: Path | None,
    beyond_loopback: bool,
    json: bool,
) -> None:
    site = Site.load(name, beyond_loopback=beyond_loopback)
    own = site.file.head.reliability
    grids = GRIDS if own.grid is None else {"site": own.grid}
    if grid is not None and grid not in grids:
        raise TreeError(f"found --grid {grid}, expected one of {', '.join(grids)}{did_you_mean(grid, grids)}")
    chosen = grids if grid is None else {grid: grids[grid]}
    data = table_of(own.data, records)
    study = studied(site, data, chosen, order)
    if export is not None:
        hours = next(iter(chosen.values())).hours
        openpsa.write(openpsa.plainly_named(logic(site, study.design, data, hours).tree(ANY)), export)
    if json:
        print_json(as_json(study))
    else:
        show(study)


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
