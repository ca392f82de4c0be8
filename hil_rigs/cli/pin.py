"""`twinfeed rig pin`: the hash of a PIN, for a rig file."""

from __future__ import annotations

import typer

from twinfeed.harness.cli.output import Exit, console, fail


def pin() -> None:
    """Ask for a PIN twice, without showing it, and print its hash for `pins` in a rig file.

    Example: twinfeed rig pin
    """
    from twinfeed.hil_rigs.persons import pins

    typed = typer.prompt("PIN", hide_input=True, confirmation_prompt=True)
    try:
        console.print(pins.hashed(typed), soft_wrap=True)
    except ValueError as error:
        fail(str(error), Exit.USAGE)
