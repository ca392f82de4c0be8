"""An asyncio event loop whose time is virtual: when all is quiet, the clock jumps to the next timer.

Half an hour of timers runs in the time their callbacks take. Nothing outside can reach in: the loop's network is in
memory (`network`). A thread, a real socket or a child process ends the run, with the name of the function.

What asyncio promises is kept, the order of callbacks included; the loop is asyncio's own `BaseEventLoop` with another
clock and no selector. Prior art with the same idea: async-solipsism and looptime (both on PyPI), which have no
datagrams, no path conditions and no way for a plant to run on the same clock.
"""

from __future__ import annotations

import asyncio
import heapq
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from types import FrameType
from typing import Any, NoReturn

from twinfeed.harness.virtual import guard
from twinfeed.harness.virtual.network import VirtualNetwork
from twinfeed.harness.virtual.owner import owner_in
from twinfeed.harness.virtual.places import place, waits
from twinfeed.harness.virtual.strict import Handler, StrictLoop
from twinfeed.harness.virtual.watchdog import NAME as WATCHDOG
from twinfeed.harness.virtual.watchdog import PATIENCE_S

CLOCK_RESOLUTION_S = 1e-9
"""Timers due so close together run in the same turn, s."""

TIME_LIMIT_S = 7 * 86400.0
"""A simulated run that reaches this time, s of the site's clock, is taken to wait for ever."""

TIDY_AT = 256
"""From so many timers on, cancelled ones are cleared away each time their number has doubled."""

ANY = "0.0.0.0"
"""A server that names no host listens at all of them."""


class Deadlock(RuntimeError):
    """A deadlock: nothing is ready and no timer is set. The message lists the tasks and what they wait for."""


class WrongLoop(RuntimeError):
    """A simulated world was started on another event loop. The message gives the line to write."""


class OutsideWorld(RuntimeError):
    """Code in the simulated world used something outside it: a thread, a socket, a process, a signal."""


class _NoSelector:
    """Plugins such as looptime put a function of their own in the place of a loop's `_selector.select`."""

    def select(self, timeout: float | None = None) -> list[object]:
        return []


