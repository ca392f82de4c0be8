"""How the bench asks a person: a question with a picture and a time-out, and what they answer.

The supervisor provides a `Dialogue`: the web page, a technician's terminal, a test that plays the technician.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path


class NobodyThere(Exception):
    """There is nobody who could answer; the message says what to do."""


@dataclass(frozen=True)
class Question:
    """What a person is asked to do or to read."""

    about: str
    """The actuator or the quantity."""
    text: str
    """In the person's language."""
    timeout_s: float
    """How long they may take, s."""
    picture: Path | None = None
    unit: str | None = None
    """The unit of the number that is to be answered; empty for a bare number or word; None where only a confirmation
    is asked for."""
    wrong: str = ""
    """What was wrong with the answer before, when it is asked again."""


@dataclass(frozen=True)
class Answer:
    """What a person answered."""

    done: bool
    """Whether they did it; False is a refusal."""
    text: str = ""
    """What they typed: a reading, or why not."""
    person: str = ""
    """Who it was, where the dialogue knows."""


class Dialogue(ABC):
    """Asks people. Whoever calls `ask` bounds its time and cancels it then."""

    @abstractmethod
    async def ask(self, question: Question) -> Answer:
        """Their answer.

        Raises:
            NobodyThere: nobody can be asked.
        """


class Unattended(Dialogue):
    """Nobody is there."""

    async def ask(self, question: Question) -> Answer:
        raise NobodyThere("nobody attends the bench: open its page or a terminal of the supervisor, then try again")
