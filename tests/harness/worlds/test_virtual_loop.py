"""The loop of the simulated world is asyncio's, with another clock."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from virtual import real, simulated

from twinfeed.harness.virtual.loop import Deadlock, VirtualLoop

# -- times ------------------------------------------------------------------------------------------------------------


def test_half_an_hour_of_timers_takes_no_time() -> None:
    async def main() -> float:
        for _ in range(1800):
            await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    assert simulated(main) == 1800.0


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=20))
def test_timers_run_at_exactly_their_times_in_order(delays: list[float]) -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        ran: list[float] = []
        for delay in delays:
            loop.call_at(delay, lambda delay=delay: ran.append(delay - loop.time()))
        await asyncio.sleep(2e5)
        return ran

    assert simulated(main, time_limit_s=1e6) == pytest.approx([0.0] * len(delays), abs=1e-9)


def test_timers_set_in_one_instant_run_in_the_order_they_were_set_even_among_cancelled_ones() -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        ran: list[int] = []
        timers = [loop.call_at(1.0, ran.append, number) for number in range(500)]
        for timer in timers[::2]:
            timer.cancel()
        await asyncio.sleep(2)
        return ran

    assert simulated(main) == list(range(1, 500, 2))


def test_more_than_a_day_is_waited_for_in_one_go() -> None:
    async def main() -> float:
        await asyncio.sleep(5 * 86400)
        return asyncio.get_running_loop().time()

    assert simulated(main, time_limit_s=1e6) == 5 * 86400


def test_a_time_of_none_is_refused_as_by_asyncio() -> None:
    with pytest.raises(TypeError, match="when"):
        VirtualLoop().call_at(None, print)  # type: ignore[arg-type]


# -- the order of things is asyncio's ---------------------------------------------------------------------------------


def programs(timers: bool) -> st.SearchStrategy[list[Any]]:
    """Scripts of what a task does."""
    leaves = [st.tuples(st.just(what)) for what in ("note", "yield", "raise", "put", "set")]
    if timers:
        leaves.append(st.tuples(st.just("sleep"), st.integers(0, 3)))

    def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        some = st.lists(inner, max_size=3)
        kinds = [st.tuples(st.just(what), some) for what in ("soon", "task", "cancel")]
        kinds.append(st.tuples(st.just("gather"), some, some))
        if timers:
            kinds += [st.tuples(st.just(what), st.integers(0, 3), some) for what in ("later", "timeout")]
        return st.one_of(kinds)

    return st.lists(st.recursive(st.one_of(leaves), nested, max_leaves=8), max_size=4)


class JumpingLoop(asyncio.SelectorEventLoop):
    """asyncio's loop of real sockets, timers and all, except that its selector jumps instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        waiting = self._selector.select  # type: ignore[attr-defined]

        def select(timeout: float | None = None) -> Any:
            self._now_s += timeout or 0.0
            return waiting(0)

        self._selector.select = select  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now_s


class Program:
    """Actions on a loop, and the order in which they came about. No two timers are of one instant, since those of
    asyncio's own loop come in any order."""

    def __init__(self, script: list[Any]) -> None:
        self.script = script
        self.notes: list[str] = []
        self.timers = 0
        self.event = asyncio.Event()
        self.queue: asyncio.Queue[int] = asyncio.Queue()

    def note(self, text: str) -> None:
        self.notes.append(text)

    async def main(self) -> list[str]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: self.note(f"failed: {context.get('exception')!r}"))
        waiting = [asyncio.create_task(self.waiter("event", self.event.wait))]
        waiting.append(asyncio.create_task(self.waiter("queue", self.queue.get)))
        try:
            await self.do(self.script, "0")
        except ValueError as error:
            self.note(f"main raised {error}")
        for _ in range(50):
            await asyncio.sleep(0)
        if self.timers:
            await asyncio.sleep(100)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return self.notes

    async def waiter(self, name: str, wait: Callable[[], Any]) -> None:
        try:
            self.note(f"{name} gave {await wait()}")
        except asyncio.CancelledError:
            self.note(f"{name} waited in vain")
            raise

    def delay_s(self, steps: int) -> float:
        self.timers += 1
        return steps + 0.001 * self.timers

    async def do(self, script: list[Any], at: str) -> None:
        for number, (what, *args) in enumerate(script):
            here = f"{at}.{number}"
            match what:
                case "yield":
                    await asyncio.sleep(0)
                case "sleep":
                    await asyncio.sleep(self.delay_s(args[0]))
                case "raise":
                    raise ValueError(here)
                case "task":
                    task = asyncio.create_task(self.do(args[0], here))
                    task.add_done_callback(lambda task, here=here: self.note(f"{here} done {task.exception()!r}"))
                case "gather":
                    results = await asyncio.gather(
                        *(self.do(s, f"{here}/{n}") for n, s in enumerate(args)), return_exceptions=True
                    )
                    self.note(f"{here} {results}")
                case "timeout":
                    try:
                        async with asyncio.timeout(self.delay_s(args[0])):
                            await self.do(args[1], here)
                    except TimeoutError:
                        self.note(f"{here} timed out")
                case "cancel":
                    task = asyncio.create_task(self.do(args[0], here))
                    await asyncio.sleep(0)
                    task.cancel()
                    results = await asyncio.gather(task, return_exceptions=True)
                    self.note(f"{here} {results}")
                case _:
                    self.call(what, args, here)
            self.note(f"{here} {what}")

    def call(self, what: str, args: list[Any], here: str) -> None:
        loop = asyncio.get_running_loop()
        match what:
            case "put":
                self.queue.put_nowait(1)
            case "set":
                self.event.set()
            case "soon":
                loop.call_soon(self.calls, args[0], here)
            case "later":
                loop.call_later(self.delay_s(args[0]), self.calls, args[1], here)

    def calls(self, script: list[Any], at: str) -> None:
        for number, (what, *args) in enumerate(script):
            if what == "raise":
                raise ValueError(f"{at}.{number}")
            self.call(what, args, f"{at}.{number}")
            self.note(f"{at}.{number} called {what}")


