"""Every point of a power meter and of a PDU, on three unequal phases with unequal loads."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import pytest
from expected_values import (
    FILE,
    Table,
    Tables,
    alike,
    all_of,
    apparent,
    between_phases,
    lagging,
    neutral,
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
from twinfeed.emulators.plant.power.boards import BusTie

VOLTS = (231.7, 226.3, 234.9)
HERTZ = 50.4
SITE = f"""
site: uneven
power:
  mains: {{kind: utility, hertz: {HERTZ}, capacity_kw: 100}}
  board: {{kind: board, from: {{supply: mains}}, rated_a: 160}}
  spare: {{kind: utility, hertz: {HERTZ}, capacity_kw: 100}}
  board-b: {{kind: board, from: {{supply: spare}}, rated_a: 160}}
  tie: {{kind: bus_tie, from: {{a: board-b, b: board}}, rated_a: 100, closed: false}}
racks:
  pdu:
    kind: pdu
    from: board
    rated_a: 32
    outlets: 12
    banks: 6
    bank_a: 16.5
    outlet_a: 10.5
    device:
      profile: raritan-px2
      address: 127.30.1.21
      location: row 7
      contact: the technician
      serial: PX0021
      model: PX2-5475
      firmware: 3.6.1
      sensor: hall
      near_overload: 0.7
      power_on_delay_s: 3
      power_off_delay_s: 4
      reboot_s: 9
      cold_start_delay_s: 2
      clock_at_start: "2026-02-03T04:05:06"
  rack-1: {{kind: rack, from: {{a: "pdu:1"}}, rack_kw: 1.37, power_factor: 0.98}}
  rack-2: {{kind: rack, from: {{a: "pdu:2"}}, rack_kw: 0.47, power_factor: 0.90}}
  rack-3: {{kind: rack, from: {{a: "pdu:3"}}, rack_kw: 2.11, power_factor: 0.95}}
  rack-4: {{kind: rack, from: {{a: "pdu:4"}}, rack_kw: 0.29, power_factor: 0.92}}
  rack-8: {{kind: rack, from: {{a: "pdu:5"}}, rack_kw: 0.83, power_factor: 0.91}}
  rack-9: {{kind: rack, from: {{a: "pdu:6"}}, rack_kw: 0.31, power_factor: 0.94}}
  rack-10: {{kind: rack, from: {{a: "pdu:7"}}, rack_kw: 0.53, power_factor: 0.99}}
  rack-11: {{kind: rack, from: {{a: "pdu:9"}}, rack_kw: 0.67, power_factor: 0.89}}
  rack-12: {{kind: rack, from: {{a: "pdu:11"}}, rack_kw: 0.71, power_factor: 0.87}}
  pdu-2:
    kind: pdu
    from: board
    phases: 1
    phase: 2
    rated_a: 13.5
    outlets: 2
    banks: 1
    device: {{profile: apc-rpdu2, address: 127.30.1.22}}
  pdu-3:
    kind: pdu
    from: board
    rated_a: 21.5
    outlets: 2
    banks: 2
    three_phase_outlets: [1]
    device: {{profile: raritan-px2, address: 127.30.1.23}}
  rack-5: {{kind: rack, from: {{a: "pdu-2:2"}}, rack_kw: 0.61, power_factor: 0.96}}
  rack-6: {{kind: rack, from: {{a: "pdu-3:1"}}, rack_kw: 1.89, power_factor: 0.97}}
  rack-7: {{kind: rack, from: {{a: board-b}}, phase: 3, rack_kw: 1.13, power_factor: 0.93}}
cooling:
  hall: {{kind: hall, area_m2: 12, height_m: 2.7, mass_kg: 800}}
devices:
  meter-tie: {{profile: schneider-pm5000, of: tie, address: 127.30.1.52}}
  meter: {{profile: schneider-pm5000, of: board, address: 127.30.1.51, serial: PM0051, model: PM5560, firmware: 2.6.1,
          location: panel 4, contact: the electrician, thd_volts_percent: 2.3, thd_current_percent: 6.7}}
