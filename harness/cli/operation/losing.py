"""The command that takes one thing of a site away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    fail,
    in_language,
    plain_errors,
    print_json,
    table,
    tell,
)
from twinfeed.harness.cli.recording.reporting import LangOption
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.language import said
from twinfeed.harness.maintenance.conditions import CARRIED_BY, GRID, SETS, full_load
from twinfeed.harness.maintenance.impact import Impact
from twinfeed.harness.maintenance.impact import impact as impact_of
from twinfeed.harness.maintenance.wording import CAUSES
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.tier3.sources import lose_the_grid

ROWS = 12
"""Rows of a table that are shown; `--json` has all."""

SHOWN = 6
"""Names of loads that are alike in one row of a table; the row has the number of further ones."""

SetsOption = Annotated[
    bool, typer.Option("--on-sets", help="Every utility has been out for half an hour, and stays out.")
]
LoadOption = Annotated[float, typer.Option("--load", min=0.0, max=100.0, help="Utilisation of all racks, %.")]


@prints(Impact)
def impact(
    site: Annotated[str, typer.Argument(help="A shipped site's name, or a site file.")],
    thing: Annotated[
        str, typer.Argument(help="A component or device; pdu-1-a:3 is an outlet, ups-a1:card a management card.")
    ],
    for_: Annotated[str, typer.Option("--for", help="The time that the plant goes on after the loss.")] = "4 h",
    on_sets: SetsOption = False,
    load: LoadOption = 100.0,
    beyond_loopback: BeyondOption = False,
    lang: LangOption = "",
    json: JsonOption = False,
) -> None:
    """List all that falls if one thing of a site goes: loads, redundancy, new load on the survivors, silent devices.

    The plant goes on from an hour before the hottest of the design day, at full load, and nobody acts. Exits with 1 if
    a row of racks stops running, with 2 when a name or the file is wrong.

    Examples:

      twinfeed impact bamako ups-a1

      twinfeed impact my-site.yaml board-a --on-sets --lang fr
    """
    in_language(lang)
    try:
        for_s = seconds(for_)
    except ValueError as error:
        fail(f"--for: {error}", Exit.USAGE)
    with plain_errors():
        built = Site.load(site, beyond_loopback=beyond_loopback)
        full_load(built, load / 100.0)
        if on_sets:
            lose_the_grid(built)
        found = impact_of(built, thing, for_s=for_s, carried_by=SETS if on_sets else GRID)
    if json:
        print_json(asdict(found))
    else:
        _print(found)
    if found.stops_equipment:
        raise typer.Exit(Exit.NO)


def _print(found: Impact) -> None:
    where, time = said(CARRIED_BY[found.carried_by]), spoken(found.lasts_s)
    tell(Phrase("{thing} ({kind}) is gone, {where}", thing=found.thing, kind=found.kind, where=where), "bold")
    for title, columns, rows in _tables(found):
        if rows:
            tell(title, "italic")
            console.print(_table(columns, rows))
    if found.stops_equipment:
        tell(N_("Equipment stops."), "red")
    else:
        tell(Phrase("All equipment runs {time} after the loss.", time=time), "green")


def _tables(found: Impact) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Title, columns and rows of each table."""
    lost = [((spoken(x.at_s), x.kind, said(CAUSES[x.cause])), x.load) for x in found.lost]
    yield N_("Loads that stop"), (N_("after"), N_("kind"), N_("cause"), N_("loads")), _grouped(lost)
    feeds = [
        ((x.kind, said(Phrase("{left} of {before}", left=len(x.feeds), before=x.before))), x.load)
        for x in found.redundancy
    ]
    yield N_("Redundancy lost"), (N_("kind"), N_("live feeds"), N_("loads")), _grouped(feeds)
    standby = [((x.kind, ", ".join(x.lost), ", ".join(x.left) or "-"), x.load) for x in found.standby]
    yield N_("Sources in reserve lost"), (N_("kind"), N_("lost"), N_("left"), N_("loads")), _grouped(standby)
    carrying = [
        (
            (
                x.kind,
                *(f"{part:.0f}" for part in (x.before_percent, x.at_once_percent, x.after_percent)),
                said(N_("at its limit")) if x.at_limit else "",
            ),
            x.name,
        )
        for x in found.survivors
    ]
    columns = (N_("kind"), N_("before"), N_("at once"), N_("afterwards"), "", N_("components"))
    yield N_("New load on the survivors, % of their rating"), columns, _grouped(carrying)
    silent = [((spoken(x.at_s),), x.device) for x in found.silent]
    yield N_("Devices gone silent"), (N_("after"), N_("devices")), _grouped(silent)
    empty = [((spoken(x.at_s),), x.ups) for x in found.batteries]
    yield N_("Batteries empty"), (N_("after"), N_("UPS")), _grouped(empty)


def _grouped(entries: Iterable[tuple[tuple[str, ...], str]]) -> list[tuple[str, ...]]:
    """A row for all entries that are alike, their names in its last column."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for row, name in entries:
        alike.setdefault(row, []).append(name)
    return [(*row, named(names)) for row, names in alike.items()]


def named(names: Sequence[str]) -> str:
    """The first names of a list, and the number of further ones."""
    more = len(names) - SHOWN
    text = ", ".join(names[:SHOWN])
    return said(Phrase("{names} and {more} more", names=text, more=more)) if more > 0 else text


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
    listed = table("", *columns)
    for row in rows[:ROWS]:
        listed.add_row(*map(escape, row))
    if len(rows) > ROWS:
        listed.add_row(said(Phrase("and {more} more rows", more=len(rows) - ROWS)))
    return listed
