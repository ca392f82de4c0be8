"""The temperature of a battery, and what follows when it heats itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ups_bench import Bench
from workers.examples import examples

from twinfeed.emulators.plant.ups.runaway import GAS_M3_PER_AH, HAZARDS


def test_a_battery_takes_the_temperature_of_its_room_within_a_day():
    bench = Bench(kw=100.0, battery_c=20.0)
    bench.ups.state.cells_c = 40.0
    bench.run(6 * 3600.0)
    assert bench.ups.battery_c == pytest.approx(20.0 + 20.0 / 2.718, abs=0.1)
    bench.run(48 * 3600.0)
    assert bench.ups.battery_c == pytest.approx(20.0, abs=0.01)


def test_battery_management_isolates_a_warm_lithium_battery_before_it_is_damaged():
    bench = Bench(kw=100.0, chemistry="li-ion")
    bench.plant.inject("ups", "thermal-runaway", {"rate": 5.0}, for_s=540.0)
    bench.run(600.0)
    assert not bench.ups.state.breaker_closed
    assert not bench.ups.battery_lost
    assert not bench.ups.battery_able
    bench.run(24 * 3600.0)
    bench.ups.set_battery_breaker(True)
    bench.run(1.0)
    assert bench.ups.battery_able, "people close it once it is cool"


def test_lead_acid_cools_down_once_it_is_isolated_and_lithium_goes_on():
    for chemistry in HAZARDS:
        bench = Bench(kw=100.0, chemistry=chemistry)
        bench.plant.inject("ups", "thermal-runaway", {"rate": 2.0})
        bench.run(1200.0)
        bench.ups.set_battery_breaker(False)
        bench.run(3 * 3600.0)
        assert bench.ups.battery_lost is (chemistry == "li-ion")


def test_battery_management_isolates_one_hot_string_and_the_others_carry_the_load():
    bench = Bench(kw=300.0, chemistry="li-ion", strings=4)
    whole = bench.ups.full_s(300.0)
    bench.plant.inject("ups", "thermal-runaway", {"rate": 5.0, "strings": 1.0}, for_s=540.0)
    bench.run(600.0)
    assert bench.ups.strings_in == 3
    assert bench.ups.battery_connected
    assert 0.5 * whole < bench.ups.full_s(300.0) < 0.8 * whole
    bench.mains.set(0.0)
    assert bench.ups.live
    bench.mains.set(230.0)
    bench.run(48 * 3600.0)
    assert bench.ups.strings_in == 4, "cool, and not damaged"


def test_a_string_that_vents_is_lost_and_the_others_follow_only_by_fire():
    bench = Bench(kw=100.0, chemistry="li-ion", strings=4)
    bench.plant.inject("ups", "thermal-runaway", {"rate": 10.0, "strings": 1.0}, for_s=650.0)
    bench.run(700.0)
    assert bench.ups.state.strings_lost == 1
    assert not bench.ups.battery_lost
    bench.run(5 * 3600.0)
    assert bench.ups.battery_lost


@pytest.mark.parametrize("chemistry", HAZARDS)
def test_clearing_the_fault_of_a_lost_battery_repairs_nothing_and_a_new_battery_does(chemistry):
    bench = Bench(kw=100.0, chemistry=chemistry)
    bench.plant.inject("ups", "thermal-runaway", {"rate": 10.0})
    bench.run(900.0)
    bench.plant.clear("ups", "thermal-runaway")
    bench.run(60.0)
    ups = bench.ups
    assert ups.battery_lost
    assert (ups.charge_percent, ups.runtime_s, ups.battery_volts) == (0.0, 0.0, 0.0)
    assert ups.mode == "online"
    bench.mains.set(0.0)
    assert not ups.live
    bench.mains.set(230.0)
    bench.run(24 * 3600.0)
    ups.set_battery_breaker(False)
    assert ups.battery_side.renew()
    ups.set_battery_breaker(True)
    bench.run(60.0)
    assert ups.battery_able
    assert ups.charge_percent == 100.0
    bench.mains.set(0.0)
    assert ups.live


def test_past_venting_a_lithium_battery_burns_string_by_string_though_the_cause_is_gone():
    bench = Bench(kw=100.0, chemistry="li-ion", strings=3, string_spread_min=20.0)
    bench.plant.inject("ups", "thermal-runaway", {"rate": 5.0}, for_s=1200.0)
    bench.run(3 * 3600.0)
    burning = [event.t for event in bench.plant.journal if event.what == "battery string burns"]
    assert len(burning) == 3
    assert burning[1] - burning[0] == pytest.approx(1200.0)
    bench.run(4 * 3600.0)
    assert bench.ups.fire_kw == 0.0
    bench.run(48 * 3600.0)
    assert bench.ups.battery_c < 30.0, "nothing is left to heat it"
    assert bench.ups.battery_lost


def test_lead_acid_on_float_gives_off_the_hydrogen_of_en_iec_62485_2():
    """1 mA for each Ah of a valve-regulated cell on float, 8 mA on boost charge: 0.42 l for each Ah."""
    bench = Bench(kw=100.0)
    bench.run(60.0)
    ah = bench.ups.battery.rated_kw * bench.ups.battery.rated_s / 3.6 / bench.ups.battery.open_volts / 0.45
    cells = bench.ups.battery.blocks * 6
    assert bench.ups.hydrogen_m3_h == pytest.approx(cells * ah * 0.001 * GAS_M3_PER_AH)
    floating = bench.ups.hydrogen_m3_h
    bench.mains.set(0.0)
    bench.run(120.0)
    assert bench.ups.hydrogen_m3_h == 0.0
    bench.mains.set(230.0)
    bench.run(60.0)
    assert bench.ups.hydrogen_m3_h == pytest.approx(8.0 * floating)
    assert Bench(kw=100.0, chemistry="li-ion").ups.hydrogen_m3_h == 0.0


@settings(max_examples=examples(60), deadline=None)
@given(
    chemistry=st.sampled_from(sorted(HAZARDS)),
    room_c=st.floats(-10.0, 55.0),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["runaway", "calm", "mains off", "mains on", "open", "close", "weak", "charger"]),
            st.floats(1.0, 7200.0),
            st.floats(0.1, 60.0),
        ),
        max_size=12,
    ),
)
def test_whatever_happens_a_battery_keeps_its_limits_and_a_lost_one_gives_nothing(chemistry, room_c, steps):
    bench = Bench(kw=300.0, chemistry=chemistry, battery_c=room_c)
    ups, lost = bench.ups, False
    for what, seconds, rate in steps:
        if what == "runaway":
            bench.plant.inject("ups", "thermal-runaway", {"rate": rate})
        elif what == "weak":
            bench.plant.inject("ups", "battery-weak", {"capacity": max(1.0, rate)})
        elif what == "charger":
            bench.plant.inject("ups", "charger", for_s=seconds)
        elif what == "calm" and ups.state.faults:
            bench.plant.clear("ups")
        elif what in ("mains off", "mains on"):
            bench.mains.set(0.0 if what == "mains off" else 230.0)
        elif what in ("open", "close"):
            ups.set_battery_breaker(what == "close")
        bench.plant.settle()
        bench.run(seconds)
        assert 0.0 <= ups.state.depth <= 1.0
        assert 0.0 <= ups.charge_percent <= 100.0
        assert min(room_c, 25.0) - 1.0 <= ups.battery_c <= 1000.0
        assert ups.fire_kw >= 0.0
        assert ups.battery_lost or not lost, "only people mend it"
        lost = ups.battery_lost
        if lost:
            assert not ups.battery_able
            assert ups.charge_percent == ups.runtime_s == ups.battery_volts == ups.battery_kw == 0.0
            assert not ups.on_battery
