"""Every point of transfer switches, of an environment monitor and of a remote I/O module, on two uneven sources."""

from __future__ import annotations

from collections.abc import Iterator
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

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.site import Site

MAINS, SECOND = (231.7, 226.3, 234.9), (224.1, 228.6, 238.8)
MAINS_HZ, SECOND_HZ = 50.2, 49.7
SITE = f"""
site: sources
power:
  mains: {{kind: utility, hertz: {MAINS_HZ}, capacity_kw: 100}}
  second: {{kind: utility, hertz: {SECOND_HZ}, capacity_kw: 100}}
  house: {{kind: utility, capacity_kw: 100}}
  q-main: {{kind: breaker, from: mains, rated_a: 100}}
  ats:
    kind: ats
    from: {{normal: q-main, emergency: second}}
    rated_a: 100
    device: {{profile: siemens-atc6300, address: 127.30.2.32, serial: ATC0032, firmware: "1.7", model: ATC6300,
              location: panel 2, contact: the technician,
              override_s: 2.9, transfer_s: 3.7, retransfer_s: 61, cooldown_s: 47}}
  board: {{kind: board, from: {{supply: ats}}, rated_a: 100}}
  sts:
    kind: sts
    from: {{preferred: q-main, alternate: second}}
    rated_a: 15.7
    device: {{profile: apc-rack-ats, address: 127.30.2.33, phases: 3, powered_by: [house], serial: STS0033, firmware: "6.5", model: STS2,
              location: panel 3, contact: the electrician, near_overload_percent: 77, overload_percent: 103,
              low_load_a: 1.3, source_names: [East, West]}}
  sts-board: {{kind: board, from: {{supply: sts}}, rated_a: 100}}
racks:
  rack-1: {{kind: rack, from: {{a: board}}, phase: 1, boot_s: 2, rack_kw: 3.1, power_factor: 0.98}}
  rack-2: {{kind: rack, from: {{a: board}}, phase: 2, boot_s: 2, rack_kw: 2.3, power_factor: 0.90}}
  rack-3: {{kind: rack, from: {{a: board}}, phase: 3, boot_s: 2, rack_kw: 4.7, power_factor: 0.95}}
  rack-4: {{kind: rack, from: {{a: sts-board}}, phase: 1, boot_s: 2, rack_kw: 1.9, power_factor: 0.97}}
  rack-5: {{kind: rack, from: {{a: sts-board}}, phase: 2, boot_s: 2, rack_kw: 1.3, power_factor: 0.93}}
  rack-6: {{kind: rack, from: {{a: sts-board}}, phase: 3, boot_s: 2, rack_kw: 2.6, power_factor: 0.92}}
  ats-1:
    kind: rack_ats
    from: {{a: mains, b: mains}}
    device: {{profile: apc-rack-ats, address: 127.30.2.34}}
  rack-7: {{kind: rack, from: {{a: ats-1}}, rack_kw: 0.77, power_factor: 0.94}}
cooling:
  outdoors: {{kind: climate}}
  hall: {{kind: hall, area_m2: 12}}
devices:
  monitor:
    profile: hwg-poseidon
    address: 127.30.2.52
    serial: HWG0052
    firmware: "4.1"
    model: Poseidon2
    location: hall
    contact: nobody
    probes: [hall.inlet_c, hall.return_c, hall.humidity_percent, outdoors.outdoor_c]
    names: [cold aisle, hot aisle]
    inputs: [q-main.closed, q-main.tripped]
    delay_s: 13
  relays:
    profile: advantech-adam-6060
    address: 127.30.2.81
    serial: ADAM081
    firmware: "5.2"
    model: ADAM-6060
    location: panel 1
    contact: the PLC
    inputs: [q-main.closed, "!q-main.closed", ats.on_normal, "", ats.on_emergency]
    outputs: [q-main.trip]
"""

ATS_KW, ATS_FACTOR = (3.1, 2.3, 4.7), (0.98, 0.90, 0.95)
STS_KW, STS_FACTOR = (1.9, 1.3, 2.6), (0.97, 0.93, 0.92)
STS_KVA = apparent(sum(STS_KW), sum(lagging(p, f) for p, f in zip(STS_KW, STS_FACTOR, strict=True)))


