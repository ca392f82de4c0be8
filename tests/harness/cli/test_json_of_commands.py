"""JSON of commands: each command has it, in the form that it promises, and for what goes wrong too.

A new command is found by itself: it takes `--json`, names its form (`@prints`), and is called in CALLS, or in the file that
ELSEWHERE names. While tests run, every document that any command prints is compared with its form (tests/docs/promises.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from click.testing import Result

from tests.docs import promises
from twinfeed.harness.cli import app, speaking
from twinfeed.harness.reference.answers import Answer, Error, forms_of, schema_of

Cli = Callable[..., Result]

ROOT = Path(__file__).parents[3]
ALL = promises.promised()

CALLS = {
    "status": [],
    "devices": [],
    "top": [],
    "points": ["ups-1"],
    "read": ["ups-1", "battery.charge"],
    "write": ["pdu-2", "outlet.12.reboot_duration", "12"],
    "fault": ["utility-b", "swell", "--at", "1h"],
    "clear": ["utility-b"],
    "faults": ["ups-1"],
    "do": ["q-chiller", "close"],
    "deeds": ["q-chiller"],
    "sites": [],
    "profiles": [],
    "check": ["bench"],
    "kinds": ["ups"],
    "schema": ["rig", "status"],
    "docs": ["sites"],
    "outages": [],
    "new-suite": [],
    "proxy": ["--list"],
    "rig benches": [],
    "rig schema": [],
    "rig keep": [],
    "rig dry-run": ["ups-bench"],
}
"""Command -> a call of it on the site that is up here."""

ELSEWHERE = {
    "commission": "tests/harness/commissioning/test_commission.py",
    "import csv": "tests/harness/importing/test_csv.py",
    "import netbox": "tests/harness/importing/test_netbox.py",
    "impact": "tests/harness/maintenance/test_impact.py",
    "maintain": "tests/harness/maintenance/test_maintain.py",
    "up": "tests/harness/cli/terminal.py",
    "record": "tests/harness/characterise/test_learning_commands.py",
    "replay-device": "tests/harness/characterise/test_learning_commands.py",
    "drift": "tests/harness/characterise/test_learning_commands.py",
    "search": "tests/harness/search/test_commands.py",
    "show": "tests/harness/console/test_show.py",
    "replay": "tests/harness/search/test_commands.py",
    "adopt": "tests/harness/search/test_commands.py",
    "study": "tests/harness/cli/test_cli_study.py",
    "availability": "tests/harness/availability/test_command.py",
    "report": "tests/harness/report/test_reporting.py",
    "verify": "tests/harness/report/test_verifying.py",
    "profile new": "tests/harness/characterise/test_learning_commands.py",
    "outages run": "tests/harness/outages/test_outages.py",
    "campaign run": "tests/harness/campaign/test_nights.py",
    "campaign report": "tests/harness/campaign/test_nights.py",
    "rig practise": "tests/rigs/practice/test_practice_bench.py",
    "rig check": "tests/rigs/check/test_rig_check.py",
    "rig record": "tests/rigs/check/test_rig_learning.py",
    "rig drift": "tests/rigs/check/test_rig_learning.py",
    "rig key": "tests/rigs/persons/test_key_and_pin_commands.py",
    "rig pin": "tests/rigs/persons/test_key_and_pin_commands.py",
    "rig status": "tests/rigs/processes/test_rig_commands.py",
    "rig arm": "tests/rigs/processes/test_rig_commands.py",
    "rig disarm": "tests/rigs/processes/test_rig_commands.py",
    "rig stop": "tests/rigs/processes/test_rig_commands.py",
    "rig reset": "tests/rigs/processes/test_rig_commands.py",
    "rig safe": "tests/rigs/processes/test_rig_commands.py",
    "rig watch": "tests/rigs/processes/test_rig_commands.py",
}
"""Command -> the file whose tests call it with `--json`."""

TYPED = {
    "demo": ("harness/cli/site/story.py", "Told"),
    "score": ("harness/cli/search/score.py", "Scored"),
    "rig operate": ("hil_rigs/cli/operating.py", "Question"),
}
"""Command -> the module that makes its document as a value of that type, which mypy compares with the form: it takes
minutes, or a person."""


def options(command: Any) -> set[str]:
    return {name for param in command.params for name in param.opts}


@pytest.mark.parametrize("name", ALL)
def test_every_command_takes_json_and_promises_its_form(name: str) -> None:
    command, answer = ALL[name]
    assert "--json" in options(command), f"twinfeed {name}: {promises.RULE}"
    assert answer is not None, f"twinfeed {name}: {promises.RULE}"


def test_every_command_is_called_with_json_by_a_test() -> None:
    assert set(ALL) - set(CALLS) - set(ELSEWHERE) - set(TYPED) == set(), (
        "add a call to CALLS, or name its test in ELSEWHERE"
    )
    assert {*CALLS, *ELSEWHERE, *TYPED} - set(ALL) == set()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_file_that_calls_a_command_does_so(name: str) -> None:
    text = (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8")
    assert re.search(rf"\b{name.split()[-1]}\b", text), ELSEWHERE[name]
    assert "--json" in text, ELSEWHERE[name]


@pytest.mark.parametrize("name", TYPED)
def test_the_module_makes_a_document_of_that_type(name: str) -> None:
    path, form = TYPED[name]
    assert re.search(rf"(: {form} = {{|-> {form}:)", (ROOT / path).read_text(encoding="utf-8"))
    answer = ALL[name][1]
    assert answer is not None
    assert form in {each.__name__ for each in forms_of(answer.form)}


@pytest.mark.usefixtures("up")
@pytest.mark.parametrize("name", CALLS)
def test_an_answer_has_the_promised_fields_and_no_other(
    cli: Cli, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path))
    result = cli(*name.split(), *CALLS[name], "--json")
    assert result.exit_code in (0, 1), result.output
    if result.stdout:
        promises.kept_by(name, result.stdout)


# errors ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parser() -> Any:
    return typer.main.get_command(app)


@pytest.mark.parametrize("name", ALL)
def test_a_wrong_option_is_a_json_error(
    name: str, parser: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(speaking, "get_command", lambda app: parser)
    with pytest.raises(SystemExit) as ended:
        speaking.run(app, [*name.split(), "--json", "--no-such-option"], "twinfeed")
    printed = json.loads(capsys.readouterr().out)
    jsonschema.validate(printed, promises.closed(schema_of(Error)))
    assert printed["error"]["exit_code"] == ended.value.code == 2
    assert "--no-such-option" in printed["error"]["message"]


def wrong(command: Any) -> list[str]:
    """A call of it in which every name, file and address that it needs is a wrong one."""
    given: list[str] = []
    for param in command.params:
        if param.required:
            given += ["no-such"] if param.param_type_name == "argument" else [param.opts[0], "no-such"]
    return given


@pytest.mark.parametrize("name", [name for name, (command, _) in ALL.items() if wrong(command)])
def test_a_wrong_name_is_a_json_error_with_the_exit_code_of_the_text(
    name: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path))
    words = [*name.split(), *wrong(ALL[name][0])]
    text, result = cli(*words), cli(*words, "--json")
    assert text.exit_code == result.exit_code != 0, result.output
    if "Usage:" not in result.stderr:  # a wrong word is a complaint of the parser, which the test above has
        assert promises.kept_by(name, result.stdout)["error"]["exit_code"] == result.exit_code


def test_an_unusable_port_is_a_json_error_of_up(cli: Cli, up: Any, site_file: Path) -> None:
    result = cli("up", site_file, "--json")
    assert result.exit_code == 3
    assert promises.kept_by("up", result.stdout)["error"]["exit_code"] == 3


# schemas --------------------------------------------------------------------------------------------------------


def test_no_command_has_the_name_of_a_kind_of_file() -> None:
    assert not {"site", "profile", "scenario", "campaign", "rig", "error"} & set(ALL)


def test_a_form_has_one_meaning_and_every_class_a_text() -> None:
    forms: dict[str, type] = {}
    for _, answer in ALL.values():
        assert isinstance(answer, Answer)
        for form in forms_of(answer.form):
            assert forms.setdefault(form.__name__, form) is form, form.__name__
            assert form.__doc__, form.__name__


def test_the_schema_of_a_command_has_the_text_of_each_field(cli: Cli) -> None:
    made = json.loads(cli("schema", "rig", "status").stdout)
    jsonschema.Draft202012Validator.check_schema(made)
    assert made["properties"]["not_safe"]["description"].startswith("The parts that are not in their safe state")


def test_an_infinite_number_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    from twinfeed.harness.cli.output import print_json

    print_json({"a": float("inf"), "b": [float("nan")], "c": 1.5})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None], "c": 1.5}
