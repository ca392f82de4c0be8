"""The master of a paralleling switchgear: without its order sets run and do not close, until people do it by hand."""

from __future__ import annotations

from small_plant import Source
from station import Station

from twinfeed.emulators.plant.generation.master import ParallelingPlc, ParallelingPlcRatings
from twinfeed.emulators.plant.people.deeds import carry_out, known_deeds


def station(**ratings: float) -> tuple[Station, ParallelingPlc]:
    plc = ParallelingPlc("plc", ParallelingPlcRatings(**ratings), {"input": "dc"})
    return Station(2, Source("dc"), plc, settings={"plc": "plc"}), plc


def do(s: Station, target: str, deed: str) -> bool:
    actor = s.plant.find(target)
    outcome = carry_out(s.plant, actor, deed, known_deeds(actor)[deed], {})
    s.plant.settle()
    return outcome.done


def closed(s: Station) -> list[bool]:
    return [g.closed for g in s.all]


def test_with_the_plc_up_sets_close_as_they_do_without_one() -> None:
    s, _ = station()
    s.switch.call()
    s.run(20.0)
    assert closed(s) == [True, True]


def test_with_the_plc_halted_sets_run_and_the_bus_stays_dead_until_it_is_restarted() -> None:
    s, plc = station(boot_s=40.0)
    s.plant.inject("plc", "halt", for_s=120.0)
    s.switch.call()
    s.run(60.0)
    assert all(g.running for g in s.all)
    assert not s.bus.live
    assert not do(s, "plc", "restart")  # its fault is still there
    s.run(120.0)
    assert plc.phase == "halted"  # it latches
    assert do(s, "plc", "restart")
    s.run(60.0)
    assert closed(s) == [True, True]


def test_people_close_by_hand_without_it() -> None:
    s, _ = station()
    s.plant.inject("plc", "halt")
    s.switch.call()
    s.run(30.0)
    assert do(s, "g1/device", "hand")
    assert do(s, "g1/device", "load")
    s.run(10.0)
    assert closed(s) == [True, False]
    assert s.bus.live


def test_breakers_stay_as_they_are_when_it_halts_and_open_when_its_outputs_fail() -> None:
    s, _ = station()
    s.switch.call()
    s.run(30.0)
    s.plant.inject("plc", "halt")
    s.run(60.0)
    assert closed(s) == [True, True]
    s.plant.inject("plc", "opens-all", for_s=30.0)
    s.run(5.0)
    assert closed(s) == [False, False]


def test_without_power_it_lasts_as_long_as_its_battery() -> None:
    s, plc = station(ride_through_s=600.0)
    dc = s.plant.find("dc")
    assert isinstance(dc, Source)
    dc.set(0.0)
    s.run(599.0)
    assert plc.phase == "up"
    s.run(2.0)
    assert plc.phase == "off"
    dc.set(230.0)
    s.run(41.0)
    assert plc.phase == "up"
