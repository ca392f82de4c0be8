"""`pytest --report DIR` and `--resume`: what is in the record whatever becomes of the run."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import hypothesis  # noqa: F401  (pytester forgets what a run has imported, and its plugin imports this in each)
import pytest

from twinfeed.harness.record import Entry, read
from twinfeed.harness.record.folder import entries
from twinfeed.harness.report import Calibration, Confirmation, Identity, note
from twinfeed.hil_rigs import rigfile

pytest_plugins = ["pytester"]

MEASURING = """
def test_transfer(measure):
    measure("transfer time", 8.2, unit="ms", at_most=10, source="IEC 62040-3")
    measure("output", 219.0, unit="V", within=(223, 237))

def test_lamp(measure):
    measure("lamp", "green", equals="green")
    measure("frequency", 50.49, unit="Hz", within=(49.5, 50.5), uncertainty=0.05)
"""


@pytest.fixture(autouse=True)
def _in_the_order_of_the_file(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-randomly, where it is installed, leaves the order of these tests alone."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:randomly")


def told(folder: Path, who: str, what: str) -> list[Entry]:
    return [entry for entry in entries(folder) if (entry.who, entry.what) == (who, what)]


def test_measurements_outside_fail_the_test_when_all_is_measured(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MEASURING)
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 of 2 measurements are not within their limits:",
            "  output: found 219 V, expected 223 to 237 V",
            "marginal: *::test_lamp: frequency: found 50.49 Hz ±0.05 Hz (marginal), expected 49.5 to 50.5 Hz",
        ]
    )


def test_a_test_that_fails_by_itself_tells_what_it_had_measured(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(measure):\n    measure('a', 3.0, unit='V', at_most=2)\n    assert False, 'stop'")
    pytester.runpytest().stdout.fnmatch_lines(["*AssertionError: stop*", "*measured*", "a: found 3 V*at most 2 V"])


def test_what_must_be_measured_and_is_not_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n@pytest.mark.measures('restart time')\ndef test_x(measure):\n    measure('a', 3.0)"
    )
    pytester.runpytest().stdout.fnmatch_lines(["*restart time: not taken: the test did not measure it"])


def test_the_record_has_begin_measurements_and_end_of_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MEASURING)
    pytester.runpytest("--report", "out", "--tester", "Awa Traoré")
    record = read(pytester.path / "out" / "record.jsonl")
    assert [(e.who, e.what) for e in record] == [
        ("record", "begins"),
        ("session", "started"),
        *[("test", "started"), ("test", "measured"), ("test", "measured"), ("test", "finished")] * 2,
        ("session", "ended"),
    ]
    session, measured, finished = record[1].data, record[3].data, record[5].data
    assert (session["tester"], session["world"], session["bench"]) == ("Awa Traoré", "simulated", "bamako")
    assert session["command"].startswith("pytest --report out --tester 'Awa Traoré'")
    assert (measured["name"], measured["value"], measured["unit"], measured["limits"]["at_most"]) == (
        "transfer time", 8.2, "ms", 10,
    )  # fmt: skip
    assert (finished["outcome"], finished["reason"].splitlines()[0]) == (
        "failed",
        "1 of 2 measurements are not within their limits:",
    )


def test_notes_of_a_bench_are_in_the_record(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from twinfeed.harness.report import Calibration, Confirmation, Identity, note

        def test_x():
            note(Identity("ups-1", "Smart-UPS", firmware="18.8"))
            note(Calibration("meter-1.power", due="2027-03-02", accuracy="±0.5 kW"))
            note(Confirmation("Awa Traoré", "Open breaker Q3.", "done", "2026-11-24T10:02:11Z"))
        """
    )
    pytester.runpytest("--report", "out").assert_outcomes(passed=1)
    folder = pytester.path / "out"
    assert told(folder, "device", "identified")[0].data["firmware"] == "18.8"
    assert told(folder, "instrument", "calibrated")[0].data["due"] == "2027-03-02"
    assert told(folder, "operator", "confirmed")[0].data["person"] == "Awa Traoré"


def test_without_a_record_notes_go_nowhere() -> None:
    note(Identity("ups-1"))
    note(Calibration("meter-1"))
    note(Confirmation("Awa Traoré", "Open breaker Q3.", "done", "2026-11-24T10:02:11Z"))


