"""A UPS by itself: takes over, walks in, transfers, trips, restarts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plant import plant_of
from ups_bench import Bench, Load, Source
from workers.examples import examples

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.ups.ratings import UpsRatings, overload_s
from twinfeed.emulators.plant.ups.ups import Ups


def test_the_battery_takes_over_without_a_gap():
    bench = Bench()
    bench.mains.set(0.0)
    assert bench.ups.mode == "battery"
    assert bench.load.state.interruptions == 0
    assert bench.ups.output_volts == 230.0
    assert bench.ups.output.origin == "ups"


def test_the_rectifier_waits_and_walks_in_so_that_a_generator_is_not_block_loaded():
    bench = Bench(kw=400.0)
    bench.mains.set(0.0)
    bench.run(200.0)
    bench.mains.set(230.0)
    taken = {}
    for second in range(0, 26, 5):
        taken[second] = bench.ups.input_kw
        bench.run(5.0)
    assert taken[0] == taken[5] == 0.0
    assert taken[10] < 40.0 < taken[15] < 450.0
    assert taken[20] == pytest.approx(400 + 400 * 0.04 + 50, rel=0.02), "load, losses and the charger"
    assert bench.happened() == [
        (0.0, "rectifier off"),
        (0.0, "on battery"),
        (200.0, "input returned"),
        (210.0, "rectifier walking in"),
        (220.0, "rectifier on"),
        (220.0, "off battery"),
    ]


def test_a_second_outage_during_the_walk_in_starts_it_again():
    bench = Bench()
    bench.mains.set(0.0)
    bench.run(10.0)
    bench.mains.set(230.0)
    bench.run(15.0)
    bench.mains.set(0.0)
    bench.run(5.0)
    bench.mains.set(230.0)
    bench.run(19.0)
    assert bench.ups.on_battery
    bench.run(2.0)
    assert not bench.ups.on_battery
    assert bench.load.state.interruptions == 0


@pytest.mark.parametrize(
    ("volts", "hertz", "good"), [(200, 50, True), (190, 50, False), (265, 50, False), (230, 43, False)]
)
def test_the_rectifier_has_an_input_window(volts, hertz, good):
    bench = Bench()
    bench.mains.set(volts, hertz)
    assert bench.ups.input_ok is good
    assert bench.load.state.interruptions == 0
    assert bench.ups.output_volts == 230.0, "the output is regulated whatever the input does"


def test_it_follows_the_bypass_and_runs_free_without_one():
    bench = Bench(split=True)
    assert bench.ups.output.origin == "reserve"
    bench.reserve.set(230.0, 50.8)
    assert bench.ups.output_hertz == 50.8
    bench.reserve.set(230.0, 53.0)
    assert (bench.ups.output.origin, bench.ups.output_hertz) == ("ups", 50.0)


def test_losses_follow_the_efficiency_curve():
    full, half, light = (Bench(kw=kw).ups for kw in (500.0, 250.0, 50.0))
    assert 500 / full.input_kw == pytest.approx(0.96, abs=0.005)
    assert 250 / half.input_kw == pytest.approx(0.96, abs=0.005)
    assert 50 / light.input_kw == pytest.approx(0.893, abs=0.01)
    assert full.losses_kw == pytest.approx(full.input_kw - 500)


@pytest.mark.parametrize(("load", "seconds"), [(1.0, float("inf")), (1.25, 600.0), (1.5, 60.0), (1.7, 0.001)])
def test_the_overload_curve_is_the_published_one(load, seconds):
    """MGE Galaxy PW user's manual p. 56: 10 min at 125 %, 1 min at 150 %, above 165 % at once."""
    assert overload_s(load) == pytest.approx(seconds)


@pytest.mark.parametrize(("kw", "after_s"), [(625.0, 600.0), (750.0, 60.0), (900.0, 0.001)])
def test_an_overload_goes_to_bypass_when_its_time_is_up(kw, after_s):
    bench = Bench(kw=300.0)
    bench.load.set(kw)
    bench.run(after_s + 5.0)
    assert bench.happened() == [(pytest.approx(after_s, abs=0.002), "transferred")]
    assert bench.ups.mode == "bypass"
    assert bench.load.state.interruptions == 0


def test_without_its_battery_it_carries_no_more_than_the_rectifier_gives():
    bench = Bench(kw=300.0)
    bench.ups.set_battery_breaker(False)
    bench.load.set(700.0)
    assert bench.ups.mode == "bypass"
    assert bench.load.state.interruptions == 0


