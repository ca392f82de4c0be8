"""Every kind of device a profile may be for: those that ship, and those of installed packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinfeed.emulators.devices.cooling import chiller_points, crah_points, pump_controller_points
from twinfeed.emulators.devices.cooling.chiller import ChillerController
from twinfeed.emulators.devices.cooling.crah import CracController, CrahController
from twinfeed.emulators.devices.cooling.pump_controller import ChilledWaterPlant
from twinfeed.emulators.devices.distribution import meter_points, pdu_points
from twinfeed.emulators.devices.distribution.meter import Meter
from twinfeed.emulators.devices.distribution.pdu import PduDevice
from twinfeed.emulators.devices.firmware.kind import DeviceKind
from twinfeed.emulators.devices.generator import alarms as generator_alarms
from twinfeed.emulators.devices.generator import points as generator_points
from twinfeed.emulators.devices.generator.controller import GeneratorController
from twinfeed.emulators.devices.monitoring import environment_monitor_points, relay_io_points
from twinfeed.emulators.devices.monitoring.environment_monitor import Sensor
from twinfeed.emulators.devices.monitoring.relay_io import RelayIo
from twinfeed.emulators.devices.network import switch_points
from twinfeed.emulators.devices.network.switch import SwitchFirmware
from twinfeed.emulators.devices.transfer import rack_transfer_switch_points, transfer_switch_points
from twinfeed.emulators.devices.transfer.rack_transfer_switch import SourceSwitch
from twinfeed.emulators.devices.transfer.transfer_switch import TransferSwitchController
from twinfeed.emulators.devices.ups import alarms as ups_alarms
from twinfeed.emulators.devices.ups import points as ups_points
from twinfeed.emulators.devices.ups.firmware import UpsFirmware
from twinfeed.emulators.extensions import DEVICES, Catalogue, add_faults
from twinfeed.emulators.plant.kernel.faults import Fault

GENERATOR = DeviceKind(GeneratorController, generator_points.POINTS, generator_alarms.ALARMS)
TRANSFER_SWITCH = DeviceKind(TransferSwitchController, transfer_switch_points.POINTS, transfer_switch_points.ALARMS)
UPS = DeviceKind(UpsFirmware, ups_points.POINTS, ups_alarms.ALARMS)
SOURCE_SWITCH = DeviceKind(SourceSwitch, rack_transfer_switch_points.POINTS, rack_transfer_switch_points.ALARMS)
PDU = DeviceKind(PduDevice, pdu_points.POINTS, pdu_points.ALARMS)
CHILLED_WATER_PLANT = DeviceKind(ChilledWaterPlant, pump_controller_points.POINTS, pump_controller_points.ALARMS)
CHILLER = DeviceKind(ChillerController, chiller_points.POINTS, chiller_points.ALARMS)
CRAH = DeviceKind(CrahController, crah_points.POINTS, crah_points.ALARMS)
CRAC = DeviceKind(CracController, crah_points.CRAC_POINTS, crah_points.CRAC_ALARMS)
SENSOR = DeviceKind(Sensor, environment_monitor_points.POINTS, environment_monitor_points.ALARMS)
METER = DeviceKind(Meter, meter_points.POINTS)
RELAY_IO = DeviceKind(RelayIo, relay_io_points.POINTS)
SWITCH = DeviceKind(SwitchFirmware, switch_points.POINTS, switch_points.ALARMS)

OWN: tuple[DeviceKind[Any], ...] = (
    GENERATOR,
    TRANSFER_SWITCH,
    UPS,
    SOURCE_SWITCH,
    PDU,
    CHILLED_WATER_PLANT,
    CHILLER,
    CRAH,
    CRAC,
    SENSOR,
    METER,
    RELAY_IO,
    SWITCH,
)
"""The kinds that ship with twinfeed."""


def _is_kind(named: object) -> bool:
    return isinstance(named, DeviceKind)


def _complete(kinds: Mapping[str, DeviceKind[Any]]) -> None:
    every = [kind.firmware for kind in kinds.values()]
    targets = {"device": every, **{f"{name}/device": [kind.firmware] for name, kind in kinds.items()}}
    add_faults(targets, lambda target: target.endswith("device"), Fault)


KINDS = Catalogue(OWN, DEVICES, lambda kind: kind.name, _is_kind, "a DeviceKind", _complete)
"""The kinds of devices by the `kind` that profiles give."""
