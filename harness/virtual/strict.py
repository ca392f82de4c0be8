"""An event loop on which no failure goes unnoticed: an error that nothing awaits ends the run.

asyncio hands such an error to the exception handler of the loop, which logs it, and goes on; a test would pass although
its code has failed. Here three kinds of failure end the run, and are raised where the run was started:

- an exception of a callback, a protocol, an asynchronous generator, or `loop.call_exception_handler`. A handler that
  the code under test has set itself decides, as asyncio has it, except about the outcomes of pytest (`pytest.fail`,
  `pytest.skip`, `pytest.exit`) and other exceptions that are no `Exception`;
- an exception of a task or future that nothing can await any more, and one that Python only reports since it cannot be
  raised where it happens, as in `__del__`. What code could still await, and what the garbage collector has not come
  for, is raised when the test has ended, by `raise_failures`;
- an exception that a signal handler raises, such as the time limit of pytest-timeout or Ctrl-C, even if the code in
  which it happens to arrive swallows it.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FrameType
from typing import Any, ClassVar, TypeVar, cast

from twinfeed.harness.virtual import garbage
from twinfeed.harness.virtual.owner import current_owner, owner_in
from twinfeed.harness.virtual.places import waits
from twinfeed.harness.virtual.watchdog import INTERRUPT, Stuck, Watch, watched

T = TypeVar("T")

UNWINDING_S = 60.0
"""So long a test whose run has failed may take for its `finally` blocks, s of the loop's time."""

Handler = Callable[[int, FrameType | None], object]


