"""Plant speed without protocol: how many seconds of the Bamako site pass in one second of the clock.

    python -m tests.bench.bench_plant

Three days in a life: a quiet one, one with a half-hour outage of both utilities, and one as the grid in Bamako
really is (an outage every four hours, World Bank Enterprise Surveys and press reports). Real time is the reference.
"""

from __future__ import annotations

import time

from emulators.site import Site

DAY_S = 86_400.0
AIM = 20_000.0
"""Times real time, in campaigns."""


def speed(outages: list[tuple[float, float]]) -> tuple[float, int]:
    """Times real time over one day with these (start s, length s) outages, and the number of instants visited."""
    site = Site.load("bamako")
    began, revision = time.perf_counter(), site.plant.revision
    for start, length in outages:
        site.plant.advance(start)
        for utility in ("utility-a", "utility-b"):
            site.inject(utility, "outage", for_s=length)
    site.plant.advance(DAY_S)
    return DAY_S / (time.perf_counter() - began), site.plant.revision - revision


def main() -> None:
    began = time.perf_counter()
    site = Site.load("bamako")
    built = time.perf_counter() - began
    print(f"bamako: {len(site.components)} components, {len(site.devices)} devices, built in {built:.2f} s")
    print(f"{'a day that is':<40}{'times real time':>16}{'h of plant a s':>16}{'instants':>10}{'of the aim':>12}")
    days = {
        "quiet": [],
        "with one outage of 30 min": [(6 * 3600.0, 1800.0)],
        "with six outages of 1 h": [(h * 3600.0, 3600.0) for h in range(1, 24, 4)],
    }
    for name, outages in days.items():
        ratio, instants = speed(outages)
        print(f"{name:<40}{ratio:>16,.0f}{ratio / 3600:>16.2f}{instants:>10}{ratio / AIM:>12.2f}")


if __name__ == "__main__":
    main()
