"""One seed gives the same bytes at the same times, whatever the order of hashes."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from external import run

SCENARIO = Path(__file__).with_name("scenario.py")


def trace(seed: int, hash_seed: str) -> tuple[int, str]:
    """The number of octets that went over the wire, and a hash of all frames."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    printed = run([sys.executable, str(SCENARIO), "bench", str(seed)], env, timeout_s=300)
    octets, digest = printed.splitlines()[-1].split()
    return int(octets), digest


def test_the_same_seed_is_the_same_bytes_and_another_is_not() -> None:
    with ThreadPoolExecutor() as pool:
        first, hashed, other = pool.map(trace, (3, 3, 4), ("1", "2", "1"))
    assert first[0] > 10_000
    assert hashed == first
    assert other[1] != first[1]
