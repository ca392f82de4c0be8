"""A controller under test knows the site by its products' manuals alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "fixtures" / "controllers"

ALLOWED = {"twinfeed.fixtures.controllers", "pymodbus", "pysnmp", "pyasn1"}
STANDARD = {"__future__", "asyncio", "collections", "contextlib", "dataclasses", "functools", "itertools", "json", "logging", "os", "pathlib", "struct", "sys", "typing"}  # fmt: skip
MODULES = sorted(path for part in ("plant", "bugs") for path in (FOLDER / part).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_imports_nothing_of_ours_and_no_clock(path: Path) -> None:
    assert _imported(path) <= ALLOWED | STANDARD


def test_the_check_sees_every_form_of_import(tmp_path: Path) -> None:
    source = "import twinfeed.harness.journal\nfrom twinfeed import emulators\nfrom twinfeed.fixtures import outages\n"
    (tmp_path / "module.py").write_text(source + "import time as clock\n")
    assert _imported(tmp_path / "module.py") == {
        "twinfeed.harness.journal", "twinfeed.emulators", "twinfeed.fixtures.outages", "time",
    }  # fmt: skip


def _imported(path: Path) -> set[str]:
    """The root packages it imports; of ours, the controllers' package or the full name of anything else."""
    roots: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {_root(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots |= {_root(f"{node.module}.{alias.name}") for alias in node.names}
    return roots


def _root(name: str) -> str:
    parts = name.split(".")
    if parts[0] != "twinfeed":
        return parts[0]
    ours = "twinfeed.fixtures.controllers"
    return ours if name == ours or name.startswith(f"{ours}.") else name
