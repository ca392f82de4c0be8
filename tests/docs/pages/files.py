"""The pages of files that people write: one table for each section, from the JSON Schema of the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tests.docs.pages.markdown import GENERATED, cell, code, joined, table
from twinfeed.harness.reference import schemas
from twinfeed.hil_rigs.schema import json_schema

Schema = dict[str, Any]


def profile() -> str:
    """The page of profile files."""
    return joined(
        [
            *_head("Profile files", "profile"),
            "A profile maps the points of one product to OIDs and registers. `twinfeed check FILE` reports each mistake with its line;",
            "`twinfeed profile new` drafts one from a MIB or a recording ([recording](../how-to/recording.md)).",
            "",
            "Each entry of `objects`, `registers` and `bits` takes its value from exactly one of `point`, `value`, `flags` and `count_of`.",
            "",
            *_sections(schemas.profile(), "The file"),
        ]
    )


def scenario() -> str:
    """The page of scenario files."""
    return joined(
        [
            *_head("Scenario files", "scenario"),
            "A scenario is a site with its faults, deeds and commands, and the properties that must hold meanwhile",
            "([what they mean](scenarios.md)). `twinfeed replay FILE` runs it; a finding of `twinfeed search` is such a file.",
            "",
            *_sections(schemas.scenario(), "The file"),
        ]
    )


def rig() -> str:
    """The page of rig files."""
    return joined(
        [
            *_head("Rig files", "rig"),
            "A rig file describes a bench: its devices, what moves, what measures, and what keeps it safe",
            "([the tutorial](../tutorials/rigs.md)). `twinfeed rig check FILE` reports each mistake with its line.",
            "",
            *_sections(json_schema(), "The file"),
        ]
    )


def _head(title: str, name: str) -> list[str]:
    return [
        GENERATED,
        f"# {title}",
        "",
        f"`twinfeed schema {name} > {name}.schema.json` writes the JSON Schema from which this page is made; an editor completes with it.",
        "Times are seconds (`90`) or texts (`50ms`, `15 min`, `2h`).",
        "",
    ]


def _sections(schema: Schema, title: str) -> Iterator[str]:
    """A table of the fields of the file, then one of each form that they refer to."""
    defs: Schema = schema.get("$defs", {})
    for name, form in [(title, schema), *defs.items()]:
        if "properties" not in form:
            continue
        yield from (f"## {name}", "", cell(form.get("description", "").split("\n\n")[0]), "")
        required = form.get("required", [])
        yield from table(
            ("field", "may be", "default", "what it is"),
            [
                (
                    code(field),
                    _type(each),
                    "required" if field in required else _default(each),
                    cell(_description(each, defs)),
                )
                for field, each in form["properties"].items()
            ],
        )


def _description(form: Schema, defs: Schema) -> str:
    """The text of a field; of a field with a form of its own and no text, the text of the form."""
    if text := form.get("description", ""):
        return str(text)
    return str(defs.get(_name(form), {}).get("description", "")).split("\n\n")[0]


def _name(form: Schema) -> str:
    return str(form.get("$ref", "")).rpartition("/")[2]


def _default(form: Schema) -> str:
    value = form.get("default")
    if value in (None, "", [], {}) or isinstance(value, (dict, list)):
        return ""
    return code(value if isinstance(value, str) else json.dumps(value))


def _type(form: Schema) -> str:
    """The type of a field in words, with links to the sections of forms."""
    if name := _name(form):
        return f"[{name}](#{name.lower()})"
    if parts := form.get("anyOf", form.get("oneOf")):
        if any(part.get("type") == "string" and r"\d" in part.get("pattern", "") for part in parts) and len(parts) == 2:
            return "time"
        return " or ".join(dict.fromkeys(_type(part) for part in parts if part.get("type") != "null"))
    if words := form.get("enum", [form["const"]] if "const" in form else []):
        return ", ".join(code(str(word)) for word in words)
    match form.get("type"):
        case "array":
            return f"list of: {_type(form.get('items', {})) or 'values'}"
        case "object":
            values = form.get("additionalProperties")
            of = _type(values) if isinstance(values, dict) else ""
            return f"mapping of names to {of}" if of else "mapping"
        case "integer" | "number" as kind:
            return f"{'whole number' if kind == 'integer' else 'number'}{_range(form)}"
        case "string":
            return "text"
        case "boolean":
            return "true or false"
        case list() as kinds:
            return " or ".join(_type({**form, "type": kind}) for kind in kinds if kind != "null")
    return ""


def _range(form: Schema) -> str:
    bounds: Sequence[tuple[str, str]] = (
        ("minimum", "{:g} or more"),
        ("exclusiveMinimum", "more than {:g}"),
        ("maximum", "{:g} at most"),
        ("exclusiveMaximum", "less than {:g}"),
    )
    texts = [text.format(form[name]) for name, text in bounds if name in form]
    return f", {' and '.join(texts)}" if texts else ""
