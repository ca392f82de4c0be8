"""How many scenarios a minute a search tries: 30 minutes each, on the pilot site.

    python -m benchmarks.bench_search [examples] [jobs]

Without a controller (the site's own automation only), and with the reference controller polling every device in real
bytes. The properties always hold, so that no scenario ends early and nothing is shrunk. The processor's time of the
scenarios is counted, that of the leading process, and the time of the clock beside them.
"""

from __future__ import annotations

import logging
import sys
import time

from twinfeed.harness.campaign import Budget, Campaign, Memory, Workers
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.menu import menu
from twinfeed.harness.worlds.sites import fresh

SITE = "pilot"
LENGTH_S = 1800.0
PROPERTIES = ("always(hall-1.inlet_c < 1000)", "always(racks.*.load_kw < 1000)")
CONTROLLER = "twinfeed.fixtures.controllers.plant"
RESTORES = 50


def search(controller: str, examples: int, jobs: int) -> None:
    frame = Scenario(SITE, duration_s=LENGTH_S, properties=PROPERTIES, controller=controller)
    choices = menu(fresh(SITE))
    before_s, began = time.process_time(), time.perf_counter()
    with Memory(None) as memory:
        result = Campaign(frame, choices, memory, workers=Workers(jobs), budget=Budget(examples), compared=()).run()
    wall_s, own_s = time.perf_counter() - began, time.process_time() - before_s
    leading_s = own_s - result.processor_s if jobs == 1 else own_s
    spent_s = result.processor_s + leading_s
    each_s = spent_s / result.examples
    print(f"{controller or 'no controller'}: {result.examples} scenarios of {LENGTH_S / 60:g} min, {jobs} processes")
    print(f"  {60.0 / each_s:.1f} a minute of processor time ({60.0 * result.examples / wall_s:.1f} of real time)")
    print(f"  {each_s:.2f} s of processor each, {LENGTH_S / each_s:,.0f} times real time")
    print(f"  {100.0 * leading_s / spent_s:.1f} % of the processor time is the leading process's: proposals, memory")


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
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    restoring()
    for controller in ("", CONTROLLER):
        search(controller, examples, jobs)


if __name__ == "__main__":
    main()
