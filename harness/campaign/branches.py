"""The branches of a controller that a run took: pairs of lines of its files that ran one after the other.

Python 3.12 and later report the lines of chosen code (`sys.monitoring`). Before that, `sys.settrace` is switched on
only while code that belongs to the controller runs, since it slows all code that runs meanwhile.
"""

from __future__ import annotations

import os
import sys
from asyncio import Handle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from twinfeed.harness.controllers.in_process import main_of

ENTERED = 0
"""The line before the first one of a function."""

ENOUGH = 30
"""A function that has taken no new branch in so many calls is not traced any more."""

_NOT_ITS_OWN = ("site-packages", "dist-packages")

Branch = tuple[str, int, int]
"""(file, from its folder; line before; line)."""


def folder_of(controller: str) -> str:
    """The folder with the files of a controller: that of the package around its module, else that of its file.

    Raises:
        NoSuchController: there is none of that name.
    """
    name = getattr(main_of(controller.partition("+")[0]), "__module__", "")  # of a pair, the first
    package = sys.modules.get(name.rpartition(".")[0])
    paths = list(getattr(package, "__path__", []))
    file = getattr(sys.modules.get(name), "__file__", None)
    # Symbolic links stay as they are, as in the file names of code.
    return os.path.abspath(paths[0] if paths else os.path.dirname(file or ""))


class Branches:
    """Notes the branches in the files of one folder and below, those of installed packages left out."""

    def __init__(self, folder: str) -> None:
        self.taken: set[Branch] = set()
        self._folder = folder
        self._names: dict[str, str] = {}
        """File name of code -> the file from the folder; '' if it is not in it."""
        self._called = self._tracer()

    @property
    def texts(self) -> frozenset[str]:
        """The branches as the events of a run are written."""
        return frozenset(f"branch {file} {before}>{line}" for file, before, line in self.taken)

    def _name(self, path: str) -> str:
        name = self._names.get(path)
        if name is None:
            inside = path.startswith((f"{self._folder}/", f"{self._folder}\\"))
            name = path[len(self._folder) + 1 :] if inside else ""
            name = "" if any(part in name for part in _NOT_ITS_OWN) else name
            self._names[path] = name
        return name

    # -- Python 3.11 ---------------------------------------------------------------------------------------------------

    def run(self, handle: Handle) -> None:
        """Run a callback of the controller and note its branches. A debugger or a measurement of coverage that uses the
        same hook stays in place, and nothing is noted."""
        if sys.gettrace() is not None:
            handle._run()
            return
        sys.settrace(self._called)
        try:
            handle._run()
        finally:
            sys.settrace(None)

    def _tracer(self) -> Callable[[FrameType, str, Any], Callable[..., Any] | None]:
        """A function for `sys.settrace`. It is called for every function that runs, so it does little for most."""
        known, taken = self._names.get, self.taken
        calls: dict[int, int] = {}
        """id of code -> its calls since it last took a new branch."""

        def called(frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
            code = frame.f_code
            name = known(code.co_filename)
            if name is None:
                name = self._name(code.co_filename)
            if not name or (count := calls.get(id(code), 0)) >= ENOUGH:
                return None
            calls[id(code)] = count + 1
            # A coroutine that goes on after an await is called anew, at the line of the await.
            before = ENTERED if frame.f_lineno == code.co_firstlineno else frame.f_lineno

            def traced(frame: FrameType, event: str, argument: Any) -> Any:
                nonlocal before
                if event == "line":
                    branch = (name, before, frame.f_lineno)
                    before = frame.f_lineno
                    if branch not in taken:
                        taken.add(branch)
                        calls[id(code)] = 0
                return traced

            return traced

        return called

    # -- Python 3.12 and later -----------------------------------------------------------------------------------------

    @contextmanager
    def monitored(self) -> Iterator[None]:
        """In this context the branches of all code of the folder are noted, whoever runs it. If every tool of
        `sys.monitoring` is in use, nothing is noted."""
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]  # from Python 3.12 on
        tool = next((n for n in range(6) if monitoring.get_tool(n) is None), None)
        if tool is None:
            yield
            return
        events = monitoring.events
        before: dict[CodeType, int] = {}

        def start(code: CodeType, offset: int) -> Any:
            if not self._name(code.co_filename):
                return monitoring.DISABLE
            before[code] = ENTERED
            monitoring.set_local_events(tool, code, events.LINE)
            return None

        def line(code: CodeType, number: int) -> None:
            self.taken.add((self._name(code.co_filename), before.get(code, ENTERED), number))
            before[code] = number

        monitoring.use_tool_id(tool, "twinfeed")
        try:
            monitoring.register_callback(tool, events.PY_START, start)
            monitoring.register_callback(tool, events.LINE, line)
            monitoring.set_events(tool, events.PY_START)
            yield
        finally:
            monitoring.set_events(tool, 0)
            for code in before:
                monitoring.set_local_events(tool, code, 0)
            monitoring.register_callback(tool, events.PY_START, None)
            monitoring.register_callback(tool, events.LINE, None)
            monitoring.free_tool_id(tool)
            monitoring.restart_events()
