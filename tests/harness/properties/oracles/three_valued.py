"""An oracle of verdicts over gaps, which goes through all times and all starts one by one.

The oracle knows nothing of how verdicts are made. Everything changes at whole seconds, so time is a row of cells; a
comparison of an unknown number is tried with many numbers; starts within an unknown stretch are tried every half second.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.journal import Trace
from twinfeed.harness.unknown import Unknown

LENGTH = 10
STATES, COUNTS = ("p.on", "q.on"), ("x.n", "y.n")
ANY_COUNT = (*range(-4, 5), -1000, 1000)
"""The values that an unknown number may have: all that the limits separate."""
EXAMPLES = examples(40, quick=10)
MANY = settings(max_examples=EXAMPLES, deadline=None)

Truth = bool | None
Cells = list[object]
"""The value in each second, None where it is unknown; the last one is also that of the record's last instant."""


def both(truths) -> Truth:
    truths = list(truths)
    return False if False in truths else None if None in truths else True


def either(truths) -> Truth:
    return inverse(both(inverse(truth) for truth in truths))


def inverse(truth: Truth) -> Truth:
    return None if truth is None else not truth


# -- expressions: their text, and what they are in one cell --------------------------------------------------------------


@dataclass(frozen=True)
class Formula:
    text: str
    of: object
    """(cell's values) -> truth."""


def _tried(names, holds):
    """The result of a comparison for every value that the unknown ones of these may have."""

    def truth(cell) -> Truth:
        choices = [
            (cell[name],) if cell[name] is not None else ((False, True) if name in STATES else ANY_COUNT)
            for name in names
        ]
        found = {holds(*values) for values in itertools.product(*choices)}
        return found.pop() if len(found) == 1 else None

    return truth


@st.composite
def atoms(draw):
    kind = draw(st.sampled_from(["state", "limit", "equal", "larger", "sum", "count", "two"]))
    name, k = draw(st.sampled_from(COUNTS)), draw(st.integers(-2, 2))
    state = draw(st.sampled_from(STATES))
    match kind:
        case "state":
            return Formula(state, lambda cell: cell[state])
        case "limit":
            return Formula(f"{name} < {k}", _tried([name], lambda v: v < k))
        case "equal":
            return Formula(f"{name} != {k}", _tried([name], lambda v: v != k))
        case "larger":
            return Formula(f"max(x.n, y.n) >= {k}", _tried(COUNTS, lambda x, y: max(x, y) >= k))
        case "sum":
            return Formula(f"x.n - y.n > {k}", _tried(COUNTS, lambda x, y: x - y > k))
        case "count":
            return Formula("count(p.on, q.on) >= 1", _tried(STATES, lambda p, q: p + q >= 1))
        case _:
            return Formula("abs(x.n) <= 1", _tried(["x.n"], lambda v: abs(v) <= 1))


@st.composite
def formulas(draw, depth=2):
    if depth == 0 or draw(st.booleans()):
        return draw(atoms())
    left, right = draw(formulas(depth - 1)), draw(formulas(depth - 1))
    match draw(st.sampled_from(["not", "and", "or", "implies"])):
        case "not":
            return Formula(f"not ({left.text})", lambda cell: inverse(left.of(cell)))
        case "and":
            return Formula(f"({left.text}) and ({right.text})", lambda cell: both([left.of(cell), right.of(cell)]))
        case "or":
            return Formula(f"({left.text}) or ({right.text})", lambda cell: either([left.of(cell), right.of(cell)]))
        case _:
            return Formula(
                f"({left.text}) implies ({right.text})",
                lambda cell: either([inverse(left.of(cell)), right.of(cell)]),
            )


@st.composite
def records(draw):
    """Each quantity's value in every second; about a third of it is unknown."""
    cells = {}
    for name in (*STATES, *COUNTS):
        values = st.booleans() if name in STATES else st.integers(-3, 3)
        changes = draw(st.dictionaries(st.integers(1, LENGTH - 1), st.one_of(st.none(), values, values), max_size=5))
        changes[0] = draw(st.one_of(st.none(), values, values, values))
        row, value = [], None
        for t in range(LENGTH):
            value = changes.get(t, value)
            row.append(value)
        cells[name] = [*row, row[-1]]
    return cells


