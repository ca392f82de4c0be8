"""`twinfeed rig check` on the emulated bench: its output when all is fine, and of each thing that is not."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from checked import Checked
from running import Running
from typer.testing import CliRunner

from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.clocks import day_of
from twinfeed.hil_rigs.checking.identities import wrong_clocks
from twinfeed.hil_rigs.cli import app
from twinfeed.hil_rigs.connecting import connect
from twinfeed.hil_rigs.lock import BenchLock


class TestInOrder:
    def test_a_bench_that_is_as_its_file_says_passes(self, checked: Checked) -> None:
        answer = checked()
        assert (answer.code, answer.said["level"]) == (0, "notice")
        assert [device["name"] for device in answer.said["devices"]] == [
            "ups-1",
            "ups-3",
            "pdu-1",
            "meter-1",
            "relay-1",
        ]

    def test_every_device_says_who_it_is_over_its_own_protocol(self, checked: Checked) -> None:
        answer = checked()
        ups, relay = answer.device("ups-3"), answer.device("relay-1")
        assert (ups["product"], ups["serial"], ups["firmware"]) == ("Smart-UPS", "BENCH0003", "1.0.0")
        assert (relay["product"], relay["where"].startswith("modbus://")) == ("ADAM-6060", True)
        assert answer.device("pdu-1")["object_id"] == "1.3.6.1.4.1.318.1.3.4.6"

    def test_every_point_is_read_and_timed(self, checked: Checked) -> None:
        relay = checked().device("relay-1")
        assert relay["points"] == 20  # six inputs, six relays, six counters, two words
        assert 0.0 < relay["median_s"] <= relay["worst_s"] < relay["timeout_s"]

    def test_interlocks_and_actuators_are_tried_dry(self, checked: Checked) -> None:
        fine = {f["on"]: f["found"] for f in checked().said["findings"] if f["level"] == "fine"}
        assert fine["charge"].startswith("ups-1.battery.charge is 100: margin 60; silence stops the bench after 30 s")
        assert {"supplied", "chiller-breaker", "rack-cord"} <= fine.keys()

    def test_nothing_is_written(self, checked: Checked, bench: Running) -> None:
        before = {name: device.state.commands for name, device in bench.site.devices.items()}
        checked()
        assert {name: device.state.commands for name, device in bench.site.devices.items()} == before

    def test_points_without_a_value_are_named_and_do_no_harm(self, checked: Checked) -> None:
        finding = checked().one("pdu-1", "points")
        assert finding["level"] == "notice"
        assert finding["points"] == ["sensor.1.temperature", "sensor.1.humidity"]  # no probe is plugged in


class TestIdentity:
    def test_another_product_at_the_address_is_noticed_without_any_word_in_the_file(
        self, checked: Checked, network: str
    ) -> None:
        answer = checked((f"{network}.51, port: 1502", f"{network}.32, port: 1502"))
        finding = answer.one("meter-1", "identity")
        assert finding["found"] == "it calls itself 'Siemens 3KC ATC6300': another device"
        assert finding["expected"] == "'Schneider Electric METSEPM5560' (schneider-pm5000)"
        assert answer.code == 1

    def test_another_maker_s_agent_is_noticed_by_its_sys_object_id(self, checked: Checked, network: str) -> None:
        answer = checked((f"{network}.21", f"{network}.22"), ("identity: {object_id: 1.3.6.1.4.1.318, ", "identity: {"))
        finding = answer.one("pdu-1", "identity")
        assert finding["found"] == "sysObjectID 1.3.6.1.4.1.13742.6: another device"
        assert finding["expected"] == "1.3.6.1.4.1.318.1.3.4.6 (apc-rpdu2)"

    def test_another_device_of_the_same_product_is_noticed_by_its_serial_number(self, checked: Checked) -> None:
        finding = checked(("BENCH0021", "BENCH0099")).one("pdu-1", "identity")
        assert (finding["found"], finding["expected"]) == ("serial number BENCH0021: another device", "BENCH0099")

    def test_firmware_that_is_not_in_the_file_is_printed_to_be_entered(self, checked: Checked) -> None:
        answer = checked(('BENCH0003, firmware: "1.0.0"', "BENCH0003"))
        assert answer.one("ups-3", "firmware")["do"] == 'enter it: identity: {firmware: "1.0.0"}'
        assert answer.code == 0

    def test_other_firmware_than_the_file_s_is_a_problem(self, checked: Checked) -> None:
        answer = checked(('BENCH0003, firmware: "1.0.0"', 'BENCH0003, firmware: "0.9.1"'))
        assert answer.one("ups-3", "firmware")["level"] == "problem"


class TestUnreachable:
    def test_a_silent_device_is_said_with_what_to_look_at(self, checked: Checked, bench: Running) -> None:
        bench.do(lambda: bench.site.inject("pdu-1", "card-hang"))
        answer = checked()
        finding = answer.one("pdu-1", "reach")
        assert (answer.code, finding["found"]) == (3, "no answer in 2 tries of 1 s")
        assert "a wrong community" in finding["do"]
        assert answer.device("relay-1")["level"] == "fine"  # the others are checked all the same

    def test_what_hangs_on_a_silent_device_is_said_too(self, checked: Checked, bench: Running) -> None:
        bench.do(lambda: bench.site.inject("pdu-1", "card-hang"))
        assert checked().one("rack-cord", "actuator")["found"] == "could not move: pdu-1 was not read: see there"

    def test_a_wrong_modbus_unit_is_told_from_a_silent_gateway(self, checked: Checked, network: str) -> None:
        answer = checked((f"{network}.81, port: 1502", f"{network}.81, port: 1502, unit: 9"))
        finding = answer.one("relay-1", "reach")
        assert finding["found"] == "the gateway answers: exception 11 (gateway target device failed to respond)"
        assert finding["do"].startswith("check the unit number")

    def test_an_expired_password_is_told_from_a_silent_device(
        self, rig: Callable[..., Path], checked: Checked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEST_AUTH", "expired-password")
        answer = checked()
        finding = answer.one("ups-1", "credentials")
        assert "refuses the SNMPv3 user twinfeed: Wrong SNMP PDU digest" in finding["found"]
        assert "env:TEST_AUTH" in finding["do"]
        assert "expired-password" not in json.dumps(answer.said)
        assert answer.code == 1

    def test_a_password_that_is_not_there_does_not_stop_the_check_of_the_others(
        self, rig: Callable[..., Path], checked: Checked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TEST_AUTH")
        answer = checked()
        assert "env:TEST_AUTH: the environment variable is not set" in answer.one("ups-1", "credentials")["found"]
        assert answer.device("ups-3")["level"] == "fine"

    def test_a_serial_port_that_is_not_there(self, checked: Checked, network: str, tmp_path: Path) -> None:
        port = tmp_path / "ttyUSB7"
        answer = checked((f"address: {network}.13, port: 1502", f"serial: {port}"))
        finding = answer.one("ups-3", "port")
        assert (answer.code, finding["found"]) == (3, f"{port}: is not there")
        assert finding["do"] == "plug the adapter in, or correct `serial`; there is none at all"

    def test_there_is_a_bound_to_how_long_it_takes(self, rig: Callable[..., Path], bench: Running) -> None:
        bench.do(lambda: bench.site.inject("pdu-1", "card-hang"))
        slow = ("write: ", "timeout: 600s, write: ")
        patient = ("may_arm: ", "limits: {safe_within: 1h}\nmay_arm: ")
        result = CliRunner().invoke(app, ["check", str(rig(slow, patient)), "--json", "--within", "2s"])
        found = [f["found"] for f in json.loads(result.stdout)["findings"] if f["on"] == "pdu-1"]
        assert (found, result.exit_code) == (["was not done in time"], 3)


class TestPoints:
    def test_a_value_that_cannot_be(self, checked: Checked, bench: Running) -> None:
        bench.do(lambda: bench.site.inject("meter-1:frequency", "sensor-bias", {"offset": 450.0}))
        answer = checked()
        finding = answer.one("meter-1", "range")
        assert (finding["found"], finding["expected"]) == ("frequency is 500 Hz", "0 … 100 Hz")
        assert answer.code == 1

    def test_a_value_of_another_scale_is_noticed_beside_the_twin(self, checked: Checked, bench: Running) -> None:
        bench.do(lambda: bench.site.inject("meter-1:frequency", "sensor-bias", {"offset": -45.0}))
        finding = checked().one("meter-1", "range")
        assert finding["found"] == "frequency is 5 Hz: 1/10 of what the twin has"
        assert finding["expected"] == "50 Hz"


class TestClocks:
    GENERATOR = (
        "devices:\n",
        'devices:\n  generator-1:\n    modbus: {{address: {0}.41, port: 1502, unit: 1}}\n    identity: {{firmware: "1.0.0"}}\n',
    )

    def test_a_clock_that_is_off_is_said_with_how_far(self, checked: Checked, network: str) -> None:
        """The emulated set's clock starts at 1 January 2026."""
        answer = checked((self.GENERATOR[0], self.GENERATOR[1].format(network)))
        finding = answer.one("generator-1", "clock")
        assert finding["found"].startswith("its clock is ")
        assert finding["found"].endswith(" d behind")
        assert answer.code == 1

    def test_the_same_finding_keeps_the_bench_from_being_armed(self, rig: Callable[..., Path], network: str) -> None:
        bench = rigfile.read(rig((self.GENERATOR[0], self.GENERATOR[1].format(network))))

        async def asked(off_s: float) -> list[str]:
            handles = {"generator-1": connect(bench)["generator-1"]}
            try:
                day_s = await day_of(Asked(handles["generator-1"], bench.bench.devices["generator-1"]))
                assert day_s is not None
                return await wrong_clocks(bench, handles, lambda: day_s + off_s)
            finally:
                handles["generator-1"].close()

        assert asyncio.run(asked(20.0)) == []
        assert asyncio.run(asked(60.0)) == [
            "generator-1: its clock is 60 s behind, expected this computer's time, within 30 s; set it, or this "
            "computer's: its log cannot be laid beside the record"
        ]


