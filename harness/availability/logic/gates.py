"""Gates under construction: each has a name and is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from twinfeed.harness.availability.tree import AtLeast, Constant, Formula, Named

NO, YES = Constant(False), Constant(True)


@dataclass
class Gates:
    """Gates by name."""

    gates: dict[str, Formula] = field(default_factory=dict)

    def gate(self, name: str, made: Callable[[], Formula]) -> Formula:
        """The gate of that name; `made` returns its formula when there is none yet. A constant needs no gate."""
        if name not in self.gates:
            formula = made()
            if isinstance(formula, Constant):
                return formula
            self.gates[name] = formula
        return Named(name)


def any_of(*of: Formula) -> Formula:
    """At least one of them, without those that never are."""
    return at_least(1, of)


def all_of(*of: Formula) -> Formula:
    """All of them, without those that always are."""
    return at_least(len(of), of)


def at_least(least: int, of: Sequence[Formula]) -> Formula:
    """At least so many of them; constants are counted, and one that remains stands alone."""
    least -= sum(part == YES for part in of)
    open_parts = (
        tuple(dict.fromkeys(part for part in of if not isinstance(part, Constant)))
        if least == 1
        else tuple(part for part in of if not isinstance(part, Constant))
    )
    if least <= 0:
        return YES
    if least > len(open_parts):
        return NO
    return open_parts[0] if len(open_parts) == 1 else AtLeast(least, open_parts)


def too_few(needed: int, members: Sequence[Formula]) -> Formula:
    """So many of the members have failed that fewer than the needed ones are left."""
    return at_least(len(members) - needed + 1, members)
