"""Commands that read files, and the help of every command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles import library
from twinfeed.harness.cli.commands import COMMANDS

Cli = Callable[..., Result]


@pytest.mark.parametrize("site", sitefile.names())
def test_every_shipped_site_is_sound(cli: Cli, site: str) -> None:
    result = cli("check", site, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary["site"], summary["devices"] > 10) == (site, True)


def test_addresses_beyond_loopback_are_allowed_by_the_file_or_by_the_flag_that_the_message_names(
    cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "real.yaml"
    text = "site: real\npower:\n  utility: {kind: utility, device: {profile: schneider-pm5000, address: 192.0.2.1}}\n"
    file.write_text(text)
    refused = cli("check", file)
    said = " ".join(refused.stderr.split())
    assert refused.exit_code == 2
    assert f"{file}:3:" in refused.stderr.replace("\n", "") and said.endswith("or give --beyond-loopback")
    assert cli("check", file, said.rpartition(" ")[2]).exit_code == 0
    file.write_text("beyond_loopback: true\n" + text)
    assert cli("check", file).exit_code == 0


@pytest.mark.parametrize("command", ["check", "up"])
def test_every_command_that_may_open_such_addresses_has_the_flag(cli: Cli, command: str) -> None:
    assert "--beyond-loopback" in cli(command, "--help").stdout


def test_a_profile_is_checked_too(cli: Cli, tmp_path: Path) -> None:
    """As a user does who has just drafted one."""
    shipped = library.FOLDER / "ups-rfc1628.yaml"
    own = tmp_path / "my-ups.yaml"
    own.write_text(shipped.read_text().replace("profile: ups-rfc1628", "profile: my-ups", 1))
    sound = cli("check", own)
    assert (sound.exit_code, sound.stdout) == (0, "my-ups is sound: a ups that speaks snmp\n"), sound.output
    own.write_text(own.read_text().replace("point: battery.charge", "point: battery.chargee", 1))
    wrong = cli("check", own)
    assert wrong.exit_code == 2 and "battery.chargee" in wrong.stderr


def test_a_sound_file_is_said_to_be(cli: Cli) -> None:
    assert cli("check", "bench").stdout == "bench is sound: 32 components, 18 devices\n"


@pytest.mark.parametrize(
    ("found", "wrong", "says"),
    [
        ("kind: ups\n", "kind: upz\n", "power.ups-1.kind: found 'upz'; did you mean ups"),
        ("from: q-chiller", "from: q-chillr", "cooling.chiller-1.from"),
        ("profile: ups-rfc1628", "profile: ups-rfc1682", "did you mean ups-rfc1628"),
        ("capacity_kw: 100", "capacity_kva: 100", "unknown field; did you mean capacity_kw"),
        ("kva: 20\n", "kva: plenty\n", "power.ups-1.kva"),
        ("127.30.0.12,", "127.30.0.11,", "already answers snmp for ups-1"),
    ],
)
def test_a_wrong_site_file_is_told_line_by_line(cli: Cli, tmp_path: Path, found: str, wrong: str, says: str) -> None:
    good = sitefile.find("bench").read_text()
    assert found in good
    path = tmp_path / "bench.yaml"
    path.write_text(good.replace(found, wrong, 1))
    result = cli("check", path)
    text = " ".join(result.stderr.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"{path}:" in text
    assert says in text


def test_the_profiles_are_listed_with_what_they_speak(cli: Cli) -> None:
    table = cli("profiles").stdout
    assert [line.split()[0] for line in table.splitlines()[1:]] == library.names()
    (pm5000,) = (line for line in table.splitlines() if line.startswith("schneider-pm5000"))
    assert pm5000.rstrip().endswith("Modbus")
    found = {item["profile"]: item for item in json.loads(cli("profiles", "--json").stdout)}
    assert found["apc-rpdu2"]["snmp_objects"] > 100
    assert found["schneider-pm5000"]["modbus_registers"] > 30


def test_the_shipped_sites_are_listed_with_their_titles(cli: Cli) -> None:
    titles = {name: sitefile.read(name).head.title for name in sitefile.names()}
    lines = cli("sites").stdout.splitlines()
    assert [tuple(re.split(r" {2,}", line, maxsplit=1)) for line in lines] == list(titles.items())
    assert json.loads(cli("sites", "--json").stdout) == titles


def test_the_schema_describes_profiles(cli: Cli) -> None:
    schema = json.loads(cli("schema").stdout)
    assert schema["title"] == "Profile"
    assert {"profile", "vendor", "product", "kind"} <= set(schema["required"])


@pytest.mark.parametrize(
    "command", [function.__name__.replace("_", "-") for panel in COMMANDS.values() for function in panel]
)
def test_every_command_has_an_example_in_its_help(cli: Cli, command: str) -> None:
    result = cli(command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"twinfeed {command}" in result.stdout


def test_without_arguments_the_commands_are_listed(cli: Cli) -> None:
    shown = cli().output
    assert all(function.__name__.replace("_", "-") in shown for panel in COMMANDS.values() for function in panel)


def test_an_unknown_command_is_wrong_usage(cli: Cli) -> None:
    assert cli("destroy").exit_code == 2


def test_the_version_is_printed(cli: Cli) -> None:
    assert cli("--version").stdout.startswith("twinfeed 0.")


def test_the_points_of_a_kind_are_listed_without_a_running_site(cli: Cli) -> None:
    found = {item["name"]: item for item in json.loads(cli("points", "--kind", "relay_io", "--json").stdout)}
    assert found["relay.{relay}.closed"]["shown_by"] == ["advantech-adam-6060"]
    assert found["system.uptime"]["unit"] == "s"


def test_a_kind_that_does_not_exist_is_answered_with_the_kinds(cli: Cli) -> None:
    result = cli("points", "--kind", "relayio")
    assert result.exit_code == 2
    assert "did you mean relay_io?" in " ".join(result.stderr.split())


def test_points_needs_a_device_or_a_kind(cli: Cli) -> None:
    result = cli("points")
    assert result.exit_code == 2
    assert "--kind KIND" in result.stderr
