"""Numbers that reveal a mistake of the profile: words or bytes in the wrong order, a scale, a unit, a sentinel.

Each function judges one served number, or one among its like; none of them needs both devices in the same state. A
`Pair` is what the device and the twin serve at one place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from twinfeed.emulators.devices.firmware.domain import SENTINELS
from twinfeed.emulators.profiles.registers import unpack
from twinfeed.emulators.profiles.schema import Bit, Register
from twinfeed.harness.characterise.drift.served import Item
from twinfeed.harness.characterise.drift.surfaces import Difference
from twinfeed.harness.transports.places import ENDS, NO_VALUE

STEADY = ("V", "Hz", "°C", "rpm")
"""Units of quantities that differ little from one device to another of its kind: factors between them mean a scale."""

LOADS = ("W", "VA", "kW", "kVA", "kvar", "A")
"""Units of quantities that rise and fall together with the load."""

COUNTED = ("kWh", "kVAh", "kvarh", "h")
"""Units of counters that add up over time: such a number does not depend on the state that a device is in."""

COUNTED_STEPS = 20.0
"""The steps that a counter must have made before a factor between two counters is no accident."""

FACTORS = (*(10.0**n for n in range(1, 7)), 60.0, 3600.0)
NEAR = 0.15
"""So near to a factor, relative, the quotient of two steady values is taken for it."""

EXACT = 0.002
"""The tolerance where the device is in the twin's state: only rounding is left between them."""

ALIKE = 0.8
"""Share of the numbers that agree when two devices are in the same state."""

FEWEST = 4
"""Numbers that must have been compared before that is concluded."""

ORDERS = ("words", "bytes", "words and bytes")


@dataclass(frozen=True)
class Pair:
    """The values of the device and of the twin at one place, walk after walk."""

    label: str
    device: Sequence[Item]
    twin: Sequence[Item]

    @property
    def unit(self) -> str:
        return self.device[0].place.unit

    @property
    def is_number(self) -> bool:
        """True if a number stands there, or would."""
        item = self.device[0]
        entry, domain = item.place.entry, item.place.domain
        if entry.flags is not None or entry.enum is not None or isinstance(entry, Bit):
            return False
        return domain.kind == "number" if domain is not None else isinstance(item.raw, int | float)

    @property
    def theirs(self) -> list[float]:
        return [number for item in self.device if (number := item.number) is not None]

    @property
    def ours(self) -> list[float]:
        return [number for item in self.twin if (number := item.number) is not None]

    @property
    def value(self) -> float | None:
        """The device's usual value."""
        return median(self.theirs) if self.theirs else None

    @property
    def usual(self) -> float | None:
        """The twin's usual value."""
        return median(self.ours) if self.ours else None

    @property
    def step(self) -> float:
        return max(self.device[0].step, self.twin[0].step if self.twin else 0.0)

    def difference(self, kind: str, note: str = "", shown: str = "") -> Difference:
        device = shown or span(self.theirs, self.unit)
        return Difference(kind, self.label, device, span(self.ours, self.unit), note)


def span(numbers: Sequence[float], unit: str) -> str:
    """`228 to 231 V`, `–` for no number."""
    if not numbers:
        return "–"
    low, high = min(numbers), max(numbers)
    return f"{low:g} {unit}".strip() if low == high else f"{low:g} to {high:g} {unit}".strip()


def judged(pair: Pair) -> Difference | None:
    """The mistake that one number shows by itself and beside the twin's, or None."""
    wrong = order(pair) or sentinel(pair) or impossible(pair)
    if wrong is None and pair.unit in STEADY:
        wrong = fahrenheit(pair, 5.0) or scaled(pair, NEAR)
    return wrong


def order(pair: Pair, alike: bool = False) -> Difference | None:
    """Words or bytes the other way round: what stands there is far from the twin's, and the other order is near it.

    Where the device is in the twin's state (`alike`), it is enough that only the other order agrees.
    """
    item, usual = pair.device[0], pair.usual
    entry = item.place.entry
    if not isinstance(entry, Register) or entry.type == "string" or not item.octets or not usual:
        return None
    for name, octets in zip(ORDERS, _orders(item.octets), strict=True):
        other = item.decoded(unpack(entry, octets))
        if octets == item.octets or isinstance(other, str | bytes) or other is None:
            continue
        apart = _decades(other, usual)
        as_it_is = math.inf if item.number is None else _decades(item.number, usual)
        exact = abs(other - usual) <= max(pair.step, 0.02 * abs(usual))
        if (apart < 0.5 and as_it_is > apart + 1.5) or (alike and exact and as_it_is > 0.05):
            shown = f"{item.raw:g}" if isinstance(item.raw, int | float) else str(item.raw)
            note = f"with the {name} the other way round it is {other:g} {pair.unit}".rstrip()
            return pair.difference("order", note, f"{shown} on the wire")
    return None


def _orders(octets: bytes) -> tuple[bytes, bytes, bytes]:
    """The registers' octets with words, with bytes, and with both the other way round."""
    words = [octets[n : n + 2] for n in range(0, len(octets), 2)]
    return b"".join(reversed(words)), b"".join(word[::-1] for word in words), octets[::-1]


def _decades(value: float, usual: float) -> float:
    """The powers of ten between two numbers; infinitely many if one is zero or has the other sign."""
    return abs(math.log10(value / usual)) if value * usual > 0 else math.inf


