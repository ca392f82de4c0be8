"""The local control socket of a running site: how `twinfeed status`, `read`, `fault` … reach it.

One JSON object a line in each direction: `{"do": "read", "device": "ups-a1", "point": "battery.charge"}` is answered
with `{"ok": true, …}` or `{"ok": false, "error": "…"}`. The socket is a Unix socket in a folder only its owner can
enter; nothing listens on the network.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulators.devices.device import Device
from emulators.devices.points import PointError, Value
from emulators.plant.actor import PlantError
from emulators.serve import LiveSite
from harness.durations import spoken
from harness.faults import catalogue

MAX_REQUEST = 64 * 1024
"""Longest request line, octets."""

TIMEOUT_S = 10.0
"""How long a client waits for an answer, s."""


class ControlError(Exception):
    """The running site refused, or there is none; the message says what to do."""


def folder() -> Path:
    """Where control sockets live: one folder for each user."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(base) / f"twinfeed-{os.getuid()}"


def socket_path(site: str) -> Path:
    return folder() / f"{site}.sock"


def running() -> list[str]:
    """The names of the sites of this user that are running now."""
    names = []
    for path in sorted(folder().glob("*.sock")):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                continue
            names.append(path.stem)
    return names


def ask(request: dict[str, Any], site: str | None = None) -> dict[str, Any]:
    """Send one request to the running site (the only one, unless `site` names it) and return its answer.

    Raises:
        ControlError: no site runs, several do and none is named, or the site refused.
    """
    names = running()
    if site is None:
        if not names:
            raise ControlError("no site is running; start one with `twinfeed up bamako`")
        if len(names) > 1:
            raise ControlError(f"several sites are running ({', '.join(names)}); choose one with --site")
        site = names[0]
    elif site not in names:
        raise ControlError(f"site {site!r} is not running; running now: {', '.join(names) or 'none'}")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(str(socket_path(site)))
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = connection.makefile("rb").readline()
        except OSError as error:
            raise ControlError(f"site {site!r} does not answer its control socket: {error}") from None
    if not line:
        raise ControlError(f"site {site!r} closed its control socket without an answer")
    answer: dict[str, Any] = json.loads(line)
    if not answer.pop("ok"):
        raise ControlError(answer["error"])
    return answer


