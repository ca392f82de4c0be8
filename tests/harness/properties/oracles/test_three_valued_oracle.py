"""Verdicts over gaps are those of the oracle `three_valued`."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from three_valued import (
    EXAMPLES,
    MANY,
    Truth,
    always,
    counted_from,
    eventually,
    for_at_least,
    formulas,
    inverse,
    records,
    state_rows,
    trace_of,
    truths,
    until,
)

from twinfeed.harness.properties import evaluate


def agree(text: str, cells, expected: Truth) -> None:
    (verdict,) = evaluate(trace_of(cells), text)
    found = False if verdict.violated else None if verdict.inconclusive else True
    if found and verdict.vacuous:
        return
    if expected and "implies" in text:  # it may be unknown if a premise was ever true
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
    """Two states, where it matters most: a trigger and a duty that are known by stretches."""
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
