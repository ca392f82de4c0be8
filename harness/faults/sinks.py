"""The sinks of faults. Each kind of fault has one sink: the controller under test, the wire, or the site.

    sinks = [OfController(), OfWire(site), OfSite(site)]
    sink_of(sinks, fault).check(fault, parameters, for_s)

The sinks here only `check`: they refuse what every world has to refuse. A world uses its own sinks, which also
`apply` and `lift`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.faults import chosen
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import controllers, frames
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.reference import FaultRef

Strength = Mapping[str, float]
"""Parameter -> value."""

CONTROLLER = "controller"
"""The target of faults of the controller under test."""

OF_CONTROLLER = {kind.kind: kind for kind in controllers.KINDS}

SPEAKS: Mapping[str, frames.Speaks] = {"modbus": "modbus-tcp", "snmp": "snmp"}
"""Protocol of a profile or an address -> its name among faults of the wire."""


class Check(Protocol):
    """Refuses faults that cannot happen."""

    def realises(self, fault: FaultRef) -> bool:
        """True if this sink realises faults of that kind on that target."""

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        """
        Raises:
            PlantError: no such target, point or parameter, or a number out of its range; the message names it.
        """


class Sink(Check, Protocol):
    """Realises faults: a site, a world's wire, the controller under test, or a world that routes to those."""

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        """Begin the fault, or change the parameters of an active one."""

    def lift(self, fault: FaultRef) -> None:
        """End the fault, and restore the state before. Does nothing if the fault has ended by itself."""


Realising = TypeVar("Realising", bound=Check)


def sink_of(sinks: Sequence[Realising], fault: FaultRef) -> Realising:
    """The sink that realises a fault; the last one takes what no other does."""
    return next((sink for sink in sinks if sink.realises(fault)), sinks[-1])


def check(site: Site, injection: Injection) -> None:
    """Refuse a fault that cannot happen on a site, in whatever world.

    Raises:
        PlantError: the message names target, kind and parameter, what was found and what was expected.
    """
    sinks: list[Check] = [OfController(), OfWire(site), OfSite(site)]
    sink_of(sinks, injection.fault).check(injection.fault, injection.parameters, injection.for_s)


class OfController:
    """Checks faults of the controller under test."""

    def realises(self, fault: FaultRef) -> bool:
        return fault.kind in OF_CONTROLLER

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        if fault.where != CONTROLLER:
            raise PlantError(f"{fault.where!r} cannot suffer {fault.kind!r}; its target is `{CONTROLLER}`")
        try:
            chosen(OF_CONTROLLER[fault.kind].parameters, parameters)
        except ValueError as error:
            raise PlantError(f"{fault}: {error}") from None


class OfWire:
    """Checks faults of the messages between the station and the devices of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def realises(self, fault: FaultRef) -> bool:
        """A link of the plant has losses of its own."""
        return fault.kind in frames.BY_NAME and not fault.of and fault.target in self._site.devices

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        try:
            frames.chosen(fault.kind, parameters)
        except ValueError as error:
            raise PlantError(f"{fault.target} {error}") from None
        profile = next(entry.profile for entry in self._site.file.devices if entry.name == fault.target)
        spoken = [SPEAKS[protocol] for protocol in SPEAKS if getattr(profile, protocol) is not None]
        wanted = frames.protocols(fault.kind)
        if wanted and not set(wanted).intersection(spoken):
            raise PlantError(
                f"{fault.target} does not speak what {fault.kind} alters; it speaks {' and '.join(spoken)}"
            )


class OfSite:
    """Faults of the plant, its sensors, its firmware and its people, on a site in this process."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def realises(self, fault: FaultRef) -> bool:
        """All that no other sink realises."""
        return True

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        self.site.check(fault.where, fault.kind, parameters, for_s)

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        """As `Sink`.

        Raises:
            PlantError: as `check`.
        """
        self.site.inject(fault.where, fault.kind, parameters)

    def lift(self, fault: FaultRef) -> None:
        if any((where, kind) == (fault.where, fault.kind) for where, kind, _ in self.site.active_faults()):
            self.site.clear(fault.where, fault.kind)
