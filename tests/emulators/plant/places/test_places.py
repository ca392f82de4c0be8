"""Events of a place act on all that is in it, and damage stays until people replace what was destroyed."""

from __future__ import annotations

import pytest
from rooms import Rooms

from twinfeed.emulators.plant.people.isolation import loads_cut
from twinfeed.emulators.plant.places import fire
from twinfeed.emulators.plant.places.exposure import CABLES_C, ELECTRONICS_C


@pytest.fixture
def rooms(tmp_path):
    return Rooms(tmp_path)


def test_a_place_holds_what_names_it_and_what_names_its_hall(rooms):
    assert {a.id for a in rooms.place("room-a").contents} == {"q-a", "ups-a"}
    assert {a.id for a in rooms.place("hall-area").contents} == {"pdu-a", "row", "crah-1", "monitor/device"}


@pytest.mark.parametrize(("growth", "seconds"), [("slow", 600), ("medium", 300), ("fast", 150), ("ultrafast", 75)])
def test_fires_reach_1055_kw_in_the_time_that_names_their_growth(growth, seconds):
    """NFPA 72 annex B: 1,000 BTU/s."""
    assert fire.release_kw(seconds, fire.GROWTHS[growth], 1e4) == pytest.approx(1055.0, rel=0.002)


def test_a_room_warms_as_mccaffrey_quintiere_and_harkleroad_measured():
    """SFPE handbook, worked example: 750 kW in 5 x 5 x 3 m, a door of 1 x 2 m, gypsum... here concrete: 200 to 450 K."""
    assert 200.0 < fire.rise_k(750.0, 600.0, 25.0, 3.0) < 450.0
    assert fire.rise_k(1500.0, 600.0, 25.0, 3.0) / fire.rise_k(750.0, 600.0, 25.0, 3.0) == pytest.approx(2 ** (2 / 3))


def test_a_fire_burns_its_fuel_and_no_more():
    lasting = fire.burnt_s(3000.0, 0.01172, 1000.0)
    burnt = sum(fire.release_kw(t + 0.5, 0.01172, 1000.0) for t in range(int(lasting)))
    assert burnt / 1000.0 == pytest.approx(3000.0, rel=0.01)


def test_a_fire_raises_the_alarm_and_destroys_electronics_before_cables(rooms):
    rooms.site.inject("room-a", "fire")
    rooms.run_until(lambda: rooms["room-a"].alarm)
    assert rooms.lost() == set()
    rooms.run_until(lambda: "ups-a" in rooms.lost())
    assert ELECTRONICS_C <= rooms["room-a"].air_c < CABLES_C
    assert rooms.lost() == {"ups-a", "ups-a/device"}
    rooms.run_until(lambda: "q-a" in rooms.lost())
    assert rooms["room-a"].air_c >= CABLES_C
    assert not rooms["pdu-a"].live
    assert rooms["pdu-b"].live
    assert not rooms.site.devices["ups-a"].answers


def test_clearing_a_fire_repairs_nothing_and_a_deed_does(rooms):
    rooms.site.inject("room-a", "fire", for_s=900.0)
    rooms.site.advance(7200.0)
    assert rooms["room-a"].fire_kw == 0.0
    assert rooms.lost() == {"ups-a", "ups-a/device", "q-a"}
    assert not rooms["q-a"].closed
    for target, deed in (
        ("q-a", "replace"), ("q-a", "reset"), ("q-a", "close"),
        ("ups-a", "replace"), ("ups-a", "close-battery"), ("ups-a", "switch-on"),
    ):  # fmt: skip
        assert rooms.site.do(target, deed).done, (target, deed)
    rooms.site.advance(60.0)
    assert rooms.lost() == set()
    assert rooms["ups-a"].mode == "online"
    assert rooms["ups-a"].charge_percent > 99.0
    assert rooms.site.devices["ups-a"].answers
    assert not rooms.site.do("ups-a", "replace").done, "it is whole"


def test_walls_hold_a_fire_for_their_rating(rooms):
    rooms.site.inject("room-a", "fire", {"fuel": 50_000.0})
    rooms.site.advance(59.5 * 60.0)
    assert not rooms["room-b"].burning
    rooms.site.advance(60.0)
    assert rooms["room-b"].burning
    rooms.site.clear("room-a", "fire")
    rooms.site.advance(3600.0)
    assert not rooms["room-b"].burning, "the brigade puts out what this fire has set alight"


@pytest.mark.parametrize("how", ["barrier-open", "gas-release"])
def test_open_or_broken_walls_let_it_through_after_the_time_for_an_open_passage(rooms, how):
    if how == "gas-release":
        rooms.site.inject("room-a", "gas-release", {"pressure": 2.0}, for_s=10.0)
        rooms.site.advance(60.0)
    else:
        rooms.site.inject("room-a", how)
    rooms.site.inject("room-a", "fire", {"fuel": 50_000.0, "spread": 15.0})
    rooms.site.advance(14.5 * 60.0)
    assert not rooms["room-b"].burning
    rooms.site.advance(60.0)
    assert rooms["room-b"].burning