def amperes(kw: tuple[float, ...], factors: tuple[float, ...], volts: tuple[float, ...]) -> tuple[float, ...]:
    """P / (V cos phi), A."""
    return tuple(1000.0 * p / f / v for p, f, v in zip(kw, factors, volts, strict=True))


def lines(volts: tuple[float, float, float]) -> tuple[float, ...]:
    """Between L1 and L2, L2 and L3, L3 and L1, V."""
    return tuple(between_phases(a, b) for a, b in zip(volts, volts[1:] + volts[:1], strict=True))


def alarms(every: str, *active: str) -> Table:
    """The alarms that are active, and that the others are not."""
    names = every.split()
    return {
        **{f"alarm.{name}.active": value(name in active, "of the story of this moment") for name in names},
        "alarm.count": value(len(active), "of the story of this moment"),
    }


ATS_ALARMS = "normal_lost emergency_unavailable on_emergency move_failed load_unpowered not_automatic locked_out"
STS_ALARMS = (
    "redundancy_lost on_alternate source_a_lost source_b_lost output_lost overload near_overload out_of_sync "
    "transfer_inhibited"
)
ORDERS = "an order is read as none"
AT_REST_S = 200.0

ATS: Table = {
    **system("ats", "127.30.2.32", b"\x7f\x1e\x02\x20", AT_REST_S, location="panel 2", contact="the technician",
             serial="ATC0032", model="ATC6300", firmware="1.7"),
    "mode": value("automatic", "the factory's"),
    "switch.position": value("normal", "the normal source is good"),
    "switch.transfers": value(0, "none yet"),
    **rows("source.{}.available", (True, True), "all phases within 90 and 115 %"),
    **rows("source.{}.connected", (True, False), "the position"),
    **rows("source.1.voltage.{}", MAINS, "the source"),
    **rows("source.2.voltage.{}", SECOND, "the source"),
    **rows("source.1.line_voltage.{}", lines(MAINS), "difference of two phasors"),
    **rows("source.2.line_voltage.{}", lines(SECOND), "difference of two phasors"),
    **rows("source.{}.frequency", (MAINS_HZ, SECOND_HZ), FILE),
    **all_of(False, "both sources are good", *(
        f"source.{s}.{what}" for s in (1, 2)
        for what in ("undervoltage", "overvoltage", "breaker_timeout", "breaker_trip", "phase_failure"))),
    **{f"load.voltage.{p}": value(MAINS[p - 1], "through the switch", same_as=f"source.1.voltage.{p}") for p in (1, 2, 3)},
    **rows("load.current.{}", amperes(ATS_KW, ATS_FACTOR, MAINS), "P / (V cos phi)"),
    "load.power": value(sum(ATS_KW), "sum of the racks"),
    "engine.start": value(False, "nothing is wrong"),
    **all_of(0.0, "no delay runs", *(f"timer.{t}.remaining" for t in ("override", "transfer", "retransfer", "cooldown"))),
    "setting.override": value(2.9, FILE),
    "setting.transfer": value(3.7, FILE),
    "setting.retransfer": value(61.0, FILE),
    "setting.cooldown": value(47.0, FILE),
    "setting.test_on_load": value(True, "the factory's"),
    "setting.automatic_return": value(True, "the factory's"),
    **all_of("none", ORDERS, "command.transfer", "command.bypass_delay", "command.reset"),
    **alarms(ATS_ALARMS),
}  # fmt: skip

