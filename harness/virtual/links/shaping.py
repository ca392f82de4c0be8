"""A stream's answers cut into pieces or put together on their way, for clients that expect one answer a segment.

TCP keeps the order of octets and no boundaries, so a client has to put an answer together from whatever segments come
(RFC 9293 §3.7.4). The class is sans-IO: its owner gives it what is sent, and a timer for each time it returns.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from twinfeed.harness.virtual.links.link import LinkConditions

Mark = TypeVar("Mark")
"""The end of a stream, if that is not the empty octets: it is kept in order and neither cut nor joined."""


class Shaper(Generic[Mark]):
    """One direction of one stream. Where answers are to be joined, they are not cut."""

    __slots__ = ("_last_s", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[bytes | Mark] = deque()
        self._last_s = 0.0
        """When the last of `_waiting` is due, s."""

    def takes(self, conditions: LinkConditions) -> bool:
        """True if octets sent now must pass here: an effect is active, or earlier octets are still here."""
        return bool(self._waiting) or conditions.split_octets > 0 or conditions.join_s > 0.0

    def put(self, now_s: float, item: bytes | Mark, conditions: LinkConditions) -> list[float]:
        """Take octets. Returns the times, s, at each of which `next` must be called once."""
        if not isinstance(item, bytes) or not item:
            return [self._append(max(now_s, self._last_s), item)]
        last = self._waiting[-1] if self._waiting else None
        if conditions.join_s > 0.0 and isinstance(last, bytes) and last:
            self._waiting[-1] = last + item
            return []
        at_s = now_s + conditions.join_s
        if self._waiting:
            at_s = max(at_s, self._last_s + conditions.split_gap_s)
        size = conditions.split_octets if conditions.join_s <= 0.0 and conditions.split_octets else len(item)
        pieces = [item[place : place + size] for place in range(0, len(item), size)]
        return [self._append(at_s + n * conditions.split_gap_s, piece) for n, piece in enumerate(pieces)]

    def next(self) -> bytes | Mark:
        """The octets that are due now."""
        return self._waiting.popleft()

    def _append(self, at_s: float, item: bytes | Mark) -> float:
        self._last_s = at_s
        self._waiting.append(item)
        return at_s
