"""The points of a UPS that are written: settings, countdowns, commands, outlet groups."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.domain import Kind
from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint, Value
from twinfeed.emulators.devices.firmware.usual_points import command
from twinfeed.emulators.devices.ups.firmware import UpsFirmware


def setting(
    name: str,
    doc: str,
    key: str,
    unit: str = "",
    values: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    kind: Kind | None = None,
) -> Point[UpsFirmware]:
    """A point that reads and writes the setting `key`, which survives a power loss."""

    def read(d: UpsFirmware) -> Value:
        value: Value = d.settings[key]
        return value

    return Point(
        name, doc, read, unit, write=lambda d, v: d.settings.set(key, v), values=values, low=low, high=high, kind=kind
    )


CONTROLS: Points[UpsFirmware] = (
    # settings
    Point("setting.input.voltage", "nominal", lambda d: d.ups.params.volts, "V"),
    Point("setting.input.frequency", "nominal", lambda d: d.ups.params.hertz, "Hz"),
    Point("setting.output.voltage", "nominal", lambda d: d.ups.params.volts, "V"),
    Point("setting.output.frequency", "nominal", lambda d: d.ups.params.hertz, "Hz"),
    setting(
        "setting.low_battery", "runtime at which the battery counts as low", "low_battery_s", "s", low=0.0, high=36000.0
    ),
    setting("setting.audible", "the audible alarm", "audible", values=("disabled", "enabled", "muted")),
    setting("setting.auto_restart", "start again when the input returns", "auto_restart", values=("on", "off")),
    setting(
        "setting.shutdown_type", "the part that a shutdown switches off", "shutdown_type", values=("output", "system")
    ),
    setting(
        "setting.transfer.low",
        "input voltage below which the UPS goes on battery",
        "transfer_low",
        "V",
        low=150,
        high=230,
    ),
    setting(
        "setting.transfer.high",
        "input voltage above which the UPS goes on battery",
        "transfer_high",
        "V",
        low=230,
        high=300,
    ),
    setting("setting.sensitivity", "to input disturbances", "sensitivity", values=("auto", "low", "medium", "high")),
    setting("setting.shutoff_delay", "wait before a graceful shutdown", "shutoff_delay_s", "s", low=0, high=36000),
    setting("setting.return_delay", "wait before the output comes back", "return_delay_s", "s", low=0, high=36000),
    setting("setting.sleep_time", "length of a sleep", "sleep_s", "s", low=0, high=1296000),
    setting("setting.reboot_time", "time that a reboot keeps the output off", "reboot_s", "s", low=0, high=36000),
    setting(
        "setting.min_return_charge",
        "charge needed before the output comes back",
        "min_return_charge",
        "%",
        low=0,
        high=100,
    ),
    setting(
        "setting.test_schedule",
        "when it tests itself",
        "test_schedule",
        values=("biweekly", "weekly", "at_turn_on", "never"),
    ),
    Point(
        "setting.eco",
        "runs on the bypass while that is good",
        lambda d: "on" if d.ups.state.eco else "off",
        write=lambda d, v: d.ups.set_eco(v == "on"),
        values=("on", "off"),
    ),
    # countdowns and commands
    Point(
        "shutdown.delay",
        "seconds to shutdown, -1 if none is under way (upsShutdownAfterDelay)",
        lambda d: d.output.countdown("shutdown"),
        "s",
        write=lambda d, v: d.output.shutdown_after(v),
        low=-1,
    ),
    Point(
        "startup.delay",
        "seconds to startup, -1 if none is under way (upsStartupAfterDelay)",
        lambda d: d.output.countdown("startup"),
        "s",
        write=lambda d, v: d.output.startup_after(v),
        low=-1,
    ),
    Point(
        "reboot.duration",
        "seconds left of a reboot, -1 if none is under way (upsRebootWithDuration)",
        lambda d: d.output.countdown("reboot over"),
        "s",
        write=lambda d, v: d.output.reboot_for(v),
        low=-1,
        high=300,
    ),
    command("command.off", "switch the output off", lambda d, v: d.output.switch_off(v), "now", "graceful"),
    command("command.on", "switch the output on", lambda d, v: d.output.switch_on(v), "now"),
    command("command.reboot", "switch off and on again", lambda d, v: d.output.reboot(v), "now", "graceful"),
    command("command.sleep", "switch off for the sleep time", lambda d, v: d.output.sleep(v), "now", "graceful"),
    command("command.conserve", "on battery: off until the input returns", lambda d, v: d.output.conserve(v), "now"),
    command(
        "command.power_fail",
        "behave for a moment as if the input had failed: a general test",
        lambda d, v: d.selftest.start("general") if v == "now" else None,
        "now",
    ),
    command(
        "command.panel_test",
        "flash the lamps and beep",
        lambda d, v: d.output.panel("test" if v == "now" else v),
        "now",
    ),
    command(
        "command.panel",
        "lamps and beeper",
        lambda d, v: d.output.panel(v),
        "test",
        "test-continuous",
        "mute",
        "unmute",
    ),
    command(
        "command.outlet",
        "switch the main outlet group, at once or after the delays set",
        lambda d, v: d.output.outlet(v),
        "cancel",
        "on",
        "off",
        "shutdown",
        "reboot",
        "on-delayed",
        "off-delayed",
        "shutdown-delayed",
        "reboot-delayed",
    ),
    command("command.bypass", "to the static bypass and back", lambda d, v: d.output.bypass(v), "on", "off"),
    command(
        "command.maintenance",
        "work the manual bypass, as a person does at the panel",
        lambda d, v: d.ups.set_maintenance(v == "on") if v != "none" else None,
        "on",
        "off",
    ),
    command(
        "command.test",
        "start a test of that kind",
        lambda d, v: d.selftest.start(v),
        "general",
        "quick",
        "deep",
        "abort",
    ),
    RowPoint(
        "segment.{segment}.state",
        "an outlet group",
        lambda d, n: "on" if d.ups.state.segments[n - 1] else "off",
        write=lambda d, n, v: d.output.segment(n, v),
        values=("on", "off"),
    ),
)
