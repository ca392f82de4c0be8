"""net-snmp reads, writes and receives from every SNMP device of the bench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from net_snmp import NetSnmp
from running import Running

from twinfeed.emulators import sitefile

pytestmark = pytest.mark.interop

DEVICES = [entry.name for entry in sitefile.read("bench").devices if entry.profile.snmp is not None]


# walks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
def test_every_way_of_walking_finds_the_same_variables(net_snmp: NetSnmp, device: str) -> None:
    whole = net_snmp.walk("snmpbulkwalk", device)
    assert len(whole) > 30
    assert [oid for oid, _ in whole] == sorted((oid for oid, _ in whole), key=_numbers), "out of order"
    assert net_snmp.walk("snmpwalk", device) == whole
    assert net_snmp.walk("snmpbulkwalk", device, "v3") == whole


@pytest.mark.parametrize("device", DEVICES)
def test_version_1_finds_all_but_the_wide_counters(net_snmp: NetSnmp, device: str) -> None:
    whole = net_snmp.walk("snmpbulkwalk", device)
    narrow = [(oid, type) for oid, type in whole if type != "Counter64"]
    assert net_snmp.walk("snmpwalk", device, "v1") == narrow, "RFC 3584 §4.2.2.1: version 1 has no Counter64"


def _numbers(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.strip(".").split(".")))


# values ----------------------------------------------------------------------------------------------------------


Quantity = Callable[[dict[str, Any]], float | str]

VALUES: dict[tuple[str, str], dict[str, Quantity]] = {
    ("pdu-1", "PowerNet-MIB"): {
        "rPDU2PhaseStatusCurrent.1": lambda plant: plant["pdu-1"].amperes[0] * 10,
        "rPDU2PhaseStatusVoltage.1": lambda plant: plant["pdu-1"].output.volts[0],
        "rPDU2DeviceStatusPower.1": lambda plant: plant["pdu-1"].load_kw * 100,
        "rPDU2OutletSwitchedStatusState.1": lambda plant: "on" if plant["pdu-1"].relay_closed(1) else "off",
        "rPDULoadStatusLoad.1": lambda plant: plant["pdu-1"].amperes[0] * 10,
        "rPDUIdentDeviceNumOutlets.0": lambda plant: 24,
    },
    ("pdu-2", "PDU2-MIB"): {
        "outletCount.1": lambda plant: 24,
        "measurementsInletSensorValue.1.1.activePower": lambda plant: plant["pdu-2"].load_kw * 1000,
        "measurementsInletSensorValue.1.1.frequency": lambda plant: plant["pdu-2"].output_hertz * 10,
        "measurementsOutletSensorValue.1.1.rmsVoltage": lambda plant: plant["pdu-2"].outlet_volts[0],
        "measurementsOutletSensorValue.1.1.rmsCurrent": lambda plant: plant["pdu-2"].outlet_amperes(1) * 1000,
        "outletSwitchingState.1.1": lambda plant: "on" if plant["pdu-2"].relay_closed(1) else "off",
    },
    ("ups-1", "UPS-MIB"): {
        "upsBatteryStatus.0": lambda plant: "batteryNormal",
        "upsEstimatedChargeRemaining.0": lambda plant: plant["ups-1"].charge_percent,
        "upsEstimatedMinutesRemaining.0": lambda plant: plant["ups-1"].runtime_s / 60,
        "upsInputNumLines.0": lambda plant: 3,
        "upsInputVoltage.2": lambda plant: plant["ups-1"].seen["input"].volts[1],
        "upsInputFrequency.1": lambda plant: plant["ups-1"].seen["input"].hertz * 10,
        "upsOutputSource.0": lambda plant: "normal",
        "upsOutputVoltage.1": lambda plant: plant["ups-1"].output.volts[0],
        "upsOutputPower.1": lambda plant: plant["ups-1"].load.kw[0] * 1000,
        "upsAlarmsPresent.0": lambda plant: 0,
    },
    ("ups-2", "PowerNet-MIB"): {
        "upsBasicBatteryStatus.0": lambda plant: "batteryNormal",
        "upsBasicOutputStatus.0": lambda plant: "onLine",
        "upsAdvBatteryCapacity.0": lambda plant: plant["ups-2"].charge_percent,
        "upsAdvBatteryRunTimeRemaining.0": lambda plant: plant["ups-2"].runtime_s * 100,
        "upsAdvOutputVoltage.0": lambda plant: plant["ups-2"].output.volts[0],
        "upsHighPrecOutputLoad.0": lambda plant: plant["ups-2"].load_percent * 10,
    },
    ("ats-1", "PowerNet-MIB"): {
        "atsStatusSelectedSource.0": lambda plant: {"a": "sourceA", "b": "sourceB"}[plant["ats-1"].active],
        "atsStatusRedundancyState.0": lambda plant: (
            "atsFullyRedundant" if plant["ats-1"].redundant else "atsRedundancyLost"
        ),
        "atsInputVoltage.1.1.1": lambda plant: plant["ats-1"].seen["a"].volts[0],
        "atsOutputCurrent.1.1.1": lambda plant: plant["ats-1"].load_kva * 1000 / 230 * 10,
    },
    ("generator-2", "HIMOINSAv14-MIB"): {
        "genFreq.0": lambda plant: 0,
        "fuelLevel.0": lambda plant: plant["tank-2"].level_percent * 10,
    },
    ("crah-1", "Stulz-WIB8000-MIB"): {
        "unitReturnAirTemperature.1.1.1": lambda plant: plant["crah-1"].return_air_c * 10,
        "unitSupplyAirTemperature.1.1.1": lambda plant: plant["crah-1"].supply_air_c * 10,
    },
    ("switch-1", "IF-MIB"): {
        "ifName.4": lambda plant: "1/1/4",
        "ifOperStatus.4": lambda plant: "up",
        "ifOperStatus.40": lambda plant: "down",
    },
}
"""By device and MIB module: objects and their values in the plant, in the module's words and units."""


