"""What every kind of device has in common: how its points are named and described."""

from __future__ import annotations

import re

import pytest

from twinfeed.emulators.devices import catalogue
from twinfeed.emulators.devices.firmware.device import SYSTEM_POINTS
from twinfeed.emulators.profiles.schema import POINT_PATTERN

POINTS = [(cls.kind, point) for cls in catalogue.CLASSES for point in (*SYSTEM_POINTS, *cls.POINTS)]


@pytest.mark.parametrize(("kind", "point"), POINTS, ids=[f"{kind}-{point.name}" for kind, point in POINTS])
def test_a_point_is_named_in_lower_case_words_with_underscores_and_says_what_it_is(kind, point):
    assert re.fullmatch(POINT_PATTERN, point.name)
    assert point.name == point.name.lower()
    assert point.doc


@pytest.mark.parametrize("cls", catalogue.CLASSES, ids=lambda cls: cls.kind)
def test_no_name_is_given_twice(cls):
    names = [point.name for point in (*SYSTEM_POINTS, *cls.POINTS)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("cls", catalogue.CLASSES, ids=lambda cls: cls.kind)
def test_every_fault_says_what_it_does_and_bounds_its_parameters(cls):
    for kind, fault in cls.FAULTS.items():
        assert re.fullmatch(r"[a-z0-9-]+", kind)
        assert fault.doc
        for parameter in fault.parameters.values():
            assert parameter.low <= parameter.default <= parameter.high
