"""Actions of a person: pull a plug, turn a key. The dialogue shows the instruction, and the person confirms it.

That they did it is their word; what shows it is the rig file's `proof`, which the bench measures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed, NotMoved
from twinfeed.hil_rigs.dialogue import Dialogue, NobodyThere, Question
from twinfeed.hil_rigs.positions import spelt
from twinfeed.hil_rigs.schema import Language, Operator, Position, text_in


class OperatorActuator(Actuator):
    """Uses `dialogue` in `language`. The position is the last one that a person confirmed.

    A picture is searched beside the rig file, in `folder`.
    """

    def __init__(self, name: str, section: Operator, dialogue: Dialogue, language: Language, folder: Path) -> None:
        super().__init__(name)
        self._section = section
        self._dialogue = dialogue
        self._language = language
        self._picture = None if section.picture is None else folder / section.picture
        self._stands: Position | None = None

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        instruction = self._section.do.get(spelt(position))
        if instruction is None:
            raise ActuatorFailed(
                Phrase(
                    "{name}: found {position!r}, expected one of {do}",
                    name=self.name,
                    position=position,
                    do=", ".join(self._section.do),
                )
            )
        text = text_in(instruction, self._language)
        numbers = ", ".join(f"{name} {value:g}" for name, value in (parameters or {}).items())
        timeout_s = self._section.timeout
        question = Question(self.name, f"{text} ({numbers})" if numbers else text, timeout_s, picture=self._picture)
        self._stands = None  # they may have begun
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._dialogue.ask(question)
        except TimeoutError:
            raise ActuatorFailed(
                Phrase(
                    "{name}: the operator was asked “{text}” and did not confirm in {timeout_s:g} s",
                    name=self.name,
                    text=text,
                    timeout_s=timeout_s,
                )
            ) from None
        except NobodyThere as error:
            raise NotMoved(
                Phrase("{name}: nobody could be asked “{text}”: {error}", name=self.name, text=text, error=error)
            ) from None
        if not answer.done:
            who, why = answer.person or Phrase("the operator"), answer.text or Phrase("no reason given")
            raise NotMoved(
                Phrase(
                    "{name}: {who} was asked “{text}” and refused: {why}", name=self.name, who=who, text=text, why=why
                )
            )
        self._stands = position

    async def position(self) -> Position | None:
        return self._stands

    async def try_dry(self) -> str:
        asked = [f"{position}: {text_in(text, self._language)}" for position, text in self._section.do.items()]
        return Phrase(
            "the operator is asked, for {timeout:g} s at most: {asked}",
            timeout=self._section.timeout,
            asked="; ".join(asked),
        )
