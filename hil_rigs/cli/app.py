"""The commands of `twinfeed rig`."""

from __future__ import annotations

from collections.abc import Callable

import typer

from twinfeed.harness.cli.profile import with_profiles
from twinfeed.hil_rigs.cli import bench, check, key, learning, practise, working

app = typer.Typer(
    name="rig",
    help="Benches of real devices: check, arm, watch and stop them. Tests run on one with `pytest --rig FILE`.",
    no_args_is_help=True,
)

COMMANDS: tuple[Callable[..., None], ...] = (
    bench.benches,
    practise.practise,
    check.check,
    learning.record,
    learning.drift,
    bench.dry_run,
    bench.schema,
    key.key,
    working.status,
    working.arm,
    working.disarm,
    working.stop,
    working.reset,
    working.safe,
    working.watch,
    working.operate,
)

for command in COMMANDS:
    app.command()(with_profiles(command))
