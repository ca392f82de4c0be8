"""The names that an error message offers in the place of a misspelt one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.nearness import LONGEST, did_you_mean


def test_near_names_are_offered_the_nearest_first() -> None:
    assert did_you_mean("ups-a", ["chiller", "ups-a1", "ups-b1"]) == "; did you mean ups-a1, ups-b1?"


def test_without_a_near_name_the_message_ends_as_its_author_wants() -> None:
    assert did_you_mean("zzz", ["ups-a1"], "; it has ups-a1") == "; it has ups-a1"
    assert did_you_mean("zzz", []) == ""


@given(st.text(), st.lists(st.text()), st.integers(1, 4))
def test_only_known_names_are_offered_each_once(found: str, known: list[str], most: int) -> None:
    hint = did_you_mean(found, (repr(name) for name in known), most=most)
    assert hint == "" or hint.startswith("; did you mean ")
    offered = [name for name in map(repr, dict.fromkeys(known)) if name in hint]
    assert not hint or offered


def test_a_name_of_a_megabyte_costs_no_more_than_its_beginning() -> None:
    name = "ups" * LONGEST
    assert did_you_mean(name * 3000, [name[:LONGEST]]) == f"; did you mean {name[:LONGEST]}?"
