"""Fault trees: a top event as a formula of failures, with the data of each.

Pure: no site and no file. `openpsa` reads and writes such trees, `diagram` computes with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.failures import Failure


@dataclass(frozen=True, slots=True)
class Named:
    """The gate or the failure of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True if at least `least` of the formulas are: all of them is an "and", 1 an "or"."""

    least: int
    of: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if the formula is not. A tree with it has a probability, but no minimal cut sets."""

    of: Formula


@dataclass(frozen=True, slots=True)
class Constant:
    """Always or never true: a house event."""

    value: bool


Formula = Named | AtLeast | Not | Constant


def every(*of: Formula) -> AtLeast:
    """All of them."""
    return AtLeast(len(of), of)


def some(*of: Formula) -> AtLeast:
    """At least one of them."""
    return AtLeast(1, of)


@dataclass(frozen=True)
class Tree:
    """Gates by name, the name of the top one, and the failures at the bottom.

    Raises:
        TreeError: a gate or the top names nothing, or a gate leads back to itself.
    """

    top: str
    gates: Mapping[str, Formula]
    failures: Mapping[str, Failure] = field(default_factory=dict)

    def __post_init__(self) -> None:
        both = sorted(self.gates.keys() & self.failures.keys())
        if both:
            raise TreeError(f"{both[0]!r} is a gate and a failure, expected different names")
        self.order()

    def order(self) -> tuple[str, ...]:
        """The gates below the top one and itself, each after those that it names.

        Raises:
            TreeError: see the class.
        """
        done: dict[str, None] = {}
        open_gates: dict[str, Iterator[str]] = {}

        def enter(name: str, of: str) -> None:
            if name in done or name in self.failures:
                return
            if name in open_gates:
                way = [*list(open_gates)[list(open_gates).index(name) :], name]
                raise TreeError(f"gate {name!r} leads back to itself: {' -> '.join(way)}")
            if name not in self.gates:
                raise TreeError(f"{of} names {name!r}, which is neither a gate nor a failure")
            open_gates[name] = iter(tuple(names(self.gates[name])))

        enter(self.top, "the top")
        while open_gates:
            name = next(reversed(open_gates))
            below = next(open_gates[name], None)
            if below is None:
                del open_gates[name]
                done[name] = None
            else:
                enter(below, f"gate {name!r}")
        return tuple(done)


def names(formula: Formula) -> Iterator[str]:
    """The gates and failures that a formula names, in their order, again where it names them again."""
    pending = [formula]
    while pending:
        part = pending.pop()
        if isinstance(part, Named):
            yield part.name
        elif isinstance(part, Not):
            pending.append(part.of)
        elif isinstance(part, AtLeast):
            pending.extend(reversed(part.of))
