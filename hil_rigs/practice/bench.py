"""The rig file of a practice bench: that of the real one, with its devices at the addresses of their emulators.

Names, wiring, limits, interlocks, orders and texts stay. Things without an emulator are left out and listed: devices
that are not in the wiring, SCPI instruments and sources, netem boxes, and all that depends on them. The bench gets
another name, so that its lock, its record and its supervisor are never those of the real one.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from twinfeed.harness.language import N_
from twinfeed.hil_rigs.practice.twin import ADDRESS, SUFFIX, Twin
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Actuator, DeviceAccess

PASSWORD = "password"
"""The file beside the practice rig file that holds its one password."""

NO_EMULATOR = N_("it is not in the wiring, so it has no emulator")
NOT_SERVED = N_("twinfeed has no emulator of what it needs")
IN_USE_AT_ALL_HOURS = N_("a practice is allowed at any time")
NO_PLACE = N_("a practice needs no labgrid place")
DEPENDS = N_("it depends on something that is left out")


@dataclass
class Drafted:
    """A practice rig file that is not yet written."""

    text: str = ""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """The entries that are not in it, as `section.name`, and the reason, in English."""


def drafted(rig: Rig, twin: Twin, secret: Path) -> Drafted:
    """The practice rig file of a bench whose twin is being served; `secret` will hold the password."""
    yaml = YAML()
    yaml.width = 1_000
    yaml.preserve_quotes = True
    data = yaml.load(rig.path.read_text(encoding="utf-8"))
    draft = _Draft(rig, twin, f"file:{secret}", data)
    draft.make()
    out = io.StringIO()
    yaml.dump(data, out)
    return Drafted(out.getvalue(), draft.left_out)


class _Draft:
    def __init__(self, rig: Rig, twin: Twin, secret: str, data: CommentedMap) -> None:
        self.rig, self.twin, self.secret, self.data = rig, twin, Quoted(secret), data
        self.left_out: list[tuple[str, str]] = []

    def make(self) -> None:
        self.data["bench"] = f"{self.rig.name}{SUFFIX}"
        self._wiring()
        for name, reason in list(self._without_emulator()):
            self._leave_out("devices", name, reason)
        for name, access in self.rig.bench.devices.items():
            if name in self.data["devices"]:
                self._device(self.data["devices"][name], name, access)
        for section, names in (("instruments", self._instruments()), ("actuators", self._actuators())):
            for name, reason in list(names):
                self._leave_out(section, name, reason)
        for name, limit in self.rig.bench.interlocks.items():
            if not self._measured(limit.quantity):
                self._leave_out("interlocks", name, DEPENDS)
        self._limits()
        for section, reason in (("inhibit", IN_USE_AT_ALL_HOURS), ("labgrid", NO_PLACE)):
            if self.data.pop(section, None):
                self.left_out.append((section, reason))
        kept = self.data.get("actuators") or {}
        for order in (self.data.get("order") or {}).values():
            order[:] = [name for name in order if name in kept]

    def _leave_out(self, section: str, name: str, reason: str) -> None:
        if (self.data.get(section) or {}).pop(name, None) is not None:
            self.left_out.append((f"{section}.{name}", reason))

    def _wiring(self) -> None:
        wiring = self.data["wiring"]
        if isinstance(wiring, str) and wiring.endswith((".yaml", ".yml")):
            self.data["wiring"] = Quoted(str((self.rig.path.parent / wiring).resolve()))

    def _without_emulator(self) -> Iterator[tuple[str, str]]:
        for name, access in self.rig.bench.devices.items():
            served = all(
                self.twin.place(name, protocol) is not None
                for protocol in ("snmp", "modbus")
                if getattr(access, protocol) is not None
            )
            if not self.twin.serves(name) or not served:
                yield name, NO_EMULATOR

    def _device(self, entry: CommentedMap, name: str, access: DeviceAccess) -> None:
        if access.modbus is not None:
            at = self.twin.place(name, "modbus")
            assert at is not None
            modbus: dict[str, Any] = {"address": at.address, "port": at.port}
            modbus |= {key: entry["modbus"][key] for key in ("unit", "timeout", "retries") if key in entry["modbus"]}
            entry["modbus"] = _one_line(modbus)
        if access.snmp is not None:
            at = self.twin.place(name, "snmp")
            assert at is not None
            kept = {key: value for key, value in entry["snmp"].items() if key not in ("address", "port")}
            for key in ("read", "write", "auth_password", "priv_password"):
                if key in kept:
                    kept[key] = self.secret
            entry["snmp"] = _one_line({"address": at.address, "port": at.port, **kept})

    def _reached(self, point: str | None) -> bool:
        return point is not None and point.partition(".")[0] in self.data["devices"]

    def _measured(self, quantity: str) -> bool:
        """True if the practice bench has an instrument for that quantity, or a device that shows it."""
        if quantity in self.rig.bench.instruments:
            return quantity in self.data["instruments"]
        return self._reached(quantity)

    def _instruments(self) -> Iterator[tuple[str, str]]:
        for name, instrument in self.rig.bench.instruments.items():
            if instrument.scpi is not None or instrument.notifications is not None:
                yield name, NOT_SERVED
            elif instrument.point is not None and not self._reached(instrument.point):
                yield name, DEPENDS

    def _actuators(self) -> Iterator[tuple[str, str]]:
        for name, actuator in self.rig.bench.actuators.items():
            if actuator.scpi is not None or actuator.netem is not None or _is_on_a_line(actuator):
                yield name, NOT_SERVED
            elif not self._works(actuator):
                yield name, DEPENDS
            else:
                self._actuator(self.data["actuators"][name], actuator)

    def _works(self, actuator: Actuator) -> bool:
        """True if all that it writes, reads back and proves is on the practice bench."""
        points = [point for point in (actuator.written, actuator.state) if point is not None]
        devices = [] if actuator.proxy is None else [actuator.proxy.device]
        proof = [] if actuator.proof is None else [actuator.proof.quantity]
        return (
            all(map(self._reached, points))
            and all(device in self.data["devices"] for device in devices)
            and all(map(self._measured, proof))
        )

    def _actuator(self, entry: CommentedMap, actuator: Actuator) -> None:
        if actuator.proxy is not None:
            for protocol in ("modbus", "snmp"):
                if protocol in entry["proxy"]:
                    entry["proxy"][protocol] = Quoted(f"{ADDRESS}:0")
            entry["proxy"].pop("expose", None)
        if actuator.operator is not None and actuator.operator.picture is not None:
            entry["operator"]["picture"] = Quoted(str((self.rig.path.parent / actuator.operator.picture).resolve()))

    def _limits(self) -> None:
        bench, limits, stop = self.rig.bench, self.data.get("limits") or {}, self.data.get("emergency_stop") or {}
        if bench.limits.on_battery is not None and not self._measured(bench.limits.on_battery.quantity):
            del limits["on_battery"]
            self.left_out.append(("limits.on_battery", DEPENDS))
        if bench.emergency_stop.input is not None and not self._measured(bench.emergency_stop.input.quantity):
            del stop["input"]
            self.left_out.append(("emergency_stop.input", DEPENDS))
        if "web" in stop:
            stop["web"] = _free_port(stop["web"])


def _is_on_a_line(actuator: Actuator) -> bool:
    return actuator.proxy is not None and actuator.proxy.line is not None


def _one_line(fields: dict[str, Any]) -> CommentedMap:
    made = CommentedMap(fields)
    made.fa.set_flow_style()
    return made


def _free_port(wanted: int) -> int:
    """The port of loopback, or a free one where another program has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    return wanted
