"""One fault as data: what, on which target, from when, for how long, how strong.

An `Injection` does not determine how it is realised, so it can be written to a file, shrunk and replayed in any world.
`twinfeed.harness.faults.schedule` turns it into what is to be done when.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twinfeed.emulators.plant.kernel.injection import LASTING
from twinfeed.emulators.plant.kernel.ratings import Range, shown
from twinfeed.harness.faults import onset
from twinfeed.harness.faults.onset import ONSET, InjectionError, in_range, number, time_s
from twinfeed.harness.faults.reference import FaultRef

__all__ = ["Injection", "InjectionError"]

FLAPPING = Range(0.01, LASTING.high, "s")
"""The time for which a fault that comes and goes may be there, or not: at least half a cycle of 50 Hz, as the shortest
dip of IEC 61000-4-11."""

SHORTEST_PERIOD_S = 0.1
"""The shortest time from one onset of such a fault to the next, s. Each onset and each end settles the whole plant, so
that shorter ones would make an hour of a site take days; flicker of lamps is seen up to 9 times a second
(IEC 61000-4-15)."""

TIMES = ("at_s", "for_s", "delay_s", "ramp_s")
"""Fields that hold a time; as text they may be written `15 min`."""


@dataclass(frozen=True)
class Injection:
    """A fault on one target.

    `target` is a component or device; for a fault of one point, append the point: `crah-11:air.supply`. It begins at
    `at_s`, or as `twinfeed.harness.faults.onset` has it. It ends `for_s` later, or the first time the condition
    `until` is true after it began, whichever comes first; without both it lasts to the end of the run.

    `ramp_s`: the `parameters` rise from neutral (no effect) to their values in `schedule.RAMP_STEPS` equal steps, the
    last one `ramp_s` after `at_s`. `flap`: (s on, s off), repeated from `at_s` on; each of the times is varied at
    random, evenly, by up to the fraction `flap_jitter`.

    Raises:
        InjectionError: a field contradicts itself or another one.
    """

    target: str
    """The component or device; `NAME:POINT` for a fault of one point."""
    kind: str
    """The fault, as `twinfeed faults` lists it."""
    at_s: float = 0.0
    """The time from the start of the run, s; as text `15 min`."""
    for_s: float | None = None
    """The longest duration, s; without it and `until` it lasts to the end of the run."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Name of a parameter of the fault -> its value, in the unit of the parameter; the others have their defaults."""
    ramp_s: float = 0.0
    """The time in which the parameters rise from no effect to their values, s."""
    flap: tuple[float, float] | None = None
    """The seconds on and off, again and again; as texts `[20 s, 40 s]`."""
    until: str | None = None
    """A condition: it ends the first time the condition is true after it began."""
    flap_jitter: float = 0.0
    """The fraction by which each of these times varies at random, 0 to less than 1."""
    name: str = field(default="", kw_only=True)
    """A name of this entry, for the `after` of others."""
    after: str = field(default="", kw_only=True)
    """The name of the entry whose onset it waits for."""
    when: str | None = field(default=None, kw_only=True)
    """A condition: it begins the first time the condition is true, not before `at_s`."""
    delay_s: float = field(default=0.0, kw_only=True)
    """The time that passes after `when` or `after`, s."""
    may_miss: bool = field(default=False, kw_only=True)
    """A run that ends before it begins is no mistake."""

    def __post_init__(self) -> None:
        for name, expected in (("target", "a component or device"), ("kind", "a fault as `twinfeed faults` lists it")):
            text = getattr(self, name)
            if not isinstance(text, str) or not text:
                found = "is empty" if text == "" else f"found {shown(text)}"
                raise InjectionError(name, f"{found}, expected {expected}")
        name, colon, of = self.target.partition(":")
        if colon and not (name and of):
            raise InjectionError("target", f"found {shown(self.target)}, expected a name on both sides of the colon")
        onset.check(self)
        in_range("ramp_s", self.ramp_s, ONSET, "0 s or more")
        if not isinstance(self.parameters, Mapping):
            raise InjectionError("parameters", f"found {shown(self.parameters)}, expected name: number")
        for name, value in self.parameters.items():
            number(f"parameters.{name}", value)
        if self.ramp_s and not self.parameters:
            raise InjectionError("ramp_s", "there is nothing to ramp; give the parameters to be reached")
        if self.ramp_s and self.flap:
            raise InjectionError("flap", "a fault either ramps or flaps; use two injections for both")
        if self.flap is not None:
            if not isinstance(self.flap, tuple) or len(self.flap) != 2:
                raise InjectionError(
                    "flap", f"is {shown(self.flap)}, expected the seconds on and off, both more than 0"
                )
            for span_s in self.flap:
                in_range("flap", span_s, FLAPPING, f"the seconds on and off, {FLAPPING.low:g} or more each")
            if sum(self.flap) < SHORTEST_PERIOD_S:
                raise InjectionError(
                    "flap",
                    f"comes again every {sum(self.flap):g} s, expected {SHORTEST_PERIOD_S:g} s or more from one onset "
                    "to the next; a fault that comes and goes faster is there all the time",
                )
        if number("flap_jitter", self.flap_jitter) < 0.0 or self.flap_jitter >= 1.0:
            raise InjectionError("flap_jitter", f"is {self.flap_jitter:g}, expected 0 to less than 1")

    def __hash__(self) -> int:
        return hash((self.target, self.kind, self.at_s, self.for_s, tuple(sorted(self.parameters.items()))))

    @property
    def fault(self) -> FaultRef:
        """Which fault of what."""
        return FaultRef.named(self.target, self.kind)

    @property
    def what(self) -> str:
        """The kind of fault."""
        return self.kind

    @property
    def ends_s(self) -> float:
        """The latest end of the fault, s; infinite if only a condition or the end of the run ends it."""
        return math.inf if self.for_s is None else self.at_s + self.for_s

    def to_dict(self) -> dict[str, Any]:
        """JSON values, fields at their defaults left out."""
        data: dict[str, Any] = {"target": self.target, "kind": self.kind, **onset.onset_of(self)}
        if self.parameters:
            data["parameters"] = dict(self.parameters)
        if self.ramp_s:
            data["ramp_s"] = self.ramp_s
        if self.flap is not None:
            data["flap"] = list(self.flap)
        if self.flap_jitter:
            data["flap_jitter"] = self.flap_jitter
        return {**data, **onset.end_of(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Injection:
        """The injection `to_dict` wrote; times may also be texts such as `15 min`.

        Raises:
            InjectionError: a field is missing, unknown, of the wrong type or contradicts another one.
        """
        fields = onset.given(data, cls.__dataclass_fields__, ("target", "kind"), TIMES)
        if "flap" in fields:
            if not isinstance(fields["flap"], (list, tuple)) or len(fields["flap"]) != 2:
                raise InjectionError("flap", f"found {shown(fields['flap'])}, expected [time on, time off]")
            fields["flap"] = tuple(time_s("flap", value) for value in fields["flap"])
        if "flap_jitter" in fields:
            fields["flap_jitter"] = number("flap_jitter", fields["flap_jitter"])
        parameters = fields.get("parameters", {})
        if not isinstance(parameters, Mapping):
            raise InjectionError("parameters", f"found {shown(parameters)}, expected name: number")
        fields["parameters"] = {str(name): number(f"parameters.{name}", value) for name, value in parameters.items()}
        return cls(**fields)
