"""The text of properties and of the expressions in them.

    property    = kind {clause} [":"] expression  |  expression "until" expression ["max_gap" time]
    kind        = "always" | "never" | "eventually" | "within" time | "for at least" time
    clause      = ("after" | "of") expression | "between" time "and" time | "grace" time | "for at least" time
                | "max_gap" time
    expression  = or ["implies" expression]
    or          = and {"or" and}                 and = not {"and" not}          not = "not" not | edge
    edge        = comparison ["rises" | "falls"]
    comparison  = sum {("<" | "<=" | ">" | ">=" | "==" | "!=") sum} ["hysteresis" number]
    sum         = product {("+" | "-") product}  product = factor {("*" | "/") factor}
    factor      = "-" factor | number [unit] | 'word' | "true" | "false" | NAME.QUANTITY | function | "(" expression ")"
    function    = ("max" | "min" | "sum" | "abs" | "all" | "any" | "count") "(" expression {"," expression} ")"
                | ("rate" | "change") "(" expression "," time ")"

The colon is needed after a clause. Names hold dashes and stars (`utility-a.live`, `racks.*.supplied`), so a minus or
a times between quantities has spaces around it. `a < b < c` means `a < b and b < c`.

Recursive descent over a dozen rules: lark or pyparsing would be a dependency of every installation for less than
what is written here, and their messages would need rewriting.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import NoReturn

from twinfeed.emulators.devices.firmware.domain import POSSIBLE
from twinfeed.emulators.textfile import printable, shown
from twinfeed.harness import durations
from twinfeed.harness.properties import syntax
from twinfeed.harness.properties.syntax import AGGREGATES, COMPARISONS, QUANTIFIERS, WINDOWS, Expression

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<name>(?:[^\W\d]|[*?\[])[\w*?\[\]!-]*(?:\.[\w*?\[\]!-]+)+
          | \d[\w*?\[\]!-]*(?:\.[^\W\d][\w*?\[\]!-]*)+)
      | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
      | (?P<unit>%|°C|°F|°K)
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<word>[A-Za-z_]\w*)
      | (?P<sign><=|>=|==|!=|[-<>+*/(),:])
      | (?P<end>$)
    )""",
    re.VERBOSE,
)
_MEANT = {"=": "== (a single = is no comparison)", "&": "and", "|": "or", "!": "not", "→": "implies"}

MOST_LETTERS = 20_000
"""Characters of a property: many times what a person reads."""

MOST_NESTED = 32
"""Parentheses, functions, `not`, `implies` and signs within each other."""

MOST_JOINED = 300
"""Levels of an expression; each term that `and`, `or`, `+` and the like join adds one."""

FUNCTIONS = (*AGGREGATES, "abs", *QUANTIFIERS)
CLAUSES = ("after", "of", "between", "grace", "for", "max_gap")


class PropertySyntaxError(ValueError):
    """A text is no property. The message gives the column, what was found and what was expected."""

    def __init__(self, text: str, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}\n    {printable(text)}\n    {' ' * (column - 1)}^")
        self.text, self.column = text, column


@dataclass(frozen=True, slots=True)
class Clauses:
    """The tokens between the kind of a property and its expression."""

    kind: str
    time_s: float | None = None
    """The time of `within` and `for at least`."""
    after: Expression | None = None
    between_s: tuple[float, float] | None = None
    grace_s: float = 0.0
    hold_s: float = 0.0
    max_gap_s: float = 0.0


def parse_expression(text: str) -> Expression:
    """
    Raises:
        PropertySyntaxError: it is no expression.
    """
    parser = _Parser(text)
    found = parser.whole()
    parser.finish()
    return found


def parse_property(text: str) -> tuple[Clauses, Expression, Expression | None]:
    """The clauses and the expression of a property; the second expression is what `until` waits for.

    Raises:
        PropertySyntaxError: it is no property.
    """
    parser = _Parser(text)
    found = parser.property()
    parser.finish()
    return found


