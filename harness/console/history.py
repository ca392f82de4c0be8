"""The past of a running site for its trends: the main value of each component, and whatever was asked for since."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from twinfeed.emulators.plant.screen import figure
from twinfeed.emulators.site import Site
from twinfeed.harness import quantities
from twinfeed.harness.quantities import Read, UnknownQuantity

PERIOD_S = 1.0
"""Time between two samples, s of the event loop's clock."""

MOST_SAMPLES = 2000
"""Samples that are kept. When there are more, every second one is dropped, and from then on every second one is taken:
an hour at full resolution of 2 s, then coarser, in memory that does not grow."""

MOST_SERIES = 5000
"""Quantities that are sampled at most."""

Point = tuple[float, float | None]


class TooMany(Exception):
    """`MOST_SERIES` quantities are sampled already."""


class History:
    """Samples of quantities of one site: one list of times, one of values for each quantity."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._times: list[float] = []
        self._values: dict[str, list[float | None]] = {}
        self._reads: dict[str, Read] = {}
        self._turn, self._every = 0, 1
        for component in list(site.components.values())[:MOST_SERIES]:
            if main := figure(component).quantity:
                self._track(f"{component.id}.{main}")

    def _track(self, name: str) -> None:
        self._reads[name] = quantities.resolve(self._site, name)[name]
        self._values[name] = [None] * len(self._times)

    def sample(self) -> None:
        """Take a sample, unless time has not passed since the last one."""
        self._turn += 1
        now_s = self._site.now
        if self._turn % self._every or (self._times and now_s <= self._times[-1]):
            return
        self._times.append(now_s)
        for name, read in self._reads.items():
            self._values[name].append(_number(read()))
        if len(self._times) > MOST_SAMPLES:
            self._every *= 2
            del self._times[::2]
            for values in self._values.values():
                del values[::2]

    def series(self, names: Sequence[str], from_s: float, to_s: float, points: int) -> dict[str, list[Point]]:
        """The samples of each quantity between two times, s, thinned out to about `points`.

        A quantity that was not sampled so far is from now on.

        Raises:
            UnknownQuantity: the site has no such quantity, or it is a pattern for several.
            TooMany: no more quantities can be sampled.
        """
        for name in names:
            if name not in self._reads:
                if name not in (found := quantities.resolve(self._site, name)):
                    raise UnknownQuantity(f"{name}: a pattern; expected one quantity, such as {next(iter(found))}")
                if len(self._reads) >= MOST_SERIES:
                    raise TooMany(f"{MOST_SERIES} quantities are sampled already")
                self._track(name)
        first, last = bisect_left(self._times, from_s), bisect_right(self._times, to_s)
        times = self._times[first:last]
        return {name: thinned(times, self._values[name][first:last], points) for name in names}


def _number(value: object) -> float | None:
    if isinstance(value, (bool, int, float)) and math.isfinite(value):
        return float(value)
    return None


def thinned(times: Sequence[float], values: Sequence[float | None], points: int) -> list[Point]:
    """At most about `points` of the samples: of each stretch of time the lowest and the highest, in order of time.

    A stretch without any value is one point without value: a gap.
    """
    if len(times) <= max(2, points):
        return list(zip(times, values, strict=True))
    found: list[Point] = []
    wide = math.ceil(len(times) / max(1, points // 2))
    for start in range(0, len(times), wide):
        stretch = [
            (v, t)
            for t, v in zip(times[start : start + wide], values[start : start + wide], strict=True)
            if v is not None
        ]
        if not stretch:
            found.append((times[start], None))
            continue
        ends = {min(stretch)[::-1], max(stretch)[::-1]}
        found += sorted(ends)
    return found