@given(programs(timers=False))
@example(
    [("cancel", [("note",), ("soon", [("soon", [("raise",)])]), ("cancel", [("raise",)])])]
)  # a task is kept alive
def test_any_program_without_timers_runs_as_on_a_real_loop(script: list[Any]) -> None:
    async def main() -> list[str]:
        return await Program(script).main()

    assert simulated(main) == real(main)


@given(programs(timers=True))
def test_any_program_with_timers_runs_as_on_asyncios_loop_with_a_clock_that_jumps(script: list[Any]) -> None:
    async def main() -> list[str]:
        return await Program(script).main()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        expected = runner.run(main())
    assert simulated(main) == expected


def test_context_variables_follow_callbacks() -> None:
    who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")

    async def main() -> list[str]:
        seen: list[str] = []
        loop = asyncio.get_running_loop()
        who.set("ups")
        loop.call_later(1, lambda: seen.append(who.get()))
        who.set("pdu")
        loop.call_soon(lambda: seen.append(who.get()))
        await asyncio.sleep(2)
        return seen

    assert simulated(main) == ["pdu", "ups"]


# -- asyncio's own tools ----------------------------------------------------------------------------------------------


def test_timeouts_come_at_the_exact_second() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        seen = []
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.create_future(), 30)
        seen.append(loop.time())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.25):
                await asyncio.Event().wait()
        seen.append(loop.time())
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(7))
            group.create_task(asyncio.sleep(3))
        seen.append(loop.time())
        return seen

    assert simulated(main) == [30.0, 30.25, 37.25]


def test_producer_and_consumer_meet_in_a_queue() -> None:
    async def main() -> list[tuple[float, int]]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[int] = asyncio.Queue(2)
        got: list[tuple[float, int]] = []

        async def produce() -> None:
            for number in range(5):
                await queue.put(number)

        async def consume() -> None:
            for _ in range(5):
                await asyncio.sleep(1)
                got.append((loop.time(), await queue.get()))

        await asyncio.gather(produce(), consume())
        return got

    assert simulated(main) == [(float(n + 1), n) for n in range(5)]


# -- waiting for what never comes -------------------------------------------------------------------------------------


def test_a_deadlock_says_who_waits_where() -> None:
    async def main() -> None:
        async def wait_for_the_other(event: asyncio.Event) -> None:
            await event.wait()

        a, b = asyncio.Event(), asyncio.Event()
        waiting = asyncio.create_task(wait_for_the_other(a), name="controller")
        await wait_for_the_other(b)
        await waiting

    with pytest.raises(Deadlock) as found:
        simulated(main)
    message = str(found.value)
    assert "at t=0.000 s nothing can go on" in message
    assert "controller: Event.wait in locks.py:" in message
    line = wait_line(main)
    assert f"wait_for_the_other in test_virtual_loop.py:{line}" in message
    assert "called by test_a_deadlock_says_who_waits_where.<locals>.main in test_virtual_loop.py" in message


def wait_line(main: Callable[..., Any]) -> int:
    """The place at which `wait_for_the_other` waits: the second line of its body's definition."""
    return main.__code__.co_firstlineno + 2


def test_a_deadlock_after_some_time_says_when() -> None:
    async def main() -> None:
        await asyncio.sleep(12.5)
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock, match=r"at t=12\.500 s"):
        simulated(main)


def test_a_test_that_waits_among_busy_tasks_ends_at_the_time_limit() -> None:
    async def main() -> None:
        async def poll() -> None:
            while True:
                await asyncio.sleep(1)

        polling = asyncio.create_task(poll(), name="poller")
        await asyncio.Event().wait()
        polling.cancel()

    with pytest.raises(Deadlock) as found:
        simulated(main, time_limit_s=600)
    assert "t=600 s has passed and the test still waits" in str(found.value)
    assert "poller: sleep in tasks.py" in str(found.value)


def test_the_loop_can_be_used_again_after_a_deadlock() -> None:
    loop = VirtualLoop()
    with pytest.raises(Deadlock):
        loop.run_until_complete(loop.create_future())
    loop.run_until_complete(asyncio.sleep(5))
    assert loop.time() == 5.0
    loop.close()


def test_the_time_outside_is_not_touched_by_a_run() -> None:
    began = time.monotonic()

    async def main() -> None:
        await asyncio.sleep(10_000)

    simulated(main)
    assert time.monotonic() - began < 1_000
