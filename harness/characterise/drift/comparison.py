"""The differences between a device and its twin: two recordings, compared through the profile.

Always compared: identity, which variables and registers there are, ASN.1 types, what the profile gives no meaning, and
numbers that betray a mistake (`mistakes`: order, sentinel, range, scale; `relations` within the device). When both ran
over time: when modes and alarms changed (`timing`). When both were in the same scenario: the values themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.characterise.drift import mistakes, surfaces
from twinfeed.harness.characterise.drift.mistakes import COUNTED, Pair
from twinfeed.harness.characterise.drift.readings import course
from twinfeed.harness.characterise.drift.relations import broken
from twinfeed.harness.characterise.drift.served import Item, Served, served
from twinfeed.harness.characterise.drift.surfaces import Difference
from twinfeed.harness.characterise.drift.timing import VOLATILE, timing
from twinfeed.harness.characterise.recording.recording import Recording

KINDS = {
    "nothing": "nothing was compared",
    "identity": "it says that it is something else",
    "missing": "the device has it, the twin lacks it",
    "extra": "the twin has it, the device lacks it",
    "rows": "tables have other rows",
    "type": "another ASN.1 type",
    "meaning": "the profile gives the device's value no meaning",
    "order": "words or bytes are the other way round",
    "sentinel": "a number that stands for no value",
    "range": "no such value can be: unit or scale of the profile",
    "scale": "a power of ten or sixty apart, or in °F: unit or scale",
    "relation": "it does not fit the other numbers of the device: unit or scale",
    "value": "another value in the same scenario",
    "timing": "it changed at another time, or to something else",
}
"""Kinds of differences, in the order of the output."""


FLOAT_NOISE = 1e-3
"""Floats that are no further apart, in their unit, are the same: the neutral current of a balanced load is no zero."""


@dataclass(frozen=True)
class Compared:
    """The share of a device that was compared with its twin."""

    values: int
    """Values that both serve: of the profile, or at all if there is none."""
    numbers: int
    """Numbers among them."""
    points: int
    """Points of the profile that they show."""

    def __str__(self) -> str:
        if not self.values:
            return "nothing was compared: the device and the twin have nothing in common that the profile knows"
        return (
            f"compared: {self.values} values that both serve, {self.numbers} of them numbers, of {self.points} points"
        )


class How(TypedDict, total=False):
    """The arguments of `compare` by name."""

    same_scenario: bool
    tolerance: float
    within_s: float
    partial: bool
    ignore: Iterable[str]


def drift(device: Recording, twin: Recording, profile: Profile | None, **how: Unpack[How]) -> list[Difference]:
    """Every difference, in the order of `KINDS`; that nothing was compared is one, too. Arguments as `compare`."""
    return compare(device, twin, profile, **how)[0]


def compare(
    device: Recording,
    twin: Recording,
    profile: Profile | None,
    *,
    same_scenario: bool = False,
    tolerance: float = 0.1,
    within_s: float = 1.0,
    partial: bool = False,
    ignore: Iterable[str] = (),
) -> tuple[list[Difference], Compared]:
    """Every difference, in the order of `KINDS`, and how much was compared.

    `tolerance` is how far values may be apart in the same scenario, relative to the larger; `within_s` how far
    changes may be apart, s, beyond what the walks leave open. The recording of a `partial` device does not hold all of
    it: what only the twin has is no difference then. `ignore` are OIDs and points, with what is below them.

    Raises:
        ValueError: the recordings are of different protocols.
    """
    if device.protocol != twin.protocol:
        raise ValueError(f"the device was recorded by {device.protocol}, the twin by {twin.protocol}: both by one")
    found = list(_identity(device, twin))
    found += surfaces.compare(device, twin, profile)
    if profile is None:
        counted = Compared(len(_places(device) & _places(twin)), 0, 0)
    else:
        theirs, ours = served(device, profile), served(twin, profile)
        pairs = _pairs(theirs, ours)
        counted = _counted(pairs)
        found += _numbers(pairs, profile, [t_s for t_s, _ in theirs])
        if same_scenario:
            found += _values(theirs, ours, tolerance)
        if len(theirs) > 1 and len(ours) > 1:
            found += timing(course(device, profile), course(twin, profile), profile, within_s)
    if counted.values == 0:
        found.append(Difference("nothing", "everything", _size(device), _size(twin), "they have nothing in common"))
    left_out = tuple(ignore)
    kept = [d for d in found if not any(f"{d.where} ".startswith((f"{name}.", f"{name} ")) for name in left_out)]
    if partial:
        kept = [d for d in kept if d.kind != "extra" and not (d.kind == "rows" and d.note.startswith("only the twin"))]
    order = list(KINDS)
    return sorted(kept, key=lambda difference: order.index(difference.kind)), counted


def _counted(pairs: Iterable[Pair]) -> Compared:
    both = [pair for pair in pairs if pair.twin]
    points = {pair.device[0].place.point for pair in both} - {""}
    return Compared(len(both), sum(pair.is_number for pair in both), len(points))


def _identity(device: Recording, twin: Recording) -> Iterator[Difference]:
    theirs, ours = device.identity, twin.identity
    for name in theirs:
        if name != "sysDescr" and theirs[name] != ours.get(name):
            where = name if not name.isdigit() else f"identification object {name}"
            yield Difference("identity", where, theirs[name], ours.get(name, "–"))


# -- values -----------------------------------------------------------------------------------------------------


def _pairs(theirs: Sequence[tuple[float, Served]], ours: Sequence[tuple[float, Served]]) -> list[Pair]:
    """The served values of the device, each beside the twin's value at the same place."""
    device, twin = _by_place(theirs), _by_place(ours)
    shown = Counter(items[0].name for items in device.values())
    return [
        Pair(name if shown[name := items[0].name] == 1 else f"{name} ({at})", items, twin.get(at, []))
        for at, items in device.items()
    ]


