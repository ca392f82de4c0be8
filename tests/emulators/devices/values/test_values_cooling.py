"""Every point and alarm of a chiller, of the pumps' controller and of air handlers, in a small plant at rest and in trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp
from typing import Any

import pytest
from expected_values import (
    FILE,
    Expected,
    Table,
    Tables,
    all_of,
    fork,
    one_sided,
    readings,
    rows,
    system,
    value,
    without_value,
    wrong,
)

from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.site import Site

OUTDOORS_C, SETPOINT_C = 33.3, 9.7
WATER, AIR = 4.186, 1.19 * 1.006
"""Heat capacity of water, kJ/(l K), and of air at 23 C, kJ/(m3 K)."""
SITE = f"""
site: cooling
power:
  mains: {{kind: utility, capacity_kw: 200}}
  board: {{kind: board, from: {{supply: mains}}, rated_a: 300}}
  q-chiller: {{kind: breaker, from: board, rated_a: 100}}
  q-air: {{kind: breaker, from: board, rated_a: 100}}
cooling:
  outdoors: {{kind: climate, max_c: {OUTDOORS_C}, min_c: {OUTDOORS_C}}}
  loop:
    kind: water_loop
    tank_m3: 0.3
    pipes_m3: 0.06
    ambient_kw: 0
    design_kpa: 180
    fill_kpa: 237
    vessel_l: 8
    device: {{profile: chilled-water-plant, address: 127.30.5.63, serial: PLC0063, model: PLC, firmware: "2.2",
              location: pump room, contact: the plumber, duty_pumps: 1, low_flow_l_s: 0.2, speed_percent: 83}}
  pump-1: {{kind: pump, from: board, loop: loop, flow_l_s: 0.9, power_kw: 0.47}}
  pump-2: {{kind: pump, from: board, loop: loop, flow_l_s: 0.9, power_kw: 0.47, initially_on: false}}
  chiller:
    kind: chiller
    from: q-chiller
    loop: loop
    climate: outdoors
    reference_kw: 17
    approach_k: 15.5
    recirculation_k: 2.3
    setpoint_c: {SETPOINT_C}
    design_flow_l_s: 1.1
    proven_flow_l_s: 0.15
    controls_kw: 0.07
    device: {{profile: daikin-microtech3, address: 127.30.5.61, serial: CH0061, model: AWS, firmware: "3.1",
              location: roof, contact: the refrigerist, controls_backed: true}}
  spare:
    kind: chiller
    from: board
    loop: loop
    climate: outdoors
    reference_kw: 17
    design_flow_l_s: 1.1
    initially_running: false
    device: {{profile: daikin-microtech3, address: 127.30.5.66, role: standby}}
  hall: {{kind: hall, area_m2: 40, height_m: 3, mass_kg: 900}}
  crah:
    kind: crah
    from: q-air
    hall: hall
    loop: loop
    air_m3_s: 1.3
    fan_kw: 0.61
    controls_kw: 0.037
    coil_kw_per_k: 2.1
    water_l_s: 0.7
    device: {{profile: stulz-wib8000, address: 127.30.5.62, serial: CW0062, model: CyberAir CW, firmware: "4.4",
              location: hall, contact: the airman, supply_c: 21.3, fan_percent: 77, boost_k: 30}}
  room: {{kind: hall, area_m2: 30, height_m: 3, mass_kg: 900}}
  crac:
    kind: crac
    from: q-air
    hall: room
    climate: outdoors
    air_m3_s: 0.9
    fan_kw: 0.43
    controls_kw: 0.029
    reference_kw: 11
    approach_k: 14.7
    recirculation_k: 1.9
    return_stop_c: 52
    return_stop_latches: false
    device: {{profile: stulz-wib8000-dx, address: 127.30.5.64, serial: DX0064, model: CyberAir DX, firmware: "5.5",
              location: room, contact: the airman, supply_c: 20.7, fan_percent: 81, boost_k: 30}}
racks:
  rack-1: {{kind: rack, from: {{a: board}}, rack_kw: 7.3, hall: hall, psu_side_kw: 20}}
  rack-2: {{kind: rack, from: {{a: board}}, rack_kw: 5.1, hall: room, psu_side_kw: 20}}
