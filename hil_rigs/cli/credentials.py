"""`twinfeed rig key` and `twinfeed rig pin`: the key that signs records, and the hash of a person's PIN."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, print_json, tell
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs.cli.answers import PinHash, SigningKey


@prints(SigningKey)
def key(
    export: Annotated[
        Path | None, typer.Option("--export", help="Also write the public key into this file (PEM).", dir_okay=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the public key of this computer, which signs its records; it is made if there is none.

    Keep the public key outside this computer: `twinfeed verify DIR --key FILE` checks records with it anywhere.

    Example: twinfeed rig key --export bench-7.pem
    """
    from twinfeed.harness.record import keys

    try:
        own = keys.own()
        if own is None:
            fail(
                Phrase(
                    "{place}: cannot be written; name another file: {environment}=FILE",
                    place=keys.place(),
                    environment=keys.ENVIRONMENT,
                ),
                Exit.USAGE,
            )
        if export is not None:
            export.write_text(keys.pem(own.public), encoding="ascii")
    except (keys.BadKey, OSError) as error:
        fail(str(error), Exit.USAGE)
    if json:
        return print_json({"file": str(own.path), "public": own.public, "short": keys.short(own.public)})
    tell(f"ed25519  {keys.short(own.public)}")
    tell(Phrase("public key  {key}", key=own.public))
    tell(Phrase("private key in {path}; those who may read it can sign", path=own.path))
    if export is not None:
        tell(Phrase("{path} written", path=export))
    return None


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