def _by_place(of: Sequence[tuple[float, Served]]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for _, walk in of:
        for at, item in walk.items():
            found.setdefault(at, []).append(item)
    return found


def _numbers(pairs: Sequence[Pair], profile: Profile, times_s: Sequence[float]) -> Iterator[Difference]:
    """Mistakes in the profile's meanings, units and scales that the device's values show; each place at most once."""
    told: set[str] = set()
    numbers = [pair for pair in pairs if pair.is_number]
    alike = mistakes.are_alike(numbers)

    def once(differences: Iterable[Difference | None]) -> Iterator[Difference]:
        for difference in differences:
            if difference is not None and difference.where not in told:
                told.add(difference.where)
                yield difference

    yield from once(mistakes.judged(pair) if pair.is_number else mistakes.impossible(pair) for pair in pairs)
    yield from once(broken(profile.kind, numbers, times_s))
    yield from once(mistakes.among_loads(numbers))
    if alike:
        yield from once(mistakes.in_the_same_state(pair) for pair in numbers)


def _values(
    theirs: Sequence[tuple[float, Served]], ours: Sequence[tuple[float, Served]], tolerance: float
) -> Iterator[Difference]:
    """The worst difference of each place over time."""
    labels = {pair.device[0].at: pair.label for pair in _pairs(theirs, ours)}
    worst: dict[str, tuple[float, Difference]] = {}
    for t_s, walk in theirs:
        others = max((other for other in ours if other[0] <= t_s + 1e-6), key=_begin, default=ours[0])[1]
        for at, item in walk.items():
            other = others.get(at)
            if other is None or item.meaningless or other.meaningless or item.name.startswith(VOLATILE):
                continue
            apart = _apart(item, other)
            if apart > tolerance and apart > worst.get(at, (0.0,))[0]:
                by = f"by {100 * apart:.0f} %, " if math.isfinite(apart) else ""
                note = f"{by}at {round(t_s, 1):g} s"
                worst[at] = apart, Difference("value", labels[at], _shown(item), _shown(other), note)
    for _, difference in worst.values():
        yield difference


def _begin(walk: tuple[float, Served]) -> float:
    return walk[0]


def _apart(item: Item, other: Item) -> float:
    """The distance of two values, relative to the larger one; infinite for words, and where only one is known."""
    if item.unknown or other.unknown:
        return 0.0 if item.raw == other.raw or (item.raw != item.raw and other.raw != other.raw) else math.inf
    a, b = item.value, other.value
    if isinstance(a, bool | str | bytes) or isinstance(b, bool | str | bytes):
        return 0.0 if a == b else math.inf
    if item.place.entry.flags is not None:
        return 0.0 if a == b else math.inf
    rounding = max(item.step, FLOAT_NOISE) if item.place.unit else 0.0
    if item.place.unit in COUNTED and abs(a) < 10.0:
        rounding = max(rounding, 1.0)  # a counter that has just begun depends on the second it began
    return 0.0 if abs(a - b) <= rounding else abs(a - b) / max(abs(a), abs(b))


def _places(recording: Recording) -> set[object]:
    """Every variable, register and bit that the walks of a recording hold."""
    return {place for walk in recording.walks for place in (*walk.variables, *walk.registers)}


def _size(recording: Recording) -> str:
    return f"{len(_places(recording))} {'variables' if recording.protocol == 'snmp' else 'registers'}"


def _shown(item: Item) -> str:
    value = item.value
    if item.unknown:
        return f"{item.raw!r}: {item.unknown}"
    text = f"{value:g}" if isinstance(value, float) else value.hex() if isinstance(value, bytes) else str(value)
    return f"{text} {item.place.unit}".strip()
