"""Wrong measurements: the reports, and the firmware that acts on them, while the plant is as it was."""

from __future__ import annotations

import math

import pytest

from twinfeed.emulators.devices.firmware.sensor_faults import measurable, unfit
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.snmp.ber import encode_oid_content

UNIT_RETURN_AIR_TEMPERATURE = (1, 3, 6, 1, 4, 1, 29462, 10, 2, 1, 1, 1, 1, 1, 1, 1, 1192, 1, 1, 1)
"""STULZ-WIB8000-MIB unitReturnAirTemperature of the first unit."""

PROBE = "sensor-1:probe.1.value"
SUPPLY_AIR = "crah-1:air.supply"


def reading(site: Site, target: str) -> float:
    device, _, point = target.partition(":")
    return float(site[device].read(point))


def there(site: Site, target: str) -> float:
    device, _, point = target.partition(":")
    return float(site[device].point(point).true())


def test_a_biased_sensor_reads_too_much_and_right_again_afterwards(bench: Site) -> None:
    before = reading(bench, PROBE)
    bench.inject(PROBE, "sensor-bias", {"offset": 4.0})
    assert reading(bench, PROBE) == pytest.approx(before + 4.0)
    assert there(bench, PROBE) == before
    assert bench.active_faults() == [(PROBE, "sensor-bias", {"offset": 4.0})]
    bench.clear(PROBE, "sensor-bias")
    assert reading(bench, PROBE) == before


def test_a_stuck_sensor_holds_what_it_read_when_the_fault_began(bench: Site) -> None:
    target = "meter-1:power.total"
    before = reading(bench, target)
    bench.inject(target, "sensor-stuck")
    bench.inject("utility-a", "outage")
    bench.advance(10.0)
    assert there(bench, target) == 0.0
    assert reading(bench, target) == before
    bench.clear(target)
    assert reading(bench, target) == 0.0


def test_a_drifting_sensor_goes_away_by_so_much_an_hour(bench: Site) -> None:
    bench.inject(PROBE, "sensor-drift", {"rate": 3.0})
    assert reading(bench, PROBE) == there(bench, PROBE)
    bench.advance(1800.0)
    assert reading(bench, PROBE) == pytest.approx(there(bench, PROBE) + 1.5)


def test_a_drift_goes_on_from_its_onset_when_its_rate_changes(bench: Site) -> None:
    bench.inject(PROBE, "sensor-drift", {"rate": 1.0})
    bench.advance(3600.0)
    bench.inject(PROBE, "sensor-drift", {"rate": 2.0})
    assert reading(bench, PROBE) == pytest.approx(there(bench, PROBE) + 2.0)


def test_noise_is_seeded_changes_each_second_and_has_the_given_spread(bench: Site) -> None:
    bench.inject(PROBE, "sensor-noise", {"sigma": 0.5})
    snapshot = bench.plant.snapshot()

    def errors() -> list[float]:
        found = []
        for _ in range(300):
            bench.advance(1.0)
            found.append(reading(bench, PROBE) - there(bench, PROBE))
        return found

    once = errors()
    bench.plant.restore(snapshot)
    assert errors() == once
    assert len(set(once)) == 300
    spread = math.sqrt(sum(error * error for error in once) / 300)
    assert 0.4 < spread < 0.6


def test_a_spike_comes_now_and_then_counted_from_the_start_of_the_fault(bench: Site) -> None:
    bench.advance(13.0)
    bench.inject(PROBE, "sensor-spike", {"height": 30.0, "every_s": 10.0, "length_s": 2.0})
    high = []
    for second in range(25):
        if reading(bench, PROBE) - there(bench, PROBE) > 29.0:
            high.append(second)
        bench.advance(1.0)
    assert high == [0, 1, 10, 11, 20, 21]


def test_an_open_loop_reads_what_nothing_can_be(bench: Site) -> None:
    bench.inject(PROBE, "sensor-out-of-range")
    assert reading(bench, PROBE) == 3276.7


