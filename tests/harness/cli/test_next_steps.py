"""The next step that a command prints is taken, to the letter, and leads on."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from twinfeed.harness.cli import app
from twinfeed.harness.cli.output import console, errors

Cli = Callable[..., Result]

HEAD = {"twinfeed": "recording", "version": 1, "protocol": "modbus", "device": "modbus://meter", "identity": {}}

SITE = """site: room
power:
  utility: {{kind: utility}}
  panel: {{kind: board, from: utility}}
devices:
  meter-1: {{{profile}, of: panel, address: 127.0.0.9}}
"""


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Runs `twinfeed` in a folder of the test's own."""
    monkeypatch.setattr(console, "width", 400)
    monkeypatch.setattr(errors, "width", 400)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def meter(tmp_path: Path) -> Path:
    """A recording of two registers, and a list of them in the 40001 notation."""
    (tmp_path / "map.csv").write_text("address,name,unit,scale\n40001,Frequency,Hz,0.01\n40002,Voltage L1,V,0.1\n")
    items = [HEAD, {"walk": 1, "t_s": 0.0}, {"t_s": 0.1, "registers": ["holding", 0, "138b08fd"]}]
    items.append({"walk": 1, "t_s": 0.2, "end": True})
    path = tmp_path / "meter 1.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


def drafted(cli: Cli, meter: Path, *more: str) -> Result:
    return cli(
        "profile", "new", "my-meter", "--kind", "meter", "--registers", "map.csv", "--recording", meter.name, *more
    )


def taken(cli: Cli, printed: str) -> Result:
    """The command in backticks."""
    (command,) = re.findall(r"`(twinfeed [^`]*)`", printed)
    return cli(*shlex.split(command)[1:])


def test_a_new_profile_is_compared_with_its_recording(cli: Cli, meter: Path) -> None:
    result = drafted(cli, meter)
    assert result.exit_code == 0, result.output
    compared = taken(cli, result.stdout)
    assert compared.exit_code == 0, compared.output
    assert "read through my-meter" in compared.stdout


@pytest.mark.parametrize("folder", ["", "profiles"])
def test_a_new_profile_is_named_by_a_site_file_beside_it(cli: Cli, meter: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    result = drafted(cli, meter, "-o", str(Path(folder) / "my-meter.yaml"))
    (entry,) = re.findall(r"`(profile: [^`]*)`", result.stdout)
    (tmp_path / folder / "room.yaml").write_text(SITE.format(profile=entry))
    checked = cli("check", str(Path(folder) / "room.yaml"))
    assert checked.exit_code == 0, checked.output


def test_a_list_in_the_40001_notation_can_be_taken_as_it_is(cli: Cli, meter: Path, tmp_path: Path) -> None:
    result = drafted(cli, meter)
    (option,) = re.findall(r"\((--addresses pdu) takes them as they are\)", result.stdout)
    again = drafted(cli, meter, *option.split(), "--force")
    assert again.exit_code == 0, again.output
    assert "address: 40001" in (tmp_path / "my-meter.yaml").read_text()


def test_the_missing_module_is_found_in_the_folder_that_is_named(cli: Cli, shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("pysmi", reason="pip install 'twinfeed[mib]'")
    recording = shared_data / "recordings" / "generex-ups_cs141.snmprec"
    asked = ("profile", "new", "my-ups", "--kind", "ups", "--mib", "UPS-MIB", "--recording", recording)
    (tmp_path / "empty").mkdir()
    refused = cli(*asked, "--mib-dir", "empty")
    if refused.exit_code != 0:  # a machine with snmp-mibs-downloader has the module
        assert "module UPS-MIB is missing; looked in empty" in refused.stderr
        assert "--mib-dir names the folder they are in" in refused.stderr
    assert cli(*asked, "--mib-dir", shared_data / "mibs", "--force").exit_code == 0


def test_a_module_whose_base_modules_debian_lacks_is_compiled(cli: Cli, shared_cases: Path) -> None:
    pytest.importorskip("pysmi", reason="pip install 'twinfeed[mib]'")
    result = cli(
        "profile", "new", "nas", "--kind", "ups", "--mib", "TEST-UPS-MIB", "--mib-dir", shared_cases,
        "--recording", shared_cases / "opaque-float.snmprec",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "2 entries show a point" in result.stdout
    compared = taken(cli, result.stdout)
    assert compared.exit_code in (0, 1), compared.output
    assert "type" not in compared.stdout


def test_the_module_that_another_imports_is_named(cli: Cli, tmp_path: Path, shared_cases: Path) -> None:
    pytest.importorskip("pysmi", reason="pip install 'twinfeed[mib]'")
    (tmp_path / "MY-MIB").write_text(
        "MY-MIB DEFINITIONS ::= BEGIN\nIMPORTS base FROM MAKERS-MIB OBJECT-TYPE FROM SNMPv2-SMI;\n"
        'x OBJECT-TYPE SYNTAX INTEGER MAX-ACCESS read-only STATUS current DESCRIPTION "x" ::= { base 1 }\nEND\n'
    )
    asked = ("profile", "new", "x", "--kind", "ups", "--mib", "MY-MIB", "--mib-dir", ".")
    result = cli(*asked, "--recording", shared_cases / "opaque-float.snmprec")
    assert result.exit_code == 2
    assert "module MY-MIB imports MAKERS-MIB, which is missing; looked in ." in result.stderr


def test_a_profile_with_a_near_name_is_what_was_meant(cli: Cli, meter: Path) -> None:
    drafted(cli, meter)
    refused = cli("drift", meter.name, "my-metre")
    (meant,) = re.findall(r"did you mean ([\w-]+)\?", refused.stderr)
    assert cli("drift", meter.name, meant, "--partial").exit_code == 0


def test_profiles_are_looked_for_in_the_folder_that_is_given(cli: Cli, meter: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    drafted(cli, meter, "-o", "mine/my-meter.yaml")
    assert cli("drift", meter.name, "my-meter").exit_code == 2
    assert cli("drift", meter.name, "my-meter", "--partial", "--profiles", "mine").exit_code == 0
    listed = json.loads(cli("profiles", "--json", "--profiles", "mine").stdout)
    assert {entry["profile"]: entry["file"] for entry in listed}["my-meter"] == str(tmp_path / "mine" / "my-meter.yaml")


def test_a_file_of_which_a_line_is_left_out_is_exported_without_it_or_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ups.snmprec").write_text("1.3.6.1.2.1.1.5.0|4|ups\n1.3.6.1.4.1.9.1.0|66|-1\n")
    result = cli("replay-device", "ups.snmprec", "--export", "good.snmprec")
    assert result.exit_code == 0
    assert "ups.snmprec:2: left out: 1.3.6.1.4.1.9.1.0: found -1, expected 0 to 4294967295" in result.stderr
    assert (tmp_path / "good.snmprec").read_text() == "1.3.6.1.2.1.1.5.0|4|ups\n"
    assert cli("replay-device", "ups.snmprec", "--strict", "--export", "good.snmprec").exit_code == 2
    assert cli("replay-device", "good.snmprec", "--strict", "--export", "again.snmprec").exit_code == 0
