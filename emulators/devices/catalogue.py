"""Every kind of device a profile may be for."""

from __future__ import annotations

from emulators.devices.device import Device

CLASSES: tuple[type[Device], ...] = ()

KINDS: dict[str, type[Device]] = {cls.kind: cls for cls in CLASSES}
