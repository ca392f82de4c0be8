"""The JSON Schema that editors complete profiles with."""

from __future__ import annotations

import json

import pytest

from twinfeed.emulators.profiles import library
from twinfeed.harness.reference import schemas


def test_the_shipped_schema_is_the_one_profiles_are_validated_with():
    shipped = json.loads((library.FOLDER / "profile.schema.json").read_text())
    assert shipped == schemas.profile(), "write it anew: twinfeed schema > emulators/profiles/profile.schema.json"


@pytest.mark.parametrize("name", [name for name in library.names() if library.get(name).modbus is not None])
def test_a_shipped_modbus_profile_states_where_its_limits_and_functions_come_from(name):
    """A figure of a product has a source, and a figure that nobody publishes is named as such."""
    modbus = library.get(name).modbus
    assert modbus.limits_source
    assert modbus.functions_source
    if not modbus.model_fields_set & {"connections", "when_full", "idle_timeout_s"}:
        assert modbus.limits_source.startswith("not published")


def test_every_shipped_profile_points_editors_to_it():
    for name in library.names():
        first = (library.FOLDER / f"{name}.yaml").read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=profile.schema.json", name
