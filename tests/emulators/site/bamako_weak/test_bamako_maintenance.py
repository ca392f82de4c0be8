"""Tier III: every main component of the Bamako site can be taken out of service, worked on and put back, at full load.

People work through the procedures of `twinfeed.emulators.plant.people.isolation`; a step that would cut a load is refused.
"""

from __future__ import annotations

import os

import pytest
from commissioning import all_supplied, events, full_load, losses, put_right, see, unlike_normal, warmest

from twinfeed.emulators.plant.people.isolation import (
    Isolation,
    Procedure,
    Requirement,
    Step,
    StepRefused,
    breaker_out,
    ups_out,
)
from twinfeed.harness.tier3.concurrent_maintainability import IMPOSSIBLE, INTERRUPTED, concurrent_maintainability
from twinfeed.harness.tier3.isolation_procedures import card

MINUTE, HOUR = 60.0, 3600.0

PERSON = "A. Traoré"

MAY_BLINK = (
    *("chiller-1", "chiller-2", "chiller-3", "pump-1", "pump-2", "pump-3"),
    *("day-tank-1", "day-tank-2", "day-tank-3", "mgmt-a", "mgmt-b"),
)
"""Parts that a step may leave without supply until a switch has moved: no rack, no air handler, no core switch."""


def board_out(path):
    """Prove a main board dead for work on its busbar: its mechanical load on the other board, its UPS on battery."""
    return Procedure(
        f"board-{path} out",
        (
            Step("transfer", f"ats-mech-{path}", "emergency"),
            Step("transfer", f"ats-{path}", "off"),
            Step("lock", f"ats-{path}"),
            Step("check", f"board-{path}", requires=(Requirement(f"board-{path}", "live", (False,)),)),
        ),
        (
            Step("unlock", f"ats-{path}"),
            Step("transfer", f"ats-{path}", "normal"),
            Step("transfer", f"ats-mech-{path}", "normal"),
        ),
        MAY_BLINK,
    )


def work_through(site, procedure, hours=2.0):
    """Out, work, back; returns the warmest inlet meanwhile, degC."""
    job = Isolation(site.plant, procedure, PERSON)
    for _ in procedure.out:
        job.do()
        site.advance(MINUTE)
    assert job.isolated
    hottest = warmest(site, hours * HOUR, every=300.0)
    assert all_supplied(site)
    for _ in procedure.back:
        job.do()
        site.advance(MINUTE)
    put_right(site)
    site.advance(HOUR)
    return hottest


FEEDERS = [
    "q-tx-a",
    "q-tx-b",
    "q-ups-a1",
    "q-ups-b2",
    "q-byp-a1",
    "q-mech-a",
    "q-mech-b",
    "q-cross-a",
    "q-gen-a",
    "q-net-a",
    "q-net-b",
    "q-row-a1",
    "q-row-b24",
]


@pytest.mark.parametrize("breaker", FEEDERS)
def test_every_feeder_can_be_opened_and_locked_at_full_load(bamako, breaker):
    full_load(bamako)
    assert work_through(bamako, breaker_out(f"{breaker} out", breaker, MAY_BLINK)) < 27.0
    assert losses(bamako) == 0
    assert unlike_normal(bamako) == []


@pytest.mark.parametrize("ups", ["ups-a1", "ups-a2", "ups-b1", "ups-b2"])
def test_every_ups_module_can_be_worked_on(bamako, ups):
    full_load(bamako)
    unit = ups.removeprefix("ups-")
    procedure = Procedure(
        f"{ups} out",
        (Step("open", f"q-ups-{unit}"), Step("open", f"q-byp-{unit}"), Step("lock", f"q-ups-{unit}")),
        (Step("unlock", f"q-ups-{unit}"), Step("close", f"q-byp-{unit}"), Step("close", f"q-ups-{unit}")),
    )
    work_through(bamako, procedure, hours=1.0)
    assert losses(bamako) == 0
    assert unlike_normal(bamako) == []


@pytest.mark.parametrize("path", ["a", "b"])
def test_either_main_board_can_be_made_dead(bamako, path):
    full_load(bamako)
    for name in (f"ats-{path}", f"ats-mech-{path}"):
        bamako[name].write("mode", "manual")
    assert work_through(bamako, board_out(path)) < 27.0
    assert events(bamako, f"ups-{path}1", "battery exhausted")  # longer than the batteries of the path
    for name in (f"ats-{path}", f"ats-mech-{path}"):
        bamako[name].write("mode", "automatic")
    bamako.advance(2 * HOUR)
    assert losses(bamako) == 0
    assert unlike_normal(bamako) == []


@pytest.mark.parametrize("chiller", ["chiller-1", "chiller-2", "chiller-3"])
def test_every_chiller_can_be_switched_off(bamako, chiller):
    full_load(bamako)
    bamako[chiller].write("chiller.enabled", False)
    assert warmest(bamako, 4 * HOUR, every=300.0) < 27.0
    assert not see(bamako, chiller, "running")
    bamako[chiller].write("chiller.enabled", True)
    bamako.advance(2 * HOUR)
    assert unlike_normal(bamako) == []


@pytest.mark.parametrize("generator", ["generator-1", "generator-3"])
def test_an_outage_during_work_on_a_generator_is_carried_by_the_others(bamako, generator):
    full_load(bamako)
    bamako[generator].write("mode", "stop")
    for utility in ("utility-a", "utility-b"):
        bamako.inject(utility, "outage", for_s=5 * MINUTE)
    bamako.advance(HOUR)
    assert losses(bamako) == 0
    assert not events(bamako, generator, "cranking")
    bamako[generator].write("mode", "auto")
    bamako.advance(HOUR)
    assert unlike_normal(bamako) == []


