"""`twinfeed rig record` and `twinfeed rig drift` on the emulated bench: no drift from itself, and reports of drift."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from running import Running
from typer.testing import CliRunner

from twinfeed.harness.characterise.recording.recording import load
from twinfeed.harness.cli import app
from twinfeed.harness.cli.output import console
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.learning import pace_of
from twinfeed.hil_rigs.lock import BenchLock

Change = tuple[str, str]
RigFile = Callable[..., Path]
FAST = ("--rate", "1000/s")


@pytest.fixture(autouse=True)
def wide(rig: RigFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 160)


def cli(*arguments: object) -> Result:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def drift(rig: Path, *arguments: object) -> Result:
    return cli("rig", "drift", rig, *FAST, *arguments)


def of(result: Result, name: str) -> dict[str, Any]:
    """The `--json` output of that device."""
    found: dict[str, Any] = next(d for d in json.loads(result.stdout)["devices"] if d["name"] == name)
    return found


@pytest.fixture
def twinned(bench: Running, rig: RigFile, tmp_path: Path) -> RigFile:
    """Writes the rig file with a wiring in which texts have been replaced: a twin that is not quite the bench."""

    def write(*changes: Change, file: tuple[Change, ...] = ()) -> Path:
        text = bench.site.file.path.read_text()
        for old, new in changes:
            assert old in text, f"{old!r} is not in the site"
            text = text.replace(old, new)
        (tmp_path / "twin.yaml").write_text(text)
        return rig((f"wiring: {bench.site.file.path}", "wiring: twin.yaml"), *file)

    return write


def with_spare(network: str) -> Change:
    """A device that the wiring does not have."""
    return (
        "devices:\n",
        f"devices:\n  spare-1: {{profile: schneider-pm5000, modbus: {{address: {network}.51, port: 1502, unit: 9}}}}\n",
    )


class TestDrift:
    def test_a_bench_does_not_drift_from_its_own_twin(self, rig: RigFile) -> None:
        result = drift(rig())
        assert (result.exit_code, result.stdout.count("no drift")) == (0, 5), result.output
        assert result.stdout.splitlines()[-1] == "workbench: 5 without drift"

    def test_nothing_is_written(self, rig: RigFile, bench: Running) -> None:
        before = {name: device.state.commands for name, device in bench.site.devices.items()}
        drift(rig())
        assert {name: device.state.commands for name, device in bench.site.devices.items()} == before

    def test_another_firmware_than_the_twin_s_is_drift(self, twinned: RigFile) -> None:
        result = drift(twinned(("serial: BENCH0003", 'serial: BENCH0003, firmware: "1.1.0"')), "ups-3", "meter-1")
        assert result.exit_code == 1
        assert "identity  identification object 2  1.0.0   1.1.0" in result.stdout
        assert result.stdout.splitlines()[-1] == "workbench: 1 without drift, 1 with 1 difference"

    def test_a_twin_of_another_product_is_drift_and_both_products_are_named(self, twinned: RigFile) -> None:
        rig = twinned(
            ("profile: apc-rpdu2", "profile: raritan-px2"), file=(("  pdu-1:\n", "  pdu-1:\n    profile: apc-rpdu2\n"),)
        )
        result = drift(rig, "pdu-1", "--json")
        pdu = of(result, "pdu-1")
        assert result.exit_code == 1
        assert pdu["note"] == "two products: the file says apc-rpdu2, its wiring raritan-px2"
        assert pdu["differences"][0] == {
            "kind": "identity", "where": "sysObjectID", "device": "1.3.6.1.4.1.318.1.3.4.6",
            "twin": "1.3.6.1.4.1.13742.6", "note": "",
        }  # fmt: skip

    def test_values_are_compared_in_the_same_scenario_only(self, rig: RigFile, bench: Running) -> None:
        bench.do(lambda: bench.site.inject("meter-1:frequency", "sensor-bias", {"offset": 10.0}))
        assert drift(rig(), "meter-1").exit_code == 0
        result = drift(rig(), "meter-1", "--same-scenario", "--json")
        assert [(d["kind"], d["where"]) for d in of(result, "meter-1")["differences"]] == [("value", "frequency")]

    def test_a_silent_device_is_said_and_the_others_are_compared(self, rig: RigFile, bench: Running) -> None:
        bench.do(lambda: bench.site.inject("pdu-1", "card-hang"))
        result = drift(rig(), "pdu-1", "meter-1")
        assert result.exit_code == 3
        assert "pdu-1: not compared: " in result.stdout
        assert result.stdout.splitlines()[-1] == "workbench: 1 without drift, 1 not compared"

    def test_a_password_that_is_not_there_is_said_and_the_others_are_compared(
        self, rig: RigFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TEST_AUTH")
        result = drift(rig(), "ups-1", "meter-1", "--json")
        assert result.exit_code == 2
        assert "TEST_AUTH" in of(result, "ups-1")["trouble"]
        assert of(result, "meter-1")["differences"] == []

    def test_a_device_that_the_wiring_does_not_have_is_named(self, rig: RigFile, network: str) -> None:
        result = drift(rig(with_spare(network)), "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["without_twin"] == ["spare-1"]

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("spare-1",), "spare-1: the wiring has no device of that name"),
            (("ups-2",), "the bench workbench has no device 'ups-2'; did you mean ups-"),
            (("ups-3", "--within", "soon"), "soon"),
            (("ups-3", "--scenario", "none.yaml"), "none.yaml"),
        ],
    )
    def test_what_cannot_be_compared_is_told_before_the_bench_is_asked(
        self, rig: RigFile, network: str, arguments: tuple[str, ...], says: str
    ) -> None:
        path = rig(with_spare(network))
        with BenchLock("workbench", "Awa Traoré", "a test"):
            result = drift(path, *arguments)
        assert (result.exit_code, says in result.stderr) == (2, True), result.stderr

    def test_a_bench_that_somebody_has_is_left_alone(self, rig: RigFile) -> None:
        path = rig()
        with BenchLock("workbench", "Awa Traoré", "a test"):
            result = drift(path, "meter-1")
        assert result.exit_code == 3
        assert "the bench workbench is held by Awa Traoré" in result.stderr


class TestRecord:
    def test_a_device_is_recorded_with_the_file_s_access_and_its_twin_does_not_drift(
        self, rig: RigFile, tmp_path: Path
    ) -> None:
        path, output = rig(), tmp_path / "ups-1.jsonl"
        result = cli("rig", "record", path, "ups-1", "-o", output, *FAST)
        assert result.exit_code == 0, result.output
        assert load(output).head["device"].startswith("snmp+v3://")
        assert cli("drift", output, f"{path}:ups-1").exit_code == 0

    def test_over_modbus_what_the_profile_knows_is_read(self, rig: RigFile, tmp_path: Path) -> None:
        output = tmp_path / "meter.jsonl"
        result = cli("rig", "record", rig(), "meter-1", "-o", output, *FAST, "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["identity"]["1"] == "METSEPM5560"

    def test_the_file_s_rate_goes_before_the_option_s(self, rig: RigFile) -> None:
        bench = rigfile.read(rig(("  meter-1:\n", "  meter-1:\n    rate: 4\n")))
        assert (pace_of(bench, "meter-1", 10).interval_s, pace_of(bench, "ups-3", 10).interval_s) == (0.25, 0.1)

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("ups-9",), "the bench workbench has no device 'ups-9'; did you mean"),
            (("meter-1", "--over", "snmp"), "meter-1: the rig file has no address of it for snmp"),
            (("meter-1", "--under", "1.3.6.1"), "--under is for SNMP"),
            (("ups-1", "--under", "system"), "expected an OID of at least two numbers"),
            (("ups-1", "--ranges", "holding:0"), "--ranges is for Modbus"),
        ],
    )
    def test_a_wrong_argument_is_told(
        self, rig: RigFile, tmp_path: Path, arguments: tuple[str, ...], says: str
    ) -> None:
        result = cli("rig", "record", rig(), *arguments, "-o", tmp_path / "x.jsonl")
        assert (result.exit_code, says in result.stderr) == (2, True), result.stderr
