"""The answers that the emulator of a device would have given: a recording of the twin, made without a network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.modbus_extras import unit_of
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.profiles.snmp_binding import SYNTAX, SurfaceTree
from twinfeed.emulators.serving import engine_of
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.modbus import ModbusError, Unit
from twinfeed.emulators.wire.snmp import Instance, SnmpAgent, agent_instances, format_oid
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.recording.modbus_walk import spans_of
from twinfeed.harness.characterise.recording.recording import VERSION, Place, Recording, Walk
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.faults.deeds import Deed
from twinfeed.harness.faults.onset import Conditioned
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.schedule import Schedule, Turn
from twinfeed.harness.faults.sinks import OfSite
from twinfeed.harness.properties import scenarios
from twinfeed.harness.properties.conditions import Conditions

SETTLE_S = 60.0
"""The time that a site runs before its devices are compared, s: everything has booted by then."""

LOOK_S = 1.0
"""The period at which the condition that ends a fault is evaluated, s."""

TYPES = {syntax: type for type, syntax in SYNTAX.items()}


class NoTwin(ValueError):
    """Nothing emulates that; the message lists the choices."""


def place_of(name: str) -> tuple[str, str]:
    """Site and device for `bamako:ups-a1`; for a profile's name the device of a shipped site that has it.

    For a profile of one's own (a name or a path, seen from the working directory) that is the device of the same kind
    on the site `bench`, which `Twin` then builds with this profile.

    Raises:
        NoTwin: there is none.
        FileError: the site's or the profile's file is wrong.
    """
    site, colon, device = name.rpartition(":")
    if colon:
        return site, device
    try:
        profile = library.get(name, Path.cwd())
    except FileError as error:
        raise NoTwin(f"{error}; or name a device as SITE:DEVICE, or give an address") from None
    shipped = [(site, e) for site in _shipped_sites() for e in sitefile.read(site).devices]
    same = next((place for place in shipped if place[1].profile == profile), None)
    stand_in = same or next((place for place in shipped if place[1].profile.kind == profile.kind), None)
    if stand_in is None:
        raise NoTwin(f"no shipped site has a {profile.kind}; name a device as SITE:DEVICE, or give an address")
    return stand_in[0], stand_in[1].name


def _shipped_sites() -> list[str]:
    return sorted(sitefile.names(), key=lambda site: site != "bench")


def _with(file: sitefile.SiteFile, device: str, profile: Profile) -> sitefile.SiteFile:
    """The site with another profile for that device."""
    devices = [
        replace(entry, profile=profile, params=replace(entry.params, model=profile.product))
        if entry.name == device
        else entry
        for entry in file.devices
    ]
    return replace(file, devices=devices)


class Twin:
    """One emulated device on its site, at rest when it is made and in a scenario's course while it is recorded."""

    def __init__(
        self,
        site: str,
        device: str,
        protocol: str,
        scenario: Scenario | None = None,
        profile: Profile | None = None,
        scenario_file: Path = Path("scenario"),
    ) -> None:
        """Build the site, with `profile` in place of the device's own if it is given; `scenario` was loaded from
        `scenario_file`.

        Raises:
            FileError, PlantError: there is no such site or device, or the scenario does not fit the site.
            NoTwin: it does not speak that protocol.
        """
        file = sitefile.read(site)
        if profile is not None:
            file = _with(file, device, profile)
        self._site = Site(file, scenario.seed or None, scenario.tolerances) if scenario is not None else Site(file)
        self._name = f"{self._site.name}:{device}"
        emulated = self._site[device]
        self.profile: Profile = next(e.profile for e in self._site.file.devices if e.name == device)
        self._protocol = protocol
        surface = Surface(self.profile, emulated)
        self._tree: SurfaceTree | None = None
        self._unit: ProfileUnit | None = None
        if protocol == "snmp" and self.profile.snmp is not None:
            self._tree = SurfaceTree(surface)
            self._tree.add(agent_instances(SnmpAgent(self._tree, {}, (), engine_of(emulated))))
        elif protocol == "modbus" and self.profile.modbus is not None:
            self._unit = unit_of(surface)
        else:
            raise NoTwin(f"{self._name} does not speak {protocol}: profile {self.profile.profile} says nothing of it")
        if scenario is not None:
            scenarios.check(scenario, self._site, scenario_file)
        entries, seed = (scenario.entries, scenario.seed or 0) if scenario is not None else ((), 0)
        self._schedule = Schedule(entries, seed)
        self._conditions = Conditions.of_site(self._site)
        self._site.advance(SETTLE_S)

    def recording(self, times_s: Sequence[float], asked: Iterable[Place] = ()) -> Recording:
        """The device at these times, s from the scenario's start; registers are those of the profile and of `asked`.

        Raises:
            PlantError: the scenario asks of the site what it cannot.
        """
        walks = []
        places: set[Place] = set(asked)
        if self._unit is not None:
            places.update(place for span in spans_of(self.profile) for place in span.places)
            places.update(self._unit.addresses())
        for number, t_s in enumerate(times_s, 1):
            self._reach(t_s)
            walk = Walk(number, t_s, ended=True)
            if self._tree is not None:
                self._tree.refresh()
                walk.variables = {v.oid: v for v in map(_variable, self._tree.instances)}
            else:
                assert self._unit is not None
                _read(self._unit, sorted(places), walk)
            walks.append(walk)
        head = {
            "twinfeed": "recording",
            "version": VERSION,
            "protocol": self._protocol,
            "device": self._name,
            "identity": self._identity(walks[0]),
        }
        return Recording(head, walks)

    def beside(self, device: Recording) -> Recording:
        """The twin at the times of the device's walks, asked for the registers that the device was asked for.

        Raises:
            PlantError: the scenario asks of the site what it cannot.
        """
        walks = [walk for walk in device.walks if walk.ended] or device.walks
        asked = [place for walk in walks[:1] for place in (*walk.registers, *walk.refused)]
        return self.recording([walk.t_s - walks[0].t_s for walk in walks], asked)

    def _reach(self, t_s: float) -> None:
        """Let the site's time pass, with what the scenario does on the way."""
        start_s, sink = SETTLE_S, OfSite(self._site)
        while True:
            until_s = min(self._schedule.next_due_s(), t_s)
            if self._schedule.conditions:
                until_s = min(until_s, self._site.now - start_s + LOOK_S)
            self._site.advance(max(0.0, start_s + until_s - self._site.now))
            for action in self._schedule.advance(until_s, self._holds):
                if isinstance(action, Turn):
                    self._carry_out(action)
                else:
                    action.on(sink)
            if until_s >= t_s:
                break

    def _carry_out(self, turn: Turn) -> None:
        """A person acts, or a station writes a point; nothing is taken back here."""
        entry = turn.entry
        if not turn.begins:
            return
        if isinstance(entry, Deed):
            if not entry.skipped:
                self._site.do(entry.where, entry.deed, entry.parameters)
        else:
            self._site[entry.target].write(entry.point, entry.value)

    def _holds(self, entry: Conditioned) -> bool:
        return self._conditions.hold(entry, self._site.now)

    def _identity(self, walk: Walk) -> dict[str, str]:
        if self._unit is not None:
            return {str(id): octets.decode("utf-8", "replace") for id, octets in self._unit.identification.items()}
        found = walk.variables.get("1.3.6.1.2.1.1.2.0")
        return {} if found is None else {"sysObjectID": str(found.value)}


def _variable(instance: Instance) -> Variable:
    type, value = TYPES[instance.syntax], instance.read()
    if isinstance(value, tuple):
        return Variable(format_oid(instance.oid), type, format_oid(value))
    if type == "ipaddress":
        assert isinstance(value, bytes)
        return Variable(format_oid(instance.oid), type, ".".join(map(str, value)))
    assert value is not None
    return Variable(format_oid(instance.oid), type, value)


def _read(unit: Unit, places: Iterable[Place], walk: Walk) -> None:
    for table, address in places:
        try:
            if table == "coil" or table == "discrete":
                walk.registers[table, address] = int(unit.read_bits(table, address, 1)[0])
            else:
                walk.registers[table, address] = int.from_bytes(unit.read_registers(table, address, 1), "big")
        except ModbusError as error:
            walk.refused[table, address] = int(error.code)
