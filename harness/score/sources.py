"""The source files of a controller: its module or package, and the modules beside it that it imports."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from twinfeed.harness.controllers.in_process import NoSuchController, module_of

NEVER = ("test_*.py", "*_test.py", "conftest.py", "setup.py")
"""Files that are no part of a controller, as pytest and setuptools name them."""


def files_of(controller: str) -> list[Path]:
    """The files of the controller of that name, sorted. The current folder has to be on `sys.path`.

    All modules of the package that holds its module. A module outside a package: its file, and those of the same
    folder that it imports, directly or not.

    Raises:
        NoSuchController: there is no such module, or it has no source file.
    """
    name = module_of(controller)
    try:
        spec = importlib.util.find_spec(name)  # imports the packages above it, and nothing else
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise NoSuchController(
            f"controller {controller!r}: found no source file of a module {name!r}; expected package.module:function"
        )
    path = Path(spec.origin).resolve()
    if path.name == "__init__.py" or "." in name:
        found = set(path.parent.rglob("*.py") if path.name == "__init__.py" else path.parent.glob("*.py"))
    else:
        found = set(_with_neighbours(path))
    return sorted(file for file in found if not any(file.match(pattern) for pattern in NEVER))


def _with_neighbours(path: Path) -> Iterator[Path]:
    """The file, and the modules of its folder that it imports."""
    seen, edge = {path}, [path]
    while edge:
        here = edge.pop()
        yield here
        for name in _imported(here):
            for other in (here.parent / f"{name}.py", here.parent / name / "__init__.py"):
                if other.exists() and other not in seen:
                    seen.add(other)
                    edge.append(other)


def _imported(path: Path) -> Iterator[str]:
    """The first parts of the names that the file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
