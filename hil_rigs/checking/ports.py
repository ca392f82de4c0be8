"""The serial ports of this computer, and the right to use them."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator
from pathlib import Path

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.checking.findings import Finding, Level
from twinfeed.hil_rigs.rigfile import Rig


def serial_ports(rig: Rig) -> Iterator[Finding]:
    """The serial ports of the bench's devices that cannot be used."""
    for name, device in rig.bench.devices.items():
        if device.modbus is not None and device.modbus.serial is not None:
            why, do = _usable(Path(device.modbus.serial))
            if why is not None:
                yield Finding(
                    name,
                    "port",
                    Level.UNREACHABLE,
                    Phrase("{port}: {why}", port=device.modbus.serial, why=why),
                    Phrase("a serial port that may be read and written"),
                    do,
                )


def taken(rig: Rig) -> Iterator[Finding]:
    """The devices on serial lines, which the supervisor of the bench reads: a second master would disturb both."""
    for name, device in rig.bench.devices.items():
        if device.modbus is not None and device.modbus.serial is not None:
            yield Finding(
                name,
                "port",
                Level.NOTICE,
                Phrase("{port}: left to the supervisor, which reads it now", port=device.modbus.serial),
                None,
                Phrase("twinfeed rig status shows its readings; check again when no supervisor runs"),
            )


def _usable(port: Path) -> tuple[Phrase | None, Phrase | None]:
    """The reason why a port cannot be used, and the next step; None and None if it can."""
    if not port.exists():
        there = sorted(str(path) for pattern in ("ttyUSB*", "ttyACM*", "ttyS*") for path in port.parent.glob(pattern))
        listed = Phrase("there are: {ports}", ports=", ".join(there)) if there else Phrase("there is none at all")
        return Phrase("is not there"), Phrase("plug the adapter in, or correct `serial`; {listed}", listed=listed)
    if not port.is_char_device():
        return Phrase("is no serial port"), Phrase("correct `serial`")
    if not os.access(port, os.R_OK | os.W_OK):
        return Phrase("permission denied"), Phrase(
            "add yourself to group {group}: sudo usermod -aG {group} $USER, then log in anew", group=_group(port)
        )
    return None, None


def _group(port: Path) -> str:
    number = port.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
