"""A reading that a person takes: a gauge on a tank, a display without a plug."""

from __future__ import annotations

import asyncio
import math
import re

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.language import Words
from twinfeed.hil_rigs.dialogue import Answer, Dialogue, NobodyThere, Question
from twinfeed.hil_rigs.instruments.base import Instrument, NoReading
from twinfeed.hil_rigs.schema import Instrument as Section
from twinfeed.hil_rigs.schema import Language, Reader, text_in

READING = re.compile(r"([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(.*)")
"""A number with a point or, as French writes it, a comma; then perhaps a unit."""

MOST_TRIES = 5
"""Number of times that a question is repeated after an unusable answer."""


class OperatorInstrument(Instrument):
    """Uses `dialogue` in `language`. The question is repeated if the answer is no number, or has another unit."""

    def __init__(
        self, quantity: str, section: Section, dialogue: Dialogue, language: Language, domain: Domain | None = None
    ) -> None:
        super().__init__(quantity, section.every, domain)
        assert section.operator is not None, "the rig file gives what to read"
        self._section = section
        self._reader: Reader = section.operator
        self._dialogue = dialogue
        self._language = language

    @property
    def known_for_s(self) -> float:
        """Two periods, plus the time for the answer, s."""
        return self._section.known_for_s

    async def read(self) -> Value:
        text, timeout_s = text_in(self._reader.ask, self._language), self._reader.timeout
        try:
            async with asyncio.timeout(timeout_s):
                value = await self._asked(text)
        except TimeoutError:
            raise NoReading(
                Phrase(
                    "{quantity}: the operator was asked “{text}” and did not answer in {timeout_s:g} s",
                    quantity=self.quantity,
                    text=text,
                    timeout_s=timeout_s,
                )
            ) from None
        except NobodyThere as error:
            raise NoReading(
                Phrase(
                    "{quantity}: nobody could be asked “{text}”: {error}",
                    quantity=self.quantity,
                    text=text,
                    error=error,
                )
            ) from None
        scaled = self._section.scale * value + self._section.offset
        return self.possible(not scaled if self._section.invert else scaled)

    async def _asked(self, text: str) -> float:
        wrong = ""
        for _ in range(MOST_TRIES):
            question = Question(self.quantity, text, self._reader.timeout, unit=self._reader.unit, wrong=wrong)
            answer = await self._dialogue.ask(question)
            if not answer.done:
                why = answer.text or Phrase("no reason given")
                raise NoReading(
                    Phrase(
                        "{quantity}: {answer} was asked “{text}” and refused: {why}",
                        quantity=self.quantity,
                        answer=_who(answer),
                        text=text,
                        why=why,
                    )
                )
            try:
                return reading(answer.text, self._reader.unit, self._language)
            except ValueError as error:
                wrong = str(error)
        raise NoReading(
            Phrase(
                "{quantity}: asked “{text}” {most_tries} times, {answer} gave no reading: {wrong}",
                quantity=self.quantity,
                text=text,
                most_tries=MOST_TRIES,
                answer=_who(answer),
                wrong=wrong,
            )
        )


def reading(text: str, unit: str = "", language: Language = "en") -> float:
    """The number that a person typed, with or without its unit.

    Raises:
        ValueError: no finite number, or another unit; in the person's language.
    """
    words = Words(language)
    match = READING.fullmatch(text.strip())
    number = float(match[1].replace(",", ".")) if match is not None else math.nan
    if match is None or not math.isfinite(number):
        shown = f" ({unit})" if unit else ""
        raise ValueError(words(Phrase("found {found!r}, expected a number{unit} such as 12.5", found=text, unit=shown)))
    if match[2] and match[2].casefold().replace(" ", "") != unit.casefold().replace(" ", ""):
        expected = unit or Phrase("none")
        raise ValueError(words(Phrase("found the unit {found!r}, expected {unit}", found=match[2], unit=expected)))
    return number


def _who(answer: Answer) -> str:
    return answer.person or Phrase("the operator")
