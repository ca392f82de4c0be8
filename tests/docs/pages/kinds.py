"""The pages of kinds of components and devices, and the page of products."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache

from tests.docs.pages.markdown import GENERATED, cell, code, joined, paragraphs, table
from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Bit, Entry, Profile, Register, SnmpObject
from twinfeed.harness.reference import kinds
from twinfeed.harness.reference.fields import Field
from twinfeed.harness.reference.kinds import KindFault
from twinfeed.harness.transports.places import Place, places


def all_kinds() -> list[str]:
    """The kinds of components, then those of devices that no component has."""
    return list(dict.fromkeys([*kinds.components(), *kinds.device_kinds()]))


def index() -> str:
    """The list of kinds."""
    lines = [
        GENERATED,
        "# Kinds of components and devices",
        "",
        "A site file has components in the sections `power`, `cooling`, `racks`, `network` and `places`, and devices in the",
        "section `devices` or in the field `device` of the component that they manage ([site files](../sites.md)). Each page",
        "below lists all fields, quantities, points, alarms and faults of one kind. `twinfeed kinds KIND` prints the same.",
        "",
        "## Components",
        "",
        *table(
            ("kind", "what it is", "`from`", "managed by a device of kind"),
            [
                (f"[{name}]({name}.md)", cell(_first(d.doc)), cell(d.fed), ", ".join(d.managed_by))
                for name in kinds.components()
                for d in [kinds.component(name)]
            ],
        ),
        "## Devices",
        "",
        *table(
            ("kind", "what it is", "`of` names", "products"),
            [
                (
                    f"[{name}]({name}.md)",
                    cell(_first(d.doc)),
                    _managed(d.manages),
                    ", ".join(p.profile for p in _profiles(name)),
                )
                for name in kinds.device_kinds()
                for d in [kinds.device(name)]
            ],
        ),
        "```{toctree}",
        ":hidden:",
        "",
        *all_kinds(),
        "```",
    ]
    return joined(lines)


def page(kind: str) -> str:
    """The page of one kind."""
    lines = [GENERATED, f"# {kind}", ""]
    found = kinds.described(kind)
    if isinstance(component := found.get("component"), kinds.ComponentKind):
        lines += _component(component)
    if isinstance(device := found.get("device"), kinds.DeviceKind):
        lines += _device(device)
    return joined(lines)


def _component(found: kinds.ComponentKind) -> Iterator[str]:
    yield from (f"## Component `{found.kind}`", "")
    yield from paragraphs(found.doc)
    if found.fed:
        yield from (f"Fed from (`from`): {cell(found.fed)}.", "")
    if found.managed_by:
        links = ", ".join(f"[{name}]({name}.md)" for name in found.managed_by)
        yield from (f"A device of the kind {links} can manage it.", "")
    yield from ("### Ratings", "")
    yield from paragraphs(found.about_ratings)
    yield from _fields(found.ratings) or ("It has none.", "")
    if found.quantities:
        yield from ("### Quantities", "", "Properties and conditions name them as `NAME.QUANTITY`.", "")
        yield from table(
            ("quantity", "unit", "values", "what it is"),
            [(code(q.name), cell(q.unit), ", ".join(map(code, q.values)), cell(q.doc)) for q in found.quantities],
        )
    yield from _faults("Faults", found.faults)


def _device(found: kinds.DeviceKind) -> Iterator[str]:
    profiles = _profiles(found.kind)
    yield from (f"## Device `{found.kind}`", "")
    yield from paragraphs(found.doc)
    if found.manages:
        yield from (f"`of` names a component of the kind {_managed(found.manages)}.", "")
    products = ", ".join(f"`{p.profile}` ({cell(p.vendor)} {cell(p.product)})" for p in profiles)
    yield from (f"Products that ship: {products}. Their sources are on the [page of products](../products.md).", "")
    yield from ("### Fields of the device", "")
    yield from _fields(found.settings)
    yield from (
        "### Points",
        "",
        "A product shows a point at the OID or register in its column; `{…}` counts rows from 1. Registers are addresses of the PDU,",
        "from 0. A number on the wire times the factor, plus the offset, is the value of the point.",
        "",
    )
    yield from table(
        ("point", "unit", "access", "values", "what it is", *(f"`{p.profile}`" for p in profiles)),
        [
            (
                code(point.name),
                cell(point.unit),
                point.access,
                _values(found.kind, point.name),
                cell(point.doc),
                *(_where(p, point.name) for p in profiles),
            )
            for point in found.points
        ],
    )
    if found.alarms:
        yield from (
            "### Alarms",
            "",
            "Each alarm is a point as well: true while it is active. Its condition must hold for the time after which it is",
            "raised, and be gone for the time after which it clears.",
            "",
        )
        yield from table(
            ("alarm", "severity", "raised after", "clears after", *(f"`{p.profile}`" for p in profiles)),
            [
                (
                    code(a.name),
                    a.severity,
                    f"{a.delay_s:g} s",
                    f"{a.clear_delay_s:g} s",
                    *(_alarm(p, a.name) for p in profiles),
                )
                for a in KINDS[found.kind].alarms
            ],
        )
    yield from _faults("Faults of the device", found.faults)


def _values(kind: str, point: str) -> str:
    """The words of a point, or the range in which a number may be written."""
    (found,) = [each for each in KINDS[kind].table if each.name == point]
    if found.write is None or found.domain.kind != "number":
        return ", ".join(map(code, found.values))
    if found.low is None or found.high is None:
        return (
            f"from {found.low:.10g}"
            if found.low is not None
            else f"to {found.high:.10g}"
            if found.high is not None
            else ""
        )
    return f"{found.low:.10g} to {found.high:.10g}"


def _fields(found: Iterable[Field]) -> list[str]:
    return table(
        ("field", "may be", "default", "what it is"),
        [(code(f.name), cell(f.expected), code(f.shown_default.replace("|", r"\|")), cell(f.doc)) for f in found],
    )


def _faults(title: str, found: Iterable[KindFault]) -> Iterator[str]:
    rows = [(code(f.kind), ", ".join(map(code, f.parameters)), cell(f.doc), ", ".join(f.worlds)) for f in found]
    if rows:
        yield from (f"### {title}", "", "Ranges and sources are on the [page of faults](../faults.md).", "")
        yield from table(("fault", "parameters", "what it does", "worlds"), rows)


@cache
def _profiles(kind: str) -> tuple[Profile, ...]:
    return tuple(profile for name in library.names() if (profile := library.get(name)).kind == kind)


def _where(profile: Profile, point: str) -> str:
    """The places where a product shows or takes a point, each once."""
    first_row = re.sub(r"\{\w+\}", "1", point)
    found = [*places(profile, first_row), *places(profile, first_row, written=True)]
    return "; ".join(dict.fromkeys(map(_place, found)))


def _place(place: Place) -> str:
    bits = f" bit {', '.join(map(str, place.flags))}" if place.flags else ""
    return f"{_address(place.entry)}{bits}{_factor(place.entry)}"


def _address(entry: SnmpObject | Register | Bit) -> str:
    if isinstance(entry, SnmpObject):
        return f"`{entry.oid}` {entry.type}"
    rows = "".join(f" + {step}·({name} - 1)" for name, step in entry.stride.items())
    return f"{entry.table} {entry.address}{rows}{f' {entry.type}' if isinstance(entry, Register) else ''}"


def _factor(entry: Entry) -> str:
    decimal = f"{float(entry.factor):.6g}"
    exact = decimal if Fraction(decimal) == entry.factor else str(entry.factor)
    factor = f" ×{exact}" if entry.factor != 1 else ""
    return factor + (f" {float(entry.offset):+.6g}" if entry.offset else "")


def _alarm(profile: Profile, alarm: str) -> str:
    """The place of an alarm's point, and the notifications."""
    traps = [
        f"trap `{trap.oid}` {trap.on}" for trap in (profile.snmp.traps if profile.snmp else ()) if trap.alarm == alarm
    ]
    return "; ".join(filter(None, [_where(profile, alarm), *traps]))


