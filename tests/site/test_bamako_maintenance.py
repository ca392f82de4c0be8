"""Tier III: every main component of the Bamako site can be taken out of service, worked on and put back, at full load.

People work through the procedures of `emulators.plant.isolation`; a step that would cut a load is refused.
"""

from __future__ import annotations

import pytest
from commissioning import all_supplied, events, full_load, losses, put_right, see, unlike_normal, warmest

from emulators.plant.isolation import Isolation, Procedure, Requirement, Step, StepRefused, breaker_out, ups_out

MINUTE, HOUR = 60.0, 3600.0

PERSON = "A. Traoré"

MAY_BLINK = (
    *("chiller-1", "chiller-2", "chiller-3", "pump-1", "pump-2", "pump-3"),
    *("day-tank-1", "day-tank-2", "day-tank-3", "mgmt-a", "mgmt-b"),
)
"""What a step may leave without supply until a switch has moved: no rack, no air handler, no core switch."""


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
