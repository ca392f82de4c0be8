"""The commands of `twinfeed`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.metadata import version as installed
from typing import Annotated

import typer

from twinfeed.harness.cli import speaking
from twinfeed.harness.cli.files import files, kinds, manual, profile, suite, trees
from twinfeed.harness.cli.recording import drift, learning, reporting
from twinfeed.harness.cli.search import campaigning, outages, score, searching
from twinfeed.harness.cli.site import demo, people, proxy, running, studying, up

app = typer.Typer(
    name="twinfeed",
    help="A software twin of a data centre that answers real Modbus and SNMP.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"twinfeed {installed('twinfeed')}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """The options of `twinfeed` itself."""


COMMANDS: tuple[Callable[..., None], ...] = (
    demo.demo,
    up.up,
    running.status,
    running.devices,
    running.points,
    running.read,
    running.write,
    running.fault,
    running.faults,
    running.clear,
    people.do,
    people.deeds,
    proxy.proxy,
    learning.record,
    learning.replay_device,
    drift.drift,
    searching.search,
    score.score,
    searching.replay,
    searching.adopt,
    suite.new_suite,
    reporting.report,
    reporting.verify,
    files.check,
    studying.study,
    trees.availability,
    files.profiles,
    files.sites,
    kinds.kinds,
    kinds.schema,
)

for command in COMMANDS:
    app.command()(profile.with_profiles(command))
app.command()(manual.docs)
app.add_typer(profile.app, name="profile")
app.add_typer(outages.app, name="outages")
app.add_typer(campaigning.app, name="campaign")


for found in entry_points(group="twinfeed.commands"):
    app.add_typer(found.load(), name=found.name)


def main() -> None:
    """The console script."""
    # pymodbus logs every request that stays unanswered; our errors report that already, with the device's name.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    speaking.run(app, sys.argv[1:], "twinfeed")