def sentinel(pair: Pair) -> Difference | None:
    """A number that stands for no value, which the profile does not give as `missing`."""
    for item in pair.device:
        raw, entry = item.raw, item.place.entry
        if isinstance(raw, str | bytes) or raw is None or item.unknown == NO_VALUE or isinstance(entry, Bit):
            continue
        stands = raw in ENDS.get(entry.type, ()) or (isinstance(raw, int) and abs(raw) > 9999 and raw in SENTINELS)
        stands = stands or (item.value in SENTINELS and (bool(item.unknown) or abs(float(item.value)) > 9999))
        if stands and entry.enum is None and all(other.raw != raw for other in pair.twin):
            note = "it stands for no value, or for one beyond: `missing` of the profile"
            return pair.difference("sentinel", note, f"{raw:g} on the wire")
    return None


def impossible(pair: Pair) -> Difference | None:
    """A value that the point cannot have."""
    for item in pair.device:
        if not item.unknown or item.unknown == NO_VALUE or any(other.raw == item.raw for other in pair.twin):
            continue
        domain = item.place.domain
        if item.meaningless or item.raw is None or domain is None or domain.kind != "number":
            return pair.difference("meaning", shown=item.unknown)
        note = f"{domain.least:g} to {domain.most:g} {domain.unit} is possible".replace("  ", " ")
        if isinstance(item.value, int | float) and math.isfinite(item.value):
            if domain.least <= item.value <= domain.most:
                note = item.unknown
            factor = _factor(item.value, pair.usual, NEAR)
            note += f"; it is {factor}" * bool(factor)
            return pair.difference("range", note, f"{item.value:g} {pair.unit}".strip())
        return pair.difference("range", note, str(item.raw))
    return None


def fahrenheit(pair: Pair, near_k: float) -> Difference | None:
    """Degrees Fahrenheit where the profile means Celsius."""
    value, usual = pair.value, pair.usual
    if pair.unit != "°C" or value is None or usual is None:
        return None
    celsius = (value - 32.0) / 1.8
    if abs(celsius - usual) <= near_k and abs(value - usual) > 3.0 * near_k:
        return pair.difference("scale", f"in °F it is {celsius:.1f} °C, near the twin's")
    return None


def scaled(pair: Pair, near: float) -> Difference | None:
    """A factor of a scale between the device and the twin."""
    if pair.value is None:
        return None
    factor = _factor(pair.value, pair.usual, near, pair.step)
    return pair.difference("scale", f"the device shows {factor}") if factor else None


def _factor(value: float, usual: float | None, near: float, step: float = 0.0) -> str:
    """`10 times as much`, if the quotient is near a factor of a scale."""
    if not value or not usual or value * usual < 0:
        return ""
    for factor in FACTORS:
        if abs(value - factor * usual) <= max(near * abs(factor * usual), factor * step if near == EXACT else 0.0):
            return f"{factor:g} times as much"
        if abs(value - usual / factor) <= max(near * abs(usual / factor), step if near == EXACT else 0.0):
            return f"{factor:g} times less"
    return ""


# -- among its like ---------------------------------------------------------------------------------------------


def among_loads(pairs: Iterable[Pair]) -> Iterator[Difference]:
    """Loads of one device are in about one proportion to the twin's: one a power of ten apart has another scale."""
    for units in (LOADS[:5], LOADS[5:]):
        ratios = {
            pair.label: (pair, pair.value / pair.usual)
            for pair in pairs
            if pair.unit in units and pair.value and pair.usual and pair.value * pair.usual > 0
        }
        if len(ratios) < FEWEST:
            continue
        middle = median(ratio for _, ratio in ratios.values())
        near = sum(0.5 < ratio / middle < 2.0 for _, ratio in ratios.values())
        if near < ALIKE * len(ratios):
            continue
        for pair, ratio in ratios.values():
            factor = _factor(ratio, middle, 0.35)
            if factor:
                yield pair.difference("scale", f"beside the other loads the device shows {factor}")


def are_alike(pairs: Iterable[Pair]) -> bool:
    """True if the device is in the same state as the twin: nearly all of their numbers agree."""
    agree = compared = 0
    for pair in pairs:
        if pair.usual is None or (pair.value is None and not pair.device[0].unknown):
            continue
        if pair.usual == 0.0 and pair.value == 0.0:
            continue
        compared += 1
        tolerance = max(0.1 * abs(pair.usual), pair.step)
        agree += pair.value is not None and abs(pair.value - pair.usual) <= tolerance
    return compared >= FEWEST and agree >= ALIKE * compared


def in_the_same_state(pair: Pair) -> Difference | None:
    """The mistake that a number shows if the device is in the twin's state, or None."""
    value, usual = pair.value, pair.usual
    if value is None or usual is None or abs(value - usual) <= max(0.05 * abs(usual), pair.step):
        return None
    entry = pair.device[0].place.entry
    if entry.value is not None:
        return pair.difference("scale", "the profile has it as a constant of the product")
    if pair.unit in COUNTED and min(abs(value), abs(usual)) < COUNTED_STEPS * pair.step:
        return None
    if value == 0.0 and pair.unit in (*LOADS, *STEADY):
        return pair.difference("scale", "a scale that is too small rounds to 0, or nothing is there")
    return order(pair, alike=True) or fahrenheit(pair, max(0.6, pair.step)) or scaled(pair, EXACT)
