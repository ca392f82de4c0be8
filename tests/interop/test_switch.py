"""A switch asked by programs nobody here wrote: net-snmp's tools with the MIBs, and Prometheus' snmp_exporter."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from running import running

from twinfeed.emulators.site import Site

SITE = """
site: lan
power:
  utility-a: {kind: utility}
network:
  network: {kind: network, station: "core-1:48", gateways: [core-1, core-2], uplinks: ["core-1:50", "core-2:50"]}
  core-1: {kind: switch, from: {psu_a: utility-a}, stp_priority: 4096,
           device: {profile: aruba-cx-8360, address: 127.16.2.1, serial: TF00000001, firmware: LL.10.13.1040}}
  core-2: {kind: switch, from: {psu_a: utility-a}, stp_priority: 8192,
           device: {profile: aruba-cx-8360, address: 127.16.2.2, serial: TF00000002, firmware: LL.10.13.1040}}
  access-1: {kind: switch, from: {psu_a: utility-a},
             device: {profile: aruba-cx-8360, address: 127.16.2.3, serial: TF00000003, firmware: LL.10.13.1040}}
  isl-1: {kind: link, a: "core-1:53", b: "core-2:53", lag: lag1}
  isl-2: {kind: link, a: "core-1:54", b: "core-2:54", lag: lag1}
  up-1: {kind: link, a: "access-1:53", b: "core-1:1"}
  up-2: {kind: link, a: "access-1:54", b: "core-2:1"}
"""

needs_snmp = pytest.mark.skipif(shutil.which("snmpwalk") is None, reason="snmpwalk is missing: apt install snmp")
needs_snmptrapd = pytest.mark.skipif(
    shutil.which("snmptrapd") is None, reason="snmptrapd is missing: apt install snmptrapd"
)
needs_exporter = pytest.mark.skipif(
    shutil.which("prometheus-snmp-exporter") is None,
    reason="prometheus-snmp-exporter is missing: apt install prometheus-snmp-exporter",
)
pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A site of three switches; every test leaves it as it found it."""
    path = tmp_path_factory.mktemp("site") / "lan.yaml"
    path.write_text(SITE)
    with running(Site.load(path), ports=31610) as site:
        site.advance(60.0)
        yield site


