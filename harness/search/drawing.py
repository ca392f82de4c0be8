"""Scenarios made by choices: faults of a menu, disturbances of the grid, deeds of people.

Each function takes a `choose`, which returns one of several options. `by_chance` chooses with a seeded generator, for
searches; the strategies of `strategies` choose with Hypothesis, which also shrinks. The first option is the simplest.

A Tier III site must ride through any disturbance of the grid, which the Uptime Institute's Tier Standard: Topology
counts as an expected condition and not as a failure, and through one failure or one work at a time. So a scenario has
any disturbances of the utilities and, by default, one other fault; `at_once` allows more.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from twinfeed.emulators.plant.kernel.deeds import Argument, Word
from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.harness.faults.deeds import Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.menu import Menu

GRID_S = 10
"""Onsets are whole multiples of this, s, so that shrinking is quick and its results are easy to read."""

FIRST_S = 30.0
"""The earliest onset, s."""

LASTING_S = (None, None, None, None, 60.0, 300.0, 900.0, 10.0)
"""Durations of a fault, s; the simplest is to the end."""

DISTANCES_S = (10.0, 30.0, 60.0, 180.0, 300.0, 600.0)
"""Distances between two events that control logic cares about, s: a scan, a start, a start with retries, a cool-down, a
rearm, a recharge."""

FLAPS = (None, None, None, None, None, None, (30.0, 30.0), (90.0, 60.0))
"""(s on, s off) of flapping faults."""

DISTURBANCES = 2
"""Number of different disturbances of the grid in one scenario."""

ACTS = 2
"""Number of deeds in one scenario."""

LATE_S = (60.0, 300.0, 900.0)
"""Delays of people who come too late, s."""

WEIGHTS = {"plant": 6, "people": 2}
"""Family -> how often it is drawn; the others once. Power is the cause of 54 % of the latest serious outages, and
procedures that are not followed lead among human errors (58 %), by the Annual Outage Analysis of the Uptime Institute.
The weights lean that way; they are no estimate of probabilities."""

OFTEN = (False, True, True, True)
"""Three of four times yes."""

SELDOM = (False, False, False, True)
"""One of four times yes."""

YES_OR_NO = (False, True)

T = TypeVar("T")


class Choose(Protocol):
    """Returns one of the options, of which there is at least one."""

    def __call__(self, options: Sequence[T], /) -> T: ...


def by_chance(rng: random.Random) -> Choose:
    """Choices by that generator: the same seed gives the same ones on every machine."""
    return rng.choice


def injection(
    choose: Choose,
    pairs: tuple[tuple[str, str], ...],
    menu: Menu,
    first_s: float,
    last_s: float,
    often: str = "",
) -> Injection:
    """One fault from those pairs, its onset between those times; more than half of them of the kind `often`."""
    kinds = tuple(dict.fromkeys(kind for _, kind in pairs))
    kind = choose((often,) * len(kinds) + kinds if often in kinds else kinds)
    target = choose([t for t, k in pairs if k == kind])
    at_s = _onset(choose, first_s, last_s)
    for_s = choose(LASTING_S)
    flap = choose(FLAPS)
    numbers = {}
    for name, spec in menu.parameters[target.partition(":")[0], kind].items():
        part = choose((None, 0.25, 0.75, 1.0))
        if part is not None and spec.typical:
            numbers[name] = choose(spec.typical)
        elif part is not None:
            numbers[name] = _between(spec, part, menu.most.get((target.partition(":")[0], name), spec.high))
    return Injection(target, kind, at_s, for_s, numbers, flap=flap)


def _onset(choose: Choose, first_s: float, last_s: float) -> float:
    """A quarter of the onsets come first, so that many faults are there when the next one begins."""
    if not choose(OFTEN):
        return first_s
    return first_s + GRID_S * choose(range(1 + max(0, int((last_s - first_s) // GRID_S))))


def disturbance(choose: Choose, menu: Menu, first_s: float, last_s: float) -> tuple[Injection, ...]:
    """A disturbance of the grid: of one utility or of all at once, for two feeds of one grid fail together. It may come
    again, at a distance that control logic cares about."""
    one = injection(choose, menu.grid, menu, first_s, last_s, often="outage")
    times = [one]
    if one.for_s is not None and one.flap is None and choose(YES_OR_NO):
        again_s = one.at_s + one.for_s + choose(DISTANCES_S)
        times += [replace(one, at_s=again_s)] if again_s <= last_s else []
    if not choose(YES_OR_NO):
        return tuple(times)
    alike = [target for target, kind in menu.grid if kind == one.kind]
    return tuple(replace(each, target=target) for each in times for target in alike)


def failure(choose: Choose, menu: Menu, first_s: float, last_s: float) -> Injection:
    """One fault of anything but the grid, the families by their `WEIGHTS`."""
    families = tuple(family for family in menu.others for _ in range(WEIGHTS.get(family, 1)))
    return injection(choose, menu.others[choose(families)], menu, first_s, last_s)


def deed(choose: Choose, menu: Menu, first_s: float, last_s: float) -> Deed:
    """One deed of a person, its onset between those times."""
    name = choose(tuple(dict.fromkeys(name for _, name in menu.deeds)))
    target = choose([at for at, other in menu.deeds if other == name])
    at_s = _onset(choose, first_s, last_s)
    given: dict[str, Argument] = {}
    for argument, takes in menu.takes[target, name].items():
        if isinstance(takes, Word) and takes.words:
            given[argument] = choose(takes.words)
        elif isinstance(takes, Parameter) and choose(YES_OR_NO):
            given[argument] = _between(takes, 1.0, menu.most.get((target, argument), takes.high))
    return Deed(target, name, at_s, given)


def mistake(choose: Choose, planned: Deed, menu: Menu) -> Deed:
    """A planned deed as people may do it: right, left out, too late, or at another target that has the same deed."""
    alike = tuple(target for target, name in menu.deeds if name == planned.deed and target != planned.target)
    match choose(("right", "right", "right", "skipped", "late", *(("wrong",) if alike else ()))):
        case "skipped":
            return replace(planned, skipped=True)
        case "late":
            return replace(planned, late_s=choose(LATE_S))
        case "wrong":
            return replace(planned, wrong=choose(alike))
    return planned


def _between(spec: Parameter, part: float, most: float) -> float:
    """A number of the parameter's range: from its default so much of the way to its upper end, or to `most`."""
    number = round(spec.default + (min(most, spec.high) - spec.default) * part, 6)
    return round(number) if spec.whole else number


