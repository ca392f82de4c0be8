"""The page of the JSON documents of commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from tests.docs.pages.markdown import GENERATED, cell, code, joined, table
from twinfeed.harness.cli.app import app
from twinfeed.harness.reference.answers import Answer, Error, answers, fields_of, forms_of
from twinfeed.harness.reference.fields import docs, text_of, words

PROMISED: dict[str, Answer] = {
    name: answer
    for name, _, answer in sorted(answers(get_command(app)), key=lambda found: found[0])
    if answer is not None
}
"""Command -> what it prints."""


def page() -> str:
    """A table of the commands, and one of the fields of each form."""
    lines = [
        GENERATED,
        "# JSON of commands",
        "",
        "With `--json` a command prints JSON on standard output: one document, or one a line where the table says *lines*. A document",
        "with the field `error` at its top is an error; its text is on standard error as well. `--json` changes no exit code. A number",
        "that is infinite or unknown is `null`.",
        "",
        "Programs may rely on these fields: fields may be added, none is renamed or removed without a version in which both are there.",
        "Tests compare every answer with these forms. `twinfeed schema COMMAND` prints the JSON Schema of a command, and",
        "`twinfeed schema error` that of an error.",
        "",
        *table(
            ("command", "prints", ""),
            [
                (code(f"twinfeed {name}"), _named(answer.form), "lines" if answer.lines else "")
                for name, answer in PROMISED.items()
            ],
        ),
    ]
    for form in _forms():
        texts, hints = docs(form), fields_of(form)
        lines += [f"## {form.__name__}", "", cell(text_of(form).split("\n\n")[0]), ""]
        lines += table(
            ("field", "type", "what it is"),
            [(code(name), _named(hint), cell(texts.get(name, ""))) for name, hint in hints.items()],
        )
    return joined(lines)


def _forms() -> Iterator[type]:
    """Every form, each once."""
    seen: dict[type, None] = {}
    for form in (Error, *(answer.form for answer in PROMISED.values())):
        seen |= dict.fromkeys(forms_of(form))
    yield from seen


def _named(form: Any) -> str:
    """A type in words, with links to the forms."""
    text = words(form)
    for each in forms_of(form):
        link = f"[{each.__name__}](#{each.__name__.lower()})"
        text = re.sub(rf"(?<!\[)\b{each.__name__}\b", link, text)
    return text
