"""`study`: against pandapower (IEC 60909 and load flow), and the findings that it makes."""

from __future__ import annotations

import warnings

import judge
import pytest

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Flow
from twinfeed.emulators.plant.power.transformers import Transformer, TransformerRatings
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.study import Study, study

PERCENT = 1.0
"""The difference from pandapower that is accepted, %."""


@pytest.mark.parametrize("name", judge.SHIPPED)
def test_shipped_sites_agree_with_pandapower(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of pandas, in pandapower
        errors = judge.judged_site(name)
    assert max(errors[:5]) < PERCENT, errors
    assert errors.nodes > 10


@pytest.mark.parametrize("name", judge.EXAMPLES)
def test_networks_of_pandapower_agree_with_pandapower(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        errors = judge.judged_example(name)
    assert max(errors[:5]) < PERCENT, errors


def of(*parts: Electrical) -> Study:
    plant = Plant()
    flow = Flow(parts)
    plant.solvers.append(flow)
    for part in parts:
        plant.add(part)
    plant.start()
    return study(flow.ordered)


def feeder(upper: BreakerRatings, lower: BreakerRatings) -> Study:
    return of(
        Utility("mains"),
        Transformer("tx", TransformerRatings(kva=1000.0), {"input": "mains"}),
        Breaker("upper", upper, {"input": "tx"}),
        Board("board", None, {"in": "upper"}),
        Breaker("lower", lower, {"input": "board"}),
    )


def test_two_breakers_of_one_size_are_not_selective_and_it_is_said_from_which_current_on() -> None:
    found = feeder(BreakerRatings(400.0), BreakerRatings(250.0))
    (pair,) = found.pairs
    assert (pair.upper, pair.lower) == ("upper", "lower")
    assert pair.from_a == pytest.approx(15 * 400.0, rel=0.05)  # where the upper one's instantaneous release begins
    assert pair.to_a == pytest.approx(1000.0 * max(b.grid_ka[1] for b in found.buses if b.name == "board"), rel=0.001)
    assert not found.sound


def test_a_delay_above_makes_them_selective() -> None:
    found = feeder(BreakerRatings(1600.0, short_time=5.0, instantaneous=1000.0), BreakerRatings(250.0))
    assert found.pairs == [] and found.weak == []
    assert found.sound


def test_a_breaker_that_cannot_break_the_current_of_its_place_is_named() -> None:
    found = feeder(BreakerRatings(1600.0, short_time=5.0, instantaneous=1000.0), BreakerRatings(63.0, curve="C"))
    (weak,) = found.weak
    assert weak.name == "lower"
    assert weak.breaking_ka == 10.0
    assert 20.0 < weak.short_circuit_ka < 30.0


def test_ranges_with_selectivity_between_them_are_told_apart() -> None:
    """Both short-time releases break in 140 ms up to where the lower one's instantaneous release goes first."""
    found = feeder(BreakerRatings(1250.0, short_time=5.0, instantaneous=16.0), BreakerRatings(800.0))
    low, high = found.pairs
    assert (low.from_a, low.to_a) == (pytest.approx(6_250.0, rel=0.05), pytest.approx(12_000.0, rel=0.05))
    assert high.from_a == pytest.approx(20_000.0, rel=0.05)


@pytest.mark.parametrize(("short_time", "selective"), [(10.0, False), (1.5, True)])
def test_parallel_ways_share_a_fault_that_the_breaker_above_carries_whole(short_time: float, selective: bool) -> None:
    """Of 24 kA behind the board where three ways meet, 8 kA flow through each: the upper one has to wait for them."""
    way = BreakerRatings(1000.0, short_time=short_time, short_time_s=0.2, tr_s=2.0)
    found = of(
        Utility("mains"),
        Transformer("tx", TransformerRatings(kva=1000.0), {"input": "mains"}),
        Breaker(
            "upper",
            BreakerRatings(2000.0, short_time=5.0, short_time_s=0.32, tr_s=24.0, instantaneous=1000.0),
            {"input": "tx"},
        ),
        Board("board", None, {"in": "upper"}),
        *(Breaker(f"way-{n}", way, {"input": "board"}) for n in range(3)),
        Board("behind", None, {f"in-{n}": f"way-{n}" for n in range(3)}),
    )
    shared = [(pair.upper, pair.lower) for pair in found.pairs if pair.behind == "behind"]
    assert shared == ([] if selective else [("upper", f"way-{n}") for n in range(3)])
