"""Signals and the watchdog end a run that does not end by itself."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from failing import LOOPS, OwnOutcome, run
from virtual import Main

from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.wall_clock import WallClockLoop
from twinfeed.harness.virtual.watchdog import Stuck


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
        assert Path(__file__).name in message


def test_one_in_another_thread_is_stopped_too() -> None:

    found: list[BaseException] = []

    def work() -> None:
        try:
            run(never_yields, VirtualLoop(patience_s=0.3))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(120)
    assert [type(error) for error in found] == [Stuck]
    assert "in never_yields" in str(found[0])


def test_in_the_live_world_too() -> None:
    with pytest.raises(Stuck, match="in never_yields"):
        run(never_yields, WallClockLoop(patience_s=0.3))


def test_a_live_loop_that_waits_is_not_stuck() -> None:
    async def main() -> None:
        await asyncio.sleep(1.0)

    run(main, WallClockLoop(patience_s=0.2))
