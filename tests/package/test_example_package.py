"""The example of a package that adds kinds, installed from its wheel beside twinfeed's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wheels import CHECKOUT, built

EXAMPLE = CHECKOUT / "docs" / "examples" / "battery-monitor"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def packages(folder: Path) -> Path:
    return Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))


@pytest.fixture(scope="module")
def with_example(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that sees twinfeed's, with the wheel of the example in it."""
    source = tmp_path_factory.mktemp("example") / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "evidence"))
    wheel = built("wheel", source, source.parent / "wheel")
    folder = tmp_path_factory.mktemp("with-example")
    venv.create(folder, with_pip=False, symlinks=True)
    theirs = packages(environment)
    (packages(folder) / "twinfeed.pth").write_text(f"{theirs}\n{(theirs / 'dependencies.pth').read_text()}")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--prefix", str(folder)]
    done = subprocess.run([*install, "--ignore-installed", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("tests", "site.yaml"):
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy2
        copy(source / name, folder / name)
    return folder


@pytest.fixture
def run(with_example: Path) -> Run:
    """Run a command of that environment, in its folder."""

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON", "VIRTUAL"))
        }
        kept["COLUMNS"] = "200"
        python = [str(with_example / "bin" / "python"), "-m"]
        return subprocess.run(
            [*python, *words], cwd=with_example, env=kept, capture_output=True, text=True, timeout=300
        )

    return command


def test_its_own_tests_pass(run: Run) -> None:
    done = run("pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_its_kinds_are_in_site_files_profiles_and_the_catalogue_of_faults(run: Run) -> None:
    checked = run("twinfeed.harness.cli", "check", "site.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "example-battery-monitor" in run("twinfeed.harness.cli", "profiles").stdout
    faults = json.loads(run("twinfeed.harness.cli", "faults", "--json").stdout)
    (added,) = [fault for fault in faults if fault["kind"] == "battery-breaker-open"]
    assert added["targets"] == ["ups"]
    assert "rig" in added["worlds"]
    (of_the_wire,) = [fault for fault in faults if fault["kind"] == "stuck-bit"]
    assert (of_the_wire["family"], of_the_wire["targets"]) == ("protocol", ["device"])


def test_its_controller_is_named_on_the_command_line(run: Run) -> None:
    done = run("pytest", "-q", "-p", "no:cacheprovider", "--controller", "battery-watch", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    unknown = run("pytest", "-q", "-p", "no:cacheprovider", "--controller", "battery-wach", "tests")
    assert unknown.returncode != 0
    assert "or one of battery-watch" in unknown.stdout + unknown.stderr


@pytest.fixture
def broken(with_example: Path) -> Iterator[None]:
    """A package is installed whose entry point names a module that is not there."""
    information = packages(with_example) / "acme_kinds-3.1.dist-info"
    information.mkdir()
    files = {
        "METADATA": "Metadata-Version: 2.1\nName: acme-kinds\nVersion: 3.1\n",
        "entry_points.txt": "[twinfeed.devices]\nacme = acme_kinds:ALL\n",
    }
    files["RECORD"] = "".join(f"{information.name}/{name},,\n" for name in (*files, "RECORD"))
    for name, text in files.items():
        (information / name).write_text(text)
    yield
    shutil.rmtree(information, ignore_errors=True)


def test_a_broken_package_is_named_and_removing_it_as_the_message_says_helps(run: Run, broken: None) -> None:
    check = ("twinfeed.harness.cli", "check", "site.yaml")
    refused = run(*check)
    message = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "package acme-kinds 3.1" in message and "Traceback" not in message, message
    (advice,) = re.findall(r"pip uninstall \S+", message)
    removed = run(*advice.split(), "--yes")
    assert removed.returncode == 0, removed.stdout + removed.stderr
    assert run(*check).returncode == 0