class TestPapers:
    def test_an_overdue_calibration_keeps_the_bench_from_passing(self, checked: Checked) -> None:
        answer = checked(("due: 2027-01-15", "due: 2026-01-16"))
        assert answer.one("meter-1.power.total", "calibration")["found"] == "LNM-0412: calibration was due 2026-01-16"
        assert answer.code == 1

    def test_a_bench_that_nobody_may_arm(self, checked: Checked) -> None:
        assert (
            checked(("may_arm: [Awa Traoré]", "may_arm: []")).one("", "arming")["do"]
            == "enter who may: may_arm: [NAME]"
        )


class TestSafety:
    def test_an_interlock_that_does_not_hold_now(self, checked: Checked) -> None:
        finding = checked(("above: 40", "below: 60")).one("charge", "interlock")
        assert finding["found"] == "ups-1.battery.charge is 100: it would stop the bench at once"

    def test_an_interlock_that_is_read_too_seldom_to_be_known(self, checked: Checked) -> None:
        finding = checked(("stale: 30s", "stale: 1s")).one("charge", "interlock")
        assert finding["found"].endswith("it always stops the bench")

    def test_an_actuator_that_does_not_stand_where_it_should(self, checked: Checked) -> None:
        finding = checked(('    normal: "off"\n', "")).one("chiller-breaker", "actuator")
        assert (finding["found"], finding["expected"]) == ("stands at off", "on, as in normal operation")


