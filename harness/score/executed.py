"""The lines of some files that are executed, by `sys.monitoring` (Python 3.12 and later) or `sys.settrace`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable
from functools import cache
from types import CodeType, FrameType
from typing import Any

Line = tuple[str, int]
"""A file and the number of a line, from 1."""


class Executed:
    """Collects lines of these files into `lines`, which may be exchanged at any time."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = {os.path.realpath(path) for path in paths}
        self.lines: set[Line] = set()
        self._counts = cache(self._of_file)

    def start(self) -> None:
        """Collect from now on, in all threads that start later and in this one."""
        if sys.version_info >= (3, 12):
            self._monitor()
        else:
            threading.settrace(self._called)
            sys.settrace(self._called)

    def _of_file(self, name: str) -> str:
        """The real path of a file if its lines count, else ''."""
        path = os.path.realpath(name)
        return path if path in self._paths else ""

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._traced if self._counts(frame.f_code.co_filename) else None

    def _traced(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.lines.add((self._counts(frame.f_code.co_filename), frame.f_lineno))
        return self._traced

    if sys.version_info >= (3, 12):

        def _monitor(self) -> None:
            tool = next(n for n in range(6) if sys.monitoring.get_tool(n) is None)
            sys.monitoring.use_tool_id(tool, "twinfeed score")
            sys.monitoring.register_callback(tool, sys.monitoring.events.LINE, self._line)
            sys.monitoring.set_events(tool, sys.monitoring.events.LINE)

        def _line(self, code: CodeType, number: int) -> object:
            path = self._counts(code.co_filename)
            if not path:
                return sys.monitoring.DISABLE
            self.lines.add((path, number))
            return None
