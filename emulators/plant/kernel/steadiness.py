"""The question whether a plant stays as it is: no timer due, no store on its way to its limit, no protection counting.

A quiet journal does not answer it. A chilled-water tank warms for an hour, a battery empties for half of one and an
inverse-time element counts for minutes before anything happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Protocol

SOON_S = 10.0
"""Controllers that try again do so after seconds."""


AHEAD = 2.0
"""A store may move faster later on: a battery's voltage falls and its current rises as it empties."""


@dataclass(frozen=True, slots=True)
class Store:
    """A quantity that fills or empties, and at whose limit something happens: a charge, a temperature, the heat of a
    thermal element."""

    name: str
    value: float
    limit: float
    """In the unit of the value."""


class HasStores(Protocol):
    """A part of the plant with stores."""

    id: str

    def stores(self) -> Iterable[Store]:
        """The stores that count now."""


@dataclass(frozen=True)
class Mark:
    """The stores of a plant at one instant."""

    now: float
    """Seconds since the site was started."""
    stores: Mapping[tuple[str, str], Store]
    """By actor and name."""
    soon: frozenset[tuple[str, str]]
    """Timers, by actor and name, that are due within `SOON_S`."""


def marked(now: float, actors: Iterable[HasStores], timers: Mapping[tuple[str, str], tuple[float, int]]) -> Mark:
    """The stores of these actors now; `timers` are those that run, with when each is due."""
    stores = {(actor.id, store.name): store for actor in actors for store in actor.stores()}
    return Mark(now, stores, frozenset(key for key, (due, _) in timers.items() if due <= now + SOON_S))


def due_s(before: Mark, after: Mark, timers: Mapping[tuple[str, str], tuple[float, int]]) -> float:
    """Time until the next timer that is no repetition, s after the second mark; inf for none.

    A timer that is due soon at both marks, which are further apart, has been set again and again: a controller that
    tries and tries, and gets nowhere.
    """
    again = before.soon & after.soon if after.now - before.now > SOON_S else frozenset[tuple[str, str]]()
    return min((due - after.now for key, (due, _) in timers.items() if key not in again), default=inf)


def arrivals_s(before: Mark, after: Mark) -> dict[tuple[str, str], float]:
    """Time until each store is at its limit, at the rate at which it moved between the marks, s after the second.

    A store that rests, moves away from its limit or is new at the second mark has none. One at its limit has 0.
    """
    dt = after.now - before.now
    found = {}
    for key, store in after.stores.items():
        gap = store.limit - store.value
        rate = (store.value - before.stores[key].value) / dt if key in before.stores and dt > 0.0 else 0.0
        if gap == 0.0 or rate * gap > 0.0:
            found[key] = abs(gap / rate) if gap else 0.0
    return found
