"""Ways in which an error comes about that nothing awaits."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from virtual import Main

from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.strict import StrictLoop
from twinfeed.harness.virtual.wall_clock import WallClockLoop

Fail = Callable[[], None]
"""Raises the error of the test."""

KEPT: list[object] = []
"""Objects that the code under test holds on to."""

KEPT_TO_THE_END: list[object] = []
"""Objects that it holds on to until the run has been judged."""


class OwnOutcome(BaseException):
    """As pytest's: no `Exception`."""


ERRORS: list[Callable[[], BaseException]] = [
    lambda: KeyError("controller bug"),
    lambda: RuntimeError("a"),
    lambda: pytest.fail.Exception("failed"),
    lambda: pytest.skip.Exception("skipped"),
    lambda: pytest.exit.Exception("enough"),
    lambda: OwnOutcome("stop"),
    lambda: ExceptionGroup("several", [ValueError("one")]),
]


def run(main: Main, loop: StrictLoop) -> None:
    """To its end, with what is raised while the loop is closed, and what nothing has awaited."""
    KEPT.clear()
    KEPT_TO_THE_END.clear()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
        KEPT.clear()
    loop.raise_failures()


async def a_moment(fail: Fail) -> None:
    await asyncio.sleep(0.001)
    fail()


async def callback(fail: Fail) -> None:
    asyncio.get_running_loop().call_later(0.001, fail)


async def callback_of_this_turn(fail: Fail) -> None:
    asyncio.get_running_loop().call_soon(fail)


async def callback_the_thread_safe_way(fail: Fail) -> None:
    asyncio.get_running_loop().call_soon_threadsafe(fail)


async def callback_of_a_future(fail: Fail) -> None:
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda _: fail())
    future.set_result(None)


async def task(fail: Fail) -> None:
    asyncio.create_task(a_moment(fail))  # noqa: RUF006


async def task_that_is_kept(fail: Fail) -> None:
    KEPT.append(asyncio.create_task(a_moment(fail)))


async def task_that_is_kept_until_it_is_over(fail: Fail) -> None:
    tasks: set[asyncio.Task[None]] = set()
    tasks.add(asyncio.create_task(a_moment(fail)))
    for one in tasks:
        one.add_done_callback(tasks.discard)
    KEPT.append(tasks)


async def task_in_a_circle(fail: Fail) -> None:
    holder: list[object] = []
    holder.append((holder, asyncio.create_task(a_moment(fail))))


async def task_of_a_task(fail: Fail) -> None:
    asyncio.create_task(task(fail))  # noqa: RUF006


async def tasks_gathered_by_nobody(fail: Fail) -> None:
    KEPT.append(asyncio.gather(asyncio.sleep(0.002), a_moment(fail)))


async def task_group(fail: Fail) -> None:
    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(a_moment(fail))

    KEPT.append(asyncio.create_task(group()))


async def _numbers(fail: Fail) -> AsyncIterator[int]:
    try:
        yield 1
    finally:
        fail()


async def generator_that_is_dropped(fail: Fail) -> None:
    async for _ in _numbers(fail):
        break
    gc.collect()


async def generator_that_is_kept_to_the_end(fail: Fail) -> None:
    numbers = _numbers(fail)
    KEPT.append(numbers)
    await anext(numbers)


async def task_that_is_cancelled_at_the_end(fail: Fail) -> None:
    async def poller() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            fail()

    KEPT.append(asyncio.create_task(poller()))


class Fails:
    """An object whose end fails."""

    def __init__(self, fail: Fail) -> None:
        self.fail, self.itself = fail, None

    def __del__(self) -> None:
        self.fail()


async def end_of_an_object(fail: Fail) -> None:
    Fails(fail)


async def end_of_an_object_in_a_circle(fail: Fail) -> None:
    circle: list[object] = [Fails(fail)]
    circle.append(circle)


async def weak_reference_to_an_object_in_a_circle(fail: Fail) -> None:
    class Dies:
        pass

    circle: list[object] = [Dies()]
    circle.append(circle)
    KEPT_TO_THE_END.append(weakref.ref(circle[0], lambda _: fail()))


async def future(fail: Fail) -> None:
    made = asyncio.get_running_loop().create_future()
    try:
        fail()
    except BaseException as error:
        made.set_exception(error)


async def future_that_is_kept(fail: Fail) -> None:
    made: asyncio.Future[None] = asyncio.Future()
    KEPT_TO_THE_END.append(made)
    try:
        fail()
    except BaseException as error:
        made.set_exception(error)


async def exception_handler(fail: Fail) -> None:
    try:
        fail()
    except BaseException as error:
        asyncio.get_running_loop().call_exception_handler({"message": "look", "exception": error})


class Proto(asyncio.Protocol):
    def __init__(self, fail: Fail, when: str) -> None:
        self.fail, self.when = fail, when

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.when == "made":
            self.fail()

    def data_received(self, data: bytes) -> None:
        if self.when == "data":
            self.fail()

    def connection_lost(self, error: Exception | None) -> None:
        if self.when == "lost":
            self.fail()


def protocol(when: str) -> Callable[[Fail], Awaitable[None]]:
    async def main(fail: Fail) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Proto(fail, when), "127.0.0.1", 0)
        KEPT.append(server)
        port = server.sockets[0].getsockname()[1]
        transport, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port)
        transport.write(b"x")
        await asyncio.sleep(0.01)
        transport.close()

    return main


WAYS: dict[str, Callable[[Fail], Awaitable[None]]] = {
    way.__name__: way
    for way in (
        callback, callback_of_this_turn, callback_the_thread_safe_way, callback_of_a_future, task, task_that_is_kept,
        task_that_is_kept_until_it_is_over, task_in_a_circle, task_of_a_task, tasks_gathered_by_nobody, task_group,
        generator_that_is_dropped, generator_that_is_kept_to_the_end, task_that_is_cancelled_at_the_end,
        exception_handler, end_of_an_object, end_of_an_object_in_a_circle, weak_reference_to_an_object_in_a_circle,
        future, future_that_is_kept,
    )
} | {f"protocol_{when}": protocol(when) for when in ("made", "data", "lost")}  # fmt: skip

LOOPS: dict[str, Callable[[], StrictLoop]] = {"virtual": VirtualLoop, "wall clock": WallClockLoop}
