"""Commands that need only the file of a bench."""

from __future__ import annotations

from typing import Annotated

import typer

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.cli.output import JsonOption, console, plain_errors, print_json, table
from twinfeed.harness.language import said, spoken
from twinfeed.harness.reference.answers import JsonSchema, prints
from twinfeed.hil_rigs.cli.answers import BenchEntry, WouldMove

File = Annotated[str, typer.Argument(metavar="NAME|FILE", help="A rig file, or the name of a bench that ships.")]
Json = JsonOption


@prints(list[BenchEntry])
def benches(json: Json = False) -> None:
    """List the benches that ship with twinfeed.

    Example: twinfeed rig benches
    """
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.schema import text_in

    with plain_errors():
        rigs = [rigfile.read(name) for name in rigfile.names()]
    if json:
        return print_json([{"bench": rig.name, "file": str(rig.path), "devices": list(rig.profiles)} for rig in rigs])
    listing = table("", N_("bench"), N_("what it is"), N_("devices"))
    for rig in rigs:
        listing.add_row(rig.name, text_in(rig.bench.title, spoken()), ", ".join(rig.profiles))
    return console.print(listing)


@prints(list[WouldMove])
def dry_run(file: File, json: Json = False) -> None:
    """List the faults that the bench can cause, with the actuators and the visible effects. Nothing moves.

    For the actions of given tests: pytest --rig FILE --dry-run tests/

    Example: twinfeed rig dry-run ups-bench
    """
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.dry_run import what_each_would_do

    with plain_errors():
        rig = rigfile.read(file)
        rows = what_each_would_do(rig, spoken())
    if json:
        return print_json(rows)
    listing = table(
        Phrase("{rig}: nothing moves", rig=rig.name),
        N_("fault"),
        N_("actuator"),
        N_("goes to"),
        N_("safe"),
        N_("what would be seen"),
    )
    for row in rows:
        moves = f"{row['actuator']} ({row['means']})"
        listing.add_row(row["fault"], moves, row["to"], row["safe"], said(row["effect"]))
    return console.print(listing)


@prints(JsonSchema)
def schema(json: Json = False) -> None:
    """Print the JSON Schema of rig files, for editors.

    Example: twinfeed rig schema > rig.schema.json
    """
    from twinfeed.hil_rigs.schema import json_schema

    print_json(json_schema())
