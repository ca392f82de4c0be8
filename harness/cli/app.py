"""The whole command line: the commands of the harness, and those of the packages above it."""

from __future__ import annotations

from twinfeed._phrases import N_
from twinfeed.harness.cli import commands
from twinfeed.harness.cli.root import GROUPS, root

BENCH = N_("Benches of real devices")
"""The group of commands of packages above the harness in `twinfeed --help`."""

app = root()
commands.add_to(app)
for name, found in GROUPS.items():
    app.add_typer(found.load(), name=name, rich_help_panel=BENCH)
