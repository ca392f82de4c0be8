"""A kind of device: a monitor that measures each string of a UPS's battery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from battery_monitor.room import BatteryRoom
from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.kind import DeviceKind
from twinfeed.emulators.devices.firmware.points import Index, Point, Points, RowPoint
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.ups.ups import Ups


@dataclass(frozen=True)
class MonitorParams(Params):
    """The fields of a battery monitor in a site file. `of` names the UPS."""

    room: Annotated[str, Names("battery_room")] = ""
    """The room whose extractor fan it watches; '' for none."""
    high_c: Annotated[float, Range(0.0, 100.0, "degC")] = 35.0
    """Battery temperature that raises the alarm `hot`, degC; it clears 2 K below (assumption)."""


class BatteryMonitor(Device[State]):
    """The firmware of the monitor. The fault `lead-off` opens the sense lead of one string."""

    kind = "battery_monitor"
    PARAMS = MonitorParams
    MANAGES = (Ups,)
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "lead-off": Fault(
            "the sense lead of a string is off: the string reads 0 V",
            {"string": Parameter(1.0, "", 1.0, 64.0, "which one", neutral=None, whole=True)},
            family="sensor",
            actuator=True,
        ),
    }
    params: MonitorParams

    def start(self) -> None:
        ups = self.plant.find(self.params.of)
        if not isinstance(ups, Ups):
            raise PlantError(f"{self.name} monitors {self.params.of!r}, which is not a ups; name one in `of`")
        self.ups = ups
        room = self.plant.find(self.params.room) if self.params.room else None
        self.room = room if isinstance(room, BatteryRoom) else None

    def indices(self, name: str) -> Sequence[Index]:
        return range(1, self.ups.battery.strings + 1) if name == "string" else super().indices(name)

    def numbered(self, parameter: str) -> int | None:
        return self.ups.battery.strings if parameter == "string" else None

    def volts(self, string: int) -> float:
        """The voltage of a string as the monitor measures it, V."""
        off = self.fault("lead-off")
        return 0.0 if off is not None and int(off["string"]) == string else self.ups.battery_volts

    @property
    def celsius(self) -> float:
        """The temperature of the battery as the monitor measures it, degC."""
        return self.measured("battery.temperature", self.ups.battery_c)

    @property
    def leads_off(self) -> bool:
        """True if a string reads less than half of the battery's nominal voltage."""
        strings = range(1, self.ups.battery.strings + 1)
        return any(self.volts(string) < 0.5 * self.ups.battery.nominal_volts for string in strings)


POINTS: Points[BatteryMonitor] = (
    Point("battery.voltage", "at the terminals of the battery", lambda d: d.ups.battery_volts, "V"),
    Point("battery.temperature", "of the battery", lambda d: d.ups.battery_c, "°C"),
    Point("battery.strings", "strings that are measured", lambda d: d.ups.battery.strings),
    Point("battery.connected", "the battery breaker is closed", lambda d: d.ups.battery_connected, kind="truth"),
    RowPoint("string.{string}.voltage", "of one string", lambda d, string: d.volts(string), "V"),
    Point("room.ventilated", "the extractor fan runs", lambda d: d.room is None or d.room.ventilated, kind="truth"),
)

ALARMS: Alarms[BatteryMonitor] = (
    Alarm(
        "hot",
        "the battery is too warm",
        lambda d: d.celsius > d.params.high_c,
        lambda d: d.celsius < d.params.high_c - 2.0,
    ),
    Alarm("lead_off", "a string reads far below its nominal voltage", lambda d: d.leads_off, severity="critical"),
    Alarm("disconnected", "the battery is disconnected", lambda d: not d.ups.battery_connected, severity="critical"),
    Alarm("not_ventilated", "the extractor fan stands still", lambda d: d.room is not None and not d.room.ventilated),
)

BATTERY_MONITOR = DeviceKind(BatteryMonitor, points=POINTS, alarms=ALARMS)
