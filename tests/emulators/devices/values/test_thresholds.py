"""Every alarm with a threshold or a delay: the level and the time at which it is raised, those at which it clears.

The measured value is moved, from one side of each threshold to the other and back; the thresholds are those of standards,
data sheets and of the site file. A delayed alarm is raised when its delay is over and not before, and a condition that
has gone meanwhile begins its delay anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any, NamedTuple

import pytest
from expected_values import fork

from twinfeed.emulators.devices.catalogue import OWN
from twinfeed.emulators.site import Site

SITE = """
site: thresholds
power:
  mains: {kind: utility, capacity_kw: 300}
  second: {kind: utility, capacity_kw: 300}
  spare: {kind: utility, capacity_kw: 300}
  ats: {kind: ats, from: {normal: mains, emergency: spare}, rated_a: 100,
        device: {profile: siemens-atc6300, address: 127.30.9.32}}
  sts: {kind: rack_ats, from: {a: mains, b: second}, device: {profile: apc-rack-ats, address: 127.30.9.33}}
  ups: {kind: ups, from: {input: mains}, kva: 20, device: {profile: ups-rfc1628, address: 127.30.9.11,
        powered_by: [mains], low_battery_min: 3}}
cooling:
  outdoors: {kind: climate, max_c: 20, min_c: 20}
  loop: {kind: water_loop, tank_m3: 3, pipes_m3: 0.6, ambient_kw: 0, design_kpa: 180,
         device: {profile: chilled-water-plant, address: 127.30.9.63, duty_pumps: 1, low_flow_l_s: 0.3,
                  low_static_kpa: 130, high_supply_c: 13.5, changeover_s: 3600}}
  pump-1: {kind: pump, from: mains, loop: loop, flow_l_s: 0.9, power_kw: 0.5}
  chiller: {kind: chiller, from: mains, loop: loop, climate: outdoors, reference_kw: 17, design_flow_l_s: 1,
            proven_flow_l_s: 0.15, device: {profile: daikin-microtech3, address: 127.30.9.61, warmest_start_c: 33}}
  hall: {kind: hall, area_m2: 40, mass_kg: 900}
  crah: {kind: crah, from: mains, hall: hall, loop: loop, air_m3_s: 1.3, fan_kw: 0.6, coil_kw_per_k: 2, water_l_s: 0.7,
         device: {profile: stulz-wib8000, address: 127.30.9.62, supply_c: 21, fan_percent: 80, boost_k: 3, boost_end_k: 2,
                  high_return_c: 38, high_water_c: 13, high_supply_k: 4, low_airflow_percent: 70}}
  room: {kind: hall, area_m2: 30, mass_kg: 900}
  crac: {kind: crac, from: mains, hall: room, climate: outdoors, air_m3_s: 0.9, fan_kw: 0.4, reference_kw: 11,
         device: {profile: stulz-wib8000-dx, address: 127.30.9.64, supply_c: 21, fan_percent: 80, boost_k: 3, boost_end_k: 2,
                  high_return_c: 38, high_supply_k: 4, low_airflow_percent: 70}}
racks:
  pdu: {kind: pdu, from: mains, outlets: 2, banks: 2,
        device: {profile: raritan-px2, address: 127.30.9.21, sensor: hall}}
  rack: {kind: rack, from: {a: ups}, rack_kw: 6, hall: hall}
network:
  network: {kind: network, station: "switch:3", gateways: [switch], uplinks: ["switch:4"]}
  switch: {kind: switch, from: {psu_a: mains, psu_b: second}, hall: hall, ports: 4, uplinks: 0,
           device: {profile: net-snmp-switch, address: 127.30.9.71}}
devices:
  warmth: {profile: hwg-poseidon, address: 127.30.9.52, probes: [hall.inlet_c], delay_s: 13}
  damp: {profile: hwg-poseidon, address: 127.30.9.53, probes: [hall.humidity_percent], delay_s: 13}
