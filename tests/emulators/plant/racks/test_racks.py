"""Racks: sharing between cords, riding through, dropping, booting, shedding."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from power import OnePhaseSource, Row
from small_plant import Source, plant_of
from workers.examples import examples

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.racks.power_supplies import platinum_efficiency, ride_through_s
from twinfeed.emulators.plant.racks.rack import Rack
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.racks.ratings import RackRatings, RackRowRatings


def test_both_cords_share_equally() -> None:
    row = Row(racks=10)
    assert row.pdu_a.load_kw == pytest.approx(26.25)
    assert row.pdu_b.load_kw == pytest.approx(26.25)
    assert row.racks.heat_kw == pytest.approx(52.5)


def test_the_surviving_cord_takes_all_at_once_and_nothing_is_lost() -> None:
    row = Row(racks=10)
    row.a.set(0.0)
    row.plant.settle()
    assert row.pdu_a.load_kw == 0.0
    # One side alone works further up its efficiency curve, so the draw changes by some percent, no more.
    assert row.pdu_b.load_kw == pytest.approx(52.5, rel=0.04)
    row.run(3600)
    assert row.racks.supplied
    assert not row.racks.redundant
    assert row.racks.losses == 0


@pytest.mark.parametrize(
    ("volts", "survives_s"), [(0.0, 0.020), (0.69 * 230, 0.020), (0.75 * 230, 0.5), (0.85 * 230, 10.0)]
)
def test_itic_curve_says_how_long_a_rack_rides_through(volts: float, survives_s: float) -> None:
    row = Row(racks=2)
    row.a.set(volts)
    row.b.set(volts)
    row.run(survives_s - 0.002)
    assert row.racks.supplied
    row.run(0.004)
    assert not row.racks.supplied
    assert row.racks.losses == 2
    assert row.happened("racks") == [(round(survives_s, 3), "lost supply")] * 2


def test_nine_tenths_of_the_voltage_is_good_for_ever() -> None:
    row = Row(racks=2)
    row.a.set(0.91 * 230)
    row.b.set(0.91 * 230)
    row.run(86400)
    assert row.racks.supplied


def test_a_gap_shorter_than_the_ride_through_is_invisible() -> None:
    row = Row(racks=2)
    for _ in range(20):
        row.a.set(0.0)
        row.b.set(0.0)
        row.run(0.019)
        row.a.set(230.0)
        row.b.set(230.0)
        row.run(1.0)
    assert row.racks.losses == 0
    assert row.racks.racks_running == 2


def test_a_sag_uses_up_part_of_the_ride_through_of_a_deeper_one() -> None:
    row = Row(racks=1)
    for source in (row.a, row.b):
        source.set(0.85 * 230)
    row.run(5.0)
    for source in (row.a, row.b):
        source.set(0.75 * 230)
    row.run(1.0)
    assert row.happened("racks") == [(5.25, "lost supply")]


def test_two_gaps_one_after_the_other_on_either_cord_need_the_first_supply_back() -> None:
    """The second cord may fail once the first has come back and its power supply has started: not before."""
    for pause_s, lost in ((1.0, 1), (3.0, 0)):
        row = Row(racks=1)
        row.a.set(0.0)
        row.run(5)
        row.a.set(230.0)
        row.run(pause_s)
        row.b.set(0.0)
        row.run(1)
        assert row.racks.losses == lost


def test_a_dropped_rack_boots_again_with_an_inrush_and_a_ramp() -> None:
    row = Row(racks=1)
    row.a.set(0.0)
    row.b.set(0.0)
    row.run(60)
    assert row.racks.heat_kw == 0.0
    row.a.set(230.0)
    row.b.set(230.0)
    seen = []
    for _ in range(6):
        row.run(50)
        seen.append(row.racks.heat_kw)
    assert seen == sorted(seen)
    assert 0.45 * 5.25 < seen[0] < 5.25
    assert seen[-1] == pytest.approx(5.25)
    assert [what for _, what in row.happened("racks")] == ["lost supply", "supply returned", "running"]
    returned, running = (t for t, what in row.happened("racks") if what != "lost supply")
    assert returned == pytest.approx(62.0)
    assert running - returned == pytest.approx(240.0)


def test_the_inrush_of_a_restart_is_seen_upstream() -> None:
    row = Row(racks=10)
    row.a.set(0.0)
    row.b.set(0.0)
    row.run(60)
    row.a.set(230.0)
    row.run(2.01)
    assert row.a.load.total_kw > 1.4 * 52.5


def test_racks_that_do_not_start_by_themselves_wait_for_staff() -> None:
    row = Row(racks=2, auto_restart=False)
    row.a.set(0.0)
    row.b.set(0.0)
    row.run(1)
    row.a.set(230.0)
    row.run(600)
    assert row.racks.racks_running == 0
    row.racks.start_up()
    row.run(600)
    assert row.racks.racks_running == 2


def test_orderly_shutdown_sheds_the_load_without_a_loss() -> None:
    row = Row(racks=4)
    row.racks.shut_down(rack=2)
    row.run(119)
    assert row.racks.heat_kw == pytest.approx(21.0)
    row.run(2)
    assert row.racks.quantity("rack-2.state") == "stopped"
    assert row.racks.quantity("rack-2.kw") < 0.15
    assert row.racks.heat_kw == pytest.approx(15.75, abs=0.15)
    assert row.racks.losses == 0


def test_losing_supply_while_shut_down_is_no_loss() -> None:
    row = Row(racks=1)
    row.racks.shut_down()
    row.run(130)
    row.a.set(0.0)
    row.b.set(0.0)
    row.run(1)
    assert not row.racks.supplied
    assert row.racks.losses == 0
    row.a.set(230.0)
    row.run(60)
    assert row.racks.quantity("rack-1.state") == "stopped"


def test_utilisation_moves_power_between_idle_and_full() -> None:
    row = Row(racks=2)
    row.racks.set_utilisation(0.0, rack=1)
    row.plant.settle()
    assert row.racks.quantity("rack-1.kw") == pytest.approx(0.45 * 5.25, rel=0.05)
    assert row.racks.quantity("rack-2.kw") == pytest.approx(5.25)
    with pytest.raises(PlantError, match="utilisation is 2, expected 0 to 1"):
        row.racks.set_utilisation(2.0)


def test_a_dead_power_supply_leaves_the_rack_on_one_cord() -> None:
    row = Row(racks=3)
    row.plant.inject("racks", "psu-a-failure", {"rack": 2})
    row.run(60)
    row.b.set(0.0)
    row.run(60)
    assert [row.racks.quantity(f"rack-{n}.supplied") for n in (1, 2, 3)] == [True, False, True]
    row.plant.clear("racks", "psu-a-failure")
    row.run(60)
    assert row.racks.supplied


def test_single_corded_racks_drop_with_their_only_feed() -> None:
    row = Row(racks=2, cords="a")
    row.a.set(0.0)
    row.run(1)
    assert row.racks.racks_supplied == 0


def test_one_switched_outlet_drops_one_rack() -> None:
    row = Row(racks=4, cords="a")
    row.pdu_a.switch(3, False)
    row.run(1)
    assert [row.racks.quantity(f"rack-{n}.supplied") for n in (1, 2, 3, 4)] == [True, True, False, True]


class Hall(Component):
    kind = "hall"
    inlet_c = hottest_inlet_c = 24.0


def test_servers_shut_themselves_down_when_it_gets_too_hot() -> None:
    source, hall = Source("s"), Hall("hall-1")
    racks = RackRow("racks", RackRowRatings(racks=2, hall="hall-1"), {"a": "s"})
    plant = plant_of(source, racks, hall)
    hall.inlet_c = hall.hottest_inlet_c = 45.5
    plant.settle()
    assert racks.overheated == 2
    assert racks.supplied
    assert racks.heat_kw < 0.3


def test_the_racks_at_the_ends_of_a_row_breathe_the_worst_air_and_stop_first() -> None:
    source, hall = Source("s"), Hall("hall-1")
    racks = RackRow("racks", RackRowRatings(racks=9, hall="hall-1"), {"a": "s"})
    plant = plant_of(source, racks, hall)
    hall.inlet_c, hall.hottest_inlet_c = 43.0, 46.0
    plant.settle()
    assert [racks.quantity(f"rack-{n}.state") == "overheated" for n in range(1, 10)] == [
        True, True, False, False, False, False, False, True, True,
    ]  # fmt: skip


def test_a_row_larger_than_its_pdu_is_refused() -> None:
    with pytest.raises(PlantError, match="rack 13 would be on outlet 13 of pdu-a, which has 12"):
        Row(racks=13)


def test_overload_by_failover_is_found() -> None:
    """2N means each side must carry all: a PDU whose breakers are sized for the shared load trips after failover."""
    row = Row({"bank_a": 16.0}, racks=10)
    row.run(3600)
    assert row.racks.supplied
    row.a.set(0.0)
    row.run(3600)
    assert row.pdu_b.tripped_banks == 10
    assert row.racks.losses == 10


def test_a_forked_run_repeats_itself() -> None:
    row = Row(racks=10)
    row.a.set(0.0)
    row.run(30)
    row.b.set(0.7 * 230)
    row.run(0.1)
    snapshot = row.plant.snapshot()

    def tail() -> list[object]:
        row.plant.journal.clear()
        row.b.set(0.0)
        row.run(5)
        row.a.set(230.0)
        row.run(400)
        return [*row.plant.journal, row.pdu_a.energy_kwh, row.pdu_b.energy_kwh]

    first = tail()
    row.plant.restore(snapshot)
    assert tail() == first


ANY_VOLTAGE = st.sampled_from([0.0, 100.0, 170.0, 190.0, 230.0, 270.0])


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.tuples(ANY_VOLTAGE, st.floats(0.001, 30.0)), max_size=15))
def test_nothing_on_one_cord_alone_can_drop_a_rack(changes: list[tuple[float, float]]) -> None:
    row = Row(racks=2)
    for volts, then_s in changes:
        row.a.set(volts)
        row.run(then_s)
        assert row.racks.losses == 0
        assert row.pdu_a.load_kw + row.pdu_b.load_kw == pytest.approx(row.racks.heat_kw)


def test_published_curves() -> None:
    assert [ride_through_s(f) for f in (0.0, 0.70, 0.80)] == [0.020, 0.5, 10.0]
    assert [platinum_efficiency(x) for x in (0.2, 0.5, 1.0)] == pytest.approx([0.90, 0.94, 0.91])


def test_a_single_phase_rack_lives_on_one_phase_of_its_feed() -> None:
    source = OnePhaseSource("ups")
    rack = Rack("rack", RackRatings(phase=1, rack_kw=1.0), {"a": "ups"})
    plant = plant_of(source, rack)
    plant.advance(60.0)
    assert rack.quantity("supplied")
    assert source.load.kw[0] > 0.9 and source.load.kw[1:] == (0.0, 0.0)
