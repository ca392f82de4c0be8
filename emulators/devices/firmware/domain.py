"""The domain of a quantity: which values can be written to it, and which values it can show at all.

Each point of a device (`Point.domain`) and each quantity of a component (`of_quantity`) has one. A value that a
quantity cannot show is no reading: it comes from another scale, word order or type, from a broken wire, or from a card
that answers with its "not available" number. The harness then treats the quantity as unknown and keeps the value
beside it.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.electrical import LOADING_PERCENT
from twinfeed.emulators.plant.racks.racks import RackRow

Kind = Literal["number", "truth", "word", "text", "octets"]
Bounds = tuple[float, float]

TEXT_LENGTH = 255
"""Characters of the longest text that is written (RFC 2579 DisplayString: 0 to 255)."""

ANY: Bounds = (-(2.0**63), 2.0**64)
"""The range of the widest integers of Modbus and SNMP."""

COUNT: Bounds = (0.0, 2.0**64)
"""Counts and numbers without a unit (SNMP Counter64)."""

SHARE: Bounds = (0.0, 100.0)
"""Part of a whole, %: a state of charge, a level, a relative humidity, a valve."""

LOADING: Bounds = LOADING_PERCENT
"""Load of a rating, %."""

DISTORTION: Bounds = (0.0, 1000.0)
"""Distortion or unbalance as part of a mean that may itself be small, %. Engineering judgement."""

POWER_FACTOR: Bounds = (-1.0, 1.0)
"""IEEE 1459: active over apparent power; negative where power is returned."""

FOUR_QUADRANT: Bounds = (-2.0, 2.0)
"""Schneider's four-quadrant power factor: 2 - |pf| where the current leads (PM5500 register list, note 3)."""

SIGNED_AMPERES: Bounds = (-1e4, 1e4)
"""A direct current whose sign is its direction, A."""

BURNING: Bounds = (-60.0, 1000.0)
"""The range that a probe on a battery can meet, °C: cells in thermal runaway pass 800 °C (UL 9540A tests)."""

PROBE: Bounds = (-1e6, 1e6)
"""A probe of any kind, in whatever unit it measures."""

CLOCK: Bounds = (-(2.0**32), 2.0**32)
"""A clock or an uptime that may itself be wrong, s."""

POSSIBLE: Mapping[str, Bounds] = {
    "%": SHARE, "V": (0.0, 1500.0), "Hz": (0.0, 100.0), "°C": (-60.0, 250.0), "A": (0.0, 1e5),
    "W": (-1e6, 1e7), "VA": (0.0, 1e8), "kW": (-1e3, 1e4), "kVA": (0.0, 1e5), "kvar": (-1e5, 1e5),
    "kWh": (0.0, 1e9), "kVAh": (0.0, 1e9), "kvarh": (0.0, 1e9),
    "rpm": (0.0, 5000.0), "1/min": (0.0, 5e4), "kPa": (-100.0, 5000.0),
    "Pa": (-1e4, 1e5), "bar": (-1.0, 500.0),
    "l": (0.0, 1e6), "l/s": (0.0, 1000.0), "l/h": (-1e5, 1e5), "m3/s": (0.0, 100.0),
    "h": (0.0, 1e6), "s": (-1.0, 2.0**31), "d": (-1e5, 1e5),
    "Mb/s": (0.0, 1e6), "Gb/s": (0.0, 1e5), "octets": (0.0, 65535.0), "kB": (0.0, 1e12), "": COUNT,
}  # fmt: skip
"""The range that low-voltage equipment can show at all, by unit; a point that knows more declares its own bounds.

1,500 V is where low voltage ends (IEC 60038, direct current). The largest low-voltage breakers carry 6,300 A, so 10 MW
is above any low-voltage board; returned power stays below a tenth of that. They break 100 kA (IEC 60947-2): a short
circuit shows up to that current and 3 x 230 V x 100 kA = 69 MVA. Mineral oil in a transformer stays below 250 °C. -1 s
stands for "no time set" in RFC 1628 and PowerNet-MIB; 2^31 is past the largest INTEGER. The others are engineering
judgement.
"""

RESOLUTION: Mapping[str, float] = {"V": 1e-3, "Hz": 1e-2}
"""A value of these that is not zero is at least this large: a float with swapped words or bytes is mostly smaller."""

