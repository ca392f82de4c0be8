"""The JSON Schema that editors complete profiles with."""

from __future__ import annotations

import json

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile


def test_the_shipped_schema_is_the_one_profiles_are_validated_with():
    shipped = json.loads((library.FOLDER / "profile.schema.json").read_text())
    assert shipped == Profile.model_json_schema(), (
        "write it anew: twinfeed schema > emulators/profiles/profile.schema.json"
    )


def test_every_shipped_profile_points_editors_to_it():
    for name in library.names():
        first = (library.FOLDER / f"{name}.yaml").read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=profile.schema.json", name
