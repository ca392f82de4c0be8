"""The output of a failing test, and the files that it leaves behind."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
from external import program, run
from suites import FAILING

pytest_plugins = ["pytester"]

MAINS = "test_mains.py_test_the_mains_never_fail"
OTHER = "test_mains.py_test_something_else"


@pytest.fixture(scope="module")
def rootdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("failing")
    (root / "test_mains.py").write_text(FAILING, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def printed(rootdir: Path) -> pytest.LineMatcher:
    """pytest's output of two tests that fail."""
    text = run([sys.executable, "-m", "pytest", str(rootdir), "--site=bench", "--seed=5"], timeout_s=120)
    assert "2 failed" in text, text
    return pytest.LineMatcher(text.splitlines())


@pytest.fixture
def left(printed: pytest.LineMatcher, rootdir: Path) -> Path:
    """The folder of evidence."""
    return rootdir / "evidence"


def again(printed: pytest.LineMatcher) -> list[str]:
    """The words of the first command that is printed."""
    return shlex.split(next(line for line in printed.lines if line.startswith("again: ")))[1:]


def test_the_seed_the_command_and_the_last_events_are_printed(printed: pytest.LineMatcher) -> None:
    printed.fnmatch_lines(
        [
            "*PropertyViolated*",
            "*- twinfeed -*",
            "site bench, simulated world, seed 5, site's clock 0:00:20",
            "again: pytest *test_mains.py::test_the_mains_never_fail --seed 5 --site bench",
            "evidence in *test_mains.py_test_the_mains_never_fail: journal.jsonl, frames.pcapng, violation-1.svg",
            "the last * events:",
            "  0:00:15  utility-a fault cleared kind=outage",
        ]
    )


def test_the_printed_command_runs_from_where_pytest_was_started(printed: pytest.LineMatcher) -> None:
    text = run([sys.executable, "-m", *again(printed)], timeout_s=120)
    assert "1 failed" in text
    assert "site bench, simulated world, seed 5" in text
    assert shlex.join(again(printed)) in text


def test_the_journal_is_json_lines(left: Path) -> None:
    lines = [json.loads(line) for line in (left / MAINS / "journal.jsonl").read_text().splitlines()]
    assert {"t": 5.001, "who": "utility-a", "what": "fault", "data": {"kind": "outage"}} in lines


def test_every_failure_has_a_plot(left: Path) -> None:
    pytest.importorskip("matplotlib")
    assert "<svg" in (left / MAINS / "violation-1.svg").read_text()
    assert "<svg" in (left / OTHER / "course.svg").read_text()


def test_without_matplotlib_it_says_so(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    stale = pytester.path / "evidence" / MAINS / "violation-9.svg"
    stale.parent.mkdir(parents=True)
    stale.write_text("of an earlier run")
    pytester.makepyfile(test_mains=FAILING)
    result = pytester.runpytest("--site=bench", "-kmains_never")
    result.stdout.fnmatch_lines(["evidence in *: journal.jsonl, frames.pcapng", "(no plot: plots need matplotlib: *"])
    assert not stale.exists()


def test_names_are_quoted_for_the_shell(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_quoted="""
        import pytest

        @pytest.mark.parametrize("x", ["it's"])
        async def test_it(site, x):
            assert 0
        """
    )
    result = pytester.runpytest("--site=bench")
    assert again(result.stdout)[:2] == ["pytest", "test_quoted.py::test_it[it's]"]


def test_a_passing_test_leaves_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("async def test_it(site):\n    await site.run(1)\n")
    pytester.runpytest("--site=bench").assert_outcomes(passed=1)
    assert not (pytester.path / "evidence").exists()


def test_a_deadlock_leaves_evidence_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio

        async def test_waits(site):
            await site.inject("utility-a", "outage", until="not rack-1.supplied")
            asyncio.get_running_loop().time_limit_s = 60
            await asyncio.Event().wait()
        """
    )
    result = pytester.runpytest("--site=bench", "--evidence=left")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*Deadlock: t=60 s has passed and the test still waits*",
            "*Event.wait in locks.py:*test_waits in *",
            "again: *",
        ]
    )
    assert list((pytester.path / "left").glob("*/journal.jsonl"))


@pytest.mark.interop
def test_wireshark_opens_the_frames_at_their_virtual_times(left: Path) -> None:
    tshark = program("tshark", "tshark")
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "ip.dst", "-e", "snmp.name"]
    lines = run([tshark, "-r", str(left / MAINS / "frames.pcapng"), "-d", "udp.port==1161,snmp", *fields]).splitlines()
    frames = [line.split("\t") for line in lines if line[:1].isdigit()]
    assert frames, lines
    assert {destination for _, destination, _ in frames} == {"127.30.0.11", "127.0.0.1"}
    assert all(name for _, _, name in frames)
    assert all(0.0 <= float(time_s) < 1.0 for time_s, _, _ in frames)
