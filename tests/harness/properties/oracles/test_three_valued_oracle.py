"""Verdicts over gaps are those of an oracle that goes through all times and all starts one by one.

The oracle knows nothing of how verdicts are made. Everything changes at whole seconds, so time is a row of cells; a
comparison of an unknown number is tried with many numbers; starts within an unknown stretch are tried every half second.
A second test fills the gaps in: what holds, or is violated, is so however that is done.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import Monitor, evaluate, parse
from twinfeed.harness.unknown import Unknown

LENGTH = 10
STATES, COUNTS = ("p.on", "q.on"), ("x.n", "y.n")
ANY_COUNT = (*range(-4, 5), -1000, 1000)
"""What an unknown number may be: all that the limits tell apart."""
EXAMPLES = 40
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
    """What a comparison is for every value that the unknown ones of these may have."""

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
    """What it was when it was last known."""
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


def agree(text: str, cells, expected: Truth) -> None:
    (verdict,) = evaluate(trace_of(cells), text)
    found = False if verdict.violated else None if verdict.inconclusive else True
    if found and verdict.vacuous:
        return
    if expected and "implies" in text:  # whether a premise was ever true may be unknown
        assert found is not False
    else:
        assert found is expected, str(verdict)


spans = st.tuples(st.integers(0, 5), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))
times = st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 9.0])
FOREVER = (0.0, float("inf"))


@given(records(), formulas())
@MANY
def test_always_and_never(cells, formula):
    row = truths(formula, cells)
    agree(f"always {formula.text}", cells, always(row, *FOREVER))
    agree(f"never {formula.text}", cells, always([inverse(value) for value in row], *FOREVER))


@given(records(), formulas())
@MANY
def test_eventually(cells, formula):
    agree(f"eventually {formula.text}", cells, eventually(truths(formula, cells), *FOREVER))


@given(records(), formulas(), spans)
@MANY
def test_in_a_span_of_time(cells, formula, span):
    row, between = truths(formula, cells), f"between {span[0]} s and {span[1]} s"
    agree(f"always {between}: {formula.text}", cells, always(row, *span))
    agree(f"eventually {between}: {formula.text}", cells, eventually(row, *span))


@given(records(), formulas(), spans, times)
@MANY
def test_with_a_grace(cells, formula, span, grace):
    row = truths(formula, cells)
    agree(f"always grace {grace} s: {formula.text}", cells, always(row, *FOREVER, grace))
    agree(
        f"always between {span[0]} s and {span[1]} s grace {grace} s: {formula.text}", cells, always(row, *span, grace)
    )


@given(records(), formulas(), st.integers(0, 12), times)
@MANY
def test_within_and_held(cells, formula, deadline, hold):
    row = truths(formula, cells)
    agree(f"within {deadline} s: {formula.text}", cells, eventually(row, 0.0, deadline))
    agree(f"within {deadline} s for at least {hold} s: {formula.text}", cells, eventually(row, 0.0, deadline, hold))
    agree(f"eventually for at least {hold} s: {formula.text}", cells, eventually(row, *FOREVER, hold))


@given(records(), formulas(), formulas())
@MANY
def test_until(cells, first, second):
    agree(f"({first.text}) until ({second.text})", cells, until(truths(first, cells), truths(second, cells)))


@given(records(), formulas(), st.integers(1, 6))
@MANY
def test_for_at_least(cells, formula, time):
    agree(f"for at least {time} s: {formula.text}", cells, for_at_least(truths(formula, cells), time))


@given(records(), formulas(), formulas(1), st.integers(0, 6), spans)
@MANY
def test_counted_from_each_start(cells, formula, trigger, deadline, span):
    row, starts = truths(formula, cells), truths(trigger, cells)
    expected, certain = counted_from(starts, lambda s: eventually(row, s, s + deadline))
    text = f"within {deadline} s of {trigger.text}: {formula.text}"
    agree(text, cells, expected)
    assert evaluate(trace_of(cells), text)[0].starts == certain
    expected, _ = counted_from(starts, lambda s: always(row, s + span[0], s + span[1]))
    agree(f"always after {trigger.text} between {span[0]} s and {span[1]} s: {formula.text}", cells, expected)
    expected, _ = counted_from(starts, lambda s: eventually(row, s + span[0], s + span[1]))
    agree(f"eventually after {trigger.text} between {span[0]} s and {span[1]} s: {formula.text}", cells, expected)
    expected, _ = counted_from(starts, lambda s: always(row, s, float("inf")))
    agree(f"always after {trigger.text}: {formula.text}", cells, expected)
    expected, _ = counted_from(starts, lambda s: eventually(row, s, float("inf")))
    agree(f"eventually after {trigger.text}: {formula.text}", cells, expected)


@given(state_rows(), state_rows(), st.integers(0, 5), spans, times)
@settings(max_examples=4 * EXAMPLES, deadline=None)
def test_of_two_states(p, q, deadline, span, grace):
    """The same where it matters most: a trigger and a duty that are known by stretches."""
    cells = {"p.on": p, "q.on": q}
    for text, duty in {
        f"within {deadline} s of p.on: q.on": lambda s: eventually(q, s, s + deadline),
        f"always after p.on between {span[0]} s and {span[1]} s: q.on": lambda s: always(q, s + span[0], s + span[1]),
        f"eventually after p.on between {span[0]} s and {span[1]} s: q.on": lambda s: eventually(
            q, s + span[0], s + span[1]
        ),
    }.items():
        agree(text, cells, counted_from(p, duty)[0])
    agree(f"always grace {grace} s: q.on", cells, always(q, *FOREVER, grace))
    agree(f"within {deadline} s for at least {grace} s: q.on", cells, eventually(q, 0.0, deadline, grace))
    agree(f"for at least {deadline + 1} s: q.on", cells, for_at_least(q, deadline + 1))
    agree("p.on until q.on", cells, until(p, q))


# -- filled in ------------------------------------------------------------------------------------------------------------

TEXTS = [
    "always z.v < 2 hysteresis 1",
    "always z.v * x.n < 6 or p.on",
    "always change(z.v, 3 s) <= 4",
    "never rate(x.n, 2 s) > 7200",
    "always z.v / x.n < 2",
    "never p.on rises and z.v > 0",
    "within 2 s of p.on falls: z.v > 1 or q.on",
    "within 3 s of z.v > 1 rises for at least 1 s: q.on",
    "eventually after p.on rises between 1 s and 4 s: min(z.v, x.n) > 0",
    "always after q.on falls grace 1 s: z.v < 3",
    "always p.on rises implies z.v < 2",
    "z.v < 3 until p.on falls",
    "for at least 2 s: z.v > 0",
    "for at least 2 s after p.on: z.v > 0 or q.on",
    "always sum(z.v, x.n) > -4",
    "never count(p.on, q.on, z.v > 1) == 2",
    "always change(max(z.v, x.n), 3 s) <= 4",
    "never rate(change(z.v, 2 s), 2 s) > 3600",
    "always max(change(z.v, 2 s), x.n) < 5 hysteresis 1",
    "within 2 s of change(x.n, 2 s) > 3: z.v < 2",
    "always after z.v - x.n > 2 rises between 1 s and 3 s: p.on or change(z.v, 1 s) < 3",
    "always between 3 s and 7 s: change(x.n, 2 s) == 0 or abs(z.v) > 1",
]
EDGES = [
    "never p.on rises",
    "never p.on falls",
    "never p.on rises and q.on",
    "always p.on falls implies q.on",
    "within 1 s of p.on rises: q.on",
    "within 2 s of p.on falls: not q.on",
    "always after p.on rises between 0 s and 1 s: q.on",
    "for at least 2 s after p.on falls: q.on",
    "eventually p.on rises",
    "q.on until p.on rises",
    "always after p.on grace 1 s: q.on",
    "within 3 s of p.on for at least 1 s: q.on",
]
LEVELS = st.integers(-6, 6).map(lambda n: n / 2)


@st.composite
def filled(draw, names=(*STATES, *COUNTS, "z.v")):
    """A record with gaps, and the same with something in them."""
    points, whole = {}, {}
    for name in names:
        values = st.booleans() if name.endswith("on") else st.integers(-3, 3) if name.endswith("n") else LEVELS
        times = sorted(draw(st.sets(st.integers(1, LENGTH - 1), max_size=5)))
        points[name] = [(0.0, draw(values)), *((float(t), draw(st.one_of(st.just(None), values))) for t in times)]
        full, last = [], None
        for n, (t, value) in enumerate(points[name]):
            if value is not None:
                full.append((t, value))
                last = value
                continue
            until = points[name][n + 1][0] if n + 1 < len(points[name]) else float(LENGTH)
            full.append((t, last))  # until then it was known to be that
            inside = sorted(draw(st.lists(st.integers(0, 8), max_size=3)))
            full += [(t + (until - t) * part / 8, draw(values)) for part in inside]
            last = full[-1][1]
            full.append((until, last))
        whole[name] = full
    gapped = Trace({n: [(t, Unknown("not seen") if v is None else v) for t, v in row] for n, row in points.items()})
    complete = Trace(whole)
    for trace in (gapped, complete):
        trace.reach(float(LENGTH))
    return gapped, complete


@given(filled(), st.sampled_from(TEXTS))
@settings(max_examples=3 * EXAMPLES, deadline=None)
def test_what_is_decided_is_so_however_the_gaps_are_filled(traces, text):
    gapped, complete = (evaluate(trace, text)[0] for trace in traces)
    if gapped.violated:
        assert complete.violated, f"{gapped}\n{complete}"
    elif not gapped.inconclusive:
        assert complete.holds, f"{gapped}\n{complete}"
        assert complete.vacuous == gapped.vacuous


@given(filled(STATES), st.sampled_from(EDGES))
@settings(max_examples=8 * EXAMPLES, deadline=None)
def test_so_are_edges(traces, text):
    gapped, complete = (evaluate(trace, text)[0] for trace in traces)
    if gapped.violated:
        assert complete.violated, f"{gapped}\n{complete}"
    elif not gapped.inconclusive:
        assert complete.holds, f"{gapped}\n{complete}"
        assert complete.vacuous == gapped.vacuous


@given(filled(), formulas(), st.sampled_from(["always", "eventually", "never"]))
@MANY
def test_so_is_any_formula(traces, formula, kind):
    gapped, complete = (evaluate(trace, parse(f"{kind} {formula.text}"))[0] for trace in traces)
    assume(not gapped.inconclusive)
    assert complete.violated == gapped.violated, f"{gapped}\n{complete}"


@given(filled(), st.sampled_from([*TEXTS, *EDGES]))
@settings(max_examples=3 * EXAMPLES, deadline=None)
def test_while_a_record_with_gaps_grows_the_verdict_is_the_same(traces, text):
    whole, grown = traces[0], Trace()
    monitor = None
    for t in sorted({t for points in whole.values() for t, _ in points} | {float(LENGTH)}):
        for name in whole:
            grown.add(t, name, whole.at(name, t))
        monitor = monitor or Monitor([text], grown)
        monitor.update(t)
    (online,), (offline,) = monitor.finish(), evaluate(whole, text)
    assert (online.word, online.starts) == (offline.word, offline.starts), f"{online}\n{offline}"
