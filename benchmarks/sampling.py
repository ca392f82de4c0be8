"""Where processor time goes, by component: a sample of the innermost frame every millisecond of processor time.

Unlike a deterministic profile it costs every component alike, which matters where calls are many and small.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERVAL_S = 0.001

COMPONENTS = (
    ("/pysnmp/", "pysnmp and pyasn1 (the controller's SNMP)"),
    ("/pyasn1/", "pysnmp and pyasn1 (the controller's SNMP)"),
    ("/pymodbus/", "pymodbus (the controller's Modbus)"),
    ("/fixtures/controllers/", "the controller itself"),
    ("/emulators/wire/", "emulators: the protocols' codecs and servers"),
    ("/emulators/serving", "emulators: the protocols' codecs and servers"),
    ("/emulators/profiles/", "emulators: registers and variables of points"),
    ("/emulators/devices/", "emulators: firmware, and reading its points"),
    ("/emulators/plant/", "emulators: the plant"),
    ("/harness/worlds/loop.py", "simulated loop and network"),
    ("/harness/worlds/streams.py", "simulated loop and network"),
    ("/harness/worlds/sockets.py", "simulated loop and network"),
    ("/harness/worlds/network.py", "simulated loop and network"),
    ("/harness/virtual/links/link.py", "simulated loop and network"),
    ("/harness/", "the harness besides: recording, waking the plant"),
    ("/hypothesis/", "Hypothesis"),
    ("/asyncio/", "asyncio: tasks, futures, timeouts"),
)
"""Part of a file's path, and whose it is; the first that fits counts."""


@contextmanager
def sampled() -> Iterator[Counter[str]]:
    """Inside the block, count where the processor is; frames that are nobody's count for who called them."""
    counts: Counter[str] = Counter()

    def sample(number: int, frame: FrameType | None) -> None:
        while frame is not None:
            path = frame.f_code.co_filename
            for part, component in COMPONENTS:
                if part in path:
                    counts[component] += 1
                    return
            frame = frame.f_back
        counts["the rest"] += 1

    before = signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)
    try:
        yield counts
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def table(counts: Counter[str]) -> str:
    """A line for each component, the largest first, with its share."""
    total = counts.total() or 1
    return "\n".join(f"  {component:<52}{100 * n / total:5.1f} %" for component, n in counts.most_common())
