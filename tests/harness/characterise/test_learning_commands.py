"""`twinfeed record`, `replay-device`, `drift` and `profile new` as their users run them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import SOCK_DGRAM, SOCK_STREAM

import pytest
from click.testing import Result
from external import free_port, until
from typer.testing import CliRunner

from tests.docs.promises import kept_by
from twinfeed.emulators.profiles import library
from twinfeed.harness.characterise.drift.twin import Twin
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load, snmprec_lines
from twinfeed.harness.cli import app
from twinfeed.harness.cli.output import console

ROOT = Path(__file__).parents[3]
Cli = Callable[..., Result]
CHARGE = "1.3.6.1.2.1.33.1.2.4.0"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setattr(console, "width", 160)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def ups(tmp_path: Path) -> Path:
    """A .snmprec file of an emulated UPS."""
    path = tmp_path / "ups.snmprec"
    lines = snmprec_lines(Twin("bench", "ups-1", "snmp").recording([0.0]).walks[0])
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    """A recording of an emulated meter's registers, of which some are refused."""
    path = tmp_path / "meter.jsonl"
    recording = Recording(
        {"twinfeed": "recording", "version": 1, "protocol": "modbus", "device": "modbus://meter",
         "identity": {"0": "Maker", "1": "M", "2": "1"}}
    )  # fmt: skip
    items = [
        {"walk": 1, "t_s": 0.0},
        {"t_s": 0.1, "registers": ["holding", 100, "138b08fd"]},
        {"t_s": 0.1, "refused": ["holding", 102, 3, 2]},
        {"walk": 1, "t_s": 0.2, "end": True},
    ]
    path.write_text("".join(json.dumps(item) + "\n" for item in (recording.head, *items)))
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "twinfeed.harness.cli", *map(str, arguments)]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def replayed(recording: Path, port: int) -> Iterator[str]:
    """The address at which `twinfeed replay-device` serves it, in a process of its own."""
    line = command("replay-device", recording, "--port", port, "--json")
    with subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield kept_by("replay-device", process.stdout.readline())["listens"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0


def test_a_replayed_recording_is_recorded_as_it_is(cli: Cli, ups: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    with replayed(ups, free_port(SOCK_DGRAM)) as address:
        result = cli("record", address, "-o", again, "--rate", "1000/s", "--json")
    assert result.exit_code == 0, result.output
    assert load(again).walks[0].variables == load(ups).walks[0].variables
    assert json.loads(result.stdout)["values"] == len(load(ups).walks[0])


def test_a_replayed_meter_is_recorded_as_it_is(cli: Cli, meter: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    with replayed(meter, free_port(SOCK_STREAM)) as address:
        result = cli("record", address, "-o", again, "--rate", "1000/s", "--ranges", "holding:100-104")
    assert result.exit_code == 0, result.output
    theirs, ours = load(meter), load(again)
    assert (ours.walks[0].registers, ours.walks[0].refused) == (theirs.walks[0].registers, theirs.walks[0].refused)
    assert ours.identity == theirs.identity
    assert "2 values in the last one, 3 refused" in result.stdout


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_recorder_that_is_ended_goes_on_where_it_was(cli: Cli, ups: Path, tmp_path: Path, number: int) -> None:
    again = tmp_path / "again.jsonl"
    with replayed(ups, free_port(SOCK_DGRAM)) as address:
        arguments = ("record", address, "-o", again, "--rate")
        with subprocess.Popen(command(*arguments, "5/s"), env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as first:
            until(lambda: again.exists() and again.read_bytes().count(b"variables") >= 3)
            first.send_signal(number)
            _, said = first.communicate(timeout=120)
        if number == signal.SIGINT:
            assert first.returncode == 3
            assert f"stopped; the answers so far are kept in {again}: run the same command again to continue" in said
        held = again.read_bytes()
        result = cli(*arguments, "1000/s")
    assert result.exit_code == 0, result.output
    assert again.read_bytes().startswith(held[: held.rfind(b"\n") + 1])
    assert load(again).walks[0].variables == load(ups).walks[0].variables


def test_a_device_that_is_not_there_is_said_and_leaves_no_file(cli: Cli, tmp_path: Path) -> None:
    address = f"snmp://127.0.0.1:{free_port(SOCK_DGRAM)}"
    result = cli("record", address, "-o", tmp_path / "r.jsonl", "--timeout", "100ms", "--rate", "1000/s")
    assert result.exit_code == 3
    assert f"{address} 1.3.6.1.2.1.1.1.0: no answer in 0.1 s" in result.stderr
    assert not (tmp_path / "r.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ups-1",), "expected snmp://HOST"),
        (("snmp://127.0.0.1", "--ranges", "holding:0"), "--ranges is for Modbus"),
        (("snmp://127.0.0.1", "--under", "system"), "expected an OID"),
        (("modbus://127.0.0.1",), "Modbus needs --ranges (holding:0-199) or --profile"),
        (("modbus://127.0.0.1", "--under", "1.3.6"), "--under is for SNMP"),
        (("modbus://127.0.0.1", "--ranges", "all"), "expected TABLE:FIRST-LAST"),
        (("modbus://127.0.0.1", "--profile", "ups-rfc1628"), "has no entries for Modbus"),
        (("modbus://127.0.0.1", "--profile", "ups-9000"), "no profile is called 'ups-9000'"),
        (("snmp://127.0.0.1", "--rate", "fast"), "expected a rate"),
        (("snmp://127.0.0.1", "--every", "often"), "expected a time"),
        (("snmp+v3://127.0.0.1",), "needs a user"),
    ],
)
def test_a_wrong_option_is_told(cli: Cli, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    result = cli("record", *arguments, "-o", tmp_path / "r.jsonl")
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "r.jsonl").exists()


def test_a_walk_is_exported_as_a_snmprec_file(cli: Cli, ups: Path, tmp_path: Path) -> None:
    result = cli("replay-device", ups, "--export", tmp_path / "out.snmprec", "--json")
    assert json.loads(result.stdout)["file"] == str(tmp_path / "out.snmprec")
    assert (tmp_path / "out.snmprec").read_text() == ups.read_text()
    assert cli("replay-device", ups, "--export", tmp_path / "x", "--walk", 2).exit_code == 2


def test_a_file_that_is_no_recording_is_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.snmprec").write_text("hello\n")
    result = cli("replay-device", tmp_path / "x.snmprec")
    assert result.exit_code == 2
    assert "x.snmprec:1: found 'hello'" in result.stderr


class TestDrift:
    def test_without_differences_it_exits_with_0(self, cli: Cli, ups: Path) -> None:
        result = cli("drift", ups, "bench:ups-1")
        assert (result.exit_code, "no drift" in result.stdout) == (0, True), result.output

    def test_with_differences_it_exits_with_1_and_tells_them(self, cli: Cli, ups: Path) -> None:
        ups.write_text(ups.read_text().replace(f"{CHARGE}|2|", f"{CHARGE}|66|"))
        result = cli("drift", ups, "ups-rfc1628")
        assert result.exit_code == 1
        assert "type: another ASN.1 type (1)" in result.stdout
        assert f"{CHARGE} battery.charge  gauge32  integer" in result.stdout

    def test_programs_get_json(self, cli: Cli, ups: Path) -> None:
        ups.write_text(ups.read_text().replace(f"{CHARGE}|2|100", f"{CHARGE}|2|40"))
        result = cli("drift", ups, "bench:ups-1", "--same-scenario", "--json")
        document = json.loads(result.stdout)
        assert (document["twin"], document["profile"]) == ("bench:ups-1", "ups-rfc1628")
        assert document["differences"] == [
            {"kind": "value", "where": "battery.charge", "device": "40 %", "twin": "100 %", "note": "by 60 %, at 0 s"}
        ]

    def test_two_addresses_are_compared(self, cli: Cli, ups: Path) -> None:
        with replayed(ups, free_port(SOCK_DGRAM)) as address:
            result = cli("drift", address, address, "--profile", "ups-rfc1628", "--rate", "1000/s")
        assert (result.exit_code, "no drift" in result.stdout) == (0, True), result.output

    @pytest.mark.parametrize(
        ("twin", "says"),
        [
            ("bench:ups-9", "bench has no device 'ups-9'; did you mean"),
            ("nowhere:ups-1", "nowhere"),
            ("ups-9000", "name a device as SITE:DEVICE"),
            ("bench:meter-1", "does not speak snmp"),
        ],
    )
    def test_a_twin_that_is_not_there_is_told(self, cli: Cli, ups: Path, twin: str, says: str) -> None:
        result = cli("drift", ups, twin)
        assert result.exit_code == 2
        assert says in result.stderr

    def test_a_recording_that_is_not_there_is_told(self, cli: Cli, tmp_path: Path) -> None:
        result = cli("drift", tmp_path / "none.jsonl", "bench:ups-1")
        assert result.exit_code == 2
        assert "cannot be read: No such file" in result.stderr

    def test_a_scenario_happens_to_the_twin_too(self, cli: Cli, tmp_path: Path) -> None:
        scenario = tmp_path / "outage.yaml"
        scenario.write_text(
            "site: bench\nduration_s: 2min\ninjections:\n"
            "  - {target: utility-a, kind: outage, at_s: 20 s}\n  - {target: utility-b, kind: outage, at_s: 20 s}\n"
        )
        device = tmp_path / "device.jsonl"
        head = {"twinfeed": "recording", "version": 1, "protocol": "snmp", "device": "snmp://ups"}
        still = Twin("bench", "ups-1", "snmp").recording([0.0, 15.0, 30.0])
        device.write_text("".join(json.dumps(item) + "\n" for item in (head, *map_lines(still.walks))))
        result = cli("drift", device, "bench:ups-1", "--scenario", scenario)
        assert result.exit_code == 1
        assert "output.source" in result.stdout
        assert "battery at 15 to 30 s" in result.stdout


def map_lines(walks: list[Walk]) -> Iterator[dict[str, object]]:
    """Walks as the lines of a recording."""
    for walk in walks:
        yield {"walk": walk.number, "t_s": walk.t_s}
        yield {"t_s": walk.t_s, "variables": list(snmprec_lines(walk))}
        yield {"walk": walk.number, "t_s": walk.t_s, "end": True}


class TestProfileNew:
    def test_a_register_list_becomes_a_profile(self, cli: Cli, meter: Path, tmp_path: Path) -> None:
        (tmp_path / "map.csv").write_text("address,name,unit,scale\n100,Frequency,Hz,0.01\n101,Voltage L1,V,0.1\n")
        output = tmp_path / "my-meter.yaml"
        arguments = ("--kind", "meter", "--registers", tmp_path / "map.csv", "--recording", meter, "-o", output)
        result = cli("profile", "new", "my-meter", *arguments)
        assert result.exit_code == 0, result.output
        assert "2 entries show a point (100 %), 0 a fixed value; 0 TODOs are left" in result.stdout
        assert library.load(output).vendor == "Maker"
        assert cli("profile", "new", "my-meter", *arguments).exit_code == 2  # it is there: not without --force
        again = json.loads(cli("profile", "new", "my-meter", *arguments, "--force", "--json").stdout)
        assert (again["points"], again["todos"]) == (2, 0)

    def test_a_mib_becomes_a_profile(self, cli: Cli, shared_data: Path, tmp_path: Path) -> None:
        recording = shared_data / "recordings" / "generex-ups_cs141.snmprec"
        output = tmp_path / "my-ups.yaml"
        result = cli(
            "profile", "new", "my-ups", "--kind", "ups", "--mib", "UPS-MIB", "--mib-dir", shared_data / "mibs",
            "--recording", recording, "-o", output,
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        assert "it loads as it is" in result.stdout

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--kind", "toaster", "--mib", "UPS-MIB"), "--kind toaster: expected one of"),
            (("--kind", "ups"), "expected --mib MODULE or --registers FILE"),
            (("--kind", "ups", "--registers", "none.csv"), "needs a recording of Modbus"),
            (("--kind", "ups", "--mib", "UPS-MIB", "--mib-dir", "/nowhere"), "there is no such folder"),
            (("--kind", "ups", "--mib", "UPS-MIB", "-o", "other.yaml"), "a profile's file has its name"),
        ],
    )
    def test_a_wrong_option_is_told(
        self,
        cli: Cli,
        ups: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        arguments: tuple[str, ...],
        says: str,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        result = cli("profile", "new", "my-ups", "--recording", ups, *arguments)
        assert result.exit_code == 2
        assert says in result.stderr
