"""Faults of people: the wrong breaker, a device left in manual, two works at a time, a setting changed."""

from __future__ import annotations

import math

import pytest

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site

BREAKER = "q-chiller"


def closed(site: Site, name: str) -> bool:
    return bool(site.components[name].quantity("closed"))


def test_the_wrong_breaker_is_opened_and_closed_again(bench: Site) -> None:
    bench.inject(BREAKER, "wrong-breaker")
    assert not closed(bench, BREAKER)
    assert not bench.components["chiller-1"].quantity("running")
    bench.clear(BREAKER)
    assert closed(bench, BREAKER)


def test_a_breaker_that_was_open_before_stays_open(bench: Site) -> None:
    bench.components[BREAKER].open()
    bench.inject(BREAKER, "wrong-breaker")
    bench.clear(BREAKER)
    assert not closed(bench, BREAKER)


def test_a_breaker_that_somebody_opened_on_purpose_meanwhile_stays_open(bench: Site) -> None:
    breaker = bench.components[BREAKER]
    bench.inject(BREAKER, "wrong-breaker")
    breaker.close()
    breaker.open()
    bench.clear(BREAKER)
    assert not closed(bench, BREAKER)


def test_a_transfer_switch_left_in_manual_does_not_transfer(bench: Site) -> None:
    bench.inject("ats-main", "left-in-manual")
    bench.inject("utility-b", "outage")
    bench.advance(120.0)
    assert bench.components["ats-main"].quantity("position") == "normal"
    bench.clear("ats-main")
    bench.advance(60.0)
    assert bench.components["ats-main"].quantity("position") == "emergency"


def test_a_generator_left_in_manual_does_not_start_when_called(bench: Site) -> None:
    for name in ("generator-1", "generator-2"):
        bench.inject(name, "left-in-manual")
    bench.inject("utility-b", "outage")
    bench.advance(60.0)
    assert not bench.components["generator-1"].quantity("running")
    assert bench["generator-1"].read("mode") == "manual"
    bench.clear("generator-1")
    bench.advance(60.0)
    assert bench.components["generator-1"].quantity("running")


def test_a_ups_left_on_bypass_does_not_save_its_load(bench: Site) -> None:
    bench.inject("ups-1", "left-in-manual")
    bench.advance(60.0)
    assert bench.components["ups-1"].quantity("mode") == "bypass"
    bench.clear("ups-1")
    bench.advance(60.0)
    assert bench.components["ups-1"].quantity("mode") == "online"


@pytest.mark.parametrize("name", ["chiller-1", "crah-1"])
def test_a_machine_left_switched_off_comes_back(bench: Site, name: str) -> None:
    bench.inject(name, "left-in-manual")
    bench.advance(60.0)
    assert not bench.components[name].quantity("running")
    bench.clear(name)
    bench.advance(300.0)
    assert bench.components[name].quantity("running")


def test_a_changed_setting_acts_and_is_put_back_exactly(bench: Site) -> None:
    crah = bench["crah-1"]
    before = dict(crah.state.settings)
    bench.inject("crah-1:setpoint.supply", "settings-changed", {"percent": 120.0})
    assert crah.read("setpoint.supply") == pytest.approx(22.0 * 1.2)
    bench.clear("crah-1:setpoint.supply")
    assert crah.read("setpoint.supply") == 22.0
    assert (crah.state.settings, crah.state.set_aside) == (before, {})


def test_a_changed_setting_stays_in_its_range_and_a_yes_becomes_a_no(bench: Site) -> None:
    bench.inject("crah-1:setpoint.supply", "settings-changed", {"percent": 1000.0})
    bench.inject("crah-1:unit.enabled", "settings-changed")
    assert bench["crah-1"].read("setpoint.supply") == 35.0
    assert bench["crah-1"].read("unit.enabled") is False


REFUSE = {"engine.start", "test.lock"}
"""Settings that another mode, or another manager (TestAndIncr, RFC 2579), keeps from being changed."""


