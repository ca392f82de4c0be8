"""The local control socket of a running site, for `twinfeed status`, `read`, `fault` ….

One JSON object a line in each direction: `{"do": "read", "device": "ups-a1", "point": "battery.charge"}` is answered
with `{"ok": true, …}` or `{"ok": false, "error": "…"}`. The socket is a Unix socket in a folder only its owner can
enter; nothing listens on the network.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import PointError, Value
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.textfile import json_value, printable, shown
from twinfeed.harness import unixpaths
from twinfeed.harness.durations import spoken
from twinfeed.harness.faults import catalogue
from twinfeed.harness.unixpaths import LONGEST_NAME

MAX_REQUEST = 64 * 1024
"""Longest request line, octets."""

MAX_ANSWER = 64 * 1024 * 1024
"""Longest answer line that a client reads, octets. The list of 10,000 devices has 10 MB."""

TIMEOUT_S = 10.0
"""Time that a client waits for an answer, s."""

log = logging.getLogger(__name__)

Name = Annotated[str, Field(min_length=1, max_length=300)]
"""The name of a device, point, target or fault."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Status(_Request):
    """The site's clock, alarms and active faults."""

    do: Literal["status"]


class Devices(_Request):
    """List all devices: addresses and state."""

    do: Literal["devices"]


class Points(_Request):
    """The points of a device with their values."""

    do: Literal["points"]
    device: Name


class Read(_Request):
    """One point."""

    do: Literal["read"]
    device: Name
    point: Name


class Write(_Request):
    """Set one point. The device checks the range and the words of the point."""

    do: Literal["write"]
    device: Name
    point: Name
    value: bool | int | Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=1000)]


class FaultRequest(_Request):
    """Begin a fault for `for_s` seconds of the plant, or until it is cleared. The plant checks the ranges."""

    do: Literal["fault"]
    target: Name
    kind: Name
    parameters: dict[Name, float | int] | None = Field(default=None, max_length=50)
    for_s: float | None = None


class Faults(_Request):
    """List the faults that the site, or one of its targets, can have."""

    do: Literal["faults"]
    target: Name | None = None


class Clear(_Request):
    """End one fault, all of a target, or all."""

    do: Literal["clear"]
    target: Name | None = None
    kind: Name | None = None


Request = Status | Devices | Points | Read | Write | FaultRequest | Faults | Clear

REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])
"""What a request line may be."""


class ControlError(Exception):
    """The running site refused, or no site is running. The message gives the next step."""