def scenario(
    choose: Choose,
    menu: Menu,
    frame: Scenario,
    at_once: int = 1,
    first_s: float = FIRST_S,
    last_s: float | None = None,
) -> Scenario:
    """The frame with faults and deeds: the injections are drawn, and drawn deeds join those that the frame has."""
    last = frame.duration_s / 2.0 if last_s is None else last_s
    grid: list[Injection] = []
    # Each has a place of its own that may be empty, which Hypothesis empties in one step; out of the front of a list it
    # does not take what has as many choices as a fault.
    for _ in range(DISTURBANCES if menu.grid else 0):
        if choose(YES_OR_NO):
            grid += disturbance(choose, menu, first_s, last)
    others: list[Injection] = []
    for _ in range(at_once if menu.others else 0):
        if choose(OFTEN):
            others.append(failure(choose, menu, first_s, last))
    acts = [deed(choose, menu, first_s, last) for _ in range(ACTS if menu.deeds else 0) if choose(OFTEN)]
    # A fault that is there when the grid fails matters most: at the same instant it comes first.
    chosen = [*others, *grid]
    ordered = tuple(sorted(chosen, key=lambda each: each.at_s))
    planned = [mistake(choose, each, menu) if menu.deeds else each for each in frame.deeds]
    return replace(frame, injections=ordered, deeds=(*planned, *sorted(acts, key=lambda each: each.at_s)))
