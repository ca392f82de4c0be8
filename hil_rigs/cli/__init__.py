"""`twinfeed rig …`: what a technician does with a bench."""

from __future__ import annotations

import typer

from hil_rigs.cli import check

app = typer.Typer(
    name="rig", help="Benches of real devices: check, arm, test, hand in the report.", no_args_is_help=True
)


@app.callback()
def _rig() -> None:
    """Benches of real devices: check, arm, test, hand in the report."""


app.command()(check.check)