def test_swapped_probes_read_each_other(bench: Site) -> None:
    inlet, back = reading(bench, PROBE), reading(bench, "sensor-1:probe.2.value")
    bench.inject("sensor-1:probe.1.value,probe.2.value", "sensor-swapped")
    assert (reading(bench, PROBE), reading(bench, "sensor-1:probe.2.value")) == (back, inlet)


def test_several_faults_of_a_point_add_up(bench: Site) -> None:
    bench.inject(PROBE, "sensor-out-of-range", {"value": 50.0})
    bench.inject(PROBE, "sensor-bias", {"offset": 5.0})
    assert reading(bench, PROBE) == 55.0


def test_a_state_can_be_stuck_but_has_no_bias(bench: Site) -> None:
    bench.inject("chiller-1:water.flow_proven", "sensor-stuck")
    with pytest.raises(PlantError, match=r"water.flow_proven is a state: it can only be stuck"):
        bench.inject("chiller-1:water.flow_proven", "sensor-bias")


def test_snmp_carries_the_wrong_value(bench: Site) -> None:
    tree = SurfaceTree(Surface(library.get("stulz-wib8000"), bench["crah-1"]))
    place = tree.find(encode_oid_content(UNIT_RETURN_AIR_TEMPERATURE))
    assert place is not None
    before = tree.instances[place].read()
    bench.inject("crah-1:air.return", "sensor-bias", {"offset": 3.0})
    assert int(tree.instances[place].read()) == int(before) + 30, "in tenths of a degree"


def test_modbus_carries_the_wrong_value(bench: Site) -> None:
    unit = ProfileUnit(Surface(library.get("daikin-microtech3"), bench["chiller-1"]))
    before = int.from_bytes(unit.read_registers("holding", 15, 1), "big")
    bench.inject("chiller-1:water.entering", "sensor-bias", {"offset": 3.0})
    assert int.from_bytes(unit.read_registers("holding", 15, 1), "big") == before + 30


@pytest.mark.parametrize(
    ("target", "kind", "says"),
    [
        ("crah-1", "sensor-bias", "crah-1 sensor-bias: name point after it, as in crah-1:POINT"),
        ("crah-1:air.suply", "sensor-bias", "has no point 'air.suply'; did you mean air.supply"),
        ("crah-1:setpoint.supply", "sensor-bias", "setpoint.supply is not measured; choose a point that is only read"),
        ("crah-1:air.supply", "sensor-swapped", "name point and point after it"),
        ("pump-1:air.supply", "sensor-bias", "pump-1 cannot suffer 'sensor-bias'; it knows: failure, wear"),
        ("pump-1:air.supply", "failure", "name nothing after it, it concerns the whole of it"),
    ],
)
def test_a_fault_of_what_is_not_there_is_refused(bench: Site, target: str, kind: str, says: str) -> None:
    with pytest.raises(PlantError) as refusal:
        bench.inject(target, kind)
    assert says in str(refusal.value)
    assert bench.active_faults() == []


# firmware acts on what it measures ---------------------------------------------------------------------------------


def test_a_supply_air_sensor_that_reads_too_warm_makes_the_air_too_cold(bench: Site) -> None:
    bench.advance(600.0)
    before = there(bench, SUPPLY_AIR)
    bench.inject(SUPPLY_AIR, "sensor-bias", {"offset": 2.0})
    bench.advance(600.0)
    assert there(bench, SUPPLY_AIR) == pytest.approx(before - 2.0, abs=0.2)
    assert reading(bench, SUPPLY_AIR) == pytest.approx(before, abs=0.2)
    bench.clear(SUPPLY_AIR)
    bench.advance(600.0)
    assert there(bench, SUPPLY_AIR) == pytest.approx(before, abs=0.1)


def test_a_supply_air_sensor_stuck_at_cold_shuts_the_valve(bench: Site) -> None:
    bench.inject(SUPPLY_AIR, "sensor-out-of-range", {"value": 15.0})
    bench.advance(60.0)
    assert bench["crah-1"].read("valve.position") == 0.0


