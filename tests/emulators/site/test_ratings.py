"""Every rating of every kind has bounds, and what is outside them is refused."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.ratings import Feed, Form, Names, Range, Text

KINDS = {
    **{f"{name}": cls for name, cls in plant.KINDS.items()},
    **{f"{name}/device": kind.firmware for name, kind in devices.KINDS.items()},
}


def fields(cls: type) -> Iterator[tuple[str, Any, Any]]:
    """Name, type and default of each parameter; of a tuple, the type of its items."""
    hints = get_type_hints(cls, include_extras=True)
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        yield field.name, get_args(hint)[0] if get_origin(hint) is tuple else hint, field.default


def bounds(hint: Any) -> list[Any]:
    return [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, (Range, Text, Form, Names, Feed))]


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_has_a_range_or_a_list_of_words(kind: str) -> None:
    for name, hint, _ in fields(KINDS[kind].PARAMS):
        assert hint is bool or get_origin(hint) is Literal or bounds(hint), f"{kind}.{name} takes anything"


UNITS = {"kw": "kW", "kva": "kVA", "s": "s", "v": "V", "a": "A", "c": "degC", "percent": "%", "l": "l", "kpa": "kPa"}
"""Last part of a parameter's name -> the unit it promises."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_range_has_the_unit_of_the_parameters_name(kind: str) -> None:
    for name, hint, _ in fields(KINDS[kind].PARAMS):
        *before, last = name.split("_")
        compound = not before or before[-1] in ("per", "l", "m3", "percent") or "per" in before
        for limits in bounds(hint):
            if isinstance(limits, Range) and last in UNITS and not compound:
                assert limits.unit == UNITS[last], f"{kind}.{name}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_default_is_within_its_range(kind: str) -> None:
    cls = KINDS[kind].PARAMS
    TypeAdapter(cls).validate_python(dataclasses.asdict(cls()))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_outside_is_refused(kind: str) -> None:
    check = TypeAdapter(KINDS[kind].PARAMS)
    for name, hint, default in fields(KINDS[kind].PARAMS):
        for limits in bounds(hint):
            if not isinstance(limits, Range):
                continue
            for wrong in (
                math.nan,
                math.inf,
                -math.inf,
                "1",
                True,
                None,
                [],
                limits.low - 1e-3,
                limits.high * 1.001 + 1,
            ):
                value = (wrong,) * max(len(default), 1) if isinstance(default, tuple) else wrong
                with pytest.raises(ValidationError):
                    check.validate_python({name: value})


@given(
    st.integers(-1000, 1000),
    st.integers(0, 1000),
    st.one_of(st.floats(), st.integers(), st.text(), st.booleans(), st.none(), st.lists(st.integers())),
)
def test_a_range_and_its_schema_agree(low: int, width: int, value: object) -> None:
    limits = Range(low, low + width, "kW")
    check = TypeAdapter(Annotated[float, limits])
    if limits.refusal(value):
        with pytest.raises(ValidationError, match=re.escape(limits.expected)):
            check.validate_python(value)
    else:
        assert check.validate_python(value) == value