class StrictLoop(asyncio.BaseEventLoop):
    """A mixin for event loops. `patience_s` is that of the watchdog, s of the machine's clock; 0 is for ever."""

    SIGNALS: ClassVar[tuple[signal.Signals, ...]] = (signal.SIGALRM,)
    """Signals whose handlers may raise; Ctrl-C is left to asyncio, which cancels the test."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.patience_s = 0.0
        self.failures: list[BaseException] = []
        """Errors that have ended, or should have ended, a run, and were not raised yet."""
        self.ended_by: BaseException | None = None
        """The error that ended the latest run from outside its main task."""
        self.broken_by: BaseException | None = None
        """The exception of the latest run, None if it went well."""
        self.broken_off = False
        """True if some run was ended in the middle of anything, so that nothing that it used can be relied on."""
        self._ending: BaseException | None = None
        self._finishing = 0
        self._dead: list[weakref.ref[asyncio.Task[Any]]] = []
        """Tasks that raised an exception without being awaited."""
        self._dead_sought = 0
        self._set_apart = False
        self._owned: weakref.WeakKeyDictionary[object, weakref.WeakSet[asyncio.Task[Any]]] = weakref.WeakKeyDictionary()

    # -- failures ---------------------------------------------------------------------------------------------------

    def end_with(self, error: BaseException) -> None:
        """End the run with that error at the next turn of the loop, whatever swallows it until then."""
        if not any(error is known for known in self.failures):
            self.failures.append(error)
        if self._ending is None and not (self._finishing and isinstance(error, Exception)):
            self._ending = error

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Stuck) or (error is not None and error is self.ended_by):
            return  # the loop ends with it, or has ended with it
        own = self.get_exception_handler()
        if own is not None and not (isinstance(error, BaseException) and _is_outcome(error)):
            super().call_exception_handler(context)
            return
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            return  # asyncio has raised it already
        if isinstance(error, BaseException):
            self.end_with(error)
        elif "task" in context:  # "Task was destroyed but it is pending": when, depends on the garbage collector
            self.default_exception_handler(context)
        else:
            self.end_with(RuntimeError(context.get("message", "the exception handler of the loop was called")))

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        task = super().create_task(coro, **options)
        task.add_done_callback(self._task_ended)
        context = options.get("context")
        owner = current_owner() if context is None else owner_in(context)
        if owner is not None:
            self._owned.setdefault(owner, weakref.WeakSet()).add(task)
        return task

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        if task._exception is not None and task._log_traceback:
            self._dead.append(weakref.ref(task))

    def _seek_dead(self) -> None:
        """The garbage collector reports tasks that nothing can await any more; it comes at its own times, which are not
        the same in each run. Let it come now if there may be some."""
        self._dead = [ref for ref in self._dead if _unheard(ref) is not None]
        if len(self._dead) > self._dead_sought:
            gc.collect()
            self._dead = [ref for ref in self._dead if ref() is not None]
        self._dead_sought = len(self._dead)

    def raise_failures(self) -> None:
        """Raise the first error that was not raised yet; the others are its notes.

        Tasks and futures that have an exception and were not awaited count: there was time enough to await them.
        """
        __tracebackhide__ = True
        self._collect_garbage()
        errors, self.failures, self._ending = self.failures, [], None
        for ref in self._dead:
            if (task := _unheard(ref)) is not None and (error := task.exception()) is not None:
                error.add_note(f"It ended the task {task.get_name()!r}, which nothing awaited.")
                errors.append(error)
        self._dead, self._dead_sought = [], 0
        if errors:
            for other in errors[1:]:
                errors[0].add_note(f"Another failure that nothing awaited: {other!r}")
            raise errors[0]

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """In this context errors are kept for `raise_failures` and do not end the run: cleaning up completes."""
        self._finishing += 1
        try:
            yield
        finally:
            self._finishing -= 1

    # -- running ----------------------------------------------------------------------------------------------------

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        __tracebackhide__ = True
        task: asyncio.Future[T] = asyncio.ensure_future(cast("Awaitable[T]", future), loop=self)
        self.ended_by = self.broken_by = None
        try:
            result: T = super().run_until_complete(task)
            self._raise_ending()
        except BaseException as error:
            self.broken_by = error
            self.broken_off |= not task.done() or not isinstance(error, Exception)
            self.is_raised(error)
            if task.done():
                self._take_stop(task, error)
            elif not isinstance(error, (KeyboardInterrupt, SystemExit)):
                self._unwind(task, error)
            raise
        return result

    def _take_stop(self, task: asyncio.Future[Any], error: BaseException) -> None:
        """The main task had come to its end as well: its order to stop must not stop the next run."""
        if task.cancelled() or task.exception() is not error:
            with self.finishing():
                self.call_soon(self.stop)
                self.run_forever()

    def is_raised(self, error: BaseException) -> None:
        """Mark an error as raised where it can be seen: it need not be raised again."""
        self.failures = [other for other in self.failures if other is not error]
        if self._ending is error:
            self._ending = None

    def _raise_ending(self) -> None:
        __tracebackhide__ = True
        if self._ending is not None:
            self.ended_by, self._ending = self._ending, None
            raise self.ended_by

    def _unwind(self, task: asyncio.Future[Any], error: BaseException) -> None:
        """The run has ended over the head of its main task: cancel that, so that its `finally` blocks run."""
        task.cancel()
        with self.finishing():
            try:
                super().run_until_complete(self._until_over(task))
            except BaseException as trouble:
                error.add_note(f"The test could not be cancelled afterwards: {trouble!r}")
        own = task.exception() if task.done() and not task.cancelled() else None
        if own is not None and own is not error:
            error.add_note(f"While the test was cancelled afterwards it raised {own!r}")

    async def _until_over(self, task: asyncio.Future[Any]) -> None:
        await asyncio.wait([task], timeout=UNWINDING_S)

    def _run_once(self) -> None:
        __tracebackhide__ = True
        self._raise_ending()
        super()._run_once()  # type: ignore[misc]

    def run_forever(self) -> None:
        __tracebackhide__ = True
        with ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                if not self._set_apart:
                    self._set_apart = True
                    garbage.set_apart()
                stack.enter_context(self._heeding_garbage())
                stack.enter_context(self._heeding_signals())
            if self.patience_s > 0.0:
                stack.enter_context(watched(Watch(self, threading.get_ident(), self.patience_s)))
            super().run_forever()

    def close(self) -> None:
        self._collect_garbage()
        super().close()
        if self._set_apart:
            self._set_apart = False
            garbage.rejoin()

    def _collect_garbage(self) -> None:
        """Run the garbage collector over the objects of the run, and keep the errors that it reveals."""
        if not self._set_apart:
            return
        with self.finishing(), self._heeding_garbage():
            gc.collect()
        for future in garbage.unheard_futures(self):
            if not isinstance(future, asyncio.Task) and (error := future.exception()) is not None:
                error.add_note("It was set in a future that nothing awaited.")
                self.failures.append(error)

    @contextmanager
    def _heeding_garbage(self) -> Iterator[None]:
        """Inside, an exception that Python can only report, such as one of `__del__`, ends the run."""
        before = sys.unraisablehook

        def ends_the_run(unraisable: sys.UnraisableHookArgs) -> None:
            error = unraisable.exc_value
            if error is None:
                before(unraisable)
                return
            where = getattr(unraisable.object, "__qualname__", type(unraisable.object).__name__)
            error.add_note(f"It was raised in {where}, from where Python can only report it.")
            self.end_with(error)
            self._write_to_self()  # type: ignore[attr-defined]  # another thread may wake a loop that waits

        sys.unraisablehook = ends_the_run
        try:
            yield
        finally:
            sys.unraisablehook = before

    def waits(self) -> str:
        return waits(self)

    def progress(self) -> float:
        """A number that changes while the loop makes progress. The watchdog reads it from another thread."""
        raise NotImplementedError

    # -- owners (`twinfeed.harness.virtual.owner`) --------------------------------------------------------------------

    def tasks_of(self, owner: object) -> list[asyncio.Task[object]]:
        """The tasks of that owner that have not ended, in the order of their names."""
        return sorted((task for task in self._owned.get(owner, ()) if not task.done()), key=asyncio.Task.get_name)

    def cut(self, owner: object) -> bool:
        """Cancel the timers and callbacks of that owner and abort its connections; returns whether there were any."""
        found = False
        for handle in [*self._ready, *self.timers()]:  # type: ignore[attr-defined]
            carries = isinstance(getattr(handle._callback, "__self__", None), asyncio.BaseTransport)
            if not carries and not handle.cancelled() and owner_in(handle._context) is owner:
                handle.cancel()
                found = True
        return self.disconnect(owner) or found

    def timers(self) -> list[asyncio.Handle]:
        """The timers that are set."""
        return list(self._scheduled)  # type: ignore[attr-defined]

    def disconnect(self, owner: object) -> bool:
        """Abort the connections of that owner and close its servers; returns whether there were any."""
        found = False
        for key in list(self._selector.get_map().values()):  # type: ignore[attr-defined]
            handles = [handle for handle in key.data if handle is not None and owner_in(handle._context) is owner]
            transport = self._transports.get(key.fd)  # type: ignore[attr-defined]
            if handles and isinstance(transport, asyncio.Transport | asyncio.DatagramTransport):
                if not transport.is_closing():
                    handles[0]._context.copy().run(transport.abort)  # anything that its end starts is the owner's, too
                    found = True
                continue
            for server in [a for handle in handles for a in handle._args if isinstance(a, asyncio.AbstractServer)]:
                server.close()
                found = True
        return found

    # -- signals ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        """Protocols whose handlers end the run with an exception even where it is swallowed."""
        before: dict[signal.Signals, Any] = {}
        ours: dict[signal.Signals, Handler] = {INTERRUPT: self._interrupted}
        for number in self.SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                ours[number] = partial(self._signalled, handler)
        for number, handler in ours.items():
            before[number] = signal.signal(number, handler)
        try:
            yield
        finally:
            for number, handler in before.items():
                if signal.getsignal(number) is ours[number] and handler is not None:
                    signal.signal(number, handler)

    def _signalled(self, handler: Handler, number: int, frame: FrameType | None) -> None:
        __tracebackhide__ = True
        try:
            handler(number, frame)
        except BaseException as error:
            self.end_with(error)
            if self._interruptible(frame):
                raise

    def _interruptible(self, frame: FrameType | None) -> bool:
        """True if an exception may be raised at that place. In the code of asyncio and of the loop it would lose the
        callback that they have in hand, and a task would wait for ever; there the loop ends at its next turn."""
        module = "" if frame is None else str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] != "asyncio" and module not in (__name__, type(self).__module__):
            return True
        self.call_soon_threadsafe(_wake_up)  # it may be on its way to wait for sockets
        return False

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        """The watchdog has barked."""
        __tracebackhide__ = True
        stuck = Stuck.at(self, frame)
        if stuck is not None:
            self.end_with(stuck)
            if self._interruptible(frame):
                raise stuck


def _wake_up() -> None:
    """Nothing: that it is called is enough."""


def _unheard(ref: weakref.ref[asyncio.Task[Any]]) -> asyncio.Task[Any] | None:
    """The task, if it still exists and its exception was not retrieved."""
    task = ref()
    return task if task is not None and task._log_traceback else None


def _is_outcome(error: BaseException) -> bool:
    """True if an exception ends a test and is not for exception handlers: pytest's `Exit` is an `Exception`."""
    return not isinstance(error, Exception) or type(error).__module__ == "_pytest.outcomes"