@pytest.fixture
def ask(live, shared_data, tmp_path):
    """Run a net-snmp tool with the shared MIBs on a switch; returns what it prints."""

    def run(tool, device, *arguments, community="public"):
        environment = {**os.environ, "SNMPCONFPATH": str(tmp_path), "SNMP_PERSISTENT_DIR": str(tmp_path)}
        module = ":".join(re.findall(r"([A-Za-z0-9-]+)::", " ".join(arguments)))
        command = [tool, "-v2c", "-c", community, "-t", "3", "-r", "1", "-M", str(shared_data / "mibs"), "-m", module]
        command += [live.at(device), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr[-500:]
        return done.stdout

    return run


def values(text):
    """`IF-MIB::ifName.1 = STRING: 1/1/1` -> {"ifName.1": "1/1/1"}."""
    pairs = re.findall(r"^[A-Za-z0-9-]+::(\S+) = (?:[A-Za-z0-9-]+: )?(.*)$", text, re.MULTILINE)
    return {name: value.strip('"') for name, value in pairs}


@needs_snmp
def test_a_full_walk_is_in_order_and_ends(live, ask):
    *lines, end = ask("snmpbulkwalk", "core-1", "-On", ".1").splitlines()
    assert "No more variables left in this MIB View" in end
    oids = [tuple(map(int, line.split(" = ")[0].strip(".").split("."))) for line in lines if line.startswith(".")]
    assert len(oids) > 4000
    assert oids == sorted(set(oids))


@needs_snmp
def test_interfaces_read_with_if_mib(live, ask):
    found = values(ask("snmpwalk", "core-1", "IF-MIB::ifMIB")) | values(ask("snmpwalk", "core-1", "IF-MIB::interfaces"))
    assert found["ifName.1"] == "1/1/1"
    assert found["ifType.1"] == "ethernetCsmacd(6)"
    assert found["ifType.769"] == "ieee8023adLag(161)"
    assert found["ifOperStatus.1"] == "up(1)"
    assert found["ifOperStatus.3"] == "down(2)"
    assert found["ifHighSpeed.769"] == "200000"
    assert found["ifConnectorPresent.1"] == "true(1)"


@needs_snmp
def test_shutting_a_port_by_snmpset_moves_the_tree(live, ask):
    before = values(ask("snmpwalk", "access-1", "BRIDGE-MIB::dot1dStpPortState"))
    assert (before["dot1dStpPortState.53"], before["dot1dStpPortState.54"]) == ("forwarding(5)", "blocking(2)")
    ask("snmpset", "access-1", "IF-MIB::ifAdminStatus.53", "i", "2", community="private")
    live.advance(1.0)
    after = values(ask("snmpwalk", "access-1", "BRIDGE-MIB::dot1dStpPortState"))
    assert (after["dot1dStpPortState.53"], after["dot1dStpPortState.54"]) == ("disabled(1)", "forwarding(5)")
    ask("snmpset", "access-1", "IF-MIB::ifAdminStatus.53", "i", "1", community="private")
    live.advance(5.0)


@needs_snmp
def test_neighbours_read_with_lldp_mib_match_the_cabling(live, ask):
    found = values(ask("snmpwalk", "access-1", "LLDP-MIB::lldpRemTable"))
    neighbours = {
        (name.split(".")[2], found[name.replace("SysName", "PortId")], value)
        for name, value in found.items()
        if name.startswith("lldpRemSysName")
    }
    assert neighbours == {("53", "1/1/1", "core-1"), ("54", "1/1/1", "core-2")}


@needs_snmp
def test_the_virtual_router_reads_with_vrrpv3_mib(live, ask):
    states = [
        value
        for device in ("core-1", "core-2", "access-1")
        for name, value in values(ask("snmpwalk", device, "VRRPV3-MIB::vrrpv3OperationsTable")).items()
        if name.startswith("vrrpv3OperationsStatus")
    ]
    assert states == ["master(3)", "backup(2)"], "an access switch is no gateway"


@needs_snmp
def test_aggregates_read_with_the_lag_mib(live, ask):
    found = values(ask("snmpwalk", "core-1", "IEEE8023-LAG-MIB::dot3adAggPortTable"))
    assert found["dot3adAggPortAttachedAggID.53"] == "769"
    assert (
        "lacpActivity(0) aggregation(2) synchronization(3) collecting(4) distributing(5)"
        in (found["dot3adAggPortActorOperState.53"])
    )


@needs_snmp
def test_parts_and_sensors_read_with_entity_mib(live, ask):
    found = values(ask("snmpwalk", "core-1", "ENTITY-MIB::entPhysicalTable"))
    assert found["entPhysicalName.1"] == "Chassis"
    assert found["entPhysicalContainedIn.20010"] == "12001"
    table = ask("snmptable", "core-1", "-Cf", ";", "ENTITY-SENSOR-MIB::entPhySensorTable").splitlines()
    header, *rows = [line.split(";") for line in table if ";" in line]
    kinds = [row[header.index("entPhySensorType")] for row in rows]
    assert sorted(kinds) == ["rpm"] * 6 + ["watts"] * 2


@needs_snmp
@needs_snmptrapd
def test_link_down_reaches_snmptrapd_with_the_ports_number(tmp_path, shared_data):
    port = _free_udp_port()
    path = tmp_path / "lan.yaml"
    path.write_text(SITE.replace("127.16.2.", "127.16.3.") + f'snmp: {{traps: ["127.0.0.1:{port}"]}}\n')
    log = tmp_path / "traps.log"
    (tmp_path / "snmptrapd.conf").write_text("disableAuthorization yes\n")
    environment = {**os.environ, "SNMPCONFPATH": str(tmp_path), "SNMP_PERSISTENT_DIR": str(tmp_path), "MIBS": ""}
    command = ["snmptrapd", "-f", "-C", "-c", str(tmp_path / "snmptrapd.conf"), "-On", "-n", "-Lf", str(log)]
    daemon = subprocess.Popen([*command, f"udp:127.0.0.1:{port}"], env=environment)
    try:
        _until(lambda: log.exists() and "NET-SNMP version" in log.read_text())
        with running(Site.load(path), ports=31650) as site:
            site.advance(1.0)
            site.do(lambda: site.site.inject("isl-1", "cut"))
            _until(lambda: "1.3.6.1.2.1.2.2.1.1.53" in log.read_text())
    finally:
        daemon.terminate()
        daemon.wait(120)
    text = log.read_text()
    link_down = next(line for line in text.splitlines() if "1.3.6.1.2.1.2.2.1.1.53" in line)
    assert ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.6.3.1.1.5.3" in link_down
    assert ".1.3.6.1.2.1.2.2.1.7.53 = INTEGER: 1" in link_down
    assert ".1.3.6.1.2.1.2.2.1.8.53 = INTEGER: 2" in link_down


@needs_exporter
def test_snmp_exporter_scrapes_its_if_mib_module_and_counters_move(live, shared_data, tmp_path):
    port = _free_tcp_port()
    command = ["prometheus-snmp-exporter", f"--config.file={shared_data / 'snmp_exporter_snmp.yml'}"]
    with (tmp_path / "exporter.log").open("w") as log:
        exporter = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/snmp?module=if_mib&target={live.at('core-1')}"
    try:
        _until(lambda: _fetch(f"http://127.0.0.1:{port}/") is not None)
        first = _metrics(_fetch(url))
        live.advance(100.0)
        second = _metrics(_fetch(url))
    finally:
        exporter.terminate()
        exporter.wait(120)
    name = 'ifHCOutOctets{ifAlias="",ifDescr="1/1/1",ifIndex="1",ifName="1/1/1"}'
    assert second[name] > first[name] > 0
    assert first['ifOperStatus{ifAlias="",ifDescr="1/1/1",ifIndex="1",ifName="1/1/1"}'] == 1
    assert first['ifHighSpeed{ifAlias="",ifDescr="lag1",ifIndex="769",ifName="lag1"}'] == 200_000
    assert first["ifNumber"] == 55


def _metrics(text):
    assert text is not None
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def _fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from None
    except OSError:
        return None


def _until(holds, patience_s=120.0):
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _free_tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
