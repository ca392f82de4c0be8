"""From an expression as it is written to a signal over the quantities of one record.

A pattern in a boolean place means all of them: `racks.*.supplied`, and `hall-*.inlet_c < 27` is true while it is for
every hall. Inside a function each of them is an argument: `max(hall-*.inlet_c)`, `any(hall-*.inlet_c > 27)`. Several
patterns in one argument go together where their stars stand for the same: `count(ups-*.on_battery and
ups-*.charge_percent < 50)` counts modules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from twinfeed.harness.properties import signals, syntax, windows
from twinfeed.harness.properties.syntax import Expression

Lookup = Callable[[str], list[str]]
"""The quantities that a name or pattern means, in the order of the site file."""


class BindingError(LookupError):
    """An expression does not fit its quantities. The message gives the quantity and the reason."""


class Checker(Protocol):
    """Refuses what does not fit the quantities, with a BindingError: `twinfeed.harness.properties.vocabulary`."""

    def state(self, name: str) -> None: ...
    def comparison(self, comparison: syntax.Comparison, spread: syntax.Comparison) -> None: ...
    def number(self, expression: Expression) -> None: ...
    def unit(self, expression: Expression) -> str: ...


class Binder:
    """Turns expressions into signals, and collects the signals that need input."""

    def __init__(self, lookup: Lookup, checker: Checker | None = None) -> None:
        self.lookup, self.checker = lookup, checker
        self.windows: dict[str, windows.Window] = {}
        """Derived numbers by their text, those that others are derived from first."""
        self.remembering: list[signals.Compared | signals.Edge] = []
        """Signals that depend on earlier values."""
        self.names: dict[str, None] = {}

    # -- truths ----------------------------------------------------------------------------------------------

    def truth(self, expression: Expression) -> signals.Truth:
        """
        Raises:
            BindingError: it is a number or a word where something true or false is needed, or patterns do not fit.
        """
        match expression:
            case syntax.Name(pattern):
                return _together(True, [self._state(name) for name in self._found(pattern)])
            case syntax.Comparison():
                return _together(True, [self._comparison(each) for each in self._each(expression)])
            case syntax.Not(inner):
                return signals.Negation(self.truth(inner))
            case syntax.Logical("implies", left, right):
                return signals.Combined(False, [signals.Negation(self.truth(left)), self.truth(right)])
            case syntax.Logical(op):
                return signals.Combined(op == "and", [self.truth(part) for part in _chain(expression, op)])
            case syntax.Edge(inner, rises):
                edge = signals.Edge(self.truth(inner), rises)
                self.remembering.append(edge)
                return edge
            case syntax.Call("all" | "any" as function, arguments):
                return _together(function == "all", [self.truth(e) for a in arguments for e in self._each(a)])
            case syntax.Literal(bool(value)):
                return signals.Fixed(value)
        raise BindingError(f"{expression} is a number, expected something true or false such as {expression} > 0")

    def _state(self, name: str) -> signals.State:
        if self.checker is not None:
            self.checker.state(name)
        return signals.State(name)

    def _comparison(self, comparison: Expression) -> signals.Compared:
        assert isinstance(comparison, syntax.Comparison)
        if self.checker is not None:
            spread = self._spread(comparison)
            assert isinstance(spread, syntax.Comparison)
            self.checker.comparison(comparison, spread)
        left, right = self.number(comparison.left), self.number(comparison.right)
        found = signals.Compared(comparison.op, left, right, comparison.hysteresis)
        if comparison.hysteresis:
            self.remembering.append(found)
        return found

    # -- numbers ---------------------------------------------------------------------------------------------

    def number(self, expression: Expression) -> signals.Number:
        """
        Raises:
            BindingError: it is something true or false where a number is needed, or patterns do not fit.
        """
        match expression:
            case syntax.Literal(value):
                return signals.Constant(value)
            case syntax.Name(pattern):
                (name,) = self._found(pattern)
                return signals.Quantity(name)
            case syntax.Arithmetic(op, left, right):
                if self.checker is not None:
                    self.checker.number(left)
                    self.checker.number(right)
                    self.checker.unit(expression)
                return signals.Calculation(op, self.number(left), self.number(right))
            case syntax.Call("max" | "min" as function, arguments):
                return signals.Extreme(1.0 if function == "max" else -1.0, self._arguments(arguments))
            case syntax.Call("sum", arguments):
                return signals.Total(self._arguments(arguments))
            case syntax.Call("abs", (argument,)):
                inner = self.number(argument)
                zero = signals.Constant(0.0)  # which an unknown number's distance from 0 is at least
                return signals.Extreme(1.0, [inner, signals.Calculation("-", zero, inner), zero])
            case syntax.Call("count", arguments):
                return signals.Count([self.truth(each) for a in arguments for each in self._each(a)])
            case syntax.Window(function, inner, window_s):
                self._must_be_numbers(inner)
                number = self.number(inner)
                key = str(expression)
                self.windows.setdefault(key, windows.Window(key, function, number, window_s))
                return signals.Quantity(key)
        raise BindingError(f"{expression} is true or false, expected a number")

    def _arguments(self, arguments: tuple[Expression, ...]) -> list[signals.Number]:
        found = [each for argument in arguments for each in self._each(argument)]
        self._must_be_numbers(*found)
        return [self.number(each) for each in found]

    def _must_be_numbers(self, *expressions: Expression) -> None:
        """Numbers that are calculated with, and those that are compared with one another, in one unit."""
        if self.checker is not None:
            for expression in expressions:
                self.checker.number(expression)
            units = {unit: expression for expression in expressions if (unit := self.checker.unit(expression))}
            if len(units) > 1:
                (one, first), (other, second) = list(units.items())[:2]
                raise BindingError(f"{first} is in {one} and {second} in {other}: they do not go together")

    # -- patterns --------------------------------------------------------------------------------------------

    def _found(self, pattern: str) -> list[str]:
        names = self.lookup(pattern)
        self.names.update(dict.fromkeys(names))
        return names

    def _each(self, expression: Expression) -> Iterator[Expression]:
        """The expression once for everything that its patterns mean."""
        free = list(dict.fromkeys(_free(expression)))
        if not free:
            yield expression
            return
        by_stars = {pattern: {_stars(pattern, name): name for name in self._found(pattern)} for pattern in free}
        keys = list(by_stars[free[0]])
        for pattern in free[1:]:
            odd = [key for key in keys if key not in by_stars[pattern]]
            odd += [key for key in by_stars[pattern] if key not in keys]
            if odd:
                raise BindingError(
                    f"in {expression}, {free[0]} and {pattern} do not mean the same things: "
                    f"{', '.join('.'.join(key) for key in odd[:3])} is only in one of them"
                )
        for key in keys:
            yield _with_names(expression, {pattern: by_stars[pattern][key] for pattern in free})

    def _spread(self, expression: Expression) -> Expression:
        """The expression with a name for each argument that the patterns of its functions mean."""
        match expression:
            case syntax.Call(function, arguments):
                return syntax.Call(function, tuple(self._spread(each) for a in arguments for each in self._each(a)))
            case syntax.Arithmetic(op, left, right):
                return syntax.Arithmetic(op, self._spread(left), self._spread(right))
            case syntax.Comparison(op, left, right, hysteresis):
                return syntax.Comparison(op, self._spread(left), self._spread(right), hysteresis)
            case syntax.Window(function, inner, window_s):
                return syntax.Window(function, self._spread(inner), window_s)
        return expression


def _chain(expression: Expression, op: str) -> Iterator[Expression]:
    """The parts of `a and b and c`, in order."""
    if isinstance(expression, syntax.Logical) and expression.op == op:
        yield from _chain(expression.left, op)
        yield from _chain(expression.right, op)
    else:
        yield expression


def _together(every: bool, parts: Sequence[signals.Truth]) -> signals.Truth:
    return parts[0] if len(parts) == 1 else signals.Combined(every, parts)


def _free(expression: Expression) -> Iterator[str]:
    """The patterns that are not the arguments of a function."""
    match expression:
        case syntax.Name(pattern) if expression.several:
            yield pattern
        case syntax.Call():
            return
        case _:
            for child in syntax.children(expression):
                yield from _free(child)


def _stars(pattern: str, name: str) -> tuple[str, ...]:
    """The texts that the wildcards match in a name. A section in front (`racks.`) is not part of the name."""
    for form in (pattern, pattern.partition(".")[2]):
        match = re.fullmatch(_grouped(form), name)
        if match:
            return match.groups()
    return (name,)


def _grouped(pattern: str) -> str:
    """The pattern as a regular expression with a group for each wildcard."""
    literal_and_wild = re.split(r"(\*|\?|\[[^]]*\])", pattern)
    wild = {"*": "(.*)", "?": "(.)"}
    return "".join(
        wild.get(part, f"({part.replace('[!', '[^')})") if n % 2 else re.escape(part)
        for n, part in enumerate(literal_and_wild)
    )


def _with_names(expression: Expression, names: Mapping[str, str]) -> Expression:
    """The expression with its free patterns replaced."""
    match expression:
        case syntax.Name(pattern):
            return syntax.Name(names.get(pattern, pattern))
        case syntax.Not(inner):
            return syntax.Not(_with_names(inner, names))
        case syntax.Edge(inner, rises):
            return syntax.Edge(_with_names(inner, names), rises)
        case syntax.Window(function, inner, window_s):
            return syntax.Window(function, _with_names(inner, names), window_s)
        case syntax.Arithmetic(op, left, right):
            return syntax.Arithmetic(op, _with_names(left, names), _with_names(right, names))
        case syntax.Logical(op, left, right):
            return syntax.Logical(op, _with_names(left, names), _with_names(right, names))
        case syntax.Comparison(op, left, right, hysteresis):
            return syntax.Comparison(op, _with_names(left, names), _with_names(right, names), hysteresis)
    return expression
