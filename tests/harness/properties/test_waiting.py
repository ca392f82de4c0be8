"""While `after` has not come nothing else is evaluated: the verdicts are the same as if it were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import Monitor, parse
from twinfeed.harness.properties.run import Run

TEXTS = [
    "within 5 s of a.on rises: x.y > 0",
    "within 5 s of a.on: x.y > 0 and b.on",
    "always after a.on falls: x.y < 3 or b.on",
    "eventually after a.on between 1 s and 9 s: b.on or x.y > 1",
    "never after a.on between 0 s and 4 s: x.y < -2 and not b.on",
    "within 3 s of x.y > 1: b.on",
    "within 3 s of a.on rises: change(x.y, 4 s) > 1",
]
HELD = "eventually after a.on between 1 s and 9 s for at least 2 s: b.on or x.y > 1"
"""Its margin, the time for which it was held, grows for as long as somebody reads it."""

states = st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=8, unique_by=lambda p: p[0]).map(
    lambda points: [(0.0, False), *((float(t), on) for t, on in sorted(points))]
)
numbers = st.lists(st.tuples(st.integers(1, 40), st.floats(-5.0, 5.0)), max_size=8, unique_by=lambda p: p[0]).map(
    lambda points: [(0.0, 0.0), *((float(t), round(v, 2)) for t, v in sorted(points))]
)


def record(courses, until=50.0):
    trace = Trace({name: [p for p in points if p[0] <= until] for name, points in courses.items()})
    trace.reach(until)
    return trace


def told(verdict):
    violations = [round(violation.t_s, 6) for violation in verdict.violations]
    return verdict.holds, verdict.undecided, verdict.starts, violations, round(verdict.margin, 6) + 0.0


@pytest.mark.parametrize("text", [*TEXTS, HELD])
@given(st.fixed_dictionaries({"a.on": states, "b.on": states, "x.y": numbers}))
@settings(max_examples=examples(60), deadline=None)
def test_looking_at_everything_says_the_same(text, courses):
    trace = record(courses)
    waiting, looking = Run(parse(text), trace), Run(parse(text), trace)
    looking._sleeps = False
    assert told(waiting.finish(50.0)) == told(looking.finish(50.0))


@pytest.mark.parametrize("text", TEXTS)
@given(st.fixed_dictionaries({"a.on": states, "b.on": states, "x.y": numbers}))
@settings(max_examples=examples(40), deadline=None)
def test_judging_while_it_grows_says_the_same(text, courses):
    whole, trace = record(courses), Trace()
    monitor = None
    for t in sorted({at for points in courses.values() for at, _ in points} | {50.0}):
        for name in courses:
            trace.add(t, name, whole.at(name, t))  # as a recorder does, at every instant
        monitor = monitor or Monitor([text], trace)
        monitor.update(t)
    assert told(monitor.finish()[0]) == told(Run(parse(text), whole).finish(50.0))