def test_it_returns_from_bypass_when_the_overload_is_over():
    bench = Bench(kw=900.0)
    bench.run(30.0)
    assert bench.ups.mode == "bypass"
    bench.load.set(300.0)
    bench.run(11.0)
    assert bench.ups.mode == "online"


def test_an_overload_without_bypass_drops_the_load_and_stays_off():
    bench = Bench(kw=300.0, split=True)
    bench.reserve.set(0.0)
    bench.load.set(800.0)
    bench.run(30.0)
    assert bench.ups.mode == "off"
    bench.load.state.kw = 300.0
    bench.run(3600.0)
    assert bench.ups.mode == "off"
    bench.ups.switch_on()
    bench.run(1.0)
    assert bench.ups.mode == "online"


def test_a_failed_inverter_puts_the_load_on_bypass_without_a_gap_and_returns():
    bench = Bench()
    bench.plant.inject("ups", "inverter", for_s=60.0)
    bench.run(1.0)
    assert bench.ups.mode == "bypass"
    bench.run(120.0)
    assert bench.ups.mode == "online"
    assert bench.load.state.interruptions == 0


def test_a_failed_inverter_with_a_bad_bypass_drops_the_load():
    bench = Bench(split=True)
    bench.reserve.set(190.0)
    bench.plant.inject("ups", "inverter")
    bench.run(1.0)
    assert bench.ups.mode == "off"
    assert bench.load.state.interruptions == 1
    bench.reserve.set(230.0)
    assert bench.ups.mode == "bypass"


def test_a_stuck_static_switch_cannot_save_the_load():
    bench = Bench()
    bench.plant.inject("ups", "static-switch-stuck")
    bench.plant.inject("ups", "inverter")
    bench.run(1.0)
    assert bench.ups.mode == "off"


@pytest.mark.parametrize("also", ["inverter", "battery-weak", "bypass"])
def test_a_module_that_has_failed_as_a_whole_has_no_bypass_either(also: str):
    bench = Bench(split=True)
    bench.plant.inject("ups", "module")
    bench.plant.inject("ups", also)
    bench.run(60.0)
    assert bench.ups.mode == "off"
    assert bench.load.state.interruptions == 1
    bench.plant.clear()
    bench.run(60.0)
    assert bench.ups.mode == "online"


def test_a_bypass_that_fails_under_load_is_replaced_by_the_inverter_within_4_ms():
    bench = Bench(split=True)
    assert bench.ups.to_bypass()
    bench.run(1.0)
    bench.reserve.set(0.0)
    bench.run(0.003)
    assert not bench.load.live
    bench.run(0.002)
    assert bench.load.live
    assert bench.ups.mode == "online"


def test_eco_mode_saves_losses_and_breaks_the_output_for_4_ms():
    bench = Bench(eco=True)
    assert bench.ups.mode == "eco"
    assert bench.ups.losses_kw < 0.5 * Bench().ups.losses_kw
    bench.mains.set(0.0)
    assert not bench.load.live
    bench.run(0.004)
    assert bench.load.live
    assert bench.ups.mode == "battery"
    bench.run(10.0)
    bench.mains.set(230.0)
    bench.run(60.0)
    assert bench.ups.mode == "eco"
    assert bench.load.state.interruptions == 1


def test_exhausted_it_drops_the_load_and_restarts_when_the_input_has_walked_in():
    bench = Bench(kw=500.0)
    bench.mains.set(0.0)
    assert bench.run_until_dead() == pytest.approx(600.0, rel=0.02)
    bench.run(300.0)
    bench.mains.set(230.0)
    bench.run(19.0)
    assert not bench.load.live
    bench.run(1.5)
    assert bench.ups.mode == "online"


def test_without_auto_restart_it_stays_off():
    bench = Bench(kw=500.0)
    bench.ups.state.auto_restart = False
    bench.mains.set(0.0)
    bench.run_until_dead()
    bench.mains.set(230.0)
    bench.run(3600.0)
    assert bench.ups.mode == "off"


