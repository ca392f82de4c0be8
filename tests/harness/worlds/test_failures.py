"""No failure goes unnoticed: an error that nothing awaits ends the run, in whatever way it came about."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual import Main

from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.strict import StrictLoop
from twinfeed.harness.virtual.wall_clock import WallClockLoop
from twinfeed.harness.virtual.watchdog import Stuck

Fail = Callable[[], None]
"""Raises the error of the test."""

KEPT: list[object] = []
"""What the code under test holds on to."""

KEPT_TO_THE_END: list[object] = []
"""What it holds on to until the run has been judged."""


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


def _errors_in(error: BaseException) -> set[BaseException]:
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return {error}.union(*map(_errors_in, inner)) if inner else {error}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("of", LOOPS)
@pytest.mark.parametrize("way", WAYS)
@given(make=st.sampled_from(ERRORS))
def test_an_error_that_nothing_awaits_ends_the_run(way: str, of: str, make: Callable[[], BaseException]) -> None:
    error = make()

    def fail() -> None:
        raise error

    async def main() -> None:
        await WAYS[way](fail)
        await asyncio.sleep(0.02)

    with pytest.raises(BaseException) as found:  # noqa: PT011
        run(main, LOOPS[of]())
    assert error in _errors_in(found.value), repr(found.value)


@pytest.mark.parametrize("of", LOOPS)
def test_garbage_from_before_the_run_does_not_fail_it(of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    def fail() -> None:
        raise KeyError("of another test")

    circle: list[object] = [Fails(fail)]
    circle.append(circle)
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    loop = LOOPS[of]()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(asyncio.sleep(0))
        del circle
        gc.collect()
        runner.run(asyncio.sleep(0))
    loop.raise_failures()
    assert not told, "the collector leaves it alone during the run"
    gc.collect()
    assert len(told) == 1, "it is told outside the run"


@pytest.mark.parametrize("make", [lambda: KeyError("x"), lambda: pytest.fail.Exception("no")], ids=["KeyError", "fail"])
def test_what_a_thread_raises_ends_a_simulated_run(make: Callable[[], BaseException]) -> None:
    wrong = make()

    def work() -> None:
        raise wrong

    async def main() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(30)
        await asyncio.sleep(1.0)

    with pytest.raises(type(wrong)) as raised:
        run(main, VirtualLoop())
    assert raised.value is wrong
    assert any("was raised in the thread" in note for note in wrong.__notes__)


def test_the_run_ends_at_once_and_not_at_the_end_of_the_test() -> None:
    async def main() -> None:
        asyncio.create_task(a_moment(lambda: 1 / 0 and None))  # noqa: RUF006
        await asyncio.sleep(3600)

    loop = VirtualLoop()
    with pytest.raises(ZeroDivisionError):
        run(main, loop)
    assert loop.time() < 1.0


def test_a_test_that_is_ended_from_outside_runs_its_finally_blocks() -> None:
    seen: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().call_later(1, lambda: 1 / 0)
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(5)
            seen.append("put back")

    with pytest.raises(ZeroDivisionError):
        run(main, VirtualLoop())
    assert seen == ["put back"]


@pytest.mark.parametrize("of", LOOPS)
def test_the_next_run_of_the_loop_is_not_stopped_by_the_last(of: str) -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)

    loop = LOOPS[of]()
    with pytest.raises(ZeroDivisionError):
        loop.run_until_complete(main())
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()


def test_a_message_alone_is_an_error_too() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_exception_handler({"message": "the bus is stuck"})
        await asyncio.sleep(1)

    with pytest.raises(RuntimeError, match="the bus is stuck"):
        run(main, VirtualLoop())


def test_a_task_whose_error_is_awaited_later_is_no_failure() -> None:
    async def main() -> None:
        dead = asyncio.create_task(a_moment(lambda: 1 / 0 and None))
        await asyncio.sleep(60)
        with pytest.raises(ZeroDivisionError):
            await dead
        results = await asyncio.gather(a_moment(lambda: 1 / 0 and None), return_exceptions=True)
        assert len(results) == 1

    run(main, VirtualLoop())


def test_a_handler_of_the_code_under_test_decides_but_not_over_outcomes() -> None:
    handled: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: handled.append(context["exception"]))
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)
        loop.call_soon(pytest.fail, "no")
        await asyncio.sleep(1)

    with pytest.raises(pytest.fail.Exception):
        run(main, VirtualLoop())
    assert [type(error) for error in handled] == [ZeroDivisionError]


# -- signals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", LOOPS)
def test_a_time_limit_ends_the_run_even_if_it_is_swallowed(of: str) -> None:
    def limit(number: int, frame: object) -> None:
        raise OwnOutcome("over time")

    async def main() -> None:
        while True:
            with suppress(BaseException):
                end = time.perf_counter() + 0.01
                while time.perf_counter() < end:
                    pass
            await asyncio.sleep(0)

    before = signal.signal(signal.SIGALRM, limit)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(OwnOutcome):
            run(main, LOOPS[of]())
        assert signal.getsignal(signal.SIGALRM) is limit
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_ctrl_c_ends_a_simulated_run_at_once() -> None:
    async def main() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        while True:
            with suppress(Exception):
                sum(range(1000))

    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with pytest.raises(KeyboardInterrupt):
            run(main, VirtualLoop())
    finally:
        signal.signal(signal.SIGALRM, before)


# -- the watchdog ---------------------------------------------------------------------------------------------------------


async def never_yields() -> None:
    while True:
        pass


async def swallows() -> None:
    while True:
        try:
            while True:
                pass
        except Exception:
            continue


async def yields_without_waiting() -> None:
    while True:
        await asyncio.sleep(0)


async def waits_for_next_to_nothing() -> None:
    while True:
        await asyncio.sleep(1e-12)


async def blocks_on_a_lock() -> None:
    import threading

    threading.Event().wait()


@pytest.mark.parametrize(
    "controller", [never_yields, swallows, yields_without_waiting, waits_for_next_to_nothing, blocks_on_a_lock]
)
def test_a_controller_that_never_yields_is_stopped_and_named(controller: Main) -> None:
    async def main() -> None:
        task = asyncio.create_task(controller(), name="controller mine:main")
        await asyncio.sleep(60)
        await task

    with pytest.raises(Stuck) as found:
        run(main, VirtualLoop(patience_s=0.3))
    message = str(found.value)
    assert "for 0.3 s of the machine's clock, at t=0.000 s" in message
    assert "--watchdog SECONDS" in message
    if "yields_" in controller.__name__ or "waits" in controller.__name__:
        assert controller.__name__ in message
    else:
        assert message.startswith("the task 'controller mine:main'")
        assert f"in {controller.__name__}" in message
        assert "test_failures.py" in message


def test_one_in_another_thread_is_stopped_too() -> None:
    import threading

    found: list[BaseException] = []

    def work() -> None:
        try:
            run(never_yields, VirtualLoop(patience_s=0.3))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert [type(error) for error in found] == [Stuck]
    assert "in never_yields" in str(found[0])


def test_in_the_live_world_too() -> None:
    with pytest.raises(Stuck, match="in never_yields"):
        run(never_yields, WallClockLoop(patience_s=0.3))


def test_a_live_loop_that_waits_is_not_stuck() -> None:
    async def main() -> None:
        await asyncio.sleep(1.0)

    run(main, WallClockLoop(patience_s=0.2))
