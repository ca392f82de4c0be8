"""`twinfeed rig operate`: the person at the bench, in a terminal."""

from __future__ import annotations

import asyncio
from typing import Any

from rich.text import Text

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.output import Exit, JsonLinesOption, console, errors, fail, print_json, tell
from twinfeed.harness.language import said
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs.cli.answers import Question
from twinfeed.hil_rigs.cli.bench import File
from twinfeed.hil_rigs.cli.supervised import YES, As, rig_of, with_client
from twinfeed.hil_rigs.supervisor.client import Client
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.process import join


@prints(Question, lines=True)
def operate(file: File, person: As = "", json: JsonLinesOption = False) -> None:
    """Show the instructions of tests to the person at the bench, and take the answers, in this terminal.

    With --json each instruction is one document in a line, and its answer a line of standard input.

    Example: twinfeed rig operate ups-bench
    """
    rig = rig_of(file)
    questions: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def do(client: Client) -> None:
        await client.ask("attend")
        if not json:
            tell(Phrase("{rig}: waiting for something to do; Ctrl-C leaves", rig=rig.name))
        while True:
            asked = await questions.get()
            _show(asked, json)
            prompt = "" if json else f"{said(_wanted(asked['unit']))} "
            try:
                typed = (await asyncio.to_thread(input, prompt)).strip()
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


def _show(asked: dict[str, Any], json: bool) -> None:
    """Print an instruction."""
    if json:
        question: Question = {
            "about": asked["about"],
            "text": said(asked["text"]),
            "unit": asked["unit"],
            "wrong": asked.get("wrong") and said(asked["wrong"]),
            "picture": asked.get("picture"),
        }
        return print_json(question, line=True)
    console.print()
    console.print(Text.assemble((asked["about"], "bold"), ": ", said(asked["text"])), soft_wrap=True)
    if asked.get("wrong"):
        tell(asked["wrong"], "red")
    if asked.get("picture"):
        tell(Phrase("picture: {path}", path=asked["picture"]))
    return None


def _wanted(unit: str | None) -> str:
    """The prompt of an answer."""
    if unit is None:
        return Phrase("done? [y/n]")
    return Phrase("value [{unit}]:", unit=unit) if unit else Phrase("value, as it stands:")
