"""No failure goes unnoticed: an error that nothing awaits ends the run, in whatever way it came about."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable

import pytest
from failing import ERRORS, LOOPS, WAYS, Fails, a_moment, run
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.virtual.loop import VirtualLoop


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
        thread.join(120)
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
