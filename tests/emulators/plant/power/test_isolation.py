"""People working on the plant: order, requirements, padlocks, and what a step would cut."""

from __future__ import annotations

import pytest
from paths import Build, Load

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.people.isolation import (
    Isolation,
    Procedure,
    Requirement,
    Step,
    StepRefused,
    breaker_out,
    loads_cut,
    section_out,
    ups_out,
)
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.transformers import Transformer
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.ups.ups import Ups


@pytest.fixture
def site(build: Build) -> Plant:
    """Two paths to one dual-corded row; a single-corded fan on path A."""
    plant = build(
        Utility("mains-a"),
        Utility("mains-b"),
        Transformer("t-a", None, {"input": "mains-a"}),
        Transformer("t-b", None, {"input": "mains-b"}),
        Breaker("q-a", None, {"input": "t-a"}),
        Breaker("q-b", None, {"input": "t-b"}),
        Board("board-a", None, {"t": "q-a"}),
        Board("board-b", None, {"t": "q-b"}),
        BusTie("tie", None, {"a": "board-a", "b": "board-b"}),
        Breaker("q-ups", None, {"input": "board-a"}),
        Breaker("q-byp", None, {"input": "board-a"}),
        Ups("ups", None, {"input": "q-ups", "bypass": "q-byp"}),
        Load("row", {"a": "ups", "b": "board-b"}, 100.0),
        Load("single", {"a": "ups"}, 10.0),
        Load("fan", {"a": "board-a"}, 5.0),
    )
    plant.advance(60.0)
    return plant


def work_through(work: Isolation) -> None:
    while work.next is not None:
        work.do()


def test_what_a_step_would_cut_is_found_without_doing_it(site: Plant):
    lines = len(site.journal)
    assert loads_cut(site, site.actors["q-a"].open) == ["fan"]  # the UPS carries `single`, path B carries `row`
    assert site.actors["q-a"].closed
    assert len(site.journal) == lines


def test_a_step_that_would_cut_a_load_is_refused_with_its_name(site: Plant):
    work = Isolation(site, breaker_out("transformer A", "q-a"), "Awa")
    with pytest.raises(StepRefused, match=r"step 1 of transformer A \(open q-a\): it would cut fan"):
        work.do()
    assert site.actors["q-a"].closed


def test_what_is_meant_to_be_cut_may_be(site: Plant):
    work = Isolation(site, breaker_out("transformer A", "q-a", isolates=("fan",)), "Awa")
    for _ in range(3):
        work.do()
    assert work.isolated
    assert site.actors["q-a"].state.locks == ["Awa"]
    work_through(work)
    assert site.actors["q-a"].closed
    assert site.actors["q-a"].state.locks == []


def test_force_does_it_all_the_same_and_the_journal_says_so(site: Plant):
    Isolation(site, breaker_out("transformer A", "q-a"), "Moussa").do(force=True)
    assert not site.actors["q-a"].closed
    event = next(e for e in site.journal if e.who == "Moussa")
    assert event.data["forced"] == "it would cut fan"


def test_steps_have_an_order(site: Plant):
    work = Isolation(site, ups_out("ups", "q-ups"), "Awa")
    with pytest.raises(StepRefused, match=r"the step that is due is step 1 \(to-bypass ups\)"):
        work.do(2)


def test_a_requirement_that_does_not_hold_is_named(site: Plant):
    site.inject("ups", "bypass")
    work = Isolation(site, ups_out("ups", "q-ups"), "Awa")
    with pytest.raises(StepRefused, match="to-bypass ups"):
        work.do()


def test_a_ups_goes_onto_maintenance_bypass_and_back_without_a_break(site: Plant):
    work = Isolation(site, ups_out("ups", "q-ups"), "Awa")
    while work.next is not None:
        work.do()
        site.advance(site.now + 60.0)
        assert site.actors["single"].supplied
    assert site.actors["ups"].mode == "online"
    assert site.actors["q-ups"].closed


def test_a_board_section_goes_onto_its_neighbour(site: Plant):
    work = Isolation(site, section_out("board-a", "q-a", "tie", isolates=("fan",)), "Awa")
    for _ in range(3):
        work.do()
    site.advance(site.now + 60.0)
    assert site.actors["board-a"].live
    assert site.actors["mains-b"].load_kw > 115.0
    work_through(work)
    assert not site.actors["tie"].closed
    assert site.actors["board-a"].live


def test_closing_the_tie_first_is_refused_for_both_reasons(site: Plant):
    work = Isolation(site, section_out("board-a", "q-a", "tie"), "Awa")
    with pytest.raises(StepRefused, match=r"q-a\.closed is True, expected False; tie\.synchronous is False") as refusal:
        work.do(1)
    assert "it would cut fan" in str(refusal.value)


def test_forcing_the_tie_closed_drops_both_boards(site: Plant):
    Isolation(site, section_out("board-a", "q-a", "tie"), "Moussa").do(1, force=True)
    assert all(site.actors[q].tripped for q in ("tie", "q-a", "q-b"))


def test_another_persons_padlock_holds(site: Plant):
    mine = Isolation(site, breaker_out("A", "q-a", isolates=("fan",)), "Awa")
    theirs = Isolation(site, breaker_out("A", "q-a", isolates=("fan",)), "Moussa")
    for _ in range(3):
        mine.do()
        theirs.do()
    mine.do()
    with pytest.raises(StepRefused, match="locked by Moussa"):
        mine.do(force=True)


def test_a_component_that_cannot_do_the_step_is_named(site: Plant):
    card = Procedure("nonsense", (Step("transfer", "q-a", "normal"),), ())
    with pytest.raises(StepRefused, match="q-a is a breaker: it cannot 'transfer'"):
        Isolation(site, card, "Awa").do()


def test_a_check_alone_changes_nothing(site: Plant):
    card = Procedure("look", (Step("check", "q-a", requires=(Requirement("q-a", "live", (False,)),)),), ())
    with pytest.raises(StepRefused, match=r"q-a\.live is True, expected False"):
        Isolation(site, card, "Awa").do()
