"""The dialogue with a person: a question with a picture and a time-out, and the answer.

The supervisor provides a `Dialogue`: the web page, a technician's terminal, a test that plays the technician.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from twinfeed._phrases import Phrase


class NobodyThere(Exception):
    """No person can answer. The message gives the next step."""


@dataclass(frozen=True)
class Question:
    """The instruction or question to a person."""

    about: str
    """The actuator or the quantity."""
    text: str
    """In the person's language."""
    timeout_s: float
    """The longest time that they may take, s."""
    picture: Path | None = None
    unit: str | None = None
    """The unit of the number that is to be answered; empty for a bare number or word; None where only a confirmation
    is asked for."""
    wrong: str = ""
    """The trouble of the answer before, if the question is repeated."""


@dataclass(frozen=True)
class Answer:
    """The answer of a person."""

    done: bool
    """True if the action is done; False is a refusal."""
    text: str = ""
    """The typed text: a reading, or the reason for a refusal."""
    person: str = ""
    """The name of the person, if the dialogue knows it."""


class Dialogue(ABC):
    """Asks people. Whoever calls `ask` bounds its time and cancels it then."""

    @abstractmethod
    async def ask(self, question: Question) -> Answer:
        """Their answer.

        Raises:
            NobodyThere: nobody can be asked.
        """


class Unattended(Dialogue):
    """A dialogue without a person."""

    async def ask(self, question: Question) -> Answer:
        raise NobodyThere(
            Phrase("nobody attends the bench: open its page or a terminal of the supervisor, then try again")
        )
