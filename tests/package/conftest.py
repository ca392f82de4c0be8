"""twinfeed as its users have it: a wheel in a virtual environment of its own, outside the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from wheels import CHECKOUT, Run, built, without_the_runner_s


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git knows, copied: a build leaves no folders behind in the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    copy = tmp_path_factory.mktemp("source")
    for name in listed.stdout.splitlines():
        if name.startswith("tests/") or not os.path.lexists(CHECKOUT / name):
            continue
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, copy / name, follow_symlinks=False)
    return copy


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it; what twinfeed depends on is taken from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--prefix", str(folder)]
    done = subprocess.run([*install, "--ignore-installed", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (packages / "dependencies.pth").write_text("".join(f"{p}\n" for p in sys.path if p.endswith("site-packages")))
    script = folder / "bin" / "twinfeed"
    script.write_text(script.read_text().replace(sys.executable, str(folder / "bin" / "python"), 1))
    runner = folder / "bin" / "pytest"
    runner.write_text(
        f'#!/bin/sh\nexec {folder / "bin" / "python"} -m pytest -p no:randomly -p no:cacheprovider "$@"\n'
    )
    runner.chmod(0o755)
    return folder


@pytest.fixture
def run(environment: Path, tmp_path: Path) -> Run:
    """Run a command of that environment in an empty folder: what it printed and its exit code."""

    def command(
        *words: str, cwd: Path = tmp_path, timeout_s: float = 120.0, answer: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        ours = words[0] in ("python", "twinfeed", "pytest")
        return subprocess.run(
            [str(environment / "bin" / words[0]) if ours else words[0], *words[1:]],
            cwd=cwd, env=without_the_runner_s(environment) | variables, capture_output=True, text=True, timeout=timeout_s,
            input=answer,
        )  # fmt: skip

    return command
