"""A power distribution unit: phases, banks, relays, breakers, meters."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from power import Row
from small_plant import Source, plant_of
from workers.examples import examples

from twinfeed.emulators.plant.cooling.rooms import Room, RoomRatings
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.power.pdu_ratings import PduRatings
from twinfeed.emulators.plant.racks.rack import Rack
from twinfeed.emulators.plant.racks.ratings import RackRatings

PICKUP, TAU_S = 1.28, 70.0
"""Of the C curve in `twinfeed.emulators.plant.power.breakers`."""


def test_outlets_spread_over_banks_and_phases() -> None:
    pdu = Pdu("p", PduRatings(outlets=12, banks=3), {})
    assert pdu.outlet_banks == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert pdu.outlet_phases == pdu.outlet_banks


def test_a_single_phase_pdu_loads_the_phase_it_is_wired_to() -> None:
    source = Source("s")
    pdu = Pdu("p", PduRatings(phases=1, phase=2, outlets=4, banks=1), {"input": "s"})
    rack = Rack("r", RackRatings(rack_kw=3.0), {"a": "p:1"})
    plant_of(source, pdu, rack)
    assert source.load.kw == pytest.approx((0.0, 3.0 + pdu.losses_kw, 0.0))


def test_whatever_is_plugged_into_an_outlet_loads_that_outlets_phase() -> None:
    source = Source("s")
    pdu = Pdu("p", PduRatings(outlets=6, banks=6, controls_kw=0.0), {"input": "s"})
    rack = Rack("r", RackRatings(rack_kw=3.0, power_factor=0.98), {"a": "p:3"})
    plant_of(source, pdu, rack)
    assert source.load.kw == pytest.approx((0.0, 0.0, 3.0 + pdu.losses_kw))
    assert pdu.outlet_amperes(3) == pytest.approx(3000 / 0.98 / 230)
    assert pdu.banks.amperes(3) == pytest.approx(3000 / 0.98 / 230)


def test_a_three_phase_outlet_shows_all_phases() -> None:
    source = Source("s")
    pdu = Pdu("p", PduRatings(outlets=3, banks=3, three_phase_outlets=(2,), controls_kw=0.0), {"input": "s"})
    rack = Rack("r", RackRatings(rack_kw=3.0), {"a": "p:2"})
    plant_of(source, pdu, rack)
    assert source.load.kw == pytest.approx((1.0 + pdu.losses_kw / 3.0,) * 3)


def test_an_open_relay_takes_the_outlet_off_and_the_load_with_it() -> None:
    row = Row(racks=2, cords="a")
    assert row.pdu_a.load_kw == pytest.approx(10.5)
    row.pdu_a.switch(1, False)
    row.plant.settle()
    assert row.pdu_a.load_kw == pytest.approx(5.25)
    assert row.a.load.total_kw == pytest.approx(5.25 + row.pdu_a.losses_kw)


def test_latching_relays_keep_their_position_without_power() -> None:
    row = Row(racks=2)
    row.pdu_a.switch(5, False)
    row.a.set(0.0)
    row.run(10)
    row.a.set(230.0)
    row.run(10)
    assert row.pdu_a.outlets_on == 11


def test_relays_that_do_not_latch_stay_open_after_a_loss() -> None:
    row = Row({"latching": False}, racks=2)
    row.a.set(0.0)
    row.run(10)
    row.a.set(230.0)
    row.run(10)
    assert row.pdu_a.outlets_on == 0


def test_a_stuck_relay_ignores_its_command_until_the_fault_is_cleared() -> None:
    row = Row(racks=2)
    row.plant.inject("pdu-a", "relay-stuck", {"outlet": 1})
    assert row.pdu_a.switch(1, False) is False
    assert row.pdu_a.relay_closed(1)
    row.plant.clear("pdu-a", "relay-stuck")
    assert row.pdu_a.switch(1, False) is True


def test_a_pulled_inlet_is_restored_when_the_fault_is_cleared() -> None:
    row = Row(racks=2)
    row.plant.inject("pdu-a", "inlet-loss", for_s=5)
    row.run(1)
    assert not row.pdu_a.live
    row.run(10)
    assert row.pdu_a.outlets_on == 12


def test_an_unknown_outlet_names_those_there_are() -> None:
    with pytest.raises(PlantError, match="no outlet '13'; its outlets are 1 to 12"):
        Row().pdu_a.socket("13")


# -- breakers -------------------------------------------------------------------------------------------------------


def overloaded(factor: float) -> Row:
    """One single-corded rack on a bank whose breaker it overloads by that factor."""
    amperes = 4000.0 / 0.98 / 230.0
    return Row({"bank_a": amperes / factor}, racks=1, cords="a", rack_kw=4.0)


def test_an_overloaded_bank_trips_when_its_thermal_element_is_hot() -> None:
    row = overloaded(2.0)
    row.run(600)
    expected = TAU_S * log(4.0 / (4.0 - PICKUP**2))
    assert row.happened("pdu-a") == [(round(expected, 3), "bank tripped")]
    assert row.pdu_a.load_kw == 0.0


@pytest.mark.parametrize(
    ("factor", "at_least_s", "at_most_s"),
    [(1.13, 3600.0, None), (1.45, 0.0, 3600.0), (2.55, 1.0, 60.0)],
    ids=["carries 1.13 In for an hour", "trips within the hour at 1.45 In", "trips in 1 to 60 s at 2.55 In"],
)
def test_breakers_keep_the_bands_of_iec_60898(factor: float, at_least_s: float, at_most_s: float | None) -> None:
    row = overloaded(factor)
    row.run(3600)
    trips = [t for t, what in row.happened("pdu-a") if what == "bank tripped"]
    if at_most_s is None:
        assert trips == []
    else:
        assert at_least_s < trips[0] < at_most_s


def test_a_current_of_the_magnetic_release_is_broken_in_half_a_cycle() -> None:
    row = overloaded(8.0)
    row.run(1)
    assert row.happened("pdu-a") == [(0.01, "bank tripped")]  # half a cycle


def test_a_breaker_that_is_still_warm_trips_sooner() -> None:
    row = overloaded(2.0)
    row.run(20)
    row.racks.set_utilisation(0.0)
    row.run(5)
    row.racks.set_utilisation(1.0)
    row.run(100)
    tripped = next(t for t, what in row.happened("pdu-a") if what == "bank tripped")
    assert tripped - 25 < TAU_S * log(4.0 / (4.0 - PICKUP**2)) - 15


def test_a_tripped_bank_stays_open_until_it_is_reset() -> None:
    row = overloaded(8.0)
    row.racks.set_utilisation(0.0)
    row.run(60)
    assert row.pdu_a.tripped_banks == 1
    row.racks.shut_down()
    row.pdu_a.banks.reset(1)
    row.run(1)
    assert row.pdu_a.tripped_banks == 0


def test_a_bank_that_carries_its_load_at_30_degrees_trips_in_hotter_air() -> None:
    """At 60 degC a C60 of 16 A is rated 13.4 A: 1.2 In, which it carries at 30 degC for ever, are then above 1.28 times that."""
    room = Room("room", RoomRatings(mass_kj_per_m2_k=1000.0, air_c=30.0))
    row = Row({"bank_a": 4000.0 / 0.98 / 230.0 / 1.2, "room": "room"}, room, racks=1, cords="a", rack_kw=4.0)
    row.run(3600)
    assert row.happened("pdu-a") == []
    room.state.nodes_c = [60.0, 60.0]
    row.plant.settle()
    row.run(3600)
    assert [what for _, what in row.happened("pdu-a")] == ["bank tripped"]


# -- losses ---------------------------------------------------------------------------------------------------------


def test_a_pdu_heats_its_room_with_its_controls_and_with_the_poles_of_its_breakers() -> None:
    """IEC 60898-1: a pole of 32 A loses at most 6 W at 32 A, and less with the square of the current."""
    room = Room("room", RoomRatings())
    row = Row({"room": "room", "controls_kw": 0.02}, room, racks=2, cords="a", rack_kw=230.0 * 16.0 * 0.98 / 1000.0)
    assert row.pdu_a.losses_kw == pytest.approx(0.02 + 2 * 0.006 / 4)
    assert row.a.load.total_kw == pytest.approx(row.pdu_a.load_kw + row.pdu_a.losses_kw)
    assert room.heat_kw == pytest.approx(row.pdu_a.losses_kw + row.pdu_b.losses_kw)
    row.plant.inject("pdu-a", "inlet-loss")
    row.run(1)
    assert row.pdu_a.losses_kw == 0.0


# -- meters ---------------------------------------------------------------------------------------------------------


def test_energy_is_the_exact_integral_of_power() -> None:
    row = Row(racks=3, cords="a")
    row.run(1800)
    row.pdu_a.switch(1, False)
    row.run(1800)
    assert row.pdu_a.energy.outlet_kwh(1) == pytest.approx(5.25 / 2, rel=1e-12)
    assert row.pdu_a.energy.outlet_kwh(2) == pytest.approx(5.25, rel=1e-12)
    assert row.pdu_a.energy_kwh == pytest.approx(5.25 * 2.5, rel=1e-12)
    assert row.pdu_a.energy.kvah == pytest.approx(5.25 * 2.5 / 0.98, rel=1e-12)


def test_reading_a_meter_twice_changes_nothing() -> None:
    row = Row(racks=3)
    row.run(100)
    first = row.pdu_a.energy_kwh
    row.pdu_a.bring_up_to_date()
    assert row.pdu_a.energy_kwh == pytest.approx(first, rel=1e-12)


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.floats(0.1, 900.0)), max_size=12))
def test_outlets_banks_and_phases_add_up_to_the_inlet(switchings: list[tuple[int, bool, float]]) -> None:
    row = Row(racks=12, rack_kw=4.0)
    for outlet, closed, then_s in switchings:
        row.pdu_a.switch(outlet, closed)
        row.run(then_s)
    pdu = row.pdu_a
    assert sum(d.total_kw for d in pdu.outlet_draws) == pytest.approx(row.a.load.total_kw - pdu.losses_kw)
    assert sum(pdu.energy.bank_kwh(b) for b in range(1, 13)) == pytest.approx(pdu.energy_kwh)
    assert sum(pdu.energy.phase_kwh(p) for p in (1, 2, 3)) == pytest.approx(pdu.energy_kwh)


def test_a_drifting_meter_reads_wrong_while_the_load_stays() -> None:
    row = Row(racks=1)
    before = row.pdu_a.load_kw
    row.plant.inject("pdu-a", "meter-drift", {"percent": 20})
    row.run(1)
    assert row.pdu_a.meter_gain == pytest.approx(1.2)
    assert row.pdu_a.load_kw == before
