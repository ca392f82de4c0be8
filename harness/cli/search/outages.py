"""`twinfeed outages`: the published outages, listed and played."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, plain_errors, print_json, table
from twinfeed.harness.durations import spoken
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.search import OutageEntry, OutagePlayed

if TYPE_CHECKING:
    from twinfeed.fixtures.outages import Played


app = typer.Typer(
    name="outages", help="Published outages of data centres, played on the twin.", invoke_without_command=True
)


@app.callback()
@prints(list[OutageEntry])
def list_outages(context: typer.Context, json: JsonOption = False) -> None:
    """List the published outages that can be played.

    Examples:

      twinfeed outages

      twinfeed outages run ovh-sbg-2017-11
    """
    if context.invoked_subcommand is not None:
        return
    from twinfeed.fixtures.outages import ids, load

    with plain_errors():
        found = [load(id) for id in ids()]
    if json:
        print_json(
            [
                {"id": o.id, "date": o.date, "operator": o.operator, "title": o.title, "sources": list(o.sources)}
                for o in found
            ]
        )
        return
    listing = table("", "outage", "date", "operator", "what happened")
    for outage in found:
        listing.add_row(outage.id, outage.date, escape(outage.operator), escape(outage.title))
    console.print(listing)


@app.command()
@prints(OutagePlayed)
def run(
    id: Annotated[str, typer.Argument(help="An outage, as `twinfeed outages` lists them.")],
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Also draw the run to this SVG or PNG file (extra `plot`).")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Play one outage: published and simulated times side by side, and the same with the lesson applied.

    Exits with 1 if an event is missing, out of order or out of time, or if the lesson does not mend it.

    Example: twinfeed outages run aws-useast1-2012-06-14
    """
    from twinfeed.fixtures.outages import load, play

    with plain_errors():
        played = play(load(id))
        if plot is not None:
            _draw(played, plot)
    if json:
        print_json(played.to_dict())
    else:
        _print(played)
    raise typer.Exit(Exit.DONE if played.right else Exit.NO)


def _draw(played: Played, path: Path) -> None:
    from twinfeed.harness.properties.plots import PlottingMissing, plot

    try:
        plot(played.outcome.verdicts[0], played.outcome.journal, path, played.outage.title)
    except PlottingMissing as error:
        fail(str(error), Exit.USAGE)


def _print(played: Played) -> None:
    outage = played.outage
    console.print(f"[bold]{escape(outage.title)}[/bold]")
    console.print(f"{escape(outage.operator)}, {escape(outage.place)}, {outage.date} (confidence {outage.confidence})")
    console.print(escape(outage.story))
    listing = table("", "event", "clock", "published", "twin", "")
    for row in played.rows:
        event = row.event
        published = "" if event.at_s is None else f"+{spoken(event.at_s)}"
        twin = "never" if row.twin_s is None else f"+{spoken(row.twin_s)}"
        note = "given" if event.given else "" if row.factor is None else f"x {row.factor:.2f}"
        listing.add_row(escape(event.what), escape(event.clock), published, twin, note)
    console.print(listing)
    order = "in order" if played.in_order else "[red]not in order[/]"
    reached = "no time to compare" if played.factor is None else f"times within a factor of {played.factor:.2f}"
    console.print(f"{order}; {reached} (stated: {outage.factor:g})")
    console.print(f"[bold]lesson[/bold]: {escape(outage.lesson.text)}")
    console.print("with the lesson every property holds" if played.mends else "[red]the lesson does not mend it[/]")
    console.print(f"[bold]unsure[/bold]: {escape(outage.unsure)}")
    for source in outage.sources:
        console.print(f"source: {escape(source)}", soft_wrap=True)
