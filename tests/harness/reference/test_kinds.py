"""The reference of kinds is read from the classes: nothing that a site file may write is missing, nothing is made up."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Annotated

import pytest
from typer.testing import CliRunner

from twinfeed.emulators.devices.catalogue import KINDS as DEVICES
from twinfeed.emulators.plant.catalogue import KINDS as COMPONENTS
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.harness.cli.app import app
from twinfeed.harness.reference import kinds
from twinfeed.harness.reference.fields import fields


@dataclass(frozen=True)
class Base:
    """Ratings of a stove."""

    plates: Annotated[int, Range(1, 8, "plates")] = 4
    """Plates, all
    of one size."""


@dataclass(frozen=True)
class Larger(Base):
    oven_kw: Annotated[float, Range(0.5, 6.0, "kW")] = 2.5
    hall: Annotated[str, Names("hall", needed=True)] = ""
    """The hall that it heats."""
    names: tuple[str, ...] = ()


def test_a_field_has_type_unit_range_default_and_text() -> None:
    plates, oven, hall, names = fields(Larger)
    assert (plates.type, plates.unit, plates.low, plates.high, plates.default) == ("whole number", "plates", 1, 8, 4)
    assert plates.doc == "Plates, all of one size."
    assert (oven.expected, oven.doc) == ("number from 0.5 to 6 kW", "")
    assert (hall.type, hall.shown_default, hall.doc) == ("name of a hall", "required", "The hall that it heats.")
    assert (names.type, names.shown_default) == ("list of: text", "none")


@pytest.mark.parametrize("kind", COMPONENTS)
def test_every_rating_and_quantity_of_a_component_is_described(kind: str) -> None:
    described, cls = kinds.component(kind), COMPONENTS[kind]
    assert [rating.name for rating in described.ratings] == [item.name for item in dataclasses.fields(cls.PARAMS)]
    assert {quantity.name: quantity.unit for quantity in described.quantities} == dict(cls.QUANTITIES)
    assert set(cls.FAULTS) <= {fault.kind for fault in described.faults}
    assert described.doc


@pytest.mark.parametrize("kind", DEVICES)
def test_every_field_point_and_alarm_of_a_device_is_described(kind: str) -> None:
    described, found = kinds.device(kind), DEVICES[kind]
    assert [setting.name for setting in described.settings] == [item.name for item in dataclasses.fields(found.params)]
    assert {point.name for point in found.own} <= {point.name for point in described.points}
    assert described.alarms == tuple(alarm.name for alarm in found.alarms)
    assert set(found.faults) <= {fault.kind for fault in described.faults}
    assert described.doc


def test_a_number_with_a_unit_in_its_range_shows_it() -> None:
    """A reader of the table sees the unit of each number, from its range or from its name."""
    bare = [
        f"{kind}.{rating.name}"
        for kind in COMPONENTS
        for rating in kinds.component(kind).ratings
        if rating.type in ("number", "whole number") and rating.low is None
    ]
    assert bare == []


def test_a_breaker_is_described_as_its_ratings_say() -> None:
    """By hand, from IEC 60947-2's words for a circuit-breaker: fed by one input, rated in ampere."""
    breaker = kinds.component("breaker")
    assert breaker.fed == "input"
    rated = next(rating for rating in breaker.ratings if rating.name == "rated_a")
    assert rated.unit == "A"


def test_an_unknown_kind_names_a_near_one() -> None:
    with pytest.raises(PlantError, match="no component or device has the kind 'brekaer'; did you mean breaker"):
        kinds.described("brekaer")


def test_the_command_prints_what_it_prints_as_json() -> None:
    ran = CliRunner().invoke(app, ["kinds", "ups", "--json"])
    assert ran.exit_code == 0
    assert set(json.loads(ran.stdout)) == {"component", "device"}
    shown = CliRunner().invoke(app, ["kinds", "ups"])
    assert shown.exit_code == 0
    assert "battery.charge" in shown.stdout
    assert "walk_in_s" in shown.stdout


def test_the_command_lists_every_kind() -> None:
    listed = json.loads(CliRunner().invoke(app, ["kinds", "--json"]).stdout)
    assert listed == {"components": list(COMPONENTS), "devices": list(DEVICES)}
