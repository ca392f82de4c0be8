"""The blocks of code of every page run with an installed wheel: tests/docs/blocks_that_run.py, in one process."""

from __future__ import annotations

from pathlib import Path

from wheels import CHECKOUT, Run


def test_every_block_of_every_page_runs_from_the_wheel(environment: Path, run: Run) -> None:
    blocks = CHECKOUT / "tests" / "docs" / "blocks_that_run.py"
    done = run(
        "pytest", "-q", "-n", "0", "--rootdir", str(CHECKOUT), "-c", str(CHECKOUT / "pyproject.toml"), str(blocks),
        timeout_s=280.0, TWINFEED_INSTALLED_IN=str(environment),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