class TestOneUserAtATime:
    def test_a_bench_that_somebody_has_is_not_asked(self, rig: Callable[..., Path]) -> None:
        path = rig()
        with BenchLock("workbench", person="Moussa Keïta"):
            result = CliRunner().invoke(app, ["check", str(path)])
        assert result.exit_code == 3
        assert "the bench workbench is held by Moussa Keïta" in result.output


class TestForPeople:
    def test_the_table_fits_in_a_hundred_columns(self, rig: Callable[..., Path]) -> None:
        output = CliRunner().invoke(app, ["check", str(rig()), "--lang", "en"]).stdout
        assert max(map(len, output.splitlines())) <= 100
        assert re.search(
            r"The bench is as its file says; notices: [12]\.", output
        )  # the number depends on what the bench has just done

    def test_it_is_told_in_french(self, rig: Callable[..., Path]) -> None:
        path = rig(("above: 40", "below: 60"))
        output = CliRunner().invoke(app, ["check", str(path), "--lang", "fr"]).stdout
        assert "Le banc émulé" in output
        assert "amenez-y le banc" in output
        assert "Pas prêt : 1 à corriger" in output

    def test_a_wrong_file_exits_with_2_and_its_line(self, rig: Callable[..., Path]) -> None:
        path = rig(("may_arm:", "may_arn:"))
        result = CliRunner().invoke(app, ["check", str(path)])
        assert (result.exit_code, "rig.yaml:3: may_arn: unknown field" in result.output) == (2, True)

    def test_a_language_that_is_not_there(self, rig: Callable[..., Path]) -> None:
        result = CliRunner().invoke(app, ["check", str(rig()), "--lang", "de"])
        assert (result.exit_code, "expected one of: en, fr" in result.output) == (2, True)