STS: Table = {
    **system("sts", "127.30.2.33", b"\x7f\x1e\x02\x21", AT_REST_S, location="panel 3", contact="the electrician",
             serial="STS0033", model="STS2", firmware="6.5"),
    "switch.source": value("a", "the preferred one is good"),
    "switch.preferred": value("a", "the terminal `preferred`"),
    "switch.redundant": value(True, "both are within 230 +- 23 V"),
    "switch.in_sync": value(False, "two grids"),
    "switch.healthy": value(True, "no fault"),
    "switch.transfers": value(0, "none yet"),
    **rows("source.{}.name", ("East", "West"), FILE),
    **rows("source.{}.available", (True, True), "within 230 +- 23 V"),
    **rows("source.{}.alive", (True, True), "they have voltage"),
    **rows("source.1.voltage.{}", MAINS, "the source"),
    **rows("source.2.voltage.{}", SECOND, "the source"),
    **rows("source.{}.frequency", (MAINS_HZ, SECOND_HZ), FILE),
    "output.live": value(True, "source a"),
    "output.frequency": value(MAINS_HZ, "source a", same_as="source.1.frequency"),
    **{f"output.voltage.{p}": value(MAINS[p - 1], "source a", same_as=f"source.1.voltage.{p}") for p in (1, 2, 3)},
    **rows("output.current.{}", amperes(STS_KW, STS_FACTOR, MAINS), "P / (V cos phi)"),
    **{
        f"output.current_peak.{p}": value(a, "the load was constant", same_as=f"output.current.{p}")
        for p, a in enumerate(amperes(STS_KW, STS_FACTOR, MAINS), 1)
    },
    "output.apparent_power": value(1000.0 * STS_KVA, "vector sum"),
    "output.power": value(1000.0 * sum(STS_KW), "sum of the racks"),
    "output.power_peak": value(1000.0 * sum(STS_KW), "the load was constant", same_as="output.power"),
    "output.load": value(100.0 * max(amperes(STS_KW, STS_FACTOR, MAINS)) / 15.7, "highest phase of the rated current"),
    "output.state": value("normal", "12.03 A are 76.6 %, less than the 77 % of the site file"),
    "rating.current": value(15.7, FILE),
    "setting.range": value("medium", "AP44xx manual: the factory's"),
    "setting.sensitivity": value("high", "AP44xx manual: the factory's"),
    "setting.near_overload": value(0.77 * 15.7, FILE),
    "setting.overload": value(1.03 * 15.7, FILE),
    "setting.low_load": value(1.3, FILE),
    "setting.return_delay": value(3.0, "STS2 guide specification"),
    **all_of("none", ORDERS, "command.reset_peaks", "command.reset"),
    **alarms(STS_ALARMS, "out_of_sync"),
}  # fmt: skip

RACK_ATS: Table = {
    "switch.in_sync": value(True, "one grid"),
    "output.voltage.1": value(MAINS[0], "wired to L1"),
    "output.current.1": value(770.0 / 0.94 / MAINS[0], "all of its load on its only phase"),
    "output.load": value(100.0 * 770.0 / 0.94 / MAINS[0] / 16.0, "of 16 A (AP4423)"),
    "setting.return_delay": value(30.0, "AP44xx manual p. 4"),
    **alarms(STS_ALARMS),
}


def air(quantity: str) -> Any:
    """Expect a quantity of the plant that a probe feels."""
    return value(lambda read: read(quantity), "the air at the probe")


MONITOR: Table = {
    **system("monitor", "127.30.2.52", b"\x7f\x1e\x02\x34", AT_REST_S, location="hall", contact="nobody",
             serial="HWG0052", model="Poseidon2", firmware="4.1"),
    **rows("input.{}.closed", (True, False, False, False, False, False), "the breaker is closed; 3 to 6 are free"),
    **rows("input.{}.name", tuple(f"Binary {n}" for n in range(1, 7)), "Poseidon manual: factory names"),
    **rows("probe.{}.name", ("cold aisle", "hot aisle", "hall.humidity_percent", "outdoors.outdoor_c"), FILE),
    "probe.1.value": air("plant.hall.inlet_c"),
    "probe.2.value": air("plant.hall.return_c"),
    "probe.3.value": air("plant.hall.humidity_percent"),
    "probe.4.value": air("plant.outdoors.outdoor_c"),
    **rows("probe.{}.unit", ("C", "C", "%RH", "C"), "Poseidon MIB: units"),
    **rows("probe.{}.status", ("alarm", "normal", "normal", "normal"), "29 C is more than 27 C"),
    **rows("probe.{}.low", (10.0, 10.0, 20.0, 0.0), "assumed of a new probe"),
    **rows("probe.{}.high", (27.0, 45.0, 80.0, 50.0), "ASHRAE TC 9.9 (27 C); assumed of the others"),
    **alarms("probe_alarm probe_lost", "probe_alarm"),
}  # fmt: skip

RELAYS: Table = {
    **system("relays", "127.30.2.81", b"\x7f\x1e\x02\x51", AT_REST_S, location="panel 1", contact="the PLC",
             serial="ADAM081", model="ADAM-6060", firmware="5.2"),
    **rows("input.{}.on", (True, False, True, False, False, False), "what they are wired to"),
    **rows("input.{}.count", (0,) * 6, "nothing has moved"),
    **rows("relay.{}.closed", (False,) * 6, "nothing was ordered"),
    "input.word": value(0b000101, "inputs 1 and 3"),
    "relay.word": value(0, "none"),
    "alarm.count": value(0, "it has none"),
}  # fmt: skip