def folder() -> Path:
    """The folder of the control sockets of this user."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(base) / f"twinfeed-{os.getuid()}"


def socket_path(site: str) -> Path:
    return folder() / f"{site}.sock"


def own_folder(make: bool = False) -> Path | None:
    """The folder of control sockets, or None if there is none. With `make` it is made.

    Raises:
        ControlError: it is no folder, belongs to another user, or others may enter it: who made it could answer in the
            place of a site.
    """
    place = folder()
    try:
        if make:
            place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ControlError(
            f"{place} cannot be used: {error.strerror}; set XDG_RUNTIME_DIR to a folder of your own"
        ) from None
    if not stat.S_ISDIR(found.st_mode):
        raise ControlError(f"{place} is no folder; remove it, or set XDG_RUNTIME_DIR to a folder of your own")
    if found.st_uid != os.getuid():
        raise ControlError(f"{place} belongs to another user; set XDG_RUNTIME_DIR to a folder of your own")
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise ControlError(
            f"{place} has the mode {mode:04o}, expected 0700: others could answer in it; chmod 700 {place}"
        )
    return place


def running() -> list[str]:
    """The names of the sites of this user that are running now.

    Raises:
        ControlError: as `own_folder`.
    """
    place, names = own_folder(), []
    for path in sorted(place.glob("*.sock")) if place is not None else ():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                with unixpaths.short(path) as there:
                    probe.connect(there)
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
            with unixpaths.short(socket_path(site)) as path:
                connection.connect(path)
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = connection.makefile("rb").readline(MAX_ANSWER)
        except OSError as error:
            raise ControlError(f"site {site!r} does not answer its control socket: {error}") from None
    if not line:
        raise ControlError(f"site {site!r} closed its control socket without an answer")
    try:
        answer = json_value(line)
        if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
            raise ValueError("no `ok` in it")
    except ValueError as error:
        raise ControlError(
            f"site {site!r} gave an answer that is none: {shown(error)}; is it of another version?"
        ) from None
    if not answer.pop("ok"):
        raise ControlError(printable(str(answer.get("error"))))
    return answer


class ControlServer:
    """Answers the control socket of one running site."""

    def __init__(self, live: LiveSite) -> None:
        self.live = live
        self.path = socket_path(live.site.name)
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            ControlError: a site of this name is already running.
        """
        own_folder(make=True)
        if len(os.fsencode(self.path.name)) > LONGEST_NAME:
            raise ControlError(
                f"{self.path}: the name of its control socket has {len(os.fsencode(self.path.name))} octets, expected "
                f"at most {LONGEST_NAME}; give the site a shorter name"
            )
        if self.live.site.name in running():
            raise ControlError(f"site {self.live.site.name!r} is already running; see `twinfeed status`")
        self.path.unlink(missing_ok=True)
        with unixpaths.short(self.path) as path:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=MAX_REQUEST)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                try:
                    line = await reader.readline()
                except ValueError:  # longer than MAX_REQUEST: where the next request begins is not known any more
                    writer.write(_line(_refused("", f"a request has at most {MAX_REQUEST} octets a line")))
                    await writer.drain()
                    break
                if not line:
                    break
                writer.write(_line(self.answer(line)))
                await writer.drain()
        except ConnectionError:
            pass  # the client went away
        finally:
            writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request line. Never raises. A refused request is one line in the log."""
        try:
            request = REQUESTS.validate_python(json_value(line))
        except ValidationError as error:
            return _refused("", _what_is_wrong(error))
        except ValueError as error:
            return _refused("", f"the request is no JSON object: {shown(error)}; expected {EXPECTED}")
        try:
            return {"ok": True, **self._carry_out(request)}
        except (PlantError, PointError) as error:
            return _refused(request.do, str(error))
        except Exception as error:
            log.exception("control request %s", request.do)
            return {
                "ok": False,
                "error": f"{request.do}: failed inside twinfeed: {shown(repr(error))}; see the log of the site",
            }

    def _carry_out(self, request: Request) -> dict[str, Any]:
        match request:
            case Status():
                return self._status()
            case Devices():
                return self._devices()
            case Points():
                return self._points(request)
            case Read():
                return self._read(request.device, request.point)
            case Write():
                return self._write(request)
            case FaultRequest():
                return self._fault(request)
            case Faults():
                return self._faults(request)
            case Clear():
                return self._clear(request)

    # -- verbs ----------------------------------------------------------------------------------------------

    def _status(self) -> dict[str, Any]:
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

    def _devices(self) -> dict[str, Any]:
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

    def _points(self, request: Points) -> dict[str, Any]:
        device = self.live.site[request.device]
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

    def _read(self, name: str, point: str) -> dict[str, Any]:
        device = self.live.site[name]
        bound = device.point(point)
        return {
            "device": device.name,
            "point": bound.name,
            "value": _plain(bound.read()),
            "unit": bound.point.unit,
            "t_s": round(self.live.site.now, 3),
        }

    def _write(self, request: Write) -> dict[str, Any]:
        self.live.site[request.device].write(request.point, request.value)
        return self._read(request.device, request.point)

    def _fault(self, request: FaultRequest) -> dict[str, Any]:
        site, target, kind, for_s = self.live.site, request.target, request.kind, request.for_s
        site.inject(target, kind, request.parameters or {}, for_s)
        return {"target": target, "kind": kind, "for_s": for_s, "t_s": round(site.now, 3)}

    def _faults(self, request: Faults) -> dict[str, Any]:
        site = self.live.site
        found = catalogue.of_target(site, request.target) if request.target else catalogue.of_site(site)
        return {"faults": [{"target": request.target, **entry.to_dict()} for entry in found]}

    def _clear(self, request: Clear) -> dict[str, Any]:
        cleared = self.live.site.clear(request.target, request.kind)
        return {"cleared": [{"target": target, "kind": kind} for target, kind in cleared]}


VERBS = ("status", "devices", "points", "read", "write", "fault", "faults", "clear")

EXPECTED = f'{{"do": one of {", ".join(VERBS)}, …}}'


def _refused(verb: str, message: str) -> dict[str, Any]:
    text = printable(f"{verb}: {message}" if verb and not message.startswith(verb) else message).replace("\n", " ")
    log.info("control request refused: %s", text)
    return {"ok": False, "error": text}


def _line(answer: dict[str, Any]) -> bytes:
    """An answer as one line of JSON. A lone surrogate is sent as an escape."""
    return json.dumps(answer, allow_nan=False).encode("ascii") + b"\n"


def _what_is_wrong(error: ValidationError) -> str:
    """The first mistake of a request: field, found, expected."""
    first = error.errors()[0]
    place = [str(step) for step in first["loc"]]
    verb, field = (place[0], ".".join(place[1:])) if place and place[0] in VERBS else ("", ".".join(place))
    if not place:
        return f"expected {EXPECTED}, found {shown(repr(first['input'])[:200])}"
    match first["type"]:
        case "missing":
            what = "the field is missing"
        case "extra_forbidden":
            what = "unknown field; is it misspelt?"
        case _:
            expected = first["msg"].replace("Input should be ", "expected ").replace("Input should ", "expected to ")
            what = f"{expected}, found {shown(repr(first['input'])[:200])}"
    return f"{verb}: {shown(field)}: {what}" if verb else f"{shown(field)}: {what}"


def condition(live: LiveSite, device: Device) -> str:
    """The state of a device as the management station sees it: up, off, booting, hung or silent (no path)."""
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
"""The points of each device kind for one line: a short label (empty if the value needs none) and a point.

A point that a device does not have (the third probe) is left out.
"""


def key_values(device: Device) -> list[dict[str, Any]]:
    """The most important points of a device: label, point, value, unit, and the value as text."""
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
    """The unit of a point whose unit is another point, such as `probe.1.unit`."""
    table, _, column = name.rpartition(".")
    if column != "value":
        return ""
    unit = str(device.read(f"{table}.unit"))
    return "°C" if unit == "C" else unit


def spoken_value(value: Value, unit: str) -> str:
    """A value with its unit as text: `94.2 %`, `0:09:41`, `yes`."""
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
    """The value for JSON: octets in hexadecimal, a missing reading as null."""
    if isinstance(value, bytes):
        return value.hex(":")
    return None if isinstance(value, float) and not math.isfinite(value) else value
