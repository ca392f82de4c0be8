"""Capabilities of worlds, which a test requires with `@pytest.mark.needs("truth")`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

CAPABILITIES: Mapping[str, str] = {
    "virtual-time": "half an hour takes seconds, and nothing happens while the test thinks",
    "deterministic": "the same seed gives the same run",
    "plant-faults": "faults of the plant, its sensors and its firmware can be caused",
    "protocol-faults": "what devices answer can be altered on the wire",
    "network-faults": "paths can be cut, delayed and lossy",
    "programs": "programs of their own can reach the devices",
    "truth": "every physical quantity can be observed",
}
"""Capability -> its meaning."""


def missing(offered: frozenset[str], needed: Iterable[str]) -> list[str]:
    """Which of the capabilities needed are not among those offered.

    Raises:
        ValueError: one that does not exist.
    """
    for name in needed:
        if name not in CAPABILITIES:
            raise ValueError(f"no capability is called {name!r}; there are: {', '.join(CAPABILITIES)}")
    return [name for name in needed if name not in offered]
