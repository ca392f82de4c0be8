"""The devices of a bench as a controller reaches them."""

from __future__ import annotations

from twinfeed.hil_rigs.rigfile import Rig


def devices_of(rig: Rig) -> dict[str, object]:
    """The devices that a controller can reach as well: those on the network."""
    devices: dict[str, object] = {}
    for name, device in rig.bench.devices.items():
        entry: dict[str, object] = {"kind": rig.profiles[name].kind, "profile": rig.profiles[name].profile}
        for protocol, (host, port) in _places(rig, name).items():
            unit = {"unit": device.modbus.unit or 1} if device.modbus is not None and protocol == "modbus" else {}
            entry[protocol] = {"address": host, "port": port, **unit}
        devices[name] = entry
    return {"site": rig.site.name, "title": rig.site.file.head.title, "station": {}, "devices": devices}


def _places(rig: Rig, name: str) -> dict[str, tuple[str, int]]:
    """The address at which a controller reaches a device, host and port by protocol: that of its proxy, if any."""
    device = rig.bench.devices[name]
    found: dict[str, tuple[str, int]] = {}
    if device.modbus is not None and device.modbus.address is not None:
        found["modbus"] = (device.modbus.address, device.modbus.port)
    if device.snmp is not None:
        found["snmp"] = (device.snmp.address, device.snmp.port)
    for actuator in rig.bench.actuators.values():
        if (wire := actuator.proxy) is not None and wire.device == name:
            for protocol, listens in (("modbus", wire.modbus), ("snmp", wire.snmp)):
                if listens is not None:
                    host, _, port = listens.rpartition(":")
                    found[protocol] = (host, int(port))
    return found