"""
REST_S = 3600.0


class Level(NamedTuple):
    """`alarm` of `device` is raised when what it measures goes from `calm` to `raised`, and clears at `cleared`."""

    device: str
    alarm: str
    """Of the device; or what the firmware decides, and the word or number of it: `crah.state.fan_percent=100`."""
    measured: str
    """The attribute of the firmware (`state`, or through its component: `ups.battery_c`) that is moved."""
    calm: Any
    """The last value at which it is not raised."""
    raised: Any
    """The first value at which it is."""
    held: Any
    """The last value at which it does not clear."""
    cleared: Any
    """The first value at which it does."""
    delay_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.device}.{self.alarm} by {self.measured}"


def above(device: str, alarm: str, measured: str, at: float, clear: float, delay_s: float = 0.0) -> Level:
    """Raised above `at`, cleared below `clear`."""
    return Level(device, alarm, measured, at, at + 0.01, clear, clear - 0.01, delay_s)


def below(device: str, alarm: str, measured: str, at: float, delay_s: float = 0.0) -> Level:
    """Raised below `at`, cleared there."""
    return Level(device, alarm, measured, at, at - 0.01, at - 0.01, at, delay_s)


def truth(device: str, alarm: str, measured: str, wrong: Any, right: Any, delay_s: float) -> Level:
    """Raised while it is `wrong`."""
    return Level(device, alarm, measured, right, wrong, wrong, right, delay_s)


LEVELS = [
    # IEC 62040-3: normal service up to 40 C; VRLA batteries: 45 C (EUROBAT), defective from 65 C.
    above("ups", "temp_bad", "ups.battery_c", 45.0, 40.0),
    above("ups", "temp_bad", "ups.ambient_c", 40.0, 38.0),
    Level("ups", "battery_bad", "ups.battery_c", 64.99, 65.0, 65.0, 64.99),
    above("ups", "output_overload", "ups.load_percent", 100.0, 95.0),
    # RFC 1628, upsConfigLowBattTime (3 min in the site file); a tenth more ends it.
    Level("ups", "low_battery", "ups.runtime_s", 180.1, 180.0, 198.0, 198.1),
    Level("ups", "depleted_battery", "ups.runtime_s", 60.1, 60.0, 60.0, 60.1),
    truth("ats", "load_unpowered", "ats.live", False, True, 30.0),
    truth("ats", "emergency_unavailable", "ats.start_request", True, False, 30.0),
    truth("sts", "out_of_sync", "switch.in_step", False, True, 1.0),
    # The site file has the setpoint and the limits; 1 K ends what air and water have raised, 0.5 K of a loop.
    below("loop", "low_pressure", "static_kpa", 130.0, 5.0),
    below("loop", "low_flow", "flow_l_s", 0.3, 20.0),
    above("loop", "high_supply", "supply_c", 13.5, 13.0, 30.0),
    truth("loop", "pump_failed", "failed", ["pump-1"], [], 5.0),
    truth("loop", "no_standby_pump", "turning", [], ["pump-1"], 10.0),
    above("chiller", "high_leaving_water", "leaving_c", 13.0, 12.0, 300.0),
    Level("chiller", "capacity_limited", "chiller.load_percent", 99.0, 99.1, 99.1, 99.0, 60.0),
    *(
        level
        for unit in ("crah", "crac")
        for level in (
            below(unit, "airflow_lost", "crah.airflow_percent", 10.0, 10.0),
            below(unit, "filter_clogged", "crah.airflow_percent", 0.7 * 80.0, 30.0),
            above(unit, "high_return", "return_c", 38.0, 37.0, 30.0),
            above(unit, "high_supply", "supply_c", 25.0, 24.0, 60.0),
        )
    ),
    above("crah", "high_water", "water_c", 13.0, 12.0, 30.0),
    # The fans of the site file go to full speed 3 K above the setpoint, and back when it is within 2 K.
    *(
        Level(unit, "crah.state.fan_percent=100", "crah.hall.inlet_c", 24.0, 24.01, 23.01, 23.0)
        for unit in ("crah", "crac")
    ),
    # ASHRAE A1: 32 C at the inlet.
    Level("pdu", "too_hot", "temperature", 31.99, 32.0, 31.0, 30.99),
    truth("pdu", "relay_failed", "outlets.disobeyed", True, False, 1.0),
    # ASHRAE recommends inlets up to 27 C; the monitors of the site file wait 13 s.
    Level("warmth", "probe_alarm", "hall.inlet_c", 27.0, 27.01, 26.51, 26.5, 13.0),
    Level("warmth", "probe_alarm", "hall.inlet_c", 10.0, 9.99, 10.49, 10.5, 13.0),
    Level("damp", "probe_alarm", "hall.humidity_percent", 80.0, 80.01, 78.01, 78.0, 13.0),
    Level("damp", "probe_alarm", "hall.humidity_percent", 20.0, 19.99, 21.99, 22.0, 13.0),
    truth("warmth", "probe_lost", "hall.inlet_c", float("nan"), 24.0, 5.0),
    # HPE: 0 to 45 C around an Aruba CX 8360.
    above("switch", "temperature", "inlet_c", 45.0, 42.0, 30.0),
    above("switch", "cpu", "cpu_percent", 90.0, 90.01, 30.0),
]


@pytest.fixture(scope="module")
def rested(tmp_path_factory: pytest.TempPathFactory) -> Site:
    file = tmp_path_factory.mktemp("values") / "thresholds.yaml"
    file.write_text(SITE)
    site = Site.load(file)
    site.inject("spare", "outage")
    site.advance(REST_S)
    return site


@contextmanager
def moving(site: Site, level: Level) -> Iterator[Any]:
    """A function that moves the measured value and returns, after a moment, whether the alarm is active."""
    device: Any = site[level.device]
    *way, name = level.measured.split(".")
    start: Any = site.plant.find("hall") if way == ["hall"] else reduce(getattr, way, device)
    decision, _, word = level.alarm.partition("=")

    def shows(value: Any, seconds: float = 0.05) -> bool:
        patched.setattr(type(start), name, value)
        device.touch()
        if device.kind == "switch":  # it evaluates its alarms again only after a change of the network
            device.network.revision += 1
        site.advance(seconds)
        if word:
            return f"{reduce(getattr, decision.split('.'), device)}" in (word, f"{word}.0")
        return device.read(f"alarm.{decision}.active") is True

    with fork(site), pytest.MonkeyPatch.context() as patched:
        yield shows


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_an_alarm_is_raised_and_cleared_at_its_thresholds_after_its_delay(rested: Site, level: Level) -> None:
    late, early = level.delay_s + 0.2, max(0.0, level.delay_s - 0.5)
    with moving(rested, level) as shows:
        assert not shows(level.calm, late), "not yet"
        if level.delay_s:
            assert not shows(level.raised, early), "before its delay is over"
            assert not shows(level.cleared)
            assert not shows(level.raised, early), "the delay begins anew"
        assert shows(level.raised, late if not level.delay_s else 1.0)
        assert shows(level.held, late), "it holds down to its lower threshold"
        assert not shows(level.cleared)
        assert not shows(level.calm, late), "and is not raised again below the upper one"


def test_every_alarm_with_a_threshold_or_a_delay_is_moved(rested: Site) -> None:
    moved = {(rested[level.device].kind, level.alarm) for level in LEVELS}
    assert [
        (k.name, a.name) for k in OWN for a in k.alarms if a.clear or a.delay_s if (k.name, a.name) not in moved
    ] == []
