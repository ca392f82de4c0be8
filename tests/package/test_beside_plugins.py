"""twinfeed installed beside other plugins of pytest: a test with `site` passes with each of them at work."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from wheels import Run

FAILOVER = """
import pytest
from twinfeed import always

RUNS = []

@pytest.mark.site("bench")
async def test_bench(site):
    await site.run("10 s")
    site.check(always("utility-a.live"))

@pytest.mark.site("bench")
async def test_passes_when_run_again(site):
    RUNS.append(site.now)
    await site.run("10 s")
    assert len(RUNS) == 2

def test_plain():
    pass

@pytest.mark.asyncio
async def test_coroutine():
    pass
"""

BESIDE = {
    "xdist": ["-n", "2"],
    "pytest_randomly": ["-p", "randomly"],
    "pytest_timeout": ["--timeout", "100"],
    "looptime": ["--looptime"],
    "pytest_rerunfailures": [],
}
"""Module of a plugin -> options that put it to work; runs are repeated by pytest-rerunfailures in all of them."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = strict\n")
    (tmp_path / "test_failover.py").write_text(FAILOVER)
    return tmp_path


@pytest.mark.parametrize("module", BESIDE)
def test_a_test_of_a_site_passes_beside(module: str, project: Path, run: Run) -> None:
    if find_spec(module) is None:
        pytest.skip(
            f"{module} is not installed: pip install {module.replace('_', '-').replace('xdist', 'pytest-xdist')}"
        )
    deselect = (
        ["--reruns", "1"]
        if find_spec("pytest_rerunfailures")
        else ["--deselect", "test_failover.py::test_passes_when_run_again"]
    )
    done = run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *BESIDE[module], *deselect, cwd=project)
    expected = "4 passed" if find_spec("pytest_rerunfailures") else "3 passed"
    assert expected in done.stdout, done.stdout + done.stderr


def test_all_of_them_at_once(project: Path, run: Run) -> None:
    there = [options for module, options in BESIDE.items() if find_spec(module)]
    deselect = ["--deselect", "test_failover.py::test_passes_when_run_again"]
    words = [word for options in there for word in options]
    done = run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *words, *deselect, cwd=project)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
