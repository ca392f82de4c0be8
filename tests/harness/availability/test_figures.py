"""Figures of fault trees agree with trying every combination, and with published and hand-made solutions."""

from __future__ import annotations

import csv
import math
import statistics
from pathlib import Path

import pytest
import trees
from hypothesis import given, settings

from twinfeed.harness.availability.diagram import diagram
from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.failures import Hidden, OnDemand, Repaired
from twinfeed.harness.availability.measures import figures, probabilities, spread
from twinfeed.harness.availability.tree import AtLeast, Named, Not, Tree, every, some


@given(tree=trees.trees(negated=True))
@settings(max_examples=60)
def test_the_probability_is_the_sum_over_all_combinations(tree: Tree) -> None:
    assert figures(tree).unavailability == pytest.approx(trees.probability(tree), rel=1e-12, abs=1e-15)


@given(tree=trees.trees())
@settings(max_examples=60)
def test_the_minimal_cut_sets_are_those_found_by_trying(tree: Tree) -> None:
    assert {cut for cut, _ in figures(tree).cut_sets(order=7)} == trees.minimal(tree)


@given(tree=trees.trees())
@settings(max_examples=30)
def test_a_smaller_order_leaves_out_the_larger_sets_and_nothing_else(tree: Tree) -> None:
    assert {cut for cut, _ in figures(tree).cut_sets(order=2)} == {cut for cut in trees.minimal(tree) if len(cut) <= 2}


@given(tree=trees.trees())
@settings(max_examples=30)
def test_importances_are_those_of_a_failure_that_never_and_that_always_happens(tree: Tree) -> None:
    found = figures(tree)
    for one in found.importances():
        never, always = (trees.probability(tree, {one.failure: p}) for p in (0.0, 1.0))
        assert one.birnbaum == pytest.approx(always - never, rel=1e-9, abs=1e-12)
        assert one.fussell_vesely == pytest.approx(1.0 - never / found.unavailability, rel=1e-9, abs=1e-9)
        assert one.achievement == pytest.approx(always / found.unavailability, rel=1e-9)


def test_a_failure_without_which_nothing_happens_has_no_finite_reduction() -> None:
    tree = Tree("top", {"top": every(Named("a"), Named("b"))}, {"a": OnDemand(0.5), "b": OnDemand(0.5)})
    assert [one.reduction for one in figures(tree).importances()] == [math.inf, math.inf]


def test_a_series_of_two_fails_as_often_as_its_parts_while_the_other_runs() -> None:
    """Rate x availability of the other x own availability: 2 and 3 a year, 10 h and 20 h."""
    a, b = Repaired(2.0, 10.0), Repaired(3.0, 20.0)
    found = figures(Tree("top", {"top": some(Named("a"), Named("b"))}, {"a": a, "b": b}))
    available = 1.0 / (1.0 + 20.0 / 8760.0) / (1.0 + 60.0 / 8760.0)
    assert found.unavailability == pytest.approx(1.0 - available, rel=1e-12)
    assert found.per_year == pytest.approx(available * 5.0, rel=1e-12)


def test_a_hidden_failure_is_there_for_half_of_its_test_interval() -> None:
    """One in 100 years, a test each 730 h: 8.33e-4 expected in an interval, half of it on average (IEC 61508-6)."""
    assert Hidden(0.01, 730.0).unavailability == pytest.approx(0.01 * 730.0 / 8760.0 / 2.0, rel=1e-3)
    assert Hidden(1e9, 8760.0).unavailability == pytest.approx(1.0, abs=1e-8)


def test_doubling_a_rate_doubles_a_rare_top_event_that_needs_it() -> None:
    def top(per_year: float) -> float:
        failures = {"a": Repaired(per_year, 1.0), "b": OnDemand(1e-4)}
        return figures(Tree("top", {"top": every(Named("a"), Named("b"))}, failures)).unavailability

    assert top(2e-4) == pytest.approx(2.0 * top(1e-4), rel=1e-6)