TABLES: Tables = {
    ("at rest", "ats"): ATS,
    ("at rest", "sts"): STS,
    ("at rest", "ats-1"): RACK_ATS,
    ("at rest", "monitor"): MONITOR,
    ("at rest", "relays"): RELAYS,
    ("mains fail", "ats"): {
        "timer.override.remaining": value(2.9 - 1.2, "it began with the outage"),
        "source.1.available": value(False, "dead"),
        "source.1.undervoltage": value(True, "dead"),
        "source.1.phase_failure": value(False, "no phase is left"),
        **rows("source.1.voltage.{}", (0.0,) * 3, "dead"),
        **rows("load.current.{}", (0.0,) * 3, "dead"),
        **alarms(ATS_ALARMS, "normal_lost"),
    },
    ("mains fail", "sts"): {
        "switch.source": value("b", "the other one is good"),
        "switch.redundant": value(False, "source a is dead"),
        "switch.transfers": value(1, "one"),
        "source.1.available": value(False, "dead"),
        "source.1.alive": value(False, "dead"),
        **rows("output.voltage.{}", SECOND, "source b"),
        "output.frequency": value(SECOND_HZ, "source b"),
        **rows("output.current.{}", amperes(STS_KW, STS_FACTOR, SECOND), "P / (V cos phi)"),
        "output.current_peak.1": value(1900.0 / 0.97 / SECOND[0], "higher at the lower voltage"),
        "output.current_peak.3": value(2600.0 / 0.92 / MAINS[2], "it was higher before"),
        **alarms(STS_ALARMS, "redundancy_lost", "on_alternate", "source_a_lost"),
    },
    ("engine called", "ats"): {
        "engine.start": value(True, "the dip was longer than 2.9 s"),
        "timer.transfer.remaining": value(2.9 + 3.7 - 4.0, "after the override"),
    },
    ("on emergency", "ats"): {
        "switch.position": value("emergency", "the normal source is dead"),
        "switch.transfers": value(1, "one"),
        **rows("source.{}.connected", (False, True), "the position"),
        **rows("load.voltage.{}", SECOND, "through the switch"),
        **rows("load.current.{}", amperes(ATS_KW, ATS_FACTOR, SECOND), "P / (V cos phi)"),
        **alarms(ATS_ALARMS, "normal_lost", "on_emergency"),
    },
    ("on emergency", "relays"): {
        **rows("input.{}.on", (True, False, False, False, True, False), "the switch has moved"),
        **rows("input.{}.count", (0, 0, 0, 0, 1, 0), "input 5 has risen"),
        "input.word": value(0b010001, "inputs 1 and 5"),
    },
    ("mains back", "ats"): {
        "source.1.available": value(True, "it is back"),
        "timer.retransfer.remaining": value(61.0 - 7.5, "it began with the return"),
        **alarms(ATS_ALARMS, "on_emergency"),
    },
    ("cooling down", "ats"): {
        "switch.position": value("normal", "it was good for 61 s"),
        "engine.start": value(True, "it runs unloaded"),
        "timer.cooldown.remaining": value(47.0 - 8.9, "it began with the arrival, 0.1 s after 61 s", within=0.001),
    },
    ("sag", "ats"): {
        "source.1.undervoltage": value(True, "181 V are less than 85 % of 230 V"),
        "source.1.overvoltage": value(False, "no swell"),
        **rows("source.1.voltage.{}", tuple(0.8 * v for v in MAINS), "20 % deep"),
        **alarms(ATS_ALARMS, "normal_lost"),
    },
    ("swell", "ats"): {
        "source.1.undervoltage": value(False, "no dip"),
        "source.1.overvoltage": value(True, "294 V are more than 115 % of 230 V"),
        "source.2.overvoltage": value(False, "it is well"),
        **alarms(ATS_ALARMS, "normal_lost"),
    },
    ("phase lost", "ats"): {
        "source.1.phase_failure": value(True, "one phase of three"),
        "source.2.phase_failure": value(False, "it is well"),
        "source.1.line_voltage.2": value(MAINS[1], "L2 against nothing"),
        **alarms(ATS_ALARMS, "normal_lost"),
    },
    ("mechanism stuck", "ats"): {
        **rows("source.{}.breaker_timeout", (False, True), "it did not move to source 2 in 5 s"),
        **alarms(ATS_ALARMS, "normal_lost", "move_failed", "load_unpowered"),
    },
    ("no source", "ats"): {
        **rows("source.{}.available", (False, False), "both are dead"),
        "source.2.undervoltage": value(True, "dead"),
        **alarms(ATS_ALARMS, "normal_lost", "emergency_unavailable", "load_unpowered"),
    },
    ("no source", "sts"): {
        "output.live": value(False, "both are dead"),
        "source.2.alive": value(False, "dead"),
        "output.load": value(0.0, "nothing flows"),
        "output.state": value("low", "less than 1.3 A"),
        **alarms(STS_ALARMS, "redundancy_lost", "on_alternate", "source_a_lost", "source_b_lost", "output_lost"),
    },
    ("no source", "ats-1"): {"output.live": value(False, "dead")},
    ("load fault", "ats"): {
        **rows("source.{}.breaker_trip", (True, False), "the breaker of source 1 has opened on the fault"),
        "switch.position": value("normal", "it does not take the fault to source 2"),
        **alarms(ATS_ALARMS, "normal_lost", "load_unpowered", "locked_out"),
    },
    ("load fault", "relays"): {
        **rows("input.{}.on", (False, True, True, False, False, False), "the breaker has tripped"),
        "input.word": value(0b000110, "inputs 2 and 3"),
    },
    ("load fault", "monitor"): {
        **rows("input.{}.closed", (False, True), "the breaker has tripped"),
    },
    ("fault behind the static switch", "sts"): {
        "switch.source": value("a", "it does not take the fault to source b"),
        "output.live": value(False, "shorted"),
        **alarms(STS_ALARMS, "transfer_inhibited", "redundancy_lost", "source_a_lost", "output_lost"),
    },
    ("by hand", "ats"): {
        "mode": value("manual", "as it was set"),
        "setting.test_on_load": value(False, "as it was set"),
        "setting.automatic_return": value(False, "as it was set"),
        **alarms(ATS_ALARMS, "not_automatic"),
    },
    ("by hand", "sts"): {
        "switch.preferred": value("b", "as it was set"),
        "switch.source": value("a", "voluntary transfers wait until the sources are in step"),
        "setting.range": value("narrow", "as it was set"),
        "setting.sensitivity": value("low", "as it was set"),
        "setting.near_overload": value(9.9, "as it was set"),
        "setting.overload": value(11.1, "as it was set"),
        "setting.return_delay": value(97.0, "as it was set"),
        "source.1.name": value("North", "as it was set"),
        "output.state": value("overload", "12.0 A are more than 11.1 A"),
        "output.current_peak.1": value(1900.0 / 0.97 / MAINS[0], "the peaks were reset: the present one"),
        "switch.healthy": value(False, "the fault `stuck`"),
        **alarms(STS_ALARMS, "on_alternate", "overload", "out_of_sync"),
    },
    ("by hand", "ats-1"): {
        "switch.preferred": value("none", "as it was set"),
        "output.state": value("near-overload", "3.5 A lie between 3 and 4 A"),
        **alarms(STS_ALARMS, "near_overload"),
    },
    ("by hand", "relays"): {
        "relay.2.closed": value(True, "as it was set"),
        "relay.word": value(0b000010, "relay 2"),
        "input.3.count": value(17, "as it was set"),
    },
    ("by hand", "monitor"): {
        "probe.1.low": value(11.1, "as it was set"),
        "probe.3.low": value(40.4, "as it was set"),
        "probe.1.high": value(44.4, "as it was set"),
        "probe.1.name": value("aisle 1", "as it was set"),
        "input.2.name": value("trip", "as it was set"),
        **rows("probe.{}.status", ("normal", "invalid", "out", "normal"), "8 s are less than 13 s; a probe is broken"),
        "probe.2.text": value("Err", "it does not answer"),
        **alarms("probe_alarm probe_lost", "probe_lost"),
    },
    ("by hand, later", "monitor"): {
        "probe.3.status": value("alarm", "20 s are more than 13 s"),
        **alarms("probe_alarm probe_lost", "probe_alarm", "probe_lost"),
    },
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], dict[str, Value]]]:
    """All readings, by moment and device."""
    file = tmp_path_factory.mktemp("values") / "sources.yaml"
    file.write_text(SITE)
    found = {}
    with uneven(file, mains=MAINS, second=SECOND) as site:
        for moment in story(site):
            air = {name: site.components[name] for name in ("hall", "outdoors")}
            found |= {(moment, name): readings(site[name], **air) for name in site.devices}
    return found


