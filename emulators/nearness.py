"""The names nearest to a misspelt one, as the end of an error message.

This module imports nothing of twinfeed: the plant, the devices, the harness and the rigs use it alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from twinfeed._phrases import Phrase

LONGEST = 100
"""Characters of a name that are compared: comparing takes time that grows with the square of the length."""


def nearest(found: object, known: Iterable[str], most: int = 3, likeness: float = 0.6) -> list[str]:
    """At most `most` of the known names that are spelt nearly as `found`, the nearest first.

    `likeness` is the least ratio of equal characters, from 0 to 1 (see `difflib.get_close_matches`).
    """
    return get_close_matches(str(found)[:LONGEST], list(dict.fromkeys(known)), most, likeness)


def did_you_mean(found: object, known: Iterable[str], otherwise: str = "", most: int = 3) -> str:
    """`; did you mean ups-a1, ups-a2?`, or the text `otherwise` if no known name is near."""
    near = nearest(found, known, most)
    return Phrase("; did you mean {near}?", near=", ".join(near)) if near else otherwise
