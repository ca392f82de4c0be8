"""NUT (Network UPS Tools) on emulated UPSs: its drivers see the states the plant goes through, its commands act.

The driver `snmp-ups` knows UPS-MIB as `mibs=ietf` and PowerNet-MIB as `mibs=apcc`; nobody here wrote either mapping.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from external import background, free_port, program, run, until
from running import Running, running

from emulators.site import Site

pytestmark = pytest.mark.interop

DRIVERS = ("/lib/nut", "/usr/lib/nut", "/usr/libexec/nut")

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


class Nut:
    """NUT's programs, with everything they write in one folder."""

    def __init__(self, live: Running, folder: Path) -> None:
        self.live = live
        self.folder = folder / "nut"
        self.folder.mkdir(exist_ok=True)
        self.driver = program("snmp-ups", "nut-snmp", *DRIVERS)
        self.env = {**os.environ, "NUT_CONFPATH": str(self.folder), "NUT_STATEPATH": str(self.folder),
                    "NUT_ALTPIDPATH": str(self.folder), "SNMP_PERSISTENT_DIR": str(self.folder),
                    "MIBS": ""}  # fmt: skip

    def variables(self, device: str) -> dict[str, str]:
        """What the driver shows after one look at the device."""
        printed = run(
            [self.driver, "-s", device, "-u", "root", "-x", f"port={self.live.at(device)}", "-x",
             f"mibs={MIBS[device]}", "-d", "1"],
            self.env,
        )  # fmt: skip
        pairs = [line.partition(": ") for line in printed.splitlines()]
        found = {name: value for name, colon, value in pairs if colon and "." in name and " " not in name}
        assert "ups.status" in found, printed
        return found

    def status(self, device: str) -> set[str]:
        return set(self.variables(device)["ups.status"].split())


@pytest.fixture
def nut(nut_site: Running, tmp_path: Path) -> Nut:
    return Nut(nut_site, tmp_path)


@pytest.fixture
def served(nut_site: Running, nut: Nut) -> Iterator[dict[str, str]]:
    """upsd with a driver on each UPS: `upsc` and `upscmd` can ask it at the address given for each."""
    upsd, upsc = _upsd(), program("upsc", "nut-client")
    port, folder = free_port(), nut.folder
    ups_conf = "".join(
        f"[{d}]\n  driver = snmp-ups\n  port = {nut_site.at(d)}\n  mibs = {MIBS[d]}\n"
        "  community = private\n  pollfreq = 1\n"
        for d in MIBS
    )
    (folder / "ups.conf").write_text(ups_conf)
    (folder / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {port}\n")
    (folder / "upsd.users").write_text("[admin]\n  password = secret\n  actions = SET\n  instcmds = ALL\n")
    for name in ("upsd.conf", "upsd.users", "ups.conf"):
        (folder / name).chmod(0o640)
    with ExitStack() as stack:
        for device in MIBS:
            command = [nut.driver, "-a", device, "-u", "root", "-D"]
            stack.enter_context(background(command, folder / f"{device}.log", nut.env))
        until(lambda: all((folder / f"snmp-ups-{d}").exists() for d in MIBS), lambda: _tail(folder))
        stack.enter_context(background([upsd, "-u", "root", "-D"], folder / "upsd.log", nut.env))
        places = {device: f"{device}@127.0.0.1:{port}" for device in MIBS}
        until(lambda: all("ups.status" in run([upsc, p], nut.env) for p in places.values()), lambda: _tail(folder))
        yield places


def _upsd() -> str:
    """The server itself: what Debian has in /usr/sbin only starts it when /etc/nut says so."""
    return next((f"{f}/upsd" for f in DRIVERS if Path(f, "upsd").exists()), "") or program("upsd", "nut-server")


def _tail(folder: Path) -> str:
    return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-800:]}" for log in sorted(folder.glob("*.log")))


def command(nut: Nut, place: str, name: str) -> None:
    """Run an instant command and wait until the driver has reported it handled."""
    upscmd = program("upscmd", "nut-client")
    printed = run([upscmd, "-w", "-u", "admin", "-p", "secret", place, name], nut.env)
    assert printed.strip() == "SUCCESS", printed


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
        # The recorded device does not say how many lines it has, so NUT took it for a single-phase one.
        expected -= {"input.voltage", "input.frequency", "input.bypass.voltage", "output.voltage", "output.current",
                     "output.realpower", "ups.load"}  # fmt: skip
        expected |= {f"input.L{n}-N.voltage" for n in (1, 2, 3)} | {f"output.L{n}.realpower" for n in (1, 2, 3)}
        expected |= {f"output.L{n}.power.percent" for n in (1, 2, 3)}
    assert expected - set(nut.variables(device)) == set()


