"""Nothing outside reaches into a simulated world, and an error names whoever asks for it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from virtual import simulated

from twinfeed.harness.virtual.clock import EPOCH_S, HOLDERS, virtual_time
from twinfeed.harness.virtual.loop import Deadlock, OutsideWorld, VirtualLoop
from twinfeed.harness.worlds.world import World


def read_a_file() -> str:
    return "content"


def loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def by_reader() -> None:
    loop().add_reader(3, print)


async def by_writer() -> None:
    loop().add_writer(4, print)


ASKING: dict[str, Callable[[], Awaitable[object]]] = {
    "run_in_executor(read_a_file): a thread": lambda: asyncio.to_thread(read_a_file),
    "run_in_executor(read_a_file)": lambda: loop().run_in_executor(None, read_a_file),
    "add_reader(3): a real socket or file": by_reader,
    "add_writer(4): a real socket or file": by_writer,
    "sock_connect(('192.0.2.1', 80)): a real socket": lambda: loop().sock_connect(None, ("192.0.2.1", 80)),
    "sock_accept: a real socket": lambda: loop().sock_accept(None),
    "sock_recv: a real socket": lambda: loop().sock_recv(None, 1),
    "sock_recv_into: a real socket": lambda: loop().sock_recv_into(None, bytearray(1)),
    "sock_recvfrom: a real socket": lambda: loop().sock_recvfrom(None, 1),
    "sock_sendall: a real socket": lambda: loop().sock_sendall(None, b"x"),
    "sock_sendto(('192.0.2.1', 80)): a real socket": lambda: loop().sock_sendto(None, b"x", ("192.0.2.1", 80)),
    "create_connection with ssl or a socket": lambda: asyncio.open_connection(sock=socket.socket()),
    "create_server with ssl, a socket or several hosts": lambda: asyncio.start_server(print, ["127.0.0.1", "::1"], 1),
    "create_datagram_endpoint with a socket": lambda: loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, sock=socket.socket()
    ),
    "create_unix_connection: a real socket": lambda: asyncio.open_unix_connection("/run/x"),
    "create_unix_server: a real socket": lambda: asyncio.start_unix_server(print, "/run/x"),
    "subprocess_exec(upsd -D): another process (try --world live)": lambda: asyncio.create_subprocess_exec(
        "upsd", "-D"
    ),
    "subprocess_shell('upsd -D'): another process": lambda: asyncio.create_subprocess_shell("upsd -D"),
    "connect_read_pipe": lambda: loop().connect_read_pipe(asyncio.Protocol, "pipe"),
    "connect_write_pipe": lambda: loop().connect_write_pipe(asyncio.Protocol, "pipe"),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("what", ASKING)
def test_what_is_outside_is_refused_by_name(what: str) -> None:
    async def poller() -> None:
        await ASKING[what]()

    async def main() -> None:
        await asyncio.create_task(poller(), name="poll ups-a1")

    with pytest.raises(OutsideWorld) as found:
        simulated(main)
    message = str(found.value)
    assert message.startswith(what)
    assert "by task 'poll ups-a1' in " in message
    assert "poller in test_outside.py:" in message
    assert "the simulated world has nothing outside it" in message


def test_a_controller_that_swallows_the_refusal_does_not_get_away_with_it() -> None:
    async def main() -> None:
        async def poller() -> None:
            while True:
                with suppress(Exception):
                    await asyncio.to_thread(read_a_file)
                await asyncio.sleep(1)

        polling = asyncio.create_task(poller(), name="poller")
        await asyncio.sleep(60)
        polling.cancel()

    with pytest.raises(OutsideWorld, match=r"read_a_file.*'poller'"):
        simulated(main)


def test_a_thread_that_calls_into_the_loop_is_named() -> None:
    said: list[str] = []

    async def main() -> None:
        virtual = loop()

        def knock() -> None:
            try:
                virtual.call_soon_threadsafe(read_a_file)
            except OutsideWorld as error:
                said.append(str(error))

        thread = threading.Thread(target=knock, name="modbus reader")
        thread.start()
        thread.join()
        await asyncio.sleep(1)

    with pytest.raises(OutsideWorld, match="from the thread 'modbus reader'"):
        simulated(main)
    assert said == [
        "call_soon_threadsafe(read_a_file) from the thread 'modbus reader' was asked for, but the simulated world has "
        "nothing outside it"
    ]


def test_the_loops_own_thread_may_call_the_thread_safe_way() -> None:
    async def main() -> list[int]:
        ran: list[int] = []
        loop().call_soon_threadsafe(ran.append, 1)
        await asyncio.sleep(0)
        return ran

    assert simulated(main) == [1]


def test_waiting_for_a_thread_is_a_deadlock_that_names_it() -> None:
    ready = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="database") as pool:
        future = pool.submit(ready.wait)

        async def main() -> None:
            await asyncio.wrap_future(future)

        try:
            with pytest.raises(Deadlock) as found:
                simulated(main)
        finally:
            ready.set()
    assert "main in test_outside.py:" in str(found.value)
    assert "other threads, which cannot wake a simulated world:" in str(found.value)
    assert "database_0" in str(found.value)


def test_names_are_not_resolved() -> None:
    async def main() -> None:
        await asyncio.open_connection("ups.example.org", 502)

    with pytest.raises(socket.gaierror, match=r"'ups\.example\.org' is a name; the simulated world has numeric"):
        simulated(main)


# -- the clock ----------------------------------------------------------------------------------------------------------


def test_inside_the_time_is_the_loops_and_outside_the_machines() -> None:
    async def main() -> list[float]:
        await asyncio.sleep(90)
        return [time.time(), time.time_ns() / 1e9, time.monotonic(), time.monotonic_ns() / 1e9]

    before = time.monotonic()
    with virtual_time():
        seen = simulated(main)
        outside = time.monotonic()
        assert abs(time.time() - datetime.datetime.now().timestamp()) < 60
    assert seen == [EPOCH_S + 90, EPOCH_S + 90, 90.0, 90.0]
    assert before <= outside <= time.monotonic()


def test_a_thread_and_a_real_loop_have_the_machines_time_meanwhile() -> None:
    async def main() -> float:
        return time.time()

    with virtual_time():
        assert asyncio.run(main()) > EPOCH_S + 1e6


def test_a_name_that_was_imported_in_one_world_shows_the_time_of_the_next() -> None:
    with virtual_time():
        held = time.monotonic

    async def main() -> float:
        await asyncio.sleep(5)
        return held()

    with virtual_time():
        assert simulated(main) == 5.0
        assert simulated(main) == 5.0


def test_everything_is_as_it_was_afterwards() -> None:
    before = time.time, time.monotonic, time.sleep
    with virtual_time(), virtual_time():
        assert time.time is not before[0]
    assert (time.time, time.monotonic, time.sleep) == before


def test_sleeping_the_blocking_way_is_refused_inside_and_works_outside() -> None:
    async def main() -> None:
        time.sleep(1)

    with virtual_time():
        with pytest.raises(
            OutsideWorld, match=r"time\.sleep\(1\), which stops everything \(use `await asyncio\.sleep`\)"
        ):
            simulated(main)
        time.sleep(0)


def test_pysnmps_own_reference_follows() -> None:
    dispatch, v1arch = (import_module(name) for name in HOLDERS)

    async def main() -> tuple[float, float]:
        return dispatch.time(), v1arch.time()

    with virtual_time():
        assert simulated(main) == (EPOCH_S, EPOCH_S)
    assert dispatch.time is time.time


def test_a_loop_may_also_run_in_a_thread_of_its_own() -> None:
    def run() -> float:
        virtual = VirtualLoop()
        virtual.run_until_complete(asyncio.sleep(3))
        virtual.close()
        return virtual.time()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result(30) == 3.0


@pytest.mark.site("bench")
@settings(max_examples=5, deadline=60_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(100, 3600))
async def test_hypothesis_measures_its_deadline_by_the_machines_clock(site: World, seconds: int) -> None:
    began_s = site.now
    await site.run(seconds)
    assert time.monotonic() == asyncio.get_running_loop().time()
    assert site.now == pytest.approx(began_s + seconds)
