"""What an actuator's positions mean in the words of the point that moves it.

A rig file has `on` and `off`; a relay takes True and False, an outlet `on` and `off`, a switch port `up` and `down`, a
setting a number. Which of them a point takes is in the device's profile and in the catalogue of its kind.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles.schema import Bit, Profile, Register, SnmpObject
from twinfeed.emulators.profiles.values import from_raw
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import catalogue, frames
from twinfeed.harness.faults.kinds import FaultKind
from twinfeed.harness.transports.places import Place, places, point_of
from twinfeed.hil_rigs.schema import Actuator, DeviceAccess, Position

ON: tuple[Value, ...] = (True, "on", "up", "closed")
OFF: tuple[Value, ...] = (False, "off", "down", "open")
"""The words of points for the two positions of a contact, of a supply, of a port."""

FLOATS = ("f32", "f64", "opaque-float", "opaque-double")
"""Types that hold a number as it is, to about seven digits."""


@dataclass(frozen=True)
class Words:
    """The values of one point: `known` if it is one of a few, else a number from `low` to `high`, else a text."""

    point: str
    """DEVICE.POINT."""
    known: tuple[Value, ...] = ()
    number: bool = False
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    step: float = 0.0
    """The worth of the last digit that the device holds, in the unit."""

    def value(self, position: Position) -> Value:
        """The point's value in that position.

        Raises:
            ValueError: the point takes no such value; the message names those it takes.
        """
        if self.known:
            return self._word(position)
        if not self.number:
            return position
        try:
            found = float(position)
        except ValueError:
            raise ValueError(self._wrong(position)) from None
        if not self.low <= found <= self.high:
            raise ValueError(self._wrong(position))
        return found

    def same(self, wanted: Value, found: Value) -> bool:
        """True if the point has that value, as closely as the device shows it."""
        if isinstance(wanted, float) and isinstance(found, int | float):
            return math.isclose(wanted, found, rel_tol=1e-6, abs_tol=0.51 * self.step)
        return wanted == found

    def __str__(self) -> str:
        """The values that it takes, for messages: `on, off`, `a number from 150 to 230 V`."""
        if self.known:
            switch = [name for name, of in (("on", ON), ("off", OFF)) if any(_in(word, of) for word in self.known)]
            own = [str(word) for word in self.known if not isinstance(word, bool)]
            return ", ".join(dict.fromkeys(switch + own))
        if not self.number:
            return N_("a text")
        low, high = self.low > -math.inf, self.high < math.inf
        text: str = N_("a number")
        if low and high:
            text = Phrase("a number from {low:g} to {high:g}", low=self.low, high=self.high)
        elif low:
            text = Phrase("a number from {low:g}", low=self.low)
        elif high:
            text = Phrase("a number to {high:g}", high=self.high)
        return f"{text} {self.unit}" if self.unit else text

    def _word(self, position: Position) -> Value:
        for word in self.known:
            if word == position:  # 1 and 0 are True and False, too
                return word
        for name, meant in (("on", ON), ("off", OFF)):
            if position == name:
                found = [word for word in self.known if _in(word, meant)]
                if len(found) == 1:
                    return found[0]
        raise ValueError(self._wrong(position))

    def _wrong(self, position: Position) -> str:
        return Phrase("found {position!r}, but {point} takes {self}", position=position, point=self.point, self=self)


def _in(word: Value, words: tuple[Value, ...]) -> bool:
    """True if it is one of them; 1 is not True here."""
    return any(word == other and type(word) is type(other) for other in words)


def words(
    profiles: Mapping[str, Profile], devices: Mapping[str, DeviceAccess], full: str, written: bool = False
) -> Words | None:
    """The values of DEVICE.POINT over the protocols by which its device is reached.

    None if it cannot be read (or written), or there is no such device.
    """
    device, _, point = full.partition(".")
    if device not in profiles or device not in devices:
        return None
    for place in places(profiles[device], point, written):
        if (devices[device].snmp if isinstance(place.entry, SnmpObject) else devices[device].modbus) is not None:
            return _of_place(full, profiles[device], place, written)
    return None


def _of_place(full: str, profile: Profile, place: Place, written: bool) -> Words:
    entry = place.entry
    if place.meanings is not None:
        return Words(full, tuple(place.meanings.values()))
    if entry.enum is not None:
        return Words(full, tuple(from_raw(entry, raw) for name, raw in entry.enum.items() if name != "*"))
    if isinstance(entry, Bit):
        return Words(full, (True, False))
    if entry.type in ("string", "opaque", "oid", "ipaddress") and not place.unit:
        return Words(full)
    catalogued = point_of(profile.kind, place.point)
    low, high = -math.inf, math.inf
    if written and entry.range is not None:
        low, high = sorted(raw * float(entry.factor) + float(entry.offset) for raw in entry.range)
    if catalogued is not None:
        low = max(low, catalogued.low if catalogued.low is not None else -math.inf)
        high = min(high, catalogued.high if catalogued.high is not None else math.inf)
    step = 0.0 if isinstance(entry, (Register, SnmpObject)) and entry.type in FLOATS else abs(float(entry.factor))
    return Words(full, number=True, low=low, high=high, unit=place.unit, step=step)


def state_point(actuator: Actuator, profiles: Mapping[str, Profile], devices: Mapping[str, DeviceAccess]) -> str | None:
    """The DEVICE.POINT that shows where an actuator stands, None if nothing does.

    It is the rig file's `state`. Without it, an outlet that is switched by a command shows it in the point `state`
    beside the command (PowerNet-MIB's rPDU2OutletSwitchedStatusState, PDU2-MIB's outletSwitchingState); everything else
    in the point that is written.
    """
    if actuator.state is not None:
        return actuator.state
    assert actuator.written is not None, "only points are read back"
    if actuator.outlet is not None and actuator.written.endswith(".control"):
        beside = actuator.written.removesuffix(".control") + ".state"
        if words(profiles, devices, beside) is not None:
            return beside
    return actuator.written if words(profiles, devices, actuator.written) is not None else None


def positions(actuator: Actuator) -> dict[tuple[str, ...], Position]:
    """Every position that the rig file names, by the field that names it."""
    named: dict[tuple[str, ...], Position] = {("normal",): actuator.normal}
    if actuator.safe is not None:
        named["safe",] = actuator.safe
    return named | {("causes", fault): position for fault, position in actuator.causes.items()}


NETEM = ("delay", "jitter", "loss", "duplication", "reordering", "bandwidth", "black-hole", "partition")
"""Faults of a path that tc netem can cause."""


def own_positions(actuator: Actuator) -> list[str]:
    """The positions of an actuator that is no point of a device."""
    match actuator.means:
        case "scpi":
            assert actuator.scpi is not None, "that is its means"
            return list(actuator.scpi.positions)
        case "operator":
            assert actuator.operator is not None, "that is its means"
            return list(actuator.operator.do)
        case "netem":
            return [spelt(actuator.normal), *NETEM]
    return [spelt(actuator.normal), *frames.BY_NAME]


def spelt(position: Position) -> str:
    """A position as a key of a file: 230.0 is `230`."""
    return position if isinstance(position, str) else f"{position:g}"


def parameters(site: Site, actuator: Actuator, position: str) -> dict[str, float]:
    """The parameters that shape that position, at their defaults: those that all the faults it causes have."""
    shaping: list[dict[str, float]] = []
    for fault, caused in actuator.causes.items():
        target, _, kind = fault.partition(" ")
        if spelt(caused) == position:
            shaping += [
                {name: spec.default for name, spec in entry.parameters.items()}
                for entry in _suffered(site, target)
                if entry.kind == kind
            ]
    common = set.intersection(*map(set, shaping)) if shaping else set()
    return {name: default for name, default in (shaping[0] if shaping else {}).items() if name in common}


def _suffered(site: Site, target: str) -> tuple[FaultKind, ...]:
    """The faults of a target; none for a name that nothing bears, which the rig file's reader reports by itself."""
    try:
        return catalogue.of_target(site, target)
    except PlantError:
        return ()