def test_nut_reads_the_values_of_the_plant(nut, nut_site):
    big, small = nut.variables("ups-big"), nut.variables("ups-small")
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
    assert nut.status(device) >= {"OL"}
    nut_site.do(lambda: nut_site.site.inject("utility", "outage"))
    nut_site.advance(5.0)
    assert nut.status(device) == {"OB"}
    ups = nut_site.site[device]
    for _ in range(400):
        if nut_site.do(lambda: ups.read("battery.status")) == "low":
            break
        nut_site.advance(10.0)
    assert nut.status(device) == {"OB", "LB"}
    nut_site.do(lambda: nut_site.site.clear("utility"))
    nut_site.advance(1200.0)
    assert nut.status(device) == {"OL"}


@pytest.mark.parametrize("device", MIBS)
def test_nut_sees_a_ups_on_bypass_by_its_own_fault(nut, nut_site, device):
    nut_site.do(lambda: nut_site.site.inject(device, "inverter"))
    nut_site.advance(1.0)
    assert "BYPASS" in nut.status(device)


def test_nut_sees_an_overload(nut, nut_site):
    train = nut_site.site.components["ups-big"]
    assert "OVER" not in nut.status("ups-big")
    nut_site.do(lambda: nut_site.site.components["row-big"].set_utilisation(1.0))
    nut_site.advance(1.0)
    assert nut_site.do(lambda: train.load_percent) > 100.0
    assert "OVER" in nut.status("ups-big")


def test_nut_sees_a_battery_test_and_its_result(nut, nut_site):
    nut_site.do(lambda: nut_site.site["ups-big"].write("test.id", "quick"))
    assert "TEST" in nut.status("ups-big")
    nut_site.advance(30.0)
    assert nut.variables("ups-big")["ups.test.result"] == "done and passed"


def test_nut_sees_a_calibration_and_a_battery_to_replace(nut, nut_site):
    nut_site.do(lambda: nut_site.site.inject("ups-small", "battery-weak", {"capacity": 30.0}))
    nut_site.do(lambda: nut_site.site["ups-small"].write("command.test", "deep"))
    assert "CAL" in nut.status("ups-small")
    nut_site.advance(3600.0)
    assert "RB" in nut.status("ups-small")


def test_upscmd_shuts_a_powernet_ups_down_on_battery_until_power_returns(nut, nut_site, served):
    nut_site.do(lambda: nut_site.site.inject("utility", "outage"))
    nut_site.advance(5.0)
    command(nut, served["ups-small"], "shutdown.return")
    until(lambda: not nut_site.do(lambda: nut_site.site.components["ups-small"].live))
    nut_site.do(lambda: nut_site.site.clear("utility"))
    nut_site.advance(60.0)
    assert nut_site.site.components["ups-small"].live


def test_upscmd_tests_the_battery_and_switches_a_powernet_ups(nut, nut_site, served):
    ups, place = nut_site.site["ups-small"], served["ups-small"]
    command(nut, place, "test.battery.start")
    until(lambda: nut_site.do(lambda: ups.read("test.result")) == "in_progress")
    nut_site.advance(30.0)
    command(nut, place, "bypass.start")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "bypass")
    command(nut, place, "bypass.stop")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "online")
    command(nut, place, "load.off")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "off")
    command(nut, place, "load.on")
    until(lambda: nut_site.do(lambda: ups.read("ups.mode")) == "online")


def test_upscmd_switches_an_rfc1628_ups_and_its_beeper(nut, nut_site, served):
    ups, place = nut_site.site["ups-big"], served["ups-big"]
    command(nut, place, "beeper.mute")
    until(lambda: nut_site.do(lambda: ups.read("setting.audible")) == "muted")
    command(nut, place, "load.off")
    until(lambda: nut_site.do(lambda: ups.read("output.source")) == "none")
    command(nut, place, "load.on")
    until(lambda: nut_site.do(lambda: ups.read("output.source")) == "normal")


def test_upsc_follows_the_plant(nut, nut_site, served):
    upsc = shutil.which("upsc") or "upsc"
    nut_site.do(lambda: nut_site.site.inject("utility", "outage"))
    nut_site.advance(5.0)
    until(lambda: run([upsc, served["ups-big"], "ups.status"], nut.env).strip().endswith("OB"))
