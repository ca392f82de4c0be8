"""All that is known of one component or device: points with their places, quantities, faults, deeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from shlex import quote
from typing import Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles.binding import dotted
from twinfeed.emulators.profiles.schema import Profile, SnmpObject
from twinfeed.emulators.profiles.values import Unmapped, to_raw
from twinfeed.emulators.serving import Endpoint
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess
from twinfeed.harness.console.frames import frame_of, kind_of, line
from twinfeed.harness.control.showing import KEY_POINTS, plain
from twinfeed.harness.faults import catalogue
from twinfeed.harness.transports.places import Place, places

EVENTS = 50
"""Lines of the journal that are given for one component."""

JsonObject = dict[str, Any]


POINTS = 300
"""Points that are given unless more are asked for: a switch has thousands, whose reading would delay other answers."""


def component(site: Site, name: str, endpoints: Sequence[Endpoint] = (), points: int = POINTS) -> JsonObject:
    """All that is known of one component or device now, with the first `points` of its points.

    Raises:
        PlantError: nothing is called that; the message names near ones.
    """
    site.faults(name)
    of_plant, device = site.components.get(name), site.devices.get(name)
    profile = site.profiles.get(name)
    here = [endpoint for endpoint in endpoints if endpoint.device == name]
    if of_plant is None and device is None:
        raise PlantError(f"{name} is no component and no device")
    return {
        "id": name,
        "kind": kind_of(site, name),
        "state": frame_of(site, name),
        "place": (of_plant or device or site.works).place,
        "feeds": dict(getattr(of_plant, "feeds", {})),
        "quantities": [] if of_plant is None else [
            {"name": q, "value": plain(of_plant.quantity(q)), "unit": unit} for q, unit in of_plant.QUANTITIES.items()
        ],
        "profile": None if profile is None else {
            "name": profile.profile, "vendor": profile.vendor, "product": profile.product
        },
        "points": [] if device is None or profile is None else _points(device, profile, points),
        "points_in_all": 0 if device is None else len(device.point_names()),
        "endpoints": [{"protocol": e.protocol, "url": e.url} for e in here],
        "alarms": [] if device is None else [
            {"text": alarm, "since_s": round(since, 3)} for alarm, since in device.state.alarms.items()
        ],
        "events": events_of(site, name),
        "faults": faults_of(site, name),
        "active": [
            {"target": target, "kind": kind, "params": parameters}
            for target, kind, parameters in site.active_faults() if target.partition(":")[0] == name
        ],
        "deeds": [{"deed": deed, **kind.to_dict()} for deed, kind in site.deeds(name).items()],
        "reads": [] if device is None or profile is None else _reads(site, device, profile, here),
    }  # fmt: skip


def _points(device: Device, profile: Profile, most: int) -> list[JsonObject]:
    points = []
    for name in device.point_names()[:most]:
        bound = device.point(name)
        value = bound.read()
        shown = next(places(profile, name), None)
        entry: JsonObject = {
            "name": name,
            "value": plain(value),
            "raw": None,
            "unit": bound.point.unit,
            "place": None,
            "source": "",
            "writable": bound.point.write is not None,
            "values": list(bound.point.values),
            "doc": bound.point.doc,
        }
        if shown is not None:
            entry |= {"place": _place(device, shown), "source": shown.entry.source, "raw": _raw(shown, value)}
        points.append(entry)
    return points


def _raw(shown: Place, value: Any) -> Any:
    if shown.meanings is not None:
        return None
    try:
        raw = to_raw(shown.entry, value)
    except Unmapped:
        return None
    return plain(raw) if not isinstance(raw, tuple) else list(raw)


def _place(device: Device, shown: Place) -> str:
    """The OID or the register. A value with a row for each of several things is in its first row."""
    if not isinstance(shown.entry, SnmpObject):
        return f"{shown.entry.table} {shown.address}"
    row = dict(shown.row)
    for name in shown.free:
        rows = device.indices(name)
        if not rows:
            return shown.entry.oid
        row[name] = rows[0]
    return dotted(shown.entry.oid, row)


def _reads(site: Site, device: Device, profile: Profile, endpoints: Iterable[Endpoint]) -> list[str]:
    """Lines for a terminal that read the main points of a device, inside the site and over its protocols."""
    known = [name for _, name in KEY_POINTS.get(device.kind, ()) if device.find_point(name)] or device.point_names()[:3]
    names = [name for name in known if next(places(profile, name), None)]
    lines = [f"twinfeed read {device.name} {name}" for name in names]
    for endpoint in endpoints:
        for name in names:
            for shown in places(profile, name):
                if line := _client(site, device.name, endpoint, shown):
                    lines.append(line)
                    break
    return lines


def _client(site: Site, name: str, endpoint: Endpoint, shown: Place) -> str:
    """The line of a common client for one point at one endpoint; '' if the point is not shown over its protocol."""
    entry = shown.entry
    if endpoint.protocol == "snmp" and isinstance(entry, SnmpObject) and not shown.free:
        access = next(item.snmp for item in site.file.devices if item.name == name)
        if not (community := reading_community(access)):
            return ""
        host = f"{endpoint.address}:{endpoint.port}"
        return f"snmpget -v2c -c {quote(community)} {host} {shown.oid}"
    if endpoint.protocol == "modbus" and not isinstance(entry, SnmpObject) and entry.table in ("holding", "input"):
        table = 4 if entry.table == "holding" else 3
        unit = "" if endpoint.unit is None else f" -a {endpoint.unit}"
        words = getattr(entry, "words", 1)
        return f"mbpoll -1 -0 -t {table} -r {shown.address} -c {words}{unit} -p {endpoint.port} {endpoint.address}"
    return ""


def reading_community(access: SnmpAccess) -> str:
    """The community for reading; '' if each may write as well: people whose link only reads see the lines with it."""
    reading = [access.read, *(community.name for community in access.communities if community.write == "none")]
    return next((name for name in reading if name and name != access.write), "")


def events_of(site: Site, name: str, most: int = EVENTS) -> list[JsonObject]:
    """The last lines of the journal about a component or its device, the newest first."""
    found = (line(event) for event in reversed(site.plant.journal) if event.who.partition("/")[0] == name)
    return list(islice(found, most))


def faults_of(site: Site, name: str) -> list[JsonObject]:
    """The faults that it can suffer, with the ranges of their parameters."""
    here = set(site.faults(name))
    return [
        {
            "kind": fault.kind,
            "family": fault.family,
            "doc": fault.doc,
            "of": list(fault.of),
            "source": fault.source,
            "parameters": [
                {"name": n, "unit": p.unit, "default": p.default, "low": p.low, "high": p.high, "whole": p.whole,
                 "doc": p.doc}
                for n, p in fault.parameters.items()
            ],
        }
        for fault in catalogue.of_target(site, name)
        if fault.kind in here
    ]  # fmt: skip
