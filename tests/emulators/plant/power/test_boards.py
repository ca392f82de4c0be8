"""Boards and bus ties: sharing, interlocks, faults on the busbar."""

from __future__ import annotations

import pytest
from paths import Build, Load, told

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.transformers import Transformer, TransformerRatings
from twinfeed.emulators.plant.power.utilities import Utility, UtilityRatings


def two_sided(build: Build, grid: str = "") -> Plant:
    """Two utilities, each on a board of its own, with an open tie between."""
    return build(
        Utility("mains-a", UtilityRatings(grid)),
        Utility("mains-b", UtilityRatings(grid)),
        Breaker("qa", None, {"input": "mains-a"}),
        Breaker("qb", None, {"input": "mains-b"}),
        Board("board-a", None, {"mains": "qa"}),
        Board("board-b", None, {"mains": "qb"}),
        BusTie("tie", None, {"a": "board-a", "b": "board-b"}),
        Load("load-a", {"a": "board-a"}, 300.0),
        Load("load-b", {"a": "board-b"}, 500.0),
    )


def test_a_tie_carries_the_load_of_the_lost_side(build):
    plant = two_sided(build)
    plant.inject("mains-a", "outage")
    plant.actors["qa"].open()
    plant.advance(1.0)
    assert plant.actors["tie"].synchronous
    plant.actors["tie"].close()
    plant.advance(60.0)
    assert plant.actors["board-a"].live
    assert plant.actors["mains-b"].load_kw == pytest.approx(800.0)
    assert plant.actors["tie"].flow_kw == pytest.approx(-300.0)


def test_closing_a_tie_onto_two_sources_out_of_step_trips_it_and_both_incomers(build):
    plant = two_sided(build)
    assert not plant.actors["tie"].synchronous
    plant.actors["tie"].close()
    plant.advance(1.0)
    assert all(plant.actors[q].tripped for q in ("tie", "qa", "qb"))
    assert {plant.actors[q].state.cause for q in ("tie", "qa", "qb")} == {"out of step"}
    assert not plant.actors["load-a"].supplied


def test_a_tie_closed_onto_a_short_circuit_trips_and_leaves_the_healthy_board_alone(build):
    plant = two_sided(build)
    plant.inject("board-a", "short-circuit")
    plant.actors["qa"].open()
    plant.advance(1.0)
    plant.actors["tie"].close()
    plant.advance(60.0)
    assert plant.actors["tie"].state.cause == "short circuit"
    assert not plant.actors["board-a"].live
    assert plant.actors["board-b"].live and plant.actors["qb"].closed


def test_a_board_withdrawn_from_service_stays_dead_behind_a_closed_tie(build):
    plant = two_sided(build)
    plant.inject("board-a", "insulation")
    plant.actors["qa"].open()
    plant.actors["tie"].close()
    plant.advance(60.0)
    assert not plant.actors["board-a"].live
    assert plant.actors["board-b"].live


def test_a_source_that_returns_under_a_closed_tie_clashes(build):
    plant = two_sided(build)
    plant.inject("mains-a", "outage")
    plant.actors["tie"].close()
    plant.advance(60.0)
    assert plant.actors["load-a"].supplied
    plant.clear("mains-a", "outage")
    plant.advance(61.0)
    assert "clash" in told(plant, "tie")
    assert not plant.actors["load-a"].supplied
    assert not plant.actors["load-b"].supplied


def test_feeds_of_one_grid_may_be_paralleled(build):
    plant = two_sided(build, grid="edm")
    plant.actors["tie"].close()
    plant.advance(60.0)
    assert plant.actors["tie"].closed
    assert plant.actors["mains-a"].load_kw == pytest.approx(400.0)
    assert plant.actors["tie"].flow_kw == pytest.approx(100.0)


def test_incomers_in_step_share_by_capacity(build):
    plant = build(
        Utility("mains"),
        Transformer("t1", TransformerRatings(kva=1000.0), {"input": "mains"}),
        Transformer("t2", TransformerRatings(kva=500.0), {"input": "mains"}),
        Breaker("q1", None, {"input": "t1"}),
        Breaker("q2", None, {"input": "t2"}),
        Board("board", None, {"one": "q1", "two": "q2"}),
        Load("load", {"a": "board"}, 900.0),
    )
    plant.advance(1.0)
    assert plant.actors["t1"].load_kw == pytest.approx(600.0)
    assert plant.actors["t2"].load_kw == pytest.approx(300.0)


def test_two_sources_out_of_step_on_one_board_trip_both_incomers(build):
    plant = build(
        Utility("mains"),
        Utility("other"),
        Breaker("q1", None, {"input": "mains"}),
        Breaker("q2", BreakerRatings(closed=False), {"input": "other"}),
        Board("board", None, {"one": "q1", "two": "q2"}),
        Load("load", {"a": "board"}, 90.0),
    )
    plant.advance(1.0)
    plant.actors["q2"].close()
    plant.advance(2.0)
    assert plant.actors["q1"].tripped
    assert plant.actors["q2"].tripped


def test_a_short_circuit_is_cleared_by_the_nearest_breaker_with_a_delay_above_it(build):
    plant = build(
        Utility("mains"),
        Breaker("main", BreakerRatings(2500.0), {"input": "mains"}),
        Board("board", None, {"main": "main"}),
        Breaker("branch", BreakerRatings(250.0, curve="C"), {"input": "board"}),
        Board("sub", None, {"main": "branch"}),
        Load("load", {"a": "sub"}, 30.0),
        Load("other", {"a": "board"}, 30.0),
    )
    plant.inject("sub", "short-circuit", {"current": 30.0})
    plant.advance(10.0)
    assert plant.actors["branch"].tripped
    assert plant.actors["main"].closed
    assert plant.actors["other"].supplied
    assert not plant.actors["load"].supplied


def test_phase_currents_and_the_neutral(build):
    plant = build(Utility("mains"), Board("board", None, {"m": "mains"}), Load("load", {"a": "board"}))
    board, load = plant.actors["board"], plant.actors["load"]
    load.take_phases((23.0, 23.0, 23.0))
    plant.advance(1.0)
    assert board.current_a == pytest.approx(100.0)
    assert board.neutral_a == pytest.approx(0.0, abs=1e-9)
    load.take_phases((23.0, 0.0, 0.0))
    plant.advance(2.0)
    assert board.neutral_a == pytest.approx(100.0)
    load.take_phases((23.0, 23.0, 0.0))
    plant.advance(3.0)
    assert board.neutral_a == pytest.approx(100.0)
