"""A site: the plant and its devices, built from a site file and ready to run.

    site = Site.load("bamako")
    site.inject("utility-a", "outage")
    site.advance(60.0)
    site["ups-a1"].read("battery.charge")

Time is virtual: nothing moves until `advance` is called. `twinfeed.emulators.serving` paces a site by the wall clock
and puts its devices on the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from twinfeed.emulators import sitefile
from twinfeed.emulators.devices import catalogue as device_catalogue
from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import Actor, PlantError
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.deeds import Argument, DeedKind
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.kernel.faults import Fault, split
from twinfeed.emulators.plant.kernel.ratings import shown
from twinfeed.emulators.plant.kernel.tolerances import Tolerances, drawn
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.people import works
from twinfeed.emulators.plant.people.deeds import Outcome, carry_out, find, known_deeds
from twinfeed.emulators.plant.people.works import Works
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Flow
from twinfeed.emulators.profiles.odd_answers import refusal
from twinfeed.emulators.sitefile import SiteFile
from twinfeed.emulators.yamlfile import FileError

R = TypeVar("R")


class Site:
    """A plant with its devices. Devices and components share names: `ups-a1` is the UPS and its management card."""

    def __init__(self, file: SiteFile, seed: int | None = None, tolerances: Tolerances | None = None) -> None:
        """Build the plant and start it at rest, with the seed and the tolerances of its file or with those given.

        Raises:
            FileError: components that do not fit together, with file, line and field.
        """
        self.file = file
        self.name = file.head.site
        self.plant = Plant(file.head.seed if seed is None else seed)
        self.tolerances: Tolerances = tolerances or file.head.tolerances
        self.components: dict[str, Component] = {}
        self.devices: dict[str, Device] = {}
        self.profiles = {item.name: item.profile for item in file.devices}
        """The profile of each device."""
        self._where: dict[str, list[str | int]] = {}
        try:
            self._build()
            self.plant.start()
        except PlantError as error:
            where = self._where.get(error.who, [])
            raise FileError([file.problem(where, str(error))]) from None
        networks = [c for c in self.components.values() if isinstance(c, ManagementNetwork)]
        self.network = networks[0] if networks else None

    @classmethod
    def load(
        cls,
        site: str | Path,
        seed: int | None = None,
        beyond_loopback: bool = False,
        tolerances: Tolerances | None = None,
    ) -> Site:
        """A shipped site by name, or a site file by path. `beyond_loopback` allows addresses that are not loopback.

        Raises:
            FileError: a line for each mistake in the file.
        """
        return cls(sitefile.read(site, beyond_loopback), seed, tolerances)

    def _build(self) -> None:
        for entry in self.file.components:
            self._where[entry.name] = entry.where
            try:
                ratings = self._own(entry.params, entry.name)
                component = (
                    entry.cls(entry.name, ratings, entry.feeds)
                    if issubclass(entry.cls, Electrical)
                    else entry.cls(entry.name, ratings)
                )
            except PlantError as error:
                error.who = entry.name
                raise
            component.place, component.stands_m = entry.place
            self.components[entry.name] = component
            self.plant.add(component)
        self.flow = Flow(c for c in self.components.values() if isinstance(c, Electrical))
        self.plant.solvers = [self.flow]
        self.works = Works(works.NAME)
        self.plant.add(self.works)
        for item in self.file.devices:
            id = f"{item.name}/device"
            device = device_catalogue.KINDS[item.profile.kind].build(id, self._own(item.params, id))
            device.inexact = self.tolerances == "seeded"
            self._where[device.id] = item.where
            device.place, device.stands_m = item.place
            self.devices[item.name] = device
            self.plant.add(device)
        for device in self.devices.values():
            for ref in device.params.powered_by:
                try:
                    self.flow.supply(ref)
                except PlantError as error:
                    error.who = device.id
                    raise

    def _own(self, ratings: R, id: str) -> R:
        """The ratings of one component or device: as written, or within their tolerances."""
        return drawn(ratings, id, self.plant.seed) if self.tolerances == "seeded" else ratings

    def __getitem__(self, name: str) -> Device:
        """The device of that name.

        Raises:
            PlantError: there is none; the message names near ones.
        """
        if name not in self.devices:
            raise PlantError(f"{self.name} has no device {name!r}{did_you_mean(name, self.devices)}")
        return self.devices[name]

    @property
    def now(self) -> float:
        """Seconds since the site was started."""
        return self.plant.now

    def advance(self, seconds: float) -> None:
        """Let `seconds` of the plant's time pass."""
        self.plant.advance(self.plant.now + seconds)

    def reachable(self, name: str) -> bool:
        """True if the management station can reach the device: its card, its switch and the path are up."""
        device = self.devices[name]
        return device.answers if self.network is None else self.network.reachable(device.id)

    # -- faults ---------------------------------------------------------------------------------------------

    def faults(self, target: str) -> dict[str, Fault]:
        """The faults of a target: those of its component and those of its firmware.

        Raises:
            PlantError: nothing is called that.
        """
        found: dict[str, Fault] = {}
        for actor in self._actors(target):
            found.update(actor.FAULTS)
        return found

    def numbered(self, target: str, parameter: str) -> int | None:
        """The number of parts (banks, ports …) that this parameter numbers from 1; None if it numbers nothing.

        Raises:
            PlantError: nothing is called that.
        """
        counts = (actor.numbered(parameter) for actor in self._actors(target))
        return next((count for count in counts if count is not None), None)

    def inject(
        self, target: str, kind: str, parameters: Mapping[str, float] | None = None, for_s: float | None = None
    ) -> None:
        """Apply a fault to a component or its firmware, for `for_s` seconds or until cleared.

        A fault of a point (of two breakers …) names it after the target: `crah-11:air.supply`.

        Raises:
            PlantError: no such target, fault, point or parameter, or a number out of range. Then nothing has changed.
        """
        self.plant.inject(*self._address(target, kind), parameters, for_s)
        self.plant.settle()

    def check(
        self, target: str, kind: str, parameters: Mapping[str, float] | None = None, for_s: float | None = None
    ) -> None:
        """Check the arguments as `inject` does, and change nothing.

        Raises:
            PlantError: as `inject`.
        """
        self.plant.check(*self._address(target, kind), parameters, for_s)

    def _address(self, target: str, kind: str) -> tuple[str, str]:
        """The actor that suffers that fault, and the fault with what it is of.

        Raises:
            PlantError: no such target, or it does not know the fault.
        """
        if not isinstance(target, str) or not isinstance(kind, str):
            raise PlantError(f"found {shown(target)} and {shown(kind)}, expected the names of a target and of a fault")
        name, colon, of = target.partition(":")
        chosen = next((actor for actor in self._actors(target) if kind in actor.FAULTS), None)
        if chosen is None:
            known = ", ".join(self.faults(target)) or "none"
            raise PlantError(f"{name} cannot suffer {shown(kind)}; it knows: {known}")
        if kind in ANSWER_FAULTS:
            self._check_that_it_shows(name, kind, of)
        return chosen.id, f"{kind}{colon}{of}"

    def _check_that_it_shows(self, name: str, kind: str, point: str) -> None:
        """Refuse an answer fault that no client could ever get.

        Raises:
            PlantError: the device's product does not show the point, or not over the fault's protocol.
        """
        profile = self.profiles[name]
        if point and (why := refusal(profile, kind, point)):
            raise PlantError(f"{name}:{point} cannot suffer {kind!r}: {why}")

    def clear(self, target: str | None = None, kind: str | None = None) -> list[tuple[str, str]]:
        """Clear one fault, all of a target's, or all; returns (target, kind) of each.

        Raises:
            PlantError: nothing of that name, or nothing to clear on it.
        """
        if target is None:
            cleared = self.plant.clear()
        else:
            of = target.partition(":")[2]
            cleared = []
            for actor in self._actors(target):
                for key in list(actor.state.faults):
                    name, points = split(key)
                    if kind in (None, name) and of in ("", ",".join(points)):
                        cleared += self.plant.clear(actor.id, key)
            if not cleared:
                raise PlantError(f"{target} has no active fault{f' {kind!r}' if kind else ''} to clear")
        self.plant.settle()
        return [_spoken(id, key) for id, key in cleared]

    def active_faults(self) -> list[tuple[str, str, dict[str, float]]]:
        """All active faults as (target, kind, parameters)."""
        return [
            (*_spoken(actor.id, key), parameters)
            for actor in self.plant.actors.values()
            for key, parameters in actor.state.faults.items()
        ]

    # -- deeds ----------------------------------------------------------------------------------------------

    def deeds(self, target: str) -> dict[str, DeedKind]:
        """The deeds that people can do at a target: those at its component and those at its panel.

        Raises:
            PlantError: nothing is called that.
        """
        found: dict[str, DeedKind] = {}
        for actor in self._actors(target):
            found.update({name: kind for name, kind in known_deeds(actor).items() if name not in found})
        return found

    def check_deed(self, target: str, deed: str, given: Mapping[str, Argument] | None = None) -> None:
        """Check the arguments as `do` does, and do nothing.

        Raises:
            PlantError: as `do`.
        """
        find(self._actors(target), target, deed, given or {})

    def do(self, target: str, deed: str, given: Mapping[str, Argument] | None = None) -> Outcome:
        """Do a deed of a person now. A padlock or interlock that refuses it is an outcome, which the journal has too.

        Raises:
            PlantError: no such target, deed or argument, or a value that the deed does not take.
        """
        actor, kind = find(self._actors(target), target, deed, given or {})
        outcome = carry_out(self.plant, actor, deed, kind, given or {})
        self.plant.settle()
        return outcome

    def _actors(self, target: str) -> list[Actor]:
        """The actors that can suffer faults of that target, whatever it names after a colon."""
        name = target.partition(":")[0]
        found: list[Actor] = [a for a in (self.components.get(name), self.devices.get(name)) if a is not None]
        if not found and name == self.works.id:
            return [self.works]
        if not found:
            hint = did_you_mean(name, [*self.components, *self.devices])
            raise PlantError(f"nothing in {self.name} is called {shown(name)}{hint}")
        return found


def _spoken(id: str, key: str) -> tuple[str, str]:
    """An actor's id and the name of its active fault as target and kind: `("crah-11:air.supply", "sensor-bias")`."""
    kind, of = split(key)
    target = id.partition("/")[0]
    return f"{target}:{','.join(of)}" if of else target, kind
