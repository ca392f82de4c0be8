"""Every point of a UPS, between two uneven sources and an uneven load, in its operating modes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from expected_values import (
    FILE,
    Table,
    Tables,
    alike,
    all_of,
    apparent,
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

from twinfeed.emulators.devices.catalogue import UPS as KIND
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.site import Site

MAINS, SECOND = (231.7, 226.3, 234.9), (224.1, 228.6, 236.8)
MAINS_HZ, SECOND_HZ = 50.2, 49.7
KVA, KW, AUTONOMY_MIN, EXPONENT = 20.5, 18.3, 9.5, 1.31
NO_LOAD, LINEAR, SQUARE = 0.013, 0.017, 0.011
SITE = f"""
site: ups
power:
  mains: {{kind: utility, hertz: {MAINS_HZ}, capacity_kw: 100}}
  second: {{kind: utility, hertz: {SECOND_HZ}, capacity_kw: 100}}
  house: {{kind: utility, capacity_kw: 100}}
  ups:
    kind: ups
    from: {{input: mains, bypass: second}}
    kva: {KVA}
    kw: {KW}
    autonomy_min: {AUTONOMY_MIN}
    battery_exponent: {EXPONENT}
    no_load_loss: {NO_LOAD}
    linear_loss: {LINEAR}
    square_loss: {SQUARE}
    input_power_factor: 0.985
    walk_in_delay_s: 6
    walk_in_s: 4
    strings: 3
    blocks: 38
    segments: 2
    device: {{profile: ups-rfc1628, address: 127.30.3.11, powered_by: [house], serial: UPS0011, model: UPS 20, firmware: "8.1",
              location: room 3, contact: the technician, low_battery_min: 2.5, battery_date: 03/15/2024}}
  small:
    kind: ups
    from: {{input: mains}}
    kva: 1.5
    kw: 1.35
    phases: 1
    device: {{profile: apc-smartups-snmp, address: 127.30.3.12}}
racks:
  rack-1: {{kind: rack, from: {{a: ups}}, phase: 1, rack_kw: 3.1, power_factor: 0.98}}
  rack-2: {{kind: rack, from: {{a: ups}}, phase: 2, rack_kw: 2.3, power_factor: 0.90}}
  rack-3: {{kind: rack, from: {{a: ups}}, phase: 3, rack_kw: 4.7, power_factor: 0.95}}
  rack-4: {{kind: rack, from: {{a: small}}, phase: 1, rack_kw: 1.373, power_factor: 0.99}}
"""

LOAD_KW, FACTORS = (3.1, 2.3, 4.7), (0.98, 0.90, 0.95)
LOAD_KVAR = tuple(lagging(p, f) for p, f in zip(LOAD_KW, FACTORS, strict=True))
LOAD_KVA = tuple(apparent(p, q) for p, q in zip(LOAD_KW, LOAD_KVAR, strict=True))
TOTAL_KW, TOTAL_KVA = sum(LOAD_KW), apparent(sum(LOAD_KW), sum(LOAD_KVAR))
SHARE = TOTAL_KW / KW
LOSSES_KW = KW * (NO_LOAD + LINEAR * SHARE + SQUARE * SHARE**2)
"""Of double conversion: fixed, linear and square in the load, as the site file has them."""
ON_BATTERY_KW = TOTAL_KW + KW * (NO_LOAD + (LINEAR * SHARE + SQUARE * SHARE**2) / 2.0)
"""From the battery: the rectifier's half of the losses that grow with the load falls away."""
BATTERY_KW = KW * (1.0 + NO_LOAD + (LINEAR + SQUARE) / 2.0)
"""The power that the battery gives for the autonomy."""
RUNTIME_S = 60.0 * AUTONOMY_MIN * (BATTERY_KW / ON_BATTERY_KW) ** EXPONENT
"""Peukert's law, written for power."""
INPUT_KW = TOTAL_KW + LOSSES_KW
CELLS = 38 * 6
AT_REST_S = 600.0