@pytest.mark.parametrize("version", ["v1", "v2c", "v3"])
@pytest.mark.parametrize(("device", "module"), VALUES)
def test_values_are_the_plants(bench: Running, net_snmp: NetSnmp, device: str, module: str, version: str) -> None:
    wanted = VALUES[device, module]
    read = net_snmp.get(device, module, list(wanted), version)
    plant = bench.site.components
    expected = bench.do(lambda: [quantity(plant) for quantity in wanted.values()])
    for name, found, value in zip(wanted, read, expected, strict=True):
        if isinstance(value, str):
            assert found == value, name
        else:
            assert float(found) == pytest.approx(value, rel=1e-4, abs=0.51), name


# writes ----------------------------------------------------------------------------------------------------------

SWITCH_OUTLET = {
    "pdu-1": ("PowerNet-MIB", "rPDU2OutletSwitchedControlCommand.2", {"off": 2, "on": 1}),
    "pdu-2": ("PDU2-MIB", "switchingOperation.1.2", {"off": 0, "on": 1}),
}


@pytest.fixture(params=SWITCH_OUTLET)
def outlet(bench: Running, request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str, dict[str, int]]]:
    """Outlet 2, where nothing is plugged in: its PDU, and by which object of which module it is switched."""
    name: str = request.param
    yield (name, *SWITCH_OUTLET[name])
    bench.do(lambda: bench.site[name].write("outlet.2.control", "on"))


def _set(net_snmp: NetSnmp, device: str, module: str, name: str, *value: str, **access: str) -> str:
    return net_snmp.run("snmpset", device, f"{module}::{name}", *value, module=module, **access)


@pytest.mark.parametrize("version", ["v1", "v2c", "v3"])
def test_snmpset_switches_a_relay_of_the_plant(
    bench: Running, net_snmp: NetSnmp, outlet: tuple[str, str, str, dict[str, int]], version: str
) -> None:
    device, module, name, commands = outlet
    pdu: Any = bench.site.components[device]
    for word, number in commands.items():
        _set(net_snmp, device, module, name, "i", str(number), version=version, community="private")
        assert bench.do(lambda: pdu.relay_closed(2)) is (word == "on")


@pytest.mark.parametrize(("version", "says"), [("v1", "noSuchName"), ("v2c", "noAccess")])
def test_the_read_only_community_switches_nothing(
    bench: Running, net_snmp: NetSnmp, outlet: tuple[str, str, str, dict[str, int]], version: str, says: str
) -> None:
    device, module, name, commands = outlet
    assert says in _set(net_snmp, device, module, name, "i", str(commands["off"]), version=version)
    assert bench.do(lambda: bench.site[device].read("outlet.2.state")) == "on"


@pytest.mark.parametrize(("type", "value", "says"), [("s", "off", "wrongType"), ("i", "99", "wrongValue")])
def test_what_a_variable_cannot_be_is_refused_with_the_reason(
    net_snmp: NetSnmp, outlet: tuple[str, str, str, dict[str, int]], type: str, value: str, says: str
) -> None:
    device, module, name, _ = outlet
    oid = net_snmp.translate(module, name)
    assert says in net_snmp.run("snmpset", device, oid, type, value, community="private")
