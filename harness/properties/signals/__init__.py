"""Expressions bound to quantities, as signals in dense time.

Between two instants a float moves on a straight line and everything else stands still. An expression is therefore
evaluated one piece of time at a time, given the values at both ends of it (`a`, `b`):

    bend(a, b)   where its truth or its slope changes first, as a part of the piece; 1.0 if nowhere
    ends(a, b)   of a number: its values at the beginning and at the end
    over(a, b)   of a truth: whether it holds on that piece, and how far it is from changing at both ends

The distance is in the unit of what is compared, positive where it holds; states have none to give (infinity). `and`
takes the smaller, `or` the larger. It is exact as long as quantities are added, scaled and compared; a product or
quotient of two that both move is taken as straight between the plant's instants.

A quantity may be unknown on a piece, from its beginning to its end. Truths have three values then, as in Kleene's
logic: `false and unknown` is false, `true or unknown` is true, otherwise what depends on the unknown is None, and has
no distance. Numbers become bounds: the larger of an unknown number and 30 is at least 30, so it is above 27.
"""

from twinfeed.harness.properties.signals.numbers import Calculation, Constant, Count, Extreme, Quantity, Total
from twinfeed.harness.properties.signals.pieces import (
    NEVER,
    Env,
    Number,
    Over,
    Truth,
    WrongKind,
    between,
    crossing,
    number,
)
from twinfeed.harness.properties.signals.truths import Combined, Compared, Edge, Fixed, Negation, State

__all__ = [
    "NEVER", "Calculation", "Combined", "Compared", "Constant", "Count", "Edge", "Env", "Extreme", "Fixed", "Negation",
    "Number", "Over", "Quantity", "State", "Total", "Truth", "WrongKind", "between", "crossing", "number",
]  # fmt: skip
