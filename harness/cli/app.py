"""The commands of `twinfeed`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.metadata import version as installed
from typing import Annotated

import typer

from twinfeed._phrases import N_
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


RUN, BREAK, RECORD, SEARCH, FILES, BENCH, MANUAL = (
    N_("Run a site"),
    N_("Cause faults and act"),
    N_("Record and compare hardware"),
    N_("Search and study"),
    N_("Tests, files and reports"),
    N_("Benches of real devices"),
    N_("The manual"),
)
"""Groups of commands in `twinfeed --help`."""

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    RUN: (demo.demo, up.up, running.status, running.devices, running.points, running.read, running.write, files.sites),
    BREAK: (running.fault, running.faults, running.clear, people.do, people.deeds, proxy.proxy),
    RECORD: (learning.record, learning.replay_device, drift.drift),
    SEARCH: (searching.search, searching.replay, searching.adopt, score.score, studying.study, trees.availability),
    FILES: (suite.new_suite, files.check, files.profiles, reporting.report, reporting.verify),
    MANUAL: (kinds.kinds, kinds.schema),
}

for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(profile.with_profiles(command))
app.command(rich_help_panel=MANUAL)(manual.docs)
app.add_typer(profile.app, name="profile", rich_help_panel=FILES)
app.add_typer(outages.app, name="outages", rich_help_panel=SEARCH)
app.add_typer(campaigning.app, name="campaign", rich_help_panel=SEARCH)


for found in entry_points(group="twinfeed.commands"):
    app.add_typer(found.load(), name=found.name, rich_help_panel=BENCH)


def main() -> None:
    """The console script."""
    # pymodbus logs every request that stays unanswered; our errors report that already, with the device's name.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    speaking.run(app, sys.argv[1:], "twinfeed")
