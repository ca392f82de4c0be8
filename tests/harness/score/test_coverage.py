"""The coverage of a suite: what its tests exercised, and what they judged."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from twinfeed.harness.score.coverage import coverage
from twinfeed.harness.score.running import Run, Watched

SITE = str(files("twinfeed.harness.suite").joinpath("files", "site.yaml"))

EVENTS = [
    [30.0, "utility", "fault", {"kind": "outage"}],
    [30.0, "ats/device", "alarm", {"alarm": "normal_lost"}],
    [31.0, "ats", "transferred", {"to": "emergency"}],
    [31.0, "ups-a", "on battery", {}],
]


def of(outcome: str = "passed", held: Sequence[str] = (), asserts: Sequence[str] = ()) -> Watched:
    return Watched(outcome, 1.0, frozenset(), ({"site": SITE, "events": EVENTS, "held": held, "asserts": asserts},))


def test_nothing_is_judged_by_a_test_that_checks_nothing() -> None:
    (found,) = coverage(Run(0, {"a": of()}))
    assert found.faults["utility", "outage"] == "exercised"
    assert found.faults["utility", "sag"] == "never"
    assert found.transfers["ups-a", "on battery"] == "exercised"
    assert found.transfers["ups-b", "on battery"] == "never"


def test_a_property_that_held_or_an_assertion_judges_and_the_best_test_counts() -> None:
    (found,) = coverage(Run(0, {"a": of(held=["always racks.*.supplied"]), "b": of()}))
    assert found.faults["utility", "outage"] == "judged"
    (found,) = coverage(Run(0, {"a": of("failed", asserts=["site.observe('x')"])}))
    assert found.faults["utility", "outage"] == "exercised"


def test_an_alarm_is_judged_only_where_it_is_named() -> None:
    device = next(device for device, alarm in coverage(Run(0, {"a": of()}))[0].alarms if alarm == "on_battery")
    raised = [[30.0, f"{device}/device", "alarm", {"alarm": "on_battery"}]]
    for text, word in (("always racks.*.supplied", "exercised"), (f"within 5 s {device}.alarm.on_battery", "judged")):
        test = Watched("passed", 1.0, frozenset(), ({"site": SITE, "events": raised, "held": [text], "asserts": []},))
        assert coverage(Run(0, {"a": test}))[0].alarms[device, "on_battery"] == word
