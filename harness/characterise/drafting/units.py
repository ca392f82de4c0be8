"""Units as MIBs and register lists write them: `0.1 Volt DC`, `tenths of degrees Celsius`, `kW x 10`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

BASES: dict[str, tuple[str, Fraction]] = {}
"""A word for a unit -> what it measures, as a unit of the catalogue without prefix, and how many of those it is."""

for _words, _base, _times in (
    ("v volt volts voltage vac vdc", "V", "1"),
    ("a amp amps ampere amperes aac adc", "A", "1"),
    ("ma milliamp milliamps milliamperes", "A", "1/1000"),
    ("w watt watts", "W", "1"),
    ("kw kilowatt kilowatts", "W", "1000"),
    ("va voltamp voltamps voltampere voltamperes", "VA", "1"),
    ("kva kilovoltamp kilovoltamps", "VA", "1000"),
    ("var vars", "var", "1"),
    ("kvar", "var", "1000"),
    ("wh", "Wh", "1"),
    ("kwh kilowatthours", "Wh", "1000"),
    ("hz hertz", "Hz", "1"),
    ("% percent percentage", "%", "1"),
    ("c °c degc celsius centigrade", "°C", "1"),
    ("s sec secs second seconds", "s", "1"),
    ("ms millisecond milliseconds", "s", "1/1000"),
    ("min mins minute minutes", "s", "60"),
    ("h hr hrs hour hours", "s", "3600"),
    ("rpm", "rpm", "1"),
    ("pa", "Pa", "1"),
    ("kpa", "Pa", "1000"),
    ("bar", "Pa", "100000"),
):
    for _word in _words.split():
        BASES[_word] = _base, Fraction(_times)

CATALOGUE: dict[str, tuple[str, Fraction]] = {
    "kW": ("W", Fraction(1000)),
    "kVA": ("VA", Fraction(1000)),
    "kvar": ("var", Fraction(1000)),
    "kWh": ("Wh", Fraction(1000)),
    "kPa": ("Pa", Fraction(1000)),
    "h": ("s", Fraction(3600)),
    "d": ("s", Fraction(86400)),
}
"""The catalogue's units that have a prefix; the others are bases themselves."""

PARTS = {"tenth": "1/10", "tenths": "1/10", "hundredth": "1/100", "hundredths": "1/100", "thousandths": "1/1000"}


class Measure(NamedTuple):
    """The worth of a raw 1: `times` of the unit `base`."""

    base: str
    times: Fraction

    def factor_for(self, unit: str) -> Fraction | None:
        """The worth of a raw 1 for a point in that unit, a profile's `factor`; None if it measures something else."""
        base, size = CATALOGUE.get(unit, (unit, Fraction(1)))
        return self.times / size if base == self.base else None


def measure(text: str) -> Measure | None:
    """The worth of a raw 1 according to a text; None if it names no unit that is known, or several."""
    lower = text.lower().replace("volt-amp", "voltamp").replace("deg.", " ").replace("degrees", " ")
    words = re.findall(r"[°%a-z]+|\d*[./]?\d+", lower)
    units = {BASES[word] for word in words if word in BASES}
    if len(units) != 1:
        return None
    ((base, times),) = units
    for word in words:
        if word in PARTS:
            times *= Fraction(PARTS[word])
        elif re.fullmatch(r"0?\.\d+|1/10+", word):
            times *= Fraction(word)
    return Measure(base, times)


def described(text: str) -> Measure | None:
    """The unit in the first sentence of a description that names one: `The battery voltage in 1/10 VDC.`"""
    for phrase in re.findall(r"(?:\bin|measured in|expressed in|units? (?:are|is|of))\s+([^.,;()]{1,40})", text):
        found = measure(re.sub(r"1/(\d+)(?:th|ths)?(?: of an?)?", r"1/\1", phrase))
        if found is not None:
            return found
    return None