MEASURED = frozenset(
    {"%", "V", "Hz", "°C", "A", "W", "VA", "kW", "kVA", "kvar", "rpm", "kPa", "Pa", "bar", "l/s", "l/h", "m3/s"}
)
"""Units of continuous measurements. A value of exactly one of `SENTINELS` means that the device has no measurement."""

SENTINELS = frozenset({
    65535.0, 32767.0, -32767.0, -32768.0, 2.0**31 - 1, -(2.0**31), 2.0**32 - 1,
    6553.5, 3276.7, -3276.7, -3276.8,
})  # fmt: skip
"""The ends of 16- and 32-bit numbers, and of 16-bit numbers that count tenths: "not available", "open loop" and
saturation on the wire (SunSpec's 0x8000 and 0xFFFF, pCO's -32768, converters with a broken wire)."""


PEAK_OF_RATING = 10.0
"""The largest power that a UPS or a generating set can show, parts of its rated apparent power. A static bypass
carries 1,000 % for 100 ms (Schneider Galaxy VS and VM, technical specifications, bypass overload); an inverter and an
alternator stay below that (ISO 8528-3: a sustained short circuit of three times the rated current)."""

IN_A_KVA: Mapping[str, float] = {"kW": 1.0, "kVA": 1.0, "kvar": 1.0, "W": 1e3, "VA": 1e3}
"""Units of power -> how many of them are a kVA."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that a quantity can take.

    `words` are those of a quantity of kind `word`. `low` and `high` bound what can be written, `least` and `most` what
    can be shown, all in `unit`. A `whole` number has no fraction. `length` bounds a text or octets that are written.
    `sentinels` is true if a number of `SENTINELS` stands for no value, as it does where the quantity is measured.
    """

    kind: Kind
    unit: str = ""
    words: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    least: float = -math.inf
    most: float = math.inf
    whole: bool = False
    length: tuple[int, int] = (0, TEXT_LENGTH)
    sentinels: bool = False

    def refuse(self, value: object) -> str | None:
        """The reason why a value cannot be written, with the expected values; None if it can."""
        if self.kind == "number":
            fits = _is_number(value) and self._writable_low <= value <= self._writable_high and self._is_whole(value)
        elif self.kind == "truth":
            fits = isinstance(value, bool)
        elif self.kind == "word":
            fits = isinstance(value, str) and value in self.words
        elif self.kind == "text":
            fits = isinstance(value, str) and self._fits(value) and _is_text(value)
        else:
            fits = isinstance(value, bytes) and self._fits(value)
        return None if fits else f"got {shown(value)}, expected {self.expected}"

    def impossible(self, value: object) -> str | None:
        """Why the quantity cannot show this value, None if it can.

        A truth may come as 0 or 1, octets as text; both are understood.
        """
        if self.kind == "number":
            return self._impossible_number(value)
        if self.kind == "truth":
            return None if isinstance(value, (bool, int, float)) and value in (0, 1) else self._not(value)
        if self.kind == "word":
            sound = isinstance(value, str) and (not self.words or value in self.words)
            return None if sound else self._not(value)
        return None if isinstance(value, (str, bytes)) else self._not(value)

    @property
    def expected(self) -> str:
        """The values that can be written, as text: `a number from 150 to 230 V`."""
        if self.kind == "number":
            number = "a whole number" if self.whole else "a number"
            low, high = self._writable_low, self._writable_high
            if (low, high) in (COUNT, ANY):
                return f"{number} {self.unit}".rstrip()
            return f"{number} from {low:g} to {high:g} {self.unit}".rstrip()
        if self.kind == "truth":
            return "true or false"
        if self.kind == "word":
            return f"one of {', '.join(self.words)}"
        least, most = self.length
        return f"a text of {least} to {most} characters" if self.kind == "text" else f"{least} to {most} octets"

    @property
    def _writable_low(self) -> float:
        return self.least if self.low is None else self.low

    @property
    def _writable_high(self) -> float:
        return self.most if self.high is None else self.high

    def _is_whole(self, value: float) -> bool:
        return not self.whole or value == math.floor(value)

    def _fits(self, value: str | bytes) -> bool:
        return self.length[0] <= len(value) <= self.length[1]

    def _impossible_number(self, value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            return self._not(value)
        with_unit = f"{shown(value)} {self.unit}".rstrip()
        if not self.least <= value <= self.most:
            return f"{with_unit} is impossible, expected {self.least:g} to {self.most:g} {self.unit}".rstrip()
        if self.sentinels and value in SENTINELS:
            return f"{with_unit} is a number that stands for no value"
        if 0 < abs(value) < RESOLUTION.get(self.unit, 0.0):
            return f"{with_unit} is impossible: too small for any instrument, as with swapped words or bytes"
        return None

    def _not(self, value: object) -> str:
        expected = f"one of {', '.join(self.words)}" if self.words else _NAMES[self.kind]
        return f"{shown(value)} is impossible, expected {expected}"


_NAMES: Mapping[Kind, str] = {
    "number": "a number",
    "truth": "true or false",
    "word": "a word",
    "text": "a text",
    "octets": "octets",
}


def number(
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    possible: Bounds | None = None,
    whole: bool = False,
    setting: bool = False,
) -> Domain:
    """The domain of a number: `possible` where the quantity knows more than its unit.

    What can be written can be shown as well, so the possible bounds reach at least from `low` to `high`. A `setting` is
    not measured: somebody may have chosen a number that as a measurement would stand for no value. Without a unit, a
    number that has bounds of its own is measured, any other one is a count.
    """
    least, most = POSSIBLE.get(unit, ANY) if possible is None else possible
    least = least if low is None else min(least, low)
    most = most if high is None else max(most, high)
    measured = not setting and (unit in MEASURED or (possible is not None and not unit))
    return Domain("number", unit, (), low, high, least, most, whole, sentinels=measured)


def within_rating(domain: Domain, rated_kva: float | None) -> Domain:
    """The domain of a power of a machine with that rated apparent power; the domain itself for anything else."""
    if rated_kva is None or domain.kind != "number" or domain.unit not in IN_A_KVA:
        return domain
    bound = PEAK_OF_RATING * rated_kva * IN_A_KVA[domain.unit]
    return replace(domain, least=max(domain.least, -bound), most=min(domain.most, bound))


def of_words(*words: str) -> Domain:
    return Domain("word", words=words)


COUNTED = number()
TRUTH = Domain("truth")
TEXT = Domain("text")
OCTETS = Domain("octets")


def of_quantity(component: Component, name: str) -> Domain:
    """The domain of a quantity of a component, from its unit, its declared words and bounds, and its type.

    Raises:
        LookupError: the component has no quantity of that name.
        TypeError: the quantity has no unit, no words, and a type that is none of bool, int and float.
    """
    kind = type(component)
    if name not in kind.QUANTITIES:
        raise LookupError(f"{component.id} has no quantity {name!r}; it has: {', '.join(kind.QUANTITIES)}")
    words, unit = component.words(name), kind.QUANTITIES[name]
    if words:
        return of_words(*words)
    of = None if unit else _type_of(kind, name)
    if not unit and of is bool:
        return TRUTH
    if not unit and of is not int and of is not float:
        raise TypeError(f"{kind.kind}.{name} is no number and no truth: list its words in WORDS")
    return number(unit, possible=kind.POSSIBLE.get(name))


def of_rack(name: str) -> Domain:
    """The domain of a quantity of one rack of a row (`supplied`, `kw`, `state`, `utilisation`)."""
    if name in RackRow.RACK_WORDS:
        return of_words(*RackRow.RACK_WORDS[name])
    unit = RackRow.RACK_QUANTITIES[name]
    return number(unit, possible=RackRow.POSSIBLE.get(name)) if unit or name in RackRow.POSSIBLE else TRUTH


def _type_of(owner: type, name: str) -> object:
    """The type of an attribute or property as its class declares it."""
    for cls in owner.__mro__:
        found = vars(cls).get(name)
        if isinstance(found, property):
            return typing.get_type_hints(found.fget).get("return")
    return typing.get_type_hints(owner).get(name)


def shown(value: object) -> str:
    """A value as messages show it, at most some 40 characters of it; a whole number too long to print by its size."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else f"a whole number of {value.bit_length()} bits"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (str, bytes)):
        text, length = repr(value), f" ({len(value)} long)"
    else:
        text, length = f"{type(value).__name__} {_repr(value)}", ""
    return text if len(text) <= 62 else f"{text[:40]}…{length}"


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # such as a list that holds a whole number too long to print
        return f"(not printable: {type(error).__name__})"


def _is_number(value: object) -> typing.TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _is_text(value: str) -> bool:
    """True if the text can be sent: without NUL and without halves of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
