"""The pages of the contracts that other programs rely on: environment, inventory, journal."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import ROOT, blocks
from twinfeed.harness.journal import Journal
from twinfeed.harness.worlds.world import World

ENVIRONMENT = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
VARIABLE = re.compile(
    r"(TWINFEED|XDG|NUT|SNMP|FAKETIME|LD|PYTEST)_[A-Z_]+|MIBS|FAKETIME|LANGUAGE|LC_\w+|LANG|SUDO_USER|USERNAME"
)


def variables(module: Path) -> Iterator[str]:
    """The texts of a module that are nothing but the name of a variable."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and VARIABLE.fullmatch(node.value):
            yield node.value


def test_every_variable_of_the_code_is_on_the_page() -> None:
    found = {
        name
        for room in ("emulators", "harness", "hil_rigs", "fixtures", "src")
        for module in (ROOT / room).rglob("*.py")
        for name in variables(module)
    }
    assert "TWINFEED_KEY" in found
    assert {name for name in found if f"`{name}`" not in ENVIRONMENT} == set()


def test_every_variable_of_the_page_is_in_the_code() -> None:
    named = {name for name in re.findall(r"`((?:TWINFEED|XDG)_[A-Z_]+)`", ENVIRONMENT) if "_NAME_" not in name}
    code = "".join(
        module.read_text(encoding="utf-8")
        for room in ("emulators", "harness", "hil_rigs", "fixtures")
        for module in (ROOT / room).rglob("*.py")
    )
    assert {name for name in named if name not in code} == set()


def shape(value: Any) -> Any:
    """The names in a JSON value, with the types of values."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return type(value).__name__


@pytest.mark.site("pilot")
async def test_the_inventory_of_the_page_is_a_part_of_the_real_one(site: World) -> None:
    (block,) = [block for block in blocks() if block.page.endswith("inventory.md")]
    page, real = json.loads(block.text), json.loads(json.dumps(site.inventory()))
    assert {name: value for name, value in page.items() if name != "devices"} == {
        name: value for name, value in real.items() if name != "devices"
    }
    for name, device in page["devices"].items():
        assert shape(device) == shape(real["devices"][name])
        assert device == real["devices"][name]


def test_a_journal_has_the_lines_that_the_page_describes(tmp_path: Path) -> None:
    journal = Journal()
    journal.record(1.0, "test", "fault", kind="outage")
    journal.trace.add(0.0, "utility-a.live", True)
    journal.write(tmp_path / "journal.jsonl")
    event, quantity, last = (
        json.loads(line) for line in (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    )
    page = (ROOT / "docs" / "reference" / "run-files.md").read_text(encoding="utf-8")
    for name in (*event, *quantity, *last):
        assert f"`{name}`" in page
    assert list(event) == ["t", "who", "what", "data"]
    assert quantity["points"] == [[0.0, True]]
