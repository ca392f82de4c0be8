"""The point that an object or register shows, if its name and unit make that unambiguous.

A wrong guess costs more than none: a name must hold every word of the point's and hardly any more, the unit must
measure the same, an enumeration must have a number for each of the point's words, and no other point may fit as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.devices.firmware.domain import ANY, POSSIBLE
from twinfeed.emulators.devices.firmware.points import AnyPoint, placeholders
from twinfeed.emulators.devices.firmware.system_points import SYSTEM_POINTS
from twinfeed.harness.characterise.drafting.units import Measure

SAME = {
    "volts": "voltage", "volt": "voltage", "amps": "current", "amp": "current", "amperes": "current",
    "freq": "frequency", "temp": "temperature", "watts": "power", "capacity": "charge", "loading": "load",
    "avg": "average", "tot": "total", "phases": "phase", "lines": "line", "fw": "firmware", "energies": "energy",
    "di": "input", "dis": "input", "din": "input", "inputs": "input", "do": "relay", "dout": "relay", "relays": "relay",
    "outlets": "outlet", "pumps": "pump",
}  # fmt: skip
"""Words that products and the catalogue have for the same."""

IDLE = frozenset(
    """the of and in is a an estimated remaining rms true actual measured present value reading adv basic ident status
    state percent percentage minutes time dev device raw active number revision""".split()  # noqa: SIM905 (a list of forty strings would be harder to read)
)
"""Words of a name with little meaning: a point may lack them."""

CATCH_ALL = ("unknown", "other", "undefined", "notapplicable")
"""Labels that stand for every state that an enumeration has no number for."""

YES = frozenset(["yes", "true", "on", "active", "present", "closed", "enabled", "alarm"])
NO = frozenset(["no", "false", "off", "inactive", "absent", "open", "disabled", "normal", "ok"])

OF_A_TRUTH = frozenset(["on", "closed", "active"])
"""Words of a point that is true or false, which the name of a bit leaves out: `Relay 1` is relay.1.closed."""

OF_A_BIT = frozenset(["digital", "status", "state", "contact", "output", "channel", "ch", "coil"])
"""Words that the names of bits have and their points lack."""

IDENTITY = ("system.model", "system.serial", "system.firmware")
"""Points of every device, and the words of products for them."""

MOST_EXTRA = 1
"""Words of a name that a point may lack, besides the idle ones."""


@dataclass(frozen=True)
class Guess:
    """A point and its form in a profile. `doubt` names the open decision, empty if there is none."""

    point: str
    factor: Fraction = Fraction(1)
    enum: Mapping[str, int] = field(default_factory=dict)
    doubt: str = ""


@dataclass(frozen=True)
class Shown:
    """The known facts of an object or register: name, unit, numbers with their names, recorded value."""

    name: str
    measure: Measure | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    is_text: bool = False
    indices: int = 0
    """The number of indices that select its row; 0 for a point that exists once."""
    recorded: tuple[float, ...] = ()
    group: str = ""
    """The name of the group it is in, whose words count as its own where a point needs them."""
    is_bit: bool = False
    """True for a coil or a discrete input: it is true or false, without unit and numbers."""


class Guesser:
    """Compares names with the catalogue of one device kind.

    `prefixes` are words that all names of a product begin with. `names` are all names of a list: `DI0` beside `DI1`
    means that the product counts from 0, and the catalogue from 1.
    """

    def __init__(self, kind: str, prefixes: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._from_zero = {_stem(words) for words in map(_words, names) if "0" in words}
        self._points = [*KINDS[kind].own, *(point for point in SYSTEM_POINTS if point.name in IDENTITY)]
        self._idle = IDLE | {kind.lower(), *(prefix.lower() for prefix in prefixes)}

    def guess(self, shown: Shown) -> Guess | None:
        """The point that fits, or None if none or several fit."""
        found = []
        for point in self._points:
            guess = self._fit(point, shown)
            if guess is not None:
                found.append((self._closeness(point, shown), guess))
        best = max((closeness for closeness, _ in found), default=None)
        names = {guess.point: guess for closeness, guess in found if closeness == best}
        return next(iter(names.values())) if len(names) == 1 else None

    def near(self, shown: Shown) -> list[str]:
        """Points that share words with its name, the nearest first: suggestions for a TODO."""
        words = set(_words(shown.name)) - self._idle
        scored = [
            (len(words & set(_point_words(point))) / (1 + len(_point_words(point))), point.name)
            for point in self._points
        ]
        return [name for score, name in sorted(scored, key=lambda item: (-item[0], item[1]))[:3] if score >= 0.5]

    def lacking(self, shown: Iterable[str]) -> list[str]:
        """The points of the kind that are not among these names, rows as in the catalogue."""
        have = {_unnumbered(name) for name in shown}
        return [point.name for point in self._points if _unnumbered(point.name) not in have]

    def _closeness(self, point: AnyPoint, shown: Shown) -> tuple[int, int, int]:
        """The number of words they share, the number left over, and true if the rows are the same without a choice."""
        names, own = set(_words(shown.name)), set(_point_words(point))
        return len(own & names), -len(names - own - self._idle), -abs(len(placeholders(point.name)) - shown.indices)

    def _row(self, point: AnyPoint, shown: Shown, words: list[str]) -> str | None:
        """The point's name for an entry: with its index names for a column, with a number for a single object."""
        names = placeholders(point.name)
        if len(names) == shown.indices:
            return point.name
        if shown.indices or len(names) != 1:
            return None
        if names[0] in ("line", "phase"):
            number = next((word for word in words if word in PHASES), None)
            return point.name.replace(f"{{{names[0]}}}", PHASES[number] if number else "1")
        numbers = [int(word) for word in words if word.isdigit()]
        if len(numbers) != 1:
            return None
        row = numbers[0] + (_stem(words) in self._from_zero)
        return point.name.replace(f"{{{names[0]}}}", str(row)) if row >= 1 else None

    def _fit(self, point: AnyPoint, shown: Shown) -> Guess | None:
        words, wanted = _words(shown.name), set(_point_words(point))
        idle = self._idle | OF_A_BIT if shown.is_bit else self._idle
        if shown.is_bit:
            if point.kind != "truth":
                return None
            wanted -= OF_A_TRUTH - set(words)
        if not wanted & set(words) or not wanted <= {*words, *_words(shown.group)}:
            return None
        name = self._row(point, shown, words)
        if name is None:
            return None
        numbered = {word for word in words if word.isdigit()} if name != point.name else set()
        if len(set(words) - wanted - idle - numbered) > MOST_EXTRA:
            return None
        if shown.is_bit:
            return Guess(name)
        if point.values or shown.labels:
            return _enumerated(point, name, shown)
        if point.unit:
            return None if shown.is_text else _measured(point, name, shown)
        # An entry with neither unit nor words is recognised by its name alone, which must then be the whole name.
        same = not (set(words) - wanted - {"ups", "dev", "device", "ident"} - (self._idle - IDLE))
        return Guess(name) if same and shown.measure is None and not placeholders(point.name) else None


