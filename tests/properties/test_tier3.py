"""What a Tier III site has to keep to: the Bamako site does when the mains fail, and each demand is violated in its turn."""

from __future__ import annotations

import pytest

from emulators.site import Site
from harness.faults.injection import Injection
from harness.journal import Journal, Recorder, Trace
from harness.properties import evaluate, patterns
from harness.properties.maintenance import concurrent_maintainability
from harness.properties.silence import no_silent_failure
from harness.properties.tier3 import inlet_temperatures, tier3

MINUTE = 60.0


@pytest.fixture(scope="module")
def bamako():
    return Site.load("bamako")


@pytest.fixture(scope="module")
def mains_failure(bamako):
    """Half an hour in which both mains are away for ten minutes."""
    journal = Journal()
    recorder = Recorder(bamako, patterns(tier3(bamako)), journal.trace).attach()
    bamako.advance(MINUTE)
    for utility in ("utility-a", "utility-b"):
        bamako.inject(utility, "outage", for_s=10 * MINUTE)
    bamako.advance(30 * MINUTE)
    recorder()
    recorder.detach()
    journal.extend(bamako.plant.journal)
    return journal


def test_a_mains_failure_keeps_to_all_of_it(bamako, mains_failure):
    wrong = [str(verdict) for verdict in evaluate(mains_failure, *tier3(bamako)) if not verdict]
    assert wrong == []


def test_what_is_demanded_is_put_to_the_test(bamako, mains_failure):
    starts = {str(verdict.about): verdict.starts for verdict in evaluate(mains_failure, *tier3(bamako))}
    assert starts["within 30 s of ats-a.live falls: ats-a.live"] == 2  # to the generators and back
    assert next(count for text, count in starts.items() if text.startswith("within 1 h of site.faults == 0 rises")) == 1


BROKEN = [
    ("always racks.*.supplied", {"row-3.supplied": [(500.0, False)]}, 500.0),
    ("always 18 <= hall-1.hottest_inlet_c", {"hall-1.hottest_inlet_c": [(500.0, 26.0), (600.0, 28.0)]}, 550.0),
    ("always 15 <= hall-1.hottest_inlet_c", {"hall-1.hottest_inlet_c": [(500.0, 30.0), (600.0, 34.0)]}, 550.0),
    ("change(hall-2.hottest_inlet_c, 15 min) <= 5", {"hall-2.hottest_inlet_c": [(100.0, 20.0), (900.0, 28.0)]}, 600.0),
    ("change(hall-2.hottest_inlet_c, 1 h) <= 20", {"hall-2.hottest_inlet_c": [(0.0, 15.0), (3000.0, 45.0)]}, 2000.0),
    ("ats-a.start_request rises: any(generator", {"ats-a.start_request": [(500.0, True)]}, 515.0),
    ("ats-b.live falls: ats-b.live", {"ats-b.live": [(500.0, False), (540.0, True)]}, 530.0),
    ("grace 20 ms: sts-1.live", {"sts-1.live": [(500.0, False), (500.05, True)]}, 500.0),
    ("change(ats-a.transfers, 1 min) <= 2", {"ats-a.transfers": [(500.0, 1), (520.0, 2), (540.0, 3)]}, 540.0),
    (
        "site.faults == 0 rises",
        {"site.faults": [(500.0, 1), (600.0, 0)], "ups-a1.mode": [(510.0, "bypass")]},
        600.0 + 3600.0,
    ),
]


@pytest.mark.parametrize(("demand", "courses", "t_s"), BROKEN, ids=[demand for demand, _, _ in BROKEN])
def test_each_demand_is_violated_when_it_should_be(demand, courses, t_s):
    site = Site.load("bamako")
    demands = tier3(site)
    trace = Recorder(site, patterns(demands)).attach().trace
    start = {name: points[0][1] for name, points in trace.items()}
    broken = Trace({name: [(0.0, value), *courses.get(name, [])] for name, value in start.items()})
    broken.sections = trace.sections
    broken.reach(6000.0)
    (wanted,) = [wanted for wanted in demands if demand in str(wanted)]
    (verdict,) = evaluate(broken, wanted)
    assert verdict.violated
    assert verdict.violations[0].t_s == pytest.approx(t_s, abs=1e-6)


def test_with_tape_five_kelvin_an_hour_are_the_most(bamako):
    texts = [str(demand) for demand in inlet_temperatures(bamako, tape=True)]
    assert "always change(hall-1.hottest_inlet_c, 1 h) <= 5" in texts
    assert not any("15 min" in text for text in texts)


def test_a_fault_with_an_effect_is_alarmed(bench):
    (outage,) = no_silent_failure(bench, [Injection("utility-a", "outage")], watch="1 min")
    assert not outage.silent
    assert outage.effect == "utility-a.live became False" and outage.alarm == "ups-1: on_battery"


def test_a_fault_that_nobody_measures_is_silent(bench):
    (silence,) = no_silent_failure(bench, [Injection("rack-1", "psu-a-failure")], watch="2 min")
    assert silence.silent
    assert str(silence) == (
        "rack-1 psu-a-failure: rack-1.redundant became False after 0 s; SILENT, no alarm, expected within 60 s of the effect"
    )


def test_a_fault_without_effect_needs_no_alarm(bench):
    (silence,) = no_silent_failure(bench, [Injection("generator-1", "fail-to-start")], watch="1 min")
    assert not silence.silent and silence.effect == ""


def test_trying_faults_leaves_the_site_as_it_was(bench):
    before = bench.plant.snapshot()
    no_silent_failure(bench, [Injection("utility-a", "outage")], watch="10 s")
    assert bench.plant.snapshot() == before


@pytest.fixture(scope="module")
def bench():
    site = Site.load("bench")
    site.advance(MINUTE)
    return site


@pytest.mark.parametrize("component", ["generator-1", "q-chiller", "chiller-1", "crah-1", "pdu-1", "switch-1"])
def test_a_component_is_isolated_and_returned(bench, component):
    (job,) = concurrent_maintainability(bench, component, work="2 min")
    print(job)
    assert job.done, str(job)


def test_with_one_path_out_the_other_cannot_be_maintained():
    site = Site.load("bamako")
    (job,) = concurrent_maintainability(site, "q-row-b3", work="1 min")
    assert job.done, str(job)
    site.components["q-row-a3"].open()
    site.advance(MINUTE)
    (job,) = concurrent_maintainability(site, "q-row-b3", work="1 min")
    assert not job.done and "row-3" in str(job)
