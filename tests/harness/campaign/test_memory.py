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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.campaign.memory import Memory, hash_of
from twinfeed.harness.campaign.versions import Versions
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

ON = Versions("site", "controller", "0.2.0")

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)
"""With the NUL and the lone surrogates that the message of a failing controller may hold, and databases refuse."""

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
    st.lists(st.tuples(TEXTS, st.floats(-1e6, 1e6)), max_size=1).map(tuple),
    st.lists(TEXTS, max_size=2).map(tuple),
    TEXTS,
    st.frozensets(TEXTS),
    st.floats(0.0, 1e4),
    st.floats(0.0, 1e4),
    st.integers(-(2**63), 2**63 - 1),
)


ONCE_A_STORE = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ONCE_A_STORE
@given(several=st.lists(TRIED, min_size=1, max_size=4))
def test_every_outcome_comes_back_as_it_was_and_once(store: Path | str, several: list[Tried]) -> None:
    first = {hash_of(tried.scenario, ON.key): tried for tried in reversed(several)}
    with Memory(store) as memory:
        memory._db.run("delete from findings")
        memory._db.run("delete from scenarios")
        number = memory.begin("2026-01-01T00:00:00+00:00", several[0].scenario, ON, [("a", "outage")])
        for place, tried in enumerate(several * 2):
            memory.remember(tried, ON.key, number, place, float(place))
            for identity in tried.broken:
                memory.keep(identity, tried, ON.key, number, "no controller")
    with Memory(store) as memory:
        assert {hash_of(tried.scenario, ON.key): tried for tried in memory.outcomes(ON.key)} == first
        assert [tried for _, tried in memory.arrivals(number)] == list(
            dict.fromkeys(first[hash_of(t.scenario, ON.key)] for t in several)
        )
        assert all(memory.outcome(tried.scenario, ON.key) == tried for tried in first.values())
        last = {identity: tried.scenario for tried in several for identity in tried.broken}
        assert memory.findings(ON.key) == last
        past = memory.campaigns()[-1]
    assert (past.number, past.frame, past.offered) == (number, several[0].scenario, {("a", "outage")})


def test_with_another_site_or_controller_nothing_is_known(store: Path | str) -> None:
    tried = Tried(Scenario("pilot"))
    with Memory(store) as memory:
        memory.remember(tried, ON.key, memory.begin("now", tried.scenario, ON))
        for other in (Versions("other", ON.controller, ON.twinfeed), Versions(ON.site, "other", ON.twinfeed)):
            assert memory.outcome(tried.scenario, other.key) is None


def test_the_smaller_scenario_of_a_finding_takes_the_place_of_the_larger(store: Path | str) -> None:
    with Memory(store) as memory:
        number = memory.begin("now", Scenario("pilot"), ON)
        for duration_s in (900.0, 600.0):
            memory.keep(DARK, Tried(Scenario("pilot", duration_s=duration_s)), ON.key, number)
    with Memory(store) as memory:
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
            "for n in range(10): memory.remember(Tried(Scenario('pilot', n)), 'key', 1, n)\n"
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
    older = sqlite3.connect(path)
    older.execute("pragma user_version = 1")
    older.execute("create table scenarios (hash text)")
    older.commit()
    older.close()
    with pytest.raises(FileError, match="the format is an older one, expected 3; give another --memory"):
        Memory(path)


@pytest.mark.interop
def test_a_database_that_does_not_answer_is_refused_without_its_password(cluster: str) -> None:
    wrong = cluster.replace("twinfeed@", "nobody:secret@")
    with pytest.raises(
        FileError, match=r"nobody.*does not exist; expected the URL of a PostgreSQL database"
    ) as refused:
        Memory(wrong)
    assert "secret" not in str(refused.value)