def test_with_one_path_out_nobody_is_let_near_the_other(bamako):
    out = Isolation(bamako.plant, breaker_out("q-row-a3 out", "q-row-a3"), PERSON)
    for _ in range(3):
        out.do()
    with pytest.raises(StepRefused, match="it would cut row-3"):
        Isolation(bamako.plant, breaker_out("q-row-b3 out", "q-row-b3"), "M. Keita").do()


def test_a_path_goes_onto_the_bypass_of_its_modules_and_back(bamako):
    for ups, breaker in (("ups-a1", "q-ups-a1"), ("ups-a2", "q-ups-a2")):
        job = Isolation(bamako.plant, ups_out(ups, breaker), PERSON)
        for step in range(len(job.steps)):
            job.do()
            bamako.advance(30.0)
            if step == 3:
                assert see(bamako, ups, "mode") == "maintenance"
    bamako.advance(HOUR)
    assert losses(bamako) == 0
    assert unlike_normal(bamako) == []


# -- every component in turn -----------------------------------------------------------------------------------

ONE_OF_EACH = {
    "utility-a": "q-tx-a open, utility-a off",
    "transformer-a": "q-tx-a open, utility-a off",
    "q-tx-a": "opened, locked and withdrawn",
    "q-row-b3": "opened, locked and withdrawn",
    "tie-ab": "opened, locked and withdrawn",
    "generator-1": "stopped at its controller",
    "generator-bus": "generator-1 stopped, generator-2 stopped, generator-3 stopped",
    "day-tank-3": "generator-3 stopped, chiller-3 chiller.enabled off, ats-chiller-3 to off",
    "board-b": "ats-mech-b to emergency, ups-b1 off, ups-b2 off, ats-b to off",
    "ats-a": "ats-mech-a to emergency, sts-1 to alternate, rack-ats to b, ups-a1 off, ups-a2 off, q-tx-a open, q-gen-a open",
    "ats-mech-b": "chiller-2 chiller.enabled off, ups-fire off, q-mech-b open, q-cross-a open",
    "ups-a1": "ups-a1 off, q-ups-a1 open, q-byp-a1 open",
    "ups-fire": "ups-fire off, ats-mech-b to off",
    "ups-board-a": "sts-1 to alternate, rack-ats to b, ups-a1 off, ups-a2 off",
    "mech-board-a": "ats-chiller-3 to emergency, chiller-1 chiller.enabled off, ups-noc off, ats-mech-a to off",
    "pump-2": "pump-3 started, then switched off",
    "chiller-3": "stopped at its controller",
    "crah-24": "stopped at its controller",
    "pdu-5-a": "q-row-a5 open",
    "pdu-net-b": "q-net-b open",
    "core-1": "pdu-net-a outlet.1 off, pdu-net-b outlet.1 off",
    "tor-1a": "pdu-net-a outlet.5 off, pdu-net-b outlet.5 off",
    "mgmt-a": "pdu-net-a outlet.15 off",
}


@pytest.mark.parametrize(("component", "how"), ONE_OF_EACH.items(), ids=list(ONE_OF_EACH))
def test_one_of_each_kind_is_isolated_and_returned(bamako, component, how):
    (job,) = concurrent_maintainability(bamako, component, on_sets=False)
    assert job.done, str(job)
    assert how in job.how


def test_the_one_generator_bus_passes_on_the_grid_and_not_on_the_sets(bamako):
    (job,) = concurrent_maintainability(bamako, "generator-bus")
    assert not job.done
    assert job.reason.startswith("on the sets: ")


WHY_NOT = {
    "sts-1": "row-legacy has no other way to be supplied",
    "rack-ats": "rack-storage has no other way to be supplied",
    "chilled-water": "there is no second loop",
    "bulk-tank": "there is no second store",
    "row-1": "it is what is supplied",
    "outdoors": "the weather",
    "uplink-1a-1": "a cable",
}


@pytest.mark.parametrize(("component", "reason"), WHY_NOT.items(), ids=list(WHY_NOT))
def test_what_cannot_be_isolated_is_listed_with_the_reason(bamako, component, reason):
    (job,) = concurrent_maintainability(bamako, component)
    assert job.verdict == IMPOSSIBLE
    assert reason in job.reason


def test_the_switch_of_chiller_3_cannot_be_worked_on_without_both_mechanical_boards(bamako):
    (job,) = concurrent_maintainability(bamako, "ats-chiller-3")
    assert job.verdict == INTERRUPTED
    assert "ats-mech-a to off, ats-mech-b to off" in job.how
    assert "hottest_inlet_c <= 32" in job.reason


def test_a_ups_whose_bypass_is_left_closed_is_not_isolated(bamako):
    procedure = card(bamako, "ups-a1")
    job = Isolation(bamako.plant, procedure, PERSON)
    for step in procedure.out[:-1]:
        if step.target != "q-byp-a1":
            job.do(procedure.out.index(step), force=True)
            bamako.advance(MINUTE)
    with pytest.raises(StepRefused, match=r"ups-a1\.bypass\.live is True, expected False"):
        job.do(len(procedure.out) - 1)


@pytest.mark.skipif("TWINFEED_EVERY_COMPONENT" not in os.environ, reason="a minute long; set TWINFEED_EVERY_COMPONENT")
def test_every_component_of_the_site_is_isolated_and_returned_or_listed(bamako):
    jobs = list(concurrent_maintainability(bamako, on_sets=False))
    assert [job.component for job in jobs] == list(bamako.components)
    assert [job.component for job in jobs if job.verdict == INTERRUPTED] == ["ats-chiller-3"]
    assert all(job.reason for job in jobs if job.verdict == IMPOSSIBLE)
