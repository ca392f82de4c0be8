"""JSON documents of commands beside their promise: no field but the documented ones, each of its type."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib import import_module
from typing import Any

import jsonschema
from typer.main import get_command

from twinfeed.harness.reference.answers import Answer, Error, answer_of, answers, schema_of

RULE = (
    "every command takes `--json` (JsonOption, or JsonLinesOption if it prints again and again) and names the form of what it "
    "prints by `@prints(Form)`; forms are in harness/reference/answers/ and hil_rigs/cli/answers.py (see CONTRIBUTING.md)"
)


@cache
def promised() -> dict[str, tuple[Any, Answer | None]]:
    """Every command as a user types it: `rig status` -> the parser's command and its promise."""
    app = import_module("twinfeed.harness.cli.app").app
    return {name: (command, answer) for name, command, answer in answers(get_command(app))}


@cache
def _validator(form: Any) -> Any:
    return jsonschema.Draft202012Validator(closed(schema_of(form)))


def closed(schema: Any) -> Any:
    """The schema with all fields named: a field that is not documented is an error. Patterns are for another dialect."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: closed(part) for name, part in schema.items() if name != "pattern"}
    return {**parts, "additionalProperties": False} if isinstance(parts.get("properties"), dict) else parts


def kept(document: Any, answer: Answer) -> None:
    """Raises AssertionError if the document is neither of the form nor an error."""
    is_error = isinstance(document, dict) and "error" in document
    found = [
        f"{error.json_path}: {error.message}"
        for error in _validator(Error if is_error else answer.form).iter_errors(document)
    ]
    assert not found, "\n".join(["the JSON is not of the form that the command promises:", *found])


def kept_by(command: str, output: str) -> Any:
    """The document that a command has printed, the last one of several lines. Raises AssertionError as `kept`."""
    answer = promised()[command][1]
    assert answer is not None, RULE
    documents = [json.loads(line) for line in output.splitlines()] if answer.lines else [json.loads(output)]
    for document in documents:
        kept(document, answer)
    return documents[-1]


BROKEN: list[str] = []
"""Promises that commands of this process have broken since the test began."""


def watch() -> None:
    """From now on every document that a command prints in this process is compared with the promise of the command."""
    output = sys.modules.get("twinfeed.harness.cli.output")
    if output is not None and _of_the_running_command not in output.CHECKS:
        output.CHECKS.append(_of_the_running_command)


def _of_the_running_command(document: Any) -> None:
    context = import_module("typer._click.globals").get_current_context(silent=True)
    if context is not None and context.command.callback is not None:
        answer = answer_of(context.command.callback)
        try:
            assert answer is not None, RULE
            kept(json.loads(json.dumps(document)), answer)
        except AssertionError as error:  # a runner of commands would keep it to itself
            BROKEN.append(f"{context.command_path} --json: {error}")
