"""A value that a quantity cannot have is unknown in the record, with the raw value, and its verdicts are inconclusive."""

from __future__ import annotations

from twinfeed.emulators.site import Site
from twinfeed.harness.journal import Sampler
from twinfeed.harness.properties import always, evaluate
from twinfeed.harness.quantities import domain, resolve
from twinfeed.harness.unknown import Unknown


def test_a_broken_wire_is_unknown_and_not_hot() -> None:
    site = Site.load("bench")
    site.inject("ups-1:battery.temperature", "sensor-out-of-range", {"value": 3276.7})
    shown = resolve(site, "ups-1.battery.temperature")["ups-1.battery.temperature"]()
    assert isinstance(shown, Unknown)
    assert shown.raw == 3276.7


def test_a_property_over_an_impossible_charge_is_inconclusive() -> None:
    site = Site.load("bench")
    sampler = Sampler(site, ["ups-1.battery.charge"]).attach()
    site.advance(10.0)
    site.inject("ups-1:battery.charge", "sensor-out-of-range", {"value": 128.0})
    site.advance(10.0)
    (verdict,) = evaluate(sampler.trace, always("ups-1.battery.charge > 50"))
    assert not verdict.holds
    assert sampler.trace.gaps("ups-1.battery.charge")


def test_the_domain_of_every_name_is_known() -> None:
    site = Site.load("bamako")
    assert domain(site, "ats-a.position").words == ("normal", "off", "emergency")
    assert domain(site, "site.faults").kind == "number"
    assert domain(site, "row-1.rack-3.state").words[:2] == ("running", "booting")
    assert domain(site, "ups-a1.alarm.on_battery").kind == "truth"
    assert domain(site, "ups-a1.commands").kind == "number"
    assert (domain(site, "ups-a1.battery.charge").least, domain(site, "ups-a1.battery.charge").most) == (0.0, 100.0)