class _Parser:
    """One pass from left to right; `kind`, `value` and `column` are those of the token that is next."""

    def __init__(self, text: str) -> None:
        if len(text) > MOST_LETTERS:
            begin = shown(text)
            raise PropertySyntaxError(begin, 1, f"found {len(text):,} characters, expected at most {MOST_LETTERS:,}")
        self.text = text
        self._after = 0
        self._depth = 0
        self.next()

    # -- tokens ----------------------------------------------------------------------------------------------

    def next(self) -> None:
        match = _TOKEN.match(self.text, self._after)
        if match is None:
            start = self._after + len(self.text[self._after :]) - len(self.text[self._after :].lstrip())
            character = self.text[start]
            if character in "'\"":
                raise PropertySyntaxError(self.text, start + 1, "the quotation that begins here does not end")
            hint = f"; did you mean {_MEANT[character]}?" if character in _MEANT else ""
            raise PropertySyntaxError(
                self.text, start + 1, f"unexpected {character!r}; expected a name, a number or ({hint}"
            )
        assert match.lastgroup is not None
        self.kind, self.value = match.lastgroup, match[match.lastgroup]
        self.column = match.start(match.lastgroup) + 1
        self._after = match.end()

    def fail(self, expected: str) -> NoReturn:
        found = "the end" if self.kind == "end" else repr(self.value)
        raise PropertySyntaxError(self.text, self.column, f"found {found}, expected {expected}")

    def sees(self, *words: str) -> bool:
        return self.kind in ("word", "sign") and self.value in words

    def takes(self, *words: str) -> bool:
        """Go on if the next token is one of these."""
        if self.sees(*words):
            self.next()
            return True
        return False

    def needs(self, word: str, why: str = "") -> None:
        if not self.takes(word):
            self.fail(f"{word!r}{why}")

    def finish(self) -> None:
        if self.kind != "end":
            self.fail("the end, or an operator such as and, or, <")

    # -- properties ------------------------------------------------------------------------------------------

    def property(self) -> tuple[Clauses, Expression, Expression | None]:
        clauses = self.clauses()
        if clauses is None:
            first = self.whole()
            if not self.takes("until"):
                if self.kind == "end":
                    raise PropertySyntaxError(
                        self.text, 1, "an expression alone names no time; begin with always, never, eventually, "
                        "within or for at least (or continue with until)"
                    )  # fmt: skip
                self.fail("'until'")
            end = self.whole()
            return Clauses("until", max_gap_s=self.time() if self.takes("max_gap") else 0.0), first, end
        return clauses, self.whole(), None

    def clauses(self) -> Clauses | None:
        kind, time_s = self.value, None
        if self.takes("within"):
            time_s = self.time()
        elif self.sees("for"):
            time_s, kind = self.at_least(), "for at least"
        elif not self.takes("always", "never", "eventually"):
            return None
        after, between_s, grace_s, hold_s, max_gap_s, clauses = None, None, 0.0, 0.0, 0.0, 0
        while self.sees(*CLAUSES):
            clauses += 1
            if self.takes("after", "of"):
                after = self.whole()
            elif self.takes("between"):
                low = self.time()
                self.needs("and", " and a second time")
                between_s = (low, self.time())
            elif self.takes("grace"):
                grace_s = self.time()
            elif self.takes("max_gap"):
                max_gap_s = self.time()
            else:
                hold_s = self.at_least()
        if clauses:
            self.needs(":", " between the clauses and what they are about")
        else:
            self.takes(":")
        return Clauses(kind, time_s, after, between_s, grace_s, hold_s, max_gap_s)

    def at_least(self) -> float:
        self.needs("for")
        self.needs("at", " least")
        self.needs("least")
        return self.time()

    def time(self) -> float:
        """`15 s`, or quoted."""
        column, written = self.column, self.value
        if self.kind == "text":
            written = written[1:-1]
            self.next()
        elif self.kind == "number":
            self.next()
            if self.kind == "word" and self.value in durations.UNITS_S:
                written += f" {self.value}"
                self.next()
            else:
                self.fail(f"the unit of that time: {', '.join(durations.UNITS_S)}")
        else:
            self.fail("a time such as 15 s or 30 min")
        try:
            return durations.seconds(written)
        except ValueError as error:
            raise PropertySyntaxError(self.text, column, str(error)) from None

    # -- expressions -----------------------------------------------------------------------------------------

    def whole(self) -> Expression:
        """An expression that is part of no other."""
        found = self.expression()
        if _levels(found) > MOST_JOINED:
            message = (
                f"an expression joins more than {MOST_JOINED} terms; use all(…), any(…), sum(…) or a pattern such as "
                "racks.*.supplied, or write several properties"
            )
            raise PropertySyntaxError(shown(self.text), 1, message)
        return found

    def deeper(self, inner: Callable[[], Expression]) -> Expression:
        """The content of one level within."""
        if self._depth >= MOST_NESTED:
            message = f"an expression is nested deeper than {MOST_NESTED} levels; write several properties"
            raise PropertySyntaxError(shown(self.text), 1, message)
        self._depth += 1
        found = inner()
        self._depth -= 1
        return found

    def expression(self) -> Expression:
        return self.deeper(self.implication)

    def implication(self) -> Expression:
        left = self.disjunction()
        return syntax.Logical("implies", left, self.expression()) if self.takes("implies") else left

    def disjunction(self) -> Expression:
        left = self.conjunction()
        while self.takes("or"):
            left = syntax.Logical("or", left, self.conjunction())
        return left

    def conjunction(self) -> Expression:
        left = self.negation()
        while self.takes("and"):
            left = syntax.Logical("and", left, self.negation())
        return left

    def negation(self) -> Expression:
        if self.takes("not"):
            return syntax.Not(self.deeper(self.negation))
        inner = self.comparison()
        while self.sees("rises", "falls"):
            inner = syntax.Edge(inner, self.value == "rises")
            self.next()
        return inner

    def comparison(self) -> Expression:
        left = self.sum()
        found: Expression | None = None
        while self.sees(*COMPARISONS):
            op = self.value
            self.next()
            right = self.sum()
            hysteresis = self.hysteresis(op)
            link = syntax.Comparison(op, left, right, hysteresis)
            found = link if found is None else syntax.Logical("and", found, link)
            left = right
        return left if found is None else found

    def hysteresis(self, op: str) -> float:
        column = self.column
        if not self.takes("hysteresis"):
            return 0.0
        if op in ("==", "!="):
            raise PropertySyntaxError(
                self.text, column, f"{op} has no good side, so it takes no hysteresis; use < or >"
            )
        if self.kind != "number":
            self.fail("a number in the unit of what is compared")
        value = float(self.value)
        if not isfinite(value):
            self.fail("a number in the unit of what is compared")
        self.next()
        return value

    def sum(self) -> Expression:
        left = self.product()
        while self.sees("+", "-"):
            op = self.value
            self.next()
            left = syntax.Arithmetic(op, left, self.product())
        return left

    def product(self) -> Expression:
        left = self.factor()
        while self.sees("*", "/"):
            op = self.value
            self.next()
            left = syntax.Arithmetic(op, left, self.factor())
        return left

    def factor(self) -> Expression:
        kind, value = self.kind, self.value
        if self.takes("-"):
            inner = self.deeper(self.factor)
            if isinstance(inner, syntax.Literal) and isinstance(inner.value, float):
                return syntax.Literal(-inner.value, inner.unit)
            return syntax.Arithmetic("-", syntax.Literal(0.0), inner)
        if self.takes("("):
            inner = self.expression()
            self.needs(")", " that closes the parenthesis")
            return inner
        if kind == "number":
            if not isfinite(number := float(value)):
                self.fail("a number that a quantity can have")
            self.next()
            return syntax.Literal(number, self.unit())
        if kind == "text":
            self.next()
            return syntax.Literal(value[1:-1])
        if kind == "name":
            self.next()
            return syntax.Name(value)
        if self.takes("true", "false"):
            return syntax.Literal(value == "true")
        if kind == "word" and value in (*FUNCTIONS, *WINDOWS):
            return self.call(value)
        return self.fail("a quantity such as hall-1.inlet_c, a number, a 'word', a function or a parenthesis")

    def unit(self) -> str:
        """The unit of a number, '' if there is none."""
        unit = self.value if self.kind == "unit" or (self.kind == "word" and self.value in POSSIBLE) else ""
        if unit:
            self.next()
        return unit

    def call(self, function: str) -> Expression:
        self.next()
        self.needs("(", f" after {function}")
        arguments = [self.expression()]
        if function in WINDOWS:
            self.needs(",", f" and a time, as in {function}(hall-1.inlet_c, 15 min)")
            column, window_s = self.column, self.time()
            if window_s <= 0.0:
                message = f"found a window of 0 s, expected a longer one, as in {function}(hall-1.inlet_c, 15 min)"
                raise PropertySyntaxError(self.text, column, message)
            self.needs(")")
            return syntax.Window(function, arguments[0], window_s)
        while self.takes(","):
            arguments.append(self.expression())
        self.needs(")", " or a comma")
        return syntax.Call(function, tuple(arguments))


def _levels(expression: Expression) -> int:
    """The depth: 1 for a name or a number."""
    levels, row = 0, [expression]
    while row:
        levels += 1
        row = [child for each in row for child in syntax.children(each)]
    return levels
