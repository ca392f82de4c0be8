"""Commands with the parameters of a fault in them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.hil_rigs.templates import filled, names


@pytest.mark.parametrize(
    ("template", "command"),
    [
        ("OUTP OFF", "OUTP OFF"),
        ("VOLT {depth}", "VOLT 40"),
        ("VOLT {230*(100-depth)/100}", "VOLT 138"),
        ("FREQ {50+hertz};PHAS {-hertz}", "FREQ 48.5;PHAS 1.5"),
        ("VOLT { 230 }", "VOLT 230"),
    ],
)
def test_numbers_are_worked_out(template: str, command: str) -> None:
    assert filled(template, {"depth": 40.0, "hertz": -1.5}) == command


@pytest.mark.parametrize(
    "template",
    ["{a**9}", "{a.b}", "{f(1)}", "{a[0]}", "{1 if a else 2}", "{'x'*9}", "{True}", "{1j}", "{}", "{a b}", "{a%2}", "{0+" + "a+" * 60 + "a}"],
)  # fmt: skip
def test_what_is_no_simple_arithmetic_is_refused(template: str) -> None:
    with pytest.raises(
        ValueError, match=r"expected numbers and parameters with \+ - \* / \( \), such as \{100-percent\}"
    ):
        names(template)


@pytest.mark.parametrize("template", ["VOLT {a", "VOLT a}", "VOLT {{a}}"])
def test_braces_are_closed(template: str) -> None:
    with pytest.raises(ValueError, match=r"expected every \{ closed by a \} of its own"):
        names(template)


def test_a_parameter_that_is_not_given_is_named() -> None:
    with pytest.raises(ValueError, match=r"\{230-depth\} needs the parameter depth; given: height"):
        filled("VOLT {230-depth}", {"height": 1.0})


def test_a_division_by_zero_is_no_number() -> None:
    with pytest.raises(ValueError, match=r"\{1/a\} is no number with a=0"):
        filled("VOLT {1/a}", {"a": 0.0})


@given(st.text(max_size=120))
def test_any_text_is_filled_or_refused(text: str) -> None:
    with suppress(ValueError):
        filled(text, dict.fromkeys(names(text), 2.0))