def _stem(words: list[str]) -> str:
    return " ".join(word for word in words if not word.isdigit())


def _unnumbered(name: str) -> str:
    """A point's name with `{}` for each row: those of `relay.3.closed` and `relay.{relay}.closed` are the same."""
    return ".".join(
        "{}" if part.startswith("{") or part.replace("-", "").isdigit() else part for part in name.split(".")
    )


PHASES = {"l1": "1", "l2": "2", "l3": "3", "a": "1", "b": "2", "c": "3", "1": "1", "2": "2", "3": "3"}
"""The words in names that stand for a phase."""


def _measured(point: AnyPoint, name: str, shown: Shown) -> Guess | None:
    if shown.measure is None:
        doubt = f"unit and factor are not given: the point is in {point.unit}"
        return Guess(name, doubt=doubt) if _possible(point.unit, Fraction(1), shown.recorded) else None
    factor = shown.measure.factor_for(point.unit)
    if factor is None or not _possible(point.unit, factor, shown.recorded):
        return None
    return Guess(name, factor)


def _possible(unit: str, factor: Fraction, recorded: tuple[float, ...]) -> bool:
    low, high = POSSIBLE.get(unit, ANY)
    return all(low <= value * factor <= high for value in recorded)


def _enumerated(point: AnyPoint, name: str, shown: Shown) -> Guess | None:
    """A number for each word of the point, or a catch-all for those that the product has none for."""
    if not shown.labels:
        return None
    labels = {label: set(_words(label)) for label in shown.labels}
    shared = set.intersection(*labels.values()) if len(labels) > 1 else set()
    own = {label: words - shared for label, words in labels.items()}
    if not point.values:
        yes = [label for label, words in own.items() if words & YES]
        no = [label for label, words in own.items() if words & NO]
        is_truth = point.kind == "truth" or "active" in point.name
        if point.unit or len(labels) != 2 or len(yes) != 1 or len(no) != 1 or not is_truth:
            return None
        return Guess(name, enum={"true": shown.labels[yes[0]], "false": shown.labels[no[0]]})
    found: dict[str, int] = {}
    for value in point.values:
        words = set(_words(value))
        fits = [
            label for label, of in own.items() if of and (of == words or (words <= of and len(of) <= len(words) + 1))
        ]
        exact = [label for label in fits if own[label] == words]
        if len(exact or fits) == 1:
            found[value] = shown.labels[(exact or fits)[0]]
    missing = [value for value in point.values if value not in found]
    if 2 * len(found) < len(point.values) or len(set(found.values())) != len(found):
        return None
    if not missing:
        return Guess(name, enum=found)
    rest = next((number for label, number in shown.labels.items() if label.lower() in CATCH_ALL), None)
    if rest is None:
        return None
    return Guess(name, enum={**found, "*": rest}, doubt=f"which number stands for {', '.join(missing)}?")


BETWEEN_WORDS = re.compile(
    r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z]{2})(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|(?<=[A-Z])(?=[A-Z][a-z])"
)
"""A place in a name without blanks where another word begins: upsBattery, DI0, 3Volts, UPSOutput."""


def _words(name: str) -> list[str]:
    """`upsBatteryVoltage` -> ups, battery, voltage; words of the field are made one."""
    split = re.sub(
        r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z]{2})(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name
    )
    found = [SAME.get(word, word) for word in re.findall(r"[a-z0-9]+", re.sub(r"\bL (\d)", r"L\1", split).lower())]
    joined = " ".join(found)
    for phrase, word in (
        ("run time", "runtime"),
        ("minutes remaining", "runtime"),
        ("on battery time", "seconds on battery"),
        ("time on battery", "seconds on battery"),
        ("high prec", ""),
        ("percent load", "load"),
        ("load percent", "load"),
    ):
        joined = joined.replace(phrase, word)
    return joined.split()


def _point_words(point: AnyPoint) -> list[str]:
    name = point.name.removeprefix("system.")
    return [word for part in name.split(".") if not part.startswith("{") for word in _words(part.replace("_", " "))]