def test_a_leaving_water_sensor_that_reads_too_cold_makes_the_water_too_warm(bench: Site) -> None:
    target = "chiller-1:water.leaving"
    bench.advance(900.0)
    before = there(bench, target)
    bench.inject(target, "sensor-bias", {"offset": -3.0})
    bench.advance(1800.0)
    assert there(bench, target) > before + 1.5


def test_an_entering_water_sensor_keeps_a_chiller_from_starting(bench: Site) -> None:
    bench["chiller-1"].write("chiller.enabled", False)
    bench.advance(5.0)
    bench.inject("chiller-1:water.entering", "sensor-out-of-range", {"value": 60.0})
    bench["chiller-1"].write("chiller.enabled", True)
    bench.advance(300.0)
    assert not bench["chiller-1"].read("chiller.running")
    assert "water_too_warm" in bench["chiller-1"].state.alarms
    bench.clear("chiller-1")
    bench.advance(300.0)
    assert bench["chiller-1"].read("chiller.running")


def test_a_transfer_switch_that_measures_too_little_goes_to_the_generators(bench: Site) -> None:
    bench.inject("ats-main:source.1.voltage.2", "sensor-out-of-range", {"value": 0.0})
    bench.advance(60.0)
    assert bench.components["ats-main"].quantity("position") == "emergency"
    assert bench.components["utility-b"].quantity("output_volts") > 200.0


def test_a_generator_that_measures_hot_coolant_shuts_down(bench: Site) -> None:
    bench.inject("utility-b", "outage")
    bench.advance(60.0)
    bench.inject("generator-1:engine.coolant_temperature", "sensor-drift", {"rate": 600.0})
    bench.advance(600.0)
    assert bench["generator-1"].state.latched == {"high_coolant_temperature": "shutdown"}


def test_a_probe_that_reads_too_much_raises_the_monitors_alarm(bench: Site) -> None:
    bench.inject(PROBE, "sensor-bias", {"offset": 15.0})
    bench.advance(15.0)
    assert "probe_alarm" in bench["sensor-1"].state.alarms
    bench.clear(PROBE)
    bench.advance(15.0)
    assert "probe_alarm" not in bench["sensor-1"].state.alarms


def test_a_drift_is_noticed_by_firmware_in_a_quiet_plant(bench: Site) -> None:
    bench.inject(PROBE, "sensor-drift", {"rate": 60.0})
    bench.advance(1200.0)
    assert "probe_alarm" in bench["sensor-1"].state.alarms


def test_a_short_jump_is_noticed_by_firmware(bench: Site) -> None:
    bench.inject("ats-main:source.1.voltage.1", "sensor-spike", {"height": -200.0, "every_s": 30.0, "length_s": 1.0})
    bench.advance(100.0)
    lost = [
        event.t for event in bench.plant.journal if event.what == "source lost" and event.data["source"] == "normal"
    ]
    assert lost == pytest.approx([60.0, 90.0, 120.0, 150.0], abs=0.01)


# every device ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["sensor-stuck", "sensor-drift", "sensor-bias", "sensor-noise", "sensor-spike", "sensor-out-of-range"]
)
def test_every_measured_point_of_every_device_can_suffer_it(bench: Site, kind: str) -> None:
    for device in bench.devices.values():
        points = [name for name in device.point_names() if measurable(device.point(name))]
        assert points, device.name
        for point in points[:: max(1, len(points) // 5)]:
            if unfit(device, kind, point):
                continue
            bench.inject(f"{device.name}:{point}", kind)
            assert not isinstance(device.read(point), (str, bytes))
    bench.advance(20.0)
    bench.clear()
    assert bench.active_faults() == []
    assert not [name for _, name in bench.plant.timers if name.startswith("reevaluate ")]
    for device in bench.devices.values():
        for point in device.point_names():
            value = device.read(point)
            assert value == device.point(point).true() or value != value
