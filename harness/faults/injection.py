"""One fault as data: what, on which target, from when, for how long, how strong.

An `Injection` says nothing of how it is realised, so it can be written to a file, shrunk and replayed in any world.
`harness.faults.schedule` turns it into what is to be done when.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.durations import seconds

TIMES = ("at_s", "for_s", "ramp_s")
"""Fields that hold a time; as text they may be written `15 min`."""


class InjectionError(ValueError):
    """An injection contradicts itself; `field` names where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Injection:
    """A fault on one target.

    `target` is a component or device; a fault of one of its points names it too, `crah-11:air.supply`. It begins at
    `at_s` and ends `for_s` later, or as soon as the condition `until` holds at a look after it began, whichever comes
    first; with neither it lasts to the end.

    `ramp_s`: the given `parameters` go from neutral (nothing happens) to their values in `schedule.RAMP_STEPS` equal
    steps, the last one `ramp_s` after `at_s`. `flap`: (s on, s off) repeated from `at_s` on, each time varied evenly by
    up to `flap_jitter` of itself.

    Raises:
        InjectionError: a field contradicts itself or another one.
    """

    target: str
    kind: str
    at_s: float = 0.0
    for_s: float | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    ramp_s: float = 0.0
    flap: tuple[float, float] | None = None
    until: str | None = None
    flap_jitter: float = 0.0

    def __post_init__(self) -> None:
        if not self.target:
            raise InjectionError("target", "is empty, expected a component or device")
        if not self.kind:
            raise InjectionError("kind", "is empty, expected a fault as `twinfeed faults` lists it")
        if not 0.0 <= self.at_s < math.inf:
            raise InjectionError("at_s", f"is {self.at_s:g}, expected 0 s or later")
        if self.for_s is not None and not 0.0 < self.for_s < math.inf:
            raise InjectionError("for_s", f"is {self.for_s:g}, expected more than 0 s (or leave it out)")
        if not 0.0 <= self.ramp_s < math.inf:
            raise InjectionError("ramp_s", f"is {self.ramp_s:g}, expected 0 s or more")
        if self.ramp_s and not self.parameters:
            raise InjectionError("ramp_s", "there is nothing to ramp; give the parameters to be reached")
        if self.ramp_s and self.flap:
            raise InjectionError("flap", "a fault either ramps or flaps; use two injections for both")
        if self.flap is not None and not (len(self.flap) == 2 and all(0.0 < s < math.inf for s in self.flap)):
            raise InjectionError("flap", f"is {self.flap}, expected the seconds on and off, both more than 0")
        if not 0.0 <= self.flap_jitter < 1.0:
            raise InjectionError("flap_jitter", f"is {self.flap_jitter:g}, expected 0 to less than 1")

    def __hash__(self) -> int:
        return hash((self.target, self.kind, self.at_s, self.for_s, tuple(sorted(self.parameters.items()))))

    @property
    def ends_s(self) -> float:
        """The latest time at which it is over, s; infinite when nothing but a condition or the run's end stops it."""
        return math.inf if self.for_s is None else self.at_s + self.for_s

    def to_dict(self) -> dict[str, Any]:
        """JSON values, fields at their defaults left out."""
        data: dict[str, Any] = {"target": self.target, "kind": self.kind, "at_s": self.at_s}
        if self.for_s is not None:
            data["for_s"] = self.for_s
        if self.parameters:
            data["parameters"] = dict(self.parameters)
        if self.ramp_s:
            data["ramp_s"] = self.ramp_s
        if self.flap is not None:
            data["flap"] = list(self.flap)
        if self.flap_jitter:
            data["flap_jitter"] = self.flap_jitter
        if self.until is not None:
            data["until"] = self.until
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Injection:
        """The injection `to_dict` wrote; times may also be texts such as `15 min`.

        Raises:
            InjectionError: a field is missing, unknown, of the wrong type or contradicts another one.
        """
        for name in ("target", "kind"):
            if not isinstance(data.get(name), str):
                raise InjectionError(name, f"found {_shown(data.get(name))}, expected a text")
        if unknown := [name for name in data if name not in cls.__dataclass_fields__]:
            raise InjectionError(str(unknown[0]), "unknown field; is it misspelt?")
        fields = {name: value for name, value in data.items() if value is not None}
        for name in TIMES:
            if name in fields:
                fields[name] = _time(name, fields[name])
        if "flap" in fields:
            if not isinstance(fields["flap"], (list, tuple)) or len(fields["flap"]) != 2:
                raise InjectionError("flap", f"found {_shown(fields['flap'])}, expected [time on, time off]")
            fields["flap"] = tuple(_time("flap", value) for value in fields["flap"])
        if "flap_jitter" in fields:
            fields["flap_jitter"] = _number("flap_jitter", fields["flap_jitter"])
        if "until" in fields and not isinstance(fields["until"], str):
            raise InjectionError("until", f"found {_shown(fields['until'])}, expected a condition")
        parameters = fields.get("parameters", {})
        if not isinstance(parameters, Mapping):
            raise InjectionError("parameters", f"found {_shown(parameters)}, expected name: number")
        fields["parameters"] = {str(name): _number(f"parameters.{name}", value) for name, value in parameters.items()}
        return cls(**fields)


def _time(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise InjectionError(name, f"found {_shown(value)}, expected a time such as 90, 30s, 15min or 2h")
    try:
        return seconds(value)
    except ValueError as error:
        raise InjectionError(name, str(error)) from None


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InjectionError(name, f"found {_shown(value)}, expected a number")
    return float(value)


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
