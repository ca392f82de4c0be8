"""Commands that talk to the running site: what they print, as tables and as JSON, and their exit codes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from terminal import Up

Cli = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("up")


def data(result: Result, code: int | None = 0) -> Any:
    assert code in (None, result.exit_code), result.output
    return json.loads(result.stdout)


def said(result: Result) -> str:
    """The error text, on standard error, in one line."""
    assert result.stdout == ""
    return " ".join(result.stderr.split())


@pytest.fixture
def quiet(cli: Cli) -> None:
    """Clears what a test has broken, and waits until the site is at peace: only then the next test begins."""
    yield
    cli("clear")
    deadline = time.monotonic() + 120.0
    while cli("status").exit_code != 0:
        assert time.monotonic() < deadline, cli("status").output
        time.sleep(0.1)


# reading ---------------------------------------------------------------------------------------------------------


def test_status_of_a_quiet_site(cli: Cli) -> None:
    now = data(cli("status", "--json"))
    assert (now["site"], now["alarms"], now["faults"]) == ("workbench", [], [])
    assert now["reachable"] == now["devices"] == 18
    shown = cli("status")
    assert shown.exit_code == 0
    assert "workbench  A bench with one device of each kind" in shown.stdout
    assert "devices reachable 18 of 18" in shown.stdout
    assert "no alarms" in shown.stdout


def test_devices_are_listed_with_where_and_how_they_are(cli: Cli) -> None:
    shown = cli("devices", "pdu").stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["device", "pdu-1", "pdu-2"]
    assert "apc-rpdu2" in shown
    assert "snmp://127." in shown
    (ups,) = data(cli("devices", "ups-1", "--json"))
    assert (ups["kind"], ups["profile"], ups["state"], ups["alarms"]) == ("ups", "ups-rfc1628", "up", [])
    assert ups["values"][0] == {"label": "", "point": "ups.mode", "value": "online", "unit": "", "text": "online"}


def test_every_device_shows_a_few_values(cli: Cli) -> None:
    shown = {device["name"]: device["values"] for device in data(cli("devices", "--json"))}
    assert [name for name, values in shown.items() if not 2 <= len(values) <= 4] == []


def test_no_device_of_that_name_is_a_no(cli: Cli) -> None:
    result = cli("devices", "boiler")
    assert result.exit_code == 1
    assert "no device's name contains 'boiler'" in said(result)


def test_points_are_listed_with_unit_access_and_meaning(cli: Cli) -> None:
    found = {point["point"]: point for point in data(cli("points", "ups-1", "battery", "--json"))}
    assert found["battery.charge"]["unit"] == "%"
    assert found["battery.charge"]["access"] == "ro"
    assert all("battery" in name for name in found)
    table = cli("points", "pdu-1", "outlet.3.control").stdout
    assert "rw" in table
    assert "none, on, off, reboot" in " ".join(table.split())


def test_a_point_is_read(cli: Cli) -> None:
    assert cli("read", "ups-1", "battery.charge").stdout == "100 %\n"
    answer = data(cli("read", "ups-1", "battery.charge", "--json"))
    assert (answer["device"], answer["point"], answer["value"], answer["unit"]) == ("ups-1", "battery.charge", 100, "%")


def test_every_point_of_every_device_is_sound_json(cli: Cli) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON (RFC 8259)")

    for device in data(cli("devices", "--json")):
        points = json.loads(cli("points", device["name"], "--json").stdout, parse_constant=refuse)
        missing = [point["point"] for point in points if point["value"] is None]
        assert len(points) > 10
        assert all(name.startswith("sensor.") for name in missing), f"{device['name']} has no {missing}"


def test_a_reading_that_is_missing_is_said_to_be(cli: Cli) -> None:
    assert cli("read", "pdu-2", "sensor.1.temperature").stdout == "no reading °C\n"


# acting ----------------------------------------------------------------------------------------------------------


def test_an_outlet_is_switched_by_a_write(cli: Cli) -> None:
    for word in ("off", "on"):
        assert cli("write", "pdu-2", "outlet.12.control", word).stdout == f"pdu-2 outlet.12.control = {word}\n"
        assert cli("read", "pdu-2", "outlet.12.state").stdout == f"{word}\n"


def test_a_number_is_written_as_a_number(cli: Cli) -> None:
    assert data(cli("write", "pdu-2", "outlet.12.reboot_duration", "12.5", "--json"))["value"] == 12.5


@pytest.mark.usefixtures("quiet")
def test_a_fault_raises_alarms_and_the_exit_code_says_so(cli: Cli) -> None:
    assert cli("fault", "ups-1", "fan").stdout == "ups-1 now suffers fan until `twinfeed clear`\n"
    now = data(cli("status", "--json"), code=1)
    assert now["faults"] == [{"target": "ups-1", "kind": "fan", "derating": 50.0}]
    assert {"ups-1"} == {alarm["device"] for alarm in now["alarms"]}
    shown = cli("status")
    assert "fault  ups-1 fan" in shown.stdout
    assert "alarm  ups-1 " in shown.stdout
    assert cli("clear", "ups-1", "fan").stdout == "ups-1 fan cleared\n"
    assert cli("clear").stdout == "there was nothing to clear\n"


@pytest.mark.usefixtures("quiet")
def test_a_fault_has_parameters_and_a_duration(cli: Cli) -> None:
    given = cli("fault", "utility-b", "swell", "--set", "height=12", "--for", "1s", "--json")
    answer = data(given)
    assert (answer["target"], answer["kind"], answer["for_s"]) == ("utility-b", "swell", 1.0)
    cli("fault", "utility-a", "swell", "--set", "height=12")
    found = data(cli("status", "--json"), code=cli("status").exit_code)["faults"]
    assert {"target": "utility-a", "kind": "swell", "height": 12.0} in found
    assert data(cli("clear", "utility-a", "--json")) == [{"target": "utility-a", "kind": "swell"}]


@pytest.mark.usefixtures("quiet")
def test_a_hung_card_shows_in_the_list(cli: Cli) -> None:
    cli("fault", "pdu-1", "card-hang")
    (pdu,) = data(cli("devices", "pdu-1", "--json"))
    assert pdu["state"] == "hung"
    assert data(cli("status", "--json"))["reachable"] == 17


def test_the_faults_of_a_target_are_listed_with_their_ranges(cli: Cli) -> None:
    found = {item["kind"]: item for item in data(cli("faults", "utility-a", "--json"))}
    assert found["sag"]["parameters"] == {"depth": "40 % (10 to 95)"}
    both = {item["kind"] for item in data(cli("faults", "ups-1", "--json"))}
    assert both >= {"inverter", "card-hang"}, "those of the power train and those of its card"
    table = " ".join(cli("faults", "utility-a").stdout.split())
    assert "utility-a outage interruption" in table


def test_the_table_of_a_running_site_holds_what_it_takes(cli: Cli) -> None:
    found = {item["kind"]: item["here"] for item in data(cli("faults", "ups-1", "--json"))}
    assert found["inverter"] and found["card-hang"]
    assert not found["black-hole"]
    table = " ".join(cli("faults", "ups-1").stdout.split())
    assert "black-hole" not in table
    assert f"{list(found.values()).count(False)} more, of the wire and of the controller" in table


def test_a_fault_that_begins_later_is_cleared_before_it_begins(cli: Cli) -> None:
    assert "will suffer swell in 1h" in cli("fault", "utility-b", "swell", "--at", "1h").stdout
    assert [f["kind"] for f in data(cli("status", "--json"), code=cli("status").exit_code)["faults"]].count(
        "swell"
    ) == 0
    assert data(cli("clear", "utility-b", "swell", "--json")) == [{"target": "utility-b", "kind": "swell"}]


# refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["read", "ups-9", "battery.charge"], 2, "workbench has no device 'ups-9'; did you mean ups-"),
        (["read", "ups-1", "batery.charge"], 2, "has no point 'batery.charge'; did you mean battery.charge"),
        (["points", "upps-1"], 2, "did you mean ups-1"),
        (["write", "ups-1", "battery.charge", "50"], 2, "ups-1 battery.charge can only be read"),
        (["write", "pdu-1", "outlet.3.control", "of"], 2, "expected one of none, on, off"),
        (["write", "pdu-1", "outlet.3.reboot_duration", "1e9"], 2, "expected a number from 1 to 3600 s"),
        (["fault", "utility-a", "explosion"], 2, "utility-a cannot suffer 'explosion'; it knows: outage"),
        (["fault", "ups-1", "black-hole"], 2, "`twinfeed proxy` before the device does it, or a test"),
        (["fault", "controller", "controller-down"], 2, "a running site has no controller"),
        (["fault", "utility-a", "outage", "--flap", "20s"], 2, "expected the times on and off, such as 20s,40s"),
        (["fault", "utility-a", "outage", "--until", "generator-9.running"], 2, "generator-9"),
        (
            ["fault", "utility-a", "outage", "--until", "utility-a.live >"],
            2,
            "column 17: found the end, expected a quantity",
        ),
        (["fault", "utility-a", "outage", "--ramp", "20s"], 2, "there is nothing to ramp"),
        (["fault", "utility-a", "sag", "--set", "depth=200"], 2, "depth is 200, expected 10 to 95 %"),
        (["fault", "utility-a", "sag", "--set", "deep=20"], 2, "unknown parameter deep; it takes depth"),
        (["fault", "utility-a", "sag", "--set", "depth"], 2, "--set depth: expected name=number, such as depth=30"),
        (["fault", "utility-a", "sag", "--for", "soon"], 2, "found 'soon', expected a time such as 90, 30s, 15min"),
        (["faults", "utilty-a"], 2, "did you mean utility-a"),
        (["faults", "--family", "animals"], 2, "--family animals: expected one of plant, sensor, firmware"),
        (["faults", "--site", "bamaco"], 2, "no site is called 'bamaco'; did you mean bamako?"),
        (["faults", "--site", "bench", "utilty-a"], 2, "did you mean utility-a"),
        (["fault", "crah-1", "sensor-bias"], 2, "crah-1 sensor-bias: name point after it, as in crah-1:POINT"),
        (["clear", "utility-a"], 2, "utility-a has no active fault to clear"),
        (["status", "--site", "elsewhere"], 3, "site 'elsewhere' is not running; running now: workbench"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(cli: Cli, arguments: list[str], code: int, says: str) -> None:
    result = cli(*arguments)
    assert says in said(result)
    assert result.exit_code == code


def test_without_a_running_site_the_whole_catalogue_is_listed_by_family(
    cli: Cli, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    found = data(cli("faults", "--json"))
    assert {item["family"] for item in found} == {
        "plant", "sensor", "firmware", "protocol", "transport", "people", "controller"
    }  # fmt: skip
    only = data(cli("faults", "--family", "people", "--json"))
    assert {item["kind"] for item in only} == {
        "barrier-open", "emergency-stop", "left-in-manual", "settings-changed", "works-overlap", "wrong-breaker"
    }  # fmt: skip
    table = " ".join(cli("faults", "--family", "sensor").stdout.split())
    assert "device:POINT sensor-bias the point reads too much" in table
    assert "simulated live rig" in table


def test_faults_of_a_site_that_does_not_run(cli: Cli, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    found = data(cli("faults", "--site", "bamako", "utility-a", "--json"))
    assert [item["kind"] for item in found][:2] == ["outage", "sag"]
    assert {item["target"] for item in found} == {"utility-a"}
    of_bench = {item["kind"] for item in data(cli("faults", "--site", "bench", "--json"))}
    assert "outage" in of_bench
    assert "output-failure" in of_bench, "of the rack transfer switch"


@pytest.mark.parametrize("command", ["status", "devices", "clear"])
def test_without_a_running_site_every_command_says_how_to_start_one(
    cli: Cli, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    result = cli(command)
    assert said(result) == "twinfeed: no site is running; start one with `twinfeed up bamako`"
    assert result.exit_code == 3


def test_of_several_sites_one_must_be_chosen(cli: Cli, start: Callable[..., Up], site_file: Any, tmp_path: Any) -> None:
    path = tmp_path / "second.yaml"
    path.write_text(site_file.read_text().replace("site: workbench", "site: second").replace("127.29.", "127.27."))
    start(path)
    result = cli("status")
    assert said(result) == "twinfeed: several sites are running (second, workbench); choose one with --site"
    assert result.exit_code == 3
    assert data(cli("status", "--site", "second", "--json"))["site"] == "second"


# -- deeds of people ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quiet")
def test_a_deed_is_done_and_a_refusal_is_an_exit_code_with_the_reason(cli: Cli) -> None:
    assert cli("do", "q-chiller", "open").stdout == "q-chiller open: done\n"
    assert cli("do", "q-chiller", "lock", "--set", "person=Awa").exit_code == 0
    refused = data(cli("do", "q-chiller", "close", "--json"), code=1)
    assert refused["outcome"] == "refused"
    assert "Awa" in refused["reason"]
    assert cli("do", "q-chiller", "unlock", "--set", "person=Awa").exit_code == 0
    assert cli("do", "q-chiller", "close").exit_code == 0
    assert "did you mean open" in said(cli("do", "q-chiller", "opne"))


def test_the_deeds_of_a_target_are_listed(cli: Cli) -> None:
    found = data(cli("deeds", "q-chiller", "--json"))
    assert {"open", "close", "reset", "lock", "rack-out"} <= {item["deed"] for item in found}
    assert "taken back by" in cli("deeds", "q-chiller").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["read", "ups-9", "battery.charge"], 2), (["status", "--site", "elsewhere"], 3), (["check", "bamaco"], 2)],
)
def test_with_json_an_error_is_a_document_too_and_the_exit_code_is_the_same(
    cli: Cli, arguments: list[str], code: int
) -> None:
    plain, result = cli(*arguments), cli(*arguments, "--json")
    assert plain.exit_code == result.exit_code == code
    found = json.loads(result.stdout)["error"]
    assert found["exit_code"] == code
    assert " ".join(found["message"].split()) in " ".join(result.stderr.split())


@pytest.mark.usefixtures("quiet")
def test_a_fault_begins_and_ends_by_conditions(cli: Cli) -> None:
    waiting = data(cli("fault", "utility-b", "swell", "--when", "utility-a.output_volts < 0", "--json"))
    assert (waiting["when"], waiting["until"]) == ("utility-a.output_volts < 0", None)
    assert "utility-b" not in {fault["target"] for fault in data(cli("status", "--json"), code=None)["faults"]}
    shown = cli("fault", "utility-b", "swell", "--until", "utility-a.output_volts > 0")
    assert shown.stdout == "utility-b now suffers swell until utility-a.output_volts > 0\n"
    deadline = time.monotonic() + 60.0
    while data(cli("status", "--json"), code=None)["faults"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("arguments", [["devices", "zzz"], ["points", "ups-1", "zzz"], ["devices", "ups"]])
def test_json_changes_no_exit_code(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).exit_code == cli(*arguments, "--json").exit_code


def test_a_command_after_one_with_json_complains_in_text_alone(cli: Cli) -> None:
    cli("read", "ups-9", "battery.charge", "--json")
    assert cli("schema", "siite").stdout == ""
