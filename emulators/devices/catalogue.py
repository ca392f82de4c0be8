"""Every kind of device a profile may be for."""

from __future__ import annotations

from twinfeed.emulators.devices.cooling.chiller import ChillerController
from twinfeed.emulators.devices.cooling.crah import CrahController
from twinfeed.emulators.devices.cooling.pump_controller import ChilledWaterPlant
from twinfeed.emulators.devices.distribution.meter import Meter
from twinfeed.emulators.devices.distribution.pdu import PduDevice
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.generator.controller import GeneratorController
from twinfeed.emulators.devices.monitoring.environment_monitor import Sensor
from twinfeed.emulators.devices.monitoring.relay_io import RelayIo
from twinfeed.emulators.devices.network.switch import SwitchFirmware
from twinfeed.emulators.devices.transfer.rack_transfer_switch import SourceSwitch
from twinfeed.emulators.devices.transfer.transfer_switch import TransferSwitchController
from twinfeed.emulators.devices.ups.firmware import UpsFirmware

CLASSES: tuple[type[Device], ...] = (
    GeneratorController,
    TransferSwitchController,
    UpsFirmware,
    SourceSwitch,
    PduDevice,
    ChilledWaterPlant,
    ChillerController,
    CrahController,
    Sensor,
    Meter,
    RelayIo,
    SwitchFirmware,
)

KINDS: dict[str, type[Device]] = {cls.kind: cls for cls in CLASSES}
