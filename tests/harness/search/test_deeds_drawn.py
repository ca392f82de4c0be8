"""Searches may draw deeds of people, and get planned deeds wrong."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.site import Site
from twinfeed.harness.faults.deeds import Deed
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.menu import menu
from twinfeed.harness.search.strategies import deeds, mistaken, scenarios

BENCH = Site.load("bench")
OFFERED = menu(BENCH, deeds=True)
NO_DEEDS = menu(BENCH)


def test_deeds_are_offered_only_where_they_are_asked_for() -> None:
    assert NO_DEEDS.deeds == ()
    assert ("q-chiller", "open") in OFFERED.deeds
    assert menu(BENCH, only=("q-chiller/open",), deeds=True).deeds == (("q-chiller", "open"),)
    assert ("q-chiller", "open") not in menu(BENCH, without=("open",), deeds=True).deeds


@given(deeds(OFFERED, 30.0, 600.0))
def test_every_drawn_deed_can_be_done_on_the_site(deed: Deed) -> None:
    BENCH.check_deed(deed.target, deed.deed, deed.parameters)
    assert Deed.from_dict(deed.to_dict()) == deed


PLANNED = Deed("q-chiller", "open", 60.0, name="isolate")


@settings(max_examples=examples(200))
@given(st.data())
def test_planned_deeds_stay_and_people_get_some_of_them_wrong(data: st.DataObject) -> None:
    frame = Scenario("bench", 1, deeds=(PLANNED,))
    first, *_ = data.draw(scenarios(OFFERED, frame)).deeds
    assert (first.target, first.deed, first.at_s, first.name) == ("q-chiller", "open", 60.0, "isolate")
    assert data.draw(scenarios(NO_DEEDS, frame)).deeds == (PLANNED,)


@given(mistaken(PLANNED, OFFERED))
def test_a_wrong_target_is_one_at_which_the_same_can_be_done(deed: Deed) -> None:
    if deed.wrong:
        BENCH.check_deed(deed.wrong, deed.deed, deed.parameters)
