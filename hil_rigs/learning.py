"""Devices of a bench as something to learn from: who walks each of them, and how each compares with its twin.

Access, credentials and the rate a device bears are the rig file's; its twin is the device of the same name in the
file's wiring. Nothing but reading is ever sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from twinfeed._phrases import Phrase
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.harness.characterise.drift.twin import NoTwin, Twin
from twinfeed.harness.characterise.recording.modbus_walk import ModbusWalker, spans_of
from twinfeed.harness.characterise.recording.pace import Pace
from twinfeed.harness.characterise.recording.recorder import RecordError, Walker, together
from twinfeed.harness.characterise.recording.recording import Recording
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.transports import DeviceHandle, ModbusTransport, TransportError
from twinfeed.hil_rigs.connecting import handles_of
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import DeviceAccess

Over = Literal["snmp", "modbus"]

NoRecording = RecordError | TransportError | NoCredential
"""Why a device could not be recorded."""


def chosen(rig: Rig, names: Iterable[str]) -> list[str]:
    """These devices of the bench, or all of them.

    Raises:
        ValueError: the bench has no such device; the message lists those it has.
    """
    devices = list(rig.bench.devices)
    for name in names:
        if name not in devices:
            hint = did_you_mean(name, devices, Phrase("; it has: {devices}", devices=", ".join(devices)), most=1)
            raise ValueError(Phrase("the bench {rig} has no device {name!r}{hint}", rig=rig.name, name=name, hint=hint))
    return list(dict.fromkeys(names)) or devices


def protocol_of(rig: Rig, name: str, over: Over | None = None) -> Over:
    """The protocol to ask that device over: `over`, else SNMP where the file gives it.

    Raises:
        ValueError: the file does not give how the device is reached over that protocol.
    """
    access = rig.bench.devices[name]
    if over is None:
        return "snmp" if access.snmp is not None else "modbus"
    if getattr(access, over) is None:
        raise ValueError(Phrase("{name}: the rig file has no address of it for {over}", name=name, over=over))
    return over


def pace_of(rig: Rig, name: str, otherwise_per_s: float) -> Pace:
    """The requests a second that the file allows for that device, or so many."""
    return Pace(rig.bench.devices[name].rate or otherwise_per_s)


def handle_of(rig: Rig, name: str) -> DeviceHandle:
    """A handle of one device whose transports ask once: walkers ask again by themselves, at the device's rate.

    Raises:
        NoCredential: a password is not where the file has it.
    """
    handle = dict(handles_of(_asked_once(rig)))[name]
    if isinstance(handle, NoCredential):
        raise handle
    return handle


async def recordings(
    rig: Rig,
    names: Sequence[str],
    otherwise_per_s: float,
    walks: int = 1,
    every_s: float = 0.0,
    for_s: float = math.inf,
) -> dict[str, Recording | NoRecording]:
    """The answers of these devices, recorded at the same time, or the reason why a device could not be recorded."""
    found: dict[str, Recording | NoRecording] = {}
    walkers: dict[str, Walker] = {}
    units: list[ModbusTransport] = []
    for name, handle in handles_of(_asked_once(rig)):
        if name not in names:
            continue
        pace = pace_of(rig, name, otherwise_per_s)
        if isinstance(handle, NoCredential):
            found[name] = handle
        elif handle.snmp is not None:
            walkers[name] = SnmpWalker(handle.snmp, pace=pace)
        else:
            assert handle.modbus is not None, "the rig file gives one of the two"
            walkers[name] = _UnitWalker(handle.modbus, spans_of(handle.profile), pace)
            units.append(handle.modbus)
    try:
        made = await together(walkers.values(), walks, every_s, for_s)
    finally:
        for unit in units:
            unit.close()
    return found | dict(zip(walkers, made, strict=True))


class _UnitWalker(ModbusWalker):
    """Walks one unit of a line that others may be using: done with its own, it leaves the line open for them."""

    def close(self) -> None:
        pass


def _asked_once(rig: Rig) -> Rig:
    """The rig without the retries of its transports, which would not be paced."""
    devices = {name: _without_retries(device) for name, device in rig.bench.devices.items()}
    return replace(rig, bench=rig.bench.model_copy(update={"devices": devices}))


def _without_retries(device: DeviceAccess) -> DeviceAccess:
    once = {"retries": 0}
    modbus = None if device.modbus is None else device.modbus.model_copy(update=once)
    snmp = None if device.snmp is None else device.snmp.model_copy(update=once)
    return device.model_copy(update={"modbus": modbus, "snmp": snmp})


def twin_of(rig: Rig, name: str, scenario: Scenario | None = None, scenario_file: Path = Path("scenario")) -> Twin:
    """The device of that name in the file's wiring, emulated; the scenario was loaded from `scenario_file`.

    Raises:
        FileError: the scenario does not fit the wiring.
        NoTwin: the wiring has none, or it does not speak the protocol by which the device is reached.
    """
    if name not in (entry.name for entry in rig.site.file.devices):
        raise NoTwin(Phrase("{name}: the wiring has no device of that name, so nothing emulates it", name=name))
    return Twin(str(rig.path), name, protocol_of(rig, name), scenario, scenario_file=scenario_file)


def another_product(rig: Rig, name: str) -> str:
    """The warning where the file's profile of the device is not the wiring's; empty where it is."""
    twin = next(entry.profile.profile for entry in rig.site.file.devices if entry.name == name)
    device = rig.profiles[name].profile
    return (
        ""
        if device == twin
        else Phrase("two products: the file says {device}, its wiring {twin}", device=device, twin=twin)
    )
