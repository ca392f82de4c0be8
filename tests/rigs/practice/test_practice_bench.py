"""A bench without its hardware: the practice rig file leads to emulators, and a whole check passes on it."""

from __future__ import annotations

import shlex
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.docs.promises import kept_by
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.checking.bench import check
from twinfeed.hil_rigs.checking.findings import Level
from twinfeed.hil_rigs.lock import FOLDER_VARIABLE
from twinfeed.hil_rigs.places import held
from twinfeed.hil_rigs.practice import bench, first_test, twin
from twinfeed.hil_rigs.rigfile import Rig

PASSWORD = "for-practice-only"

PARTLY = """\
bench: partly
may_arm: [Awa Traoré]
wiring:
  power:
    utility-a: {kind: utility, capacity_kw: 10}
    k1: {kind: breaker, from: utility-a, rated_a: 16}
    ups-1: {kind: ups, from: {input: k1}, kva: 1.5, kw: 1.35, phases: 1, device: {profile: apc-smartups-modbus}}
  racks:
    rack-1: {kind: rack, from: {a: ups-1}, rack_kw: 1, psu_side_kw: 2}
devices:
  ups-1: {modbus: {serial: /dev/ttyUSB0, unit: 1}, identity: {serial: AS0000000077}}
  relay-1: {profile: advantech-adam-6060, modbus: {address: 192.0.2.13}}
actuators:
  contactor: {relay: relay-1.relay.1.closed, normal: "off", causes: {k1 trip: "on"}}
  source:
    scpi: {resource: "TCPIP::192.0.2.30::5025::SOCKET", positions: {"on": ["OUTP ON"], "off": ["OUTP OFF"]}}
    proof: {quantity: ups-1.input.1.voltage, below: 50}
  plug:
    operator: {do: {"on": Plug it in., "off": Pull the plug.}}
    causes: {utility-a outage: "off"}
    proof: {quantity: ups-1.input.1.voltage, below: 50}
  plug-seen-by-the-relay-board:
    operator: {do: {"on": Plug it in., "off": Pull the plug.}}
    proof: {quantity: rack-1.supplied, is: false}
instruments:
  rack-1.supplied: {point: relay-1.input.1.on}
  k1.volts: {scpi: "TCPIP::192.0.2.31::5025::SOCKET MEAS:VOLT?"}
interlocks:
  charge: {quantity: ups-1.battery.charge, above: 40}
  supplied: {quantity: rack-1.supplied, is: true}
limits: {safe_within: 20s}
inhibit: [{daily: "00:00-23:59"}]
order: {de_energise: [plug, contactor, source], energise: [source, contactor, plug]}
"""
"""A bench of which a part only can be emulated: the relay board is not in the wiring, source and voltmeter speak SCPI."""


@asynccontextmanager
async def practice_of(rig: Rig, folder: Path) -> AsyncIterator[tuple[Rig, bench.Drafted]]:
    """The practice bench of a rig file while its twin is served, and what was drafted."""
    secret = folder / bench.PASSWORD
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    served = await twin.start(rig, PASSWORD)
    try:
        drafted = bench.drafted(rig, served, secret)
        path = folder / "practice.yaml"
        path.write_text(drafted.text, encoding="utf-8")
        yield rigfile.read(path), drafted
    finally:
        await served.live.stop()


@pytest.fixture
def partly(tmp_path: Path) -> Rig:
    path = tmp_path / "partly.yaml"
    path.write_text(PARTLY, encoding="utf-8")
    return rigfile.read(path)


@pytest.mark.parametrize("name", rigfile.names())
async def test_every_shipped_bench_passes_its_check_in_practice(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    async with practice_of(rigfile.read(name), tmp_path) as (practice, _), held(practice) as here:
        report = await check(here, 60.0, lambda device, done: None)
    assert practice.bench.devices.keys() == rigfile.read(name).bench.devices.keys()
    assert report.worst() < Level.PROBLEM, [finding.as_data() for finding in report.findings]


async def test_no_device_is_reached_beyond_loopback(partly: Rig, tmp_path: Path) -> None:
    async with practice_of(partly, tmp_path) as (practice, _):
        ways = [way for device in practice.bench.devices.values() for way in (device.modbus, device.snmp) if way]
    assert {way.address for way in ways} == {"127.0.0.1"}


async def test_things_without_an_emulator_are_left_out_with_all_that_depends_on_them(
    partly: Rig, tmp_path: Path
) -> None:
    async with practice_of(partly, tmp_path) as (practice, drafted):
        kept = practice.bench
    assert dict(drafted.left_out) == {
        "devices.relay-1": bench.NO_EMULATOR,
        "instruments.rack-1.supplied": bench.DEPENDS,
        "instruments.k1.volts": bench.NOT_SERVED,
        "actuators.contactor": bench.DEPENDS,
        "actuators.source": bench.NOT_SERVED,
        "actuators.plug-seen-by-the-relay-board": bench.DEPENDS,
        "interlocks.supplied": bench.DEPENDS,
        "inhibit": bench.IN_USE_AT_ALL_HOURS,
    }
    assert (list(kept.devices), list(kept.actuators), list(kept.interlocks)) == (["ups-1"], ["plug"], ["charge"])
    assert kept.order.de_energise == ["plug"]


async def test_a_practice_bench_is_never_taken_for_the_real_one(partly: Rig, tmp_path: Path) -> None:
    before = partly.path.read_bytes()
    async with practice_of(partly, tmp_path) as (practice, _):
        assert practice.name == "partly-practice"
    assert partly.path.read_bytes() == before


async def test_the_first_test_moves_what_needs_no_hands(tmp_path: Path) -> None:
    async with practice_of(rigfile.read("ups-bench"), tmp_path) as (practice, _):
        path = first_test.written(tmp_path, practice)
    assert path is not None
    assert 'site.inject("utility-a", "outage"' in path.read_text(encoding="utf-8")


async def test_there_is_no_first_test_where_every_move_needs_hands(partly: Rig, tmp_path: Path) -> None:
    async with practice_of(partly, tmp_path) as (practice, _):
        assert first_test.written(tmp_path, practice) is None


async def test_a_bench_whose_devices_are_not_in_its_wiring_cannot_be_practised(tmp_path: Path) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text(
        PARTLY.replace(", device: {profile: apc-smartups-modbus}", "").replace(
            "  ups-1: {modbus", "  ups-1: {profile: apc-smartups-modbus, modbus"
        )
    )
    with pytest.raises(twin.NoPractice, match="no device of the bench is in its `wiring`"):
        await twin.start(rigfile.read(path), PASSWORD)


def test_the_command_serves_and_the_check_that_it_prints_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="tf-", dir="/tmp"))
    program = [sys.executable, "-m", "twinfeed.harness.cli"]
    with subprocess.Popen(
        [*program, "rig", "practise", "ups-bench", "--lang", "en", "--stop-after", "120", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            command = kept_by("rig practise", process.stdout.readline())["commands"][0]
            assert command.startswith("twinfeed rig check ")
            assert stat.S_IMODE((tmp_path / "ups-bench-practice" / "password").stat().st_mode) == 0o600
            checked = subprocess.run(
                [*program, *shlex.split(command)[1:]], cwd=tmp_path, capture_output=True, text=True, timeout=100
            )
        finally:
            process.terminate()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert process.returncode == 0