def amperes(kva: tuple[float, ...], volts: tuple[float, ...]) -> tuple[float, ...]:
    """S / V, A."""
    return tuple(1000.0 * s / v for s, v in zip(kva, volts, strict=True))


def terminal_volts(depth: float) -> float:
    """The battery under its load, V: from 2.13 V a cell, sagged by 6 % at rated power, to 1.67 V (data sheets of
    VRLA cells); half of the fall in a line, half in the knee."""
    first = 2.13 * (1.0 - 0.06 * (ON_BATTERY_KW / BATTERY_KW) ** 0.5)
    return CELLS * (first - (first - 1.67) * (0.5 * depth + 0.5 * depth**8))


def alarms(*active: str) -> Table:
    """The alarms that are active, and that the others are not; the rows of the table of RFC 1628."""
    names = [alarm.name for alarm in KIND.alarms]
    assert set(active) <= set(names)
    return {
        **{f"alarm.{name}.active": value(name in active, "of the story of this moment") for name in names},
        "alarm.count": value(len(active), "of the story of this moment"),
    }


ORDERS = "an order is read as none"
REST: Table = {
    **system("ups", "127.30.3.11", b"\x7f\x1e\x03\x0b", AT_REST_S, location="room 3", contact="the technician",
             serial="UPS0011", model="UPS 20", firmware="8.1"),
    "ups.mode": value("online", "all is well"),
    "ups.rating.power": value(1000.0 * KVA, FILE),
    "ups.rating.realpower": value(1000.0 * KW, FILE),
    "ups.efficiency": value(100.0 * TOTAL_KW / INPUT_KW, "output over input"),
    "ups.phases": value(3, FILE),
    "ups.transfer_cause": value("none", "it was never on battery"),
    "ups.path_cause": value("", "the path has not changed"),
    "ups.ident": value("ups", "the factory's: its name"),
    "ups.attached": value("", "the factory's"),
    "battery.status": value("normal", "more than 2.5 min"),
    "battery.charge": value(100.0, "full"),
    "battery.runtime": value(RUNTIME_S, "Peukert's law for power"),
    "battery.voltage": value(CELLS * 2.27, "float voltage of VRLA cells"),
    "battery.voltage.nominal": value(38 * 12.0, "IEC 60896-21: 2 V a cell"),
    "battery.current": value(0.0, "on float"),
    "battery.temperature": value(25.0, "of its room, by default"),
    **all_of(0.0, "it was never on battery", "battery.seconds_on_battery", "battery.seconds_total"),
    "battery.strings": value(3, FILE),
    "battery.strings.bad": value(0, "all are good"),
    "battery.breaker": value("closed", "all is well"),
    "battery.chemistry": value("vrla", "by default"),
    "battery.replace": value(False, "no test has failed"),
    "battery.date": value("03/15/2024", FILE),
    "battery.date.days": value(24 * 365 + 6 + 31 + 29 + 14, "from 2000-01-01; six leap days from 2000 to 2023"),
    "input.line_bads": value(0, "it was always good"),
    "input.state": value("good", "within 85 to 115 % and 45 to 65 Hz"),
    "input.frequency": value(MAINS_HZ, FILE),
    **rows("input.{}.voltage", MAINS, "the source"),
    **rows("input.{}.current", amperes((INPUT_KW / 0.985 / 3.0,) * 3, MAINS), "a third of the input, S / V"),
    "input.1.power": value(1000.0 * INPUT_KW / 3.0, "a third of the input"),
    **{f"input.{p}.power": value(1000.0 * INPUT_KW / 3.0, "alike on its phases", same_as="input.1.power") for p in (2, 3)},
    "input.power": value(1000.0 * INPUT_KW, "load and losses"),
    "input.power.apparent": value(1000.0 * INPUT_KW / 0.985, "P / cos phi"),
    "bypass.frequency": value(SECOND_HZ, FILE),
    **rows("bypass.{}.voltage", SECOND, "the source"),
    **rows("bypass.{}.current", (0.0,) * 3, "the inverter carries the load"),
    **rows("bypass.{}.power", (0.0,) * 3, "the inverter carries the load"),
    "output.source": value("normal", "RFC 1628: normal(3)"),
    "output.frequency": value(SECOND_HZ, "in step with the bypass", same_as="bypass.frequency"),
    **rows("output.{}.voltage", (230.0,) * 3, "the inverter makes three equal phases"),
    **rows("output.{}.current", amperes(LOAD_KVA, (230.0,) * 3), "S / V"),
    **rows("output.{}.power", tuple(1000.0 * p for p in LOAD_KW), "the racks"),
    **rows("output.{}.load", tuple(300.0 * max(p / KW, s / KVA) for p, s in zip(LOAD_KW, LOAD_KVA, strict=True)),
           "of a third of the rating; kW or kVA, the nearer one"),
    "output.load": value(100.0 * max(TOTAL_KW / KW, TOTAL_KVA / KVA), "kW or kVA, the nearer one",
                         same_as="output.realpower.percent"),
    "output.power": value(1000.0 * TOTAL_KW, "the racks"),
    "output.power.apparent": value(1000.0 * TOTAL_KVA, "vector sum"),
    "output.on": value(True, "all is well"),
    "output.realpower.percent": value(100.0 * TOTAL_KW / KW, "of the rating"),
    "output.power.percent": value(100.0 * TOTAL_KVA / KVA, "of the rating"),
    "output.energy": value(TOTAL_KW * AT_REST_S / 3600.0, "P t"),
    **all_of(230.0, "by default", "setting.input.voltage", "setting.output.voltage"),
    **all_of(50.0, "by default", "setting.input.frequency", "setting.output.frequency"),
    "setting.low_battery": value(150.0, FILE),
    "setting.audible": value("enabled", "factory"),
    "setting.auto_restart": value("on", "factory"),
    "setting.shutdown_type": value("output", "factory"),
    "setting.transfer.low": value(196, "85 % of 230 V, rounded"),
    "setting.transfer.high": value(264, "115 % of 230 V, rounded"),
    "setting.sensitivity": value("high", "factory"),
    "setting.shutoff_delay": value(20.0, "PowerNet-MIB: default of upsAdvConfigShutoffDelay"),
    "setting.return_delay": value(0.0, "PowerNet-MIB: default of upsAdvConfigReturnDelay"),
    "setting.sleep_time": value(0.0, "factory"),
    "setting.reboot_time": value(8.0, "factory"),
    "setting.min_return_charge": value(0.0, "PowerNet-MIB: default of upsAdvConfigMinReturnCapacity"),
    "setting.test_schedule": value("biweekly", "PowerNet-MIB: factory"),
    "setting.eco": value("off", "by default"),
    **all_of(-1.0, "RFC 1628: no countdown runs", "shutdown.delay", "startup.delay", "reboot.duration"),
    **all_of("none", ORDERS, *(f"command.{c}" for c in (
        "off", "on", "reboot", "sleep", "conserve", "power_fail", "panel_test", "panel", "outlet", "bypass",
        "maintenance", "test"))),
    **rows("segment.{}.state", ("on", "on"), "all are on"),
    "test.id": value("none", "no test was made"),
    "test.lock": value(1, "RFC 2579 TestAndIncr: not yet taken"),
    **all_of("none", "no test was made", "test.result", "test.battery"),
    "test.detail": value("", "no test was made"),
    **all_of(0.0, "no test was made", "test.start", "test.elapsed"),
    "test.calibration": value("unknown", "no calibration was made"),
    **alarms(),
}  # fmt: skip

