"""An event of a place acts in that place and where it spreads, and no reading of a destroyed thing seems healthy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rooms import Rooms
from workers.examples import examples

from twinfeed.emulators import sitefile
from twinfeed.emulators.devices.firmware.points import PointError
from twinfeed.emulators.plant.places.place import Place
from twinfeed.emulators.plant.places.ratings import PlaceRatings
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.entries import ComponentEntry
from twinfeed.fixtures import outages

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
    max_examples=examples(40, quick=5),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
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


OUTAGES = Path(outages.__file__).parent
"""The sites of published outages: kinds that no shipped site has."""

OUTSIDE = ("climate", "hall", "room", "water_loop", "network", "utility", "bulk_tank", "cooling_tower", "dry_cooler")
"""Kinds that no room holds."""


def in_one_room(name: str | Path) -> Site:
    """A site with all its equipment in one room."""
    file = sitefile.read(name)
    held = ("all", 0.1)
    components = [replace(c, place=held) if c.cls.kind not in OUTSIDE else c for c in file.components]
    components.append(ComponentEntry("all", Place, PlaceRatings(), {}, ["places", "all"]))
    return Site(replace(file, components=components, devices=[replace(d, place=held) for d in file.devices]))


@pytest.mark.parametrize("event", ["fire", "water", "epo"])
@pytest.mark.parametrize(
    "name", [*sitefile.names(), *sorted(OUTAGES.glob("*.site.yaml"))], ids=lambda site: Path(site).stem
)
def test_nothing_on_a_shipped_site_that_is_destroyed_or_dead_runs_or_answers(name, event):
    """Every kind of equipment and of device that ships, without exception."""
    site = in_one_room(name)
    site.advance(120.0)
    site.inject("all", event, {"rate": 500.0} if event == "water" else {})
    site.advance(3600.0)
    assert [name for name, device in site.devices.items() if device.answers] == []
    for component in site.components.values():
        if component.kind in OUTSIDE or not component.down:
            assert component.kind in (*OUTSIDE, "place", "link"), component.id
            continue
        for quantity, unit in component.QUANTITIES.items():
            found = component.quantity(quantity)
            if quantity in ("running", "live", "sound", "closed", "on_battery", "forwarding", "ready", "up"):
                assert not found, f"{component.id}.{quantity}"
            if unit in ("V", "A", "kVA", "kvar", "rpm", "l/s", "Gb/s") and quantity != "battery_volts":
                assert found == 0.0, f"{component.id}.{quantity}"


@pytest.mark.parametrize("event", ["fire", "water"])
def test_clearing_an_event_brings_no_destroyed_device_back(event):
    site = in_one_room("pilot")
    site.advance(120.0)
    site.inject("all", event, {"rate": 500.0} if event == "water" else {}, for_s=1800.0)
    site.advance(6 * 3600.0)
    assert not any(device.answers for device in site.devices.values())
    target = next(name for name, device in site.devices.items() if device.kind == "pdu")
    assert site.do(target, "replace").done
