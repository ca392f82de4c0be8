"""Prometheus' snmp_exporter scrapes the bench with the modules of its own distribution."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from external import background, free_port, program, until
from running import Running

from twinfeed.emulators import sitefile

pytestmark = pytest.mark.interop

DEVICES = [entry.name for entry in sitefile.read("bench").devices if entry.profile.snmp is not None]

Metrics = dict[str, float]
Scrape = Callable[[str, str], Metrics]


@pytest.fixture(scope="module")
def scrape(bench: Running, shared_data: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrape]:
    """The exporter's result for a device with one of its modules: metric (with its index labels) -> value."""
    exporter = program("prometheus-snmp-exporter", "prometheus-snmp-exporter")
    place = f"127.0.0.1:{free_port()}"
    log = tmp_path_factory.mktemp("exporter") / "exporter.log"
    config = f"--config.file={shared_data / 'snmp_exporter_snmp.yml'}"

    def ask(device: str, module: str) -> Metrics:
        url = f"http://{place}/snmp?module={module}&target={bench.at(device)}"
        with urllib.request.urlopen(url, timeout=120) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {_shortened(name): float(value) for name, _, value in pairs}

    with background([exporter, config, f"--web.listen-address={place}"], log):
        until(lambda: "Listening on" in log.read_text() or "listening" in log.read_text().lower(), log.read_text)
        yield ask


def _shortened(metric: str) -> str:
    """Only the labels that are indices, enumerations and names: `ifHCInOctets{ifName="eth0"}`."""
    name, _, labels = metric.partition("{")
    kept = [
        f"{label}={value}"
        for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)
        if value and (label.endswith(("Index", "Number", "ifName")) or label == name)
    ]
    return f"{name}{{{','.join(kept)}}}" if kept else name


@pytest.mark.parametrize("device", DEVICES)
def test_if_mib_finds_the_interfaces_of_every_device(scrape: Scrape, device: str) -> None:
    found = scrape(device, "if_mib")
    assert found["snmp_scrape_pdus_returned"] > 20
    assert any(name.startswith("ifOperStatus{") and value == 1 for name, value in found.items())


def test_apcups_reads_the_ups(bench: Running, scrape: Scrape) -> None:
    found = scrape("ups-2", "apcups")
    ups: Any = bench.site.components["ups-2"]
    expected = bench.do(
        lambda: {
            "upsAdvBatteryCapacity": ups.charge_percent,
            "upsAdvOutputLoad": ups.load_percent,
            "upsAdvOutputVoltage": ups.output.volts[0],
            "upsAdvInputFrequency": ups.seen["input"].hertz,
            "upsAdvBatteryRunTimeRemaining": ups.runtime_s * 100,
        }
    )
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=0.01, abs=0.6), name


def test_apcups_sees_a_mains_failure(bench: Running, scrape: Scrape) -> None:
    def states() -> dict[str, float]:
        return {name: value for name, value in scrape("ups-2", "apcups").items() if "upsBasicOutputStatus" in name}

    before = states()
    bench.do(lambda: bench.site.inject("utility-b", "outage"))
    try:
        bench.advance(2.0)
        during = scrape("ups-2", "apcups")
        assert states() != before
        bench.advance(2.0)
        later = scrape("ups-2", "apcups")
    finally:
        bench.do(lambda: bench.site.clear("utility-b"))
        bench.advance(1800.0)
    assert during["upsAdvInputLineVoltage"] == 0
    assert later["upsBasicBatteryTimeOnBattery"] > during["upsBasicBatteryTimeOnBattery"] > 0
    assert states() == before


def test_apcups_reads_the_rack_pdu(bench: Running, scrape: Scrape) -> None:
    found = scrape("pdu-1", "apcups")
    pdu: Any = bench.site.components["pdu-1"]
    current, volts = bench.do(lambda: (pdu.amperes[0], pdu.output.volts[0]))
    assert found["rPDU2PhaseStatusCurrent{rPDU2PhaseStatusIndex=1}"] == pytest.approx(current * 10, abs=0.51)
    assert found["rPDU2PhaseStatusVoltage{rPDU2PhaseStatusIndex=1}"] == pytest.approx(volts, abs=0.51)


def test_traffic_counters_move_with_the_plants_clock(bench: Running, scrape: Scrape) -> None:
    def octets() -> float:
        (value,) = (v for name, v in scrape("switch-1", "if_mib").items() if re.match(PORT_OF_PDU_1, name))
        return value

    first = octets()
    bench.advance(60.0)
    per_second = (octets() - first) / 60.0
    polling = bench.site.network.params.poll_kbps * 125.0
    assert polling <= per_second < 20 * polling, "what the station exchanges with the PDU, and the network's own frames"


PORT_OF_PDU_1 = r"ifHCInOctets\{.*\b1/1/4\b"
