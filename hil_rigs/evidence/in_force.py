"""The rig file in force: what is written of it, and whether somebody has edited it since it was read."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any

from twinfeed.harness.record.folder import sha256
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import DeviceAccess
from twinfeed.hil_rigs.schema.bench import PIN


def described(rig: Rig, with_text: bool = True) -> dict[str, Any]:
    """The data of the line `bench in force`: name, title, hash, text, limits and devices of the file as it was read.

    Records are handed in with reports, and a short PIN is found from its hash: hashes of PINs are left out of the text.
    """
    bench = rig.bench
    devices = [
        {
            "device": name,
            "profile": rig.profiles[name].profile,
            "where": ", ".join(places_of(access)),
            "loopback": all(on_this_computer(place) for place in places_of(access)),
        }
        for name, access in bench.devices.items()
    ]
    found: dict[str, Any] = {
        "name": bench.bench,
        "title": bench.title if isinstance(bench.title, dict) else {"": bench.title},
        "file": str(rig.path),
        "sha256": rig.sha256,
        "decision_rule": bench.decision_rule,
        "devices": devices,
    }
    if with_text:
        limits = {"interlocks", "limits", "emergency_stop", "inhibit", "order", "may_arm", "logins", "checklist"}
        found["limits"] = bench.model_dump(mode="json", include=limits, exclude_none=True)
        found["text"] = PIN.sub("scrypt:(left out)", rig.text)
    return found


def places_of(access: DeviceAccess) -> list[str]:
    """The address of a device, each of its protocols once."""
    found: list[str] = []
    if access.modbus is not None:
        where = access.modbus.serial or f"{access.modbus.address}:{access.modbus.port}"
        found.append(f"modbus {where}")
    if access.snmp is not None:
        found.append(f"snmp {access.snmp.address}:{access.snmp.port}")
    return found


def on_this_computer(place: str) -> bool:
    """Whether a place is a loopback address or a pseudo-terminal: a program, not a physical device.

    A tunnel to a physical device ends at a loopback address as well; the report has the address, which is known.
    """
    where = place.partition(" ")[2]
    if where.startswith("/"):
        return os.path.realpath(where).startswith("/dev/pts/")
    host = where.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Edits:
    """True if the file is still the one that was read; each other version is recorded once."""

    def __init__(self, rig: Rig) -> None:
        self._path, self._read = rig.path, rig.sha256
        self._told = rig.sha256
        self._seen: tuple[int, int] | None = None

    @property
    def now(self) -> str:
        """The SHA-256 of the file now; empty if it is gone."""
        try:
            return sha256(self._path)
        except OSError:
            return ""

    @property
    def edited(self) -> bool:
        """True if the file is another one than was read."""
        return self.now != self._read

    def news(self) -> str | None:
        """The SHA-256 of a version that has not been recorded yet, None if there is none. Else it costs one stat(2)."""
        seen = _stat(self._path)
        if seen == self._seen:
            return None
        self._seen = seen
        now = self.now
        if now == self._told:
            return None
        self._told = now
        return now


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
