"""`each` of site files: one entry that stands for many.

    q-row-{path}{row}: {each: {path: [a, b], row: 1..24}, kind: breaker, from: "ups-board-{path}"}

`{row}` in names and fields takes every value, `{row+20}` counts on from it. A text that is nothing but a placeholder is
the value itself, so that a number stays one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from twinfeed.emulators.yamlfile import found

MOST_ENTRIES = 100_000
"""Components and devices of a site, `each` multiplied out."""


class EachError(ValueError):
    """`each` is not as it must be; `field` names which of its axes, '' for `each` as a whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def rows(each: Any) -> Iterator[dict[str, Any]]:
    """Every combination of the values in `each`: lists, or ranges such as `1..12`; one without any for None.

    Raises:
        EachError: not such a mapping, or it stands for more than `MOST_ENTRIES`.
    """
    names, axes = _axes(each)
    return (dict(zip(names, combination, strict=True)) for combination in product(*axes))


def count(each: Any) -> int:
    """The number of entries that `each` stands for. Raises EachError, as `rows`."""
    return math.prod(len(axis) for axis in _axes(each)[1])


def _axes(each: Any) -> tuple[list[str], list[range | list[Any]]]:
    if each is None:
        return [], []
    if not isinstance(each, Mapping) or not each:
        raise EachError("", f"expected a mapping such as {{row: 1..12}}, found {found(each)}")
    axes: list[range | list[Any]] = []
    for name, values in each.items():
        span = re.fullmatch(r"(\d{1,9})\.\.(\d{1,10})", values) if isinstance(values, str) else None
        if span and int(span[1]) <= int(span[2]):
            axes.append(range(int(span[1]), int(span[2]) + 1))
        elif isinstance(values, list) and values and all(_single(value) for value in values):
            axes.append(list(values))
        else:
            raise EachError(name, f"expected a list or a range such as 1..12, found {found(values)}")
    count = math.prod(len(axis) for axis in axes)
    if count > MOST_ENTRIES:
        raise EachError("", f"stands for {count:,} entries, expected at most {MOST_ENTRIES:,}")
    return list(map(str, each)), axes


PLACEHOLDER = re.compile(r"\{(\w+?)([+-]\d{1,9})?\}")
"""`{row}` or `{row+20}`."""


def fill(value: Any, row: Mapping[str, Any]) -> Any:
    """The value with `{row}` and `{row+20}` replaced in every text; a text that is only that is the value itself.

    Raises:
        ValueError: something is to be added to what is no number.
    """
    if isinstance(value, str):
        if not row or "{" not in value:
            return value
        whole = PLACEHOLDER.fullmatch(value)
        if whole and whole[1] in row:
            return _value(whole, row)
        return PLACEHOLDER.sub(lambda match: str(_value(match, row)), value)
    if isinstance(value, Mapping):
        return {fill(key, row): fill(item, row) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, row) for item in value]
    return value


def _value(match: re.Match[str], row: Mapping[str, Any]) -> Any:
    value = row.get(match[1], match[0])
    if match[2] is None or match[1] not in row:
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{match[0]}: {match[1]} is {found(value)}, expected a whole number")
    return value + int(match[2])


def unused(template: str, each: Any) -> list[str]:
    """The axes of more than one value that a name does not contain, so that the name would be given twice."""
    used = {match[1] for match in PLACEHOLDER.finditer(template)}
    names, axes = _axes(each)
    return [name for name, axis in zip(names, axes, strict=True) if len(axis) > 1 and name not in used]


def size(value: Any) -> int:
    """The number of values in a field, itself included."""
    if isinstance(value, Mapping):
        return 1 + sum(map(size, value.values()))
    return 1 + sum(map(size, value)) if isinstance(value, list) else 1


def _single(value: Any) -> bool:
    """True if it is a text or a finite number."""
    return isinstance(value, str) or (isinstance(value, (int, float)) and math.isfinite(value))


def pattern(template: str) -> re.Pattern[str]:
    """A pattern that matches every name that a template stands for."""
    parts = PLACEHOLDER.split(template[:200])[::3]
    return re.compile(".+".join(map(re.escape, parts)))
