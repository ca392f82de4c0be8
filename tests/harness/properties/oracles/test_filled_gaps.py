"""A verdict over gaps that holds, or is violated, is so however the gaps are filled in."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from three_valued import COUNTS, EXAMPLES, LENGTH, MANY, STATES, formulas

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import Monitor, evaluate, parse
from twinfeed.harness.unknown import Unknown

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
