"""Asks the person at this terminal, one question at a time."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.language import Words
from twinfeed.hil_rigs.dialogue import Answer, Dialogue, NobodyThere, Question
from twinfeed.hil_rigs.schema import Language


class TerminalDialogue(Dialogue):
    """An empty line confirms, any other is a reading, or why it cannot be done.

    Lines are read in a thread of their own, since reading a terminal blocks; one that comes when nothing is asked any
    more belongs to no question and is dropped.
    """

    def __init__(
        self, language: Language = "en", person: str = "", source: TextIO | None = None, console: Console | None = None
    ) -> None:
        self._words = Words(language)
        self._person = person
        self._source = source or sys.stdin
        self._console = console or Console(highlight=False)
        self._turn = asyncio.Lock()
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._ended = False
        self._reader: threading.Thread | None = None

    async def ask(self, question: Question) -> Answer:
        async with self._turn:
            self._listen()
            while not self._lines.empty():
                self._ended = not self._lines.get_nowait() or self._ended
            if self._ended:
                raise NobodyThere(Phrase("the terminal is closed; start again in one with a person at it"))
            self._show(question)
            try:
                line = await self._lines.get()
            except asyncio.CancelledError:
                self._console.print(f"\n[red]{self._words(N_('Time is over.'))}[/red]")
                raise
            if not line:
                self._ended = True
                raise NobodyThere(Phrase("the terminal was closed before the answer"))
            text = line.strip()
            done = bool(text) if question.unit is not None else not text
            return Answer(done, text, self._person)

    def _show(self, question: Question) -> None:
        within = self._words(Phrase("within {time:g} s", time=question.timeout_s))
        self._console.print(f"\n[bold]{escape(question.about)}[/bold] ({within})")
        if question.wrong:
            self._console.print(f"[red]{escape(question.wrong)}[/red]")
        self._console.print(escape(question.text), soft_wrap=True)
        if question.picture is not None:
            picture = self._words(Phrase("picture: {path}", path=question.picture))
            self._console.print(escape(picture), soft_wrap=True)
        unit = f" ({question.unit})" if question.unit else ""
        prompt = Phrase("Enter when it is done, or why it cannot be:")
        if question.unit is not None:
            prompt = Phrase("Reading{unit}:", unit=unit)
        self._console.print(f"{escape(self._words(prompt))} ", end="")

    def _listen(self) -> None:
        if self._reader is not None:
            return
        loop = asyncio.get_running_loop()

        def read() -> None:
            while True:
                line = self._source.readline()
                try:
                    loop.call_soon_threadsafe(self._lines.put_nowait, line)
                except RuntimeError:  # the loop has ended
                    return
                if not line:
                    return

        self._reader = threading.Thread(target=read, name="terminal", daemon=True)
        self._reader.start()
