"""Public names of a package that are imported when they are first used (PEP 562).

The stub `__init__.pyi` of a package is the only list of its public names. Type checkers read it, and so does this
module, when the first name is used:

    from twinfeed.emulators.site import Site as Site
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module


def lazily(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package with a stub. `__all__` is the list of the stub's names, sorted.

    Args:
        package: the name of the package.
        file: the path of its `__init__.py`, with the stub beside it.
    """

    @cache
    def homes() -> dict[str, str]:
        import ast  # both take 4 ms, which a program that uses no public name saves
        from pathlib import Path

        stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
        imports = [statement for statement in stub.body if isinstance(statement, ast.ImportFrom)]
        return {alias.name: str(imported.module) for imported in imports for alias in imported.names}

    def __getattr__(name: str) -> object:
        if name == "__all__":
            value: object = sorted(homes())
        elif name in homes():
            value = getattr(import_module(homes()[name]), name)
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)  # found without this function from now on
        return value

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes()})

    return __getattr__, __dir__
