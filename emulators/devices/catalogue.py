"""Every kind of device a profile may be for."""

from __future__ import annotations

from emulators.devices.chilled_water_plant import ChilledWaterPlant
from emulators.devices.chiller import ChillerController
from emulators.devices.crah import CrahController
from emulators.devices.device import Device
from emulators.devices.generator import GeneratorController
from emulators.devices.meter import Meter
from emulators.devices.pdu import PduDevice
from emulators.devices.relay_io import RelayIo
from emulators.devices.sensor import Sensor
from emulators.devices.source_switch import SourceSwitch
from emulators.devices.switch import SwitchFirmware
from emulators.devices.transfer_switch import TransferSwitchController
from emulators.devices.ups import UpsFirmware

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
