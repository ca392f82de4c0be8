"""A site file from an inventory: as much of it as the lists know, and each thing that they do not, in its place.

A list of equipment knows plugs and sockets. It knows no utility, no set, no transfer switch above the panels, no
cooling, no network of addresses: each of these is a comment `TODO` in the file, and a line of `Draft.unknown`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from twinfeed.emulators.sitefile.head import NOT_NAMES
from twinfeed.emulators.textfile import printable
from twinfeed.harness.importing.inventory import Cable, Device, Inventory

DEFAULT_RACK_KW = 3.0
"""Load of a rack of which no draw is known, kW."""

DEFAULT_A = 32.0
"""Rating of a feed of which none is known, A."""

VOLTS = (230.0, 400.0)
"""Nominal voltages of the plant, phase to neutral and between phases, V (IEC 60038)."""

PLACEHOLDER = "supply-to-complete"
"""The utility of whatever has no feed in the lists, so that the file can be read."""

UPS_WORDS, SWITCH_WORDS = ("ups",), ("switch", "router", "firewall")
"""Words in a device's role that make it a UPS or a network switch."""

MOST_PORTS = 24
"""Ports of a network switch, which the lists of power do not know."""


@dataclass(frozen=True)
class Unknown:
    """One thing that is not in the lists."""

    entry: str
    """The entry of the site file."""
    field: str
    used: str
    """The value that stands there until it is known; '' if nothing does."""
    reason: str


