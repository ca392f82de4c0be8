"""The page of the command line, from the parser."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from typer.main import get_command

from tests.docs.pages.markdown import GENERATED, cell, code, joined, table
from twinfeed.harness.cli.app import app
from twinfeed.harness.cli.output import Exit
from twinfeed.harness.reference.fields import words

CODES = {
    Exit.DONE: "The command has done its work.",
    Exit.NO: "The command has done its work, and the answer is no: an alarm is active, a property is violated, a device differs. "
    "The help of the command names the case.",
    Exit.USAGE: "An option, a name or a file is wrong.",
    Exit.UNREACHABLE: "No site is running, it or a device does not answer, or a port cannot be bound.",
}


def page() -> str:
    """Every command with its arguments and options."""
    root: Any = get_command(app)
    lines = [
        GENERATED,
        "# Command line",
        "",
        "`twinfeed COMMAND --help` prints the same in the terminal, in English or French. In a shell such as zsh, put names with",
        "`[`, `*`, `?` or `&` in quotes.",
        "",
        "## Exit codes",
        "",
        *table(("code", "meaning"), [(str(int(number)), text) for number, text in CODES.items()]),
        "`--json` changes no exit code.",
        "",
    ]
    for path, command in sorted(every(root)):
        lines += _command(path, command)
    return joined(lines)


def every(group: Any, path: str = "twinfeed") -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it."""
    for name, command in group.commands.items():
        if getattr(command, "hidden", False):
            continue
        if hasattr(command, "commands"):
            yield from every(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _command(path: str, command: Any) -> Iterator[str]:
    yield from (f"## {path}", "")
    text, _, rest = re.sub(r"\n\s*Examples?:", "\0", f"\n{command.help or ''}").partition("\0")
    for part in text.strip().split("\n\n"):
        yield from (cell(part), "")
    examples = [line.strip() for line in rest.splitlines() if line.strip()]
    if examples:
        yield from ("<!-- block: elsewhere tests/harness/cli/test_help_examples.py -->", "```sh", *examples, "```", "")
    hints = inspect.signature(command.callback, eval_str=True).parameters
    shown = [param for param in command.params if not getattr(param, "hidden", False) and param.name != "help"]
    yield from table(
        ("argument or option", "takes", "default", "what it is"),
        [(code(_names(p)), cell(_takes(p, hints)), _default(p), cell(getattr(p, "help", "") or "")) for p in shown],
    )


def _names(param: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.metavar or param.name).upper().rstrip("_")
    return ", ".join([*param.opts, *param.secondary_opts])


def _takes(param: Any, hints: Mapping[str, inspect.Parameter]) -> str:
    """The kind of value, in the words of the reference, with its range."""
    if getattr(param, "is_flag", False) or param.name not in hints:
        return ""
    low, high = getattr(param, "min", None), getattr(param, "max", None)
    span = f" from {low:g} to {high:g}" if low is not None and high is not None else ""
    return f"{words(hints[param.name].annotation)}{span}"


def _default(param: Any) -> str:
    if param.required:
        return "required"
    value = param.default
    if value is None or value is False or value == "" or callable(value) or isinstance(value, (list, tuple)):
        return ""
    return code(str(value))
