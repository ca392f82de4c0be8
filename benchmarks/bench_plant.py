"""Plant speed without protocol: how many seconds of a Bamako site pass in one second of a core.

    python -m benchmarks.bench_plant [SITE]

The aims are those of `bamako-weak`, the site without SITE. Three days in a life: a quiet one, one with a half-hour
outage of both utilities, and one as the grid in Bamako really is (an outage every four hours, World Bank Enterprise
Surveys and press reports). Then what a world that steps a quiet plant from message to message pays for a step, and what
a search pays for going back to a snapshot. Real time is the reference; what is counted is the time of the processor, so
that a busy machine spoils it less.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from twinfeed.emulators.site import Site

DAY_S = 86_400.0
AIM = 20_000.0
"""Times real time, in campaigns."""

STEPS = 2_000
"""Quiet steps that are timed."""

RESTORES = 10


def spent_s(work: Callable[[], None]) -> float:
    """Processor time of that work, s."""
    began = time.process_time()
    work()
    return time.process_time() - began


def speed(name: str, outages: list[tuple[float, float]]) -> tuple[float, int]:
    """Times real time over one day with these (start s, length s) outages, and the number of instants visited."""
    site = Site.load(name)
    instants = 0

    def count() -> None:
        nonlocal instants
        instants += 1

    def day() -> None:
        for start, length in outages:
            site.plant.advance(start)
            for utility in ("utility-a", "utility-b"):
                site.inject(utility, "outage", for_s=length)
        site.plant.advance(DAY_S)

    site.plant.watchers.append(count)
    return DAY_S / spent_s(day), instants


def step_s(site: Site, length_s: float) -> float:
    """The cost of a quiet step of that length, s."""

    def walk() -> None:
        for _ in range(STEPS):
            site.plant.advance(site.plant.now + length_s)

    return spent_s(walk) / STEPS


def restore_s(site: Site) -> float:
    """The cost of going back from the middle of an outage, s: the median."""
    at_rest = site.plant.snapshot()
    costs = []
    for _ in range(RESTORES):
        for utility in ("utility-a", "utility-b"):
            site.inject(utility, "outage", for_s=600.0)
        site.plant.advance(site.plant.now + 60.0)
        costs.append(spent_s(lambda: site.plant.restore(at_rest)))
    return sorted(costs)[RESTORES // 2]


def main(name: str = "bamako-weak") -> None:
    began = time.perf_counter()
    site = Site.load(name)
    built = time.perf_counter() - began
    print(f"{name}: {len(site.components)} components, {len(site.devices)} devices, built in {built:.2f} s")
    print(f"{'a day that is':<40}{'times real time':>16}{'h of plant a s':>16}{'instants':>10}{'of the aim':>12}")
    days = {
        "quiet": [],
        "with one outage of 30 min": [(6 * 3600.0, 1800.0)],
        "with six outages of 1 h": [(h * 3600.0, 3600.0) for h in range(1, 24, 4)],
    }
    for day, outages in days.items():
        ratio, instants = speed(name, outages)
        print(f"{day:<40}{ratio:>16,.0f}{ratio / 3600:>16.2f}{instants:>10}{ratio / AIM:>12.2f}")
    for length_s in (0.01, 0.25, 1.0):
        cost = step_s(site, length_s)
        print(f"a quiet step of {length_s:g} s: {cost * 1e6:.0f} us, {length_s / cost:,.0f} times real time")
    print(f"back to a snapshot: {restore_s(site) * 1e3:.1f} ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
