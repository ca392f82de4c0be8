"""labgrid's pytest plugin and ours, loaded together, leave each other's options and fixtures alone."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("labgrid") is None:
    pytest.skip("labgrid is missing: tox -e labgrid, or pip install 'twinfeed[labgrid]'", allow_module_level=True)

TESTS = """
async def test_a_site_of_ours(site):
    await site.run("10 s")
    assert site.now >= 10


def test_a_target_of_labgrid_s(env, target):
    assert target.name == "main"


def test_both_have_their_options(request):
    assert request.config.getoption("--world") == "simulated"
    assert request.config.getoption("--lg-env") == "environment.yaml"
"""

ENVIRONMENT = """
targets:
  main:
    resources:
      RawSerialPort: {port: /dev/ttyUSB0}
"""


def test_one_run_uses_both(tmp_path: Path) -> None:
    (tmp_path / "test_both.py").write_text(TESTS)
    (tmp_path / "environment.yaml").write_text(ENVIRONMENT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--lg-env", "environment.yaml", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