"""

# The loads, as the site file has them: outlets 1, 2 are bank 1 on L1, 3, 4 bank 2 on L2, 5, 6 bank 3 on L3, and so on.
OUTLET_KW = (1.37, 0.47, 2.11, 0.29, 0.83, 0.31, 0.53, 0.0, 0.67, 0.0, 0.71, 0.0)
FACTORS = (0.98, 0.90, 0.95, 0.92, 0.91, 0.94, 0.99, 1.0, 0.89, 1.0, 0.87, 1.0)
OUTLET_KVAR = tuple(lagging(kw, factor) for kw, factor in zip(OUTLET_KW, FACTORS, strict=True))
BANK_KW = tuple(OUTLET_KW[o] + OUTLET_KW[o + 1] for o in range(0, 12, 2))
BANK_KVAR = tuple(OUTLET_KVAR[o] + OUTLET_KVAR[o + 1] for o in range(0, 12, 2))
BANK_KVA = tuple(apparent(p, q) for p, q in zip(BANK_KW, BANK_KVAR, strict=True))
KW = tuple(BANK_KW[p] + BANK_KW[p + 3] for p in range(3))
KVAR = tuple(BANK_KVAR[p] + BANK_KVAR[p + 3] for p in range(3))
"""Of `pdu`, by phase, kW and kvar."""
KVA = tuple(apparent(p, q) for p, q in zip(KW, KVAR, strict=True))
OUTLET_KVA = tuple(apparent(p, q) for p, q in zip(OUTLET_KW, OUTLET_KVAR, strict=True))
TOTAL_KW, TOTAL_KVAR = sum(KW), sum(KVAR)
TOTAL_KVA = apparent(TOTAL_KW, TOTAL_KVAR)
AMPERES = tuple(1000.0 * s / v for s, v in zip(KVA, VOLTS, strict=True))
MEAN_V = sum(VOLTS) / 3.0
LINES = tuple(between_phases(a, b) for a, b in zip(VOLTS, VOLTS[1:] + VOLTS[:1], strict=True))

# The PDUs take power themselves: 10 W of controls each, on the phase with the highest voltage (`pdu-2` has only L2), and
# the heat of the poles of their breakers (IEC 60898-1, table of the losses a pole: 4.5 W up to 25 A, 6 W up to 32 A).


def poles_kw(watts: float, rated_a: float, kva: float, phase: int) -> float:
    """Heat of a pole: its losses at the rated current, times the square of the load."""
    return watts / 1000.0 * (1000.0 * kva / VOLTS[phase] / rated_a) ** 2


LOST_KW = [
    sum(poles_kw(4.5, 16.5, BANK_KVA[bank], p) for bank in (p, p + 3)) + poles_kw(6.0, 32.0, 0.63 / 0.97, p)
    for p in range(3)
]
LOST_KW[1] += 0.010 + poles_kw(6.0, 32.0, 0.61 / 0.96, 1)
LOST_KW[2] += 2.0 * 0.010

# The whole board: beside `pdu` stand 0.61 kW on L2, 1.89 kW on three phases, and 1.13 kW on L3 behind the bus tie.
BOARD_KW = (KW[0] + 0.63 + LOST_KW[0], KW[1] + 0.63 + 0.61 + LOST_KW[1], KW[2] + 0.63 + 1.13 + LOST_KW[2])
BOARD_KVAR = (
    KVAR[0] + lagging(0.63, 0.97),
    KVAR[1] + lagging(0.63, 0.97) + lagging(0.61, 0.96),
    KVAR[2] + lagging(0.63, 0.97) + lagging(1.13, 0.93),
)
BOARD_KVA = tuple(apparent(p, q) for p, q in zip(BOARD_KW, BOARD_KVAR, strict=True))
BOARD_A = tuple(1000.0 * s / v for s, v in zip(BOARD_KVA, VOLTS, strict=True))
BOARD_TOTAL_KW, BOARD_TOTAL_KVAR = sum(BOARD_KW), sum(BOARD_KVAR)
BOARD_TOTAL_KVA = apparent(BOARD_TOTAL_KW, BOARD_TOTAL_KVAR)
MEAN_A = sum(BOARD_A) / 3.0

MOMENT_S = 1234.0
HOURS = MOMENT_S / 3600.0
"""From the start to the moment `on load`, h."""

METER: Table = {
    **rows("voltage.{}", VOLTS, "the source"),
    "voltage.average": value(MEAN_V, "mean of the phases"),
    "voltage.unbalance": value(
        100.0 * (MEAN_V - VOLTS[1]) / MEAN_V, "PM5500 manual: worst deviation from the mean, % of the mean"
    ),
    **rows("line_voltage.{}", LINES, "difference of two phasors 120 degrees apart"),
    "line_voltage.average": value(sum(LINES) / 3.0, "mean"),
    **rows("current.{}", BOARD_A, "S / V"),
    "current.neutral": value(neutral(BOARD_KW, BOARD_KVAR, VOLTS), "sum of the phasors (Kirchhoff)"),
    "current.average": value(MEAN_A, "mean of the phases"),
    "current.unbalance": value(100.0 * max(abs(a - MEAN_A) for a in BOARD_A) / MEAN_A, "PM5500 manual"),
    **rows("power.{}", BOARD_KW, "sum of the racks of the phase"),
    "power.total": value(BOARD_TOTAL_KW, "sum of the phases"),
    "power.peak": value(BOARD_TOTAL_KW, "the load was constant", same_as="power.total"),
    **rows("reactive_power.{}", BOARD_KVAR, "P tan(phi) of each rack"),
    "reactive_power.total": value(BOARD_TOTAL_KVAR, "sum of the phases"),
    **rows("apparent_power.{}", BOARD_KVA, "P and Q at right angles"),
    "apparent_power.total": value(BOARD_TOTAL_KVA, "vector sum (PM5500 manual, default)"),
    **rows("power_factor.{}", tuple(p / s for p, s in zip(BOARD_KW, BOARD_KVA, strict=True)), "P / S"),
    "power_factor.total": value(BOARD_TOTAL_KW / BOARD_TOTAL_KVA, "P / S"),
    **{
        f"power_factor.four_quadrant.{p}": value(
            BOARD_KW[p - 1] / BOARD_KVA[p - 1], "lagging", same_as=f"power_factor.{p}"
        )
        for p in (1, 2, 3)
    },
    "power_factor.four_quadrant.total": value(
        BOARD_TOTAL_KW / BOARD_TOTAL_KVA, "lagging", same_as="power_factor.total"
    ),
    "frequency": value(HERTZ, FILE),
    "thd.voltage": value(2.3, FILE),
    "thd.current": value(6.7, FILE),
    "energy.delivered": value(BOARD_TOTAL_KW * HOURS, "P t"),
    "energy.received": value(0.0, "nothing feeds back"),
    "reactive_energy.delivered": value(BOARD_TOTAL_KVAR * HOURS, "Q t"),
    "reactive_energy.received": value(0.0, "all loads lag"),
    "apparent_energy.delivered": value(BOARD_TOTAL_KVA * HOURS, "S t"),
    **all_of("none", "an order is read as none", "command.reset_energy", "command.reset_peak"),
}


def metered(
    key: str, watts: bool, kw: float, kva: float, volts: float, rating: float, reset_s: float, twin: str = ""
) -> Table:
    """What a PDU measures at one place; its energy and peak were reset `reset_s` after the start.

    `twin` is a place that carries the same load.
    """
    amperes = 1000.0 * kva / volts
    reading = 1000.0 * kw if watts else amperes
    clock = f"02/03/2026 04:{5 + int(6 + reset_s) // 60:02}:{int(6 + reset_s) % 60:02}"
    return {
        f"{key}.voltage": value(volts, "the source; the lowest phase of several", same_as="another of the phase"),
        f"{key}.current": value(amperes, "S / V", same_as=twin),
        f"{key}.power": value(1000.0 * kw, "sum of its racks", same_as=twin),
        f"{key}.apparent_power": value(1000.0 * kva, "P and Q at right angles", same_as=twin),
        f"{key}.power_factor": value(kw / kva if kva else 1.0, "P / S; 1 without load", same_as=twin),
        f"{key}.energy": value(kw * (MOMENT_S - reset_s) / 3600.0, "P t since the reset"),
        f"{key}.energy_since": value(clock, "start of the clock + time of the reset"),
        f"{key}.rating": value(rating, FILE, same_as="another row"),
        f"{key}.peak": value(reading, "the load was constant", same_as=f"{key}.current"),
        f"{key}.peak_time": value(clock, "reached at once after the reset"),
        f"{key}.peak_since": value(clock, "time of the reset"),
        **all_of("none", "an order is read as none", f"{key}.reset_energy", f"{key}.reset_peak"),
    }


def thresholds(key: str, low: float, near: float, over: float) -> Table:
    """The thresholds that the operator has set."""
    set_so = "as it was set"
    return {
        f"{key}.low_threshold": value(low, set_so),
        f"{key}.near_overload_threshold": value(near, set_so),
        f"{key}.overload_threshold": value(over, set_so),
    }


THRESHOLDS = {
    "input": (101.3, 6100.7, 8200.9),
    "phase.2": (0.31, 11.3, 25.7),
    "bank.2": (0.53, 9.1, 10.7),
    "outlet.3": (9.95, 10.1, 10.3),
}
"""So that the inlet is near overload, phase 2 over the one and under the other, bank 2 over both, outlet 3 low."""

PLACES = {
    "input": metered("input", True, TOTAL_KW, TOTAL_KVA, min(VOLTS), 3 * 230.0 * 32.0, 100.0),
    **{
        f"phase.{p}": metered(f"phase.{p}", False, KW[p - 1], KVA[p - 1], VOLTS[p - 1], 32.0, 100.0 + p)
        for p in (1, 2, 3)
    },
    **{
        f"bank.{b}": metered(f"bank.{b}", False, BANK_KW[b - 1], BANK_KVA[b - 1], VOLTS[(b - 1) % 3], 16.5, 110.0 + b)
        for b in range(1, 7)
    },
    **{
        f"outlet.{o}": metered(
            f"outlet.{o}",
            False,
            OUTLET_KW[o - 1],
            OUTLET_KVA[o - 1],
            VOLTS[(o - 1) // 2 % 3],
            10.5,
            120.0 + o,
            twin="its bank" if o > 6 else "",
        )
        for o in range(1, 12)
    },
}
PDU: Table = {
    **{name: expected for place in PLACES.values() for name, expected in place.items()},
    "input.current": value(max(AMPERES), "the highest phase", same_as="phase.2.current"),
    **{name: each for key, three in THRESHOLDS.items() for name, each in thresholds(key, *three).items()},
    **thresholds("phase.1", 0.0, 0.7 * 32.0, 32.0),
    **thresholds("bank.3", 0.0, 0.7 * 16.5, 16.5),
    **thresholds("outlet.1", 0.0, 0.7 * 10.5, 10.5),
    "input.load_state": value("near-overload", "7290 W lie between 6100.7 and 8200.9 W"),
    **rows("phase.{}.load_state", ("normal", "near-overload", "normal"), "10.6, 14.4 and 8.7 A"),
    **rows("bank.{}.load_state", ("normal", "overload", "normal"), "8.2, 11.2 and 5.3 A"),
    "outlet.1.load_state": value("normal", "6.0 A of 10.5 A"),
    "outlet.3.load_state": value("low", "9.8 A are less than 9.95 A"),
    "outlet.12.voltage": value(0.0, "its relay is open"),
    "input.frequency": value(HERTZ, FILE, same_as="frequency"),
    "input.apparent_energy": value(TOTAL_KVA * HOURS, "S t; no reset"),
    "outlets.energy_since": value("02/03/2026 04:05:06", "the start of the clock"),
    **rows("phase.{}.restriction", ("always", "near-overload", "always"), "as it was set"),
    **rows("bank.{}.restriction", ("overload", "always", "always"), "as it was set"),
    **rows("bank.{}.breaker", ("closed",) * 6, "nothing has tripped"),
    **rows("bank.{}.phase", ("L1", "L2", "L3", "L1", "L2", "L3"), "banks are on the phases in turn"),
    **rows("outlet.{}.phase", ("L1", "L1", "L2", "L2", "L3", "L3", "L1", "L1"), "two outlets a bank"),
    **rows("outlet.{}.bank", (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6), "two outlets a bank"),
    **rows("outlet.{}.state", ("on",) * 11 + ("off",), "outlet 12 was switched off"),
    **rows("outlet.{}.control", ("on",) * 11 + ("off",), "the relay"),
    **rows("outlet.{}.name", ("Outlet 1", "Outlet 2", "core router"), "the factory's, or as it was named"),
    **rows("outlet.{}.pending", (False, False, False, True, False, False), "outlet 4 waits for its delayed off"),
    "outlets.pending": value(True, "outlet 4 does"),
    **rows("outlet.{}.apparent_energy", tuple(s * HOURS for s in OUTLET_KVA), "S t; no reset"),
    "outlet.1.power_on_delay": value(3.0, FILE),
    "outlet.1.power_off_delay": value(4.0, FILE),
    "outlet.1.reboot_duration": value(9.0, FILE),
    "outlet.4.power_off_delay": value(5000.0, "as it was set"),
    "outlet.5.power_on_delay": value(17.0, "as it was set"),
    "outlet.5.reboot_duration": value(23.0, "as it was set"),
    **all_of("none", "an order is read as none", "command.outlets", "command.reset_outlet_energies"),
    "cold_start_delay": value(2.0, FILE),
    "sensor.1.present": value(True, FILE),
    "sensor.1.temperature": value(lambda read: read("plant.hall.inlet_c"), "the air that the sensor feels"),
    "sensor.1.humidity": value(lambda read: read("plant.hall.humidity_percent"), "the air that the sensor feels"),
    "sensor.1.temperature_state": value("normal", "it is colder than 36.5 C"),
    "sensor.1.high_threshold": value(36.5, "as it was set"),
    **system("pdu", "127.30.1.21", b"\x7f\x1e\x01\x15", MOMENT_S, location="row 7", contact="the technician",
             serial="PX0021", model="PX2-5475", firmware="3.6.1"),
    "alarm.count": value(4, "low load, near overload, overload, an outlet off"),
    **all_of(True, "see the load states, and outlet 12", "alarm.low_load.active", "alarm.near_overload.active",
             "alarm.overload.active", "alarm.outlet_off.active"),
    **all_of(False, "nothing of that", "alarm.bank_tripped.active", "alarm.phase_lost.active",
             "alarm.relay_failed.active", "alarm.too_hot.active"),
}  # fmt: skip

TIE_KVAR = lagging(1.13, 0.93)
TIE: Table = {
    **rows("power.{}", (0.0, 0.0, -1.13), "out of what is b for the tie, into its a: received"),
    "power.total": value(-1.13, "one phase", same_as="power.3"),
    "reactive_power.total": value(-TIE_KVAR, "P tan(phi)"),
    **rows("current.{}", (0.0, 0.0, 1130.0 / 0.93 / VOLTS[2]), "S / V: a current has no sign"),
    "current.neutral": value(1130.0 / 0.93 / VOLTS[2], "the only phase returns by it", same_as="current.3"),
    "current.unbalance": value(200.0, "one phase of three has it all"),
    "power_factor.3": value(-0.93, "negative: received"),
    "power_factor.four_quadrant.3": value(-2.0 + 0.93, "PM5500 manual, quadrant 3: -2 - PF"),
    "power_factor.four_quadrant.1": value(1.0, "nothing flows"),
    "energy.delivered": value(0.0, "all of it was received"),
    "energy.received": value(1.13 * HOURS, "P t"),
    "reactive_energy.received": value(TIE_KVAR * HOURS, "Q t"),
    "apparent_energy.delivered": value(1.13 / 0.93 * HOURS, "S t"),
}

SINGLE: Table = {  # the apparatus of one phase has one row, whatever phase it is wired to
    "phase.1.voltage": value(VOLTS[1], "it is wired to L2"),
    "input.voltage": value(VOLTS[1], "it is wired to L2"),
    "outlet.2.voltage": value(VOLTS[1], "it is wired to L2"),
    "phase.1.current": value(610.0 / 0.96 / VOLTS[1], "P / (V cos phi)"),
    "bank.1.current": value(610.0 / 0.96 / VOLTS[1], "P / (V cos phi)"),
    "outlet.1.current": value(0.0, "nothing is plugged in"),
    "outlet.1.power_factor": value(1.0, "1 without load"),
    "outlet.2.current": value(610.0 / 0.96 / VOLTS[1], "P / (V cos phi)"),
    "input.power": value(610.0, "the rack"),
    "input.power_factor": value(0.96, "of the rack"),
    "input.rating": value(230.0 * 13.5, "one phase"),
    "bank.1.phase": value("L2", "it is wired to L2"),
    "outlet.2.phase": value("L2", "it is wired to L2"),
    **all_of("normal", "without low thresholds", "input.load_state", "phase.1.load_state", "bank.1.load_state",
             "outlet.2.load_state"),
    "outlets.pending": value(False, "nothing was ordered"),
    "bank.1.restriction": value("always", "the factory's"),
    "sensor.1.present": value(False, "none is plugged in"),
    "sensor.1.temperature": value(nan, "no sensor"),
    "sensor.1.humidity": value(nan, "no sensor"),
    "sensor.1.temperature_state": value("absent", "no sensor"),
    "alarm.count": value(0, "all is well"),
    **all_of(False, "all is well", *(f"alarm.{a}.active" for a in ("low_load", "near_overload", "overload",
             "outlet_off"))),
}  # fmt: skip

THREE: Table = {
    **rows("phase.{}.power", (630.0,) * 3, "a third each"),
    **rows("phase.{}.current", tuple(630.0 / 0.97 / v for v in VOLTS), "P / (V cos phi)"),
    "outlet.1.current": value(630.0 / 0.97 / VOLTS[1], "the highest of its poles"),
    "bank.1.current": value(630.0 / 0.97 / VOLTS[1], "the highest of its poles"),
    "outlet.1.power": value(1890.0, "all three phases"),
    "outlet.1.voltage": value(VOLTS[1], "the lowest of its poles"),
    "bank.1.voltage": value(VOLTS[1], "the lowest of its poles"),
    "outlet.1.phase": value("L1-L2-L3", FILE),
    "bank.1.phase": value("L1-L2-L3", FILE),
    **rows("phase.{}.energy", (0.63 * HOURS,) * 3, "a third each"),
}

TROUBLE: Table = {
    "bank.1.breaker": value("open", "the fault"),
    "bank.1.voltage": value(0.0, "behind an open breaker"),
    "bank.1.current": value(0.0, "behind an open breaker"),
    "outlet.1.voltage": value(0.0, "behind an open breaker"),
    "bank.2.breaker": value("closed", "its breaker is well"),
    "phase.3.voltage": value(0.0, "the fault"),
    "phase.2.voltage": value(VOLTS[1], "the phase is well"),
    "phase.2.current": value(0.0, "all outlets are off"),
    "outlet.3.state": value("off", "all outlets were ordered off"),
    "outlet.5.state": value("on", "its relay is stuck"),
    "sensor.1.temperature_state": value("high", "the threshold was lowered below the air"),
    **all_of(True, "see above", *(f"alarm.{a}.active" for a in ("bank_tripped", "phase_lost", "relay_failed", "too_hot",
             "outlet_off", "low_load"))),
    **all_of(False, "nothing draws", "alarm.overload.active", "alarm.near_overload.active"),
    "alarm.count": value(6, "see above"),
    "input.load_state": value("low", "less than 101.3 W"),
    "phase.2.load_state": value("low", "less than 0.31 A"),
    "bank.2.load_state": value("low", "less than 0.53 A"),
}  # fmt: skip

TABLES: Tables = {
    ("on load", "meter"): METER
    | system("meter", "127.30.1.51", b"\x7f\x1e\x01\x33", MOMENT_S, location="panel 4", contact="the electrician",
             serial="PM0051", model="PM5560", firmware="2.6.1")
    | {"alarm.count": value(0, "a meter has none")},
    ("on load", "pdu"): PDU,
    ("on load", "meter-tie"): TIE,
    ("on load", "pdu-2"): SINGLE,
    ("on load", "pdu-3"): THREE,
    ("in trouble", "pdu"): TROUBLE,
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], dict[str, Value]]]:
    """All readings, by moment and device."""
    file = tmp_path_factory.mktemp("values") / "uneven.yaml"
    file.write_text(SITE)
    found = {}
    with uneven(file, mains=VOLTS) as site:
        pdu, tie = site["pdu"], site.components["tie"]
        assert isinstance(tie, BusTie)
        site.inject("spare", "outage")
        assert tie.close()
        for key, reset_s in {key: _reset_s(key) for key in PLACES}.items():
            site.advance(reset_s - site.now)
            pdu.write(f"{key}.reset_energy", "reset")
            pdu.write(f"{key}.reset_peak", "reset")
        for key, (low, near, over) in THRESHOLDS.items():
            pdu.write(f"{key}.low_threshold", low)
            pdu.write(f"{key}.near_overload_threshold", near)
            pdu.write(f"{key}.overload_threshold", over)
        pdu.write("phase.2.restriction", "near-overload")
        pdu.write("bank.1.restriction", "overload")
        pdu.write("outlet.12.control", "off")
        pdu.write("outlet.3.name", "core router")
        pdu.write("outlet.4.power_off_delay", 5000.0)
        pdu.write("outlet.4.control", "delayed-off")
        pdu.write("outlet.5.power_on_delay", 17.0)
        pdu.write("outlet.5.reboot_duration", 23.0)
        pdu.write("sensor.1.high_threshold", 36.5)
        site.advance(MOMENT_S - site.now)
        for name in site.devices:
            found["on load", name] = readings(site[name], hall=site.components["hall"])
        site.inject("pdu", "bank-trip", {"bank": 1})
        site.inject("pdu", "relay-stuck", {"outlet": 5})
        site.inject("mains", "phase-loss", {"phase": 3})
        pdu.write("command.outlets", "off")
        pdu.write("sensor.1.high_threshold", 15.0)
        site.advance(60.0)
        found["in trouble", "pdu"] = readings(pdu)
    return found


def _reset_s(key: str) -> float:
    scope, _, row = key.partition(".")
    return {"input": 100.0, "phase": 100.0, "bank": 110.0, "outlet": 120.0}[scope] + float(row or 0)


@pytest.mark.parametrize(("moment", "device"), TABLES)
def test_each_point_reads_what_physics_and_manuals_say(seen: dict, moment: str, device: str) -> None:
    assert wrong(TABLES[moment, device], seen[moment, device]) == {}


@pytest.mark.parametrize("device", ["meter", "pdu"])
def test_no_two_points_share_a_value(device: str) -> None:
    assert alike(TABLES["on load", device]) == []


@pytest.mark.parametrize("kind", ["meter", "pdu"])
def test_each_point_of_the_kind_has_an_expected_value(kind: str) -> None:
    assert without_value(kind, tables(kind)) == set()


@pytest.mark.parametrize("kind", ["meter", "pdu"])
def test_each_word_and_truth_is_seen_to_change(kind: str) -> None:
    assert one_sided(kind, tables(kind)) == set()


def tables(kind: str) -> list[Table]:
    return [table for (_, device), table in TABLES.items() if device.startswith(kind)]
