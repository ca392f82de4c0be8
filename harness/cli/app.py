"""The whole command line: the commands of the harness, and those of the packages above it."""

from __future__ import annotations

from twinfeed._phrases import N_
<<<<<<< HEAD
from twinfeed.harness.cli import commands
from twinfeed.harness.cli.root import GROUPS, root
=======
from twinfeed.harness.cli import speaking
from twinfeed.harness.cli.files import files, kinds, manual, profile, suite, trees
from twinfeed.harness.cli.output import asked_for_json
from twinfeed.harness.cli.recording import drift, learning, reporting
from twinfeed.harness.cli.search import campaigning, outages, score, searching
from twinfeed.harness.cli.site import demo, people, proxy, running, studying, up
>>>>>>> 576e431 (Errors are JSON documents with --json, which changes no exit code; a refusal of a running site is wrong usage, as it is offline; answers are promised and described)

BENCH = N_("Benches of real devices")
"""The group of commands of packages above the harness in `twinfeed --help`."""

<<<<<<< HEAD
app = root()
commands.add_to(app)
for name, found in GROUPS.items():
    app.add_typer(found.load(), name=name, rich_help_panel=BENCH)
=======

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
    asked_for_json(False)


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
>>>>>>> 576e431 (Errors are JSON documents with --json, which changes no exit code; a refusal of a running site is wrong usage, as it is offline; answers are promised and described)
