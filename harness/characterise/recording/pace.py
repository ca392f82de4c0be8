"""A limit to the rate of requests."""

from __future__ import annotations

import asyncio
import math
import re

from twinfeed.harness.durations import UNITS_S


class Pace:
    """Lets `await turn()` return at most `per_s` times a second, evenly spaced, by the loop's clock."""

    def __init__(self, per_s: float = math.inf) -> None:
        if not per_s > 0:
            raise ValueError(f"the rate is {per_s} requests a second, expected more than 0")
        self.interval_s = 1.0 / per_s
        self.turns = 0
        self._next_s = -math.inf

    async def turn(self) -> None:
        """Wait until the next request may be sent."""
        now_s = asyncio.get_running_loop().time()
        due_s = max(now_s, self._next_s)
        self._next_s = due_s + self.interval_s
        self.turns += 1
        if due_s > now_s:
            await asyncio.sleep(due_s - now_s)


def per_second(text: str) -> float:
    """Requests a second in texts such as `10/s`, `30/min` and `10`.

    Raises:
        ValueError: not a rate; the message shows the form.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*(?:/\s*([a-z]+))?\s*", text)
    if match is None or (match[2] or "s") not in UNITS_S or float(match[1]) <= 0:
        raise ValueError(f"found {text!r}, expected a rate such as 10/s or 30/min")
    return float(match[1]) / UNITS_S[match[2] or "s"]
