"""`twinfeed impact`: what falls if one thing of the pilot hall goes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.app import app
from twinfeed.harness.maintenance.conditions import full_load
from twinfeed.harness.maintenance.impact import Impact, impact, sources
from twinfeed.harness.maintenance.withdrawal import NO_THING, undone
from twinfeed.harness.tier3.sources import lose_the_grid

ROWS = ["row-1", "row-2", "row-3"]


@pytest.fixture(scope="module")
def pilot() -> Site:
    """At full load, an hour before the hottest of its day."""
    site = Site.load("pilot")
    full_load(site)
    return site


def lost(found: Impact, cause: str) -> dict[str, float]:
    return {loss.load: loss.at_s for loss in found.lost if loss.cause == cause}


def test_the_path_that_is_left_carries_the_rows(pilot: Site) -> None:
    found = impact(pilot, "ups-a", for_s=120.0)
    assert not found.stops_equipment
    assert {one.load: one.feeds for one in found.redundancy if one.load in ROWS} == {
        row: [f"pdu-{row[4:]}-b"] for row in ROWS
    }
    after = {one.name: one for one in found.survivors}
    assert after["pdu-1-b"].at_once_percent == pytest.approx(2.0 * after["pdu-1-b"].before_percent, rel=0.05)
    assert {"ups-a", "pdu-1-a"} <= {one.device for one in found.silent}


def test_batteries_carry_a_path_for_their_time_before_its_rows_have_one_feed(pilot: Site) -> None:
    found = impact(pilot, "q-ups-a", for_s=1200.0)
    (battery,) = found.batteries
    assert battery.ups == "ups-a"
    assert battery.at_s > 180.0  # autonomy of 3 min at full load; it carries half
    assert [one.load for one in found.redundancy if one.load in ROWS] == []


def test_a_row_on_its_last_path_stops_at_once(pilot: Site) -> None:
    with undone(pilot):
        pilot.do("q-row-b1", "open")
        assert list(lost(impact(pilot, "q-row-a1", for_s=10.0), "supply")) == ["row-1"]


def test_heat_stops_equipment_that_is_supplied(pilot: Site) -> None:
    found = impact(pilot, "chilled-water", for_s=120.0)
    assert set(lost(found, "heat")) == set(ROWS)
    assert lost(found, "supply") == {}


def test_what_only_the_sets_give_is_lost_in_reserve(pilot: Site) -> None:
    found = impact(pilot, "generator-bus", for_s=60.0)
    assert found.lost == []
    assert {one.load for one in found.standby} >= {"ats-a", "ats-b", *ROWS}
    assert all(one.lost == ["generator-1", "generator-2", "generator-3"] for one in found.standby)
    assert sources(pilot, "row-1", "board-a") == ["generator-1", "generator-2", "generator-3", "utility-b"]


def test_on_the_sets_their_bus_is_the_whole_site(pilot: Site) -> None:
    with undone(pilot):
        lose_the_grid(pilot)
        found = impact(pilot, "generator-bus", for_s=700.0, carried_by="sets")
    assert set(lost(found, "supply")) >= set(ROWS)


def test_a_card_that_is_gone_is_silent_and_its_machine_goes_on(pilot: Site) -> None:
    found = impact(pilot, "ups-a:card", for_s=60.0)
    assert [one.device for one in found.silent] == ["ups-a"]
    assert found.lost == found.redundancy == []


def test_an_outlet_that_is_gone_takes_its_rack_onto_the_other_cord(pilot: Site) -> None:
    found = impact(pilot, "pdu-1-a:3", for_s=60.0)
    assert found.kind == "outlet"
    assert not found.stops_equipment


@pytest.mark.parametrize("thing", ["nobody", "ups-a:9", "pdu-1-a:99", "hall-1", "outdoors", "sensor-1:3", "row-1:card"])
def test_what_cannot_go_is_refused(pilot: Site, thing: str) -> None:
    with pytest.raises(PlantError):
        impact(pilot, thing)


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_site_is_afterwards_as_before(pilot: Site, data: st.DataObject) -> None:
    things = [name for name, component in pilot.components.items() if component.kind not in NO_THING]
    thing = data.draw(st.sampled_from([*things, *pilot.devices]))
    before, journal, out = pilot.plant.snapshot(), list(pilot.plant.journal), set(pilot.flow.out)
    impact(pilot, thing, for_s=30.0)
    assert pilot.plant.snapshot() == before
    assert pilot.plant.journal == journal
    assert pilot.flow.out == out


def test_the_command_prints_tables_in_french_and_answers_no_when_equipment_stops() -> None:
    ran = CliRunner().invoke(app, ["impact", "pilot", "chilled-water", "--for", "5 min", "--lang", "fr"])
    assert ran.exit_code == 1
    assert "Charges qui s'arrêtent" in ran.stdout
    assert "hors de 15 à 32" in ran.stdout


def test_the_json_document_has_the_form_that_is_promised() -> None:
    ran = CliRunner().invoke(app, ["impact", "pilot", "q-row-a1", "--for", "61 s", "--json", "--lang", "en"])
    document = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert {one["load"] for one in document["redundancy"]} == {"row-1"}


@pytest.mark.parametrize(
    "arguments", [["no-such-site", "ups-a"], ["pilot", "nobody"], ["pilot", "ups-a", "--for", "soon"]]
)
def test_a_wrong_name_or_time_is_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["impact", *arguments]).exit_code == 2
