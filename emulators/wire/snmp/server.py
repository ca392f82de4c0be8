"""An agent on a UDP socket, and the sender of a device's notifications.

Two ways of receiving. `draining=False` uses `loop.create_datagram_endpoint` and so runs on any asyncio loop, one
with an in-memory network included. `draining=True` reads the socket until it is empty at each wake, several times
cheaper a datagram; it needs a loop with `add_reader` and a real network.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from ipaddress import ip_address

from twinfeed.emulators.wire.backlog import BUFFERS, Backlog, always, nothing, promptly
from twinfeed.emulators.wire.snmp.agent import SnmpAgent
from twinfeed.emulators.wire.snmp.notify import Notification, NotificationOriginator
from twinfeed.emulators.wire.turns import LONG_S, TURN_S, Turns

SNMP_PORT = 161
MAX_DATAGRAM = 65535  # octets
Address = tuple[str, int]

_log = logging.getLogger(__name__)


class NotLoopback(ValueError):
    """An address that other computers can reach was given to a listener."""


def check_loopback(host: str, allow_non_loopback: bool) -> None:
    """Raise NotLoopback unless `host` is a loopback address or the caller allows others.

    Names are not resolved: an emulator must not depend on a resolver for its safety.
    """
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback and not allow_non_loopback:
        raise NotLoopback(
            f"refusing to bind {host!r}: emulators listen on loopback addresses (127.0.0.0/8, ::1) only, as anyone "
            "who can reach them can set their variables; pass allow_non_loopback=True if that is intended"
        )


def log_failure(error: Exception) -> None:
    """The default handler of an exception in a device's code: log it, and send no answer."""
    _log.error("no answer to an SNMP request, since the device's code failed", exc_info=error)


