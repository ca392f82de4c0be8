"""A controller that has been stopped acts no more, whatever it has started; what others have started goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.controllers.in_process import ControllerFailed, InProcess
from twinfeed.harness.controllers.paced import Paced
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.virtual.strict import StrictLoop
from twinfeed.harness.virtual.wall_clock import WallClockLoop

STEP_S = 0.001
"""The period at which the controllers act, s."""

HOST = "127.0.0.1"

Act = Callable[[], None]
"""The controller's action: it is counted."""
Way = Callable[[Act, int], Awaitable[None]]
"""Starts something that acts; the number is the port of the device, which answers everything it receives."""


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def _acting(act: Act) -> None:
    while True:
        act()
        await asyncio.sleep(STEP_S)


async def task(act: Act, port: int) -> None:
    asyncio.create_task(_acting(act))  # noqa: RUF006


async def task_of_a_task(act: Act, port: int) -> None:
    asyncio.create_task(task(act, port))  # noqa: RUF006


async def task_that_starts_another_as_it_ends(act: Act, port: int) -> None:
    async def ends(left: int) -> None:
        try:
            await _acting(act)
        finally:
            if left:
                asyncio.create_task(ends(left - 1))  # noqa: RUF006

    asyncio.create_task(ends(3))  # noqa: RUF006


async def task_that_is_shielded(act: Act, port: int) -> None:
    asyncio.create_task(_shielding(act))  # noqa: RUF006


async def _shielding(act: Act) -> None:
    await asyncio.shield(_acting(act))


async def task_group(act: Act, port: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_acting(act))


async def timer(act: Act, port: int) -> None:
    def tick() -> None:
        act()
        asyncio.get_running_loop().call_later(STEP_S, tick)

    tick()


async def callback_that_starts_tasks(act: Act, port: int) -> None:
    def tick() -> None:
        asyncio.ensure_future(once())  # noqa: RUF006
        asyncio.get_running_loop().call_at(asyncio.get_running_loop().time() + STEP_S, tick)

    async def once() -> None:
        act()

    asyncio.get_running_loop().call_soon(tick)


class _Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        asyncio.get_running_loop().call_later(STEP_S, self.transport.sendto, data, addr)


class _Pong(_Echo):
    """Acts when it is answered, and asks again."""

    def __init__(self, act: Act) -> None:
        self.act = act

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.sendto(b"ask")

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.act()
        self.transport.sendto(b"ask")


async def answers_to_datagrams(act: Act, port: int) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: _Pong(act), remote_addr=(HOST, port))


