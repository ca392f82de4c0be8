"""The controller under test: failover logic that talks to the devices of the site and imports nothing of twinfeed.

A controller is a coroutine function `main(inventory, store)` that runs until it is cancelled: `inventory` gives where
the devices answer, `store` is its memory that survives a restart. Named as `package.module:function`; a module that
is named alone has its `main` taken. `reference` and `mutant:NAME` are the controllers that ship; an installed package
names its own by the entry points `twinfeed.controllers`.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

from twinfeed.emulators.extensions import CONTROLLERS, broken
from twinfeed.harness.controllers.blame import traceback_of
from twinfeed.harness.virtual import owner
from twinfeed.harness.virtual.strict import StrictLoop

Main = Callable[[Mapping[str, Any], MutableMapping[str, Any]], Awaitable[None]]


class ControllerFailed(Exception):
    """The controller under test ended by itself. Its exception, if any, is the cause."""


class Controller(ABC):
    """A controller that can be started and stopped."""

    name: str

    @abstractmethod
    async def start(self, inventory: Mapping[str, Any]) -> None:
        """Start it on these devices."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop it at once, like a power loss. Its store is kept."""

    @abstractmethod
    async def restart(self) -> None:
        """Start it again after `stop`, with the inventory and the store it had."""

    @property
    @abstractmethod
    def ended(self) -> asyncio.Future[None] | None:
        """A future that raises ControllerFailed when the controller ends by itself; None while it is stopped."""


class Life:
    """The owner of what a controller starts between its start and its next stop."""


class InProcess(Controller):
    """A controller that is a coroutine of the same event loop.

    `stop` ends all that the controller has started, too: tasks, timers, callbacks, connections and servers.
    """

    def __init__(self, main: Main, name: str, store: MutableMapping[str, Any] | None = None) -> None:
        self.name = name
        self.store: MutableMapping[str, Any] = {} if store is None else store
        self._main = main
        self._inventory: Mapping[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        """True if it was ordered to stop, and not yet started again."""
        self._life = Life()
        """From a start to the next stop: the owner of all that the controller starts meanwhile."""

    async def start(self, inventory: Mapping[str, Any]) -> None:
        self._inventory = inventory
        await self.restart()

    async def restart(self) -> None:
        if self._task is None:
            self._stopping = False
            self._life = Life()
            context = owner.context_of(self._life)
            self._task = asyncio.create_task(self._run(), name=f"controller {self.name}", context=context)

    async def _run(self) -> None:
        try:
            await self._main(self._inventory, self.store)
        except Exception as error:
            if self._stopping:
                return  # an exception that it raises as it is stopped is no failure
            raise ControllerFailed(f"the controller {self.name} raised {type(error).__name__}: {error}") from error
        if self._stopping:
            return
        raise ControllerFailed(f"the controller {self.name} returned; it should run until it is cancelled")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping = True
        loop = asyncio.get_running_loop()
        if isinstance(loop, StrictLoop):
            try:
                await owner.stop(loop, self._life)
            except owner.WillNotStop as error:
                raise ControllerFailed(f"the controller {self.name} cannot be stopped: {error}") from None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)  # `ended` has its result

    @property
    def ended(self) -> asyncio.Future[None] | None:
        return self._task


REFERENCE = "twinfeed.fixtures.controllers.plant:main"
MUTANTS = "twinfeed.fixtures.controllers.bugs"
"""The controllers that ship, under the names `reference` and `mutant:NAME`."""

FORMER = ("emulators", "harness", "hil_rigs", "fixtures")
"""Packages that were importable at the top level until 0.1.0."""


class NoSuchController(ValueError):
    """No controller has that name. The message gives the places that were searched, and what is expected."""


@contextmanager
def importable_from(*folders: Path) -> Iterator[None]:
    """In this context Python imports modules from these folders first, as `python -m` does from the current folder.

    Afterwards they are found after all others, for a controller may import more of its modules while it runs.
    """
    added = [name for name in dict.fromkeys(str(folder) for folder in folders) if name not in sys.path]
    sys.path[:0] = added
    try:
        yield
    finally:
        for name in added:
            if name in sys.path:
                sys.path.remove(name)
                sys.path.append(name)


def main_of(text: str) -> Main:
    """The coroutine function of that name: `package.module:function`, or the controller of an installed package.

    Raises:
        NoSuchController: there is no such module or function, or it cannot be read.
    """
    for point in entry_points(group=CONTROLLERS, name=text):
        return _of_package(point)
    name, _, attribute = _in_full(text).partition(":")
    if name.startswith("."):
        raise NoSuchController(f"controller {text!r} is no module; expected package.module:function")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise NoSuchController(
            f"controller {text!r}: no module is called {error.name!r}; expected package.module:function, importable "
            f"from the current folder, {Path.cwd()}{_others()}"
        ) from None
    except (SyntaxError, ValueError) as error:  # ValueError: an empty name
        raise NoSuchController(f"controller {text!r}: {error}") from None
    except Exception as error:
        raise NoSuchController(f"controller {text!r}: importing it failed:\n{traceback_of(error)}") from None
    main = getattr(module, attribute or "main", None)
    if not callable(main) or isinstance(main, type):
        raise NoSuchController(
            f"controller {text!r}: {name} has no {attribute or 'main'!r}; expected a coroutine function "
            "main(inventory, store)"
        )
    return cast(Main, main)


def module_of(text: str) -> str:
    """The name of the module of the controller of that name; the module is not imported."""
    for point in entry_points(group=CONTROLLERS, name=text):
        return point.module
    return _in_full(text).partition(":")[0]


def _others() -> str:
    """The controllers of installed packages, for a message."""
    names = sorted(point.name for point in entry_points(group=CONTROLLERS))
    return f", or one of {', '.join(names)}" if names else ""


def _of_package(point: EntryPoint) -> Main:
    if point.name == "reference" or point.name.startswith("mutant:"):
        raise NoSuchController(broken(point, "has the name of a controller that ships"))
    try:
        main = point.load()
    except Exception as error:  # code of another package
        raise NoSuchController(broken(point, f"fails: {error!r}")) from error
    if not callable(main) or isinstance(main, type):
        raise NoSuchController(broken(point, f"is {main!r}, expected a coroutine function main(inventory, store)"))
    return cast(Main, main)


def _in_full(text: str) -> str:
    """The full name, `package.module:function`, of a short name: `reference`, `mutant:never-rearms`."""
    if text == "reference":
        return REFERENCE
    name, _, attribute = text.partition(":")
    if name == "mutant":
        return f"{MUTANTS}:{attribute.replace('-', '_')}"
    if name.startswith(tuple(f"{former}.controllers" for former in FORMER)):
        short = "reference" if name.endswith(".plant") else f"mutant:{attribute.replace('_', '-') or 'NAME'}"
        raise NoSuchController(
            f"controller {text!r}: that was its name until twinfeed 0.1.0; write {short!r}, or `twinfeed.{text}`"
        )
    return text


def named(text: str) -> InProcess:
    """The controller of that name.

    Raises:
        NoSuchController: see `main_of`.
    """
    return InProcess(main_of(text), text)
