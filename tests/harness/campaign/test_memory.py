"""The memory returns what it was given, keeps every scenario once, and outlives its process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import DARK
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.campaign.memory import Memory
from twinfeed.harness.campaign.versions import Versions
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

ON = Versions("site", "controller", "0.2.0")

TEXTS = st.text(max_size=20)

TRIED = st.builds(
    Tried,
    st.builds(
        Scenario,
        st.just("pilot"),
        st.integers(0, 5),
        st.floats(1.0, 1e4),
        st.lists(st.builds(Injection, st.sampled_from("ab"), st.just("outage"), st.floats(0.0, 900.0)), max_size=3).map(
            tuple
        ),
        st.just(("always racks.*.supplied",)),
    ),
    st.lists(st.builds(Identity, TEXTS, TEXTS, TEXTS), max_size=2).map(tuple),
    TEXTS,
    st.lists(st.tuples(TEXTS, st.floats(-1e6, 1e6)), max_size=2).map(tuple),
    st.lists(TEXTS, max_size=2).map(tuple),
    TEXTS,
    st.frozensets(TEXTS),
    st.floats(0.0, 1e4),
    st.floats(0.0, 1e4),
    st.integers(-(2**63), 2**63 - 1),
)


@given(TRIED)
def test_an_outcome_comes_back_as_it_was(tried: Tried) -> None:
    with Memory(None) as memory:
        number = memory.begin("2026-01-01T00:00:00+00:00", tried.scenario, ON)
        memory.remember(tried, ON.key, number)
        assert memory.outcome(tried.scenario, ON.key) == tried
        assert list(memory.outcomes(ON.key)) == [tried]


@given(st.lists(TRIED, max_size=6))
def test_a_scenario_is_stored_once_whatever_its_note(several: list[Tried]) -> None:
    with Memory(None) as memory:
        for tried in several * 2:
            memory.remember(tried, ON.key, 1)
        assert len(list(memory.outcomes(ON.key))) == len({repr(tried.scenario.to_dict()) for tried in several})


def test_with_another_site_or_controller_nothing_is_known() -> None:
    tried = Tried(Scenario("pilot"))
    with Memory(None) as memory:
        memory.remember(tried, ON.key, 1)
        for other in (Versions("other", ON.controller, ON.twinfeed), Versions(ON.site, "other", ON.twinfeed)):
            assert memory.outcome(tried.scenario, other.key) is None


def test_the_smaller_scenario_of_a_finding_takes_the_place_of_the_larger(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "memory.sqlite"
    with Memory(path) as memory:
        for duration_s in (900.0, 600.0):
            memory.keep(DARK, Tried(Scenario("pilot", duration_s=duration_s)), ON.key, 1)
    with Memory(path) as memory:
        assert [scenario.duration_s for scenario in memory.findings(ON.key).values()] == [600.0]


def test_a_killed_search_has_lost_nothing_that_it_had_remembered(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", (
            "import sys, time; from pathlib import Path\n"
            "from twinfeed.harness.campaign.attempt import Tried\n"
            "from twinfeed.harness.campaign.memory import Memory\n"
            "from twinfeed.harness.faults.scenario import Scenario\n"
            "memory = Memory(Path(sys.argv[1]))\n"
            "for n in range(10): memory.remember(Tried(Scenario('pilot', n)), 'key', 1)\n"
            "print('done', flush=True); time.sleep(600)\n"
        ), str(path)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == b"done\n"
        os.kill(child.pid, signal.SIGKILL)
    with Memory(path) as memory:
        assert [tried.scenario.seed for tried in memory.outcomes("key")] == list(range(10))


def test_a_file_that_is_no_memory_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database" * 100)
    with pytest.raises(FileError, match=r"notes\.txt: .*expected a memory of searches"):
        Memory(text)
    assert text.read_text() == "no database" * 100


def test_a_memory_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    later = sqlite3.connect(path)
    later.execute("pragma user_version = 99")
    later.execute("create table other (name text)")
    later.commit()
    later.close()
    with pytest.raises(FileError, match="the format is 99, expected 1; give another --memory"):
        Memory(path)