class VirtualLoop(StrictLoop):
    """The event loop of one simulated world. `network` is the only network it has; `time()` starts at 0 s.

    `patience_s` is how long the work of one instant may take, s of the machine's clock; 0 is for ever.
    """

    SIGNALS = (signal.SIGALRM, signal.SIGINT)

    def __init__(
        self, network: VirtualNetwork | None = None, time_limit_s: float = TIME_LIMIT_S, patience_s: float = PATIENCE_S
    ) -> None:
        super().__init__()
        self.patience_s = patience_s
        self._now_s = 0.0
        self._scheduled: list[tuple[float, int, asyncio.Handle]] = []
        """A heap of timers; those of one instant in the order they were set, where asyncio's come in any."""
        self._timers = 0
        self._tidy_at = TIDY_AT
        self._ready: deque[asyncio.Handle]
        self._stopping: bool
        self.time_limit_s = time_limit_s
        self._clock_resolution = CLOCK_RESOLUTION_S
        self._selector = _NoSelector()
        self.run_owned: Callable[[asyncio.Handle], None] | None = None
        """Runs each callback that has an owner (the controller under test), in place of the loop; it observes."""
        self.network = network or VirtualNetwork()
        self.network.attach(self, self.arrive_at)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now_s

    def progress(self) -> float:
        """Whole milliseconds of virtual time."""
        return int(self._now_s * 1000.0)

    def _signalled(self, handler: Handler, number: int, frame: FrameType | None) -> None:
        """Like the base class, but Ctrl-C ends the run at once: code that never yields cannot be cancelled."""
        __tracebackhide__ = True
        asyncios = number == signal.SIGINT and isinstance(handler, partial)  # `Runner._on_sigint` cancels the main task
        super()._signalled(signal.default_int_handler if asyncios else handler, number, frame)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Like asyncio's, but timers of one instant run in the order in which they were set: streams keep theirs."""
        if when is None:
            raise TypeError("when cannot be None")
        self._check_closed()  # type: ignore[attr-defined]
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._schedule(when, timer)
        return timer

    def arrive_at(self, when: float, callback: Callable[..., object], *args: Any) -> None:
        """A `call_at` that is never cancelled: octets on their way through the network."""
        self._schedule(when, asyncio.Handle(callback, args, self, self.network.context))

    def timers(self) -> list[asyncio.Handle]:
        return [handle for _, _, handle in self._scheduled]

    def disconnect(self, owner: object) -> bool:
        return self.network.disconnect(owner)

    def _schedule(self, when: float, handle: asyncio.Handle) -> None:
        self._timers += 1
        heapq.heappush(self._scheduled, (when, self._timers, handle))
        if len(self._scheduled) > self._tidy_at:
            self._tidy()

    def _tidy(self) -> None:
        """Remove the cancelled timers, most of which are timeouts of answered requests."""
        self._scheduled[:] = [entry for entry in self._scheduled if not entry[2].cancelled()]
        heapq.heapify(self._scheduled)
        self._tidy_at = max(TIDY_AT, 2 * len(self._scheduled))

    def _run_once(self) -> None:
        """A turn like asyncio's, without a selector: due timers join the ready callbacks, which then run."""
        __tracebackhide__ = True
        if self._ending is not None:
            self._raise_ending()
        ready, scheduled = self._ready, self._scheduled
        if not ready and not self._stopping:
            self._jump()
        due_s = self._now_s + CLOCK_RESOLUTION_S
        while scheduled and scheduled[0][0] < due_s:
            ready.append(heapq.heappop(scheduled)[2])
        handle: asyncio.Handle | None
        run_owned = self.run_owned
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            if run_owned is None or owner_in(handle._context) is None:  # type: ignore[attr-defined]
                handle._run()
            else:
                run_owned(handle)
        handle = None  # as asyncio's: the traceback of a callback that raised keeps this frame, and whatever it names

    def _jump(self) -> None:
        """No callback is ready: go to the next timer.

        Raises:
            Deadlock: there is none, or the time limit has been reached.
        """
        __tracebackhide__ = True
        if len(self._dead) > self._dead_sought:
            self._seek_dead()
            if self._ready or self._ending is not None:
                return
        scheduled = self._scheduled
        while scheduled and scheduled[0][2]._cancelled:
            heapq.heappop(scheduled)
        if not scheduled:
            raise Deadlock(f"at t={self._now_s:.3f} s nothing can go on:\n{waits(self)}{_threads()}")
        due_s = max(self._now_s, scheduled[0][0])
        if due_s > self.time_limit_s:
            raise Deadlock(
                f"t={self.time_limit_s:.0f} s has passed and the test still waits (only `site.run` may); tasks:\n"
                f"{waits(self)}{_threads()}"
            )
        self._now_s = due_s

    # -- methods that BaseEventLoop requires --------------------------------------------------------------------

    def _write_to_self(self) -> None:
        """Does nothing: no thread sleeps in a selector."""

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        if self.is_running() and threading.get_ident() != self._thread_id:  # type: ignore[attr-defined]
            name = getattr(callback, "__qualname__", repr(callback))
            self.outside(f"call_soon_threadsafe({name}) from the thread {threading.current_thread().name!r}")
        return self.call_soon(callback, *args, context=context)

    # -- the network ----------------------------------------------------------------------------------------------

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        ssl: Any = None,
        sock: Any = None,
        local_addr: tuple[str, int] | None = None,
        **options: Any,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        if ssl or sock is not None or host is None or port is None:
            self.outside("create_connection with ssl or a socket; only host and port exist here (try --world live)")
        return await self.network.connect(protocol_factory, (numeric(host), port), local_addr)

    async def create_server(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: Any = None,
        port: int | None = None,
        *,
        ssl: Any = None,
        sock: Any = None,
        **options: Any,
    ) -> Any:
        if ssl or sock is not None or not isinstance(host, str | None) or port is None:
            self.outside("create_server with ssl, a socket or several hosts; one host and port exist here")
        return self.network.listen(protocol_factory, (numeric(host or ANY), port))

    async def create_datagram_endpoint(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        local_addr: tuple[str, int] | None = None,
        remote_addr: tuple[str, int] | None = None,
        *,
        sock: Any = None,
        **options: Any,
    ) -> tuple[asyncio.DatagramTransport, asyncio.DatagramProtocol]:
        if sock is not None:
            self.outside("create_datagram_endpoint with a socket")
        local, remote = (
            None if address is None else (numeric(address[0] or ANY), address[1])
            for address in (local_addr, remote_addr)
        )
        return self.network.datagram_endpoint(protocol_factory, local, remote)

    async def getaddrinfo(  # type: ignore[override]
        self, host: Any, port: Any, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        """Numeric addresses are their own answer; there is no resolver here."""
        address = numeric(host or "127.0.0.1")
        return [(socket.AF_INET, type or socket.SOCK_STREAM, proto, "", (address, int(port or 0)))]

    # -- methods that are not available -----------------------------------------------------------------------------

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> NoReturn:  # type: ignore[override]
        name = getattr(func, "__qualname__", repr(func))
        inner = getattr(getattr(func, "args", (None,))[0], "__qualname__", "") if hasattr(func, "args") else ""
        self.outside(f"run_in_executor({inner or name}): a thread")

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        self.outside(f"add_reader({fd!r}): a real socket or file")

    def add_writer(self, fd: Any, callback: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        self.outside(f"add_writer({fd!r}): a real socket or file")

    def remove_reader(self, fd: Any) -> bool:
        return False

    def remove_writer(self, fd: Any) -> bool:
        return False

    async def sock_connect(self, sock: Any, address: Any) -> NoReturn:
        self.outside(f"sock_connect({address!r}): a real socket")

    async def sock_accept(self, sock: Any) -> NoReturn:
        self.outside("sock_accept: a real socket")

    async def sock_recv(self, sock: Any, n: int) -> NoReturn:
        self.outside("sock_recv: a real socket")

    async def sock_recv_into(self, sock: Any, buf: Any) -> NoReturn:
        self.outside("sock_recv_into: a real socket")

    async def sock_recvfrom(self, sock: Any, bufsize: int) -> NoReturn:
        self.outside("sock_recvfrom: a real socket")

    async def sock_sendall(self, sock: Any, data: Any) -> NoReturn:
        self.outside("sock_sendall: a real socket")

    async def sock_sendto(self, sock: Any, data: Any, address: Any) -> NoReturn:
        self.outside(f"sock_sendto({address!r}): a real socket")

    async def connect_read_pipe(self, protocol_factory: Any, pipe: Any) -> NoReturn:
        self.outside(f"connect_read_pipe({pipe!r}): a real file")

    async def connect_write_pipe(self, protocol_factory: Any, pipe: Any) -> NoReturn:
        self.outside(f"connect_write_pipe({pipe!r}): a real file")

    async def create_unix_connection(self, *args: Any, **options: Any) -> NoReturn:
        self.outside("create_unix_connection: a real socket")

    async def create_unix_server(self, *args: Any, **options: Any) -> NoReturn:
        self.outside("create_unix_server: a real socket")

    async def subprocess_exec(self, protocol_factory: Any, *args: Any, **options: Any) -> NoReturn:
        self.outside(f"subprocess_exec({' '.join(map(str, args))}): another process (try --world live)")

    async def subprocess_shell(self, protocol_factory: Any, cmd: Any, **options: Any) -> NoReturn:
        self.outside(f"subprocess_shell({cmd!r}): another process (try --world live)")

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        raise NotImplementedError("a simulated loop has no signals")  # asyncio.Runner expects just this

    def remove_signal_handler(self, sig: int) -> bool:
        return False

    def run_forever(self) -> None:
        __tracebackhide__ = True
        with guard.inside(self):
            super().run_forever()

    def outside(self, what: str, where: str = "") -> NoReturn:
        """Refuse a use, and end the run even if the error is swallowed. `where` is the line of the use.

        Raises:
            OutsideWorld: always; the message gives the request, and its origin.
        """
        __tracebackhide__ = True
        inside = threading.get_ident() == self._thread_id  # type: ignore[attr-defined]
        task = asyncio.current_task(self) if inside else None
        who = f" by task {task.get_name()!r} in {place(task.get_coro())}" if task else ""
        thread = threading.current_thread()
        if thread is not threading.main_thread() and not inside and f"the thread {thread.name!r}" not in what:
            who = f" by the thread {thread.name!r}"
        if where and where not in who:
            who += f", in {where}" if who else f" in {where}"
        intrusion = OutsideWorld(f"{what} was asked for{who}, but the simulated world has nothing outside it")
        self.end_with(intrusion)
        raise intrusion


def numeric(host: str) -> str:
    """The host as a numeric IPv4 or IPv6 address.

    Raises:
        OSError: a name; there is no resolver in the simulated world.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(host))
    except ValueError:
        raise socket.gaierror(
            socket.EAI_NONAME, f"{host!r} is a name; the simulated world has numeric addresses only"
        ) from None


def _threads() -> str:
    """The other threads of the process, for which a task may wait."""
    others = (thread.name for thread in threading.enumerate() if thread is not threading.current_thread())
    names = sorted(name for name in others if name != WATCHDOG)
    return f"\nother threads, which cannot wake a simulated world: {', '.join(names)}" if names else ""
