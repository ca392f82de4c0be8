"""Alterations of a scenario that reached something: shift an onset, stretch, add, leave out, repeat, combine.

Each takes the injections and returns others, or None where it does not apply. Onsets stay whole multiples of
`drawing.GRID_S`, so that a finding is easy to read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.search.drawing import DISTANCES_S, GRID_S, LASTING_S

Faults = tuple[Injection, ...]
Alteration = Callable[[Faults, random.Random, float], Faults | None]
"""Injections, the source of chance, the last onset s."""


def shifted(faults: Faults, rng: random.Random, last_s: float) -> Faults | None:
    """An onset earlier or later: that of one fault, or of all that come together with it."""
    if not faults:
        return None
    chosen = _chosen(faults, rng)
    by_s = rng.choice((-1.0, 1.0)) * rng.choice(DISTANCES_S)
    at_s = min(max(chosen[0].at_s + by_s, GRID_S), last_s)
    return _with(faults, chosen, [replace(fault, at_s=at_s) for fault in chosen])


def stretched(faults: Faults, rng: random.Random, last_s: float) -> Faults | None:
    """Another length, of one fault or of all that come together with it; steady in place of flapping."""
    if not faults:
        return None
    chosen = _chosen(faults, rng)
    for_s = chosen[0].for_s
    choices = [*LASTING_S] if for_s is None else [None, for_s * 2.0, max(1.0, round(for_s / 2.0)), *LASTING_S]
    longer_s = rng.choice(choices)
    return _with(faults, chosen, [replace(fault, for_s=longer_s, flap=None) for fault in chosen])


def fewer(faults: Faults, rng: random.Random, last_s: float) -> Faults | None:
    """Without one of them."""
    if len(faults) < 2:
        return None
    n = rng.randrange(len(faults))
    return faults[:n] + faults[n + 1 :]


def repeated(faults: Faults, rng: random.Random, last_s: float) -> Faults | None:
    """The same again after it has ended, of one fault or of all that come together with it: a controller that rearms,
    cools down or recharges is tried twice."""
    if not faults:
        return None
    chosen = _chosen(faults, rng)
    names = {(fault.target, fault.kind) for fault in chosen}
    if sum((fault.target, fault.kind) in names for fault in faults) > len(chosen):
        return None  # it comes twice already
    for_s = chosen[0].for_s if chosen[0].for_s is not None else rng.choice((60.0, 300.0))
    again_s = GRID_S * round((chosen[0].at_s + for_s + rng.choice(DISTANCES_S)) / GRID_S)
    if again_s > last_s:
        return None
    once = [replace(fault, for_s=for_s, flap=None) for fault in chosen]
    return _with(faults, chosen, [*once, *(replace(fault, at_s=float(again_s)) for fault in once)])


def together(faults: Faults, rng: random.Random, last_s: float) -> Faults | None:
    """Two of them at the same instant."""
    if len(faults) < 2:
        return None
    first, second = rng.sample(faults, 2)
    return _with(faults, [first], [replace(first, at_s=second.at_s)])


OF_ONE: Sequence[Alteration] = (shifted, shifted, stretched, repeated, repeated, together, fewer)
"""Alterations of one scenario; those that control logic is most sensitive to stand twice."""


def combined(faults: Faults, others: Faults) -> Faults:
    """The faults of two scenarios, each once."""
    return _ordered((*faults, *(fault for fault in others if fault not in faults)))


def _chosen(faults: Faults, rng: random.Random) -> list[Injection]:
    """One fault, or with it the others of its kind that begin at the same time: two feeds of one grid fail together."""
    one = rng.choice(faults)
    if rng.random() < 0.3:
        return [one]
    return [fault for fault in faults if (fault.kind, fault.at_s) == (one.kind, one.at_s)]


def _with(faults: Faults, gone: Sequence[Injection], come: Sequence[Injection]) -> Faults:
    left = list(faults)
    for fault in gone:
        left.remove(fault)
    return _ordered((*left, *come))


def _ordered(faults: Faults) -> Faults:
    return tuple(sorted(faults, key=lambda fault: fault.at_s))
