"""When an entry of a scenario begins: the fields that faults, deeds and commands have in common.

    at_s      not before that time of the site's clock, s
    after     the name of another entry: not before that one has begun
    when      a condition: the first time it is true from then on
    delay_s   so much later than `after` or `when`, s

Faults, deeds and commands with the same onset begin in this order.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Protocol

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.injection import LASTING
from twinfeed.emulators.plant.kernel.ratings import Range, shown
from twinfeed.harness.durations import seconds

ONSET = Range(0.0, LASTING.high, "s")
"""When an entry may begin, and how long a ramp or a delay may take."""

MOST = 1e300
"""No number in a scenario is larger."""

TEXTS = ("name", "after", "when", "until")
"""Fields that hold a text."""

FIELDS = ("name", "after", "when", "delay_s", "may_miss")
"""The fields of an onset that entries have besides `at_s`, `for_s` and `until`."""


class InjectionError(ValueError):
    """An entry contradicts itself or another one. `field` is the wrong field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Conditioned(Hashable, Protocol):
    """Something that a condition ends or begins."""

    @property
    def until(self) -> str | None:
        """The condition, None if there is none."""


class Entry(Conditioned, Protocol):
    """A fault, a deed or a command of a scenario: the part that the schedule reads."""

    @property
    def target(self) -> str: ...
    @property
    def what(self) -> str:
        """The kind of fault, the deed, or the written point."""

    @property
    def name(self) -> str: ...
    @property
    def at_s(self) -> float: ...
    @property
    def for_s(self) -> float | None: ...
    @property
    def after(self) -> str: ...
    @property
    def when(self) -> str | None: ...
    @property
    def delay_s(self) -> float: ...
    @property
    def may_miss(self) -> bool: ...


def check(entry: Entry) -> None:
    """Refuse an onset that contradicts itself.

    Raises:
        InjectionError: names the field, what was found and what was expected.
    """
    in_range("at_s", entry.at_s, ONSET, "0 s or later")
    if entry.for_s is not None:
        in_range("for_s", entry.for_s, LASTING, "more than 0 s (or leave it out)")
    in_range("delay_s", entry.delay_s, ONSET, "0 s or more")
    if entry.delay_s and not entry.after and entry.when is None:
        raise InjectionError(
            "delay_s", "there is nothing to count from; give `after` or `when`, or write the time as at_s"
        )
    for field in TEXTS:
        value = getattr(entry, field)
        if value is not None and not isinstance(value, str):
            raise InjectionError(field, f"found {shown(value)}, expected {_expected(field)}")
    if entry.when is not None and not entry.when.strip():
        raise InjectionError("when", "is empty, expected a condition")
    if not isinstance(entry.may_miss, bool):
        raise InjectionError("may_miss", f"found {shown(entry.may_miss)}, expected true or false")
    if entry.after and entry.after == entry.name:
        raise InjectionError("after", f"{shown(entry.name)} cannot begin after itself")


def _expected(field: str) -> str:
    return "a condition" if field in ("when", "until") else "a text"


def waits(entry: Entry) -> bool:
    """True if the entry begins after another one or on a condition, and not only at a time."""
    return bool(entry.after) or entry.when is not None


def linked(entries: Iterable[Entry], known: Iterable[str] = ()) -> tuple[int, InjectionError] | None:
    """The first entry whose name is taken, or whose `after` never comes, with its mistake; None if there is none.

    `known` are the names of entries that are scheduled already.
    """
    found = list(entries)
    names = dict.fromkeys(known, -1)
    for n, entry in enumerate(found):
        if entry.name and entry.name in names:
            return n, InjectionError("name", f"{shown(entry.name)} is the name of another entry, too")
        if entry.name:
            names[entry.name] = n
    for n, entry in enumerate(found):
        if entry.after and entry.after not in names:
            hint = did_you_mean(entry.after, names) or (
                f"; there are {', '.join(names)}" if names else "; none has one"
            )
            return n, InjectionError("after", f"no entry has the name {shown(entry.after)}{hint}")
    for n in range(len(found)):
        way = [n]
        while (of := found[way[-1]].after) and (before := names[of]) >= 0:
            if before in way:
                circle = " after ".join(shown(found[m].name) for m in [*way, before])
                return n, InjectionError("after", f"it never begins: {circle}")
            way.append(before)
    return None


def onset_of(entry: Entry) -> dict[str, Any]:
    """The fields of the onset and the end as JSON values, those at their defaults left out."""
    data: dict[str, Any] = {}
    if entry.name:
        data["name"] = entry.name
    if entry.at_s or not waits(entry):
        data["at_s"] = entry.at_s
    if entry.after:
        data["after"] = entry.after
    if entry.when is not None:
        data["when"] = entry.when
    if entry.delay_s:
        data["delay_s"] = entry.delay_s
    if entry.for_s is not None:
        data["for_s"] = entry.for_s
    return data


def end_of(entry: Entry) -> dict[str, Any]:
    """The last fields of an entry as JSON values, those at their defaults left out."""
    data: dict[str, Any] = {} if entry.until is None else {"until": entry.until}
    return {**data, "may_miss": True} if entry.may_miss else data


def given(data: Mapping[str, Any], known: Iterable[str], texts: Iterable[str], times: Iterable[str]) -> dict[str, Any]:
    """The fields of an entry that a file has; those in `texts` must be there, times are seconds.

    Raises:
        InjectionError: a field is missing, unknown, or of the wrong type.
    """
    for name in texts:
        if not isinstance(data.get(name), str):
            raise InjectionError(name, f"found {shown(data.get(name))}, expected a text")
    names = list(known)
    if unknown := [name for name in data if name not in names]:
        hint = did_you_mean(str(unknown[0]), names)
        raise InjectionError(shown(unknown[0]).strip("'"), f"unknown field{hint or '; is it misspelt?'}")
    fields = {name: value for name, value in data.items() if value is not None}
    for name in times:
        if name in fields:
            fields[name] = time_s(name, fields[name])
    return fields


def time_s(name: str, value: Any) -> float:
    """A time, s, which may be a text such as `15 min`.

    Raises:
        InjectionError: it is none.
    """
    try:
        return seconds(value)
    except ValueError as error:
        raise InjectionError(name, str(error)) from None


def number(name: str, value: Any) -> float:
    """
    Raises:
        InjectionError: it is no number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MOST:
        raise InjectionError(name, f"found {shown(value)}, expected a number")
    return float(value)


def in_range(name: str, value: Any, limits: Range, expected: str) -> None:
    """
    Raises:
        InjectionError: the number is out of its range.
    """
    if why := limits.refusal(value):
        most = f", {limits.high:g} s at most" if isinstance(value, (int, float)) and value > limits.high else ""
        raise InjectionError(name, f"{why.partition(', expected')[0]}, expected {expected}{most}")
