"""Conversion between the value of a point and its raw form, both ways, for every protocol.

Raw values are plain numbers and texts; packing them into octets is the binding's or the transport's business.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.profiles.schema import Entry

Raw = int | float | str | bytes


class Unmapped(Exception):
    """A value has no counterpart on the other side. The message lists the known ones."""


def word(value: Value) -> str:
    """A point's value as an enumeration writes it: True is `true`, 3.0 is `3`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def shower(entry: Entry) -> Callable[[Value], Raw]:
    """A function that returns the raw form of a point's value.

    It raises Unmapped when an enumeration does not have that word and no `"*"`, and for a value that is not there
    (NaN) when the entry gives no `missing`.
    """
    enum, missing, form = entry.enum, entry.missing, entry.format
    times, over, offset = entry.factor.denominator, entry.factor.numerator, float(entry.raw_offset)
    scaled = entry.factor != 1

    def listed(value: Value) -> Raw:
        assert enum is not None
        raw = enum.get(word(value), enum.get("*"))
        if raw is None:
            raise Unmapped(f"{value!r} is not one of {', '.join(enum)}")
        return raw

    def measured(value: Value) -> Raw:
        if isinstance(value, (str, bytes)):
            return value
        if not math.isfinite(value):
            if missing is None:
                raise Unmapped(f"the point has no value now ({value}) and the profile gives no `missing`")
            return missing
        number: float = value
        if scaled:
            number = number * times / over
        if offset:
            number += offset
        return form.format(number) if form else number

    return measured if enum is None else listed


def to_raw(entry: Entry, value: Value) -> Raw:
    """The raw form of a point's value. Use `shower` for many values of one entry.

    Raises:
        Unmapped: see there.
    """
    return shower(entry)(value)


def from_raw(entry: Entry, raw: Raw) -> Value:
    """The value of the point for a raw form: the inverse of `to_raw`.

    What stands for "no value now" is NaN; a number written as text is a number again.

    Raises:
        Unmapped: an enumeration does not have that number, or a text is not of the profile's format.
    """
    if entry.missing is not None and raw == entry.missing:
        return math.nan
    if entry.enum is not None:
        for name, known in entry.enum.items():
            if known == raw and name != "*":
                return {"true": True, "false": False}.get(name, name)
        raise Unmapped(f"{raw!r} is not one of {', '.join(str(known) for known in entry.enum.values())}")
    if entry.format is not None and isinstance(raw, str):
        raw = _unformatted(entry.format, raw)
    if isinstance(raw, (str, bytes)):
        return raw
    if entry.factor == 1 and not entry.offset:
        return raw
    return float((raw - float(entry.raw_offset)) * float(entry.factor))


def _unformatted(form: str, text: str) -> float:
    """The number in a text of that format: 40.0 for `{:.0f}A` and `40A`."""
    before, after = form.partition("{")[0], form.rpartition("}")[2]
    try:
        if not (text.startswith(before) and text.endswith(after)):
            raise ValueError
        return float(text[len(before) : len(text) - len(after)])
    except ValueError:
        raise Unmapped(f"{text!r} is not of the form {form!r}") from None


def whole(number: float) -> int:
    """The nearest whole number, halves away from zero, as controllers' firmware rounds."""
    size = math.floor(abs(number))
    size += abs(number) - size >= 0.5  # number + 0.5 would itself be rounded from 2^52 on
    return size if number >= 0 else -size