def test_rates_that_are_uncertain_spread_the_result_by_their_error_factor() -> None:
    """Of one failure alone: the 95 % quantile is the error factor times the median."""
    tree = Tree("top", {"top": Named("a")}, {"a": Repaired(1e-3, 1.0)})
    samples = spread(tree, diagram(tree), {"a": 3.0}, samples=4000, seed=1)
    assert statistics.median(samples) == pytest.approx(1e-3 / 8760.0, rel=0.05)
    assert samples[3800] / samples[2000] == pytest.approx(3.0, rel=0.1)
    assert spread(tree, diagram(tree), {}, samples=1, seed=1) == [pytest.approx(figures(tree).unavailability)]


def test_a_tree_with_a_not_has_no_cut_sets() -> None:
    tree = Tree("top", {"top": some(Named("a"), Not(Named("b")))}, {"a": OnDemand(0.1), "b": OnDemand(0.1)})
    assert figures(tree).per_year is None
    with pytest.raises(TreeError, match="minimal cut sets are not defined"):
        figures(tree).cut_sets(2)


def test_a_ring_of_gates_is_refused_with_its_way() -> None:
    with pytest.raises(TreeError, match="'a' leads back to itself: a -> b -> a"):
        Tree("a", {"a": Named("b"), "b": some(Named("a"), Named("e"))}, {"e": OnDemand(0.1)})


def test_a_gate_that_names_nothing_is_refused() -> None:
    with pytest.raises(TreeError, match="gate 'a' names 'x', which is neither a gate nor a failure"):
        Tree("a", {"a": Named("x")})


# -- the reference solutions, computed apart from this engine -----------------------------------------------------------


def _component(shared: Path, ref: str) -> Repaired:
    with (shared / "published" / "ieee493_components.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        (row,) = [row for row in rows if row["ref"] == ref]
    return Repaired(float(row["failures_per_year"]), float(row["mttr_h"]))


def test_the_solutions_of_the_reference_systems_are_met(shared_data: Path) -> None:
    utility, diesel, transformer, breaker, bus = (_component(shared_data, ref) for ref in ("1", "3", "7", "12", "17"))
    series = some(*(Named(f"{name}") for name in ("utility", "transformer", "breaker", "bus")))
    one = {"utility": utility, "transformer": transformer, "breaker": breaker, "bus": bus}
    sets = {f"set-{n}": diesel for n in (1, 2, 3)}
    of_sets = tuple(Named(name) for name in sets)
    two = {f"{name}-{path}": failure for name, failure in one.items() for path in "ab"}
    path = {p: some(*(Named(f"{name}-{p}") for name in one)) for p in "ab"}
    systems = {
        "S1": Tree("top", {"top": series}, one),
        "P1": Tree("top", {"top": every(*of_sets[:2])}, sets),
        "P2": Tree("top", {"top": AtLeast(2, of_sets)}, sets),
        "P3": Tree("top", {"top": every(Named("utility"), AtLeast(2, of_sets))}, sets | {"utility": utility}),
        "P4": Tree("top", {"top": every(path["a"], path["b"])}, two),
    }
    with (shared_data / "published" / "reliability_reference_solutions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert {row["id"] for row in rows} == set(systems)
    for row in rows:
        found = figures(systems[row["id"]])
        printed = len(row["availability"].partition(".")[2])  # decimals
        expected = pytest.approx(float(row["availability"]), abs=0.51 * 10.0**-printed)
        assert 1.0 - found.unavailability == expected, row["id"]
        assert found.minutes_a_year == pytest.approx(float(row["minutes_per_year"]), rel=1e-2), row["id"]
    # The table's failures a year of S1 are the plain sum of the rates; what is counted over repair too is less.
    s1 = figures(systems["S1"])
    assert sum(failure.per_year for failure in one.values()) == pytest.approx(1.968410, abs=5e-7)
    assert s1.per_year == pytest.approx(1.968410 * (1.0 - s1.unavailability), rel=1e-6)


def test_the_order_of_failures_in_the_diagram_is_that_of_the_tree() -> None:
    tree = Tree("top", {"top": some(Named("b"), Named("a"))}, {"a": OnDemand(0.1), "b": OnDemand(0.2)})
    assert diagram(tree).failures == ("b", "a")
    assert probabilities(tree, diagram(tree)) == [0.2, 0.1]
