"""NUT (Network UPS Tools) on emulated UPSs: its drivers see the states the plant goes through, its commands act.

The driver `snmp-ups` knows UPS-MIB as `mibs=ietf` and PowerNet-MIB as `mibs=apcc`; nobody here wrote either mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from external import until
from nut import Nut
from running import Running, running

from twinfeed.emulators.site import Site

pytestmark = pytest.mark.interop

SITE = """
site: nut
snmp: {write: private}
power:
  utility: {kind: utility}
  ups-big:
    kind: ups
    from: utility
    kva: 60
    kw: 60
    device: {profile: ups-rfc1628, address: 127.14.0.1, model: Sahel 60, firmware: "2.1"}
  ups-small:
    kind: ups
    from: utility
    kva: 1.0
    kw: 0.7
    device: {profile: apc-smartups-snmp, address: 127.14.0.2, model: Smart-UPS 1000, serial: TW0001, firmware: "16.0"}
racks:
  row-big: {kind: rack_row, from: ups-big, racks: 10, rack_kw: 6.5, utilisation: 0.3}
  row-small: {kind: rack_row, from: ups-small, racks: 1, rack_kw: 0.4}
"""

MIBS = {"ups-big": "ietf", "ups-small": "apcc"}


# A row of racks takes three phases, so the small UPS is built with three; its profile shows the first.


@pytest.fixture
def nut_site(tmp_path: Path) -> Iterator[Running]:
    """Two UPSs and their loads, at rest."""
    path = tmp_path / "nut.yaml"
    path.write_text(SITE)
    with running(Site.load(path), speed=0.001) as live:
        live.advance(60.0)
        yield live


@pytest.fixture
def nut(nut_site: Running, tmp_path: Path) -> Nut:
    devices = {d: [f"port = {nut_site.at(d)}", f"mibs = {mib}", "community = private"] for d, mib in MIBS.items()}
    return Nut(tmp_path, devices)


@pytest.fixture
def served(nut: Nut) -> Iterator[Nut]:
    """Server and drivers run: `upsc` and `upscmd` can ask."""
    with nut.serving():
        yield nut


def status(nut: Nut, device: str) -> set[str]:
    return set(nut.look(device)["ups.status"].split())


def published_variables(shared_data: Path, name: str) -> set[str]:
    """Names of the variables NUT showed of a recorded device."""
    lines = (shared_data / "nut" / name).read_text().splitlines()
    return {line.partition(": ")[0] for line in lines if ": " in line and not line.startswith("Detected")}


@pytest.mark.parametrize(
    ("device", "recorded"),
    [("ups-big", "generex-ups_cs141_ietf.txt"), ("ups-small", "apc_smtl1000-nmc3_apcc.txt")],
)
def test_nut_finds_every_variable_it_found_on_the_real_device(nut, shared_data, device, recorded):
    expected = published_variables(shared_data, recorded)
    if device == "ups-big":
        # The recorded device does not state how many lines it has, so NUT took it for a single-phase one.
        expected -= {"input.voltage", "input.frequency", "input.bypass.voltage", "output.voltage", "output.current",
                     "output.realpower", "ups.load"}  # fmt: skip
        expected |= {f"input.L{n}-N.voltage" for n in (1, 2, 3)} | {f"output.L{n}.realpower" for n in (1, 2, 3)}
        expected |= {f"output.L{n}.power.percent" for n in (1, 2, 3)}
    assert expected - set(nut.look(device)) == set()


def test_nut_reads_the_values_of_the_plant(nut, nut_site):
    big, small = nut.look("ups-big"), nut.look("ups-small")
    assert big["device.model"] == "Sahel 60"
    assert small["device.serial"] == "TW0001"
    load = nut_site.do(lambda: nut_site.site.components["ups-big"].load_kw)
    shown = sum(float(big[f"output.L{n}.realpower"]) for n in (1, 2, 3))
    assert shown == pytest.approx(load * 1000, rel=0.01)
    assert float(big["battery.charge"]) == 100.0
    assert float(small["battery.charge"]) == 100.0
    assert float(small["input.voltage"]) == 230.0
    runtime = nut_site.do(lambda: nut_site.site["ups-small"].read("battery.runtime"))
    assert float(small["battery.runtime"]) == pytest.approx(runtime, abs=2)


@pytest.mark.parametrize("device", MIBS)
def test_nut_sees_online_battery_low_battery_and_return(nut, nut_site, device):
    assert status(nut, device) >= {"OL"}
    nut_site.do(lambda: nut_site.site.inject("utility", "outage"))
    nut_site.advance(5.0)
    assert status(nut, device) == {"OB"}
    ups = nut_site.site[device]
    for _ in range(400):
        if nut_site.do(lambda: ups.read("battery.status")) == "low":
            break
        nut_site.advance(10.0)
    assert status(nut, device) == {"OB", "LB"}
    nut_site.do(lambda: nut_site.site.clear("utility"))
    nut_site.advance(1200.0)
    assert status(nut, device) == {"OL"}


@pytest.mark.parametrize("device", MIBS)
def test_nut_sees_a_ups_on_bypass_by_its_own_fault(nut, nut_site, device):
    nut_site.do(lambda: nut_site.site.inject(device, "inverter"))
    nut_site.advance(1.0)
    assert "BYPASS" in status(nut, device)


def test_nut_sees_an_overload(nut, nut_site):
    train = nut_site.site.components["ups-big"]
    assert "OVER" not in status(nut, "ups-big")
    nut_site.do(lambda: nut_site.site.components["row-big"].set_utilisation(1.0))
    nut_site.advance(1.0)
    assert nut_site.do(lambda: train.load_percent) > 100.0
    assert "OVER" in status(nut, "ups-big")


def test_nut_sees_a_battery_test_and_its_result(nut, nut_site):
    nut_site.do(lambda: nut_site.site["ups-big"].write("test.id", "quick"))
    assert "TEST" in status(nut, "ups-big")
    nut_site.advance(30.0)
    assert nut.look("ups-big")["ups.test.result"] == "done and passed"


def test_nut_sees_a_calibration_and_a_battery_to_replace(nut, nut_site):
    nut_site.do(lambda: nut_site.site.inject("ups-small", "battery-weak", {"capacity": 30.0}))
    nut_site.do(lambda: nut_site.site["ups-small"].write("command.test", "deep"))
    assert "CAL" in status(nut, "ups-small")
    nut_site.advance(3600.0)
    assert "RB" in status(nut, "ups-small")


def test_upscmd_shuts_a_powernet_ups_down_on_battery_until_power_returns(nut_site, served):
    nut_site.do(lambda: nut_site.site.inject("utility", "outage"))
    nut_site.advance(5.0)
    served.command("ups-small", "shutdown.return")
    until(lambda: not nut_site.do(lambda: nut_site.site.components["ups-small"].live))
    nut_site.do(lambda: nut_site.site.clear("utility"))
    nut_site.advance(60.0)
    assert nut_site.site.components["ups-small"].live


def test_upscmd_tests_the_battery_and_switches_a_powernet_ups(nut_site, served):
    ups = nut_site.site["ups-small"]
    served.command("ups-small", "test.battery.start")
    until(lambda: nut_site.do(lambda: ups.read("test.result")) == "in_progress")
    nut_site.advance(30.0)
    served.command("ups-small", "bypass.start")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "bypass")
    served.command("ups-small", "bypass.stop")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "online")
    served.command("ups-small", "load.off")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "off")
    served.command("ups-small", "load.on")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "online")


def test_upscmd_switches_an_rfc1628_ups_and_its_beeper(nut_site, served):
    ups = nut_site.site["ups-big"]
    served.command("ups-big", "beeper.mute")
    until(lambda: nut_site.do(lambda: ups.read("setting.audible")) == "muted")
    served.command("ups-big", "load.off")
    until(lambda: nut_site.do(lambda: ups.read("output.source")) == "none")
    served.command("ups-big", "load.on")
    until(lambda: nut_site.do(lambda: ups.read("output.source")) == "normal")


def test_upsc_follows_the_plant(nut_site, served):
    nut_site.do(lambda: nut_site.site.inject("utility", "outage"))
    nut_site.advance(5.0)
    served.until("ups-big", "ups.status", "OB")
