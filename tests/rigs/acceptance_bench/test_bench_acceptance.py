"""One acceptance file in three worlds: simulated, live, and on a bench of other people's programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from bench_of_programs import RECORDED, ProgramBench
from external import until

from twinfeed.hil_rigs import rigfile

ACCEPTANCE = Path(__file__).parent / "acceptance"

TWIN = str(rigfile.find("emulated-bench"))

NO_ACTUATOR = {
    "test_a_sag_is_ridden_through": "no actuator of bench emulated-bench causes utility-a sag",
    "test_a_station_learns_of_a_ups_that_has_fallen_silent": "no actuator of bench emulated-bench causes ups-1 partition",
}
"""The abilities that this bench lacks: it has no programmable source, and nothing stands in front of its devices."""

NEED_RECORDINGS = {
    "test_the_device_is_the_one_in_the_list[ups-2-system.model-Upscale]": "ups-2",
    "test_the_second_ups_is_charged_and_on_its_mains": "ups-2",
    "test_the_second_pdu_meters_its_inlet": "pdu-2",
}

RUN_S = 240.0
"""Longest any of the runs may take."""


def outcomes(folder: Path, *options: str, bench: ProgramBench | None = None) -> dict[str, str]:
    """Every test of the acceptance file and what became of it: `passed`, or why it was skipped or failed."""
    report = folder / "junit.xml"
    command = [sys.executable, "-m", "pytest", str(ACCEPTANCE), "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    command += [f"--evidence={folder / 'evidence'}", *options]
    done = subprocess.run(command, env=_environment(bench), capture_output=True, text=True, timeout=RUN_S, check=False)
    assert report.exists(), done.stdout + done.stderr
    return {case.get("name", ""): _outcome(case) for case in ElementTree.parse(report).iter("testcase")}


def _environment(bench: ProgramBench | None) -> dict[str, str]:
    return {**os.environ, **(bench.environment if bench else {})}


def _outcome(case: ElementTree.Element) -> str:
    for verdict in ("failure", "error"):
        if (found := case.find(verdict)) is not None:
            return f"{verdict}: {found.get('message')}\n{found.text}"
    skipped = case.find("skipped")
    return "passed" if skipped is None else str(skipped.get("message"))


def expected(skipped: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """All of them passed but these."""
    assert len(found) >= 20, "the acceptance file has at least twenty cases"
    return dict.fromkeys(found, "passed") | dict(skipped)


def twinfeed(bench: ProgramBench, *words: str) -> str:
    command = [sys.executable, "-m", "twinfeed.harness.cli", "rig", *words]
    done = subprocess.run(command, env=_environment(bench), capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def armed(bench: ProgramBench) -> Iterator[ProgramBench]:
    """The bench, armed for the length of the test and read-only afterwards, also if it has tripped."""
    person = ("--as", "Bench Runner")
    said = twinfeed(bench, "arm", str(bench.rig), *person, "--for", "10 min", "--yes")
    assert "armed by Bench Runner" in said, said
    try:
        yield bench
    finally:
        twinfeed(bench, "disarm", str(bench.rig), *person)
        twinfeed(bench, "reset", str(bench.rig), *person)
        until(lambda: not bench.supervised, lambda: "the supervisor of the bench goes on")


def test_it_passes_on_the_twin_in_the_simulated_world(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "--site", TWIN)
    assert found == expected({}, found)


def test_it_passes_on_the_twin_in_the_live_world(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "--world", "live", "--speed", "10", "--site", TWIN)
    assert found == expected({}, found)


@pytest.mark.interop
def test_it_passes_on_the_bench_but_for_what_the_bench_cannot_do(armed: ProgramBench, tmp_path: Path) -> None:
    missing = {
        name: f"bench emulated-bench has no device {device}"
        for name, device in NEED_RECORDINGS.items()
        if not armed.recorded
    }
    found = outcomes(tmp_path, "--rig", str(armed.rig), bench=armed)
    assert found == expected(NO_ACTUATOR | missing, found)


@pytest.mark.interop
def test_nothing_moves_on_a_bench_that_nobody_has_armed(bench: ProgramBench, tmp_path: Path) -> None:
    found = outcomes(tmp_path, "--rig", str(bench.rig), "-k", "mains_loss or switch-1", bench=bench)
    assert "the bench is not armed" in found.pop("test_mains_loss_goes_unnoticed_by_the_racks")
    assert found.pop("test_the_device_is_the_one_in_the_list[switch-1-system.name-switch-1]") == "passed"
    until(lambda: not bench.supervised, lambda: "the supervisor of the bench goes on")


@pytest.mark.interop
def test_the_check_knows_every_device(bench: ProgramBench) -> None:
    checked = json.loads(twinfeed(bench, "check", str(bench.rig), "--json"))
    states = {device["name"]: device["level"] for device in checked["devices"]}
    whole = {name: state for name, state in states.items() if name not in RECORDED}
    assert set(whole) == {"ups-1", "pdu-1", "ats-1", "relay-1", "switch-1", "meter-1", "meter-2", "meter-3"}
    assert set(whole.values()) <= {"fine", "notice"}, checked["findings"]
