"""A Modbus server for datagrams: each holds one request in its MBAP frame, and is answered by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from twinfeed.emulators.wire.backlog import BUFFERS, Backlog, always, nothing, promptly
from twinfeed.emulators.wire.modbus.diagnostics import Counters
from twinfeed.emulators.wire.modbus.server import MODBUS_PORT, check_loopback, log_failure
from twinfeed.emulators.wire.modbus.tcp import ModbusTcpConnection
from twinfeed.emulators.wire.modbus.unit import ExceptionCode, Unit


class ModbusUdpServer:
    """One address with one or more units behind it, on any event loop with `create_datagram_endpoint`.

    `units`, `port`, `gate`, `catch_up`, `delay_s`, `absent` and `allow_non_loopback` are those of `ModbusTcpServer`.
    While the gate returns False datagrams are dropped. A datagram that does not hold whole frames and nothing else is
    dropped too. While `buffers` answers of a slow device wait, further ones are lost.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        host: str = "127.0.0.1",
        port: int = MODBUS_PORT,
        *,
        gate: Callable[[], bool] = always,
        catch_up: Callable[[], None] = nothing,
        delay_s: Callable[[], float] = promptly,
        buffers: int = BUFFERS,
        failed: Callable[[Exception], None] = log_failure,
        counters: Counters | None = None,
        absent: ExceptionCode | None = ExceptionCode.GATEWAY_TARGET_FAILED_TO_RESPOND,
        allow_non_loopback: bool = False,
    ) -> None:
        check_loopback(host, allow_non_loopback)
        self.counters = counters if counters is not None else Counters()
        self._units = units
        self._host, self._port = host, port
        self._gate = gate
        self._catch_up = catch_up
        self._delay_s = delay_s
        self._backlog = Backlog(delay_s, buffers)
        self._failed = failed
        self._absent = absent
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; after `start` the port that was bound."""
        return self._host, self._port

    async def start(self) -> None:
        """Bind, on the running loop. Raises OSError if the address cannot be bound."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Endpoint(self._received), local_addr=(self._host, self._port)
        )
        bound = self._transport.get_extra_info("sockname")
        if bound is not None:  # a network in memory may not give it; then the port is the requested one
            self._port = bound[1]

    async def stop(self) -> None:
        """Free the port. Does nothing if not started."""
        self._backlog.clear()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _received(self, datagram: bytes, sender: tuple[str, int]) -> None:
        self._catch_up()
        if self._transport is None or not self._gate():
            return
        try:
            answers = ModbusTcpConnection(self._units, self.counters, absent=self._absent).receive(datagram)
        except Exception as error:
            self._failed(error)
            return
        if not answers:
            return
        if self._delay_s() > 0.0 or self._backlog.waiting:
            self._backlog.put(partial(self._send_late, answers, sender))
        else:
            self._send(answers, sender)

    def hasten(self) -> None:
        """Send the waiting answers that are due. Call this after the delay may have changed."""
        self._backlog.hasten()

    def _send(self, answers: bytes, to: tuple[str, int]) -> None:
        if self._transport is not None and self._gate():
            self._transport.sendto(answers, to)

    def _send_late(self, answers: bytes, to: tuple[str, int]) -> None:
        self._catch_up()
        self._send(answers, to)


class _Endpoint(asyncio.DatagramProtocol):
    """Passes datagrams on, and ignores ICMP errors about earlier answers."""

    def __init__(self, received: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received(data, addr)
