"""`twinfeed rig operate`: the person at the bench, in a terminal."""

from __future__ import annotations

import asyncio
from typing import Any

from rich.text import Text

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.output import Exit, console, errors, fail, tell
from twinfeed.harness.language import said
from twinfeed.hil_rigs.cli.bench import File
from twinfeed.hil_rigs.cli.supervised import YES, As, rig_of, with_client
from twinfeed.hil_rigs.supervisor.client import Client
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.process import join


def operate(file: File, person: As = "") -> None:
    """Show the instructions of tests to the person at the bench, and take the answers, in this terminal.

    Example: twinfeed rig operate ups-bench
    """
    rig = rig_of(file)
    questions: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def do(client: Client) -> None:
        await client.ask("attend")
        tell(Phrase("{rig}: waiting for something to do; Ctrl-C leaves", rig=rig.name))
        while True:
            asked = await questions.get()
            console.print()
            console.print(Text.assemble((asked["about"], "bold"), ": ", said(asked["text"])), soft_wrap=True)
            if asked.get("wrong"):
                tell(asked["wrong"], "red")
            if asked.get("picture"):
                tell(Phrase("picture: {path}", path=asked["picture"]))
            try:
                typed = (await asyncio.to_thread(input, f"{said(_wanted(asked['unit']))} ")).strip()
            except EOFError:
                fail(Phrase("no terminal to type an answer in: run it in a terminal"), Exit.USAGE)
            done = typed.casefold() in (*YES, "") if asked["unit"] is None else bool(typed)
            try:
                await client.ask("answer", question=asked["question"], person=person, done=done, text=typed)
            except Denied as error:
                tell(str(error), "red", errors)

    def heard(event: Any) -> None:
        if event["event"] == "question":
            questions.put_nowait(dict(event))

    try:
        with_client(join(rig, heard), do)
    except KeyboardInterrupt:
        return


def _wanted(unit: str | None) -> str:
    """The prompt of an answer."""
    if unit is None:
        return Phrase("done? [y/n]")
    return Phrase("value [{unit}]:", unit=unit) if unit else Phrase("value, as it stands:")
