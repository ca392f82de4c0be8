"""Summaries of the interlocks of an armed bench: the evidence that its limits were watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twinfeed.emulators.devices.firmware.points import Value

PERIOD_S = 10.0
"""The period at which a line is written while the bench is armed, s."""


@dataclass
class _Watched:
    quantity: str
    limit: str
    samples: int = 0
    least: Value | None = None
    most: Value | None = None
    last: Value | None = None
    last_s: float | None = None
    largest_gap_s: float = 0.0


class Watch:
    """Readings of interlocks between two lines of the record. `limits` are name -> (quantity, limit in words)."""

    def __init__(self, limits: Mapping[str, tuple[str, str]], now_s: float) -> None:
        self._watched = {name: _Watched(quantity, limit) for name, (quantity, limit) in limits.items()}
        self._since_s = now_s

    def see(self, now_s: float, quantity: str, value: Value) -> None:
        """A reading of a quantity."""
        for each in self._watched.values():
            if each.quantity != quantity:
                continue
            each.samples += 1
            each.last = value
            if each.last_s is not None:
                each.largest_gap_s = max(each.largest_gap_s, now_s - each.last_s)
            each.last_s = now_s
            if isinstance(value, bool | int | float):
                each.least = value if each.least is None else min(each.least, value)
                each.most = value if each.most is None else max(each.most, value)
            else:
                each.least = each.most = value

    def due(self, now_s: float) -> bool:
        """True if it is time for a line."""
        return bool(self._watched) and now_s - self._since_s >= PERIOD_S

    def line(self, now_s: float) -> dict[str, Any]:
        """The data of the line `interlocks were read`, from the last one on; the next one begins."""
        readings = []
        for name, each in self._watched.items():
            gap_s = each.largest_gap_s if each.last_s is None else max(each.largest_gap_s, now_s - each.last_s)
            readings.append(
                {
                    "name": name,
                    "quantity": each.quantity,
                    "limit": each.limit,
                    "samples": each.samples,
                    "least": each.least,
                    "most": each.most,
                    "last": each.last,
                    "largest_gap_s": round(gap_s if each.last_s is not None else now_s - self._since_s, 3),
                }
            )
            self._watched[name] = _Watched(each.quantity, each.limit, last=each.last, last_s=each.last_s)
        over_s, self._since_s = round(now_s - self._since_s, 3), now_s
        return {"over_s": over_s, "readings": readings}
