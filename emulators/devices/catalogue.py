"""Every kind of device a profile may be for."""

from __future__ import annotations

from emulators.devices.device import Device
from emulators.devices.pdu import PduDevice
from emulators.devices.switch import SwitchFirmware

CLASSES: tuple[type[Device], ...] = (PduDevice, SwitchFirmware)

KINDS: dict[str, type[Device]] = {cls.kind: cls for cls in CLASSES}
