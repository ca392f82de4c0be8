"""An option of one name means one thing: it takes the same kind of value, or none, in every command."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from typing import Any

from typer.main import get_command

from tests.docs.pages.commands import every
from twinfeed.harness.cli.app import app
from twinfeed.harness.reference.fields import words

OTHERWISE = {
    ("twinfeed report", "--json"): "beside --pdf, --junit and --csv it names a file, as they do",
    ("twinfeed do", "--set"): "the parameters of deeds are words, too",
}
"""Options that take another value than those of the same name, with the reason."""


def test_an_option_takes_the_same_kind_of_value_everywhere() -> None:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, command in every(get_command(app)):
        hints = inspect.signature(command.callback, eval_str=True).parameters
        for param in command.params:
            if param.param_type_name == "option" and param.name in hints:
                for name in param.opts:
                    if (path, name) not in OTHERWISE:
                        found[name][_takes(param, hints[param.name].annotation)].append(path)
    assert {name: dict(kinds) for name, kinds in found.items() if len(kinds) > 1} == {}


def _takes(param: Any, hint: Any) -> str:
    """`nothing`, `a time` (by the words of its help), or the kind of value."""
    if getattr(param, "is_flag", False):
        return "nothing"
    return re.sub(r"^list of: ", "", words(hint)).replace("whole number", "number")


def test_the_commands_are_grouped() -> None:
    root: Any = get_command(app)
    assert [name for name, command in root.commands.items() if not command.rich_help_panel] == []
