"""The command `twinfeed` itself, and how much of the command line a call of it loads."""

from __future__ import annotations

import gc
import logging
import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.metadata import version as installed
from typing import Annotated

import typer

from twinfeed.harness.cli import speaking
from twinfeed.harness.cli.options import asked_for_json

GROUPS = {found.name: found for found in entry_points(group="twinfeed.commands")}
"""Groups of commands that packages above the harness bring."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"twinfeed {installed('twinfeed')}")
        raise typer.Exit


def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """The options of `twinfeed` itself."""
    asked_for_json(False)


def root() -> typer.Typer:
    """The command line without any command."""
    app = typer.Typer(
        name="twinfeed",
        help="A software twin of a data centre that answers real Modbus and SNMP.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback()(_main)
    return app


def _needed(words: list[str]) -> typer.Typer:
    """The part of the command line that a call needs: of several packages, the one whose command it is, else all."""
    word = next(iter(words), "")
    app = root()
    if word in GROUPS:
        app.add_typer(GROUPS[word].load(), name=word)
        return app
    import_module("twinfeed.harness.cli.commands").add_to(app)
    named = {
        str(each.name or getattr(each.callback, "__name__", "")).replace("_", "-") for each in app.registered_commands
    }
    if word in named | {str(each.name) for each in app.registered_groups}:
        return app
    whole: typer.Typer = import_module("twinfeed.harness.cli.app").app
    return whole


NEW_OBJECTS = 50_000
"""New objects after which garbage is collected. A command builds sites and ends: with Python's 700, collections took
72 % of the time in which the variables of bamako were bound (135,220 of them)."""


def main() -> None:
    """The console script."""
    # pymodbus logs every request that stays unanswered; our errors report that already, with the device's name.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    gc.disable()  # no module that is loaded is garbage: collections would take a tenth of the start
    app = _needed(sys.argv[1:])
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    gc.enable()
    speaking.run(app, sys.argv[1:], "twinfeed")
