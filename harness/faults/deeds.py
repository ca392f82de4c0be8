"""One deed of a person, and one command over the wire, as data: what, where, from when.

    deeds:
      - {target: q-tx-a, deed: open, at_s: 10 min, name: isolated}
      - {target: q-tx-a, deed: lock, after: isolated, delay_s: 1 min, until: "q-tx-b.closed"}
      - {target: row-1, deed: restart, when: "hall-1.inlet_c < 27", parameters: {gap_s: 20}}
    commands:
      - {target: chilled-water, point: pumps.duty, value: 2, when: "hall-1.inlet_c > 30"}

A person can also get a deed wrong: `skipped` leaves it out, `wrong` names the thing that the person takes for the
target, `late_s` is how much too late the person comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twinfeed.emulators.plant.kernel.deeds import Argument
from twinfeed.emulators.plant.kernel.ratings import shown
from twinfeed.harness.faults import onset
from twinfeed.harness.faults.onset import ONSET, InjectionError, in_range

TIMES = ("at_s", "for_s", "delay_s", "late_s")
"""Fields that hold a time; as text they may be written `15 min`."""


@dataclass(frozen=True)
class Deed:
    """A deed at one target, as `twinfeed deeds` lists them. Its onset is that of `twinfeed.harness.faults.onset`.

    With `for_s` or `until` it is taken back: what was opened is closed.

    Raises:
        InjectionError: a field contradicts itself or another one.
    """

    target: str
    """The component or device at which the person acts."""
    deed: str
    """The deed, as `twinfeed deeds TARGET` lists it."""
    at_s: float = 0.0
    """The time from the start of the run, s; as text `15 min`."""
    parameters: Mapping[str, Argument] = field(default_factory=dict)
    """Name of a parameter of the deed -> its value; the others have their defaults."""
    for_s: float | None = field(default=None, kw_only=True)
    """The longest duration, s; without it and `until` it is not taken back."""
    until: str | None = field(default=None, kw_only=True)
    """A condition: it is taken back the first time the condition is true after it began."""
    name: str = field(default="", kw_only=True)
    """A name of this entry, for the `after` of others."""
    after: str = field(default="", kw_only=True)
    """The name of the entry whose onset it waits for."""
    when: str | None = field(default=None, kw_only=True)
    """A condition: it begins the first time the condition is true, not before `at_s`."""
    delay_s: float = field(default=0.0, kw_only=True)
    """The time that passes after `when` or `after`, s."""
    may_miss: bool = field(default=False, kw_only=True)
    """True: a run that ends before it begins is no mistake."""
    skipped: bool = field(default=False, kw_only=True)
    """True: the person leaves the deed out."""
    wrong: str = field(default="", kw_only=True)
    """The name of the component that the person takes for the target."""
    late_s: float = field(default=0.0, kw_only=True)
    """The delay with which the person comes, s."""

    def __post_init__(self) -> None:
        _texts(self, ("target", "deed"), ("a component or device", "a deed as `twinfeed deeds` lists it"))
        onset.check(self)
        in_range("late_s", self.late_s, ONSET, "0 s or more")
        if not isinstance(self.parameters, Mapping):
            raise InjectionError("parameters", f"found {shown(self.parameters)}, expected name: value")
        for name, value in self.parameters.items():
            _value(f"parameters.{name}", value)
        if not isinstance(self.skipped, bool):
            raise InjectionError("skipped", f"found {shown(self.skipped)}, expected true or false")
        if not isinstance(self.wrong, str):
            raise InjectionError(
                "wrong", f"found {shown(self.wrong)}, expected the name of what is taken for the target"
            )
        if self.skipped and (self.wrong or self.late_s):
            raise InjectionError("skipped", "a deed that is left out is neither late nor at the wrong place")
        if self.wrong == self.target:
            raise InjectionError("wrong", f"{shown(self.wrong)} is the target itself")

    def __hash__(self) -> int:
        return hash((self.target, self.deed, self.at_s, self.name, self.when, self.after))

    @property
    def what(self) -> str:
        """The deed."""
        return self.deed

    @property
    def where(self) -> str:
        """The name of the thing that the person really acts on."""
        return self.wrong or self.target

    def to_dict(self) -> dict[str, Any]:
        """JSON values, fields at their defaults left out."""
        data: dict[str, Any] = {"target": self.target, "deed": self.deed, **onset.onset_of(self)}
        if self.parameters:
            data["parameters"] = dict(self.parameters)
        if self.skipped:
            data["skipped"] = True
        if self.wrong:
            data["wrong"] = self.wrong
        if self.late_s:
            data["late_s"] = self.late_s
        return {**data, **onset.end_of(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Deed:
        """The deed `to_dict` wrote; times may also be texts such as `15 min`.

        Raises:
            InjectionError: a field is missing, unknown, of the wrong type or contradicts another one.
        """
        fields = onset.given(data, cls.__dataclass_fields__, ("target", "deed"), TIMES)
        return cls(**{**fields, "parameters": _mapping(fields.get("parameters", {}))})


@dataclass(frozen=True)
class Command:
    """A write of one point of a device through its own protocol, as a management station sends it.

    With `for_s` or `until` the value that the point had before is written back.

    Raises:
        InjectionError: a field contradicts itself or another one.
    """

    target: str
    """The device."""
    point: str
    """The point that is written, as `twinfeed points DEVICE` lists it."""
    value: Argument
    """The value: a number in the unit of the point, a truth, or a word."""
    at_s: float = 0.0
    """The time from the start of the run, s; as text `15 min`."""
    for_s: float | None = field(default=None, kw_only=True)
    """The longest duration, s; without it and `until` the value stays."""
    until: str | None = field(default=None, kw_only=True)
    """A condition: the value from before is written back the first time the condition is true after it began."""
    name: str = field(default="", kw_only=True)
    """A name of this entry, for the `after` of others."""
    after: str = field(default="", kw_only=True)
    """The name of the entry whose onset it waits for."""
    when: str | None = field(default=None, kw_only=True)
    """A condition: it begins the first time the condition is true, not before `at_s`."""
    delay_s: float = field(default=0.0, kw_only=True)
    """The time that passes after `when` or `after`, s."""
    may_miss: bool = field(default=False, kw_only=True)
    """True: a run that ends before it begins is no mistake."""

    def __post_init__(self) -> None:
        _texts(self, ("target", "point"), ("a device", "a point as `twinfeed points` lists it"))
        _value("value", self.value)
        onset.check(self)

    def __hash__(self) -> int:
        return hash((self.target, self.point, self.at_s, self.name, self.when, self.after))

    @property
    def what(self) -> str:
        """The point that is written."""
        return self.point

    def to_dict(self) -> dict[str, Any]:
        """JSON values, fields at their defaults left out."""
        data = {"target": self.target, "point": self.point, "value": self.value}
        return {**data, **onset.onset_of(self), **onset.end_of(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Command:
        """The command `to_dict` wrote; times may also be texts such as `15 min`.

        Raises:
            InjectionError: a field is missing, unknown, of the wrong type or contradicts another one.
        """
        fields = onset.given(data, cls.__dataclass_fields__, ("target", "point"), TIMES[:3])
        if "value" not in fields:
            raise InjectionError("value", "is missing, expected a number, a truth or a word")
        return cls(**fields)


def _texts(entry: object, names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    for name, wanted in zip(names, expected, strict=True):
        text = getattr(entry, name)
        if not isinstance(text, str) or not text:
            found = "is empty" if text == "" else f"found {shown(text)}"
            raise InjectionError(name, f"{found}, expected {wanted}")


def _mapping(value: Any) -> dict[str, Argument]:
    if not isinstance(value, Mapping):
        raise InjectionError("parameters", f"found {shown(value)}, expected name: value")
    return {str(name): given for name, given in value.items()}


def _value(field: str, value: Any) -> None:
    if not isinstance(value, (bool, str)):
        onset.number(field, value)
