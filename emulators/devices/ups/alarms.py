"""The 24 well-known alarms of RFC 1628, of the firmware `d` and through it of the power train `d.ups`."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.ups.firmware import UpsFirmware

HOT_C = 45.0
"""Battery temperature that raises the temperature alarm, degC; it clears 5 K below."""

HOT_AIR_C = 40.0
"""Air around the UPS that raises the temperature alarm, degC (the limit of normal service of IEC 62040-3); it clears
2 K below."""

OVERLOAD_PERCENT = 100.0
"""Load that raises the overload alarm, %; it clears 5 % below."""


def _output_bad(d: UpsFirmware) -> bool:
    """True if the output is live but more than 10 % from nominal (only possible on bypass)."""
    ups = d.ups
    nominal = ups.params.volts
    lines = ups.output.volts[: ups.params.phases]
    return ups.live and any(abs(v - nominal) > 0.1 * nominal for v in lines)


def _battery_bad(d: UpsFirmware) -> bool:
    ups = d.ups
    bad = bool(d.settings["replace_battery"]) or ups.state.strings_out > 0
    return bad or not ups.battery_connected or ups.battery_c >= 65.0


def _faulty(*kinds: str) -> Callable[[UpsFirmware], bool]:
    return lambda d: any(kind in d.ups.state.faults for kind in kinds)


ALARMS: Alarms[UpsFirmware] = (
    Alarm("battery_bad", "a battery needs replacement or is disconnected", _battery_bad, severity="critical"),
    Alarm("on_battery", "the UPS lives on its battery", lambda d: d.ups.on_battery and not d.selftest.running),
    Alarm(
        "low_battery",
        "the remaining runtime is at or below the configured low battery time",
        lambda d: d.battery_status in ("low", "depleted"),
        lambda d: d.ups.runtime_s > 1.1 * d.settings["low_battery_s"] and d.ups.battery_able,
        severity="critical",
    ),
    Alarm(
        "depleted_battery",
        "the battery could not sustain the present load if the input failed",
        lambda d: d.battery_status == "depleted",
        severity="critical",
    ),
    Alarm(
        "temp_bad",
        "the battery, or the air around the UPS, is too warm",
        lambda d: d.ups.battery_c > HOT_C or d.ups.ambient_c > HOT_AIR_C,
        lambda d: d.ups.battery_c < HOT_C - 5.0 and d.ups.ambient_c < HOT_AIR_C - 2.0,
    ),
    Alarm("input_bad", "the input is out of tolerance", lambda d: not d.ups.input_ok),
    Alarm("output_bad", "the output is out of tolerance", _output_bad, severity="critical"),
    Alarm(
        "output_overload",
        "the load is more than the UPS is rated for",
        lambda d: d.ups.load_percent > OVERLOAD_PERCENT,
        lambda d: d.ups.load_percent < OVERLOAD_PERCENT - 5.0,
        severity="critical",
    ),
    Alarm("on_bypass", "the load is on the bypass", lambda d: d.ups.on_bypass),
    Alarm("bypass_bad", "the bypass is out of tolerance or does not conduct", lambda d: not d.ups.bypass_ok),
    Alarm(
        "output_off_as_requested",
        "the output was switched off on request",
        lambda d: d.state.off in ("output", "sleeping", "rebooting"),
        severity="info",
    ),
    Alarm(
        "ups_off_as_requested",
        "the whole UPS was switched off on request",
        lambda d: d.state.off == "system",
        severity="info",
    ),
    Alarm("charger_failed", "the battery is not charged", _faulty("charger")),
    Alarm("ups_output_off", "the output is off", lambda d: not d.ups.live, severity="critical"),
    Alarm("ups_system_off", "the UPS system is off", lambda d: d.state.off == "system", severity="critical"),
    Alarm("fan_failure", "a fan has failed", _faulty("fan")),
    Alarm(
        "fuse_failure",
        "a fuse or string of the battery is open: seen only while it carries the load",
        lambda d: d.ups.on_battery and d.ups.strings_in < d.ups.battery.strings,
    ),
    Alarm(
        "general_fault",
        "a fault in the UPS",
        _faulty("inverter", "rectifier", "bypass", "static-switch-stuck"),
        severity="critical",
    ),
    Alarm("diagnostic_test_failed", "the last test failed", lambda d: d.state.test_result == "error"),
    Alarm(
        "communications_lost",
        "the card does not reach the UPS",
        lambda d: "communications-lost" in d.state.faults,
        severity="critical",
    ),
    Alarm("awaiting_power", "the output is off until the input returns", lambda d: d.state.awaiting),
    Alarm("shutdown_pending", "a shutdown countdown runs", lambda d: d.output.countdown("shutdown", "pause") >= 0.0),
    Alarm("shutdown_imminent", "the output is lost in less than 5 s", lambda d: d.imminent, severity="critical"),
    Alarm("test_in_progress", "a battery test runs", lambda d: d.selftest.running, severity="info"),
)

WELL_KNOWN: dict[int, str] = {number: alarm.name for number, alarm in enumerate(ALARMS, 1)}
"""Number of each alarm under upsWellKnownAlarms (RFC 1628), also its row in the alarm table."""
