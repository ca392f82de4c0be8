"""One seed and the same calls give the same run, from the start and from any moment of it."""

from __future__ import annotations

import json

import pytest
from commissioning import both_utilities_fail

from twinfeed.emulators.site import Site


def story(site):
    return [(round(e.t, 6), e.who, e.what, dict(e.data)) for e in site.plant.journal]


def eventful_day(seed):
    site = Site.load("bamako-weak", seed)
    both_utilities_fail(site, for_s=300.0)
    site.inject("generator-2", "fail-to-start")
    site.advance(200.0)
    site.inject("ups-a1", "inverter", for_s=60.0)
    site.advance(500.0)
    return story(site)


def test_two_runs_are_one():
    first = eventful_day(seed=7)
    assert len(first) > 150
    assert eventful_day(seed=7) == first


def reading(site):
    """Every quantity of every component."""
    return {(c.id, name): c.quantity(name) for c in site.components.values() for name in c.QUANTITIES}


@pytest.mark.parametrize("moment_s", [10.2, 25.0, 1350.0])
def test_a_fork_in_the_middle_of_an_outage_repeats_it(bamako, moment_s):
    """Cranking, walking in, on the way back."""
    both_utilities_fail(bamako, for_s=900.0)
    bamako.advance(moment_s)
    snapshot = json.loads(json.dumps(bamako.plant.snapshot()))
    bamako.plant.journal.clear()
    bamako.advance(600.0)
    first, read = story(bamako), reading(bamako)
    bamako.plant.restore(snapshot)
    bamako.advance(600.0)
    assert story(bamako) == first
    assert {key: value for key, value in reading(bamako).items() if value != pytest.approx(read[key])} == {}


def test_what_a_device_was_about_to_announce_is_forgotten_with_the_time_it_belonged_to(bamako):
    snapshot = bamako.plant.snapshot()
    both_utilities_fail(bamako)
    bamako.advance(1.0)
    ups = bamako["ups-a1"]
    assert [notice.alarm for notice in ups.outbox]
    layout = ups.layout
    bamako.plant.restore(snapshot)
    assert ups.outbox == []
    assert ups.layout > layout  # tables of alarms have other rows again


def test_a_snapshot_goes_on_in_a_site_built_anew(bamako):
    both_utilities_fail(bamako, for_s=900.0)
    bamako.advance(30.0)
    snapshot = bamako.plant.snapshot()
    bamako.plant.journal.clear()
    bamako.advance(300.0)
    other = Site.load("bamako-weak", seed=99)
    other.plant.restore(json.loads(json.dumps(snapshot)))
    other.advance(300.0)
    assert story(other) == story(bamako)
