"""The timers of a plant: a heap of due times, and the last word on each timer in a dictionary."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping

Key = tuple[str, str]
"""An actor's id and the timer's name."""


class Timers:
    """Timers by actor and name. Setting a timer again replaces it; of two due at once the one set first fires first."""

    def __init__(self) -> None:
        self.due: dict[Key, tuple[float, int]] = {}
        """When each running timer is due (s since the site was started), and its place in the order of setting."""
        self.sequence = 0
        """The number of timers that have been set."""
        self._heap: list[tuple[float, int, str, str]] = []

    def set(self, id: str, name: str, due: float) -> None:
        self.sequence += 1
        self.due[id, name] = (due, self.sequence)
        heapq.heappush(self._heap, (due, self.sequence, id, name))

    def drop(self, id: str, name: str) -> None:
        self.due.pop((id, name), None)

    def next_s(self) -> float:
        """When the next timer is due, s; inf if none runs."""
        heap = self._heap
        while heap:
            due, sequence, id, name = heap[0]
            if self.due.get((id, name)) == (due, sequence):
                return due
            heapq.heappop(heap)
        return math.inf

    def pop(self) -> Key:
        """Take the next timer out. `next_s` must have been called since the last change."""
        _, _, id, name = heapq.heappop(self._heap)
        del self.due[id, name]
        return id, name

    def replace(self, due: Mapping[Key, tuple[float, int]], sequence: int) -> None:
        """Go back to these timers; `due` stays the same dictionary."""
        kept = dict(due)
        self.due.clear()
        self.due.update(kept)
        self.sequence = sequence
        self._heap = [(due, seq, id, name) for (id, name), (due, seq) in kept.items()]
        heapq.heapify(self._heap)