def test_a_fire_that_has_burnt_out_does_not_spread(rooms):
    rooms.site.inject("room-a", "fire", {"fuel": 100.0})
    rooms.site.advance(4 * 3600.0)
    assert not rooms["room-a"].burning
    assert not any(event.who == "room-b" and event.what == "fire" for event in rooms.site.plant.journal)


def test_gas_puts_a_fire_out_before_it_destroys_anything_and_stops_the_air_handlers(tmp_path):
    rooms = Rooms(tmp_path, room_a="suppression: inert-gas")
    rooms.site.inject("room-a", "fire")
    rooms.site.advance(600.0)
    assert rooms["room-a"].released
    assert rooms["room-a"].fire_kw == 0.0
    assert rooms.lost() == set()


def test_a_release_that_fails_leaves_the_fire(tmp_path):
    rooms = Rooms(tmp_path, room_a="suppression: inert-gas")
    rooms.site.inject("room-a", "suppression-failed")
    rooms.site.inject("room-a", "fire")
    rooms.site.advance(600.0)
    assert "ups-a" in rooms.lost()


def test_a_dry_sprinkler_waits_for_alarm_and_heat_and_floods_what_is_below(tmp_path):
    rooms = Rooms(tmp_path, room_a="suppression: pre-action")
    rooms.site.inject("room-a", "detection-failed")
    rooms.site.inject("room-a", "fire")
    rooms.run_until(lambda: rooms["room-a"].air_c > 70.0)
    assert not rooms["room-a"].released
    rooms.site.clear("room-a", "detection-failed")
    rooms.site.advance(60.0)
    assert rooms["room-a"].released
    assert rooms["room-a"].water_m > 0.0


def test_a_wet_sprinkler_opens_in_a_hall_that_has_lost_its_cooling_though_nothing_burns(tmp_path):
    """As in the computer room of two banks in Singapore, October 2023: 68 degC bulbs, no fire."""
    rooms = Rooms(tmp_path, hall_area="suppression: sprinkler")
    rooms["hall-1"].state.nodes_c = [75.0] * 5
    rooms.site.plant.settle()
    rooms.site.advance(120.0)
    assert rooms["hall-area"].released
    assert not rooms["hall-area"].burning
    assert "row" in rooms.lost(), "under the sprinkler"


def test_smoke_in_a_hall_stops_its_air_handlers_until_the_alarm_is_over(rooms):
    assert rooms["crah-1"].running
    rooms.site.inject("hall-area", "smoke", for_s=300.0)
    rooms.site.advance(200.0)
    assert rooms["hall-area"].alarm
    assert not rooms["crah-1"].running
    rooms.site.advance(7200.0)
    assert not rooms["hall-area"].alarm
    assert rooms["crah-1"].running
    assert rooms.lost() == set()


def test_water_destroys_what_stands_below_its_level_in_the_order_of_heights(rooms):
    """5 mm a minute: 0.1 m after 20 min, 0.5 m after 100 min."""
    rooms.site.inject("room-a", "water", {"rate": 5.0})
    rooms.site.advance(60.0)
    assert rooms["room-a"].wet
    assert rooms.site.devices["monitor"].closed(2)
    assert rooms.run_until(lambda: "ups-a" in rooms.lost()) == pytest.approx(19 * 60.0, abs=3.0)
    assert rooms.run_until(lambda: "q-a" in rooms.lost()) == pytest.approx(80 * 60.0, abs=3.0)
    rooms.site.clear("room-a", "water")
    rooms.site.advance(7200.0)
    assert rooms["room-a"].water_m == 0.0
    assert rooms.lost() == {"ups-a", "ups-a/device", "q-a"}


def test_drains_keep_up_with_a_small_leak(tmp_path):
    rooms = Rooms(tmp_path, room_a="drain_mm_min: 5")
    rooms.site.inject("room-a", "water", {"rate": 4.0})
    rooms.site.advance(36_000.0)
    assert rooms["room-a"].water_m == 0.0
    assert rooms.lost() == set()


def test_emergency_power_off_of_a_zone_is_dead_until_people_close_what_it_opened(rooms):
    rooms.site.inject("building", "epo", for_s=60.0)
    rooms.site.advance(30.0)
    assert not rooms["ups-a"].live
    assert not rooms["ups-b"].live
    assert rooms["board"].live, "outside the zone"
    assert not rooms.site.devices["ups-a"].answers
    rooms.site.advance(120.0)
    assert not rooms["ups-a"].live
    assert not rooms["pdu-a"].live
    assert rooms.lost() == set()
    for target, deed in (
        ("q-a", "reset"), ("q-a", "close"), ("ups-a", "close-battery"), ("ups-a", "switch-on"),
    ):  # fmt: skip
        assert rooms.site.do(target, deed).done, (target, deed)
    rooms.site.advance(60.0)
    assert rooms["pdu-a"].live


