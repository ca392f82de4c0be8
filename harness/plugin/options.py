"""The command line of the plugin and its markers. This module is loaded in every run of pytest: it imports nothing
large."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from math import inf
from pathlib import Path
from typing import Any

import pytest

from twinfeed.harness.worlds.capabilities import CAPABILITIES

WORLDS = ("simulated", "live")

DEFAULT_SITE = "bamako"
"""The site of tests that name none."""

RUNNING = "running"
"""The value of --controller for a controller that is a program started outside pytest."""

MARGINAL = "marginal measurement"
"""The property of a test report that holds the text of a marginal measurement."""

DECISION_RULES = ("simple", "guarded")
"""The names of `twinfeed.harness.uncertainty`, which takes long to import."""

LEAST_WATCHDOG_S = 0.1

MARKERS = {
    "site": "site(name, settle=time, seed=N, tolerances=WORD): the site a test runs on",
    "controller": "controller(name): the controller under test, package.module:function",
    "watch": "watch(*names): record these quantities at every instant",
    "needs": f"needs(*capabilities): what the world must offer: {', '.join(CAPABILITIES)}",
    "requirement": "requirement(*ids): what the test shows to be met; stands in the report",
    "measures": "measures(*names): the test fails unless it takes these measurements",
}
"""Marker -> its text in `pytest --markers`."""


def add(parser: pytest.Parser) -> None:
    """Add the options of the plugin to those of pytest."""
    group = parser.getgroup("twinfeed", "twinfeed: one test, three worlds")
    group.addoption("--world", choices=WORLDS, default="simulated", help="where tests with `site` run")
    group.addoption("--site", metavar="NAME|FILE", help=f"the site of tests that name none (default: {DEFAULT_SITE})")
    group.addoption(
        "--profiles",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder with profiles of your own; may be repeated, and adds to TWINFEED_PROFILES",
    )
    group.addoption(
        "--beyond-loopback",
        action="store_true",
        help="addresses of site files outside 127.0.0.0/8 are meant, as with `beyond_loopback: true` in the file",
    )
    group.addoption("--speed", type=float, default=1.0, metavar="X", help="live: site seconds in a second (default: 1)")
    group.addoption(
        "--seed", type=int, metavar="N", help="seed of everything that is random (default: the test's, else the site's)"
    )
    group.addoption(
        "--controller",
        metavar="MODULE[:MAIN]|running",
        help="the controller under test, a coroutine function; live: `running` for a program started outside pytest",
    )
    group.addoption("--controller-cmd", metavar="COMMAND", help="live: the controller under test, a program of its own")
    group.addoption(
        "--faketime", action="store_true", help="run that program under libfaketime, its clock at the site's speed"
    )
    group.addoption(
        "--evidence",
        default="evidence",
        metavar="DIR",
        help="where failing tests leave their records (default: evidence)",
    )
    group.addoption(
        "--watchdog",
        type=float,
        metavar="SECONDS",
        help="stop and name code that does not let the site's time go on for so long, by the machine's clock; 0: never "
        "(default: 60)",
    )
    group = parser.getgroup("twinfeed report", "twinfeed: the record of a run")
    group.addoption("--report", metavar="DIR", help="write the record of this run into DIR; see `twinfeed report`")
    group.addoption("--resume", action="store_true", help="with --report: leave out what has passed there, unchanged")
    group.addoption(
        "--decision-rule",
        choices=DECISION_RULES,
        help="simple: a reading inside its limits is accepted. guarded: only if all of its uncertainty is inside",
    )
    group.addoption("--document", metavar="NUMBER", default="", help="with --report: the number of the document")
    group.addoption("--unit", metavar="NAME", default="", help="with --report: the unit under test")
    group.addoption("--unit-serial", metavar="SERIAL", default="", help="with --report: its serial number, or barcode")
    group.addoption("--tester", metavar="NAME", default="", help="with --report: who runs the tests")


def check(config: pytest.Config) -> None:
    """Check that the options fit each other.

    Raises:
        pytest.UsageError: they do not.
    """
    if error := _contradiction(config.getoption):
        raise pytest.UsageError(error)
    if folders := config.getoption("--profiles"):
        _look_for_profiles(config, folders)


def _contradiction(option: Callable[[str], Any]) -> str:
    """The mistake of the command line, if any."""
    live, watchdog_s = option("--world") == "live", option("--watchdog")
    if option("--controller-cmd") and not live:
        return "--controller-cmd runs a program, which needs real sockets: add --world live"
    if option("--controller") == RUNNING and not live:
        return "--controller running is a program, which needs real sockets: add --world live"
    if option("--controller") and option("--controller-cmd"):
        return "--controller and --controller-cmd name two controllers; give one of them"
    if option("--faketime") and not option("--controller-cmd"):
        return "--faketime changes the clock of a program: add --controller-cmd"
    if option("--faketime") and shutil.which("faketime") is None:
        return "--faketime: faketime is missing: apt install faketime"
    if not 0.0 < option("--speed") < inf:
        return f"--speed is {option('--speed'):g}, expected more than 0 (1 is real time)"
    if watchdog_s is not None and watchdog_s != 0.0 and not LEAST_WATCHDOG_S <= watchdog_s < inf:
        return f"--watchdog is {watchdog_s:g}, expected {LEAST_WATCHDOG_S:g} s or more, or 0 for none"
    if option("--resume") and not option("--report"):
        return "--resume goes on with the run that a record tells of: add --report DIR"
    return ""


def _look_for_profiles(config: pytest.Config, folders: list[str]) -> None:
    from twinfeed.emulators.profiles import library
    from twinfeed.emulators.yamlfile import FileError

    looking = ExitStack()
    try:
        looking.enter_context(library.looking_in([Path(folder) for folder in folders]))
    except FileError as error:
        raise pytest.UsageError(f"--profiles: {error}") from None
    config.add_cleanup(looking.close)


def inventory_file(config: pytest.Config) -> Path:
    """The file in which a controller started outside pytest finds the addresses; each worker of pytest-xdist has its
    own."""
    number = f"-{worker()}" if worker() else ""
    return evidence_folder(config) / f"inventory{number}.json"


def evidence_folder(config: pytest.Config) -> Path:
    """The folder in which failing tests leave their records."""
    return config.rootpath / str(config.getoption("--evidence"))


def worker() -> int:
    """The number of this worker of pytest-xdist, from 0; each worker serves its live sites on ports of its own."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
