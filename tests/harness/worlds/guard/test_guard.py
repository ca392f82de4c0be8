"""A simulated run reaches nothing real, whatever way out it tries; a server process counts what arrives."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import http.client
import importlib
import io
import os
import pty
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import serial
from virtual import simulated
from ways_out import WAYS, Listening, in_a_thread

from twinfeed.harness.virtual import guard
from twinfeed.harness.virtual.loop import OutsideWorld, VirtualLoop


def plainly(way: Callable[[], object]) -> object:
    return way()


def swallowed(way: Callable[[], object]) -> object:
    with suppress(BaseException):
        return way()


async def task(way: Callable[[], object], how: Callable[[Callable[[], object]], object]) -> None:
    await asyncio.create_task(_step(way, how), name="controller mine:main")
    await asyncio.sleep(1)


async def callback(way: Callable[[], object], how: Callable[[Callable[[], object]], object]) -> None:
    asyncio.get_running_loop().call_later(0.5, how, way)
    await asyncio.sleep(1)


async def _step(way: Callable[[], object], how: Callable[[Callable[[], object]], object]) -> None:
    how(way)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("how", [plainly, swallowed])
@pytest.mark.parametrize("where", [task, callback])
@pytest.mark.parametrize("name", WAYS)
def test_no_way_leads_out(server: Listening, name: str, where: Any, how: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "uvloop":
        pytest.importorskip("uvloop")
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    server.arrived()
    with pytest.raises(OutsideWorld) as found:
        simulated(lambda: where(lambda: WAYS[name](server.place), how))
    gc.collect()  # a loop in a thread has left things which were not let close
    assert server.arrived() == [0, 0]
    message = str(found.value)
    assert "but the simulated world has nothing outside it" in message
    assert re.search(r"(ways_out|test_guard)\.py:", message), "the line of the code that asked for it is named"


CONNECTED: dict[str, Callable[[socket.socket], object]] = {
    "send": lambda made: made.send(b"x"),
    "sendall": lambda made: made.sendall(b"x"),
    "sendmsg": lambda made: made.sendmsg([b"x"]),
    "sendfile": lambda made: made.sendfile(io.BytesIO(b"x")),
    "recv": lambda made: made.recv(1),
    "makefile": lambda made: made.makefile("wb", buffering=0).write(b"x"),
    "os.write": lambda made: os.write(made.fileno(), b"x"),
    "os.writev": lambda made: os.writev(made.fileno(), [b"x"]),
    "os.sendfile": lambda made: os.sendfile(made.fileno(), os.open(__file__, os.O_RDONLY), 0, 1),
    "a copy": lambda made: socket.socket(fileno=os.dup(made.fileno())).send(b"x"),
    "shutdown": lambda made: made.shutdown(socket.SHUT_RD),
    "select": lambda made: select.select([made], [], [], 0.0),
    "http": lambda made: _request_upon(made),
}  # fmt: skip


def _request_upon(made: socket.socket) -> None:
    connection = http.client.HTTPConnection("x")
    connection.sock = made
    connection.request("GET", "/")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", CONNECTED)
def test_a_connection_that_was_there_before_is_of_no_use(
    server: Listening, connected: socket.socket, name: str
) -> None:
    with pytest.raises(OutsideWorld, match=r"test_guard\.py:"):
        simulated(lambda: task(lambda: CONNECTED[name](connected), plainly))
    assert server.arrived() == [0, 0]
    connected.sendall(b"afterwards")
    assert server.arrived() == [0, 10]


def test_threads_and_loops_that_were_there_before_take_no_orders(server: Listening) -> None:
    other = asyncio.new_event_loop()
    thread = threading.Thread(target=other.run_forever)
    thread.start()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()

        async def connect() -> None:
            await asyncio.open_connection(*server.place)

        def order() -> None:
            coroutine = connect()
            try:
                asyncio.run_coroutine_threadsafe(coroutine, other)
            finally:
                coroutine.close()

        for way in (order, lambda: pool.submit(socket.create_connection, server.place)):
            with pytest.raises(OutsideWorld):
                simulated(lambda way=way: task(way, plainly))  # type: ignore[misc]
    other.call_soon_threadsafe(other.stop)
    thread.join(120)
    other.close()
    assert server.arrived() == [0, 0]


def test_a_thread_that_outlives_the_run_stays_inside(server: Listening) -> None:
    said: list[BaseException] = []
    go_on = threading.Event()

    def later() -> None:
        go_on.wait()
        try:
            socket.create_connection(server.place)
        except BaseException as error:
            said.append(error)

    threads: list[threading.Thread] = []

    async def main() -> None:
        threads.append(threading.Thread(target=later))
        threads[0].start()

    simulated(main)
    go_on.set()
    threads[0].join(120)
    assert [type(error) for error in said] == [OutsideWorld]
    assert server.arrived() == [0, 0]


def test_serial_lines_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    link = tmp_path / "ups"
    link.symlink_to(name)
    line = serial.Serial(name)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    ways: list[Callable[[], object]] = [
        lambda: serial.Serial(name),
        lambda: serial.Serial(str(link)),
        lambda: link.open("wb", buffering=0),
        lambda: os.open(link, os.O_RDWR),
        lambda: line.write(b"x"),
        lambda: line.read(1),
        lambda: fifo.open("r+b", buffering=0),
    ]
    for way in ways:
        with pytest.raises(OutsideWorld, match=r"a real device|a pipe|select\.select"):
            simulated(lambda way=way: task(way, plainly))  # type: ignore[misc]
    os.set_blocking(ours, False)
    with pytest.raises(BlockingIOError):
        os.read(ours, 1)
    line.close()
    os.close(ours)
    os.close(theirs)


def test_what_is_harmless_goes_through(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "log.txt").write_text("written")
        assert (tmp_path / "log.txt").read_text() == "written"
        Path(os.devnull).write_text("x")
        assert len(os.urandom(4)) == 4
        with open("/dev/urandom", "rb") as file:
            assert len(file.read(4)) == 4
        os.write(1, b"")
        print("printed", file=sys.stderr)
        assert socket.getaddrinfo("127.0.0.1", 502)
        assert socket.getnameinfo(("192.0.2.1", 502), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
        assert socket.gethostname()
        socket.socket().close()
        asyncio.new_event_loop().close()
        numbers: list[int] = []
        in_a_thread(lambda: numbers.append(sum(range(10))))
        assert numbers == [45]

    simulated(main)


def test_threads_outside_go_on_as_before(server: Listening) -> None:
    begun, over = threading.Event(), threading.Event()

    def outside() -> None:
        begun.wait()
        socket.create_connection(server.place).close()
        over.set()

    thread = threading.Thread(target=outside)
    thread.start()

    async def main() -> None:
        begun.set()
        over.wait(120)

    simulated(main)
    thread.join(120)
    assert over.is_set()
    assert server.arrived() == [1, 0]


def test_friends_are_let_through(server: Listening) -> None:
    """A function of a module called `execnet…` asks, another library does on its behalf."""
    friendly: dict[str, Any] = {"__name__": "execnet.gateway", "socket": socket}
    exec(compile("def speak(place):\n    socket.create_connection(place).close()\n", "execnet.py", "exec"), friendly)

    async def main() -> None:
        friendly["speak"](server.place)

    simulated(main)
    assert server.arrived() == [1, 0]


def test_libraries_may_look_about_while_they_are_imported(server: Listening, tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    talk = f"import socket\nsocket.create_connection({server.place!r}).close()\n"
    (installed / "curious_library.py").write_text(talk)
    (tmp_path / "own_module.py").write_text(talk)
    server.arrived()

    async def main(name: str) -> None:
        importlib.import_module(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        patch.syspath_prepend(installed)
        simulated(lambda: main("curious_library"))
        assert server.arrived() == [1, 0]
        with pytest.raises(OutsideWorld, match=r"own_module\.py:2"):
            simulated(lambda: main("own_module"))
    assert server.arrived() == [0, 0]


def test_faults_of_the_wire_need_nothing_from_outside_in_a_fresh_process() -> None:
    """scapy searches network cards when it is imported, which is when the first fault of the wire begins."""
    code = (
        "from twinfeed.harness.faults.injection import Injection as I\nfrom twinfeed.harness.faults.scenario import Scenario as S\n"
        "from twinfeed.harness.search.trial import trial\n"
        "faults = (I('generator-1', 'stale', 1.0), I('ups-1', 'snmp-missing-instance', 1.0))\n"
        "print(trial(S('bench', 1, 20.0, faults, ('always rack-1.supplied',))).what or 'held')\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert told.stdout == "held\n", told.stdout + told.stderr


def test_everything_is_as_it_was_afterwards(server: Listening) -> None:
    before = {(owner, name): vars(owner).get(name) for owner, name, _ in guard.ways(guard)}

    async def main() -> None:
        assert "send" in vars(socket.socket)

    simulated(main)
    assert [thread.name for thread in guard._threads] == []
    assert {(owner, name): vars(owner).get(name) for owner, name, _ in guard.ways(guard)} == before
    assert "send" not in vars(socket.socket)
    with socket.create_connection(server.place) as made:
        made.sendall(b"x")
    assert subprocess.run(["true"]).returncode == 0
    assert server.arrived() == [1, 1]


def test_the_guard_costs_next_to_nothing() -> None:
    """Counted, not timed: the events that it checks while a loop runs a thousand timers."""
    seen: list[str] = []
    checks = {name: lambda args, name=name: seen.append(name) or "" for name in guard._CHECKS}  # type: ignore[func-returns-value]
    loop = VirtualLoop()
    with pytest.MonkeyPatch.context() as patch:
        for name, check in checks.items():
            patch.setitem(guard._CHECKS, name, check)
        for n in range(1000):
            loop.call_later(n, time.time)
        loop.run_until_complete(asyncio.sleep(1000))
    loop.close()
    assert seen == []
