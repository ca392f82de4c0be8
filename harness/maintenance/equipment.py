"""The equipment of a site while something goes wrong: each row that stops running, when, and why.

Equipment runs while it is supplied, its inlet is in the allowable range of class A1 (`ALLOWABLE_C`), and, where the
site has a network, one of its switches reaches the gateway. A row that stands when the watch begins is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site
from twinfeed.harness.tier3.properties import ALLOWABLE_C
from twinfeed.harness.tier3.snapshots import serving

SUPPLY, HEAT, NETWORK = "supply", "heat", "network"
"""Causes for which a row stops running."""

STEPS = ((30.0, 1.0), (600.0, 10.0), (float("inf"), 60.0))
"""(until s after the start, period s) of the samples. A loss of supply is counted by the racks themselves: a short one
between two samples is not missed, and its time is known to a period."""


@dataclass(frozen=True)
class Loss:
    """A row of racks, or another load, that stopped running."""

    load: str
    kind: str
    cause: str
    """supply, heat or network."""
    at_s: float
    """After the start of the watch, s, as of the sample that shows it."""


class Equipment:
    """The rows of a site, watched from now on."""

    def __init__(self, site: Site) -> None:
        self._site, self._began_s = site, site.now
        self.rows = {name: row for name, row in site.components.items() if isinstance(row, RackRow)}
        self._counted = {name: row.state.losses for name, row in self.rows.items()}
        ways = serving(site)
        self._stopped_before = {name: set(self._stopped(row, ways)) for name, row in self.rows.items()}
        self.losses: dict[tuple[str, str], Loss] = {}
        """The first loss of each row by each cause."""

    def sample(self) -> None:
        """Note the rows that have stopped since the last sample."""
        at_s, ways = self._site.now - self._began_s, serving(self._site)
        for name, row in self.rows.items():
            for cause in self._stopped(row, ways):
                if cause not in self._stopped_before[name]:
                    self.losses.setdefault((name, cause), Loss(name, row.kind, cause, at_s))

    def first(self) -> Loss | None:
        """The first loss of any row, None while all run."""
        return min(self.losses.values(), key=lambda loss: loss.at_s, default=None)

    def _stopped(self, row: RackRow, ways: Mapping[str, list[str]]) -> Iterator[str]:
        if not row.quantity("supplied") or row.state.losses > self._counted[row.id]:
            yield SUPPLY
        hall = self._site.components.get(row.params.hall)
        low, high = ALLOWABLE_C
        inlet_c = hall.quantity("hottest_inlet_c") if hall and "hottest_inlet_c" in hall.QUANTITIES else low
        if row.quantity("overheated") or not low <= float(inlet_c) <= high:
            yield HEAT
        if ways.get(row.id) == []:
            yield NETWORK


def watch(site: Site, for_s: float, sample: Callable[[], object], enough: Callable[[], bool] = lambda: False) -> None:
    """Let `for_s` seconds of the plant pass, or less once there is `enough`; `sample` now and at every period."""
    began_s = site.now
    sample()
    while (passed_s := site.now - began_s) < for_s and not enough():
        period_s = next(period_s for until_s, period_s in STEPS if passed_s < until_s)
        site.advance(min(period_s, for_s - passed_s))
        sample()