def story(site: Site) -> Iterator[str]:
    """The moments, one after the other; each of those behind a fork begins at rest."""
    site.advance(AT_REST_S)
    yield "at rest"
    with fork(site):
        site.inject("mains", "outage")
        site.advance(1.2)
        yield "mains fail"
        site.advance(2.8)
        yield "engine called"
        site.advance(20.0)
        yield "on emergency"
        site.clear("mains")
        site.advance(7.5)
        yield "mains back"
        site.advance(61.0 - 7.5 + 9.0)
        yield "cooling down"
    for moment, fault in (("sag", {"depth": 20.0}), ("swell", {"height": 25.0}), ("phase-loss", {"phase": 3})):
        with fork(site):
            site.inject("mains", moment, fault)
            site.advance(0.4)
            yield moment.replace("phase-loss", "phase lost")
    with fork(site):
        site.inject("ats", "stuck")
        site.inject("mains", "outage")
        site.advance(40.0)
        yield "mechanism stuck"
    with fork(site):
        site.inject("mains", "outage")
        site.inject("second", "outage")
        site.advance(40.0)
        yield "no source"
    with fork(site):
        site.inject("board", "short-circuit")
        site.advance(40.0)
        yield "load fault"
    with fork(site):
        site.inject("sts-board", "short-circuit")
        site.advance(40.0)
        yield "fault behind the static switch"
    with fork(site):
        site.inject("sts", "stuck")
        site.inject("monitor", "probe-failure", {"probe": 2})
        for device, point, written in (
            ("ats", "mode", "manual"),
            ("ats", "setting.test_on_load", False),
            ("ats", "setting.automatic_return", False),
            ("sts", "switch.preferred", "b"),
            ("sts", "setting.range", "narrow"),
            ("sts", "setting.sensitivity", "low"),
            ("sts", "setting.near_overload", 9.9),
            ("sts", "setting.overload", 11.1),
            ("sts", "setting.return_delay", 97.0),
            ("sts", "source.1.name", "North"),
            ("sts", "command.reset_peaks", "reset"),
            ("ats-1", "switch.preferred", "none"),
            ("ats-1", "setting.near_overload", 3.0),
            ("ats-1", "setting.overload", 4.0),
            ("relays", "relay.2.closed", True),
            ("relays", "input.3.count", 17),
            ("monitor", "probe.1.high", 44.4),
            ("monitor", "probe.1.low", 11.1),
            ("monitor", "probe.3.low", 40.4),
            ("monitor", "probe.1.name", "aisle 1"),
            ("monitor", "input.2.name", "trip"),
        ):
            site[device].write(point, written)
        site.advance(8.0)
        yield "by hand"
        site.advance(12.0)
        yield "by hand, later"