def test_skips_have_their_reasons_in_words(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        def test_a(): pytest.skip("the rig has no actuator for utility-b outage")
        @pytest.mark.skip(reason="not today")
        def test_b(): pass
        @pytest.mark.xfail(reason="firmware 18.8 has it wrong")
        def test_c(): assert False
        """
    )
    pytester.runpytest("--report", "out")
    assert [(e.data["outcome"], e.data["reason"]) for e in told(pytester.path / "out", "test", "finished")] == [
        ("skipped", "the rig has no actuator for utility-b outage"),
        ("skipped", "not today"),
        ("skipped", "known to fail: firmware 18.8 has it wrong"),
    ]


def test_attached_files_are_kept_with_their_hashes(pytester: pytest.Pytester) -> None:
    (pytester.path / "scope.png").write_bytes(b"picture")
    pytester.makepyfile("def test_x(measure):\n    measure.attach('scope.png', 'output voltage')")
    pytester.runpytest("--report", "out").assert_outcomes(passed=1)
    (entry,) = told(pytester.path / "out", "test", "attached")
    assert (entry.data["caption"], entry.data["octets"]) == ("output voltage", 7)
    assert entry.data["sha256"] == hashlib.sha256(b"picture").hexdigest()
    assert (pytester.path / "out" / entry.data["file"]).read_bytes() == b"picture"


@pytest.mark.parametrize("bench", [str(rigfile.find("ups-bench")), "ups-bench"], ids=["file", "name"])
def test_a_test_on_a_bench_is_on_no_other_site(pytester: pytest.Pytester, bench: str) -> None:
    pytester.makepyfile("async def test_x(site): pass")
    run = pytester.runpytest("--rig", bench, "--dry-run", "--report", "out", "-oasyncio_mode=auto")
    run.assert_outcomes(passed=1)
    assert [entry.data["site"] for entry in told(pytester.path / "out", "test", "started")] == ["ups-bench"]


def test_the_journal_of_a_site_is_attached(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        async def test_x(site, journal, measure):
            site.watch("ups-2.on_battery", "generator-1.running")
            await site.inject("utility-a", "outage", at="5 s")
            await site.inject("utility-b", "outage", at="5 s")
            await site.run("60 s")
            site.sample()
            measure.between(journal, "ups-2.on_battery", "generator-1.running", at_most="20 s", name="start")
        """
    )
    pytester.runpytest("--site=bench", "--report", "out", "-oasyncio_mode=auto").assert_outcomes(passed=1)
    (entry,) = told(pytester.path / "out", "test", "attached")
    lines = (pytester.path / "out" / entry.data["file"]).read_text().splitlines()
    assert any(json.loads(line).get("quantity") == "generator-1.running" for line in lines)
    (measured,) = told(pytester.path / "out", "test", "measured")
    assert measured.data["outcome"] == "pass"
    assert 0 < measured.data["value"] < 20


# -- going on ----------------------------------------------------------------------------------------------------------

TWO = """
def test_a(): pass
def test_b(): {}
"""


