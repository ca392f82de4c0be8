"""Pump changeover, air handlers' restart and alarms, probes' thresholds."""

from __future__ import annotations

from typing import Any

import pytest
from cooled import Site

from twinfeed.emulators.devices.catalogue import CHILLED_WATER_PLANT, CRAH, SENSOR
from twinfeed.emulators.devices.cooling.crah import CrahController, CrahParams
from twinfeed.emulators.devices.cooling.pump_controller import ChilledWaterPlant, PlantControllerParams
from twinfeed.emulators.devices.monitoring.environment_monitor import Sensor, SensorParams

# -- pumps --------------------------------------------------------------------------------------------------


def pumped(**params: Any) -> tuple[Site, ChilledWaterPlant]:
    device = CHILLED_WATER_PLANT.build("loop/device", PlantControllerParams(of="loop", **params))
    return Site(device), device


def test_a_failed_duty_pump_brings_the_standby_within_seconds() -> None:
    s, device = pumped()
    s.plant.inject("pump-1", "failure")
    s.run(25.0)
    assert s.when("pump-3", "started") == pytest.approx(5.0)
    assert s.loop.flow_l_s == pytest.approx(50.0)
    assert device.read("alarm.pump_failed.active") is True
    assert device.read("pump.1.failed") is True


def test_the_standby_stops_again_when_the_failed_pump_is_back() -> None:
    s, device = pumped()
    s.plant.inject("pump-1", "failure", for_s=600.0)
    s.run(700.0)
    assert [device.read(f"pump.{n}.running") for n in (1, 2, 3)] == [True, True, False]
    assert device.read("alarm.pump_failed.active") is False


def test_a_hung_plant_controller_does_not_change_over() -> None:
    s, _device = pumped()
    s.plant.inject("loop/device", "controller-hang")
    s.plant.inject("pump-1", "failure")
    s.run(300.0)
    assert s.loop.flow_l_s == pytest.approx(25.0)


def test_pumps_come_back_by_themselves_after_a_power_loss() -> None:
    s, device = pumped()
    s.ups.set(0.0)
    s.run(30.0)
    assert s.loop.flow_l_s == 0.0
    assert device.read("alarm.no_standby_pump.active") is True
    s.ups.set(230.0)
    s.run(180.0)
    assert s.loop.flow_l_s == pytest.approx(50.0)
    assert device.read("alarm.no_standby_pump.active") is False


def test_pump_speed_follows_its_setting() -> None:
    s, device = pumped()
    device.write("pumps.speed", 80.0)
    s.run(60.0)
    assert device.read("loop.flow") == pytest.approx(40.0)
    assert device.read("pump.1.power") == pytest.approx(11.0 * 0.8**3)


def commanded(s: Site) -> list[bool]:
    return [pump.state.commanded for pump in s.pumps]


def test_the_lead_changes_once_a_week_so_that_hours_run_stay_alike() -> None:
    s, _ = pumped(alternate_h=168.0)
    s.run(168.0 * 3600.0 + 120.0)
    assert commanded(s) == [True, False, True]  # 1 and 2 have the same hours: the later one stands down
    s.run(168.0 * 3600.0)
    assert commanded(s) == [False, True, True]


def test_without_a_second_pump_the_lead_does_not_change() -> None:
    s, _ = pumped(alternate_h=1.0, duty_pumps=3)
    s.run(3.0 * 3600.0)
    assert commanded(s) == [True, True, True]


def test_a_false_stop_takes_the_run_signal_from_all_pumps_and_a_person_can_start_them() -> None:
    s, device = pumped()
    s.plant.inject("loop/device", "false-stop", for_s=900.0)
    s.run(60.0)
    assert s.loop.flow_l_s == 0.0
    assert device.read("alarm.pump_failed.active") is False  # no pump is ordered to run
    s.pumps[2].switch(True)
    s.run(60.0)
    assert s.loop.flow_l_s == pytest.approx(25.0)
    s.run(1000.0)
    assert commanded(s) == [True, True, False]  # the two that had the signal have it back, the third is surplus


def test_a_lag_pump_starts_while_full_speed_does_not_hold_the_pressure() -> None:
    device = CHILLED_WATER_PLANT.build(
        "loop/device", PlantControllerParams(of="loop", duty_pumps=1, lag_pumps=1, pressure_kpa=250.0)
    )
    s = Site(device, loop={"design_kpa": 300.0, "design_l_s": 50.0})
    s.run(65.0)
    assert device.read("pumps.running") == 1
    s.run(600.0)
    assert device.read("loop.pressure") == pytest.approx(250.0, rel=0.02)
    assert device.read("pumps.running") == 2
    assert device.state.lag == 1


# -- air handlers -------------------------------------------------------------------------------------------


def handled(**params: Any) -> tuple[Site, list[CrahController]]:
    ids = [f"crah-{h}{n}" for h in (1, 2) for n in range(1, 6)]
    devices = [CRAH.build(f"{id}/device", CrahParams(of=id, order=order, **params)) for order, id in enumerate(ids)]
    return Site(*devices), devices


