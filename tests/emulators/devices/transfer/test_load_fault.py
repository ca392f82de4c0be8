"""A transfer switch and the short circuit of its own board: the healthy source must not get it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Load, plant, told, utilities
from workers.examples import examples

from twinfeed.emulators.devices.catalogue import TRANSFER_SWITCH
from twinfeed.emulators.devices.transfer.transfer_switch import TransferSwitchParams
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.breakers import Breaker, BreakerRatings
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch, TransferSwitchRatings


def two_paths(above: list[str] | None = None, position: str = "normal", **settings: Any) -> Plant:
    """A board behind a transfer switch, between the breakers of two feeders; `above` stands before the switch."""
    a, b = utilities(grid="")
    parts: list[Any] = [
        a,
        b,
        Breaker("q-a", BreakerRatings(rated_a=400.0, curve="C"), {"input": "mains-a"}),
        Breaker("q-b", BreakerRatings(rated_a=400.0, curve="C"), {"input": "mains-b"}),
        Board("healthy", None, {"in": "q-b"}),
        Load("load-b", "healthy"),
    ]
    feeds = {"normal": "q-a", "emergency": "healthy"}
    for number, kind in enumerate(above or []):
        id = f"above-{number}"
        parts.append(Board(id, None, {"in": feeds["normal"]}) if kind == "board" else AutomaticTransferSwitch(
            id, TransferSwitchRatings(rated_a=400.0), {"normal": feeds["normal"]}))  # fmt: skip
        feeds["normal"] = id
    ratings = TransferSwitchRatings(rated_a=400.0, position=position)  # type: ignore[arg-type]
    parts += [
        AutomaticTransferSwitch("ats", ratings, feeds),
        Board("board", None, {"in": "ats"}),
        Load("load", "board"),
    ]
    parts += [
        Breaker("q-sub", BreakerRatings(rated_a=63.0, curve="C"), {"input": "board"}),
        Board("sub", None, {"in": "q-sub"}),
    ]
    made = plant(*parts)
    made.add(TRANSFER_SWITCH.build("ctrl", TransferSwitchParams(of="ats", **settings)))
    made.start()
    return made


@settings(max_examples=examples(25), deadline=None)
@given(
    kiloamperes=st.floats(4.0, 100.0),
    above=st.lists(st.sampled_from(["board", "ats"]), max_size=2),
    override_s=st.sampled_from([0.0, 3.0]),
)
def test_a_fault_of_the_board_never_takes_the_healthy_path_down(
    kiloamperes: float, above: list[str], override_s: float
) -> None:
    made = two_paths(above, override_s=override_s)
    made.inject("board", "short-circuit", {"current": kiloamperes})
    made.advance(600.0)
    assert made.actors["q-a"].tripped  # type: ignore[attr-defined]
    assert made.actors["healthy"].live  # type: ignore[attr-defined]
    assert told(made, "transferred") == []


def test_it_is_shown_and_a_person_releases_it_after_the_repair():
    made = two_paths()
    made.inject("board", "short-circuit")
    made.advance(60.0)
    ctrl: Any = made.actors["ctrl"]
    assert ctrl.read("source.1.breaker_trip") is True
    assert ctrl.read("alarm.locked_out.active") is True
    made.clear("board", "short-circuit")
    made.advance(120.0)
    assert not made.actors["board"].live
    ctrl.write("command.reset", "reset")
    made.advance(180.0)
    assert made.actors["ats"].on_emergency and made.actors["board"].live


def test_a_source_that_fails_without_a_fault_is_left_as_ever():
    made = two_paths()
    made.inject("mains-a", "outage")
    made.advance(60.0)
    assert made.actors["ats"].on_emergency and made.actors["board"].live


def test_a_fault_that_a_breaker_below_has_cleared_blocks_nothing():
    made = two_paths()
    made.inject("sub", "short-circuit", {"current": 2.0})
    made.advance(1.0)
    assert made.actors["q-sub"].tripped and made.actors["q-a"].closed
    made.inject("mains-a", "outage")
    made.advance(60.0)
    assert made.actors["ats"].on_emergency and made.actors["board"].live


@pytest.mark.parametrize("setting", [False, True])
def test_a_controller_of_contactors_moves_the_fault_onto_the_healthy_path(setting: bool):
    made = two_paths(transfer_on_fault=setting)
    made.inject("board", "short-circuit")
    made.advance(600.0)
    assert made.actors["q-b"].tripped is setting
