"""No load, however large, keeps the plant from coming to rest, and time always moves on."""

from __future__ import annotations

from typing import Any

import pytest
from gensets import build
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.cooling.crahs import Crah, CrahRatings
from twinfeed.emulators.plant.cooling.pumps import Pump, PumpRatings
from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.racks.ratings import RackRowRatings
from twinfeed.emulators.plant.ups.ratings import UpsRatings
from twinfeed.emulators.plant.ups.ups import Ups

MOST_INSTANTS_A_SECOND = 1100
"""The clock's shortest step is a millisecond; an event may need a second instant."""


def row(kw: float, feed: str) -> RackRow:
    ratings = RackRowRatings(racks=4, rack_kw=kw / 4, psu_side_kw=max(0.1, 1.2 * kw / 4), boot_s=5.0)
    return RackRow("row", ratings, {"a": feed})


@st.composite
def loads(draw: st.DrawFn) -> list[Component]:
    """Everything on the bus of one set: each load may be missing, small, or many times what the set gives."""
    kw = st.floats(0.5, 1000.0)
    found: list[Component] = []
    if draw(st.booleans()):
        found.append(row(draw(kw), "bus"))
    if draw(st.booleans()):
        pump = PumpRatings(power_kw=draw(kw), restart_s=draw(st.sampled_from([0.0, 0.001, 5.0])))
        found.append(Pump("pump", pump, {"input": "bus"}))
    if draw(st.booleans()):
        found.append(Crah("crah", CrahRatings(fan_kw=draw(kw)), {"input": "bus"}))
    if draw(st.booleans()):
        size = draw(kw)
        delays = st.sampled_from([0.0, 1.0, 10.0])
        ups = UpsRatings(kva=size, kw=size, walk_in_delay_s=draw(delays), walk_in_s=draw(delays), retransfer_s=0.0)
        found.append(Ups("ups", ups, {"input": "bus"}))
        if draw(st.booleans()):
            found.append(Pdu("pdu", None, {"input": "ups"}))
    return found


def on_a_set(others: list[Component], **ratings: Any) -> tuple[Plant, Generator]:
    """A set that has been started and closed onto a dead bus with these loads."""
    genset = Generator("set", GeneratorRatings(bus="bus", **ratings))
    plant = build(genset, Board("bus", None, {"set": "set"}), *others)
    genset.crank()
    plant.advance(20.0)
    genset.close_breaker()
    return plant, genset


@settings(max_examples=examples(60), deadline=None)
@given(
    loads=loads(),
    kw=st.floats(1.0, 400.0),
    reactance=st.floats(0.01, 1.0),
    error=st.none() | st.floats(-60.0, 40.0),
)
def test_no_load_keeps_the_plant_from_coming_to_rest(
    loads: list[Component], kw: float, reactance: float, error: float | None
) -> None:
    plant, _ = on_a_set(loads, standby_kw=kw, kva=1.25 * kw, transient_reactance=reactance)
    instants = 0

    def count() -> None:
        nonlocal instants
        instants += 1
        assert instants < MOST_INSTANTS_A_SECOND * 4, "time stands still"

    plant.watchers.append(count)
    plant.advance(22.0)
    if error is not None:
        plant.inject("set", "avr", {"error": error}, for_s=2.0)
    plant.advance(24.0)
    assert plant.now == 24.0


def test_a_pump_that_restarts_at_once_on_a_set_too_small_for_it_does_not_stop_the_clock() -> None:
    plant, _ = on_a_set([Pump("pump", PumpRatings(power_kw=11.0, restart_s=0.0), {"input": "bus"})], standby_kw=1.0,
                        kva=1.25, transient_reactance=1.0)  # fmt: skip
    instants = 0

    def count() -> None:
        nonlocal instants
        instants += 1

    plant.watchers.append(count)
    plant.advance(21.0)
    assert plant.now == 21.0
    assert instants < MOST_INSTANTS_A_SECOND


@pytest.mark.parametrize("kw", [96.0, 120.0, 160.0, 194.0, 240.0, 320.0])
def test_a_set_too_small_for_its_racks_loses_them_by_undervoltage(kw: float) -> None:
    racks = row(kw * 1.5, "bus")
    plant, _ = on_a_set([racks], standby_kw=100.0, kva=125.0)
    plant.advance(26.0)
    assert racks.losses > 0
    assert any(event.who == "row" and event.what == "lost supply" for event in plant.journal)