def test_units_restart_one_after_the_other_when_power_returns() -> None:
    s, devices = handled()
    s.ups.set(0.0)
    s.run(20.0)
    s.plant.journal.clear()
    s.ups.set(230.0)
    s.run(120.0)
    starts = [s.when(d.crah.id, "started") - 20.0 for d in devices]
    assert starts == pytest.approx([15.0 + 5.0 * n for n in range(10)], abs=0.01)


def test_a_lost_unit_is_made_up_by_the_others() -> None:
    s, devices = handled()
    devices[0].write("unit.enabled", False)
    devices[1].write("unit.enabled", False)
    s.run(1800.0)
    assert s.hall.inlet_c < 25.0
    assert devices[2].read("fan.speed") > 75.0
    assert devices[0].read("alarm.switched_off.active") is True


def test_fans_that_stand_raise_the_airflow_alarm_and_not_the_filters() -> None:
    s, devices = handled()
    s.plant.inject("crah-11", "fan-failure")
    s.run(60.0)
    assert devices[0].read("alarm.airflow_lost.active") is True
    assert devices[0].read("alarm.filter_clogged.active") is False


def test_dust_raises_the_filter_alarm_until_the_filters_are_changed() -> None:
    s, devices = handled()
    s.plant.inject("crah-11", "clogged-filter", {"restriction": 40.0})
    s.run(60.0)
    assert devices[0].read("alarm.filter_clogged.active") is True
    s.plant.clear("crah-11", "clogged-filter")
    s.run(60.0)
    assert devices[0].read("alarm.filter_clogged.active") is False


def test_the_fire_panel_stops_every_unit_of_its_hall_only() -> None:
    s, devices = handled()
    s.plant.inject("hall-1", "fire-suppression")
    s.run(60.0)
    assert [d.read("unit.on") for d in devices] == [False] * 5 + [True] * 5
    assert devices[0].read("alarm.fire.active") is True


def test_warm_water_is_an_alarm_before_the_air_is() -> None:
    s, _devices = handled()
    for chiller in s.chillers:
        chiller.stop()
    s.run(3600.0)
    raised = [e.data["alarm"] for e in s.plant.journal if e.who == "crah-11/device" and e.what == "alarm"]
    assert raised.index("high_water") < raised.index("high_supply")


def test_every_point_of_an_air_handler_reads() -> None:
    _, devices = handled()
    for name in devices[0].point_names():
        devices[0].read(name)


# -- probes -------------------------------------------------------------------------------------------------

PROBES = ("hall-1.inlet_c", "hall-1.humidity_percent", "outdoors.outdoor_c")


def sensed(**params: Any) -> tuple[Site, Sensor]:
    device = SENSOR.build("probes/device", SensorParams(probes=PROBES, **params))
    return Site(device), device


def test_probes_read_what_the_plant_has_with_their_units() -> None:
    s, device = sensed(names=("Cold aisle",))
    assert device.read("probe.1.value") == s.hall.inlet_c
    assert device.read("probe.1.name") == "Cold aisle"
    assert device.read("probe.2.unit") == "%RH"
    assert device.read("probe.3.text") == "45.0 C"


def test_a_reading_out_of_its_range_is_an_alarm_after_the_delay_and_ends_with_hysteresis() -> None:
    s, device = sensed()
    device.write("probe.3.high", 50.0)
    s.run(30.0)
    assert device.read("probe.3.status") == "normal"
    device.write("probe.3.high", 44.8)
    s.run(5.0)
    assert device.read("probe.3.status") == "out"
    s.run(6.0)
    assert device.read("probe.3.status") == "alarm"
    assert device.read("alarm.probe_alarm.active") is True
    device.write("probe.3.high", 45.3)
    assert device.read("probe.3.status") == "alarm"
    device.write("probe.3.high", 45.6)
    assert device.read("probe.3.status") == "normal"


def test_a_probe_that_is_lost_or_drifts_does_not_change_the_room() -> None:
    s, device = sensed()
    device.write("probe.3.high", 50.0)
    s.plant.inject("probes/device", "probe-drift", {"probe": 1, "offset": 6.0})
    s.run(60.0)
    assert device.read("probe.1.value") == pytest.approx(s.hall.inlet_c + 6.0)
    assert device.read("probe.1.status") == "alarm"
    s.plant.inject("probes/device", "probe-failure", {"probe": 2})
    s.run(60.0)
    assert device.read("probe.2.status") == "invalid"
    assert device.read("probe.2.text") == "Err"
    assert s.hall.inlet_c == pytest.approx(22.0, abs=0.1)


def test_a_monitor_of_a_hall_that_names_no_probes_measures_the_hall() -> None:
    device = SENSOR.build("probes/device", SensorParams(of="hall-1"))
    s = Site(device)
    assert [device.read(f"probe.{n}.value") for n in device.indices("probe")] == [
        s.hall.inlet_c,
        s.hall.hottest_inlet_c,
        s.hall.return_c,
        s.hall.humidity_percent,
    ]


def test_a_hall_at_rest_is_no_alarm() -> None:
    device = SENSOR.build("probes/device", SensorParams(of="hall-1"))
    s = Site(device)
    s.run(3600.0)
    assert [device.read(f"probe.{n}.status") for n in device.indices("probe")] == ["normal"] * 4
