"""Every point of a generating set's controller: at rest, starting, on an uneven load, cooling down, and in each alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from expected_values import (
    FILE,
    Table,
    Tables,
    alike,
    all_of,
    apparent,
    between_phases,
    fork,
    lagging,
    one_sided,
    readings,
    rows,
    system,
    uneven,
    value,
    without_value,
    wrong,
)

from twinfeed.emulators.devices.catalogue import GENERATOR as KIND
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.site import Site

MAINS, MAINS_HZ = (231.7, 226.3, 234.9), 50.2
AIR_C, TANK_L = 31.7, 120.0
SITE = f"""
site: station
power:
  mains: {{kind: utility, hertz: {MAINS_HZ}, capacity_kw: 100}}
  tank: {{kind: day_tank, capacity_l: {TANK_L}, initial_percent: 93.7}}
  store: {{kind: bulk_tank, capacity_l: 3000}}
  tank-2: {{kind: day_tank, capacity_l: 3000, initial_percent: 33, bulk: store}}
  set-1:
    kind: generator
    bus: bus
    tank: tank
    air_c: {AIR_C}
    standby_kw: 48
    kva: 60
    fuel_kwm: [13, 26, 39, 52, 57]
    fuel_lph: [4.0, 6.8, 9.8, 13.2, 14.7]
    fan_kw: 1.4
    radiator_kw_per_k: 0.4
    fanless_kw_per_k: 0.03
    thermal_mass_kj_per_k: 120
    device: {{profile: dse-gencomm, address: 127.30.4.41, start_requests: [ats], serial: "0123456", firmware: "7.3",
              model: DSE8610, location: yard, contact: the fitter, start_delay_s: 1.1, crank_s: 9, crank_rest_s: 7,
              safety_on_s: 6, warming_s: 4, return_s: 21, cooling_s: 83}}
  set-2:
    kind: generator
    bus: bus
    tank: tank-2
    standby_kw: 48
    kva: 60
    device: {{profile: dse-gencomm, address: 127.30.4.42, start_requests: [ats], mode: manual, high_battery_v: 27,
              load_demand: true, stand_down_s: 30, priority: 7}}
  bus: {{kind: board, from: {{g1: set-1, g2: set-2}}, rated_a: 250}}
  ats:
    kind: ats
    from: {{normal: mains, emergency: bus}}
    rated_a: 160
    device: {{profile: siemens-atc6300, address: 127.30.4.32, override_s: 1, transfer_s: 2, retransfer_s: 10}}
  board: {{kind: board, from: {{supply: ats}}, rated_a: 160}}
  q-more: {{kind: breaker, from: bus, rated_a: 250, closed: false}}
  more: {{kind: board, from: {{supply: q-more}}, rated_a: 250}}
  q-most: {{kind: breaker, from: bus, rated_a: 250, closed: false}}
  most: {{kind: board, from: {{supply: q-most}}, rated_a: 250}}
  q-much: {{kind: breaker, from: bus, rated_a: 250, closed: false}}
  much: {{kind: board, from: {{supply: q-much}}, rated_a: 250}}
racks:
  rack-1: {{kind: rack, from: {{a: board}}, phase: 1, boot_s: 1, rack_kw: 7.1, power_factor: 0.98}}
  rack-2: {{kind: rack, from: {{a: board}}, phase: 2, boot_s: 1, rack_kw: 5.3, power_factor: 0.90}}
  rack-3: {{kind: rack, from: {{a: board}}, phase: 3, boot_s: 1, rack_kw: 8.7, power_factor: 0.95}}
  rack-4: {{kind: rack, from: {{a: more}}, phase: 1, boot_s: 1, inrush: 1, rack_kw: 29, power_factor: 0.99}}
  rack-5: {{kind: rack, from: {{a: most}}, boot_s: 1, inrush: 1, rack_kw: 3.0, power_factor: 0.99}}
  rack-6: {{kind: rack, from: {{a: much}}, boot_s: 1, inrush: 1, rack_kw: 37, power_factor: 0.99}}
