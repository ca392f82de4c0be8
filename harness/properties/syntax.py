"""The parts of an expression over quantities, as it is written; `str` writes it back.

An expression knows nothing of a site: names may be patterns, and `twinfeed.harness.properties.signals` binds them.
"""

from __future__ import annotations

from dataclasses import dataclass

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
AGGREGATES = ("max", "min", "sum")
"""Functions of numbers: `max(hall-*.inlet_c)`, `min(a, b, 3)`."""
QUANTIFIERS = ("all", "any", "count")
"""Functions of truths: `any(generator-*.running)`; `count` is the number of those that are true."""
WINDOWS = ("rate", "change")
"""Functions of a number and the time before now, `rate(hall-1.inlet_c, 15 min)`: see `harness.properties.windows`."""

_BINDING = {"implies": 1, "or": 2, "and": 3, "not": 4, "edge": 5, "compare": 6, "+": 7, "-": 7, "*": 8, "/": 8}
_TIGHTEST = 9


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a word or a truth; a number may have a unit, which must be that of what it is compared with."""

    value: float | str | bool
    unit: str = ""

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, str):
            return f"'{self.value}'"
        return f"{number(self.value)} {self.unit}" if self.unit else number(self.value)


@dataclass(frozen=True, slots=True)
class Name:
    """A quantity or a pattern that means several: `hall-1.inlet_c`, `racks.*.supplied`."""

    pattern: str

    @property
    def several(self) -> bool:
        return any(character in self.pattern for character in "*?[")

    def __str__(self) -> str:
        return self.pattern


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right` of numbers, op one of + - * /."""

    op: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{_in(self.left, _BINDING[self.op])} {self.op} {_in(self.right, _BINDING[self.op] + 1)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left op right`; with a hysteresis it becomes true again only that far on the good side."""

    op: str
    left: Expression
    right: Expression
    hysteresis: float = 0.0

    def __str__(self) -> str:
        written = f"{_in(self.left, 7)} {self.op} {_in(self.right, 7)}"
        return f"{written} hysteresis {number(self.hysteresis)}" if self.hysteresis else written


@dataclass(frozen=True, slots=True)
class Not:
    inner: Expression

    def __str__(self) -> str:
        return f"not {_in(self.inner, _BINDING['not'])}"


@dataclass(frozen=True, slots=True)
class Logical:
    """`left op right` of truths, op one of and, or, implies (which groups to the right)."""

    op: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        own = _BINDING[self.op]
        if self.op == "implies":
            return f"{_in(self.left, own + 1)} implies {_in(self.right, own)}"
        terms, left = [self.right], self.left
        while isinstance(left, Logical) and left.op == self.op:  # hundreds of terms need no stack
            terms.append(left.right)
            left = left.left
        return f" {self.op} ".join([_in(left, own), *(_in(term, own + 1) for term in reversed(terms))])


@dataclass(frozen=True, slots=True)
class Edge:
    """True at the time at which the inner expression becomes true (rises) or false (falls), and only then."""

    inner: Expression
    rises: bool

    def __str__(self) -> str:
        return f"{_in(self.inner, _BINDING['edge'])} {'rises' if self.rises else 'falls'}"


@dataclass(frozen=True, slots=True)
class Call:
    """One of AGGREGATES or QUANTIFIERS, or `abs`."""

    function: str
    arguments: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Window:
    """One of WINDOWS over the last `window_s` seconds."""

    function: str
    inner: Expression
    window_s: float

    def __str__(self) -> str:
        return f"{self.function}({self.inner}, {duration(self.window_s)})"


Expression = Literal | Name | Arithmetic | Comparison | Not | Logical | Edge | Call | Window


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that this one is directly made of."""
    match expression:
        case Literal() | Name():
            return ()
        case Not(inner) | Edge(inner) | Window(inner=inner):
            return (inner,)
        case Call(arguments=arguments):
            return arguments
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right) | Logical(left=left, right=right):
            return (left, right)


def patterns(expression: Expression) -> list[str]:
    """Every name in it, in the order of writing, each once."""
    if isinstance(expression, Name):
        return [expression.pattern]
    return list(dict.fromkeys(p for child in children(expression) for p in patterns(child)))


def premises(expression: Expression) -> list[Expression]:
    """Premises of `implies`: expressions that must be true at some time for the whole not to be vacuous.

    Of several implications that are joined with `and` or `all` each one has its own; empty if a part is none.
    """
    match expression:
        case Logical("implies", left, right):
            return [Logical("and", left, inner) for inner in premises(right)] or [left]
        case Logical("and", left, right):
            parts = [premises(left), premises(right)]
        case Call("all", arguments):
            parts = [premises(argument) for argument in arguments]
        case _:
            return []
    return [premise for part in parts for premise in part] if all(parts) else []


def number(value: float) -> str:
    """As short as it can be written without loss."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def duration(seconds: float) -> str:
    """A time in the largest unit that takes no more digits: 30 min, 1.5 s, 20 ms."""
    for unit, scale in (("h", 3600.0), ("min", 60.0)):
        if seconds >= scale and seconds % scale == 0:
            return f"{number(seconds / scale)} {unit}"
    milliseconds = round(seconds * 1000.0, 9)
    if 0.0 < seconds < 1.0 and milliseconds == int(milliseconds):
        return f"{number(milliseconds)} ms"
    return f"{number(seconds)} s"


def _in(expression: Expression, at_least: int) -> str:
    """Written inside one that binds so tightly, in parentheses where needed."""
    match expression:
        case Arithmetic(op=op) | Logical(op=op):
            own = _BINDING[op]
        case Comparison():
            own = _BINDING["compare"]
        case Not():
            own = _BINDING["not"]
        case Edge():
            own = _BINDING["edge"]
        case Literal(value) if isinstance(value, float) and value < 0:
            own = _BINDING["*"]
        case _:
            own = _TIGHTEST
    return str(expression) if own >= at_least else f"({expression})"
