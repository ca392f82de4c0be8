"""What a rating may be: the range and unit of a number, the length of a text, the kind of what a name stands for.

    capacity_kw: Annotated[float, Range(0.1, 1e6, "kW")] = 2500.0
    location: Annotated[str, Text(255)] = ""
    hall: Annotated[str, Names("hall")] = ""

Ratings are frozen dataclasses with these beside their fields. Site files are checked by pydantic, which asks `Range`
and `Text` for its schema; nothing here imports it. A range is as wide as the model is sound, not as wide as what is
usual: every value in it must boot and run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
"""A schema of pydantic-core, which is a plain dictionary."""


@dataclass(frozen=True, slots=True)
class Range:
    """The closed range of a number and its unit; `step`: only whole multiples of it."""

    low: float
    high: float
    unit: str = ""
    step: int = 0

    @property
    def expected(self) -> str:
        """The range as an error message names it: `expected 1 to 100 kW`."""
        step = f" in steps of {self.step}" if self.step else ""
        return f"expected {_written(self.low)} to {_written(self.high)}{f' {self.unit}' if self.unit else ''}{step}"

    def refusal(self, value: object, whole: bool = False) -> str:
        """Why that value is not a number of this range, '' if it is; `whole`: it must have no fraction."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"is {shown(value)}, {self.expected}"
        if not self.low <= value <= self.high:  # NaN is in no range
            return f"is {shown(value)}, {self.expected}"
        if (whole and value != int(value)) or (self.step and value % self.step):
            return f"is {shown(value)}, {self.expected}, a whole number"
        return ""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Schema]) -> Schema:
        number = {**handler(source), "strict": True, "ge": self.low, "le": self.high}
        if number["type"] == "float":
            number["allow_inf_nan"] = False
            kind = ""
        else:
            kind = ", a whole number"
        if self.step:
            number["multiple_of"] = self.step
        return {
            "type": "custom-error",
            "schema": number,
            "custom_error_type": "range",
            "custom_error_message": self.expected + kind,
        }


@dataclass(frozen=True, slots=True)
class Text:
    """A text of at most `longest` characters, all printable; `lines`: line feeds and tabs are, too."""

    longest: int
    lines: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Schema]) -> Schema:
        allowed = r"^(?:[^\p{C}]|[\n\r\t])*$" if self.lines else r"^[^\p{C}]*$"
        return {
            "type": "custom-error",
            "schema": {**handler(source), "strict": True, "max_length": self.longest, "pattern": allowed},
            "custom_error_type": "text",
            "custom_error_message": f"expected a text of at most {self.longest} printable characters",
        }


@dataclass(frozen=True, slots=True)
class Form:
    """A text that `reads` takes without a ValueError; `name` describes it."""

    name: str
    reads: Callable[[str], object]

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Schema]) -> Schema:
        def check(text: str) -> str:
            self.reads(text)
            return text

        return {
            "type": "custom-error",
            "schema": {
                "type": "function-after",
                "function": {"type": "no-info", "function": check},
                "schema": {**handler(source), "strict": True, "max_length": 255},
            },
            "custom_error_type": "form",
            "custom_error_message": f"expected {self.name}",
        }


@dataclass(frozen=True, slots=True, init=False)
class Names:
    """The name of a component of one of these kinds ('' for none, unless it is `needed`); no kinds: of any kind.

    With `unless`, it is needed only where the parameter of that name is empty.

    What follows a colon (`core-1:12`, a port; `pdu-1:3`, a socket) is not part of the name.
    """

    kinds: tuple[str, ...]
    needed: bool
    unless: str

    def __init__(self, *kinds: str, needed: bool = False, unless: str = "") -> None:
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "needed", needed)
        object.__setattr__(self, "unless", unless)


@dataclass(frozen=True, slots=True)
class Feed:
    """The name of a component in the power path, with a socket after a colon where it has several (`pdu-1:3`)."""


def _written(bound: float) -> str:
    """A bound with all digits of a whole number."""
    return str(bound) if isinstance(bound, int) else f"{bound:.12g}"


def shown(value: object) -> str:
    """A value as an error message shows it: short, whatever it is."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 64:
        return "a whole number beyond 64 bits"
    if isinstance(value, float):
        return "not a number" if math.isnan(value) else f"{value:.12g}"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