def test_people_press_the_emergency_power_off_and_release_it(rooms):
    assert rooms.site.do("building", "press-epo").done
    rooms.site.advance(5.0)
    assert not rooms["ups-b"].live
    assert not rooms.site.devices["ups-b"].answers
    assert rooms.site.do("building", "release-epo").done
    for deed in ("close-battery", "switch-on"):
        assert rooms.site.do("ups-b", deed).done
    rooms.site.advance(60.0)
    assert rooms["ups-b"].live


def test_what_is_only_tried_leaves_the_plant_as_it_was(rooms):
    before = rooms.site.plant.snapshot()
    cut = loads_cut(rooms.site.plant, lambda: rooms.place("switch-room").press(True))
    assert "crah-1" in cut
    assert rooms.site.plant.snapshot()["actors"] == before["actors"]
    assert rooms["board"].live
    rooms.site.advance(60.0)
    assert rooms["crah-1"].running


def test_a_snapshot_in_the_middle_of_a_fire_goes_on_as_the_original(rooms, tmp_path):
    rooms.site.inject("room-a", "fire")
    rooms.site.advance(400.0)
    snapshot = rooms.site.plant.snapshot()
    rooms.site.plant.journal.clear()
    rooms.site.advance(3600.0)
    other = Rooms(tmp_path)
    other.site.plant.restore(snapshot)
    other.site.advance(3600.0)
    assert other.site.plant.journal == rooms.site.plant.journal
    assert other["pdu-a"].live is rooms["pdu-a"].live is False
    assert other.lost() == rooms.lost()


def test_a_snapshot_from_before_brings_everything_back(rooms):
    snapshot = rooms.site.plant.snapshot()
    rooms.site.inject("building", "epo")
    rooms.site.inject("room-a", "fire")
    rooms.site.advance(1000.0)
    rooms.site.plant.restore(snapshot)
    rooms.site.advance(10.0)
    assert rooms.lost() == set()
    assert rooms["ups-a"].live
    assert rooms["ups-b"].live
    assert rooms["ups-a"].mode == "online"


def test_a_battery_that_burns_sets_its_room_alight_and_then_the_next(tmp_path):
    rooms = Rooms(tmp_path, chemistry="li-ion", room_a="barrier_min: 60, suppression: inert-gas")
    rooms.site.inject("ups-a", "thermal-runaway", {"rate": 5.0}, for_s=1500.0)
    order = [("ups-a", "battery isolated"), ("ups-a", "battery destroyed"), ("ups-a", "battery string burns")]
    order += [("room-a", "fire alarm"), ("room-a", "suppression released"), ("room-a", "fire"), ("ups-a", "destroyed")]
    order += [("room-b", "fire"), ("ups-b", "destroyed")]
    rooms.site.advance(6 * 3600.0)
    first = {}
    for event in rooms.site.plant.journal:
        first.setdefault((event.who, event.what), event.t)
    assert [first[step] for step in order] == sorted(first[step] for step in order)
    assert not any(rooms[ups].live for ups in ("ups-a", "ups-b"))


def test_an_off_gas_detector_isolates_all_batteries_of_its_place(tmp_path):
    rooms = Rooms(tmp_path, chemistry="li-ion", room_a="off_gas_detection: true")
    rooms.site.inject("ups-a", "thermal-runaway", {"rate": 5.0})
    rooms.run_until(lambda: rooms["room-a"].off_gas)
    rooms.site.advance(10.0)
    assert rooms["room-a"].alarm
    assert not rooms["ups-a"].state.breaker_closed
    assert not rooms["ups-a"].fire_kw, "before anything burns"


def test_hydrogen_stays_far_below_the_limit_with_ventilation_and_gathers_without(rooms):
    """EN IEC 62485-2: less than 1 % with the ventilation that it asks for; the lower explosive limit is 4 %."""
    rooms.site.advance(24 * 3600.0)
    assert 0.0 < rooms["room-a"].hydrogen_percent < 0.1
    before = rooms["room-a"].hydrogen_percent
    rooms.site.inject("room-a", "ventilation-failed")
    rooms.site.advance(48 * 3600.0)
    assert rooms["room-a"].hydrogen_percent > 10.0 * before


def test_a_battery_follows_the_air_of_its_place(tmp_path):
    rooms = Rooms(tmp_path, room_a="air_c: 35")
    rooms.site.advance(60.0)
    assert rooms["ups-a"].battery_c == pytest.approx(35.0)
    assert rooms["ups-b"].battery_c == pytest.approx(25.0)
    assert rooms["ups-a"].battery_side.as_built > rooms["ups-b"].battery_side.as_built


def test_water_in_the_room_of_a_battery_takes_the_battery_and_leaves_the_ups(tmp_path):
    rooms = Rooms(tmp_path, ups_a="battery_place: cellar")
    rooms.site.inject("cellar", "water", {"rate": 100.0})
    rooms.site.advance(120.0)
    assert rooms["ups-a"].battery_lost
    assert rooms["ups-a"].mode == "online"
    assert "battery_bad" in rooms.site.devices["ups-a"].state.alarms
    rooms.site.inject("utility", "outage")
    rooms.site.advance(1.0)
    assert not rooms["ups-a"].live
    assert rooms["ups-b"].live
