"""Properties as they are written: in Python with these functions, or as text with `parse`.

    always("racks.*.supplied", grace="20 ms")
    within("15 s", "generator-1.running", after="utility-a.live falls")
    parse("within 15 s of utility-a.live falls: generator-1.running")

`str` of a property is its text, and parsing that gives the property again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from twinfeed.harness.durations import seconds
from twinfeed.harness.properties import syntax
from twinfeed.harness.properties.grammar import parse_expression, parse_property
from twinfeed.harness.properties.syntax import Expression, duration

_ALLOWED = {
    "always": ("after", "between", "grace"),
    "never": ("after", "between", "grace"),
    "eventually": ("after", "between", "hold"),
    "within": ("after", "hold"),
    "for at least": ("after",),
    "until": (),
}
"""Kind of property -> what may shape it."""


@dataclass(frozen=True, slots=True)
class Property:
    """An expression that must hold over time, from the start of the run or each time at which `after` becomes true.

    Raises:
        ValueError: times that contradict each other, or a clause that this kind of property does not have.
    """

    kind: str
    expression: Expression
    until: Expression | None = None
    """The expression that ends the duty of `until`."""
    after: Expression | None = None
    time_s: float | None = None
    """The deadline of `within`, the length of `for at least`."""
    between_s: tuple[float, float] | None = None
    """The interval after the start that counts, both ends included."""
    grace_s: float = 0.0
    """A violation no longer than this is forgiven."""
    hold_s: float = 0.0
    """The time for which the expression must then stay true."""
    max_gap_s: float = 0.0
    """The time for which a quantity is known after a reading, if longer than the promise of its instrument."""

    def __post_init__(self) -> None:
        given = {
            "after": self.after is not None, "between": self.between_s is not None,
            "grace": self.grace_s > 0.0, "hold": self.hold_s > 0.0,
        }  # fmt: skip
        if not 0.0 <= self.max_gap_s < math.inf:
            raise ValueError(f"found max_gap {self.max_gap_s:g} s, expected a time of 0 s or more")
        for clause, there in given.items():
            if there and clause not in _ALLOWED[self.kind]:
                takes = ", ".join(_ALLOWED[self.kind]) or "none"
                raise ValueError(f"{self.kind!r} takes no {clause!r}; it takes: {takes}")
        if self.between_s is not None and not 0.0 <= self.between_s[0] <= self.between_s[1]:
            low, high = self.between_s
            raise ValueError(f"found between {low:g} s and {high:g} s, expected the earlier time first")

    @property
    def patterns(self) -> list[str]:
        """The names and patterns of all quantities in the property."""
        parts = [part for part in (self.expression, self.until, self.after) if part is not None]
        return list(dict.fromkeys(pattern for part in parts for pattern in syntax.patterns(part)))

    @property
    def window_s(self) -> tuple[float, float]:
        """The interval after a start that counts, s. The end may be infinite."""
        if self.between_s is not None:
            return self.between_s
        if self.kind == "within" or (self.kind == "for at least" and self.after is not None):
            assert self.time_s is not None
            return 0.0, self.time_s
        return 0.0, math.inf

    def __str__(self) -> str:
        if self.until is not None:
            gap = f" max_gap {duration(self.max_gap_s)}" if self.max_gap_s else ""
            return f"{self.expression} until {self.until}{gap}"
        kind = self.kind if self.time_s is None else f"{self.kind} {duration(self.time_s)}"
        clauses = ""
        if self.between_s is not None:
            clauses += f" between {duration(self.between_s[0])} and {duration(self.between_s[1])}"
        if self.grace_s:
            clauses += f" grace {duration(self.grace_s)}"
        if self.after is not None:
            clauses += f" {'of' if self.kind == 'within' else 'after'} {self.after}"
        if self.hold_s:
            clauses += f" for at least {duration(self.hold_s)}"
        if self.max_gap_s:
            clauses += f" max_gap {duration(self.max_gap_s)}"
        return (
            f"{kind}{clauses}: {self.expression}" if clauses or self.time_s is not None else f"{kind} {self.expression}"
        )


def parse(text: str) -> Property:
    """A property from its text; `twinfeed.harness.properties.grammar` has the grammar.

    Raises:
        PropertySyntaxError: it is none; the message gives the column and the expected tokens.
        ValueError: a clause that this kind of property does not take.
    """
    clauses, expression, until = parse_property(text)
    return Property(
        clauses.kind, expression, until, clauses.after, clauses.time_s, clauses.between_s, clauses.grace_s,
        clauses.hold_s, clauses.max_gap_s,
    )  # fmt: skip


Written = str | Expression
Time = str | float
"""Seconds, or as people write them: `15 s`, `30 min`."""


def always(
    expression: Written,
    *,
    between: tuple[Time, Time] | None = None,
    after: Written | None = None,
    grace: Time = 0.0,
    max_gap: Time = 0.0,
) -> Property:
    """The expression is true all the time. A violation no longer than `grace` is forgiven.

    With `between`, from the first time to the second after the start; with `after`, each of its times is a start.

    `max_gap`, which every kind of property takes, is the time for which a quantity is known after a reading.
    Without it the promise of its instrument counts. Where a quantity is unknown, a verdict is inconclusive.
    """
    return _property("always", expression, after=after, between=between, grace=grace, max_gap=max_gap)


def never(
    expression: Written,
    *,
    between: tuple[Time, Time] | None = None,
    after: Written | None = None,
    grace: Time = 0.0,
    max_gap: Time = 0.0,
) -> Property:
    """The expression is true at no time: `always` of the opposite."""
    return _property("never", expression, after=after, between=between, grace=grace, max_gap=max_gap)


def eventually(
    expression: Written,
    *,
    between: tuple[Time, Time] | None = None,
    after: Written | None = None,
    hold: Time = 0.0,
    max_gap: Time = 0.0,
) -> Property:
    """The expression is true at some time before the run ends, and then for at least `hold`."""
    return _property("eventually", expression, after=after, between=between, hold=hold, max_gap=max_gap)


def within(
    time: Time, expression: Written, *, after: Written | None = None, hold: Time = 0.0, max_gap: Time = 0.0
) -> Property:
    """The expression is true no later than `time` after the start, or after each time at which `after` becomes true."""
    return _property("within", expression, after=after, time=time, hold=hold, max_gap=max_gap)


def until(expression: Written, end: Written, *, max_gap: Time = 0.0) -> Property:
    """The expression is true from the start until `end` is true, and `end` becomes true."""
    return _property("until", expression, end=end, max_gap=max_gap)


def for_at_least(time: Time, expression: Written, *, after: Written | None = None, max_gap: Time = 0.0) -> Property:
    """Whenever the expression becomes true it stays true for `time` or longer; with `after`, for `time` after each."""
    return _property("for at least", expression, after=after, time=time, max_gap=max_gap)


def rises(expression: Written) -> Expression:
    """True at each time at which the expression becomes true, and only then."""
    return syntax.Edge(_read(expression), rises=True)


def falls(expression: Written) -> Expression:
    """True at each time at which the expression becomes false, and only then."""
    return syntax.Edge(_read(expression), rises=False)


def _property(
    kind: str,
    expression: Written,
    *,
    end: Written | None = None,
    after: Written | None = None,
    between: tuple[Time, Time] | None = None,
    time: Time | None = None,
    grace: Time = 0.0,
    hold: Time = 0.0,
    max_gap: Time = 0.0,
) -> Property:
    return Property(
        kind,
        _read(expression),
        _maybe(end),
        _maybe(after),
        time_s=None if time is None else seconds(time),
        between_s=_times(between),
        grace_s=seconds(grace),
        hold_s=seconds(hold),
        max_gap_s=seconds(max_gap),
    )


def _read(expression: Written) -> Expression:
    return parse_expression(expression) if isinstance(expression, str) else expression


def _maybe(expression: Written | None) -> Expression | None:
    return None if expression is None else _read(expression)


def _times(between: tuple[Time, Time] | None) -> tuple[float, float] | None:
    return None if between is None else (seconds(between[0]), seconds(between[1]))
