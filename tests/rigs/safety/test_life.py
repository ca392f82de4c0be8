"""The states of a bench: what follows what, what is on the disk, what every command must print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.hil_rigs.emergency.life import STATES, TRANSITIONS, Impossible, Life, from_json
from twinfeed.hil_rigs.emergency.mark import Mark

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "bench-safety.md"

lives = st.builds(
    Life, st.sampled_from(STATES), by=st.text(), why=st.text(), failed=st.lists(st.text(), max_size=3).map(tuple)
)


def test_the_page_shows_the_table_of_transitions_as_it_is() -> None:
    rows = re.findall(
        r"^\| `([a-z ]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE
    )
    assert [tuple(cell.strip() for cell in row) for row in rows] == [
        (line.event, ", ".join(line.before), line.after, line.who, line.written) for line in TRANSITIONS
    ]


def test_the_page_draws_every_transition_and_no_other() -> None:
    drawn = set(re.findall(r'^ +"?([a-z -]+?)"? --> "?([a-z -]+?)"? : ([a-z ]+)$', PAGE.read_text(), re.MULTILINE))
    meant = {(before, line.after, line.event) for line in TRANSITIONS for before in line.before}
    assert {(before.replace("_", " "), after.replace("_", " "), event) for before, after, event in drawn} == meant


@given(lives)
def test_a_life_comes_back_from_the_disk_as_it_was(life: Life) -> None:
    assert from_json(life.as_json(keeper="guard", pid=7)) == life


@given(st.text())
def test_a_mark_that_cannot_be_read_counts_as_an_armed_bench(text: str) -> None:
    assert not from_json(text).at_rest


@given(lives, st.booleans())
def test_only_a_bench_at_rest_or_one_that_is_kept_needs_no_word(life: Life, kept: bool) -> None:
    said = life.said("lab", kept, "14:03:00")
    silent_rightly = life.at_rest and not life.failed if not kept else not life.failed
    if not silent_rightly and not (life.at_rest and not kept):
        assert said.startswith("NOT SAFE: lab")


@given(lives, st.sampled_from([line.event for line in TRANSITIONS]))
def test_what_is_not_known_to_be_safe_is_forgotten_only_when_it_was_seen_safe_or_is_at_rest(
    life: Life, event: str
) -> None:
    try:
        after = life.after(event, failed=["load: still on"])  # type: ignore[arg-type]
    except Impossible:
        return
    if life.failed and not after.failed:
        assert after.state in ("safe", "read-only", "armed")


def test_a_bench_that_nobody_keeps_tells_who_armed_it_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path))
    place = tmp_path / "lab"
    place.mkdir()
    keeper = Mark(place, "supervisor", tmp_path / "lab.yaml")
    keeper.keep()
    keeper.become("arm", by="Awa Traoré")
    assert Mark(place).said() == ""
    keeper.let_go()  # as the kernel does when the process is killed
    assert re.fullmatch(
        rf"NOT SAFE: lab: armed by Awa Traoré, last seen \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d; nobody keeps it: "
        rf"twinfeed rig safe {tmp_path}/lab\.yaml",
        Mark(place).said(),
    )


def test_a_full_disk_is_the_reason_when_nothing_can_be_written_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        Mark(tmp_path, "supervisor").become("arm", by="Awa")


def test_a_full_disk_leaves_a_mark_that_says_not_at_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = Mark(tmp_path, "supervisor")
    mark.become("arm", by="Awa")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    mark.become("trip", why="the disk is full")
    monkeypatch.undo()
    assert not Mark(tmp_path).life.at_rest
