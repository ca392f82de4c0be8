"""Requirements of a Tier III site: the Bamako site keeps them when the mains fail, and each demand is violated in its turn."""

from __future__ import annotations

import pytest

from twinfeed.emulators.site import Site
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.journal import Journal, Sampler, Trace
from twinfeed.harness.properties import evaluate, patterns
from twinfeed.harness.tier3.concurrent_maintainability import concurrent_maintainability
from twinfeed.harness.tier3.dependencies import concerned
from twinfeed.harness.tier3.properties import inlet_temperatures, no_flapping, normal, tier3, transfers_and_starts
from twinfeed.harness.tier3.silent_failures import no_silent_failure

MINUTE = 60.0


@pytest.fixture(scope="module")
def bamako():
    return Site.load("bamako")


@pytest.fixture(scope="module")
def mains_failure(bamako):
    """Half an hour in which both mains are away for ten minutes."""
    journal = Journal()
    sampler = Sampler(bamako, patterns(tier3(bamako)), journal.trace).attach()
    bamako.advance(MINUTE)
    for utility in ("utility-a", "utility-b"):
        bamako.inject(utility, "outage", for_s=10 * MINUTE)
    bamako.advance(30 * MINUTE)
    sampler()
    sampler.detach()
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
    (
        "change(generator-1.commands, 1 min) <= 6",
        {"generator-1.commands": [(500.0 + n, 1 + n) for n in range(9)]},
        506.0,
    ),
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
    trace = Sampler(site, patterns(demands)).attach().trace
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


def test_orders_to_a_device_are_counted_whether_it_obeys_or_not(bench):
    wanted = [wanted for wanted in no_flapping(bench) if "ats-main.commands" in str(wanted)]
    before = bench.plant.snapshot()
    sampler = Sampler(bench, patterns(wanted)).attach()
    bench.inject("ats-main", "command-ignored")
    for n in range(8):
        bench["ats-main"].write("mode", "manual" if n % 2 else "automatic")
        bench.advance(5.0)
    sampler.detach()
    sampler()
    bench.plant.restore(before)
    (verdict,) = evaluate(sampler.trace, *wanted)
    assert verdict.violated and verdict.margin == -2.0


def test_engines_are_timed_only_for_switches_that_call_one(bamako):
    starts = [str(wanted) for wanted in transfers_and_starts(bamako) if "start_request" in str(wanted)]
    assert [text.split()[4] for text in starts] == ["ats-a.start_request", "ats-b.start_request"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q-mech-a.closed", False),
        ("tie-ab.closed", True),
        ("chiller-1.running", False),
        ("ups-b1.rectifier", "walking"),
    ],
)
def test_what_is_not_as_on_a_quiet_day_is_not_normal(name, value):
    site = Site.load("bamako")
    wanted = f"always {normal(site)}"
    trace = Sampler(site, patterns([wanted])).attach().trace
    assert evaluate(trace, wanted)[0].holds
    trace.add(1.0, name, value)
    trace.reach(2.0)
    assert evaluate(trace, wanted)[0].violated


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


def test_a_fault_goes_the_way_it_is_written(bench):
    late, short, gone, ramped = no_silent_failure(
        bench,
        [
            Injection("utility-a", "outage", at_s=20.0),
            Injection("utility-a", "outage", for_s=2.0, flap=(1.0, 5.0)),
            Injection("utility-a", "outage", at_s=10.0, until="ups-1.on_battery"),
            Injection("utility-a", "sag", parameters={"depth": 60.0}, ramp_s=40.0),
        ],
        watch="1 min",
    )
    assert late.effect_s == 20.0 and late.alarm_s == 20.0
    assert short.alarm == "ups-1: on_battery" and short.alarm_s == 0.0
    assert gone.effect_s == 10.0
    assert 5.0 < ramped.alarm_s < 40.0


def test_a_fault_of_one_point_of_a_device_is_tried(bench):
    (silence,) = no_silent_failure(
        bench, [Injection("crah-1:air.supply", "sensor-bias", parameters={"offset": 12.0})], watch="10 min"
    )
    assert silence.alarm == "crah-1: high_supply"


def test_what_degrades_slowly_is_looked_at_for_longer(bench):
    leak = Injection("tank-1", "leak", parameters={"rate": 20.0})
    (brief,) = no_silent_failure(bench, [leak], watch="10 min", watches={})
    (patient,) = no_silent_failure(bench, [leak])
    assert brief.effect == ""
    assert patient.effect.startswith("tank-1.level_percent became")


def test_an_alarm_counts_only_of_a_device_that_has_to_do_with_the_target(bamako):
    of_a_row = concerned(bamako, "pdu-1-a")
    assert {"pdu-1-a", "ups-a1", "meter-board-a"} <= of_a_row.telling
    assert not {"pdu-1-b", "pdu-2-a", "crah-11", "chiller-1", "core-1"} & of_a_row.telling
    assert of_a_row.counts("pdu-1-a", "unreachable") and not of_a_row.counts("mgmt-b", "unreachable")
    of_a_switch = concerned(bamako, "mgmt-a")
    assert of_a_switch.counts("pdu-1-a", "unreachable") and not of_a_switch.counts("pdu-1-a", "overload")
    assert "meter-utility-a" in concerned(bamako, "q-tx-a").telling


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
    (job,) = concurrent_maintainability(bench, component, work="2 min", on_sets=False)
    assert job.done, str(job)


def test_with_one_path_out_the_other_cannot_be_maintained():
    site = Site.load("bamako")
    (job,) = concurrent_maintainability(site, "q-row-b3", work="1 min", on_sets=False)
    assert job.done, str(job)
    site.components["q-row-a3"].open()
    site.advance(MINUTE)
    (job,) = concurrent_maintainability(site, "q-row-b3", work="1 min", on_sets=False)
    assert not job.done and "row-3" in str(job)