"""

LOAD_KW, FACTORS = (7.1, 5.3, 8.7), (0.98, 0.90, 0.95)
LOAD_KVAR = tuple(lagging(p, f) for p, f in zip(LOAD_KW, FACTORS, strict=True))
LOAD_KVA = tuple(apparent(p, q) for p, q in zip(LOAD_KW, LOAD_KVAR, strict=True))
TOTAL_KW, TOTAL_KVAR = sum(LOAD_KW), sum(LOAD_KVAR)
TOTAL_KVA = apparent(TOTAL_KW, TOTAL_KVAR)
ENGINE_KW = TOTAL_KW / 0.955 + 1.4
"""Alternator of 95.5 %, and the radiator fan."""
FUEL_LPH = 4.0 + (ENGINE_KW - 13.0) / 13.0 * 2.8
"""Between the first two points of its fuel curve."""
IDLE_LPH = 4.0 - (13.0 - 1.4) / 13.0 * 2.8
"""Only the fan."""
LINE_V = 230.0 * 3.0**0.5
AT_REST_S, STARTED_S = 100.0, 102.1
"""The mains fail at rest; the transfer switch waits 1 s, the controller 1.1 s."""
FIRES_S, RUN_UP_S = 1.2, 3.5
"""Cranking until it fires with warm coolant, and from there to rated speed (ratings by default)."""
ON_LOAD_S = AT_REST_S + 60.0
LATER_S = 200.0

ALARMS = [alarm.name for alarm in KIND.alarms]
ORDERS = "an order is read as none"


def conditions(**active: str) -> Table:
    """The conditions of all alarms: those given, else inactive."""
    assert active.keys() <= set(ALARMS)
    words = active.values()
    return {
        **{f"alarm.{a}.condition": value(active.get(a, "inactive"), "of the story of this moment") for a in ALARMS},
        **{f"alarm.{a}.active": value(a in active, "of the story of this moment") for a in ALARMS},
        "alarm.count": value(len(active), "of the story of this moment"),
        "alarms.warning": value("warning" in words, "of the story of this moment"),
        "alarms.trip": value("trip" in words, "of the story of this moment"),
        "alarms.shutdown": value("shutdown" in words, "of the story of this moment"),
        "alarms.any": value(bool(active), "of the story of this moment"),
    }


REST: Table = {
    **system("set-1", "127.30.4.41", b"\x7f\x1e\x04\x29", AT_REST_S, location="yard", contact="the fitter",
             serial="0123456", model="DSE8610", firmware="7.3"),
    "mode": value("auto", "by default"),
    "controller.serial_number": value(123456, "its serial as a number"),
    "sequence.stage": value("rest", "nobody calls"),
    "engine.status": value("stopped", "nobody calls"),
    "engine.running": value(False, "it stands"),
    "engine.speed": value(0.0, "it stands"),
    "engine.oil_pressure": value(0.0, "it stands"),
    "engine.coolant_temperature": value(45.0, "the jacket heater"),
    "engine.intake_temperature": value(AIR_C, FILE),
    "engine.fuel_level": value(93.7, FILE),
    "engine.fuel_rate": value(0.0, "it stands"),
    "engine.run_time": value(0.0, "it never ran"),
    "engine.starts": value(0, "it never ran"),
    "engine.failed_starts": value(0, "it never failed"),
    "engine.transfer_pump": value(False, "there is no bulk tank"),
    "battery.voltage": value(27.2, "on float (typical of 24 V)"),
    "battery.charge_voltage": value(0.0, "the alternator stands"),
    "generator.available": value(False, "it stands"),
    "generator.frequency": value(0.0, "it stands"),
    **rows("generator.voltage.{}", (0.0,) * 3, "it stands"),
    **rows("generator.line_voltage.{}", (0.0,) * 3, "it stands"),
    **rows("generator.power_factor.{}", (1.0,) * 3, "1 without load"),
    "breaker.closed": value(False, "it stands"),
    "bus.live": value(False, "no set runs"),
    "bus.voltage": value(0.0, "no set runs"),
    "bus.frequency": value(0.0, "no set runs"),
    **rows("mains.voltage.{}", MAINS, "the source"),
    **rows("mains.line_voltage.{}",
           tuple(between_phases(a, b) for a, b in zip(MAINS, MAINS[1:] + MAINS[:1], strict=True)), "two phasors"),
    "mains.frequency": value(MAINS_HZ, FILE),
    "load.on_mains": value(True, "the mains are good"),
    "load.on_generator": value(False, "the mains are good"),
    "request.remote_start": value(False, "nobody calls"),
    "request.stood_down": value(False, "its load demand is not used"),
    "alarms.muted": value(False, "nobody has muted it"),
    **all_of(0.0, "no delay runs", "timer.return", "timer.cooling"),
    "command.key": value("none", ORDERS),
    "setting.start_delay": value(1.1, FILE),
    "setting.crank": value(9.0, FILE),
    "setting.crank_rest": value(7.0, FILE),
    "setting.safety_on": value(6.0, FILE),
    "setting.warming": value(4.0, FILE),
    "setting.return": value(21.0, FILE),
    "setting.cooling": value(83.0, FILE),
    **conditions(),
}  # fmt: skip

ON_LOAD: Table = {
    "sequence.stage": value("on-load", "called, started, closed"),
    "engine.status": value("running", "on load"),
    "engine.running": value(True, "on load"),
    "engine.speed": value(1500.0, "four poles at 50 Hz"),
    "engine.oil_pressure": value(lambda read: 450.0 * (1.2 - 0.2 * (read("engine.coolant_temperature") - 20.0) / 62.0),
                                 "450 kPa at 82 C, a fifth more at 20 C"),
    "engine.fuel_rate": value(FUEL_LPH, "the fuel curve at the load, the fan and the alternator's losses"),
    "engine.run_time": value(ON_LOAD_S - STARTED_S - FIRES_S, "since it fired"),
    "engine.starts": value(1, "one start"),
    "battery.charge_voltage": value(27.8, "the charge alternator at speed"),
    "generator.available": value(True, "at speed and voltage"),
    "generator.frequency": value(50.0, "isochronous"),
    **rows("generator.voltage.{}", (230.0,) * 3, "the regulator"),
    **rows("generator.line_voltage.{}", (LINE_V,) * 3, "sqrt 3 of the phase voltage"),
    **rows("generator.current.{}", tuple(1000.0 * s / 230.0 for s in LOAD_KVA), "S / V", within=0.01),
    **rows("generator.power.{}", LOAD_KW, "the racks"),
    **rows("generator.apparent.{}", LOAD_KVA, "P and Q at right angles"),
    **rows("generator.reactive.{}", LOAD_KVAR, "P tan(phi)"),
    "generator.power.total": value(TOTAL_KW, "sum of the phases"),
    "generator.apparent.total": value(TOTAL_KVA, "vector sum"),
    "generator.reactive.total": value(TOTAL_KVAR, "sum of the phases"),
    **rows("generator.power_factor.{}", FACTORS, "of the racks of each phase"),
    "generator.power_factor.total": value(TOTAL_KW / TOTAL_KVA, "P / S"),
    "generator.load": value(100.0 * TOTAL_KW / 48.0, "of 48 kW; no derating at 31.7 C and 380 m"),
    "breaker.closed": value(True, "on load"),
    "bus.live": value(True, "this set"),
    "bus.voltage": value(230.0, "this set"),
    "bus.frequency": value(50.0, "this set"),
    **rows("mains.voltage.{}", (0.0,) * 3, "dead"),
    "mains.frequency": value(0.0, "dead"),
    "load.on_mains": value(False, "the transfer switch has moved"),
    "load.on_generator": value(True, "the transfer switch has moved"),
    "request.remote_start": value(True, "the transfer switch calls"),
    "battery.voltage": value(27.2, "on charge"),
    **conditions(),
}  # fmt: skip

LATER: Table = {
    "generator.energy": value(lambda read: read("before.generator.energy") + TOTAL_KW * LATER_S / 3600.0, "P t"),
    "generator.apparent_energy": value(
        lambda read: read("before.generator.apparent_energy") + TOTAL_KVA * LATER_S / 3600.0, "S t"
    ),
    "generator.reactive_energy": value(
        lambda read: read("before.generator.reactive_energy") + TOTAL_KVAR * LATER_S / 3600.0, "Q t"
    ),
    "engine.fuel_level": value(
        lambda read: read("before.engine.fuel_level") - 100.0 * FUEL_LPH * LATER_S / 3600.0 / TANK_L, "what it burns"
    ),
    "engine.run_time": value(lambda read: read("before.engine.run_time") + LATER_S, "it ran on"),
}

TABLES: Tables = {
    ("at rest", "set-1"): REST,
    ("at rest", "set-2"): {
        "mode": value("manual", FILE),
        "engine.transfer_pump": value(True, "its tank stands below its lower float"),
        **conditions(battery_high_voltage="warning"),
    },
    ("given up", "set-1"): {
        "engine.failed_starts": value(1, "three attempts are one start"),
        "engine.starts": value(0, "it did not fire"),
    },
    ("cranking", "set-1"): {
        "sequence.stage": value("cranking", "1.1 s after the call"),
        "engine.status": value("pre-start", "it has not fired"),
        "engine.speed": value(150.0, "of the starter"),
        "battery.voltage": value(23.5 + 1.9 * (1.0 - 0.5 / 90.0) - 6.0, "25.4 V full, 6 V less while cranking", within=1e-3),
        "request.remote_start": value(True, "the transfer switch calls"),
        "engine.running": value(False, "it has not fired"),
    },
    ("starting", "set-1"): {
        "sequence.stage": value("starting", "it has fired"),
        "engine.status": value("warming", "it has fired"),
        "engine.speed": value(150.0 + 1350.0 / RUN_UP_S, "from 150 to 1500 rpm in 3.5 s, of which 1 s has passed"),
        "engine.run_time": value(1.0, "since it fired"),
        "battery.charge_voltage": value(27.8 * (150.0 + 1350.0 / RUN_UP_S) / 1500.0, "with the speed"),
        "engine.starts": value(1, "it has fired"),
    },
    ("on load", "set-1"): ON_LOAD,
    ("later", "set-1"): LATER,
    ("mains back", "set-1"): {
        "request.remote_start": value(False, "the transfer switch has returned"),
        "load.on_mains": value(True, "the transfer switch has returned"),
        "timer.return": value(21.0 - 4.0, "it stays on the bus for 21 s"),
        "generator.power.total": value(0.0, "nothing is left on the bus"),
        "engine.fuel_rate": value(IDLE_LPH, "the fan only"),
    },
    ("cooling down", "set-1"): {
        "sequence.stage": value("cooling", "its breaker is open"),
        "engine.status": value("cooling", "its breaker is open"),
        "breaker.closed": value(False, "21 s are over"),
        "timer.cooling": value(83.0 - 3.0, "it runs 83 s unloaded", within=0.01),
        "generator.frequency": value(50.0, "it runs"),
    },
    ("stopping", "set-1"): {
        "sequence.stage": value("stopping", "83 s are over"),
        "engine.status": value("post-run", "it runs down"),
        "engine.speed": value(1500.0 * (1.0 - 5.0 / 20.0), "20 s to standstill, of which 5 s have passed", within=0.5),
        "engine.running": value(False, "its fuel is shut"),
    },
    ("set", "set-1"): {
        "mode": value("manual", "as it was set"),
        **{f"setting.{name}": value(float(n), "as it was set") for n, name in enumerate(
            ("start_delay", "crank", "crank_rest", "safety_on", "warming", "return", "cooling"), 11)},
    },
    ("not needed", "set-2"): {
        "request.stood_down": value(True, "set-1 carries the load alone, 44 % of what it can give"),
        "engine.running": value(False, "it was stood down"),
    },
    ("muted", "set-1"): {"alarms.muted": value(True, "by its key"), **conditions(msc_failure="warning")},
}  # fmt: skip

STORY = Callable[[Site], Any]


def inject(kind: str, **parameters: float) -> STORY:
    return lambda site: site.inject("set-1", kind, parameters)


def reads(point: str, offset: float) -> STORY:
    """The sensor of that point reads too much."""
    return lambda site: site.inject(f"set-1:{point}", "sensor-bias", {"offset": offset})


def both(site: Site) -> None:
    """The second set runs in parallel."""
    site["set-2"].write("mode", "auto")
    site.advance(60.0)


RAISED: list[tuple[str, list[STORY], float, dict[str, str]]] = [
    # moment it begins from, what happens, for how long, conditions
    ("on load", [inject("emergency-stop")], 1.0, {"emergency_stop": "shutdown"}),
    ("on load", [inject("low-oil", pressure=170.0)], 2.0, {"low_oil_pressure": "warning"}),
    ("on load", [inject("low-oil", pressure=110.0)], 2.0, {"low_oil_pressure": "shutdown"}),
    ("on load", [inject("radiator-fan")], 1200.0, {"high_coolant_temperature": "shutdown"}),
    ("on load", [inject("overspeed", hertz=6.7)], 6.0, {"over_speed": "warning", "over_frequency": "warning"}),
    ("on load", [inject("overspeed", hertz=8.0)], 1.5, {"over_speed": "shutdown"}),
    ("on load", [inject("avr", error=-17.0)], 6.0, {"low_voltage": "warning"}),
    ("on load", [inject("avr", error=-22.0)], 12.0, {"low_voltage": "shutdown"}),
    ("on load", [inject("avr", error=17.0)], 6.0, {"high_voltage": "warning"}),
    ("on load", [inject("avr", error=25.0)], 5.0, {"high_voltage": "shutdown"}),
    ("on load", [lambda s: s.do("q-more", "close")], 25.0, {"kw_overload": "warning"}),
    ("on load", [lambda s: s.do("q-more", "close")], 45.0, {"high_current": "trip"}),
    ("on load", [lambda s: s.do("q-more", "close"), lambda s: s.advance(8.0), lambda s: s.do("q-most", "close")], 20.0,
     {"kw_overload": "trip"}),
    ("on load", [lambda s: s.do("q-much", "close")], 25.0, {"under_speed": "shutdown"}),
    ("on load", [reads("generator.frequency", -9.0)], 5.0, {"under_frequency": "warning"}),
    ("on load", [reads("generator.frequency", -11.0)], 5.0, {"under_frequency": "shutdown"}),
    ("at rest", [reads("engine.coolant_temperature", -30.0)], 5.0, {"low_coolant_temperature": "warning"}),
    ("at rest", [inject("governor", amplitude=4.0), lambda s: s["set-2"].write("mode", "auto"),
                 lambda s: s.inject("mains", "outage")], 100.0, {"fail_to_synchronise": "trip"}),
    ("on load", [lambda s: s.inject("bus", "short-circuit")], 2.0, {"short_circuit": "shutdown"}),
    ("on load", [both, lambda s: s.inject("set-1", "fail-on-load", {"delay_s": 0.0})], 3.5, {"reverse_power": "trip"}),
    ("on load", [both, inject("avr", error=-100.0)], 5.0, {"loss_of_excitation": "trip"}),
    ("on load", [lambda s: s["set-2"].write("command.key", "start"), lambda s: s.advance(20.0),
                 lambda s: s.do("set-2", "close")], 1.0, {"out_of_sync": "trip"}),
    ("on load", [lambda s: s.inject("tank", "leak", {"rate": 5000.0})], 80.0, {"low_fuel": "warning"}),
    ("at rest", [inject("starter-battery-flat")], 40.0, {"battery_low_voltage": "warning"}),
    ("on load", [inject("charger")], 10.0, {"charge_failure": "warning"}),
    ("at rest", [inject("msc-failure")], 3.0, {"msc_failure": "warning"}),
    ("at rest", [inject("fail-to-start"), lambda s: s.inject("mains", "outage")], 60.0, {"fail_to_start": "shutdown"}),
    ("on load", [inject("fails-to-stop"), lambda s: s["set-1"].write("mode", "stop")], 70.0, {"fail_to_stop": "shutdown"}),
    ("at rest", [inject("breaker-fails-to-close"), lambda s: s.inject("mains", "outage")], 30.0, {"fail_to_close": "trip"}),
    ("on load", [inject("breaker-fails-to-open"), lambda s: s.clear("mains")], 110.0, {"fail_to_open": "shutdown"}),
]  # fmt: skip
"""Alarms of set-1, one story each, and the conditions afterwards."""


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, dict[str, Any]]]:
    """The station, and its state in the moments `at rest` and `on load`."""
    file = tmp_path_factory.mktemp("values") / "station.yaml"
    file.write_text(SITE)
    with uneven(file, mains=MAINS) as site:
        site.advance(AT_REST_S)
        at_rest = site.plant.snapshot()
        site.inject("mains", "outage")
        site.advance(60.0)
        yield site, {"at rest": at_rest, "on load": site.plant.snapshot()}


@pytest.fixture(scope="module")
def seen(station: tuple[Site, dict[str, Any]]) -> dict[tuple[str, str], dict[str, Value]]:
    """All readings, by moment and device."""
    site, states = station
    found: dict[tuple[str, str], dict[str, Value]] = {}
    for moment in story(site, states):
        for name in site.devices:
            found[moment, name] = readings(site[name])
        if moment == "later":
            before = found["on load", "set-1"]
            found[moment, "set-1"] |= {f"before.{point}": read for point, read in before.items()}
    return found


def story(site: Site, states: dict[str, Any]) -> Iterator[str]:
    """The moments, one after the other."""
    site.plant.restore(states["at rest"])
    yield "at rest"
    with fork(site):
        site["set-1"].write("mode", "manual")
        for point, expected in TABLES["set", "set-1"].items():
            site["set-1"].write(point, expected.value)
        yield "set"
    with fork(site):
        site.inject("set-1", "msc-failure")
        site.advance(5.0)
        site["set-1"].write("command.key", "mute")
        yield "muted"
    with fork(site):
        site["set-2"].write("mode", "auto")
        site.inject("mains", "outage")
        site.advance(300.0)
        yield "not needed"
    with fork(site):
        site.inject("set-1", "fail-to-start")
        site.inject("mains", "outage")
        site.advance(100.0)
        yield "given up"
    site.inject("mains", "outage")
    site.advance(STARTED_S + 0.5 - AT_REST_S)
    yield "cranking"
    site.advance(FIRES_S - 0.5 + 1.0)
    yield "starting"
    site.advance(ON_LOAD_S - site.now)
    yield "on load"
    site.advance(LATER_S)
    yield "later"
    site.clear("mains")
    site.advance(10.1 + 60.0 + 4.0)  # the transfer switch proves the mains for 10 s, moves, calls on for 60 s
    yield "mains back"
    site.advance(17.0 + 0.001 + 3.0)
    yield "cooling down"
    site.advance(80.0 + 5.0)
    yield "stopping"


@pytest.mark.parametrize(("moment", "device"), TABLES)
def test_each_point_reads_what_physics_and_manuals_say(seen: dict, moment: str, device: str) -> None:
    assert wrong(TABLES[moment, device], seen[moment, device]) == {}


@pytest.mark.parametrize(
    ("start", "happens", "for_s", "expected"), RAISED, ids=lambda x: str(x) if isinstance(x, dict) else ""
)
def test_each_alarm_is_raised_by_its_cause(
    station: tuple[Site, dict[str, Any]], start: str, happens: list[STORY], for_s: float, expected: dict[str, str]
) -> None:
    site, states = station
    site.plant.restore(states[start])
    device = site["set-1"]
    assert not any(device.read(f"alarm.{alarm}.active") for alarm in expected)
    for act in happens:
        act(site)
    site.advance(for_s)
    raised = {alarm: device.read(f"alarm.{alarm}.condition") for alarm in ALARMS}
    assert {alarm: word for alarm, word in raised.items() if word != "inactive"} == expected
    assert all(device.read(f"alarm.{alarm}.active") for alarm in expected)


def test_no_two_points_share_a_value() -> None:
    assert alike({name: each for name, each in ON_LOAD.items() if "line_voltage" not in name}) == []


def test_each_point_of_the_kind_has_an_expected_value() -> None:
    assert without_value("generator", TABLES.values()) == set()


def test_each_word_and_truth_is_seen_to_change() -> None:
    raised = {alarm for _, _, _, conditions in RAISED for alarm in conditions}
    of_alarms = {f"alarm.{alarm}.{what}" for alarm in raised for what in ("active", "condition")}
    tested_above = of_alarms | {"alarms.trip", "alarms.shutdown"}
    assert one_sided("generator", TABLES.values()) - tested_above == set()
    assert raised == set(ALARMS) - {"battery_high_voltage"}
