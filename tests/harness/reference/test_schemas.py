"""The schema of a file agrees with the check of that file, wherever a mistake is one of form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from typer.testing import CliRunner

from twinfeed.emulators import sitefile
from twinfeed.emulators.plant.catalogue import KINDS
from twinfeed.emulators.profiles import library
from twinfeed.emulators.sitefile.reader import Reader
from twinfeed.harness.cli.app import app
from twinfeed.harness.reference import schemas
from twinfeed.harness.reference.fields import fields

SITE = schemas.site()
CHECKER = jsonschema.Draft202012Validator(SITE)

RATINGS = [(kind, item.name) for kind in KINDS for item in fields(KINDS[kind].PARAMS)]

VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1000, 10_000_000),
    st.floats(-1e3, 1e9, allow_nan=False),
    st.sampled_from(["", "a", "x" * 300, "emergency", "vrla", "B"]),
    st.lists(st.integers(0, 300), max_size=3),
)


@pytest.mark.parametrize("name", sitefile.names())
def test_a_shipped_site_follows_the_schema(name: str) -> None:
    data = YAML(typ="safe").load(sitefile.find(name))
    assert [error.message for error in CHECKER.iter_errors(data)] == []


def test_every_schema_is_a_schema() -> None:
    for made in (SITE, schemas.profile()):
        jsonschema.Draft202012Validator.check_schema(made)


@pytest.mark.parametrize("name", library.names())
def test_a_shipped_profile_follows_the_schema(name: str) -> None:
    data = YAML(typ="safe").load(library.FOLDER / f"{name}.yaml")
    checker = jsonschema.Draft202012Validator(schemas.profile())
    assert [error.message for error in checker.iter_errors(json.loads(json.dumps(data)))] == []


@given(st.sampled_from(RATINGS), VALUES)
def test_the_schema_and_the_check_agree_on_the_value_of_any_rating(rating: tuple[str, str], value: Any) -> None:
    kind, name = rating
    field = SITE["$defs"][f"component-{kind}"]["properties"][name]
    by_schema = jsonschema.Draft202012Validator({**field, "$defs": SITE["$defs"]}).is_valid(value)
    needed = {item.name: "some-name" for item in fields(KINDS[kind].PARAMS) if item.required}
    reader = Reader(Path("site.yaml"), {})
    reader._params(KINDS[kind].PARAMS, {**needed, name: value}, ["power", "it"])
    by_check = not any(f"power.it.{name}" in mistake for mistake in reader.problems)  # rules between fields name none
    assert by_schema == by_check


@given(st.one_of(VALUES, st.dictionaries(st.sampled_from(["x", "y", "z"]), VALUES, min_size=1)))
def test_the_schema_and_the_check_agree_on_the_value_of_any_place_on_the_screen(value: Any) -> None:
    by_schema = CHECKER.is_valid({"site": "x", "power": {"utility-a": {"kind": "utility", "screen": value}}})
    reader = Reader(Path("site.yaml"), {})
    reader._screen(value, ["power", "utility-a"])
    assert by_schema == (not reader.problems) or value is None


def test_an_unknown_field_is_against_the_schema() -> None:
    site = {"site": "x", "power": {"utility-a": {"kind": "utility", "capacity_kv": 3}}}
    assert any("capacity_kv" in error.message for error in CHECKER.iter_errors(site))


def test_the_command_prints_each_schema_and_names_them_for_a_wrong_word() -> None:
    for name in ("site", "profile", "scenario", "rig"):
        made = CliRunner().invoke(app, ["schema", name])
        jsonschema.Draft202012Validator.check_schema(json.loads(made.stdout))
    wrong = CliRunner().invoke(app, ["schema", "siite"])
    assert wrong.exit_code == 2
    assert "did you mean site" in wrong.output
