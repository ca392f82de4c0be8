"""`twinfeed rig pin`: the hash of a PIN, for a rig file."""

from __future__ import annotations

import typer

from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, print_json
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs.cli.answers import PinHash


@prints(PinHash)
def pin(json: JsonOption = False) -> None:
    """Ask for a PIN twice, without showing it, and print its hash for `pins` in a rig file.

    Example: twinfeed rig pin
    """
    from twinfeed.hil_rigs.persons import pins

    typed = typer.prompt("PIN", hide_input=True, confirmation_prompt=True, err=json)
    try:
        hashed = pins.hashed(typed)
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    if json:
        return print_json({"hash": hashed})
    return console.print(hashed, soft_wrap=True)
