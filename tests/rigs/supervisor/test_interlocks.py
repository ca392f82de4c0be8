"""The quantities that the interlocks watch, and the effect of a broken one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_bench import MemoryBench

from twinfeed.hil_rigs.schema import Limit
from twinfeed.hil_rigs.supervisor.interlocks import Interlock
from twinfeed.hil_rigs.supervisor.moves import Denied

CHARGE = "interlocks: {charge: {quantity: ups-1.battery.charge, above: 40, for: 3s, stale: 5s}}\n"


def test_a_limit_that_stays_broken_trips_the_bench(bench: MemoryBench) -> None:
    supervisor = bench.armed(CHARGE)
    bench.values["ups-1.battery.charge"] = 39.0
    bench.wait(2.0)
    assert supervisor.state == "armed"
    bench.wait(3.0)
    assert supervisor.tripped == "interlock charge: ups-1.battery.charge is 39, expected ups-1.battery.charge above 40"


def test_a_limit_that_is_kept_again_in_time_does_not(bench: MemoryBench) -> None:
    supervisor = bench.armed(CHARGE)
    bench.values["ups-1.battery.charge"] = 39.0
    bench.wait(2.0)
    bench.values["ups-1.battery.charge"] = 41.0
    bench.wait(60.0)
    assert supervisor.state == "armed"


def test_an_instrument_that_falls_silent_protects_nobody(bench: MemoryBench) -> None:
    supervisor = bench.armed(CHARGE)
    bench.values["ups-1.battery.charge"] = None
    bench.wait(7.0)
    assert "nothing is known of ups-1.battery.charge" in supervisor.tripped


def test_a_trip_goes_to_the_safe_positions_in_their_order(bench: MemoryBench) -> None:
    supervisor = bench.armed("order: {de_energise: [load, mains]}")
    bench.run(supervisor.trip("a test"))
    assert bench.moves == [("load", "on"), ("mains", "off")]
    assert ("supervisor", "is safe") in bench.lines()


def test_one_actuator_that_is_stuck_does_not_keep_the_others_from_their_safe_position(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.switches["mains"].stuck = True
    bench.run(supervisor.trip("a test"))
    assert bench.moves == [("load", "on")]
    assert supervisor.not_safe == ["mains: mains is stuck"]
    assert ("supervisor", "is not safe") in bench.lines()


def test_one_actuator_that_hangs_takes_no_longer_than_a_step(bench: MemoryBench) -> None:
    supervisor = bench.armed("limits: {step: 2s}")
    bench.switches["mains"].slow_s = 3600.0
    started_s = bench.loop.time()
    bench.run(supervisor.trip("a test"))
    assert bench.loop.time() - started_s == pytest.approx(2.0)
    assert supervisor.not_safe == ["mains: not there within 2 s"]


def test_an_emergency_stop_of_a_bench_that_is_not_safe_tries_again(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.switches["mains"].stuck = True
    bench.run(supervisor.trip("a test"))
    bench.switches["mains"].stuck = False
    bench.run(supervisor.trip("somebody has freed it"))
    assert (bench.switches["mains"].at, supervisor.not_safe) == ("off", [])
    assert supervisor.tripped == "a test"


def test_nothing_moves_after_a_trip_until_a_person_resets_it(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.run(supervisor.trip("a test"))
    with pytest.raises(Denied, match="the bench has tripped: a test"):
        bench.run(supervisor.apply("utility-a", "outage", {}))
    with pytest.raises(Denied, match="reset it first"):
        bench.run(supervisor.arm("Awa", 60.0))
    bench.run(supervisor.reset("Awa"))
    assert (supervisor.state, bench.switches["mains"].at) == ("read-only", "on")


def test_a_bench_that_its_guard_made_safe_is_brought_back_as_well(bench: MemoryBench) -> None:
    supervisor = bench.start()
    bench.switches["mains"].at = "off"
    bench.run(supervisor.reset("Awa"))
    assert (supervisor.state, bench.switches["mains"].at) == ("read-only", "on")


def test_a_bench_that_is_armed_is_not_reset(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    with pytest.raises(Denied, match="the bench is armed; twinfeed rig disarm"):
        bench.run(supervisor.reset("Awa"))


def test_a_trip_cuts_a_move_short(bench: MemoryBench) -> None:
    supervisor = bench.armed(CHARGE + "limits: {step: 200s, safe_within: 10min}")
    bench.switches["mains"].slow_s = 100.0
    bench.values["ups-1.battery.charge"] = 10.0
    with pytest.raises(Denied, match="the bench has tripped: interlock charge"):
        bench.run(supervisor.apply("utility-a", "outage", {}))


def test_a_battery_may_carry_the_load_for_so_long(bench: MemoryBench) -> None:
    supervisor = bench.armed("limits: {on_battery: {quantity: rack-1.supplied, is: false, most: 5min}}")
    bench.values["rack-1.supplied"] = False
    bench.wait(295.0)
    assert supervisor.state == "armed"
    bench.wait(10.0)
    assert supervisor.tripped == "limit on_battery: rack-1.supplied is False for 300 s, which is the most allowed"


def test_the_emergency_stop_button_trips_at_once(bench: MemoryBench) -> None:
    supervisor = bench.armed("emergency_stop: {input: {quantity: rack-1.supplied, is: true}}")
    bench.values["rack-1.supplied"] = False
    bench.wait(1.2)
    assert "emergency stop" in supervisor.tripped


@given(
    readings=st.lists(st.tuples(st.floats(0.01, 3.0), st.booleans()), min_size=1, max_size=30),
    patience_s=st.floats(0.0, 5.0),
)
def test_an_interlock_is_broken_exactly_when_it_was_wrong_for_its_patience(
    readings: list[tuple[float, bool]], patience_s: float
) -> None:
    limit = Limit.model_validate({"quantity": "x.y", "is": True, "for": patience_s, "stale": "1h"})
    interlock = Interlock("x", limit, 0.0)
    now_s, wrong_since_s = 0.0, None
    for after_s, good in readings:
        now_s += after_s
        interlock.see(now_s, good)
        wrong_since_s = None if good else now_s if wrong_since_s is None else wrong_since_s
        expected = wrong_since_s is not None and now_s - wrong_since_s >= patience_s
        assert bool(interlock.broken(now_s)) is expected


@given(value=st.one_of(st.floats(), st.text(), st.booleans(), st.binary()))
def test_a_limit_never_holds_for_what_cannot_be_compared(value: object) -> None:
    limit = Limit.model_validate({"quantity": "x.y", "above": 10})
    held = limit.holds(value)  # type: ignore[arg-type]
    assert held is (isinstance(value, float | bool) and value > 10)
