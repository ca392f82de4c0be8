"""The page of the JSON documents of commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from tests.docs.pages.markdown import GENERATED, cell, code, joined, table
from twinfeed.harness.reference import answers
from twinfeed.harness.reference.fields import docs, text_of, words


def page() -> str:
    """A table of the commands, and one of the fields of each form."""
    lines = [
        GENERATED,
        "# JSON of commands",
        "",
        "With `--json` a command prints one JSON document on standard output. A document with the field `error` at its top is an error;",
        "its text is on standard error as well. `--json` changes no exit code.",
        "",
        "Programs may rely on these fields: fields may be added, none is renamed or removed without a version in which both are there.",
        "A test compares real answers with these forms. Commands that are not in the table (`kinds`, `study`, `search`, `drift`, `report`,",
        "the group `rig`) print JSON too; their fields are not promised yet.",
        "",
        *table(
            ("command", "prints"), [(code(f"twinfeed {name}"), _named(form)) for name, form in answers.ANSWERS.items()]
        ),
    ]
    for form in _forms():
        texts, hints = docs(form), get_type_hints(form)
        lines += [f"## {form.__name__}", "", cell(text_of(form).split("\n\n")[0]), ""]
        lines += table(
            ("field", "type", "what it is"),
            [(code(name), _named(hint), cell(texts.get(name, ""))) for name, hint in hints.items()],
        )
    return joined(lines)


def _forms() -> Iterator[type]:
    """Every form, each once, those of the parts before the whole."""
    seen: dict[type, None] = {}
    for form in (answers.Error, *answers.ANSWERS.values()):
        for each in _within(form):
            seen[each] = None
    yield from seen


def _within(form: Any) -> Iterator[type]:
    if get_origin(form) is not None:
        for part in get_args(form):
            yield from _within(part)
    elif isinstance(form, type) and (hasattr(form, "__total__") or is_dataclass(form)):
        yield form
        for hint in get_type_hints(form).values():
            yield from _within(hint)


def _named(form: Any) -> str:
    """A type in words, with links to the forms."""
    forms = list(_within(form))
    if not forms:
        return words(form)
    link = f"[{forms[0].__name__}](#{forms[0].__name__.lower()})"
    return f"list of: {link}" if get_origin(form) is list else link
