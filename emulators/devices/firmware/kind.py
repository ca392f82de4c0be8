"""A kind of device: its firmware, its points and its alarms, bound together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from twinfeed.emulators.devices.firmware.alarms import Alarm, alarm_points
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.firmware_faults import ALARM_FAULTS
from twinfeed.emulators.devices.firmware.points import AnyPoint, CellPoint, Point, PointTable, RowPoint
from twinfeed.emulators.devices.firmware.state import Params
from twinfeed.emulators.devices.firmware.system_points import SYSTEM_POINTS
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault

D = TypeVar("D", bound=Device[Any])


@dataclass(frozen=True)
class DeviceKind(Generic[D]):
    """A kind of device that profiles may be for.

        METER = DeviceKind(firmware=Meter, points=POINTS)
        meter = METER.build("meter-1/device", MeterParams(of="board-a"))

    A boolean point `alarm.NAME.active` is added for each alarm.

    Raises:
        ValueError: the firmware has faults of alarms, and the kind has no alarms.
    """

    firmware: type[D]
    points: tuple[Point[D] | RowPoint[D] | CellPoint[D], ...]
    alarms: tuple[Alarm[D], ...] = ()

    def __post_init__(self) -> None:
        unfit = self.firmware.FAULTS.keys() & ALARM_FAULTS.keys()
        if unfit and not self.alarms:
            raise ValueError(
                f"{self.name} has no alarms, but its FAULTS has {', '.join(sorted(unfit))}; build FAULTS from "
                "WITHOUT_ALARMS of twinfeed.emulators.devices.firmware.device"
            )

    @property
    def name(self) -> str:
        """The kind's name in profiles (`kind: ups`)."""
        return self.firmware.kind

    @property
    def params(self) -> type[Params]:
        """The dataclass of the fields that a site file may give a device of this kind."""
        return self.firmware.PARAMS

    @property
    def manages(self) -> tuple[type[Component], ...]:
        """The classes of components that its `of` may name; empty for any component, or none."""
        return self.firmware.MANAGES

    @property
    def faults(self) -> Mapping[str, Fault]:
        """The faults that a device of this kind can suffer."""
        return self.firmware.FAULTS

    @cached_property
    def own(self) -> tuple[AnyPoint, ...]:
        """The points that only this kind has: its own, and one for each alarm."""
        return (*self.points, *alarm_points(self.alarms))

    @cached_property
    def table(self) -> PointTable:
        """All its points: first those that every device has."""
        return PointTable((*SYSTEM_POINTS, *self.own))

    def build(self, id: str, params: Params) -> D:
        """A device of this kind; `id` is its name on the plant (`ups-a1/device`)."""
        return self.firmware(id, params, self.table, self.alarms)
