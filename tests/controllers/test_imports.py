"""A controller under test knows the site by its products' manuals alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "fixtures" / "controllers"

ALLOWED = {"fixtures", "pymodbus", "pysnmp", "pyasn1"}
STANDARD = {"__future__", "asyncio", "collections", "contextlib", "dataclasses", "functools", "itertools", "json", "logging", "os", "pathlib", "struct", "sys", "typing"}  # fmt: skip
MODULES = sorted(path for part in ("plant", "bugs") for path in (FOLDER / part).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_imports_nothing_of_ours_and_no_clock(path: Path) -> None:
    assert _imported(path) <= ALLOWED | STANDARD


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_imports_only_controllers_of_fixtures(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text()))
    names = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert all(name.startswith("twinfeed.fixtures.controllers") for name in names if name.startswith("fixtures"))


def _imported(path: Path) -> set[str]:
    roots: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").split(".")[0])
    return roots
