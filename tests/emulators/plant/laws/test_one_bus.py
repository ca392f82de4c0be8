"""All sets on one bus have one frequency and one voltage at every instant, and give together what the bus takes."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from gensets import Load, build
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.generation.paralleling import Characteristic, balance
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.breakers import BreakerRatings
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site

SITES = sorted(path.name.removesuffix(".yaml") for path in files("twinfeed.emulators.sites").iterdir()
               if path.name.endswith(".yaml"))  # fmt: skip

faults = st.one_of(
    st.tuples(st.just("overspeed"), st.fixed_dictionaries({"hertz": st.floats(0.5, 20.0)})),
    st.tuples(st.just("governor"), st.fixed_dictionaries({"amplitude": st.floats(0.1, 10.0)})),
    st.tuples(st.just("avr"), st.fixed_dictionaries({"error": st.floats(-100.0, 40.0)})),
    st.tuples(st.just("fuel-contaminated"), st.just({"minutes": 0.0})),
)
ratings = st.builds(
    lambda kw, **more: GeneratorRatings(bus="bus", standby_kw=kw, kva=1.25 * kw, **more),
    st.floats(100.0, 3000.0),
    droop_percent=st.sampled_from([0.0, 0.0, 4.0]),
    inertia_s=st.floats(0.5, 2.0),
    governor_s=st.floats(0.3, 1.0),
    avr_s=st.floats(0.3, 1.5),
    bmep_bar=st.floats(8.0, 30.0),
)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("load"), st.floats(0.0, 1.2)),
        st.tuples(st.just("fault"), st.integers(0, 3), faults),
        st.tuples(st.just("clear"), st.integers(0, 3)),
        st.tuples(st.just("open"), st.integers(0, 3)),
        st.tuples(st.just("close"), st.integers(0, 3)),
    ),
    min_size=1,
    max_size=6,
)


def agree(sets: list[Generator], takers: list[Electrical]) -> None:
    """Sets that are on one bus show one frequency and one voltage; together they give what is taken from it."""
    on = [one for one in sets if one.on_bus]
    assert len({(round(one.terminal_hertz, 9), round(one.terminal_volts, 9)) for one in on}) <= 1
    if on:
        bus = on[0].bus_supply
        assert bus.hertz == pytest.approx(on[0].terminal_hertz, abs=1e-9)
        assert bus.worst_volts == pytest.approx(on[0].terminal_volts, abs=1e-9)
        for quantity in ("total_kw", "total_kvar"):
            given = sum(getattr(one.load, quantity) for one in sets)
            taken = sum(getattr(taker.load, quantity) for taker in takers)
            assert given == pytest.approx(taken, abs=1e-6 * max(1.0, abs(taken)))


@settings(max_examples=examples(60), deadline=None)
@given(machines=st.lists(ratings, min_size=1, max_size=4), happenings=happenings)
def test_sets_on_one_bus_agree_at_every_instant(machines: list[GeneratorRatings], happenings: list[Any]) -> None:
    sets = [Generator(f"g{n}", one) for n, one in enumerate(machines)]
    load = Load()
    plant = build(*sets, Board("bus", None, {one.id: one.id for one in sets}), load)
    plant.watchers.append(lambda: agree(sets, [plant.actors["bus"]]))  # type: ignore[list-item]
    for one in sets:
        one.crank()
    plant.advance(10.0)
    for one in sets:
        one.close_breaker(synchronised=True)
        plant.advance(plant.now + 0.5)
    whole = sum(one.capacity_kw for one in sets)
    for what, *which in happenings:
        one = sets[which[0] % len(sets)] if what != "load" else sets[0]
        if what == "load":
            load.take(which[0] * whole)
        elif what == "fault":
            plant.inject(one.id, *which[1])
        elif what == "clear" and one.state.faults:
            plant.clear(one.id)
        elif what == "open":
            one.open_breaker()
        elif what == "close" and one.running:
            one.close_breaker(synchronised=True)
        plant.settle()
        plant.advance(plant.now + 2.0)


def tied_halves() -> tuple[list[Generator], Any, list[Load]]:
    """Two generator boards with two sets each, all of one paralleling bus, and a tie between the boards."""
    sets = [Generator(f"g{n}", GeneratorRatings(bus="sets")) for n in range(4)]
    boards = [Board(f"half-{n}", None, {s.id: s.id for s in sets[2 * n : 2 * n + 2]}) for n in (0, 1)]
    loads = [Load(f"load-{n}", f"half-{n}") for n in (0, 1)]
    tie = BusTie("tie", BreakerRatings(rated_a=6300.0, closed=False), {"a": "half-0", "b": "half-1"})
    plant = build(*sets, *boards, tie, *loads)
    for one in sets:
        one.crank()
    plant.advance(10.0)
    for one in sets:
        one.close_breaker(synchronised=True)
        plant.advance(plant.now + 1.0)
    return sets, plant, loads


def test_a_tie_makes_one_bus_of_two_and_carries_what_the_sets_exchange():
    sets, plant, loads = tied_halves()
    for load in loads:
        load.take(1000.0)
    plant.inject("g3", "overspeed", {"hertz": 1.0})
    plant.advance(plant.now + 10.0)
    hertz = [one.terminal_hertz for one in sets]
    assert hertz[0] == hertz[1] == pytest.approx(50.0, abs=0.01)
    assert hertz[2] == hertz[3] > hertz[0] - 0.01
    assert sets[0].load_kw == pytest.approx(sets[1].load_kw)
    assert sets[3].load_kw > sets[2].load_kw + 300.0, "it only moves power within its half"
    assert sets[2].load_kw + sets[3].load_kw == pytest.approx(1000.0)
    plant.actors["tie"].close()
    plant.advance(plant.now + 10.0)
    assert len({one.terminal_hertz for one in sets}) == 1
    assert sum(one.load_kw for one in sets) == pytest.approx(2000.0)
    assert sets[0].load_kw == pytest.approx(sets[2].load_kw, rel=1e-3)
    through = plant.actors["tie"].flow_kw
    assert through == pytest.approx(1000.0 - sets[2].load_kw - sets[3].load_kw, abs=1.0)


def test_halves_that_run_at_different_speeds_are_not_in_step_though_they_are_one_group():
    sets, plant, loads = tied_halves()
    loads[0].take(800.0)
    plant.inject("g2", "overspeed", {"hertz": 3.0})
    plant.advance(plant.now + 10.0)
    assert sets[2].terminal_hertz > sets[0].terminal_hertz + 1.0
    assert not plant.actors["tie"].synchronous
    plant.actors["tie"].close()
    plant.advance(plant.now + 1.0)
    assert [one.trip_cause for one in sets] == ["out of step"] * 4
    assert plant.actors["tie"].tripped and not any(load.supplied for load in loads)


@settings(max_examples=examples(15, quick=4), deadline=None)
@given(site=st.sampled_from(SITES), happenings=st.lists(st.tuples(st.integers(0, 5), faults), min_size=1, max_size=3))
def test_the_sets_of_the_shipped_sites_agree_over_the_wire(site: str, happenings: list[Any]) -> None:
    built = Site.load(site)
    sets = [c for c in built.components.values() if isinstance(c, Generator)]

    def look() -> None:
        for lead in {id(one.alternator.together[0]): one.alternator.together[0] for one in sets}.values():
            there = [
                one.id for one in sets if one.alternator in lead.together and one.on_bus and one.id in built.devices
            ]
            for points in (("generator.frequency", "bus.frequency"), ("generator.voltage.1", "bus.voltage")):
                shown = {round(float(built.devices[id].read(point)), 6) for id in there for point in points}
                assert len(shown) <= 1

    if not sets:
        return
    for component in built.components.values():
        if isinstance(component, Utility):
            built.inject(component.id, "outage")
    built.advance(60.0)
    built.plant.watchers.append(look)
    for number, (kind, parameters) in happenings:
        built.inject(sets[number % len(sets)].id, kind, parameters)
        for _ in range(16):  # also between the instants of the plant
            built.advance(0.5)
            look()


shares = st.builds(
    lambda rating, share, offset, slope, low, width: Characteristic(rating, share, offset, slope, low, low + width),
    st.floats(10.0, 5000.0),
    st.floats(-0.5, 1.5),
    st.floats(-1.0, 0.4),
    st.sampled_from([1e-6, 0.03, 0.05]),
    st.floats(-0.5, 0.0),
    st.floats(0.1, 3.0),
)


@given(st.lists(shares, min_size=1, max_size=6), st.floats(-1000.0, 20000.0))
def test_sharing_gives_the_whole_and_keeps_the_limits_of_each(sets: list[Characteristic], total: float) -> None:
    _, given = balance(sets, total)
    assert sum(given) == pytest.approx(total, abs=1e-6 * max(1.0, abs(total)))
    least, most = sum(s.rating * s.low for s in sets), sum(s.rating * s.high for s in sets)
    if least <= total <= most:
        for one, power in zip(sets, given, strict=True):
            slack = 1e-3 * one.rating
            assert one.rating * one.low - slack <= power <= one.rating * one.high + slack