DEPTH_30 = 30.0 / RUNTIME_S
TABLES: Tables = {
    ("at rest", "ups"): REST,
    ("at rest", "small"): {
        "ups.phases": value(1, FILE),
        "input.1.voltage": value(MAINS[0], "wired to L1"),
        "output.1.voltage": value(230.0, "the inverter"),
        "output.frequency": value(MAINS_HZ, "in step with its input"),
        "bypass.frequency": value(MAINS_HZ, "without a second input the bypass is the first"),
        "output.1.load": value(100.0 * 1.373 / 1.35, "the only line is all of the load"),
        "output.load": value(100.0 * 1.373 / 1.35, "of 1.35 kW"),
        "output.1.current": value(1373.0 / 0.99 / 230.0, "S / V"),
        "battery.voltage.nominal": value(24.0, "two blocks (APC Smart-UPS 1500)"),
        "setting.eco": value("off", "by default"),
        **alarms("output_overload"),
    },
    ("on battery", "ups"): {
        "ups.mode": value("battery", "the input is dead"),
        "ups.transfer_cause": value("blackout", "the input is dead"),
        "ups.efficiency": value(100.0 * TOTAL_KW / ON_BATTERY_KW, "without the rectifier's losses"),
        "battery.charge": value(100.0 * (1.0 - DEPTH_30), "30 s of its runtime"),
        "battery.runtime": value(RUNTIME_S - 30.0, "30 s less"),
        "battery.voltage": value(terminal_volts(DEPTH_30), "under load"),
        "battery.current": value(1000.0 * ON_BATTERY_KW / terminal_volts(DEPTH_30), "P / V"),
        **all_of(30.0, "since the outage", "battery.seconds_on_battery", "battery.seconds_total"),
        "input.line_bads": value(1, "one outage"),
        "input.state": value("low", "dead"),
        "input.power": value(0.0, "dead"),
        "output.source": value("battery", "RFC 1628: battery(5)"),
        "output.power": value(1000.0 * TOTAL_KW, "the racks notice nothing"),
        "alarm_row.2.name": value("on_battery", "RFC 1628: upsAlarmOnBattery is the second"),
        "alarm_row.2.time": value(AT_REST_S, "uptime at the outage"),
        "alarm_row.6.name": value("input_bad", "RFC 1628: upsAlarmInputBad is the sixth"),
        **alarms("on_battery", "input_bad"),
    },
    ("on battery again", "ups"): {
        "battery.seconds_on_battery": value(7.0, "the second time"),
        "battery.seconds_total": value(47.0, "30 s and 10 s until the rectifier carries the load again, and 7 s"),
        "input.line_bads": value(2, "two outages"),
    },
    ("recharging", "ups"): {
        "battery.current": value(lambda read: -1000.0 * read("ups.charging_kw") / read("battery.voltage"),
                                 "negative while it is charged: P / V"),
        "battery.seconds_on_battery": value(0.0, "it is not"),
        "battery.seconds_total": value(40.0, "30 s, and 10 s until the rectifier carries the load again"),
        "ups.mode": value("online", "the input is back"),
    },
    ("battery low", "ups"): {
        "battery.status": value("low", "less than 150 s"),
        "battery.runtime": value(100.0, "so long before the end", within=0.5),
        **alarms("on_battery", "input_bad", "low_battery"),
    },
    ("battery nearly empty", "ups"): {
        "battery.status": value("depleted", "less than a minute"),
        "battery.runtime": value(3.0, "so long before the end", within=0.5),
        **alarms("on_battery", "input_bad", "low_battery", "depleted_battery", "shutdown_imminent"),
    },
    ("battery empty", "ups"): {
        "ups.mode": value("awaiting_power", "it starts again with the input"),
        "battery.charge": value(0.0, "empty"),
        "output.on": value(False, "nothing feeds it"),
        **alarms("input_bad", "bypass_bad", "low_battery", "depleted_battery", "ups_output_off", "awaiting_power"),
        "output.source": value("none", "RFC 1628: none(2)"),
        **rows("output.{}.voltage", (0.0,) * 3, "nothing feeds it"),
    },
    ("brownout", "ups"): {
        "ups.transfer_cause": value("brownout", "low, not dead"),
        "input.state": value("low", "78 % of 230 V"),
    },
    ("swell", "ups"): {
        "ups.transfer_cause": value("high_voltage", "127 % of 230 V"),
        "input.state": value("high", "127 % of 230 V"),
    },
    ("drift", "ups"): {
        "ups.transfer_cause": value("frequency", "42.8 Hz"),
        "input.state": value("frequency_low", "42.8 Hz are less than 45 Hz"),
        "input.frequency": value(MAINS_HZ - 7.4, "the fault"),
    },
    ("test", "ups"): {
        "ups.mode": value("battery_test", "the battery carries the load for a test"),
        "test.id": value("general", "as it was ordered"),
        **all_of("in_progress", "RFC 1628", "test.result", "test.battery"),
        "test.start": value(AT_REST_S, "uptime at the start"),
        "test.elapsed": value(4.5, "since the start"),
        "test.lock": value(2, "it was taken"),
        "ups.transfer_cause": value("self_test", "a test"),
        **alarms("test_in_progress"),
    },
    ("tested", "ups"): {
        **all_of("pass", "a good battery", "test.result", "test.battery"),
        "test.elapsed": value(10.0, "so long a test lasts"),
        "battery.replace": value(False, "a good battery"),
        **alarms(),
    },
    ("calibration", "ups"): {
        "test.id": value("deep", "as it was ordered"),
        "test.calibration": value("in_progress", "it lasts minutes"),
        "test.battery": value("none", "a calibration is none"),
        **alarms("test_in_progress"),
    },
    ("weak battery tested", "ups"): {
        "test.result": value("error", "the voltage sags"),
        "battery.replace": value(True, "the test has failed"),
        "battery.strings.bad": value(1, "the test has found the open string"),
        **alarms("battery_bad", "diagnostic_test_failed"),
    },
    ("on bypass", "ups"): {
        "ups.mode": value("bypass", "by order"),
        "ups.path_cause": value("command", "by order"),
        "output.source": value("bypass", "RFC 1628: bypass(4)"),
        **rows("bypass.{}.current", amperes(LOAD_KVA, SECOND), "the load, S / V"),
        **rows("bypass.{}.power", tuple(1000.0 * p for p in LOAD_KW), "the load"),
        **rows("output.{}.voltage", SECOND, "the bypass, unequal as it is"),
        **rows("output.{}.current", amperes(LOAD_KVA, SECOND), "the load, S / V"),
        **alarms("on_bypass"),
    },
    ("inverter fault", "ups"): {
        "ups.mode": value("bypass_fault", "not by order"),
        **alarms("on_bypass", "general_fault"),
    },
    ("maintenance", "ups"): {
        "ups.mode": value("maintenance", "the manual bypass"),
        "output.source": value("bypass", "RFC 1628 has no word for the manual one"),
    },
    ("bad bypass feeds", "ups"): {
        "output.1.voltage": value(0.88 * SECOND[0], "12 % deep"),
        **alarms("on_bypass", "general_fault", "bypass_bad", "output_bad"),
    },
    ("bypass lost", "ups"): {
        "output.frequency": value(50.0, "the inverter runs free"),
        **rows("bypass.{}.voltage", (0.0,) * 3, "dead"),
        **alarms("bypass_bad"),
    },
    ("eco", "ups"): {
        "setting.eco": value("on", "as it was set"),
        "ups.mode": value("eco", "on its static bypass for economy"),
        "output.source": value("normal", "the normal source of this mode"),
        "ups.efficiency": value(100.0 * TOTAL_KW / (TOTAL_KW * 1.01 + KW * NO_LOAD / 3.0), "1 % of the load, and a third of the fixed losses"),
    },
    ("parts broken", "ups"): {
        "battery.strings.bad": value(0, "an open string does not show on float"),
        **alarms("fan_failure", "charger_failed", "communications_lost"),
    },
    ("parts broken, on battery", "ups"): {
        **alarms("fan_failure", "charger_failed", "communications_lost", "on_battery", "input_bad", "fuse_failure"),
    },
    ("hot", "ups"): {
        "battery.temperature": value(47.0, "11 min of 2 K/min from 25 C", within=1.5),
        **alarms("temp_bad"),
    },
    ("breaker open", "ups"): {
        "battery.breaker": value("open", "as it was set"),
        "battery.status": value("unknown", "not connected"),
        "battery.voltage": value(0.0, "not connected"),
        "battery.runtime": value(0.0, "not connected"),
        **alarms("battery_bad"),
    },
    ("off", "ups"): {
        "ups.mode": value("off", "by order"),
        "output.on": value(False, "by order"),
        "startup.delay": value(55.0, "as it was ordered 5 s ago"),
        **alarms("output_off_as_requested", "ups_output_off"),
    },
    ("system off", "ups"): {
        "ups.mode": value("off", "by order"),
        **alarms("ups_off_as_requested", "ups_output_off", "ups_system_off"),
    },
    ("sleeping", "ups"): {"ups.mode": value("sleeping", "by order")},
    ("rebooting", "ups"): {
        "ups.mode": value("rebooting", "by order"),
        "reboot.duration": value(25.0, "30 s, of which 5 have passed"),
    },
    ("shutdown pending", "ups"): {
        "shutdown.delay": value(60.0, "100 s, of which 40 have passed"),
        **alarms("shutdown_pending"),
    },
    ("shutdown imminent", "ups"): {
        "shutdown.delay": value(3.0, "100 s, of which 97 have passed"),
        **alarms("shutdown_pending", "shutdown_imminent"),
    },
    ("set", "ups"): {
        "ups.ident": value("UPS of row 7", "as it was set"),
        "ups.attached": value("row 7", "as it was set"),
        "battery.date": value("07/04/2025", "as it was set"),
        "battery.date.days": value(25 * 365 + 7 + 31 + 28 + 31 + 30 + 31 + 30 + 3, "from 2000-01-01, seven leap days"),
        "setting.low_battery": value(RUNTIME_S + 100.0, "as it was set"),
        "battery.status": value("low", "less than that"),
        "setting.audible": value("muted", "as it was set"),
        "setting.auto_restart": value("off", "as it was set"),
        "setting.shutdown_type": value("system", "as it was set"),
        "setting.transfer.low": value(207.0, "as it was set"),
        "setting.transfer.high": value(253.0, "as it was set"),
        "setting.sensitivity": value("low", "as it was set"),
        "setting.shutoff_delay": value(31.0, "as it was set"),
        "setting.return_delay": value(32.0, "as it was set"),
        "setting.sleep_time": value(33.0, "as it was set"),
        "setting.reboot_time": value(34.0, "as it was set"),
        "setting.min_return_charge": value(35.0, "as it was set"),
        "setting.test_schedule": value("never", "as it was set"),
        **rows("segment.{}.state", ("on", "off"), "the second was switched off"),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Value]]:
    """All readings, by moment and device."""
    file = tmp_path_factory.mktemp("values") / "ups.yaml"
    file.write_text(SITE)
    found = {}
    with uneven(file, mains=MAINS, second=SECOND) as site:
        for moment in story(site):
            for name in site.devices:
                found[moment, name] = readings(site[name]) | {"ups.charging_kw": -site.components["ups"].battery_kw}
    return found


