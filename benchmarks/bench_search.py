"""How many Hypothesis examples a minute a search tries: scenarios of 30 minutes on the pilot site.

    python -m benchmarks.bench_search [examples]

Without a controller (the site's own automation only), and with the reference controller polling every device in real
bytes. The properties always hold, so that no example ends early and nothing is shrunk. What is counted is the
processor's time, on one core.
"""

from __future__ import annotations

import logging
import sys
import time

from benchmarks.sampling import sampled, table
from twinfeed.emulators.site import Site
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.hunt import hunt
from twinfeed.harness.search.strategies import menu
from twinfeed.harness.worlds.sites import fresh

SITE = "pilot"
LENGTH_S = 1800.0
PROPERTIES = ("always(hall-1.inlet_c < 1000)", "always(racks.*.load_kw < 1000)")
CONTROLLER = "twinfeed.fixtures.controllers.plant"
RESTORES = 50


def search(controller: str, examples: int) -> None:
    frame = Scenario(SITE, duration_s=LENGTH_S, properties=PROPERTIES, controller=controller)
    choices = menu(Site.load(SITE))
    hunt(frame, choices, examples=2)  # the site is built, and its devices have made their variables
    began, wall = time.process_time(), time.perf_counter()
    with sampled() as counts:
        result = hunt(frame, choices, examples=examples)
    spent_s, wall_s = time.process_time() - began, time.perf_counter() - wall
    each_s = spent_s / result.examples
    print(f"{controller or 'no controller'}: {result.examples} examples of {LENGTH_S / 60:g} min")
    print(f"  {60.0 / each_s:.0f} a minute of processor time ({60.0 * result.examples / wall_s:.0f} of real time)")
    print(f"  {each_s:.2f} s each, {LENGTH_S / each_s:,.0f} times real time")
    print(table(counts))


def restoring() -> None:
    began = time.process_time()
    fresh(SITE)
    built_s = time.process_time() - began
    began = time.process_time()
    for _ in range(RESTORES):
        fresh(SITE)
    each_s = (time.process_time() - began) / RESTORES
    print(f"{SITE}: built once in {built_s:.2f} s, taken back to its start in {1e3 * each_s:.1f} ms")


def main() -> None:
    logging.disable(logging.ERROR)
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    restoring()
    search("", examples)
    search(CONTROLLER, examples)


if __name__ == "__main__":
    main()
