"""One seed gives the same octets, with unmodified pymodbus and pysnmp and whatever the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def digest(hash_seed: str) -> str:
    script = Path(__file__).with_name("octets.py")
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def test_a_controller_on_pymodbus_and_pysnmp_sends_the_same_octets_in_every_process() -> None:
    assert digest("1") == digest("2") != ""
