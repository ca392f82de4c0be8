"""The laws of heat, on every shipped site: at any instant, with any faults of its cooling."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.air.climate import Climate
from twinfeed.emulators.plant.air.enclosed import room_of
from twinfeed.emulators.plant.air.properties import AIR_KJ_PER_M3_K
from twinfeed.emulators.plant.air.thermal import Body
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.cooling.cracs import Crac
from twinfeed.emulators.plant.cooling.crahs import Crah
from twinfeed.emulators.plant.cooling.halls import Hall
from twinfeed.emulators.plant.cooling.rooms import Room
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site

SITES = ("bench", "pilot", "bamako", "bamako-weak")

KINDS = ("chiller", "crah", "crac", "pump", "water_loop", "hall", "room", "climate")
"""Kinds whose faults are drawn."""

HOUR = 3600.0


@cache
def loaded(name: str) -> tuple[Site, dict[str, Any]]:
    site = Site.load(name)
    site.plant.advance(60.0)
    return site, site.plant.snapshot()


def fresh(name: str) -> Site:
    """The site a minute after its start, at the cost of a snapshot."""
    site, snapshot = loaded(name)
    site.plant.restore(snapshot)
    return site


def bodies(site: Site) -> list[Body]:
    return [c for c in site.components.values() if isinstance(c, Body)]


def handlers(site: Site, room: str) -> list[AirHandler[Any, Any]]:
    return [c for c in site.components.values() if isinstance(c, AirHandler) and c.params.hall == room]


def coil_kw(unit: AirHandler[Any, Any]) -> float:
    """Heat that the coil of a unit takes out of the air, kW."""
    return unit.cooling_kw if isinstance(unit, Crac) or unit.air_kw_per_k > 0.0 else 0.0


def into_air_kw(site: Site, room: Hall | Room) -> float:
    """Heat that enters a hall or room less the heat that leaves it, from what its components show, kW."""
    units = handlers(site, room.id)
    fans = sum(unit.params.controls_kw + unit.heat_kw for unit in units if unit.state.powered)
    outside = site.components[room.params.climate].outdoor_c if room.params.climate else None
    walls = 0.0
    if isinstance(room, Hall):
        walls = room.params.envelope_kw_per_k * (outside - room.return_c) if outside is not None else 0.0
    elif outside is not None:
        p, door = room.params, room.fault("door-open")
        changes = p.infiltration_per_h + (door["changes"] if door else 0.0)
        leak = changes * p.area_m2 * p.height_m * AIR_KJ_PER_M3_K / HOUR
        walls = p.envelope_kw_per_k * (outside - room.walls_c) + leak * (outside - room.air_c)
        walls -= sum(fan.cooling_kw for fan in room.fans)
    return room.heat_kw + room.enclosed.vapour_heat_kw + fans - sum(map(coil_kw, units)) + walls


def into_water_kw(loop: WaterLoop, site: Site) -> float:
    """Heat that enters a loop less the heat that leaves it, kW."""
    here = [c for c in site.components.values() if isinstance(c, Crah) and c.loop is loop]
    flowing = loop.flow_l_s > 0.0
    taken = sum(c.cooling_kw for c in [*loop.chillers, *loop.towers, *loop.dry_coolers]) if flowing else 0.0
    rejected = sum(one.heat_rejected_kw for one in loop.condensers if one.condenser_flow_l_s > 0.0)
    pumps = sum(pump.power_kw for pump in loop.pumps)
    latent = sum(c.latent_kw for c in here if c.air_kw_per_k > 0.0)
    return sum(map(coil_kw, here)) + latent + rejected + pumps + loop.ambient_gain_kw - taken


def stored_kw(body: Body) -> float:
    """Rate at which the heat stored in a body grows, kW."""
    rates = body.system.rates_k_s[body.first :]
    return sum(c * r for c, r in zip(body.capacities(), rates, strict=False))


@st.composite
def troubles(draw: st.DrawFn) -> tuple[Site, list[tuple[str, str]]]:
    """A shipped site with up to four faults of its cooling, and its mains perhaps lost."""
    site = fresh(draw(st.sampled_from(SITES)))
    able = sorted((c.id, kind) for c in site.components.values() if c.kind in KINDS for kind in c.FAULTS)
    faults = draw(st.lists(st.sampled_from(able), max_size=4, unique=True))
    if draw(st.booleans()):
        faults += [(c.id, "outage") for c in site.components.values() if c.kind == "utility"]
    return site, faults


def instants(site: Site, faults: list[tuple[str, str]], seconds: list[float]) -> Iterator[float]:
    for target, kind in faults:
        site.inject(target, kind)
    for after_s in seconds:
        site.plant.advance(site.plant.now + after_s)
        site.plant.settle()
        bodies(site)[0].system.horizon()  # rates of this instant
        yield site.plant.now


@settings(max_examples=examples(15, quick=4), deadline=None, suppress_health_check=list(HealthCheck))
@given(trouble=troubles(), seconds=st.lists(st.floats(0.1, 2000.0), min_size=1, max_size=4))
def test_every_kw_that_enters_a_room_or_a_loop_leaves_it_or_is_stored(
    trouble: tuple[Site, list[tuple[str, str]]], seconds: list[float]
) -> None:
    site, faults = trouble
    for _ in instants(site, faults, seconds):
        for body in bodies(site):
            into = into_water_kw(body, site) if isinstance(body, WaterLoop) else into_air_kw(site, body)  # type: ignore[arg-type]
            assert stored_kw(body) == pytest.approx(into, rel=1e-6, abs=1e-6), body.id


WARMS_ITS_ROOM = ("rack", "rack_row", "switch", "pdu", "ups", "rotary_ups", "transformer")
"""Kinds whose losses, or all that they draw, become heat in the room or hall that they name, or outdoors."""

PASSES_ALL = ("board", "breaker", "bus_tie", "ats", "sts", "rack_ats")
"""Kinds that lose nothing in this model."""


def warmth_kw(component: Any) -> float:
    """Power that a component turns into heat of its room, its air, its water or its fuel, kW."""
    kind = component.kind
    if kind in WARMS_ITS_ROOM:
        return float(component.heat_kw)
    if kind in ("crah", "crac"):
        compressors = component.compressors_kw if kind == "crac" else 0.0
        return component.params.controls_kw + component.heat_kw + compressors if component.state.powered else 0.0
    if kind in ("pump", "chiller", "cooling_tower", "dry_cooler", "ventilation_fan", "humidifier"):
        return float(component.power_kw)
    if kind == "day_tank":
        return component.params.pump_kw if component.state.pumping and component.feeds else 0.0
    assert kind in PASSES_ALL, f"where does the power of a {kind} go?"
    return 0.0


def from_battery_kw(component: Any) -> float:
    """Power of the battery of a UPS, less the part that becomes charge in it, kW."""
    if component.kind != "ups":
        return 0.0
    kw = component.battery_kw
    return float(kw if kw > 0.0 else kw * component.battery.chemistry.charge_efficiency)


@settings(max_examples=examples(40, quick=4), deadline=None, suppress_health_check=list(HealthCheck))
@given(trouble=troubles(), seconds=st.lists(st.floats(0.1, 2000.0), min_size=1, max_size=3))
def test_every_kw_that_a_component_takes_it_passes_on_stores_or_turns_into_heat(
    trouble: tuple[Site, list[tuple[str, str]]], seconds: list[float]
) -> None:
    site, faults = trouble
    for _ in instants(site, faults, seconds):
        powered = [c for c in site.components.values() if isinstance(c, Electrical) and c.feeds]
        for c in powered:
            if c.kind == "chiller" and c.state.inrush:
                continue  # of no energy worth counting
            taken = sum(draw.total_kw for draw in c.demand().values()) + from_battery_kw(c)
            passed = c.load.total_kw if c.kind != "bus_tie" else 0.0
            assert taken - passed == pytest.approx(warmth_kw(c), abs=1e-6), c.id
        for room in (body for body in bodies(site) if isinstance(body, (Hall, Room))):
            inside = [c for c in powered if c.kind in WARMS_ITS_ROOM and room_of(c) == room.id]
            assert room.heat_kw == pytest.approx(sum(map(warmth_kw, inside)), abs=1e-9), room.id


@settings(max_examples=examples(15, quick=4), deadline=None, suppress_health_check=list(HealthCheck))
@given(trouble=troubles(), seconds=st.lists(st.floats(0.1, 4000.0), min_size=1, max_size=4))
def test_readings_keep_their_order_and_positions_their_limits(
    trouble: tuple[Site, list[tuple[str, str]]], seconds: list[float]
) -> None:
    site, faults = trouble
    for _ in instants(site, faults, seconds):
        for c in site.components.values():
            if isinstance(c, Hall):
                warmer = c.return_c >= c.inlet_c
                assert (c.hottest_inlet_c >= c.inlet_c - 1e-9) is warmer or c.return_c == pytest.approx(c.inlet_c)
            for name in ("valve_percent", "speed_percent", "basin_percent", "cycling_percent", "humidity_percent"):
                if name in c.QUANTITIES:
                    assert 0.0 <= c.quantity(name) <= 100.0, f"{c.id}.{name}"  # type: ignore[operator]


@pytest.mark.parametrize("name", SITES)
def test_at_rest_under_load_the_return_is_warmer_than_the_supply(name: str) -> None:
    site = fresh(name)
    for hall in (c for c in site.components.values() if isinstance(c, Hall) and c.heat_kw > 0.0):
        assert hall.return_c > hall.hottest_inlet_c > hall.inlet_c
    for loop in (c for c in site.components.values() if isinstance(c, WaterLoop) and c.load_kw > 0.0):
        assert loop.return_c > loop.supply_c


@pytest.mark.parametrize("name", SITES)
def test_a_black_site_tends_to_the_air_outside_for_four_days(name: str) -> None:
    """Nothing is warmer or colder than it was and its surroundings, and the water, too, comes to their temperature."""
    site = fresh(name)
    for component in site.components.values():
        if component.kind in ("utility", "generator"):
            site.inject(component.id, {"utility": "outage", "generator": "fail-to-start"}[component.kind])
    site.plant.advance(site.plant.now + 60 * HOUR)  # the batteries of a little-loaded UPS last a day
    assert not any(c.heat_kw > 0.0 for c in site.components.values() if isinstance(c, (Hall, Room)))
    nodes = [t for body in bodies(site) for t in body.state.nodes_c]
    outdoors = [c for c in site.components.values() if isinstance(c, Climate)]
    around = [body.params.ambient_c for body in bodies(site) if isinstance(body, WaterLoop)]
    low = min(*nodes, *around, *(c.params.min_c for c in outdoors))
    high = max(*nodes, *around, *(c.params.max_c for c in outdoors))
    for _ in range(3):
        site.plant.advance(site.plant.now + 24 * HOUR)
        now = [t for body in bodies(site) for t in body.state.nodes_c]
        assert low - 0.05 <= min(now) <= max(now) <= high + 0.05
    for loop in (body for body in bodies(site) if isinstance(body, WaterLoop)):
        assert loop.return_c < 45.0
        assert abs(loop.return_c - loop.surroundings_c) < 15.0
