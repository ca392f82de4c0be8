"""The start-up unit of benches is one that systemd takes."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from external import program


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    analyze = program("systemd-analyze", "systemd")
    text = (files("twinfeed.hil_rigs") / "systemd" / "twinfeed-benches.service").read_text(encoding="utf-8")
    assert "/usr/local/bin/twinfeed rig keep" in text
    unit = tmp_path / "twinfeed-benches.service"
    unit.write_text(text.replace("/usr/local/bin/twinfeed", f"{sys.executable} -m twinfeed"), encoding="utf-8")
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr, done.stderr