class SnmpServer:
    """Serves `agent` at (host, port). Port 0 takes a free port; `port` has its number after :meth:`start`.

    While `gate` returns False datagrams are dropped unseen, as by a device without power or with its cable out.
    `catch_up` is called before the gate: it brings everything that the gate and the agent depend on up to the loop's
    time. `delay_s` returns how many seconds the device takes over an answer; at most `buffers` answers wait meanwhile,
    and any further ones are lost. `failed` is called with an exception in the device's code; the
    request gets no answer. `clock` (s) measures the server's turns, `processor` (s) what a
    request has taken.
    """

    __slots__ = (
        "_backlog",
        "_catch_up",
        "_clock",
        "_delay_s",
        "_draining",
        "_failed",
        "_gate",
        "_loop",
        "_processor",
        "_socket",
        "_transport",
        "_turns",
        "agent",
        "host",
        "port",
    )

    def __init__(
        self,
        agent: SnmpAgent,
        host: str = "127.0.0.1",
        port: int = SNMP_PORT,
        gate: Callable[[], bool] = always,
        *,
        catch_up: Callable[[], None] = nothing,
        delay_s: Callable[[], float] = promptly,
        buffers: int = BUFFERS,
        failed: Callable[[Exception], None] = log_failure,
        draining: bool = False,
        allow_non_loopback: bool = False,
        clock: Callable[[], float] = time.perf_counter,
        processor: Callable[[], float] = time.thread_time,
    ) -> None:
        check_loopback(host, allow_non_loopback)
        self.agent = agent
        self.host = host
        self.port = port
        self._gate = gate
        self._catch_up = catch_up
        self._delay_s = delay_s
        self._backlog = Backlog(delay_s, buffers)
        self._failed = failed
        self._clock = clock
        self._processor = processor
        self._draining = draining
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns = Turns(self._wake)
        self._socket: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Bind and serve; OSError when the address is taken or a port below 1024 is not permitted."""
        self._loop = asyncio.get_running_loop()
        if self._draining:
            self._socket = _bound_socket(self.host, self.port)
            self.port = self._socket.getsockname()[1]
            self._loop.add_reader(self._socket.fileno(), self._drain)
            return
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Endpoint(self._received), local_addr=(self.host, self.port)
        )
        bound = self._transport.get_extra_info("sockname")
        if bound is not None:  # a network in memory may not give it; then the port is the requested one
            self.port = bound[1]

    async def stop(self) -> None:
        """Stop serving and free the port; nothing happens if not started."""
        self._backlog.clear()
        self._turns.stop()
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    async def __aenter__(self) -> "SnmpServer":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def hasten(self) -> None:
        """Send the waiting answers that are due. Call this after the delay may have changed."""
        self._backlog.hasten()

    def _answer(self, datagram: bytes) -> bytes | None:
        """The answer, or None if there is none or the device cannot be reached."""
        try:
            self._catch_up()
            return self.agent.handle(datagram) if self._gate() else None
        except Exception as error:
            self._failed(error)
            return None

    def _received(self, datagram: bytes, sender: Address) -> None:
        answer = self._answer(datagram)
        if answer is None or self._transport is None:
            return
        if self._delay_s() > 0.0 or self._backlog.waiting:
            self._backlog.put(partial(self._send_late, answer, sender))
        else:
            self._transport.sendto(answer, sender)

    def _send_late(self, answer: bytes, sender: Address) -> None:
        self._catch_up()
        if not self._gate():
            return
        if self._transport is not None:
            self._transport.sendto(answer, sender)
        elif self._socket is not None:
            with suppress(OSError):  # UDP may lose a datagram
                self._socket.sendto(answer, sender)

    def _drain(self) -> None:
        served, loop = self._socket, self._loop
        assert served is not None and loop is not None
        receive, send, handle, gate, clock = served.recvfrom, served.sendto, self.agent.handle, self._gate, self._clock
        catch_up, delay_s, backlog = self._catch_up, self._delay_s, self._backlog
        worked_s = self._processor()
        turn_s = began_s = clock()
        while True:
            try:
                datagram, sender = receive(MAX_DATAGRAM)
            except BlockingIOError:
                return
            except ConnectionError:  # an ICMP answer to something sent earlier
                continue
            try:
                catch_up()
                answer = handle(datagram) if gate() else None
            except Exception as error:
                self._failed(error)
                answer = None
            if answer is not None:
                if delay_s() > 0.0 or backlog.waiting:
                    backlog.put(partial(self._send_late, answer, sender))
                else:
                    try:
                        send(answer, sender)
                    except OSError:  # UDP may lose a datagram: a full buffer, a sender gone since
                        continue
            now_s = clock()
            if now_s - began_s > LONG_S:  # unless the process was only kept waiting
                took_s = self._processor() - worked_s - (began_s - turn_s)
                if took_s > LONG_S:
                    loop.remove_reader(served.fileno())  # until the rest is over
                    self._turns.worked(took_s, loop)
                    return
            if now_s - turn_s >= TURN_S:
                return
            began_s = now_s

    def _wake(self) -> None:
        assert self._loop is not None and self._socket is not None
        self._loop.add_reader(self._socket.fileno(), self._drain)


def _bound_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


class _Endpoint(asyncio.DatagramProtocol):
    """Passes datagrams on, and ignores ICMP errors about earlier datagrams."""

    __slots__ = ("_received",)

    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)


class NotificationSender:
    """Sends a device's notifications from `host` and repeats informs until they are acknowledged.

    While `gate` returns False nothing leaves and nothing arrives, but tries are used up all the same.
    NotLoopback when `host` or a target's address is none and others are not allowed.
    """

    __slots__ = ("_gate", "_loop", "_timer", "_transport", "host", "originator")

    def __init__(
        self,
        originator: NotificationOriginator,
        host: str = "127.0.0.1",
        gate: Callable[[], bool] = always,
        *,
        allow_non_loopback: bool = False,
    ) -> None:
        for address in (host, *(target.address[0] for target in originator.targets)):
            check_loopback(address, allow_non_loopback)
        self.originator = originator
        self.host = host
        self._gate = gate
        self._loop: asyncio.AbstractEventLoop | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Open the socket notifications leave from, on a free port."""
        self._loop = asyncio.get_running_loop()
        self._transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Endpoint(self._received), local_addr=(self.host, 0)
        )

    async def stop(self) -> None:
        """Send and repeat nothing more; nothing happens if not started."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def __aenter__(self) -> "NotificationSender":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def notify(self, notification: Notification) -> None:
        """Send `notification` to the originator's targets now; RuntimeError before :meth:`start`."""
        if self._loop is None:
            raise RuntimeError("the notification sender is not started: await start() first")
        self.originator.notify(notification, self._loop.time())
        self._send_due()

    def _send_due(self) -> None:
        if self._loop is None or self._transport is None:
            return
        for target, datagram in self.originator.poll(self._loop.time()):
            if self._gate():
                self._transport.sendto(datagram, target.address)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = self.originator.next_due_s()
        if due_s is not None:
            self._timer = self._loop.call_at(due_s, self._send_due)

    def _received(self, datagram: bytes, sender: Address) -> None:
        if self._loop is not None and self._gate():
            self.originator.receive(datagram, self._loop.time())
            self._send_due()