def test_what_has_passed_is_left_out_and_told(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(test_two=TWO.format("assert 0"))
    (pytester.path / "conftest.py").write_text("")
    pytester.runpytest("--report", "out").assert_outcomes(passed=1, failed=1)
    again = pytester.runpytest("--report", "out", "--resume")
    again.assert_outcomes(failed=1, deselected=1)
    again.stdout.fnmatch_lines(["passed earlier, at *Z: test_two.py::test_a"])
    (entry,) = told(pytester.path / "out", "test", "passed earlier")
    assert entry.data["test"] == "test_two.py::test_a"
    path.write_text(TWO.format("pass"))
    pytester.runpytest("--report", "out", "--resume").assert_outcomes(passed=2)  # the file is another
    (pytester.path / "conftest.py").write_text("# other")
    pytester.runpytest("--report", "out", "--resume").assert_outcomes(passed=2)
    nothing_left = pytester.runpytest("--report", "out", "--resume")
    assert nothing_left.ret == 0
    nothing_left.assert_outcomes(deselected=2)


@pytest.mark.parametrize("options", [["--seed=7"], ["--world=live"], ["--site=bench"], ["--controller=looking_on"]])
def test_another_world_is_another_test(pytester: pytest.Pytester, options: list[str]) -> None:
    pytester.makepyfile(test_two=TWO.format("pass"))
    pytester.runpytest("--report", "out").assert_outcomes(passed=2)
    pytester.runpytest("--report", "out", "--resume", *options).assert_outcomes(passed=2)


def test_a_killed_run_goes_on(pytester: pytest.Pytester) -> None:
    """The test that was killed has a begin and no end; it is run again, the one before is not."""
    pytester.makepyfile(
        test_two="""
        import os, pathlib, signal
        def test_a(): pass
        def test_b(measure):
            measure("voltage", 230.0, unit="V")
            if not pathlib.Path("again").exists():
                os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    command = [sys.executable, "-m", "pytest", "--report", "out"]
    killed = subprocess.run(command, cwd=pytester.path, capture_output=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert told(pytester.path / "out", "test", "measured")[0].data["value"] == 230.0
    (pytester.path / "again").touch()
    pytester.runpytest("--report", "out", "--resume").assert_outcomes(passed=1, deselected=1)


def test_an_altered_record_is_not_added_to(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_two=TWO.format("pass"))
    pytester.runpytest("--report", "out")
    record = pytester.path / "out" / "record.jsonl"
    record.write_text(record.read_text().replace('"passed"', '"failed"'))
    for options in (["--resume"], []):
        result = pytester.runpytest("--report", "out", *options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: *record.jsonl:4: was altered*give another folder to --report"])


def test_two_runs_do_not_write_one_record(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import subprocess, sys
        def test_x():
            said = subprocess.run([sys.executable, "-m", "pytest", "--report", "out", "--collect-only", "-q"])
            assert said.returncode == 0  # nothing is run, nothing written
            said = subprocess.run([sys.executable, "-m", "pytest", "--report", "out"], capture_output=True, text=True)
            assert "another run writes its record there" in said.stderr
        """
    )
    pytester.runpytest("--report", "out").assert_outcomes(passed=1)


def test_a_full_disk_ends_the_run_with_all_that_has_happened_recorded(pytester: pytest.Pytester) -> None:
    """The disk has no room for the measurement; the reserve is given up, and takes it and the end of the run."""
    pytester.makeconftest(
        """
        import errno
        from twinfeed.harness.record import Record
        append = Record._append
        def full(self, line):
            if b'"measured"' in line and self._reserve.exists():
                raise OSError(errno.ENOSPC, "No space left on device")
            append(self, line)
        Record._append = full
        """
    )
    pytester.makepyfile("def test_a(measure): measure('voltage', 230.0)\ndef test_b(): pass")
    result = pytester.runpytest_subprocess("--report", "out")
    result.stdout.fnmatch_lines(["*the disk is full; the record has gone into its reserve*"])
    assert [(e.who, e.what) for e in entries(pytester.path / "out")] == [
        ("record", "begins"), ("session", "started"), ("test", "started"), ("test", "measured"), ("test", "finished"),
        ("session", "ended"),
    ]  # fmt: skip


def test_what_cannot_be_recorded_is_not_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        from twinfeed.harness.record import Record
        append = Record._append
        def failing(self, line):
            if b'"test"' in line:
                raise OSError(5, "Input/output error")
            append(self, line)
        Record._append = failing
        """
    )
    pytester.makepyfile("def test_a(): open('ran', 'w')")
    result = pytester.runpytest_subprocess("--report", "out")
    result.stdout.fnmatch_lines(["*record.jsonl cannot be written*Input/output error*"])
    assert (result.ret, (pytester.path / "ran").exists()) == (pytest.ExitCode.INTERNAL_ERROR, False)


def test_resume_needs_a_record(pytester: pytest.Pytester) -> None:
    assert pytester.runpytest("--resume").ret == pytest.ExitCode.USAGE_ERROR


def test_each_worker_writes_a_chain_of_its_own(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile("import pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_x(n): assert n != 3")
    command = [sys.executable, "-m", "pytest", "-n2", "--report", "out"]
    for options, outcome in (([], "7 passed"), (["--resume"], "1 failed")):
        done = subprocess.run(
            [*command, *options],
            cwd=pytester.path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert outcome in done.stdout, done.stdout
    assert "7 passed" not in done.stdout
    assert len(told(pytester.path / "out", "test", "finished")) == 9
    assert len(told(pytester.path / "out", "test", "passed earlier")) == 7