"""

REST_S = 4.0 * 3600.0
"""Hall, water and machines have come to rest."""
HOURS = REST_S / 3600.0
ORDERS = "an order is read as none"
SPEED, CRAH_SPEED, CRAC_SPEED = 0.83, 0.77, 0.81


def magnus(celsius: float, dew_point_c: float) -> float:
    """Relative humidity, % (Magnus formula, WMO-No. 8)."""
    return 100.0 * exp(17.62 * dew_point_c / (243.12 + dew_point_c) - 17.62 * celsius / (243.12 + celsius))


def near(formula: Callable[[Callable[[str], float]], float], source: str, within: float = 1e-3) -> Expected:
    return value(formula, source, within)


def alarms(kind: str, *active: str) -> Table:
    """The alarms that are active, and that the others are not."""
    names = [alarm.name for alarm in KINDS[kind].alarms]
    assert set(active) <= set(names)
    return {
        **{f"alarm.{name}.active": value(name in active, "of the story of this moment") for name in names},
        "alarm.count": value(len(active), "of the story of this moment"),
    }


LOOP: Table = {
    **system("loop", "127.30.5.63", b"\x7f\x1e\x05\x3f", REST_S, location="pump room", contact="the plumber",
             serial="PLC0063", model="PLC", firmware="2.2"),
    "loop.supply": value(SETPOINT_C, "the chiller's setpoint; no heat comes in", within=0.02),
    "loop.return": near(lambda r: r("loop.supply") + (r("loop.load") + r("pump.1.power")) / (r("loop.flow") * WATER),
                        "Q = m c dT; the pump's power goes into the water", 0.02),
    "loop.tank": value(SETPOINT_C, "all water of the tank is that of the chiller", within=0.02),
    "loop.flow": value(0.9 * SPEED, "affinity law: flow with the speed"),
    "loop.pressure": value(180.0 * SPEED**2, "affinity law: head with its square"),
    "loop.static_pressure": value(237.0, FILE),
    "loop.load": near(lambda r: r("plant.crah.cooling_kw"), "what the only coil takes out of the air"),
    "chillers.running": value(1, "the standby stands"),
    "pumps.running": value(1, FILE),
    "pumps.duty": value(1, FILE),
    "pumps.speed": value(83.0, FILE),
    **rows("pump.{}.name", ("pump-1", "pump-2"), FILE),
    **rows("pump.{}.commanded", (True, False), FILE),
    **rows("pump.{}.running", (True, False), FILE),
    **rows("pump.{}.failed", (False, False), "nothing is wrong"),
    **rows("pump.{}.speed", (83.0, 0.0), FILE),
    **rows("pump.{}.power", (0.47 * SPEED**3, 0.0), "affinity law: power with the cube of the speed", within=1e-3),
    **rows("pump.{}.hours", (HOURS, 0.0), "it has run since the start"),
    **all_of("none", ORDERS, "command.pump.1", "command.pump.2"),
    **alarms("chilled_water_plant"),
}  # fmt: skip

CHILLER: Table = {
    **system("chiller", "127.30.5.61", b"\x7f\x1e\x05\x3d", REST_S, location="roof", contact="the refrigerist",
             serial="CH0061", model="AWS", firmware="3.1"),
    "chiller.state": value("running", "it is the lead"),
    "chiller.running": value(True, "it is the lead"),
    "chiller.enabled": value(True, "factory"),
    "chiller.role": value("lead", "factory"),
    "chiller.alarm": value(False, "nothing is wrong"),
    "chiller.time_to_start": value(0.0, "it runs"),
    "setpoint.leaving": value(SETPOINT_C, FILE),
    "water.entering": near(lambda r: r("plant.loop.return_c"), "the return of the loop"),
    "water.leaving": value(SETPOINT_C, "held within its capacity"),
    "water.flow": value(0.9 * SPEED, "all water of the loop, less than 1.1 l/s"),
    "water.flow_proven": value(True, "more than 0.15 l/s"),
    "capacity.percent": near(lambda r: 100.0 * r("cooling.power") / r("plant.chiller.capacity_kw"), "of what it could", 0.01),
    "capacity.limit": value(100.0, "factory"),
    "capacity.limited": value(False, "its load is less than it can"),
    "cooling.power": near(
        lambda r: r("water.flow") * WATER * (r("water.entering") - r("water.leaving")), "Q = m c dT", 0.01),
    "input.power": near(lambda r: r("plant.chiller.power_kw"), "the machine; its curves are compared with EnergyPlus elsewhere"),
    "input.current": near(lambda r: 1000.0 * r("input.power") / 0.88 / 3.0 / 230.0, "P / (3 V cos phi)"),
    "air.outdoor": value(OUTDOORS_C + 2.3, "the weather, and the warm roof"),
    "condenser.temperature": near(
        lambda r: OUTDOORS_C + 2.3 + 15.5 * r("capacity.percent") / 100.0, "approach in proportion to the load", 0.01),
    "compressor.starts": value(0, "it ran from the start"),
    "compressor.hours": value(HOURS, "it ran from the start", within=1e-3),
    "trip.reason": value("", "it never tripped"),
    "trip.count": value(0, "it never tripped"),
    "command.reset": value("none", ORDERS),
    **alarms("chiller"),
}  # fmt: skip


def handler(
    unit: str, hall: str, air: float, fan_kw: float, controls_kw: float, speed: float, supply_c: float
) -> Table:
    """The points that air handlers with water and with compressors share."""
    return {
        "unit.on": value(True, "it runs"),
        "unit.enabled": value(True, "factory"),
        "unit.alarm": value(False, "nothing is wrong"),
        "unit.alarm_text": value("", "nothing has happened"),
        "unit.hours": value(HOURS, "it ran from the start"),
        "unit.starts": value(0, "it ran from the start"),
        "setpoint.supply": value(supply_c, FILE),
        "air.supply": value(supply_c, "held within its capacity", within=1e-3),
        "air.return": near(lambda r: r(f"plant.{hall}.return_c"), "the hot side of the hall"),
        "air.return_humidity": near(lambda r: magnus(r("air.return"), r(f"plant.{hall}.dew_point_c")), "Magnus", 0.05),
        "air.supply_humidity": near(lambda r: magnus(r("air.supply"), r(f"plant.{hall}.dew_point_c")), "Magnus", 0.05),
        "filter.pressure": value(80.0 * speed**2, "EN ISO 16890: 80 Pa clean at full flow, with its square"),
        "air.flow": value(air * speed, "fan law: flow with the speed"),
        "fan.speed": value(100.0 * speed, FILE),
        "fan.setting": value(100.0 * speed, FILE),
        "cooling.power": near(
            lambda r: air * speed * AIR * (r("air.return") - r("air.supply")) + fan_kw * speed**3,
            "Q = m c dT, and the heat of the fans", 0.01),
    }  # fmt: skip


CRAH: Table = {
    **system("crah", "127.30.5.62", b"\x7f\x1e\x05\x3e", REST_S, location="hall", contact="the airman",
             serial="CW0062", model="CyberAir CW", firmware="4.4"),
    **handler("crah", "hall", 1.3, 0.61, 0.037, CRAH_SPEED, 21.3),
    "input.power": value(0.037 + 0.61 * CRAH_SPEED**3, "fan law: power with the cube of the speed"),
    "valve.position": near(lambda r: r("plant.crah.valve_percent"), "the valve", 1e-9),
    "water.in": near(lambda r: r("plant.loop.supply_c"), "the supply of the loop"),
    "water.out": near(
        lambda r: r("water.in") + r("cooling.power") / (r("valve.position") / 100.0 * 0.7 * WATER), "Q = m c dT", 0.01),
    **alarms("crah"),
}  # fmt: skip

CRAC: Table = {
    **system("crac", "127.30.5.64", b"\x7f\x1e\x05\x40", REST_S, location="room", contact="the airman",
             serial="DX0064", model="CyberAir DX", firmware="5.5"),
    **handler("crac", "room", 0.9, 0.43, 0.029, CRAC_SPEED, 20.7),
    "input.power": near(lambda r: 0.029 + 0.43 * CRAC_SPEED**3 + r("plant.crac.compressors_kw"), "fans, controls, compressors"),
    "compressor.running": value(True, "it cools"),
    "compressor.load": near(lambda r: 100.0 * r("cooling.power") / r("plant.crac.capacity_kw"), "of what it could", 0.01),
    "condenser.temperature": near(
        lambda r: OUTDOORS_C + 1.9 + 14.7 * r("compressor.load") / 100.0, "approach in proportion to the load", 0.01),
    "condenser.pressure": near(
        lambda r: 23.2 + (r("condenser.temperature") - 40.0) * (26.3 - 23.2) / 5.0,
        "R-410A, NIST REFPROP: 24.2 bar at 40 C and 27.3 bar at 45 C, less 1.0 bar of air (from memory)", 0.5),
    "command.reset": value("none", ORDERS),
    **alarms("crac"),
}  # fmt: skip

TABLES: Tables = {
    ("at rest", "loop"): LOOP,
    ("at rest", "chiller"): CHILLER,
    ("at rest", "spare"): {
        "chiller.state": value("off", "the supply is cold"),
        "chiller.running": value(False, "the supply is cold"),
        "chiller.role": value("standby", FILE),
        "water.flow": value(0.0, "its valve is shut"),
        "water.flow_proven": value(False, "its valve is shut"),
        "input.power": value(1.0, "controller and crankcase heaters"),
    },
    ("at rest", "crah"): CRAH,
    ("at rest", "crac"): CRAC,
    ("set", "chiller"): {
        "setpoint.leaving": value(8.8, "as it was set"),
        "chiller.role": value("lag", "as it was set"),
        "capacity.limit": value(44.0, "as it was set"),
    },
    ("set", "loop"): {"pumps.duty": value(2, "as it was set"), "pumps.speed": value(66.0, "as it was set")},
    ("set", "crah"): {"setpoint.supply": value(19.9, "as it was set"), "fan.setting": value(55.0, "as it was set")},
    ("set", "crac"): {"setpoint.supply": value(18.8, "as it was set"), "fan.setting": value(66.0, "as it was set")},
    ("off", "chiller"): {
        "chiller.enabled": value(False, "as it was set"),
        "chiller.state": value("off", "as it was set"),
    },
    ("off", "crah"): {
        "unit.on": value(False, "as it was set"),
        "unit.enabled": value(False, "as it was set"),
        "unit.alarm": value(True, "switched off"),
        "unit.alarm_text": value("switched off raised", "the last line of its log"),
        "air.flow": value(0.0, "it stands"),
        "fan.speed": value(0.0, "it stands"),
        **alarms("crah", "switched_off"),
    },
    ("off", "crac"): {
        "unit.on": value(False, "as it was set"),
        "unit.enabled": value(False, "as it was set"),
        "unit.alarm": value(True, "switched off"),
        "compressor.running": value(False, "no air"),
        "condenser.temperature": value(OUTDOORS_C + 1.9, "of the air that enters"),
        **alarms("crac", "switched_off"),
    },
    ("started again", "crah"): {"unit.starts": value(1, "once")},
    ("started again", "crac"): {"unit.starts": value(1, "once")},
    ("started again", "chiller"): {
        "chiller.state": value("prestart", "60 s after its stop (Trane: restart inhibit)"),
        "chiller.time_to_start": value(14.0 - 0.5, "14 s of oil and expansion valve, 0.5 s of which have passed"),
        "compressor.starts": value(0, "not yet"),
    },
    ("runs again", "chiller"): {
        "chiller.state": value("running", "14 s later"),
        "chiller.time_to_start": value(0.0, "it runs"),
        "compressor.starts": value(1, "once"),
    },
    ("changeover", "loop"): {
        **rows("pump.{}.failed", (True, False), "the fault"),
        **rows("pump.{}.running", (False, True), "the standby has started"),
        **rows("pump.{}.commanded", (True, True), "the failed one is still ordered"),
        **alarms("chilled_water_plant", "pump_failed"),
    },
    ("tripped", "chiller"): {
        "chiller.state": value("flow", "it waits for its fault to be lifted"),
        "trip.reason": value("protection", "the fault"),
        "trip.count": value(1, "within the hour"),
        "chiller.alarm": value(True, "the trip"),
        **alarms("chiller", "protection"),
    },
    ("limited", "chiller"): {
        "capacity.limited": value(True, "at its demand limit"),
        "capacity.limit": value(31.0, "as it was set"),
    },
}

STORY = Callable[[Site], Any]


def inject(target: str, kind: str, **parameters: float) -> STORY:
    return lambda site: site.inject(target, kind, parameters)


def reads(point: str, offset: float) -> STORY:
    """The sensor of that point reads too much."""
    return lambda site: site.inject(point, "sensor-bias", {"offset": offset})


RAISED: list[tuple[str, list[STORY], float, set[str]]] = [
    ("loop", [inject("pump-1", "failure")], 8.0, {"pump_failed"}),
    ("loop", [inject("pump-1", "failure"), inject("pump-2", "failure")], 60.0, {"pump_failed", "no_standby_pump", "low_flow"}),
    ("loop", [reads("loop:loop.static_pressure", -140.0)], 6.0, {"low_pressure"}),
    ("loop", [reads("loop:loop.flow", -0.6)], 21.0, {"low_flow"}),
    ("loop", [reads("loop:loop.supply", 5.0)], 31.0, {"high_supply"}),
    ("chiller", [inject("chiller", "trip")], 1.0, {"protection"}),
    ("chiller", [inject("chiller", "refrigerant-leak", loss=60.0)], 1.0, {"low_pressure"}),
    ("chiller", [inject("chiller", "condenser-fouling", blockage=85.0)], 1.0, {"high_pressure"}),
    ("chiller", [lambda s: s.inject("mains", "sag", {"depth": 30.0})], 1.0, {"supply_voltage"}),
    ("chiller", [inject("chiller", "flow-switch-stuck")], 4.0, {"flow_loss"}),
    ("chiller", [lambda s: s["chiller"].write("chiller.enabled", False), lambda s: s.advance(5.0),
                 inject("chiller", "start-failure"), lambda s: s["chiller"].write("chiller.enabled", True)], 90.0,
     {"start_failure"}),
    ("chiller", [inject("chiller", "lockout")], 1.0, {"lockout"}),
    ("chiller", [lambda s: s["chiller"].write("chiller.enabled", False), reads("chiller:water.entering", 25.0),
                 lambda s: s["chiller"].write("chiller.enabled", True)], 1.0, {"water_too_warm"}),
    ("chiller", [lambda s: s["chiller"].write("capacity.limit", 30.0)], 59.0, set()),
    ("chiller", [lambda s: s["chiller"].write("capacity.limit", 30.0)], 61.0, {"capacity_limited"}),
    ("crah", [inject("crah", "fan-failure")], 11.0, {"airflow_lost"}),
    ("crah", [inject("crah", "clogged-filter", restriction=40.0)], 31.0, {"filter_clogged"}),
    ("crah", [reads("crah:air.return", 20.0)], 31.0, {"high_return"}),
    ("crah", [inject("crah", "valve-stuck", position=0.0)], 70.0, {"high_supply"}),
    ("crah", [lambda s: s.inject("hall", "fire-suppression")], 1.0, {"fire"}),
    ("crah", [reads("crah:water.in", 5.0)], 31.0, {"high_water"}),
    ("crac", [inject("crac", "fan-failure")], 11.0, {"airflow_lost"}),
    ("crac", [inject("crac", "clogged-filter", restriction=40.0)], 31.0, {"filter_clogged"}),
    ("crac", [reads("crac:air.return", 20.0)], 31.0, {"high_return"}),
    ("crac", [inject("crac", "compressor-failure")], 70.0, {"high_supply"}),
    ("crac", [lambda s: s.inject("room", "fire-suppression")], 1.0, {"fire"}),
    ("crac", [inject("crac", "condenser-fouling", blockage=88.0)], 1.0, {"high_pressure"}),
    ("crac", [inject("crac", "refrigerant-leak", loss=60.0)], 1.0, {"low_pressure"}),
]  # fmt: skip
"""Alarms, one story each from the plant at rest; the alarms of the device after so many seconds."""


@pytest.fixture(scope="module")
def cooling(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, dict[str, Any]]:
    """The plant at rest, and that state."""
    file = tmp_path_factory.mktemp("values") / "cooling.yaml"
    file.write_text(SITE)
    site = Site.load(file)
    site.advance(REST_S)
    return site, site.plant.snapshot()


@pytest.fixture(scope="module")
def seen(cooling: tuple[Site, dict[str, Any]]) -> dict[tuple[str, str], dict[str, Value]]:
    """All readings, by moment and device."""
    site, at_rest = cooling
    site.plant.restore(at_rest)
    return {
        (moment, name): readings(
            site[name], **{c: site.components[c] for c in ("loop", "chiller", "hall", "room", "crah", "crac")}
        )
        for moment in story(site)
        for name in site.devices
    }


def story(site: Site) -> Iterator[str]:
    """The moments; each fork begins at rest."""
    yield "at rest"
    with fork(site):
        for (moment, device), table in TABLES.items():
            for point, expected in table.items() if moment == "set" else ():
                site[device].write(point, expected.value)
        site.advance(1.0)
        yield "set"
    with fork(site):
        for device in ("crah", "crac"):
            site[device].write("unit.enabled", False)
        site["chiller"].write("chiller.enabled", False)
        site.advance(30.0)
        yield "off"
        for device in ("crah", "crac"):
            site[device].write("unit.enabled", True)
        site["chiller"].write("chiller.enabled", True)
        site.advance(30.5)
        yield "started again"
        site.advance(14.0)
        yield "runs again"
    with fork(site):
        site.inject("pump-1", "failure")
        site.advance(30.0)
        yield "changeover"
    with fork(site):
        site.inject("chiller", "trip")
        site.advance(5.0)
        yield "tripped"
    with fork(site):
        site["chiller"].write("capacity.limit", 31.0)
        site.advance(100.0)
        yield "limited"


@pytest.mark.parametrize(("moment", "device"), TABLES)
def test_each_point_reads_what_physics_and_manuals_say(seen: dict, moment: str, device: str) -> None:
    assert wrong(TABLES[moment, device], seen[moment, device]) == {}


@pytest.mark.parametrize(("device", "happens", "for_s", "expected"), RAISED)
def test_each_alarm_is_raised_by_its_cause(
    cooling: tuple[Site, dict[str, Any]], device: str, happens: list[STORY], for_s: float, expected: set[str]
) -> None:
    site, at_rest = cooling
    site.plant.restore(at_rest)
    assert site[device].state.alarms == {}
    for act in happens:
        act(site)
    site.advance(for_s)
    names = [alarm.name for alarm in site[device].alarms]
    assert {name for name in names if site[device].read(f"alarm.{name}.active")} == expected


OF = {"chilled_water_plant": ["loop"], "chiller": ["chiller", "spare"], "crah": ["crah"], "crac": ["crac"]}


@pytest.mark.parametrize("kind", OF)
def test_each_point_of_the_kind_has_an_expected_value(kind: str) -> None:
    assert without_value(kind, tables(kind)) == set()


@pytest.mark.parametrize("kind", OF)
def test_each_word_and_truth_is_seen_to_change(kind: str) -> None:
    raised = {alarm for device, _, _, found in RAISED for alarm in found if device in OF[kind]}
    quiet = one_sided(kind, tables(kind)) - {f"alarm.{alarm}.active" for alarm in raised}
    assert quiet - SLOW.get(kind, set()) == set()


SLOW = {
    "chiller": {"alarm.high_leaving_water.active"},
    "crah": {"alarm.thermostat.active"},
    "crac": {"alarm.thermostat.active"},
}
"""Alarms that take a hall or water to warm up: other tests wait for them."""


def tables(kind: str) -> list[Table]:
    return [table for (_, device), table in TABLES.items() if device in OF[kind]]
