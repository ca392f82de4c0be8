"""Which tests use a site. This module is loaded in every run of pytest: it imports nothing large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

OWNER = "twinfeed.harness.pytest_plugin"
"""The module of our fixture `site`; users may have a fixture of that name."""


def on_a_site(item: pytest.Item) -> bool:
    """True if a test uses the fixture `site` of twinfeed, by name, through other fixtures, or by `usefixtures`."""
    fixtures = getattr(item, "_fixtureinfo", None)
    return fixtures is not None and "site" in fixtures.names_closure and _ours(fixtures.name2fixturedefs)


def _ours(definitions: Mapping[str, Sequence[pytest.FixtureDef[Any]]]) -> bool:
    """True if the closest definition of `site` is that of twinfeed, or uses it."""
    for definition in reversed(definitions.get("site", ())):
        if definition.func.__module__ == OWNER:
            return True
        if "site" not in definition.argnames:
            return False
    return False
