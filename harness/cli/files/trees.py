"""The command that quantifies a fault tree: that of a site, or one in files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.site import Site
from twinfeed.harness.availability import openpsa
from twinfeed.harness.availability.enumeration.enumerated import Enumeration, enumerate_site, estimate_s
from twinfeed.harness.availability.enumeration.scenarios import write_all
from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.logic.tops import ANY
from twinfeed.harness.availability.measures import Figures, figures
from twinfeed.harness.availability.phases import GRIDS
from twinfeed.harness.availability.rates.categories import table as table_of
from twinfeed.harness.availability.study import Study, studied
from twinfeed.harness.cli.output import Exit, JsonOption, console, errors, fail, plain_errors, print_json, table, tell
from twinfeed.harness.cli.site.availability import as_json, enumerated_as_json, show, show_enumeration
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.durations import seconds
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
    plant: Annotated[
        str | None, typer.Option(help="Of a site: run failures on the plant for so long at most, as in 15min.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(help="With --plant: a file that keeps the runs; with it an interrupted one goes on.")
    ] = None,
    scenarios: Annotated[
        Path | None, typer.Option(help="With --plant: a folder for a scenario file of each loss.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Of a site: a folder for the answer as pages, in English and French.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="With --page: as PDF, too.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="With --plant: processes that run; as many as there are cores.")
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
            study = _study(str(files[0]), min(order, 2), grid, records, export, beyond_loopback)
            seen, written = _enumerated(str(files[0]), study, plant, runs, scenarios, workers, beyond_loopback)
        if page is not None:
            _write(study, seen, page, pdf)
        if json:
            more = {} if seen is None else {"plant": enumerated_as_json(seen, written)}
            print_json({**as_json(study), **more})
        else:
            show(study)
            if seen is not None:
                show_enumeration(seen, written)
        return
    if grid or records or export or plant or page:
        fail("--grid, --records, --export, --plant and --page are of a site, found Open-PSA files", Exit.USAGE)
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


def _study(
    name: str, order: int, grid: str | None, records: Path | None, export: Path | None, beyond_loopback: bool
) -> Study:
    site = Site.load(name, beyond_loopback=beyond_loopback)
    own = site.file.head.reliability
    grids = GRIDS if own.grid is None else {"site": own.grid}
    if grid is not None and grid not in grids:
        raise TreeError(f"found --grid {grid}, expected one of {', '.join(grids)}{did_you_mean(grid, grids)}")
    chosen = grids if grid is None else {grid: grids[grid]}
    study = studied(site, table_of(own.data, records), chosen, order)
    if export is not None:
        openpsa.write(openpsa.plainly_named(study.scenarios[0].phases.there.tree(ANY)), export)
    return study


def _enumerated(
    name: str,
    study: Study,
    plant: str | None,
    runs: Path | None,
    scenarios: Path | None,
    workers: int | None,
    beyond_loopback: bool,
) -> tuple[Enumeration | None, list[Path]]:
    """Run failures on the plant under the first of the grids, if that is asked for."""
    if plant is None:
        return None, []
    try:
        budget_s = seconds(plant)
    except ValueError as error:
        raise TreeError(f"--plant: {error}") from None
    site, phases = Site.load(name, beyond_loopback=beyond_loopback), study.scenarios[0].phases
    count, all_s = estimate_s(site, phases)
    _progress(f"{count} runs would take about {all_s / 60.0:.0f} min here; {budget_s / 60.0:.0f} min are given")
    found = enumerate_site(site, phases, budget_s, runs, workers, _progress)
    written = [] if scenarios is None else write_all(site, name, found.seen, study.start_s, scenarios)
    return found, written


def _write(study: Study, seen: Enumeration | None, folder: Path, pdf: bool) -> None:
    from twinfeed.harness.cli.site.availability_page import write
    from twinfeed.harness.report.rendering.wording import ReportMissing

    try:
        for path in write(study, seen, folder, pdf):
            _progress(f"wrote {path}")
    except ReportMissing as error:
        fail(str(error), Exit.USAGE)
    except OSError as error:
        fail(f"--page: {error}", Exit.USAGE)


def _progress(message: str) -> None:
    tell(message, to=errors)


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