def _managed(names: tuple[str, ...]) -> str:
    links = [f"[{name}]({name}.md)" for name in names]
    return " or ".join(links) if len(links) < 4 else ", ".join(links)


def _first(text: str) -> str:
    return text.split("\n\n")[0]


def products() -> str:
    """Every product that ships, with the sources of its profile."""
    lines = [
        GENERATED,
        "# Products",
        "",
        "A profile is the map of one real product: which point stands at which OID or register. `twinfeed profiles` lists those that",
        "ship and your own; `profile: NAME` in a site file chooses one. The pages of [kinds](kinds/index.md) say where each product",
        "shows each point; a [profile file](profile-file.md) of yours adds a product.",
        "",
    ]
    for name in library.names():
        profile = library.get(name)
        lines += [
            f"## {name}",
            "",
            f"{cell(profile.vendor)} {cell(profile.product)}, a [{profile.kind}](kinds/{profile.kind}.md).",
            "",
        ]
        lines += table(("interface", "entries", "limits"), _interfaces(profile))
        lines += table(("source", "what it is"), [(code(k), cell(v)) for k, v in profile.sources.items()])
    return joined(lines)


def _interfaces(profile: Profile) -> Iterator[tuple[str, str, str]]:
    if snmp := profile.snmp:
        traps = f", {len(snmp.traps)} notifications" if snmp.traps else ""
        yield "SNMP", f"{len(snmp.objects)} objects{traps}", f"messages up to {snmp.max_message} octets"
    if modbus := profile.modbus:
        limits = (
            f"unit {modbus.unit}; {modbus.most_registers} registers a request; {modbus.connections} connections; "
            f"a register that is not listed: {modbus.gaps}. {modbus.limits_source}"
        )
        yield "Modbus", f"{len(modbus.registers)} registers, {len(modbus.bits)} bits", cell(limits)
