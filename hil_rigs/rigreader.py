"""The names of a rig file: every device, point, quantity, position and fault that it names must exist."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError, problem
from twinfeed.harness import quantities
from twinfeed.harness.faults import catalogue
from twinfeed.harness.transports.places import entries, places
from twinfeed.hil_rigs import templates
from twinfeed.hil_rigs.positions import own_positions, parameters, positions, spelt, state_point, words
from twinfeed.hil_rigs.schema import Actuator, Bench, DeviceAccess, Instrument, Limit, ModbusAccess, Wire

Where = list[str | int]


def point_is_shown(profile: Profile, point: str, written: bool = False) -> bool:
    """True if the profile shows that point, or lets it be written."""
    return next(places(profile, point, written), None) is not None


class RigReader:
    """Goes through what a rig file names and collects every name that nothing bears."""

    def __init__(self, path: Path, data: Any, bench: Bench, site: Site) -> None:
        self.path, self.data, self.bench, self.site = path, data, bench, site
        self.problems: list[str] = []
        self.profiles: dict[str, Profile] = {}

    def wrong(self, where: Where, message: str) -> None:
        self.problems.append(problem(self.path, self.data, where, message))

    def check(self) -> None:
        for name, device in self.bench.devices.items():
            self._device(name, device)
        self._places()
        self._step()
        for name, actuator in self.bench.actuators.items():
            self._actuator(name, actuator)
        for name, instrument in self.bench.instruments.items():
            self._instrument(name, instrument)
        for section, limits in self._conditions():
            for name, limit in limits.items():
                self._quantity([section, name, "quantity"], limit.quantity)
                self._limit([section, name], limit)
        for section, names_ in (("de_energise", self.bench.order.de_energise), ("energise", self.bench.order.energise)):
            for n, name in enumerate(names_):
                if name in names_[:n]:
                    self.wrong(["order", section, n], Phrase("names {name!r} a second time", name=name))
                if name not in self.bench.actuators:
                    self.wrong(
                        ["order", section, n],
                        Phrase("found {name!r}{near}", name=name, near=_near(name, self.bench.actuators)),
                    )

    def _step(self) -> None:
        """A step that ends before a transport gives up cuts it short: one lost answer is then an unsafe bench."""
        step_s = self.bench.limits.step
        for name in self.bench.actuators if step_s is not None else ():
            for what, timeout_s in self.bench.timeouts(name):
                if step_s is not None and step_s < timeout_s:
                    return self.wrong(
                        ["limits", "step"],
                        Phrase(
                            "found {step_s:g} s, expected {timeout_s:g} s or more: {name} waits so long for one "
                            "answer ({what}.timeout); raise the step, or lower that time-out",
                            step_s=step_s,
                            timeout_s=timeout_s,
                            name=name,
                            what=what,
                        ),
                    )
        return None

    def _conditions(self) -> Iterator[tuple[str, dict[str, Limit]]]:
        yield "interlocks", dict(self.bench.interlocks)
        if self.bench.limits.on_battery is not None:
            yield "limits", {"on_battery": self.bench.limits.on_battery}
        if self.bench.emergency_stop.input is not None:
            yield "emergency_stop", {"input": self.bench.emergency_stop.input}

    def _device(self, name: str, device: DeviceAccess) -> None:
        where: Where = ["devices", name]
        twin = next((entry for entry in self.site.file.devices if entry.name == name), None)
        if device.profile is not None:
            try:
                profile = library.get(device.profile, self.path.parent)
            except FileError as error:
                return self.wrong([*where, "profile"], str(error))
        elif twin is not None:
            profile = twin.profile
        else:
            return self.wrong(
                [*where, "profile"], Phrase("is missing: the wiring has no device of that name to take it from")
            )
        if twin is not None and twin.profile.kind != profile.kind:
            self.wrong(
                [*where, "profile"],
                Phrase(
                    "is of a {kind}, in the wiring {name} is a {other}",
                    kind=profile.kind,
                    name=name,
                    other=twin.profile.kind,
                ),
            )
        for protocol in ("snmp", "modbus"):
            if getattr(device, protocol) is not None and getattr(profile, protocol) is None:
                self.wrong(
                    [*where, protocol],
                    Phrase("profile {profile} has nothing over {protocol}", profile=profile.profile, protocol=protocol),
                )
        if device.modbus is not None and device.modbus.labgrid_resource is not None and self.bench.labgrid is None:
            place = Phrase("expected a section `labgrid` with a `place`: whose serial port that is")
            self.wrong(
                [*where, "modbus", "serial"],
                Phrase("found {serial!r}, {place}", serial=device.modbus.serial, place=place),
            )
        self.profiles[name] = profile
        return None

    def _places(self) -> None:
        """No two devices may answer at one place, and a line has one baud rate, parity and number of stop bits."""
        taken: dict[Hashable, str] = {}
        lines: dict[str, tuple[str, ModbusAccess]] = {}
        for name, device in self.bench.devices.items():
            where: Where = ["devices", name]
            if device.snmp is not None:
                first = taken.setdefault(("snmp", device.snmp.address, device.snmp.port), name)
                if first != name:
                    self.wrong(
                        [*where, "snmp", "address"],
                        Phrase(
                            "{address}:{port} is already {first}'s; expected one of its own",
                            address=device.snmp.address,
                            port=device.snmp.port,
                            first=first,
                        ),
                    )
            if device.modbus is None or name not in self.profiles:
                continue
            line, unit = device.modbus.line, device.modbus.unit_of(self.profiles[name])
            first = taken.setdefault((line, unit), name)
            if first != name:
                at = device.modbus.serial or device.modbus.address
                self.wrong(
                    [*where, "modbus", "unit"],
                    Phrase(
                        "unit {unit} of {at} is already {first}'s; expected one of its own",
                        unit=unit,
                        at=at,
                        first=first,
                    ),
                )
            if device.modbus.serial is not None:
                other, known = lines.setdefault(device.modbus.serial, (name, device.modbus))
                for field in ("baud", "parity", "stop_bits"):
                    found, expected = getattr(device.modbus, field), getattr(known, field)
                    if found != expected:
                        self.wrong(
                            [*where, "modbus", field],
                            Phrase(
                                "found {found}, expected {expected} as {other} on the same line",
                                found=found,
                                expected=expected,
                                other=other,
                            ),
                        )

    def _actuator(self, name: str, actuator: Actuator) -> None:
        where: Where = ["actuators", name]
        if actuator.written is not None:
            self._point([*where, actuator.means], actuator.written, written=True)
            self._positions(where, actuator)
        else:
            self._own_positions(where, actuator)
        if actuator.proxy is not None and actuator.proxy.device not in self.bench.devices:
            near = _near(actuator.proxy.device, self.bench.devices)
            self.wrong(
                [*where, "proxy", "device"], Phrase("found {device!r}{near}", device=actuator.proxy.device, near=near)
            )
        elif actuator.proxy is not None:
            self._wire([*where, "proxy"], actuator.proxy)
        if actuator.proof is not None:
            self._quantity([*where, "proof", "quantity"], actuator.proof.quantity)
            self._limit([*where, "proof"], actuator.proof)
        for fault in actuator.causes:
            target, _, kind = fault.partition(" ")
            try:
                known = [entry.kind for entry in catalogue.of_target(self.site, target)]
            except PlantError as error:
                self.wrong([*where, "causes", fault], str(error))
                continue
            if kind not in known:
                self.wrong(
                    [*where, "causes", fault],
                    Phrase("{target} cannot suffer {kind!r}{near}", target=target, kind=kind, near=_near(kind, known)),
                )

    def _positions(self, where: Where, actuator: Actuator) -> None:
        """Every position must be one that the point takes, and that differs from the others."""
        if actuator.state is not None:
            self._point([*where, "state"], actuator.state)
        tells = state_point(actuator, self.profiles, self.bench.devices)
        if tells is None and actuator.proof is None:
            self.wrong(
                [*where, actuator.means],
                Phrase("{written} cannot be read back; give `state` or `proof`", written=actuator.written),
            )
        for full, written in ((actuator.written, True), (tells, False)):
            known = None if full is None else words(self.profiles, self.bench.devices, full, written)
            if known is None:
                continue
            for field, position in positions(actuator).items():
                try:
                    known.value(position)
                except ValueError as error:
                    self.wrong([*where, *field], str(error))

    def _own_positions(self, where: Where, actuator: Actuator) -> None:
        """Every position must be one that the means has, and a command's parameters those of the faults it causes."""
        known = own_positions(actuator)
        for field, position in positions(actuator).items():
            if spelt(position) not in known:
                self.wrong(
                    [*where, *field],
                    Phrase("found {position!r}{near}", position=position, near=_near(spelt(position), known)),
                )
        if actuator.operator is not None and actuator.operator.picture is not None:
            picture = self.path.parent / actuator.operator.picture
            if not picture.is_file():
                self.wrong([*where, "operator", "picture"], Phrase("there is no file {picture}", picture=picture))
        if actuator.scpi is None:
            return
        for position, commands in actuator.scpi.positions.items():
            given = set(parameters(self.site, actuator, position))
            for n, command in enumerate(commands):
                if missing := sorted(templates.names(command) - given):
                    takes = (
                        Phrase("; the faults it causes give {given}", given=", ".join(sorted(given))) if given else ""
                    )
                    self.wrong(
                        [*where, "scpi", "positions", position, n],
                        Phrase("nothing gives the parameter {missing}{takes}", missing=", ".join(missing), takes=takes),
                    )

    def _wire(self, where: Where, wire: Wire) -> None:
        """The device must be reached by what the proxy is to pass on, and a serial line have one master."""
        device = self.bench.devices[wire.device]
        for protocol in ("modbus", "snmp"):
            if getattr(wire, protocol) is not None and getattr(device, protocol) is None:
                self.wrong(
                    [*where, protocol],
                    Phrase(
                        "{device} is not reached over {protocol} in `devices`", device=wire.device, protocol=protocol
                    ),
                )
        if wire.modbus is not None and device.modbus is not None:
            if device.modbus.serial is not None:
                self.wrong(
                    [*where, "modbus"],
                    Phrase(
                        "the bench itself reads {device} over {serial}, and two masters on one line disturb each "
                        "other; give `terminal`, and as `line` the port of a second line to the device",
                        device=wire.device,
                        serial=device.modbus.serial,
                    ),
                )
            elif device.modbus.framing == "tls":
                self.wrong(
                    [*where, "modbus"],
                    Phrase("{device} is reached by TLS, which no program in between can decode", device=wire.device),
                )
        if wire.line is not None:
            taken = [
                name for name, entry in self.bench.devices.items() if entry.modbus and entry.modbus.serial == wire.line
            ]
            if taken:
                self.wrong(
                    [*where, "line"],
                    Phrase(
                        "the bench itself reads {taken} over {line}; expected the port of a second line",
                        taken=", ".join(taken),
                        line=wire.line,
                    ),
                )

    def _instrument(self, name: str, instrument: Instrument) -> None:
        if "." not in name:
            self.wrong(["instruments", name], Phrase("expected the quantity it measures, such as rack-1.supplied"))
        if instrument.point is not None:
            self._point(["instruments", name, "point"], instrument.point)
        if instrument.notifications is not None:
            device, field = instrument.notifications.device, ("instruments", name, "notifications", "device")
            if device not in self.bench.devices:
                near = _near(device, self.bench.devices)
                self.wrong(
                    [*field], Phrase("found {device!r}, expected a device of the bench{near}", device=device, near=near)
                )
            elif self.bench.devices[device].snmp is None:
                self.wrong(
                    [*field],
                    Phrase(
                        "{device} is not reached over SNMP: no address tells its notifications apart", device=device
                    ),
                )

    def _limit(self, where: Where, limit: Limit) -> None:
        """A limit must be one that the quantity can keep to; one that it cannot break still asks that it is known."""
        try:
            domain = quantities.domain(self.site, limit.quantity)
        except quantities.UnknownQuantity:
            return  # a point of a device that the wiring does not have
        if limit.is_ is not None and (why := domain.impossible(limit.is_)):
            self.wrong([*where, "is"], Phrase("{quantity} cannot be that: {why}", quantity=limit.quantity, why=why))
        for field, number in (("above", limit.above), ("below", limit.below)):
            if number is None:
                continue
            if domain.kind != "number":
                what = (
                    Phrase("one of {words}", words=", ".join(domain.words)) if domain.words else Phrase("true or false")
                )
                self.wrong(
                    [*where, field],
                    Phrase("{quantity} is no number, it is {what}; use `is`", quantity=limit.quantity, what=what),
                )
            elif number >= domain.most if field == "above" else number <= domain.least:
                bounds = Phrase(
                    "{least:g} to {most:g} {unit}", least=domain.least, most=domain.most, unit=domain.unit
                ).rstrip()
                self.wrong(
                    [*where, field],
                    Phrase(
                        "{quantity} is never {field} {number:g}: it is from {bounds}",
                        quantity=limit.quantity,
                        field=field,
                        number=number,
                        bounds=bounds,
                    ),
                )

    def _quantity(self, where: Where, quantity: str) -> None:
        """A quantity must have an instrument, or be a point of a device of the bench."""
        if quantity not in self.bench.instruments:
            self._point(where, quantity, also=self.bench.instruments)

    def _point(self, where: Where, full: str, written: bool = False, also: Iterable[str] = ()) -> None:
        device, _, point = full.partition(".")
        if device not in self.bench.devices:
            return self.wrong(
                where,
                Phrase(
                    "found {full!r}, expected DEVICE.POINT{device}",
                    full=full,
                    device=_near(device, [*self.bench.devices, *also]),
                ),
            )
        profile = self.profiles.get(device)
        if profile is not None and not point_is_shown(profile, point, written):
            can = N_("written") if written else N_("read")
            shown = [
                entry.point
                for entry in entries(profile)
                if entry.point is not None and (entry.access != "ro" or not written)
            ]
            self.wrong(
                where,
                Phrase(
                    "profile {profile} has no point {point!r} that can be {can}{near}",
                    profile=profile.profile,
                    point=point,
                    can=can,
                    near=_near(point, shown),
                ),
            )
        return None


def _near(found: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or what there is when that is little."""
    listed = sorted(known)
    return did_you_mean(
        found, listed, Phrase("; there are: {listed}", listed=", ".join(listed)) if 0 < len(listed) <= 20 else ""
    )
