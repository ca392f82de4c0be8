"""A deed as data: an action that a person can do at a component or device. A class lists its deeds in `DEEDS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.emulators.plant.kernel.ratings import shown

Argument = float | str | bool
"""A value that a deed is given."""

LONGEST_WORD = 300
"""Longest text that a deed takes, characters."""


@dataclass(frozen=True, slots=True)
class Word:
    """A text that a deed takes: one of `words`, or any text. It must be given unless it has a default."""

    words: tuple[str, ...] = ()
    default: str | None = None
    doc: str = ""

    def refusal(self, value: object) -> str:
        """The reason why it cannot take that value, '' if it can."""
        if not isinstance(value, str) or not value or len(value) > LONGEST_WORD:
            return f"found {shown(value)}, expected {' or '.join(self.words) or 'a text'}"
        if self.words and value not in self.words:
            return f"found {shown(value)}, expected {' or '.join(self.words)}{did_you_mean(value, self.words)}"
        return ""


@dataclass(frozen=True, slots=True)
class AnyValue:
    """A value of a point: a number, a truth or a word, which the point itself checks."""

    doc: str = ""

    @property
    def default(self) -> None:
        """It must be given."""

    def refusal(self, value: object) -> str:
        """The reason why it cannot take that value, '' if it can."""
        return "" if isinstance(value, (bool, int, float, str)) else f"found {shown(value)}, expected a value"


Takes = Parameter | Word | AnyValue


@dataclass(frozen=True, slots=True)
class DeedKind:
    """A kind of deed: its effect, the arguments it takes, and how it is done.

    `act` gets the actor and all arguments. It returns False if the actor did not obey (the actor has then written the
    reason to the journal), and raises `PlantError`, `PointError` or `ValueError` if it refuses.
    """

    doc: str
    act: Callable[[Any, Mapping[str, Any]], object]
    takes: Mapping[str, Takes] = field(default_factory=dict)
    undo: str = ""
    """The deed of the same class, with the same arguments, that takes it back; empty if none does."""

    def chosen(self, given: Mapping[str, Argument]) -> dict[str, Argument]:
        """All arguments, those not given at their defaults.

        Raises:
            ValueError: an unknown or missing argument, or a value that the deed does not take; the message names it.
        """
        if not isinstance(given, Mapping):
            raise ValueError(f"found {shown(given)} as parameters, expected name: value")
        if unknown := [shown(name).strip("'") for name in given if name not in self.takes]:
            near = did_you_mean(unknown[0], self.takes)
            raise ValueError(f"unknown parameter {unknown[0]}{near}; it takes {', '.join(self.takes) or 'none'}")
        values: dict[str, Argument] = {}
        for name, takes in self.takes.items():
            value = given.get(name, takes.default)
            if value is None:
                raise ValueError(f"{name} is missing; it takes {', '.join(self.takes)}")
            refusal = takes.range.refusal(value, takes.whole) if isinstance(takes, Parameter) else takes.refusal(value)
            if refusal:
                raise ValueError(f"{name} {refusal}")
            values[name] = value
        return values

    def to_dict(self) -> dict[str, Any]:
        """JSON values, for programs that list the deeds."""
        return {"doc": self.doc, "parameters": {n: _text(t) for n, t in self.takes.items()}, "undo": self.undo}


def _text(takes: Takes) -> str:
    if isinstance(takes, Parameter):
        return f"{takes.default:g} {takes.unit} ({takes.low:g} to {takes.high:g})".replace("  ", " ")
    if isinstance(takes, Word) and takes.words:
        return " | ".join(takes.words)
    return takes.doc or "a text"