@pytest.mark.parametrize("auto_restart", [True, False])
def test_exhausted_onto_its_bypass_it_returns_to_the_inverter_when_the_rectifier_has_walked_in(auto_restart: bool):
    bench = Bench(kw=400.0)
    bench.ups.state.auto_restart = auto_restart
    bench.plant.inject("ups", "rectifier")
    bench.run(1200.0)
    assert (bench.ups.mode, bench.ups.charge_percent) == ("bypass", 0.0)
    bench.plant.clear("ups", "rectifier")
    bench.run(31.0)  # 10 s delay, 10 s walk-in, 10 s on the bypass
    assert bench.ups.mode == "online"
    assert bench.load.state.interruptions == 0


def test_with_a_charge_for_restart_it_waits_for_that_charge_on_its_bypass():
    bench = Bench(kw=400.0, restart_charge_percent=20.0)
    bench.plant.inject("ups", "rectifier")
    bench.run(1200.0)
    bench.plant.clear("ups", "rectifier")
    while bench.ups.charge_percent < 19.9:
        bench.run(5.0)
        assert bench.ups.mode == "bypass"
    bench.run(60.0)
    assert bench.ups.mode == "online"


def test_a_battery_that_fails_under_test_costs_nothing():
    bench = Bench(kw=500.0)
    bench.plant.inject("ups", "battery-weak", {"capacity": 5.0})
    bench.ups.hold_rectifier(True)
    bench.plant.settle()
    assert bench.ups.on_battery
    bench.run(60.0)
    assert bench.ups.mode == "online"
    assert bench.load.state.interruptions == 0


def test_a_fan_failure_derates_the_inverter():
    bench = Bench(kw=450.0)
    bench.plant.inject("ups", "fan", {"derating": 60.0})
    bench.run(70.0)
    assert bench.ups.mode == "bypass"


def test_the_maintenance_bypass_takes_the_ups_out_of_the_path():
    bench = Bench()
    bench.ups.set_maintenance(True)
    bench.run(1.0)
    bench.plant.inject("ups", "inverter")
    bench.run(1.0)
    assert bench.load.live
    bench.mains.set(0.0)
    assert not bench.load.live


def test_segments_switch_parts_of_the_load():
    ups = Ups("ups", UpsRatings(segments=2), {"input": "mains"})
    mains, one, two = Source("mains"), Load("one", None, {"input": "ups:1"}), Load("two", None, {"input": "ups:2"})
    plant = plant_of(mains, ups, one, two)
    ups.set_segment(2, False)
    plant.settle()
    assert (one.live, two.live) == (True, False)


def parallel():
    mains = Source("mains")
    modules = [Ups(f"ups-{n}", UpsRatings(bus="a"), {"input": "mains"}) for n in (1, 2)]
    board = Board("board", None, {"one": "ups-1", "two": "ups-2"})
    load = Load("load", None, {"input": "board"})
    load.state.kw = 400.0
    return plant_of(mains, *modules, board, load), mains, modules, load


def test_modules_in_parallel_share_the_load_in_step_on_mains_and_on_battery():
    plant, mains, modules, _ = parallel()
    assert [m.load_kw for m in modules] == pytest.approx([200.0, 200.0])
    mains.set(0.0)
    plant.advance(5.0)
    assert [m.load_kw for m in modules] == pytest.approx([200.0, 200.0])
    assert {m.output.origin for m in modules} == {"a"}


def test_modules_never_run_apart_though_one_bypass_is_reached_by_a_longer_way():
    mains = Source("mains")
    way, longer = Board("way", None, {"in": "mains"}), Board("longer", None, {"in": "way"})
    first = Ups("ups-1", UpsRatings(bus="a"), {"input": "mains", "bypass": "longer"})
    second = Ups("ups-2", UpsRatings(bus="a"), {"input": "mains", "bypass": "mains"})
    board = Board("board", None, {"one": "ups-1", "two": "ups-2"})
    plant = plant_of(mains, way, longer, first, second, board)
    for volts in (0.0, 230.0, 0.0):
        mains.set(volts)
        plant.advance(plant.now + 60.0)
    assert [e.what for e in plant.journal if e.who == "board"] == []


def test_a_module_that_fails_leaves_its_load_to_the_other():
    plant, _, modules, load = parallel()
    plant.inject("ups-1", "inverter")
    plant.advance(5.0)
    assert [m.mode for m in modules] == ["off", "online"]
    assert modules[1].load_kw == pytest.approx(400.0)
    plant.clear("ups-1")
    plant.advance(30.0)
    assert [m.mode for m in modules] == ["online", "online"]
    assert load.state.interruptions == 0


