"""The commands that make a site file of lists of equipment."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
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
from twinfeed.harness.importing import csvfiles, netbox
from twinfeed.harness.importing.drafting import Draft, draft
from twinfeed.harness.importing.inventory import Inventory
from twinfeed.harness.importing.result import Imported
from twinfeed.harness.reference.answers import prints

OutOption = Annotated[Path, typer.Option("--out", help="The site file to write. One that exists is not written over.")]

app = typer.Typer(help="Make a site file, to be completed, of lists of equipment.", no_args_is_help=True)


@app.command(name="csv")
@prints(Imported)
def from_csv(
    folder: Annotated[Path, typer.Argument(help="A folder with devices.csv, and panels, feeds, racks and cables.csv.")],
    out: OutOption = Path("site.yaml"),
    lang: LangOption = "",
    json: JsonOption = False,
) -> None:
    """Make a site file of CSV lists, and list all that they lack.

    Exits with 0 if the file can be read as it is, with 1 if it has to be completed first, with 2 when a list is wrong.

    Example: twinfeed import csv lists --out my-site.yaml
    """
    in_language(lang)
    with plain_errors():
        inventory = csvfiles.read(folder)
    _write(inventory, out, json)


@app.command(name="netbox")
@prints(Imported)
def from_netbox(
    url: Annotated[str, typer.Argument(help="The address of NetBox, such as https://netbox.example.")],
    site: Annotated[str, typer.Option("--site", help="The slug of one site. Default: all sites.")] = "",
    out: OutOption = Path("site.yaml"),
    insecure: Annotated[bool, typer.Option("--insecure", help="Do not check the certificate of NetBox.")] = False,
    lang: LangOption = "",
    json: JsonOption = False,
) -> None:
    """Make a site file of NetBox, and list all that it does not know. The token is read from NETBOX_TOKEN.

    Needs: pip install 'twinfeed[netbox]'. Exits with 3 when NetBox does not answer or refuses.

    Example: twinfeed import netbox https://netbox.example --site bamako --out my-site.yaml
    """
    in_language(lang)
    try:
        inventory = netbox.read(netbox.connected(url, os.environ.get("NETBOX_TOKEN"), not insecure), site)
    except netbox.NetboxMissing as error:
        fail(str(error), Exit.USAGE)
    except netbox.NetboxError as error:
        fail(str(error), Exit.UNREACHABLE)
    _write(inventory, out, json)


def _write(inventory: Inventory, out: Path, json: bool) -> None:
    made = draft(inventory)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(made.text)
    except FileExistsError:
        fail(Phrase("{path} exists already: give another name to --out", path=out), Exit.USAGE)
    except OSError as error:
        fail(f"--out: {error}", Exit.USAGE)
    mistakes = _mistakes(out)
    if json:
        print_json(asdict(Imported(str(out), not mistakes, mistakes, made.unknown, made.names)))
    else:
        _print(made, out, mistakes)
    if mistakes:
        raise typer.Exit(Exit.NO)


def _mistakes(path: Path) -> list[str]:
    """The reasons for which the site does not start as it is."""
    try:
        Site.load(path)
    except FileError as error:
        return str(error).splitlines()
    return []


def _print(made: Draft, out: Path, mistakes: Sequence[str]) -> None:
    listing = table("", N_("entry"), N_("field"), N_("stands there"), N_("reason"))
    for each in made.unknown:
        listing.add_row(*map(escape, (each.entry, each.field, each.used or "-", each.reason)))
    tell(N_("Not in the lists"), "italic")
    console.print(listing)
    for old, new in made.names.items():
        tell(Phrase("{old} is called {new} in the file", old=old, new=new))
    for mistake in mistakes:
        tell(mistake, "red")
    tell(Phrase("wrote {path}: {n} things to complete", path=out, n=len(made.unknown)))
    if not mistakes:
        tell(Phrase("It can be read as it is: twinfeed up {path}", path=out), "green")
