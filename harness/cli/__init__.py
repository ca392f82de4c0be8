"""The command line, `twinfeed`. Exit codes: 0 done, 1 the answer is no (see each command), 2 wrong usage or a wrong
file, 3 no running site, or something that does not answer."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twinfeed.harness.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """The command line; what a call needs of it is loaded then."""
    import_module("twinfeed.harness.cli.root").main()


class _Lazy(ModuleType):
    """This package: its `app` is the Typer application of the module `app`, loaded when somebody uses it."""

    @property
    def app(self) -> Any:
        return import_module("twinfeed.harness.cli.app").app

    @app.setter
    def app(self, module: ModuleType) -> None:
        """The import system would put the module there."""


sys.modules[__name__].__class__ = _Lazy