class ControlServer:
    """Answers the control socket of one running site."""

    def __init__(self, live: LiveSite) -> None:
        self.live = live
        self.path = socket_path(live.site.name)
        self._server: asyncio.AbstractServer | None = None
        self._verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "status": self._status,
            "devices": self._devices,
            "points": self._points,
            "read": self._read,
            "write": self._write,
            "fault": self._fault,
            "faults": self._faults,
            "clear": self._clear,
        }

    async def start(self) -> None:
        """Listen.

        Raises:
            ControlError: a site of this name is already running.
        """
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        if self.path.parent.stat().st_uid != os.getuid():
            raise ControlError(
                f"{self.path.parent} belongs to another user; set XDG_RUNTIME_DIR to a folder of your own"
            )
        if self.live.site.name in running():
            raise ControlError(f"site {self.live.site.name!r} is already running; see `twinfeed status`")
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.path), limit=MAX_REQUEST)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.answer(line), allow_nan=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the client went away, or sent a line longer than MAX_REQUEST
        finally:
            writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request line; never raises."""
        try:
            request = json.loads(line)
            verb = self._verbs[request["do"]]
        except (ValueError, KeyError, TypeError):
            return {"ok": False, "error": f'expected {{"do": one of {", ".join(self._verbs)}, …}}, found {line[:80]!r}'}
        try:
            return {"ok": True, **verb(request)}
        except (PlantError, PointError) as error:
            return {"ok": False, "error": str(error)}
        except KeyError as error:
            return {"ok": False, "error": f"{request['do']}: the field {error} is missing"}
        except (TypeError, ValueError) as error:
            return {"ok": False, "error": f"{request['do']}: a field is of the wrong type: {error}"}

    # -- verbs ----------------------------------------------------------------------------------------------

    def _status(self, request: dict[str, Any]) -> dict[str, Any]:
        site = self.live.site
        return {
            "site": site.name,
            "title": site.file.head.title,
            "now_s": round(site.now, 3),
            "speed": self.live.speed,
            "lag_s": round(max(0.0, self.live.lag_s), 3),
            "devices": len(site.devices),
            "reachable": sum(map(site.reachable, site.devices)),
            "alarms": [
                {"device": name, "alarm": alarm, "since_s": round(since, 3)}
                for name, device in site.devices.items()
                for alarm, since in device.state.alarms.items()
            ],
            "faults": [
                {"target": target, "kind": kind, **parameters} for target, kind, parameters in site.active_faults()
            ],
        }

    def _devices(self, request: dict[str, Any]) -> dict[str, Any]:
        site = self.live.site
        endpoints: dict[str, list[str]] = {}
        for e in self.live.endpoints:
            endpoints.setdefault(e.device, []).append(e.url)
        profiles = {entry.name: entry.profile for entry in site.file.devices}
        return {
            "devices": [
                {
                    "name": name,
                    "kind": device.kind,
                    "profile": profiles[name].profile,
                    "endpoints": endpoints.get(name, []),
                    "state": condition(self.live, device),
                    "alarms": list(device.state.alarms),
                    "values": key_values(device),
                }
                for name, device in site.devices.items()
            ]
        }

    def _points(self, request: dict[str, Any]) -> dict[str, Any]:
        device = self.live.site[request["device"]]
        points = []
        for name in device.point_names():
            point = device.point(name).point
            points.append(
                {
                    "point": name,
                    "value": _plain(device.read(name)),
                    "unit": point.unit,
                    "access": "rw" if point.write else "ro",
                    "values": list(point.values),
                    "doc": point.doc,
                }
            )
        return {"device": device.name, "points": points}

    def _read(self, request: dict[str, Any]) -> dict[str, Any]:
        device = self.live.site[request["device"]]
        bound = device.point(request["point"])
        return {
            "device": device.name,
            "point": bound.name,
            "value": _plain(bound.read()),
            "unit": bound.point.unit,
            "t_s": round(self.live.site.now, 3),
        }

    def _write(self, request: dict[str, Any]) -> dict[str, Any]:
        device = self.live.site[request["device"]]
        value, bound = request["value"], device.point(request["point"])
        if bound.domain.kind == "text" and isinstance(value, (int, float)):
            value = json.dumps(value)  # a name such as 42, which the command line takes for a number
        bound.write(value)
        return self._read(request)

    def _fault(self, request: dict[str, Any]) -> dict[str, Any]:
        target, kind = request["target"], request["kind"]
        for_s = request.get("for_s")
        self.live.site.inject(target, kind, request.get("parameters") or {}, None if for_s is None else float(for_s))
        return {"target": target, "kind": kind, "for_s": for_s, "t_s": round(self.live.site.now, 3)}

    def _faults(self, request: dict[str, Any]) -> dict[str, Any]:
        site = self.live.site
        target = request.get("target")
        found = catalogue.of_target(site, target) if target else catalogue.of_site(site)
        return {"faults": [{"target": target, **entry.to_dict()} for entry in found]}

    def _clear(self, request: dict[str, Any]) -> dict[str, Any]:
        cleared = self.live.site.clear(request.get("target"), request.get("kind"))
        return {"cleared": [{"target": target, "kind": kind} for target, kind in cleared]}


def condition(live: LiveSite, device: Device) -> str:
    """One word for how the management station sees a device: up, off, booting, hung or silent (no path)."""
    if device.state.card == "up" and not device.answers:
        return "hung"
    if device.state.card != "up":
        return device.state.card
    return "up" if live.site.reachable(device.name) else "silent"


KEY_POINTS: dict[str, tuple[tuple[str, str], ...]] = {
    "ups": (
        ("", "ups.mode"),
        ("load", "output.load"),
        ("battery", "battery.charge"),
        ("lasts", "battery.runtime"),
    ),
    "generator": (
        ("", "engine.status"),
        ("", "engine.speed"),
        ("", "generator.power.total"),
        ("fuel", "engine.fuel_level"),
    ),
    "transfer_switch": (
        ("on", "switch.position"),
        ("normal", "source.1.voltage.1"),
        ("emergency", "source.2.voltage.1"),
        ("", "load.power"),
    ),
    "source_switch": (
        ("on", "switch.source"),
        ("a", "source.1.voltage.1"),
        ("b", "source.2.voltage.1"),
        ("", "output.power"),
    ),
    "pdu": (("", "input.power"), ("", "input.current"), ("", "input.voltage")),
    "meter": (("", "power.total"), ("", "current.average"), ("", "voltage.average"), ("", "energy.delivered")),
    "chiller": (
        ("", "chiller.state"),
        ("water", "water.leaving"),
        ("outdoor", "air.outdoor"),
        ("capacity", "capacity.percent"),
    ),
    "crah": (("supply", "air.supply"), ("return", "air.return"), ("fan", "fan.speed"), ("valve", "valve.position")),
    "chilled_water_plant": (
        ("supply", "loop.supply"),
        ("return", "loop.return"),
        ("flow", "loop.flow"),
        ("pumps", "pumps.running"),
    ),
    "sensor": (("1", "probe.1.value"), ("2", "probe.2.value"), ("3", "probe.3.value"), ("4", "probe.4.value")),
    "relay_io": (("inputs", "input.word"), ("relays", "relay.word")),
    "switch": (("root", "stp.root_name"), ("psu", "psu.1.state"), ("", "psu.2.state"), ("cpu", "cpu.load")),
}
"""What to show of each kind of device in one line: a short label (none where the value says it all) and a point.

