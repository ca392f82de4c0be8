"""Properties as text: the language, its writing back, and the messages for mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import (
    BindingError,
    PropertySyntaxError,
    WrongKind,
    always,
    evaluate,
    eventually,
    for_at_least,
    never,
    parse,
    syntax,
    until,
    within,
)
from twinfeed.harness.properties.grammar import parse_expression

SAME = [
    ("always racks.*.supplied", always("racks.*.supplied")),
    ("always grace 20 ms: racks.*.supplied", always("racks.*.supplied", grace="20 ms")),
    ("never a.clash after b.live rises", None),
    ("within 15 s of utility-a.live falls: generator-1.running",
     within("15 s", "generator-1.running", after="utility-a.live falls")),
    ("always between 10 s and 30 min: hall-1.inlet_c < 27", always("hall-1.inlet_c < 27", between=("10 s", "30 min"))),
    ("eventually for at least 5 s: a.b", eventually("a.b", hold=5)),
    ("for at least 5 min: generator-1.running", for_at_least("5 min", "generator-1.running")),
    ("a.b until c.d", until("a.b", "c.d")),
    ("never after a.b: c.d and e.f", never("c.d and e.f", after="a.b")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "property"), [pair for pair in SAME if pair[1]], ids=[t for t, p in SAME if p])
def test_text_and_python_say_the_same(text, property):
    assert parse(text) == property
    assert str(property) == text


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("alway hall-1.inlet_c < 27", 1, "found 'alway', expected a quantity"),
        ("hall-1.inlet_c < 27", 1, "an expression alone names no time"),
        ("always hall-1.inlet_c = 27", 23, "did you mean =="),
        ("always hall-1.inlet_c <", 24, "found the end, expected a quantity"),
        ("within 15 of a.b: c.d", 11, "expected the unit of that time: ms, s, min, h, d"),
        ("within 15 s of a.b c.d", 20, "expected ':' between the clauses"),
        ("always (a.b or c.d", 19, "that closes the parenthesis"),
        ("always rate(a.b) < 3", 16, "and a time, as in rate"),
        ("always a.b == 3 hysteresis 1", 17, "takes no hysteresis"),
        ("always a.b == 'no", 15, "the quotation that begins here does not end"),
        ("always between 10 s: a.b", 20, "expected 'and' and a second time"),
    ],
)
def test_a_mistake_is_named_with_its_column(text, column, message):
    with pytest.raises(PropertySyntaxError) as caught:
        parse(text)
    assert caught.value.column == column
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["until grace", "a.b until c.d and"])
def test_what_is_no_property_is_refused(text):
    with pytest.raises(PropertySyntaxError):
        parse(text)


def test_a_clause_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="'within' takes no 'grace'; it takes: after, hold"):
        parse("within 5 s grace 1 s: a.b")
    with pytest.raises(ValueError, match="expected the earlier time first"):
        always("a.b", between=(10, 5))


def test_names_hold_dashes_and_a_minus_has_spaces():
    assert parse_expression("hall-1.inlet_c - 3 < 20") == syntax.Comparison(
        "<", syntax.Arithmetic("-", syntax.Name("hall-1.inlet_c"), syntax.Literal(3.0)), syntax.Literal(20.0)
    )


numbers = st.deferred(
    lambda: (
        st.floats(-100, 100).map(lambda x: syntax.Literal(round(x, 3)))
        | st.sampled_from(["hall-1.inlet_c", "ups-a*.charge_percent", "a.b.c"]).map(syntax.Name)
        | st.builds(syntax.Arithmetic, st.sampled_from("+-*/"), numbers, numbers)
        | st.builds(
            syntax.Call, st.sampled_from(["max", "min", "sum"]), st.lists(numbers, min_size=1, max_size=3).map(tuple)
        )
        | st.builds(
            syntax.Window, st.sampled_from(["rate", "change"]), numbers, st.sampled_from([0.02, 90.0, 900.0, 3600.0])
        )
    )
)
truths = st.deferred(
    lambda: (
        st.sampled_from(["utility-a.live", "racks.*.supplied"]).map(syntax.Name)
        | st.builds(syntax.Comparison, st.sampled_from(["<", ">="]), numbers, numbers, st.sampled_from([0.0, 0.5]))
        | st.builds(syntax.Not, truths)
        | st.builds(syntax.Logical, st.sampled_from(["and", "or", "implies"]), truths, truths)
        | st.builds(syntax.Edge, truths, st.booleans())
        | st.builds(syntax.Call, st.sampled_from(["all", "any"]), st.lists(truths, min_size=1, max_size=3).map(tuple))
    )
)


@given(truths)
def test_what_is_written_is_read_back(expression):
    assert parse_expression(str(expression)) == expression


TRACE = Trace({"ups-a1.mode": [(0.0, "online")], "ups-a1.charge_percent": [(0.0, 80.0)], "ups-a2.charge_percent": [(0.0, 40.0)],
               "ups-a1.on_battery": [(0.0, True)], "ups-a2.on_battery": [(0.0, True)], "ups-a3.on_battery": [(0.0, True)]})  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("ups-*.charge_percent > 50", False),
        ("any(ups-*.charge_percent > 50)", True),
        ("count(ups-a[12].on_battery and ups-a[12].charge_percent < 50) == 1", True),
        ("min(ups-*.charge_percent) + 10 <= 50", True),
        ("sum(ups-*.charge_percent) == 120", True),
        ("abs(ups-a1.charge_percent - 100) < 30", True),
        ("20 < ups-*.charge_percent < 60", False),
        ("ups-a1.mode == 'online' implies ups-*.on_battery", True),
        ("ups-a1.mode != 'online' or false", False),
    ],
)
def test_what_expressions_mean(expression, holds):
    assert evaluate(TRACE, always(expression))[0].holds is holds


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        ("ups-a1.mode < 3", WrongKind, "can be compared with == and != only"),
        ("ups-a1.charge_percent", WrongKind, "is 80.0, not true or false"),
        ("ups-a1.mode + 1 < 3", WrongKind, "'online', a word"),
        ("max(ups-*.charge_percent)", BindingError, "expected something true or false such as"),
        ("count(ups-*.on_battery and ups-*.charge_percent < 50) == 1", BindingError, "a3 is only in one of them"),
    ],
)
def test_what_does_not_fit_is_explained(expression, error, message):
    with pytest.raises(error, match=message.replace("(", r"\(")):
        evaluate(TRACE, always(expression))


TOO_MUCH = {
    "parentheses": "always " + "(" * 1000 + "a.b" + ")" * 1000,
    "not": "always " + "not " * 1000 + "a.b",
    "minus": "always " + "- " * 1000 + "1 < a.b",
    "implies": "always " + "a.b implies " * 1000 + "a.b",
    "functions": "always " + "any(" * 1000 + "a.b" + ")" * 1000,
    "and": "always " + " and ".join(["a.b"] * 1000),
    "or": "within 1 s of " + " or ".join(["a.b"] * 1000) + ": a.b",
    "plus": "a.b until 1 < " + " + ".join(["a.c"] * 1000),
    "chain": "always " + " < ".join(["a.c"] * 1000),
    "edges": "always a.b" + " rises" * 1000,
    "letters": "x" * 100_000,
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
def test_an_expression_that_needs_more_stack_than_there_is_is_refused(text: str) -> None:
    with pytest.raises(PropertySyntaxError, match=r"nested deeper than|joins more than|characters") as refused:
        parse(text)
    assert len(str(refused.value)) < 1500


@pytest.mark.parametrize("join", [" and ", " or ", " implies "])
def test_as_many_terms_as_may_be_joined_are_judged(join: str) -> None:
    terms = 30 if join == " implies " else 290
    (verdict,) = evaluate(Trace({"a.b": [(0.0, True), (1.0, True)]}), "always " + join.join(["a.b"] * terms))
    assert verdict.holds
    assert parse(str(verdict.about)) == verdict.about


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("always rate(a.c, 0 s) < 1", "window of 0 s"),
        ("always change(a.c, 0 min) < 1", "window of 0 s"),
        ("always a.c < 1e400", "a number that a quantity can have"),
        ("always a.c < 1 hysteresis 1e999", "expected a number in the unit"),
        ("always \x1b]0;x", r"unexpected '\\x1b'; expected a name, a number or \("),
    ],
)
def test_a_number_or_time_without_a_meaning_is_refused(text: str, message: str) -> None:
    with pytest.raises(PropertySyntaxError, match=message) as refused:
        parse(text)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("name", ["1-row.supplied", "5.supplied", "élan.supplied", "2.rack-3.supplied"])
def test_every_name_that_a_site_file_may_give_can_be_written(name: str) -> None:
    assert parse(f"always {name}") == always(name)
    (verdict,) = evaluate(Trace({name: [(0.0, True), (1.0, True)]}), f"always {name} and not 1.5 > 2 + 0.5")
    assert verdict.holds


@pytest.mark.parametrize("wrong", [None, True, 5, ["always a.b"]])
def test_what_is_no_property_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(TypeError, match="expected a property such as always"):
        evaluate(Trace({"a.b": [(0.0, True)]}), wrong)  # type: ignore[arg-type]
