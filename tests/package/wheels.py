"""Wheels built from the checkout, and the environment of the programs that are started from one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
BUILD = "from setuptools import build_meta; import sys; getattr(build_meta, sys.argv[1])(sys.argv[2])"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def built(what: str, source: Path, into: Path) -> Path:
    """The sdist or wheel that the build backend makes of a source tree."""
    into.mkdir(exist_ok=True)
    made = subprocess.run(
        [sys.executable, "-c", BUILD, f"build_{what}", str(into)], cwd=source, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    (found,) = into.iterdir()
    return found


def without_the_runner_s(environment: Path) -> dict[str, str]:
    """The variables of a shell in which that virtual environment is active, and nothing of the pytest that runs here."""
    dropped = ("PYTEST_", "PYTHON", "VIRTUAL_ENV")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return clean | {"PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"}
