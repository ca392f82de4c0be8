"""Loads one source file with another text, in this process: the file itself stays as it is, and nothing is cached."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType


class LoadedAlready(Exception):
    """The module was imported before its text was replaced: the mutant would not be tested."""


class Replaced(MetaPathFinder):
    """Finds modules as Python does; the module of the file `path`, under whatever name, has the text `source`."""

    def __init__(self, path: str, source: str) -> None:
        self._path, self._source = os.path.realpath(path), source

    def install(self) -> None:
        """Use it for all imports from now on.

        Raises:
            LoadedAlready: the module is imported already.
        """
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and os.path.realpath(file) == self._path:
                raise LoadedAlready(f"{name} was imported from {file} before its mutant could be loaded")
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if finder is self or find is None else find(fullname, path, target)
            if spec is None:
                continue
            if spec.origin and os.path.realpath(spec.origin) == self._path:
                loader = _Loader(fullname, spec.origin, self._source)
                inside = spec.submodule_search_locations
                return spec_from_file_location(fullname, spec.origin, loader=loader, submodule_search_locations=inside)
            return spec
        return None


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._source.encode(), self.path)
