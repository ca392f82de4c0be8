"""The generated pages of the reference equal the code, and name everything that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tests.docs import pages
from tests.docs.pages.commands import every
from twinfeed.harness.cli.app import app
from twinfeed.harness.reference import kinds, schemas
from twinfeed.hil_rigs.schema import json_schema

WANTED = dict(pages.pages())
PAGES = {path.relative_to(pages.DOCS).as_posix(): text for path, text in WANTED.items()}

DESCRIBED = [
    (kind, part, item)
    for kind in pages.kinds.all_kinds()
    for part, found in kinds.described(kind).items()
    for item in (
        (*found.ratings, *found.quantities)
        if isinstance(found, kinds.ComponentKind)
        else (*found.settings, *found.points)
    )
]
"""Every field, quantity and point of every kind."""


@pytest.mark.parametrize("path", WANTED, ids=lambda path: path.name)
def test_a_generated_page_is_as_the_code_is(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == WANTED[path], "python -m tests.docs.pages writes it anew"


def test_no_page_of_a_kind_is_left_that_is_none() -> None:
    assert set(pages.FOLDER.glob("*.md")) <= set(WANTED)


def test_every_field_quantity_and_point_has_a_text_of_its_own() -> None:
    assert [f"{part} {kind}: {item.name}" for kind, part, item in DESCRIBED if not item.doc] == []


def test_the_page_of_a_kind_names_all_that_it_has() -> None:
    missing = [f"{kind}: {item.name}" for kind, _, item in DESCRIBED if f"| `{item.name}` |" not in page_of(kind)]
    missing += [
        f"{kind}: {name}"
        for kind in pages.kinds.all_kinds()
        for found in kinds.described(kind).values()
        for name in (*(fault.kind for fault in found.faults), *getattr(found, "alarms", ()))
        if f"| `{name}` |" not in page_of(kind)
    ]
    assert missing == []


@cache
def page_of(kind: str) -> str:
    return PAGES[f"reference/kinds/{kind}.md"]


def test_a_point_stands_where_its_manual_has_it() -> None:
    """RFC 1628: upsEstimatedChargeRemaining is 1.3.6.1.2.1.33.1.2.4, an object of one row (.0), in percent."""
    (row,) = [line for line in page_of("ups").splitlines() if line.startswith("| `battery.charge` |")]
    assert "`1.3.6.1.2.1.33.1.2.4.0`" in row
    assert "| % |" in row


def fields_of(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, form in [("", schema), *schema.get("$defs", {}).items()]:
        for field, each in form.get("properties", {}).items():
            yield name, field, each


@pytest.mark.parametrize(
    ("page", "schema"),
    [
        ("profile-file", schemas.profile()),
        ("scenario-file", schemas.scenario()),
        ("rig-file", json_schema()),
    ],
    ids=["profile", "scenario", "rig"],
)
def test_every_field_of_a_file_is_on_its_page_with_a_text(page: str, schema: dict[str, Any]) -> None:
    rows = PAGES[f"reference/{page}.md"].splitlines()
    for name, field, _ in fields_of(schema):
        of_field = [row for row in rows if row.startswith(f"| `{field}` |")]
        assert of_field, f"{name}.{field}"
        assert not [row for row in of_field if row.endswith("|  |")], of_field


def test_every_command_and_option_is_on_the_page_of_the_command_line() -> None:
    page = PAGES["reference/command-line.md"]
    for path, command in every(get_command(app)):
        section = re.split(rf"^## {path}$", page, flags=re.MULTILINE)[1].partition("\n## ")[0]
        shown = [name for param in command.params if not getattr(param, "hidden", False) for name in param.opts]
        assert [name for name in shown if name.startswith("--") and name not in section] == [], path
