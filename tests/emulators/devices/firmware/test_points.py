"""The common parts of every kind of device: names and descriptions of points."""

from __future__ import annotations

import re

import pytest

from twinfeed.emulators.devices import catalogue
from twinfeed.emulators.devices.firmware.device import WITHOUT_ALARMS, Device
from twinfeed.emulators.devices.firmware.kind import DeviceKind
from twinfeed.emulators.devices.firmware.points import CellPoint, Point, RowPoint
from twinfeed.emulators.devices.firmware.state import Params
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


@pytest.mark.parametrize(
    ("of", "name", "expected"),
    [(Point, "outlet.{outlet}.state", 0), (RowPoint, "battery.charge", 1), (CellPoint, "source.{source}.good", 2)],
)
def test_a_point_whose_name_has_another_number_of_indices_is_refused(of, name, expected):
    with pytest.raises(ValueError, match=rf"{of.__name__} '{name}' has .*, expected {expected} in braces"):
        of(name, "a quantity", lambda *of: 1.0)


def test_a_kind_without_alarms_that_has_faults_of_alarms_is_refused_with_the_way_out():
    class Lamp(Device):
        kind = "lamp"

    with pytest.raises(
        ValueError, match=r"lamp has no alarms, but its FAULTS has alarm-not-raised, alarm-storm; build"
    ):
        DeviceKind(Lamp, ())

    class QuietLamp(Lamp):
        FAULTS = WITHOUT_ALARMS

    lamp = DeviceKind(QuietLamp, (Point("lamp.on", "it shines", lambda d: True, kind="truth"),)).build("lamp", Params())
    assert lamp.read("lamp.on") is True
    assert "alarm-storm" not in lamp.FAULTS