A point that a device does not have (the third probe) is left out.
"""


def key_values(device: Device) -> list[dict[str, Any]]:
    """The few points of a device that say how it is: label, point, value, unit and the value as people read it."""
    shown = []
    for label, name in KEY_POINTS.get(device.kind, ()):
        try:
            bound = device.point(name)
        except PointError:
            continue
        value, unit = bound.read(), bound.point.unit or _probe_unit(device, name)
        shown.append(
            {"label": label, "point": name, "value": _plain(value), "unit": unit, "text": spoken_value(value, unit)}
        )
    return shown


def _probe_unit(device: Device, name: str) -> str:
    """The unit of a point that has it in a point of its own, `probe.1.unit`."""
    table, _, column = name.rpartition(".")
    if column != "value":
        return ""
    unit = str(device.read(f"{table}.unit"))
    return "°C" if unit == "C" else unit


def spoken_value(value: Value, unit: str) -> str:
    """A value and its unit as people read them: `94.2 %`, `0:09:41`, `yes`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            return "no reading"
        if unit == "s":
            return spoken(value)
        if unit in LARGER and abs(value) >= 1000.0:
            value, unit = value / 1000.0, LARGER[unit]
        whole = unit in ("V", "rpm") or isinstance(value, int) or abs(value) >= 100.0
        return f"{value:.{0 if whole else 1}f} {unit}".strip()
    return value.hex(":") if isinstance(value, bytes) else str(value)


LARGER = {"W": "kW", "Wh": "kWh", "VA": "kVA", "kWh": "MWh"}
"""From a thousand on, the unit above."""


def _plain(value: Value) -> float | int | bool | str | None:
    """The value as JSON has it: octets in hexadecimal, a reading that is missing as null."""
    if isinstance(value, bytes):
        return value.hex(":")
    return None if isinstance(value, float) and not math.isfinite(value) else value