def test_modules_overloaded_together_go_to_bypass_together():
    plant, _, modules, load = parallel()
    load.set(1700.0)
    plant.advance(5.0)
    assert [m.mode for m in modules] == ["bypass", "bypass"]
    assert load.state.interruptions == 0


def test_a_module_with_a_dead_inverter_carries_its_part_when_the_system_goes_to_bypass():
    plant, _, modules, load = parallel()
    plant.inject("ups-1", "inverter")
    plant.advance(1.0)
    assert [m.mode for m in modules] == ["off", "online"]
    load.set(900.0)
    plant.advance(5.0)
    assert [m.mode for m in modules] == ["bypass", "bypass"]
    assert [m.load_kw for m in modules] == pytest.approx([450.0, 450.0])
    assert load.state.interruptions == 0


def test_the_system_returns_only_when_the_inverters_left_can_carry_it_and_the_dead_one_steps_out():
    plant, _, modules, load = parallel()
    plant.inject("ups-1", "inverter")
    load.set(900.0)
    plant.advance(120.0)
    assert [m.mode for m in modules] == ["bypass", "bypass"], "900 kW on one inverter of 500 kW"
    load.set(400.0)
    plant.advance(140.0)
    assert [m.mode for m in modules] == ["off", "online"]
    plant.clear("ups-1")
    plant.advance(170.0)
    assert [m.mode for m in modules] == ["online", "online"]
    assert load.state.interruptions == 0


@settings(max_examples=examples(40), deadline=None)
@given(
    impedances=st.lists(st.floats(0.5, 10.0), min_size=2, max_size=5),
    broken=st.sets(st.integers(0, 4), max_size=3),
    open_switches=st.sets(st.integers(0, 4), max_size=1),
    share=st.floats(1.7, 3.0),
)
def test_the_load_on_bypass_is_shared_by_all_static_switches_by_their_impedance(
    impedances: list[float], broken: set[int], open_switches: set[int], share: float
):
    """Schneider 990-66233C: the sharing is determined by the impedance of each bypass path."""
    mains = Source("mains")
    modules = [Ups(f"ups-{n}", UpsRatings(bus="a", bypass_percent=z), {"input": "mains"}) for n, z in
               enumerate(impedances)]  # fmt: skip
    board = Board("board", None, {m.id: m.id for m in modules})
    load = Load("load", None, {"input": "board"})
    plant = plant_of(mains, *modules, board, load)
    ill = {n for n in broken if n < len(modules) - 1}
    dead = {n for n in open_switches if n in ill}
    for n in ill:
        plant.inject(f"ups-{n}", "inverter")
        if n in dead:
            plant.inject(f"ups-{n}", "bypass")
    load.set(share * 500.0 * len(modules))
    plant.advance(5.0)
    closed = [(m, 1.0 / z) for n, (m, z) in enumerate(zip(modules, impedances, strict=True)) if n not in dead]
    assert {m.mode for m, _ in closed} == {"bypass"}
    whole = sum(admittance for _, admittance in closed)
    for module, admittance in closed:
        assert module.bypass_draw.total_kw == pytest.approx(board.load_kw * admittance / whole, rel=1e-6)


def test_a_fork_of_the_plant_repeats_itself():
    bench = Bench(kw=480.0)
    bench.mains.set(0.0)
    bench.run(200.0)
    snapshot = bench.plant.snapshot()

    def onwards():
        bench.plant.restore(snapshot)
        bench.mains.set(230.0)
        bench.run(15.0)
        bench.mains.set(0.0)
        bench.run(3000.0)
        return list(bench.plant.journal), bench.ups.state.depth

    first = onwards()
    assert onwards() == first
    assert any(event.what == "output lost" for event in first[0])


def test_a_ups_that_cannot_be_built_says_why():
    with pytest.raises(PlantError, match="needs a feed for its terminal input"):
        Ups("ups", UpsRatings(), {"bypass": "mains"})
    with pytest.raises(PlantError, match="autonomy_min is -1, expected more than 0"):
        Ups("ups", UpsRatings(autonomy_min=-1.0), {"input": "mains"})
    with pytest.raises(PlantError, match="phases is 2, expected 1 or 3"):
        Ups("ups", UpsRatings(phases=2), {"input": "mains"})
    with pytest.raises(PlantError, match="expected one of vrla, li-ion"):
        Ups("ups", UpsRatings(chemistry="lead"), {"input": "mains"})