def state_rows():
    """One state's value in each second, known or not, mostly what it was before."""
    stretches = st.lists(st.tuples(st.integers(1, 4), st.sampled_from([True, True, False, None])), max_size=8)
    return stretches.map(lambda found: _row([value for length, value in found for _ in range(length)]))


def _row(values: list[Truth]) -> Cells:
    row = [*values, *[True] * LENGTH][:LENGTH]
    return [*row, row[-1]]


def trace_of(cells) -> Trace:
    trace = Trace()
    for name, row in cells.items():
        for t, value in enumerate(row[:-1]):
            trace.add(float(t), name, Unknown("not seen") if value is None else value)
    trace.reach(float(LENGTH))
    return trace


def truths(formula: Formula, cells) -> list[Truth]:
    return [formula.of({name: row[t] for name, row in cells.items()}) for t in range(LENGTH + 1)]


# -- time -----------------------------------------------------------------------------------------------------------------


def looked_at(low: float, high: float) -> list[int]:
    """The cells that lie in that closed span of time; the last one is the record's last instant."""
    return [t for t in range(LENGTH) if t <= high and t + 1 > low] + ([LENGTH] if low <= LENGTH <= high else [])


def runs(row: list[Truth], kept: tuple[Truth, ...]) -> list[tuple[int, int]]:
    """(from, to) of the longest stretches on which it is one of those."""
    found, t = [], 0
    while t < LENGTH:
        end = t
        while end < LENGTH and row[end] in kept:
            end += 1
        if end > t:
            found.append((t, end))
        t = max(end, t + 1)
    return found


def always(row, low, high, grace=0.0) -> Truth:
    if grace:
        return _never_longer(row, low, high, grace)
    found = both(row[t] for t in looked_at(low, high))
    return None if found and LENGTH < high < float("inf") else found


def _never_longer(row, low, high, grace) -> Truth:
    def longest(kept):
        spans = [(max(a, low), min(b, high)) for a, b in runs(row, kept)]
        return max([b - a for a, b in spans if a <= high], default=0.0)

    if longest((False,)) > grace:
        return False
    if longest((False, None)) > grace or LENGTH < high < float("inf"):
        return None
    return None if row[LENGTH] is not True and high > LENGTH else True  # it may last


def eventually(row, low, high, hold=0.0) -> Truth:
    if hold:
        return _long_enough(row, low, high, hold)
    found = either(row[t] for t in looked_at(low, high))
    return None if found is False and LENGTH < high < float("inf") else found


def _long_enough(row, low, high, hold) -> Truth:
    def enough(kept, or_pending):
        spans = [(max(a, low), b) for a, b in runs(row, kept) if b > low]
        if LENGTH in looked_at(low, high) and row[LENGTH] in kept and (not spans or spans[-1][1] < LENGTH):
            spans.append((LENGTH, LENGTH))
        return any(a <= high and (b - a >= hold or (or_pending and b == LENGTH)) for a, b in spans)

    if enough((True,), or_pending=False):
        return True
    return None if enough((True, None), or_pending=True) or LENGTH < high < float("inf") else False


def until(row, end) -> Truth:
    return either(both([end[t], *row[:t]]) for t in range(LENGTH + 1))


def for_at_least(row, time) -> Truth:
    """Becoming true at the last instant is not seen, for nothing changes there."""
    starts = [t for t in range(1, LENGTH) if row[t] is True and row[t - 1] is False]
    if any(False in row[start : min(start + time, LENGTH)] for start in starts):
        return False
    if None in row or any(start + time > LENGTH for start in starts if all(row[start:])):
        return None
    return True


def counted_from(trigger: list[Truth], duty) -> tuple[Truth, int]:
    """The duty from each time at which the trigger becomes true, and how many of them are certain."""
    found, certain = [], 0
    before: Truth = False
    """The value when it was last known."""
    t = 0
    while t <= LENGTH:
        if trigger[t] is None:
            end = t
            while end < LENGTH and trigger[end] is None:
                end += 1
            halves = [t + n / 2 for n in range(2 * (end - t) + 1)]
            found += [True if duty(start) else None for start in halves]
            if trigger[end] and not before:
                certain += 1
            before, t = (trigger[end] if trigger[end] is not None else before), end + 1
            continue
        if trigger[t] and not before:
            found.append(duty(t))
            certain += 1
        before, t = trigger[t], t + 1
    if not certain:
        found.append(None if None in trigger else True)
    return both(found), certain
