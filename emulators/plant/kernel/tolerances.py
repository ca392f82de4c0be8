"""Tolerances of ratings: two machines of one kind are never quite alike.

    run_up_s: Annotated[float, Range(0.1, 120.0, "s"), Tolerance(-10.0, 10.0, "assumed")] = 3.5

The value in the site file, or the default, is the nominal one. Most runs use it, so that published figures stay. A
site with `tolerances: seeded` gives each component a value of its own out of the band, from the seed, the component's
name and the rating's name alone: the same seed makes the same site, and a component that is added changes no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from twinfeed.emulators.plant.kernel.ratings import Range

Tolerances = Literal["nominal", "seeded"]
"""nominal: every rating as written; seeded: each within its tolerance, drawn from the seed."""

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The band of a rating about its nominal value, in % of it, or in the rating's own unit (`absolute`)."""

    low: float
    high: float
    source: str
    """Of the band: a standard or a manual, or `assumed`."""
    absolute: bool = False

    def band(self, nominal: float) -> tuple[float, float]:
        """The lowest and highest value of a rating with that nominal value, in its unit."""
        if self.absolute:
            return nominal + self.low, nominal + self.high
        share = abs(nominal) / 100.0
        return nominal + self.low * share, nominal + self.high * share

    def draw(self, nominal: float, *of: object) -> float:
        """A value of the band, all alike probable, that depends on `of` alone: seed, component, rating."""
        low, high = self.band(nominal)
        return low + (high - low) * Random("/".join(map(str, of))).random()


def declared(ratings: type) -> Mapping[str, Tolerance]:
    """The ratings of a dataclass that have a tolerance."""
    return {name: tolerance for name, (tolerance, _) in _declared(ratings).items()}


def drawn(ratings: P, name: str, seed: int) -> P:
    """The ratings of the component `name` at a site of that seed: `ratings`, each within its tolerance and its range.

    Raises:
        ValueError: they do not fit together any more.
    """
    own: dict[str, Any] = {}
    kind: type = type(ratings)
    for rating, (tolerance, span) in _declared(kind).items():
        value = tolerance.draw(getattr(ratings, rating), seed, name, rating)
        own[rating] = min(max(value, span.low), span.high) if span is not None else value
    return replace(ratings, **own) if own else ratings  # type: ignore[type-var]  # ratings are dataclasses


@cache
def _declared(ratings: type) -> dict[str, tuple[Tolerance, Range | None]]:
    """The tolerance and range of each rating that has a tolerance."""
    found = {}
    for name, hint in get_type_hints(ratings, include_extras=True).items():
        marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        tolerance = next((mark for mark in marks if isinstance(mark, Tolerance)), None)
        if tolerance is not None:
            found[name] = tolerance, next((mark for mark in marks if isinstance(mark, Range)), None)
    return found
