"""An event of a place acts in that place and where it spreads, and no reading of a destroyed thing looks healthy."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rooms import Rooms

from twinfeed.emulators.devices.firmware.points import PointError

PLACES = ("room-a", "room-b", "switch-room", "hall-area")

events = st.one_of(
    st.tuples(st.just("fire"), st.fixed_dictionaries({"growth": st.floats(0.001, 0.2), "fuel": st.floats(10.0, 1e4)})),
    st.tuples(st.just("smoke"), st.fixed_dictionaries({"density": st.floats(1.0, 99.0)})),
    st.tuples(st.just("water"), st.fixed_dictionaries({"rate": st.floats(0.1, 500.0)})),
    st.tuples(st.just("epo"), st.just({})),
    st.tuples(st.just("gas-release"), st.fixed_dictionaries({"pressure": st.floats(0.0, 5.0)})),
)

INSIDE = {
    "room-a": {"q-a", "ups-a"},
    "room-b": {"ups-b"},
    "switch-room": {"q-main", "board"},
    "hall-area": {"pdu-a", "row", "crah-1", "monitor"},
}

anything = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def touched(rooms: Rooms) -> set[str]:
    """Names of all that an event has destroyed, shut off or opened."""
    actors = rooms.site.plant.actors.values()
    down = {actor.id.partition("/")[0] for actor in actors if actor.down}
    return down | {q for q in ("q-a", "q-main") if rooms[q].tripped}


@anything
@given(place=st.sampled_from(PLACES), event=events, hours=st.floats(0.01, 6.0), cleared=st.booleans())
def test_an_event_acts_in_its_place_and_where_its_fire_has_spread(tmp_path, place, event, hours, cleared):
    rooms = Rooms(tmp_path)
    kind, parameters = event
    rooms.site.inject(place, kind, parameters)
    rooms.site.advance(3600.0 * hours)
    if cleared:
        rooms.site.clear(place, kind)
        rooms.site.advance(7200.0)
    burnt = {name for name in PLACES if rooms[name].state.fire_at >= 0.0} | {place}
    assert kind == "fire" or burnt == {place}
    assert burnt <= {"room-a", "room-b"} or burnt == {place}
    assert touched(rooms) <= set().union(*(INSIDE[name] for name in burnt))


@anything
@given(
    first=events,
    second=events,
    places=st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)),
    wait_s=st.floats(0.0, 5000.0),
)
def test_damage_stays_and_quantities_stay_in_range_whatever_happens(tmp_path, first, second, places, wait_s):
    rooms = Rooms(tmp_path)
    lost = rooms.lost()
    for place, (kind, parameters) in zip(places, (first, second), strict=True):
        rooms.site.inject(place, kind, parameters)
        rooms.site.advance(wait_s)
        assert lost <= rooms.lost()
        lost = rooms.lost()
    rooms.site.clear()
    rooms.site.advance(6 * 3600.0)
    assert lost <= rooms.lost()
    for name in PLACES:
        place = rooms[name]
        assert 15.0 <= place.air_c <= 1200.0
        assert 0.0 <= place.smoke_percent <= 99.0
        assert 0.0 <= place.water_m <= place.params.height_m
        assert place.fire_kw >= 0.0


def healthy(rooms: Rooms, device: str) -> bool:
    """True if a station that polls the device would believe that all is well: it answers, and no alarm is up."""
    card = rooms.site.devices[device]
    return card.answers and not card.state.alarms


@pytest.mark.parametrize("device", ["ups-a", "ups-b", "pdu-a", "crah-1", "q-main"])
@pytest.mark.parametrize("event", ["fire", "water", "epo"])
def test_no_device_of_a_destroyed_or_dead_thing_looks_healthy(tmp_path, device, event):
    rooms = Rooms(tmp_path)
    place = next(name for name, inside in INSIDE.items() if device in inside)
    assert healthy(rooms, device) or event == "fire"
    rooms.site.inject(place, event, {"rate": 100.0} if event == "water" else {})
    rooms.site.advance(3600.0)
    assert rooms[device].down
    assert not healthy(rooms, device)
    if not rooms.site.devices[device].answers:
        return
    for name in rooms.site.devices[device].point_names():
        try:
            rooms.site.devices[device].read(name)
        except PointError:
            continue


@pytest.mark.parametrize("component", ["ups-a", "ups-b", "q-a", "q-main", "board", "pdu-a"])
@pytest.mark.parametrize("event", ["fire", "water", "epo"])
def test_what_is_destroyed_or_dead_delivers_and_draws_nothing(tmp_path, component, event):
    rooms = Rooms(tmp_path)
    place = next(name for name, inside in INSIDE.items() if component in inside)
    rooms.site.inject(place, event, {"rate": 1000.0} if event == "water" else {})
    rooms.site.advance(3600.0)
    part = rooms[component]
    assert part.down
    assert not part.live
    assert part.load_kw == 0.0
    for quantity, unit in part.QUANTITIES.items():
        if unit in ("V", "A", "kW", "kVA", "kvar"):
            assert part.quantity(quantity) == 0.0, quantity
        if quantity in ("running", "live", "sound", "closed", "on_battery"):
            assert not part.quantity(quantity), quantity
