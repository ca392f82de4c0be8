"""A suite is scored in processes of their own: mutants are killed, survive, or are not reached; no file is changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from twinfeed.harness.score.mutants import Mutant
from twinfeed.harness.score.running import Job, Run, Watched, run, same_orders
from twinfeed.harness.score.scoring import NoScore, clean_run, concerned, score
from twinfeed.harness.score.sources import files_of

CONTROLLER = """
LIMIT_C = 27.0

def hot(t_c):
    return t_c > LIMIT_C

def cold(t_c):
    return t_c < 5.0
"""

TESTS = """
import warnings
import mine

def test_hot():
    assert mine.hot(28.0)
    assert not mine.hot(26.0)

def test_nothing():
    assert mine
"""

INI = """
[pytest]
addopts = -n 2 -W error
asyncio_mode = strict
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of somebody else, with options of its own."""
    for name, text in {"mine.py": CONTROLLER, "test_mine.py": TESTS, "pytest.ini": INI}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_suite_of_another_project_is_scored_and_its_files_stay_as_they_are(project: Path) -> None:
    result = score(["-p", "no:randomly"], [project / "mine.py"])
    fates = {judged.mutant.name: (judged.fate, judged.by) for judged in result.judged}
    assert fates == {
        "mine.py:2 wrong-unit": ("killed", "test_mine.py::test_hot"),
        "mine.py:5 swapped-comparison": ("killed", "test_mine.py::test_hot"),
        "mine.py:8 swapped-comparison": ("unreached", ""),
    }
    assert result.percent == 100.0
    assert sorted(path.name for path in project.iterdir()) == ["mine.py", "pytest.ini", "test_mine.py"]
    assert (project / "mine.py").read_text(encoding="utf-8") == CONTROLLER


def test_tests_that_fail_without_a_mutant_judge_nothing(project: Path) -> None:
    (project / "test_mine.py").write_text("def test(): assert 1 == 2", encoding="utf-8")
    with pytest.raises(NoScore, match="do not pass without a mutant"):
        clean_run([], [project / "mine.py"])


def test_a_mutant_that_never_ends_is_killed_with_its_children(project: Path) -> None:
    (project / "test_mine.py").write_text("def test():\n    while True: pass", encoding="utf-8")
    found = run(Job((), timeout_s=6.0))
    assert found.timed_out
    assert found.exit is None


LINES = frozenset({("/mine.py", 4), ("/mine.py", 5)})


def clean(**lines: frozenset[tuple[str, int]]) -> Run:
    tests = {name: Watched("passed", seconds, of) for seconds, (name, of) in enumerate(reversed(lines.items()))}
    return Run(0, tests, frozenset({("/mine.py", 1)}))


def test_a_mutant_runs_the_tests_that_execute_its_lines_the_fastest_first() -> None:
    of = clean(slow=LINES, other=frozenset({("/mine.py", 9)}), fast=LINES, without=frozenset())
    assert concerned(Mutant("x", Path("/mine.py"), range(5, 6), ""), of) == ["fast", "slow"]
    assert concerned(Mutant("x", Path("/mine.py"), range(7, 8), ""), of) == []


def test_a_line_that_runs_at_the_import_concerns_every_test_of_the_controller() -> None:
    of = clean(slow=LINES, other=frozenset({("/mine.py", 9)}), without=frozenset())
    assert concerned(Mutant("x", Path("/mine.py"), range(1, 2), ""), of) == ["other", "slow"]


def ordered(*orders: tuple[float, str, str]) -> Watched:
    events = [[t, device, "command", {"point": "mode", "value": value}] for t, device, value in orders]
    return Watched("passed", 1.0, frozenset(), ({"events": [*events, [9.0, "ups", "alarm", {}]]},))


def test_orders_are_the_same_within_a_scan_and_in_the_order_of_each_device() -> None:
    before = ordered((1.0, "a", "on"), (2.0, "b", "on"), (30.0, "a", "off"))
    assert same_orders(before, ordered((1.9, "a", "on"), (1.4, "b", "on"), (30.0, "a", "off")))
    assert not same_orders(before, ordered((2.1, "a", "on"), (2.0, "b", "on"), (30.0, "a", "off")))
    assert not same_orders(before, ordered((1.0, "a", "off"), (2.0, "b", "on"), (30.0, "a", "on")))
    assert not same_orders(before, ordered((1.0, "a", "on"), (2.0, "b", "on")))


def test_the_files_of_a_controller_are_its_package_or_what_its_module_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {
        "lone_ctl.py": "import lone_helper, os", "lone_helper.py": "", "other.py": "", "test_lone.py": "",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert [path.name for path in files_of("lone_ctl:main")] == ["lone_ctl.py", "lone_helper.py"]
    assert {"main.py", "io.py", "transfer.py"} <= {path.name for path in files_of("reference")}


def test_a_module_that_is_loaded_already_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "ctl.py").write_text("VALUE = 1", encoding="utf-8")
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from twinfeed.harness.score.loading import LoadedAlready, Replaced
Replaced({str(tmp_path / "ctl.py")!r}, "VALUE = 2").install()
import ctl; assert ctl.VALUE == 2
try: Replaced({str(tmp_path / "ctl.py")!r}, "VALUE = 3").install()
except LoadedAlready: print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert not list(tmp_path.glob("__pycache__"))