class _EchoStream(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(STEP_S, self.transport.write, data)


class _PongStream(_EchoStream):
    def __init__(self, act: Act, port: int) -> None:
        self.act, self.port = act, port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(b"ask")

    def data_received(self, data: bytes) -> None:
        self.act()
        self.transport.write(b"ask")


class _Reconnecting(_PongStream):
    """Connects again whenever it has been cut off, as Modbus clients do."""

    def connection_lost(self, error: Exception | None) -> None:
        asyncio.ensure_future(connection_that_comes_back(self.act, self.port))  # noqa: RUF006


async def answers_on_a_connection(act: Act, port: int) -> None:
    await asyncio.get_running_loop().create_connection(lambda: _PongStream(act, port), HOST, port)


async def connection_that_comes_back(act: Act, port: int) -> None:
    await asyncio.get_running_loop().create_connection(lambda: _Reconnecting(act, port), HOST, port)


WAYS: dict[str, Way] = {
    way.__name__: way
    for way in (
        task, task_of_a_task, task_that_starts_another_as_it_ends, task_that_is_shielded, task_group, timer,
        callback_that_starts_tasks, answers_to_datagrams, answers_on_a_connection, connection_that_comes_back,
    )
}  # fmt: skip

LOOPS: dict[str, Callable[[], StrictLoop]] = {"virtual": VirtualLoop, "wall clock": WallClockLoop}


async def _device() -> tuple[int, list[asyncio.BaseTransport | asyncio.Server]]:
    """Something that answers datagrams and connections at one port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_EchoStream, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(_Echo, local_addr=(HOST, port))
    return port, [server, transport]


async def _watched(ways: list[str], span_s: float) -> dict[str, int]:
    """How often a controller that does all of that acts: while it runs, is stopped, runs again, and is stopped again;
    and how often somebody else acts while it is stopped."""
    acts = {"controller": 0, "other": 0}

    def act(who: str) -> Act:
        def count() -> None:
            acts[who] += 1

        return count

    port, opened = await _device()

    async def main(inventory: object, store: object) -> None:
        for way in ways:
            asyncio.create_task(WAYS[way](act("controller"), port))  # noqa: RUF006
        await forever()

    controller, other = InProcess(main, "it"), asyncio.ensure_future(_acting(act("other")))
    counts: dict[str, int] = {}
    await controller.start({})
    for phase in ("runs", "stopped", "runs again", "stopped again"):
        acts.update(controller=0, other=0)
        await asyncio.sleep(span_s)
        counts |= {phase: acts["controller"], f"other, {phase}": acts["other"]}
        await (controller.restart() if phase.startswith("stopped") else controller.stop())
    await controller.stop()
    other.cancel()
    for transport in opened:
        transport.close()
    await asyncio.sleep(0.01)
    return counts


def _counts(ways: list[str], of: str, span_s: float) -> dict[str, int]:
    with asyncio.Runner(loop_factory=LOOPS[of]) as runner:
        return runner.run(_watched(ways, span_s))


@pytest.mark.parametrize("of", LOOPS)
@pytest.mark.parametrize("way", WAYS)
def test_a_stopped_controller_acts_no_more(way: str, of: str) -> None:
    counts = _counts([way], of, 0.05)
    assert counts["stopped"] == counts["stopped again"] == 0
    assert min(counts["runs"], counts["runs again"], counts["other, stopped"], counts["other, stopped again"]) > 0


@settings(deadline=None, max_examples=examples(30))
@given(ways=st.lists(st.sampled_from(sorted(WAYS)), min_size=1, max_size=6), span_s=st.floats(0.1, 1.0))
def test_whatever_a_controller_starts_is_stopped_with_it(ways: list[str], span_s: float) -> None:
    counts = _counts(ways, "virtual", span_s)
    assert counts["stopped"] == counts["stopped again"] == 0
    assert min(counts["runs"], counts["runs again"]) > 0


def test_a_controller_that_swallows_its_cancellation_is_named() -> None:
    stubborn = True

    async def main(inventory: object, store: object) -> None:
        while stubborn:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1)

    async def stopping() -> None:
        controller = InProcess(main, "stubborn")
        await controller.start({})
        await asyncio.sleep(1)
        await controller.stop()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        with pytest.raises(ControllerFailed, match="stubborn cannot be stopped: cancelled 60 s ago and still running"):
            runner.run(stopping())
        stubborn = False


async def _dies(inventory: object, store: object) -> None:
    await asyncio.sleep(0.1)
    raise ValueError("no such register")


async def _returns(inventory: object, store: object) -> None:
    await asyncio.sleep(0.1)


async def _complains_as_it_is_stopped(inventory: object, store: object) -> None:
    try:
        await forever()
    finally:
        raise ValueError("in the middle of something")


PACES: dict[str, Callable[[Any], InProcess]] = {
    "at the pace of the loop": lambda main: InProcess(main, "it"),
    "at a pace of its own": lambda main: Paced(main, "it", 20.0),
}


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize(
    ("main", "says"), [(_dies, "it raised ValueError: no such register"), (_returns, "it returned; it should run")]
)
def test_a_controller_that_ends_by_itself_has_failed(pace: str, main: Any, says: str) -> None:
    async def ending() -> None:
        controller = PACES[pace](main)
        await controller.start({})
        assert controller.ended is not None
        try:
            with pytest.raises(ControllerFailed, match=says):
                async with asyncio.timeout(30.0):
                    await controller.ended
        finally:
            await controller.stop()

    with asyncio.Runner(loop_factory=WallClockLoop) as runner:
        runner.run(ending())


@pytest.mark.parametrize("pace", PACES)
def test_what_a_controller_raises_as_it_is_stopped_is_no_failure(pace: str) -> None:
    async def stopping() -> None:
        controller = PACES[pace](_complains_as_it_is_stopped)
        await controller.start({})
        await asyncio.sleep(0.05)
        await controller.stop()

    with asyncio.Runner(loop_factory=WallClockLoop) as runner:
        runner.run(stopping())
