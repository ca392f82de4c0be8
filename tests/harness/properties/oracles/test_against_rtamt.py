"""Verdict and margin are those of rtamt, a library for signal temporal logic that nobody here wrote.

rtamt's dense time holds a value until the next sample, so the traces here are of whole numbers (which our traces hold
too), and its `within` is `eventually[0,d]` of what it calls robustness: the distance from the limit, not the time left.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import always, evaluate, eventually, never, until, within
from twinfeed.harness.unknown import Unknown


@pytest.fixture(autouse=True, scope="module")
def _rtamt_is_installed() -> None:
    pytest.importorskip("rtamt", reason="rtamt is not installed: pip install rtamt (Python 3.12 or older)")


FEW = settings(max_examples=examples(40), deadline=None)
"""It takes rtamt 10 ms to parse a formula."""

LENGTH = 24
NAMES = ("a", "b", "c")

courses = st.lists(
    st.tuples(st.integers(1, LENGTH - 1), st.integers(-5, 5)), max_size=8, unique_by=lambda point: point[0]
).map(sorted)
"""Changes of one quantity at whole seconds."""


@st.composite
def traces(draw):
    """Samples of all names, as both sides want them."""
    points = {}
    for name in NAMES:
        first = draw(st.integers(-5, 5))
        points[name] = [(0, first), *draw(courses)]
        points[name].append((LENGTH, points[name][-1][1]))
    return points


@st.composite
def atoms(draw):
    """(our text, rtamt's) of a comparison. Limits lie between whole numbers: at a distance of 0 rtamt has no opinion."""
    op = draw(st.sampled_from(["<", "<=", ">", ">="]))
    left = draw(st.sampled_from(NAMES))
    right = draw(st.sampled_from([f"{n}.5" for n in range(-4, 4)] + ["b - 0.5", "c * 2 + 0.5"]))
    ours = f"x.{left} {op} {right.replace('b', 'x.b').replace('c', 'x.c')}"
    theirs = right.replace("-", "- ", 1) if right[0] != "-" else f"(0 - {right[1:]})"
    return ours, f"({left} {op} {theirs})"


@st.composite
def formulas(draw, depth=2):
    if depth == 0 or draw(st.booleans()):
        return draw(atoms())
    if draw(st.integers(0, 3)) == 0:
        ours, theirs = draw(formulas(depth - 1))
        return f"not ({ours})", f"(not {theirs})"
    op = draw(st.sampled_from(["and", "or", "implies"]))
    (left, their_left), (right, their_right) = draw(formulas(depth - 1)), draw(formulas(depth - 1))
    return f"({left}) {op} ({right})", f"({their_left} {op} {their_right})"


spans = st.tuples(st.integers(0, 8), st.integers(1, 10)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def judged_by_rtamt(text, points):
    """The robustness at time 0."""
    import rtamt  # half a second, which is no other test's

    spec = rtamt.StlDenseTimeSpecification()
    for name in (*NAMES, "out"):
        spec.declare_var(name, "float")
    spec.spec = f"out = {text}"
    spec.parse()
    found = spec.evaluate(*[[name, [[float(t), float(v)] for t, v in points[name]]] for name in NAMES])
    return found[0][1]


def judged_by_us(property, points):
    trace = Trace({f"x.{name}": [(float(t), v) for t, v in points[name]] for name in NAMES})
    trace.reach(float(LENGTH))
    (verdict,) = evaluate(trace, property)
    return verdict


def agree(property, text, points):
    verdict, robustness = judged_by_us(property, points), judged_by_rtamt(text, points)
    assert verdict.holds == (robustness > 0.0)
    assert verdict.margin == pytest.approx(robustness)


@given(traces(), formulas())
@FEW
def test_always(points, formula):
    agree(always(formula[0]), f"always {formula[1]}", points)


@given(traces(), formulas())
@FEW
def test_never(points, formula):
    agree(never(formula[0]), f"always (not {formula[1]})", points)


@given(traces(), formulas())
@FEW
def test_eventually(points, formula):
    agree(eventually(formula[0]), f"eventually {formula[1]}", points)


@given(traces(), formulas(), spans)
@FEW
def test_always_with_bounds(points, formula, span):
    agree(always(formula[0], between=span), f"always[{span[0]},{span[1]}] {formula[1]}", points)


@given(traces(), formulas(), spans)
@FEW
def test_eventually_with_bounds(points, formula, span):
    agree(eventually(formula[0], between=span), f"eventually[{span[0]},{span[1]}] {formula[1]}", points)


@given(traces(), formulas(), formulas())
@FEW
def test_until(points, first, second):
    """rtamt wants the first to hold when the second comes, too; with `first or second` that is our meaning."""
    agree(until(first[0], second[0]), f"(({first[1]} or {second[1]}) until {second[1]})", points)


@given(traces(), formulas(), st.integers(0, 12))
@FEW
def test_within(points, formula, deadline):
    verdict = judged_by_us(within(deadline, formula[0]), points)
    assert verdict.holds == (judged_by_rtamt(f"eventually[0,{deadline}] {formula[1]}", points) > 0.0)
    assert verdict.holds == (verdict.margin >= 0.0)


@given(
    traces(), formulas(), st.integers(0, 4), st.lists(st.integers(1, LENGTH - 6), min_size=1, max_size=4, unique=True)
)
@FEW
def test_within_a_time_of_each_start(points, formula, deadline, starts):
    """A start is a pulse of a quarter of a second: what else happens happens at whole seconds, so it is one time to rtamt."""
    pulses = [(0.0, -1), *((t, v) for start in sorted(starts) for t, v in ((start, 1), (start + 0.25, -1)))]
    pulsed = {**points, "c": [*pulses, (float(LENGTH), -1)]}
    verdict = judged_by_us(within(deadline, formula[0], after="x.c > 0 rises"), pulsed)
    expected = judged_by_rtamt(f"always ((c > 0) implies (eventually[0,{deadline}] {formula[1]}))", pulsed)
    assert verdict.starts == len(starts)
    assert verdict.holds == (expected > 0.0)


def test_the_time_left_is_what_within_is_judged_by():
    points = {"a": [(0, 0), (7, 1), (LENGTH, 1)], "b": [(0, 0), (LENGTH, 0)], "c": [(0, 0), (LENGTH, 0)]}
    assert judged_by_us(within(10, "x.a > 0.5"), points).margin == 3.0
    assert judged_by_us(within(5, "x.a > 0.5"), points).margin == -2.0
    assert judged_by_us(within(5, "x.a > 1.5"), points).margin == 5.0 - LENGTH
    assert math.isinf(judged_by_us(within(5, "x.a > 0.5", after="x.b > 0.5"), points).margin)


# -- with gaps ------------------------------------------------------------------------------------------------------------


@st.composite
def gapped(draw):
    """A trace of ours with gaps, and what rtamt gets: the same with something in them."""
    points = draw(traces())
    ours = Trace({f"x.{name}": [(float(t), v) for t, v in series] for name, series in points.items()})
    gaps = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, LENGTH - 4), st.integers(1, 3)), max_size=3))
    unknown = {
        name: {t for gap, start, length in gaps if gap == name for t in range(start, start + length)} for name in NAMES
    }
    seen, filled = Trace(), {}
    for name in NAMES:
        filled[name] = []
        for t in range(LENGTH):
            value = ours.at(f"x.{name}", float(t))
            hidden = t in unknown[name]
            seen.add(float(t), f"x.{name}", Unknown("not seen") if hidden else value)
            filled[name].append((t, draw(st.integers(-5, 5)) if hidden else value))
        filled[name].append((LENGTH, filled[name][-1][1]))
    seen.reach(float(LENGTH))
    return seen, filled


@given(
    gapped(),
    formulas(),
    formulas(),
    st.sampled_from(["always", "never", "eventually", "until", "always[]", "eventually[]", "within"]),
    spans,
)
@settings(max_examples=examples(120), deadline=None)
def test_what_is_decided_over_gaps_is_what_rtamt_says_of_whatever_was_in_them(traces, first, second, kind, span):
    (trace, points), (ours, theirs) = traces, first
    low, high = span
    property, text = {
        "always": (always(ours), f"always {theirs}"),
        "never": (never(ours), f"always (not {theirs})"),
        "eventually": (eventually(ours), f"eventually {theirs}"),
        "until": (until(ours, second[0]), f"(({theirs} or {second[1]}) until {second[1]})"),
        "always[]": (always(ours, between=span), f"always[{low},{high}] {theirs}"),
        "eventually[]": (eventually(ours, between=span), f"eventually[{low},{high}] {theirs}"),
        "within": (within(high, ours), f"eventually[0,{high}] {theirs}"),
    }[kind]
    (verdict,) = evaluate(trace, property)
    if not verdict.inconclusive:
        assert verdict.holds == (judged_by_rtamt(text, points) > 0.0), str(verdict)
