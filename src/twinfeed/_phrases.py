"""Texts for people: templates with parameters, so that every one of them can be found, translated and recognised.

    raise Denied(Phrase("the bench is {state}", state="armed"))

A `Phrase` is its English text. It travels as such: over sockets, into records, through exceptions. The program that
shows it to a person translates it there (`twinfeed.harness.language.words`), whatever has become of the object. This
module imports the standard library only.
"""

from __future__ import annotations

from typing import Self


class Phrase(str):
    """The English text of a template, with its parameters filled in.

    Templates are as for `str.format`; one without parameters stands as it is. Two phrases of the same text are equal.
    """

    __slots__ = ("text", "values")

    text: str
    """The template, which is its msgid in the catalogue."""
    values: dict[str, object]

    def __new__(cls, text: str, /, **values: object) -> Self:
        made = super().__new__(cls, text.format(**values) if values else text)
        made.text, made.values = text, values
        return made


def N_(text: str) -> str:
    """Mark a text that is translated later, where it is shown; returns it as it is."""
    return text
