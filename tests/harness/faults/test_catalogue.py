"""The catalogue lists every fault there is, and what a list of faults of data centres must have is in it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import page
import pytest

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.people.works import Works
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import catalogue
from twinfeed.harness.faults.kinds import FAMILIES, WORLDS, FaultKind
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.properties import parse
from twinfeed.harness.properties.scenarios import check

DEMANDED: dict[str, tuple[tuple[str, str], ...]] = {
    "plant": (
        ("outage", "utility"), ("sag", "utility"), ("swell", "utility"), ("phase-loss", "utility"),
        ("frequency-drift", "utility"), ("trip", "breaker"), ("fail-to-open", "breaker"), ("stuck", "ats"),
        ("slow", "ats"), ("fail-to-start", "generator"), ("fail-on-load", "generator"), ("leak", "day_tank"),
        ("empty", "day_tank"), ("battery-weak", "ups"), ("string-open", "ups"), ("thermal-runaway", "ups"),
        ("inverter", "ups"), ("bypass", "ups"), ("trip", "chiller"), ("lockout", "chiller/device"),
        ("failure", "pump"), ("fan-failure", "crah"), ("valve-shut", "water_loop"), ("refrigerant-leak", "chiller"),
        ("clogged-filter", "crah"), ("heat-wave", "climate"), ("fire-suppression", "hall"), ("cut", "link"),
        ("flap", "link"), ("loop", "switch"),
    ),
    "sensor": tuple(
        (f"sensor-{what}", "device")
        for what in ("stuck", "drift", "bias", "noise", "spike", "out-of-range", "swapped")
    ),
    "firmware": (
        ("card-hang", "device"), ("card-reboot", "device"), ("card-slow", "device"), ("settings-lost", "device"),
        ("clock-jump", "device"), ("alarm-not-raised", "ups/device"), ("alarm-storm", "ups/device"),
        ("command-ignored", "device"),
    ),
    "people": (
        ("wrong-breaker", "breaker"), ("left-in-manual", "generator/device"),
        ("left-in-manual", "transfer_switch/device"), ("works-overlap", "works"), ("settings-changed", "device"),
    ),
}  # fmt: skip
"""(kind, target) by family."""


def has(kind: str, target: str) -> FaultKind | None:
    return next((entry for entry in catalogue.kinds() if entry.kind == kind and target in entry.targets), None)


@pytest.mark.parametrize("family", DEMANDED)
def test_what_befalls_data_centres_is_in_the_catalogue(family: str) -> None:
    missing = [(kind, target) for kind, target in DEMANDED[family] if has(kind, target) is None]
    assert missing == []
    assert {has(kind, target).family for kind, target in DEMANDED[family]} == {family}  # type: ignore[union-attr]


def test_every_family_has_kinds() -> None:
    assert {entry.family for entry in catalogue.kinds()} == set(FAMILIES)


def test_every_fault_of_every_component_and_device_is_listed_with_all_it_says() -> None:
    suffering = [(name, cls.FAULTS) for name, cls in plant.KINDS.items()] + [("works", Works.FAULTS)]
    suffering += [(f"{name}/device", kind.faults) for name, kind in devices.KINDS.items()]
    for target, faults in suffering:
        for kind, fault in faults.items():
            entry = has(kind, target) or has(kind, "device")
            assert entry is not None, f"{target} {kind}"
            assert (entry.doc, entry.parameters, entry.of) == (fault.doc, fault.parameters, fault.of), (
                f"{target} {kind}"
            )


def test_no_kind_is_listed_twice_for_one_target() -> None:
    listed = [(entry.kind, target) for entry in catalogue.kinds() for target in entry.targets]
    assert len(listed) == len(set(listed))


def test_defaults_are_in_range_and_every_kind_can_be_realised_somewhere() -> None:
    for entry in catalogue.kinds():
        assert entry.doc, entry.kind
        assert entry.worlds and set(entry.worlds) <= set(WORLDS), entry.kind
        for name, parameter in entry.parameters.items():
            assert parameter.low <= parameter.default <= parameter.high, f"{entry.kind} {name}"
            assert parameter.unit or parameter.doc, f"{entry.kind} {name} says neither unit nor meaning"


def test_a_fault_that_an_actuator_can_cause_says_so_itself() -> None:
    suffering = [(name, cls.FAULTS) for name, cls in plant.KINDS.items()]
    suffering += [(f"{name}/device", kind.faults) for name, kind in devices.KINDS.items()]
    for target, faults in suffering:
        for kind, fault in faults.items():
            entry = has(kind, target) or has(kind, "device")
            assert ("rig" in entry.worlds) is fault.actuator, f"{target} {kind}"
    assert plant.KINDS["utility"].FAULTS["outage"].actuator


def test_a_family_or_world_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="the family is 'animals', expected one of plant, sensor"):
        FaultKind("bite", "animals", "", ("device",))
    with pytest.raises(ValueError, match="unknown world moon"):
        FaultKind("dust", "plant", "", ("climate",), worlds=("moon",))


def test_a_kind_is_found_by_name_and_near_ones_are_named() -> None:
    assert [entry.targets for entry in catalogue.find("outage")] == [("utility",)]
    with pytest.raises(KeyError, match="no fault is called 'outrage'; did you mean outage"):
        catalogue.find("outrage")


def test_a_target_of_a_site_has_those_of_its_kind_and_of_its_card() -> None:
    bench = Site.load("bench")
    of_ups = {entry.kind for entry in catalogue.of_target(bench, "ups-1")}
    assert of_ups >= {"inverter", "card-hang", "sensor-bias", "delay", "modbus-exception"}
    assert "outage" not in of_ups
    of_breaker = {entry.kind for entry in catalogue.of_target(bench, "q-chiller")}
    assert of_breaker == {
        "trip", "fail-to-open", "fail-to-close", "slow", "mis-set", "wrong-breaker", "short-circuit", "earth-fault",
    }  # fmt: skip
    assert [entry.kind for entry in catalogue.of_target(bench, "works")] == ["works-overlap"]
    assert [entry.kind for entry in catalogue.of_target(bench, "controller")] == [
        "controller-down",
        "controllers-apart",
    ]


def test_the_page_lists_the_catalogue_as_it_is() -> None:
    """`python tests/harness/faults/page.py` brings it up to date."""
    text = page.PAGE.read_text()
    assert page.updated(text) == text
    text = page.DEEDS.read_text()
    assert page.updated(text, page.deeds) == text


def test_the_example_of_the_page_of_scenarios_fits_its_site(tmp_path: Path) -> None:
    text = page.DEEDS.read_text()
    begin = text.index("site: bamako")
    path = tmp_path / "example.scenario.yaml"
    path.write_text(text[begin : text.index("```", begin)])
    scenario = Scenario.load(path)
    check(scenario, Site.load(scenario.site), path)


def test_the_example_of_the_page_is_a_scenario_of_faults_that_exist(tmp_path: Path) -> None:
    text = page.PAGE.read_text()
    begin = text.index("site: bamako")
    example = text[begin : text.index("```", begin)]
    path = tmp_path / "example.yaml"
    path.write_text(textwrap.dedent(example))
    scenario = Scenario.load(path)
    site = Site.load(scenario.site, scenario.seed)
    for injection in scenario.injections:
        site.inject(injection.target, injection.kind, injection.parameters)
    assert len(site.active_faults()) == len(scenario.injections) == 3
    assert [str(parse(text)) for text in scenario.properties]