FORKS = {
    "brownout": [("mains", "sag", {"depth": 22.0})],
    "swell": [("mains", "swell", {"height": 27.0})],
    "drift": [("mains", "frequency-drift", {"hertz": -7.4})],
    "inverter fault": [("ups", "inverter", {})],
    "bypass lost": [("second", "outage", {})],
}
"""Moments that one fault makes at once."""


def story(site: Site) -> Iterator[str]:
    """The moments; each fork begins at rest."""
    ups = site["ups"]
    site.advance(AT_REST_S)
    yield "at rest"
    with fork(site):
        site.inject("mains", "outage")
        site.advance(30.0)
        yield "on battery"
        with fork(site):
            site.clear("mains")
            site.advance(120.0)
            yield "recharging"
            site.inject("mains", "outage")
            site.advance(7.0)
            yield "on battery again"
        site.advance(RUNTIME_S - 30.0 - 100.0)
        yield "battery low"
        site.advance(97.0)
        yield "battery nearly empty"
        site.inject("second", "outage")
        site.advance(30.0)
        yield "battery empty"
    for moment, faults in FORKS.items():
        with fork(site):
            for target, kind, parameters in faults:
                site.inject(target, kind, parameters)
            site.advance(2.0)
            yield moment
    with fork(site):
        ups.write("test.lock", 1)
        ups.write("test.id", "general")
        site.advance(4.5)
        yield "test"
        site.advance(60.0)
        yield "tested"
    with fork(site):
        ups.write("command.test", "deep")
        site.advance(60.0)
        yield "calibration"
    with fork(site):
        site.inject("ups", "battery-weak", {"capacity": 40.0})
        site.inject("ups", "string-open")
        ups.write("command.test", "quick")
        site.advance(60.0)
        yield "weak battery tested"
    with fork(site):
        ups.write("command.bypass", "on")
        site.advance(5.0)
        yield "on bypass"
        site.inject("ups", "inverter")
        site.advance(1.0)
        site.inject("second", "sag", {"depth": 12.0})
        site.advance(1.0)
        yield "bad bypass feeds"
    with fork(site):
        ups.write("command.maintenance", "on")
        site.advance(5.0)
        yield "maintenance"
    with fork(site):
        ups.write("setting.eco", "on")
        site.advance(60.0)
        yield "eco"
    with fork(site):
        for kind in ("fan", "charger", "string-open"):
            site.inject("ups", kind)
        site.inject("ups", "communications-lost")
        site.advance(5.0)
        yield "parts broken"
        site.inject("mains", "outage")
        site.advance(5.0)
        yield "parts broken, on battery"
    with fork(site):
        site.inject("ups", "thermal-runaway", {"rate": 2.0})
        site.advance(660.0)
        yield "hot"
    with fork(site):
        ups.write("battery.breaker", "open")
        site.advance(5.0)
        yield "breaker open"
    for moment, orders in (
        ("off", {"command.off": "now", "startup.delay": 60.0}),
        ("system off", {"setting.shutdown_type": "system", "shutdown.delay": 0.0}),
        ("sleeping", {"setting.sleep_time": 600.0, "command.sleep": "now"}),
        ("rebooting", {"reboot.duration": 30.0}),
    ):
        with fork(site):
            for point, order in orders.items():
                ups.write(point, order)
            site.advance(5.0)
            yield moment
    with fork(site):
        ups.write("shutdown.delay", 100.0)
        site.advance(40.0)
        yield "shutdown pending"
        site.advance(57.0)
        yield "shutdown imminent"
    with fork(site):
        for point, expected in TABLES["set", "ups"].items():
            if point not in ("battery.date.days", "battery.status") and not callable(expected.value):
                ups.write(point, expected.value)
        site.advance(5.0)
        yield "set"


@pytest.mark.parametrize(("moment", "device"), TABLES)
def test_each_point_reads_what_physics_and_manuals_say(seen: dict, moment: str, device: str) -> None:
    assert wrong(TABLES[moment, device], seen[moment, device]) == {}


def test_no_two_points_share_a_value() -> None:
    assert alike(REST) == []


def test_each_point_of_the_kind_has_an_expected_value() -> None:
    assert without_value("ups", TABLES.values()) == set()


def test_each_word_and_truth_is_seen_to_change() -> None:
    assert one_sided("ups", TABLES.values()) == set()