def test_any_setting_is_doubled_within_its_range_and_put_back_or_stays_where_the_device_refuses(bench: Site) -> None:
    done, wrong = set[tuple[str, str]](), {}
    for device in bench.devices.values():
        for name in device.point_names():
            bound = device.point(name)
            point, old = bound.point, bound.true()
            new = device.kind, point.name
            if point.write is None or isinstance(old, str | bytes) or new in done:
                continue
            done.add(new)
            low = -math.inf if point.low is None else point.low
            high = math.inf if point.high is None else point.high
            doubled = not old if isinstance(old, bool) else min(max(2.0 * old, low), high)
            bench.inject(f"{device.name}:{name}", "settings-changed", {"percent": 200.0})
            changed = bound.true()
            bench.clear(f"{device.name}:{name}", "settings-changed")
            if (changed, bound.true()) != (old if name in REFUSE else doubled, old):
                wrong[device.name, name] = (old, changed, bound.true())
    assert len(done) > 50
    assert wrong == {}


@pytest.mark.parametrize("order", ["first", "last"])
def test_settings_changed_and_lost_at_the_same_time_are_put_back(bench: Site, order: str) -> None:
    crah = bench["crah-1"]
    crah.write("setpoint.supply", 20.0)
    before = dict(crah.state.settings)
    changed, lost = ("crah-1:setpoint.supply", "settings-changed"), ("crah-1", "settings-lost")
    for one, other in ((changed, lost), (lost, changed)):
        bench.inject(*one)
        bench.inject(*other)
        bench.clear(*(one if order == "first" else other))
        bench.clear(*(other if order == "first" else one))
        assert (crah.state.settings, crah.state.set_aside) == (before, {})
        assert crah.read("setpoint.supply") == 20.0


# two works at a time ----------------------------------------------------------------------------------------------


@pytest.fixture
def bamako() -> Site:
    return Site.load("bamako")


def test_two_works_take_away_both_paths_of_a_row(bamako: Site) -> None:
    bamako.inject("works:q-row-a1,q-row-b1", "works-overlap", {"gap_s": 30.0})
    assert (closed(bamako, "q-row-a1"), closed(bamako, "q-row-b1")) == (False, True)
    bamako.advance(31.0)
    assert not closed(bamako, "q-row-b1")
    assert not bamako.components["row-1"].quantity("supplied")
    assert bamako.active_faults() == [("works:q-row-a1,q-row-b1", "works-overlap", {"gap_s": 30.0})]
    bamako.clear("works:q-row-a1,q-row-b1", "works-overlap")
    assert closed(bamako, "q-row-a1") and closed(bamako, "q-row-b1")
    assert not bamako.components["q-row-a1"].quantity("locked")


def test_works_give_back_only_what_they_have_taken(bamako: Site) -> None:
    bamako.components["q-row-a1"].open()
    bamako.inject("works:q-row-a1,q-row-b1", "works-overlap")
    bamako.clear("works")
    bamako.advance(120.0)
    assert (closed(bamako, "q-row-a1"), closed(bamako, "q-row-b1")) == (False, True)


def test_a_slow_breaker_is_given_back_too(bamako: Site) -> None:
    bamako.inject("q-row-a1", "slow", {"delay_s": 5.0})
    bamako.inject("works:q-row-a1,q-row-b1", "works-overlap")
    bamako.advance(10.0)
    assert bamako.components["q-row-a1"].quantity("locked")
    bamako.clear("works")
    bamako.advance(10.0)
    assert closed(bamako, "q-row-a1")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("works:q-row-a1", "name breaker and breaker after it, as in works:BREAKER,BREAKER"),
        ("works:q-row-a1,ups-a1", "ups-a1 is not a breaker or a bus tie"),
        ("works:q-row-a1,q-row-a1", "found q-row-a1 twice, expected two breakers"),
        ("works:q-row-a1,q-row-z1", "nothing in this site is called 'q-row-z1'"),
    ],
)
def test_works_on_what_is_no_breaker_are_refused(bamako: Site, target: str, says: str) -> None:
    with pytest.raises(PlantError) as refusal:
        bamako.inject(target, "works-overlap")
    assert says in str(refusal.value)
