"""Every kind of device a profile may be for."""

from __future__ import annotations

from twinfeed.emulators.devices.chilled_water_plant import ChilledWaterPlant
from twinfeed.emulators.devices.chiller import ChillerController
from twinfeed.emulators.devices.crah import CrahController
from twinfeed.emulators.devices.device import Device
from twinfeed.emulators.devices.generator import GeneratorController
from twinfeed.emulators.devices.meter import Meter
from twinfeed.emulators.devices.pdu import PduDevice
from twinfeed.emulators.devices.relay_io import RelayIo
from twinfeed.emulators.devices.sensor import Sensor
from twinfeed.emulators.devices.source_switch import SourceSwitch
from twinfeed.emulators.devices.switch import SwitchFirmware
from twinfeed.emulators.devices.transfer_switch import TransferSwitchController
from twinfeed.emulators.devices.ups import UpsFirmware

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
