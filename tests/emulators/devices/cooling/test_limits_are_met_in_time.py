"""Firmware notices a temperature when it passes a limit, not when somebody happens to read the plant."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import It, ItRatings
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plant import plant_of

from twinfeed.emulators.devices.catalogue import SENSOR
from twinfeed.emulators.devices.monitoring.environment_monitor import SensorParams
from twinfeed.emulators.plant.cooling.halls import Hall, HallRatings

LIMIT_C = 27.0


def warming_hall(kw: float) -> tuple[Any, Hall]:
    """A hall that has lost its cooling, with a monitor of its inlets."""
    it, hall = It("it", ItRatings("hall")), Hall("hall", HallRatings(design_kw=500.0))
    it.state.kw = kw
    sensor = SENSOR.build("sensor/device", SensorParams(probes=("hall.inlet_c",), delay_s=10.0))
    return plant_of(it, hall, sensor), hall


def alarm_at(plant: Any) -> float:
    return next(e.t for e in plant.journal if e.what == "alarm" and e.data["alarm"] == "probe_alarm")


@settings(max_examples=10, deadline=None)
@given(kw=st.floats(20.0, 500.0))
def test_an_alarm_comes_when_the_limit_is_passed(kw: float) -> None:
    plant, hall = warming_hall(kw)
    while hall.inlet_c <= LIMIT_C:
        plant.advance(plant.now + 0.1)
    passed_s = plant.now
    asked_once, _ = warming_hall(kw)
    asked_once.advance(passed_s + 60.0)
    assert alarm_at(asked_once) == pytest.approx(passed_s + 10.0, abs=1.0)