@pytest.mark.parametrize(("moment", "device"), TABLES)
def test_each_point_reads_what_physics_and_manuals_say(seen: dict, moment: str, device: str) -> None:
    assert wrong(TABLES[moment, device], seen[moment, device]) == {}


def test_a_monitor_shows_its_readings_with_one_decimal_and_the_unit(seen: dict) -> None:
    shown = seen["at rest", "monitor"]
    assert shown["probe.1.text"] == f"{shown['probe.1.value']:.1f} C"
    assert shown["probe.3.text"] == f"{shown['probe.3.value']:.1f} %RH"


@pytest.mark.parametrize("device", ["ats", "sts"])
def test_no_two_points_share_a_value(device: str) -> None:
    assert alike(TABLES["at rest", device]) == []


KINDS = {
    "transfer_switch": ["ats"],
    "source_switch": ["sts", "ats-1"],
    "sensor": ["monitor"],
    "relay_io": ["relays"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_point_of_the_kind_has_an_expected_value(kind: str) -> None:
    assert without_value(kind, tables(kind)) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_each_word_and_truth_is_seen_to_change(kind: str) -> None:
    assert one_sided(kind, tables(kind)) == set()


def tables(kind: str) -> list[Table]:
    return [table for (_, device), table in TABLES.items() if device in KINDS[kind]]
