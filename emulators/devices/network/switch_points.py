"""The points and alarms of a switch."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.points import Point, Points
from twinfeed.emulators.devices.network.hardware_points import HARDWARE
from twinfeed.emulators.devices.network.neighbour_points import LLDP
from twinfeed.emulators.devices.network.port_points import PORTS
from twinfeed.emulators.devices.network.redundancy_points import LACP, VRRP
from twinfeed.emulators.devices.network.switch import COOL_AGAIN_C, HOTTEST_INLET_C, SwitchFirmware
from twinfeed.emulators.devices.network.tree_points import BRIDGE

ALARMS: Alarms[SwitchFirmware] = (
    Alarm(
        "psu_a_failed",
        "power supply 1 gives nothing",
        lambda d: d.psu_state(1) in ("input", "output"),
        severity="critical",
    ),
    Alarm(
        "psu_b_failed",
        "power supply 2 gives nothing",
        lambda d: d.psu_state(2) in ("input", "output"),
        severity="critical",
    ),
    Alarm("fan_failed", "a fan stands still", lambda d: "fan-failed" in d.switch.state.faults),
    Alarm(
        "temperature",
        f"it breathes air of more than {HOTTEST_INLET_C:g} C",
        lambda d: d.inlet_c > HOTTEST_INLET_C,
        clear=lambda d: d.inlet_c < COOL_AGAIN_C,
        severity="critical",
        delay_s=30.0,
    ),
    Alarm("cpu", "the processor has been busy for half a minute", lambda d: d.cpu_percent > 90.0, delay_s=30.0),
)

ROW_ALARMS: Alarms[SwitchFirmware] = (
    Alarm("link_down", "a port that was up is down", lambda d: d.any_alarm("link_down"), severity="critical"),
    Alarm("topology_change", "spanning tree announces a change", lambda d: d.any_alarm("topology_change")),
)
"""`SwitchFirmware` raises these itself when the network changes: `link_down.12` is about port 12."""

POINTS: Points[SwitchFirmware] = (
    *PORTS,
    *BRIDGE,
    *LLDP,
    *LACP,
    *VRRP,
    *HARDWARE,
    *(Point[SwitchFirmware](f"alarm.{a.name}.active", a.doc, a.when, kind="truth") for a in ROW_ALARMS),
)
