"""Operators without a start of their own: `until`, and `for at least`."""

from __future__ import annotations

import math

from twinfeed.harness.properties.checks.pieces import Check, Piece
from twinfeed.harness.properties.language import Property
from twinfeed.harness.properties.syntax import duration


class Until(Check):
    """The expression holds until the other one does, and that does come."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        self._came: bool | None = False
        """True if the other one has; None if it may have, and the expression may have held until then."""
        self._held: bool | None = True
        """True if the expression has held so far; None if it may have."""
        self._over = False
        self._lowest = math.inf
        self._best = -math.inf

    def piece(self, piece: Piece) -> None:
        self.starts = 1
        if not self._over:
            self._judge(piece)
        if piece.other is not None:
            self._best = max(self._best, min(piece.other_d0, self._lowest))
        if piece.holds is not None:
            self._lowest = min(self._lowest, piece.d0, piece.d1)
        if piece.other is not None:
            self._best = max(self._best, min(piece.other_d1, self._lowest))
        self.margin = self._best

    def _judge(self, piece: Piece) -> None:
        if piece.other:
            self._came = True if self._held else None
            self._over = True
            return
        if piece.other is None:
            self._came = None
        if piece.holds is None:
            self._held = None
        elif not piece.holds:
            self._over = True
            if self._came is False:
                self.breach(piece.t0, "until then", piece.t0)

    def finish(self, t: float) -> None:
        if self._came is None:
            self.unknown = 1
        elif not self._came and not self.breaches:
            self.breach(t, f"and {self.property.until} by the end", 0.0)


class ForAtLeast(Check):
    """Whenever the expression becomes true it stays true for the time. A truth at the start is not judged."""

    def __init__(self, property: Property) -> None:
        super().__init__(property)
        assert property.time_s is not None
        self._time_s = property.time_s
        self._before: bool | None = True
        self._since = math.nan

    def piece(self, piece: Piece) -> None:
        if piece.holds is None:
            self.unknown = 1  # it may become true, and false again
            self.possible_starts += self._before is not None
        elif piece.holds and self._before is False:
            self._since = piece.t0
            self.starts += 1
        elif not piece.holds and self._since <= piece.t0:
            left_s = piece.t0 - self._since - self._time_s
            if left_s < 0.0 or not self.unknown:
                self.margin = min(self.margin, left_s)
            if left_s < 0.0:
                self.breach(piece.t0, f"for at least {duration(self._time_s)}", self._since)
            self._since = math.nan
        self._before = piece.holds

    def finish(self, t: float) -> None:
        if t - self._since < self._time_s:
            self.undecided += 1
