"""What every kind of device has in common: how its points are named and described."""

from __future__ import annotations

import re

import pytest

from twinfeed.emulators.devices import catalogue
from twinfeed.emulators.profiles.schema import POINT_PATTERN

POINTS = [(kind.name, point) for kind in catalogue.OWN for point in kind.table]


@pytest.mark.parametrize(("kind", "point"), POINTS, ids=[f"{kind}-{point.name}" for kind, point in POINTS])
def test_a_point_is_named_in_lower_case_words_with_underscores_and_says_what_it_is(kind, point):
    assert re.fullmatch(POINT_PATTERN, point.name)
    assert point.name == point.name.lower()
    assert point.doc


@pytest.mark.parametrize("kind", catalogue.OWN, ids=lambda kind: kind.name)
def test_no_name_is_given_twice(kind):
    names = [point.name for point in kind.table]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", catalogue.OWN, ids=lambda kind: kind.name)
def test_every_fault_says_what_it_does_and_bounds_its_parameters(kind):
    for name, fault in kind.faults.items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert fault.doc
        for parameter in fault.parameters.values():
            assert parameter.low <= parameter.default <= parameter.high