@dataclass
class Draft:
    """The text of a site file, and what has to be completed."""

    text: str
    unknown: list[Unknown] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Name in the lists -> name in the site file, where they differ."""


def draft(inventory: Inventory, addresses: str = "127.80.0.0/16") -> Draft:
    """The site file of that inventory."""
    return _Drafting(inventory, addresses).drafted()


class _Drafting:
    def __init__(self, inventory: Inventory, addresses: str) -> None:
        self.inventory, self.addresses = inventory, addresses
        self.unknown: list[Unknown] = []
        self._names: dict[tuple[str, str], str] = {}
        self._used: set[str] = {PLACEHOLDER}
        self._outlets: dict[str, dict[str, int]] = {}
        self._plugs: dict[str, list[Cable]] = {}
        for cable in inventory.cables:
            self._plugs.setdefault(cable.device, []).append(cable)
            if cable.outlet:
                numbers = self._outlets.setdefault(cable.source, {})
                numbers.setdefault(cable.outlet, _number(cable.outlet, numbers))
        for kind, listed in (
            ("feed", inventory.feeds),
            ("panel", inventory.panels),
            ("device", inventory.devices),
            ("rack", inventory.racks),
        ):
            for one in listed:
                self._name(kind, one.name)
        self._feeds = {feed.name for feed in inventory.feeds}
        self._devices = {device.name: device for device in inventory.devices}
        self._placeholder = False

    def drafted(self) -> Draft:
        power = [*self._panels(), *self._feed_lines(), *self._ups_lines()]
        racks = [*self._pdus(), *self._racks()]
        network = list(self._switches())
        self._left_out()
        if self._placeholder:
            power.insert(
                0,
                f"  {PLACEHOLDER}: {{kind: utility, capacity_kw: 1000}}"
                "  # TODO: stands in for feeds that the lists do not have",
            )
        head = [
            "# A site file to complete, made from lists of equipment. Every TODO is a thing that the lists lack.",
            "# Names of kinds and fields: twinfeed kinds; mistakes: twinfeed check FILE.",
            f"site: {_safe(self.inventory.name, 'site')}",
            f"title: imported from {_safe(self.inventory.name, 'site')}",
            f"addresses: {self.addresses}  # TODO: loopback, so that nothing real is reached by mistake",
        ]
        text = "\n".join(head)
        for section, lines in (("power", power), ("racks", racks)):
            if lines:
                text += f"\n\n{section}:\n" + "\n".join(lines)
        if network:
            why = "switches need their links, a station and a component of kind network (twinfeed kinds network)"
            text += "\n".join([f"\n\n# TODO network: {why}", "# network:", *(f"# {line}" for line in network)])
        for section, why in (
            ("generation", "sets, tanks and transfer switches stand above the panels, where the lists end"),
            ("cooling", "chillers, air handlers, halls and the climate are not in the lists"),
        ):
            text += f"\n\n# TODO {section}: {why}."
            self._missing(section, "", "", why)
        changed = {old: new for (_, old), new in self._names.items() if old != new}
        return Draft(text + "\n", self.unknown, changed)

    # -- sections ------------------------------------------------------------------------------------------------

    def _panels(self) -> Iterator[str]:
        for panel in self.inventory.panels:
            name = self._names["panel", panel.name]
            utility = self._fresh(f"utility-{name}")
            self._missing(name, "from", utility, "no list has what supplies the panel")
            self._missing(utility, "capacity_kw", "1000", "no list has it")
            todo = "  # TODO capacity_kw, and what stands between it and the panel"
            yield f"  {utility}: {{kind: utility, capacity_kw: 1000}}{todo}"
            yield f"  {name}: {{kind: board, from: {{supply: {utility}}}}}  # TODO rated_a"
            self._missing(name, "rated_a", "2500", "no list has it")

    def _feed_lines(self) -> Iterator[str]:
        for feed in self.inventory.feeds:
            name, todo = self._names["feed", feed.name], []
            upstream = self._names.get(("panel", feed.panel))
            if upstream is None:
                upstream = self._stand_in()
                todo.append("from")
                self._missing(name, "from", upstream, f"its panel is {feed.panel!r}, which is in no list")
            if feed.amperage_a is None:
                todo.append("rated_a")
                self._missing(name, "rated_a", f"{DEFAULT_A:g}", "no list has it")
            if feed.voltage_v is not None and not any(abs(feed.voltage_v - v) <= 0.1 * v for v in VOLTS):
                todo.append("voltage")
                reason = f"it has {feed.voltage_v:g} V; the plant is one of 230/400 V"
                self._missing(name, "voltage", "230/400", reason)
            if feed.phases == 1:
                todo.append("one phase, here three")
                self._missing(name, "phases", "3", "a breaker of the twin has three phases, the feed one")
            rated_a = feed.amperage_a or DEFAULT_A
            yield f"  {name}: {{kind: breaker, from: {upstream}, rated_a: {rated_a:g}}}{_todo(todo)}"

    def _ups_lines(self) -> Iterator[str]:
        for device in self._of(UPS_WORDS):
            name = self._names["device", device.name]
            sources = self._sources(device.name, name)
            for missing, used in (("kva", "10"), ("autonomy_min", "10")):
                self._missing(name, missing, used, "no list has it")
            terminals = ", ".join(f"{t}: {ref}" for t, ref in zip(("input", "bypass"), sources, strict=False))
            ratings = "kva: 10, kw: 10, autonomy_min: 10"
            yield f"  {name}: {{kind: ups, from: {{{terminals}}}, {ratings}}}  # TODO kva, kw, autonomy_min"

    def _pdus(self) -> Iterator[str]:
        for device in self.inventory.devices:
            if device.outlets and not _is(device, UPS_WORDS):
                name = self._names["device", device.name]
                (first, *more) = self._sources(device.name, name)
                if more:
                    self._missing(name, "from", first, f"it has {1 + len(more)} plugs; a PDU of the twin has one")
                outlets = max([device.outlets, *self._outlets.get(device.name, {}).values()])
                self._missing(name, "banks", "1", "no list has the breakers of its outlets")
                self._missing(name, "device.profile", "", f"{_product(device)}: `twinfeed profiles` lists products")
                feed = next((f for f in self.inventory.feeds if self._names["feed", f.name] == first), None)
                todo = f"  # TODO banks, device of {_product(device)}"
                rated = f", rated_a: {feed.amperage_a:g}" if feed and feed.amperage_a else ""
                yield f"  {name}: {{kind: pdu, from: {first}, outlets: {outlets}, banks: 1{rated}}}{todo}"

    def _racks(self) -> Iterator[str]:
        for rack in self.inventory.racks:
            name = self._names["rack", rack.name]
            inside = [
                d for d in self.inventory.devices if d.rack == rack.name and not d.outlets and not _is(d, UPS_WORDS)
            ]
            plugs = [cable for d in inside for cable in self._plugs.get(d.name, ())]
            sources = list(dict.fromkeys(self._ref(cable) for cable in plugs if self._ref(cable)))
            if not inside:
                self._missing(name, "", "", "no device in it draws power: it is not in the file")
                continue
            draws = [d.draw_w for d in inside]
            known_kw = sum(w for w in draws if w) / 1000.0
            todo = []
            if None in draws or not known_kw:
                todo.append("rack_kw")
                unknown = [d.name for d in inside if not d.draw_w]
                self._missing(
                    name, "rack_kw", f"{known_kw or DEFAULT_RACK_KW:g}", f"no draw of {', '.join(unknown[:4])}"
                )
            if not sources:
                sources = [self._stand_in()]
                todo.append("from")
                self._missing(name, "from", sources[0], "no cable of its devices leads to a feed or an outlet")
            if len(sources) > 2:
                todo.append("from")
                self._missing(
                    name,
                    "from",
                    ", ".join(sources[:2]),
                    f"its devices are plugged into {', '.join(sources)}; a rack has two cords",
                )
            if len(sources) == 1:
                self._missing(name, "from", sources[0], "one cord only: is there a second one?")
            first = min(
                [self._outlets[c.source][c.outlet] for c in plugs if c.outlet and self._ref(c) in sources[:2]] or [1]
            )
            cords = ", ".join(f"{cord}: {ref}" for cord, ref in zip("ab", sources[:2], strict=False))
            kw = min(max(known_kw or DEFAULT_RACK_KW, 0.1), 100.0)
            if known_kw and kw != known_kw:
                todo.append("rack_kw")
                reason = f"the draws of its devices are {known_kw:g} kW; a rack of the twin has 0.1 to 100 kW"
                self._missing(name, "rack_kw", f"{kw:g}", reason)
            yield f"  {name}: {{kind: rack, from: {{{cords}}}, rack_kw: {kw:g}, first_outlet: {first}}}{_todo(todo)}"

    def _switches(self) -> Iterator[str]:
        for device in self._of(SWITCH_WORDS):
            name = self._names["device", device.name]
            refs = []
            for cable in self._plugs.get(device.name, ()):
                ref = self._ref(cable)
                if ref:
                    refs.append(
                        json.dumps(f"{ref}:{self._outlets[cable.source][cable.outlet]}") if cable.outlet else ref
                    )
            if not refs:
                refs = [self._stand_in()]
                self._missing(name, "from", refs[0], "no cable of it leads to a feed or an outlet")
            psus = ", ".join(f"{psu}: {ref}" for psu, ref in zip(("psu_a", "psu_b"), refs, strict=False))
            self._missing(
                name,
                "ports",
                str(MOST_PORTS),
                "the lists of power do not have them; links and the station are missing, too",
            )
            todo = f"  # TODO ports, links, device of {_product(device)}"
            yield f"  {name}: {{kind: switch, ports: {MOST_PORTS}, from: {{{psus}}}}}{todo}"

    def _left_out(self) -> None:
        """List the devices and the plugs that have no place in the file."""
        racks = {rack.name for rack in self.inventory.racks}
        for device in self.inventory.devices:
            if not device.outlets and not _is(device, UPS_WORDS) and device.rack not in racks:
                where = (
                    f"its rack is {printable(device.rack)!r}, which is in no list" if device.rack else "it has no rack"
                )
                self._missing(self._names["device", device.name], "", "", f"{where}: it is not in the file")
        for cable in self.inventory.cables:
            name = self._names.get(("device", cable.device))
            if name is not None and not self._ref(cable):
                source = printable(f"{cable.source} {cable.outlet}".strip())
                reason = (
                    f"its plug {printable(cable.port)} is in {source!r}, which is no feed, no UPS and has no outlets"
                )
                self._missing(name, "from", "", reason)

    # -- names and feeds -----------------------------------------------------------------------------------------

    def _of(self, words: tuple[str, ...]) -> list[Device]:
        return [device for device in self.inventory.devices if _is(device, words)]

    def _sources(self, device: str, name: str) -> list[str]:
        """The sources of its plugs; the placeholder if no list has one."""
        found = list(dict.fromkeys(ref for cable in self._plugs.get(device, ()) if (ref := self._ref(cable))))
        if not found:
            found = [self._stand_in()]
            self._missing(name, "from", found[0], "no cable of it leads to a feed or an outlet")
        return found

    def _ref(self, cable: Cable) -> str:
        """The name of what a cable comes from, '' if the site file has none."""
        if cable.source in self._feeds and not cable.outlet:
            return self._names["feed", cable.source]
        device = self._devices.get(cable.source)
        return (
            self._names["device", device.name]
            if device is not None and (device.outlets or _is(device, UPS_WORDS))
            else ""
        )

    def _stand_in(self) -> str:
        self._placeholder = True
        return PLACEHOLDER

    def _missing(self, entry: str, field: str, used: str, reason: str) -> None:
        self.unknown.append(Unknown(entry, field, used, reason))

    def _name(self, kind: str, name: str) -> None:
        if (kind, name) not in self._names:
            self._names[kind, name] = self._fresh(_safe(name, kind))

    def _fresh(self, wanted: str) -> str:
        """The wanted name, or one with a number behind it if it is taken."""
        wanted, n = wanted[:60], 2
        found = wanted
        while found in self._used or found in NOT_NAMES:
            found = f"{wanted}-{n}"
            n += 1
        self._used.add(found)
        return found


def _is(device: Device, words: tuple[str, ...]) -> bool:
    return any(word in re.split(r"[^a-z]+", device.role.lower()) for word in words)


def _product(device: Device) -> str:
    """Its maker and model on one line: it stands in a comment."""
    return " ".join(printable(f"{device.manufacturer} {device.model}").split()) or "an unknown product"


def _safe(name: str, kind: str) -> str:
    """A name of a site file: letters, digits, - and _, at most 60, and no number or word of YAML (`12`, `on`)."""
    found = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-").lower()[:50]
    plain = found[:1].isalpha() and found not in ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
    return found if plain else f"{kind}-{found}".strip("-")


def _number(outlet: str, taken: dict[str, int]) -> int:
    """The number of an outlet by its name (`Outlet 7`, `A7`), else the next free one."""
    found = re.search(r"(\d{1,3})\D*$", outlet)
    number = int(found[1]) if found else 0
    used = set(taken.values())
    if 1 <= number <= 256 and number not in used:
        return number
    return next(n for n in range(1, 1000) if n not in used)


def _todo(parts: list[str]) -> str:
    return f"  # TODO {', '.join(parts)}" if parts else ""
