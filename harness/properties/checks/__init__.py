"""The temporal operators. Each gets the truth of its expressions segment by segment, and finds violations.

A duty begins at the start of the record, or each time `after` becomes true, and is checked from `opens` to `closes`.
A state that did not last, because the plant settled anew at the same time, does not count.

Whether an expression holds may be unknown (None). What is violated, or holds, however the unknown stretches went, is
decided; what depends on them is counted in `unknown`. Where `after` is unknown, a duty may begin at any time of that
stretch: all of them together are one Duty that is `possible`, which can be met or stay open, but not be violated.
"""

from __future__ import annotations

from twinfeed.harness.properties.checks.duties import Always, Eventually, Within
from twinfeed.harness.properties.checks.pieces import Breach, Check, Piece
from twinfeed.harness.properties.checks.spans import ForAtLeast, Until
from twinfeed.harness.properties.language import Property

__all__ = ["Breach", "Check", "Piece", "check"]


def check(property: Property) -> Check:
    """The operator of a property."""
    if property.kind == "for at least" and property.after is not None:
        return Always(property)
    kinds: dict[str, type[Check]] = {
        "always": Always, "never": Always, "eventually": Eventually, "within": Within, "until": Until,
        "for at least": ForAtLeast,
    }  # fmt: skip
    return kinds[property.kind](property)
