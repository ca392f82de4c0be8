"""One connection or serial line: requests wait for each other, are tried again, and never mix up their answers."""

from __future__ import annotations

import asyncio
import logging
import termios
from collections.abc import Awaitable, Callable
from typing import Any

from pymodbus import FramerType, ModbusException
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException, ModbusIOException
from pymodbus.pdu import ModbusPDU

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.answers.units import OtherUnit, framer_of
from twinfeed.harness.transports.errors import NoAnswer, WrongAnswer
from twinfeed.harness.transports.modbus.rfc2217 import RemotePort
from twinfeed.harness.transports.modbus.sole_use import SoleUse, others
from twinfeed.harness.transports.tries import Tries

Ask = Callable[[ModbusBaseClient], Awaitable[ModbusPDU]]

_log = logging.getLogger(__name__)

# Errors that pymodbus logs are raised here; without a handler of the application's they would be printed twice.
logging.getLogger("pymodbus").addHandler(logging.NullHandler())


class Line:
    """A pymodbus client that is opened when it is needed, and sends one request at a time.

    `make` is a pymodbus client class with its place; it is called on the running loop. `remote` makes the client's side
    of a connection to a remote serial port.
    """

    def __init__(
        self,
        where: str,
        make: Callable[..., Any],
        framer: FramerType,
        tries: Tries,
        remote: Callable[[], RemotePort] | None = None,
        serial: str = "",
    ) -> None:
        self.where = where
        self.tries = tries
        self.requests = 0
        self.received = b""
        """The octets received since the last request."""
        self.answered_by: int | None = None
        """The unit number of the last answer that named another unit than its request."""
        self._make, self._framer, self._remote = make, framer, remote
        self._port: RemotePort | None = None
        self._serial = serial
        self._sole: SoleUse | None = None
        self._client: ModbusBaseClient | None = None
        self._turn = asyncio.Lock()

    async def ask(self, where: str, ask: Ask) -> ModbusPDU:
        """The response to the request that `ask` makes with a connected client, with the tries of this module.

        Raises:
            NoAnswer: nothing came back in any try.
            WrongAnswer: octets came back that make no frame.
        """
        async with self._turn:
            garbage, why = b"", ""
            for _ in range(self.tries.number):
                try:
                    async with asyncio.timeout(self.tries.timeout_s):
                        return await self._try(ask)
                except TimeoutError:
                    deaf = self._port is not None and not self._port.is_ready
                    why = (
                        Phrase("the remote port does not take its settings (RFC 2217)") if deaf else Phrase("no answer")
                    )
                except asyncio.CancelledError:  # whoever asked has given up, and the answer may still come
                    self.close()
                    raise
                except (ModbusException, OSError) as error:
                    why = str(error).removeprefix("Modbus Error: ").removeprefix("[Connection] ")
                garbage = self.received or garbage
                self.close()
            if garbage:
                why = Phrase("no Modbus frame came {tries}", tries=self.tries)
                if self.answered_by is not None:
                    why = Phrase(
                        "no Modbus frame came {tries}, one of unit {unit} did", tries=self.tries, unit=self.answered_by
                    )
                raise WrongAnswer(why, where, garbage)
            raise NoAnswer(self.tries.in_vain(why), where)

    async def _try(self, ask: Ask) -> ModbusPDU:
        client = self._client
        if client is not None and client.connected:
            try:
                return await self._send(client, ask)
            except ConnectionException:  # lost since the last request, which shows only now
                self.close()
        client = self._client = self._client or self._opened()
        try:
            connected = await client.connect()
        except termios.error as error:  # a serial line that does not take its settings
            raise ConnectionException(str(error.args[1])) from None
        if not connected:
            raise ConnectionException(Phrase("cannot connect"))
        if self._port is not None:
            await self._port.ready()
        if self._serial and self._sole is None:
            self._sole = SoleUse(self._serial)
            self._must_be_ours()
        return await self._send(client, ask)

    def _must_be_ours(self) -> None:
        """Raises ConnectionException: another program has the serial port open, too."""
        if who := others(self._serial):
            raise ConnectionException(
                Phrase(
                    "{who} has {serial} open, too, and a line has one master: end it;",
                    who=", ".join(who),
                    serial=self._serial,
                )
            )

    async def _send(self, client: ModbusBaseClient, ask: Ask) -> ModbusPDU:
        self.requests += 1
        self.received = b""
        frames = client.ctx.framer
        try:
            answer = await ask(client)
        finally:
            if isinstance(frames, OtherUnit) and frames.other_unit not in (None, self.answered_by):
                self.answered_by = frames.other_unit
                units = frames.asked_unit, frames.other_unit
                _log.warning("%s: the request names unit %d, the answer names unit %d", self.where, *units)
        if self._sole is not None and self._sole.disturbed():  # the origin of the answer is unknown
            self.received = b""
            self._must_be_ours()
            raise ModbusIOException(
                Phrase("another program opened {serial} meanwhile, so the answer may be theirs:", serial=self._serial)
            )
        return answer

    def _opened(self) -> ModbusBaseClient:
        """A client whose own timer never expires first, and which reports a lost connection at once."""
        client: ModbusBaseClient = self._make(
            timeout=2 * self.tries.timeout_s + 1.0,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._trace,
            trace_connect=lambda connected: self._begin(client) if connected else _fail(client),
        )
        client.ctx.framer = framer_of(self._framer)
        return client

    def _begin(self, client: ModbusBaseClient) -> None:
        """Prepare a new connection for its first request: a remote port gets its settings."""
        if self._remote is not None:
            port = self._port = self._remote()
            protocol: Any = client.ctx
            take = protocol.data_received
            protocol.data_received = lambda octets: take(port.received(octets))
            protocol.transport.write(port.greeting())

    def _trace(self, sending: bool, data: bytes) -> bytes:
        if not sending:
            self.received = data
        return data if self._port is None or not sending else self._port.escaped(data)

    def close(self) -> None:
        self._port = None
        if self._sole is not None:
            self._sole.close()
            self._sole = None
        if self._client is not None:
            self._client.close()
            self._client = None


def _fail(client: ModbusBaseClient) -> None:
    waiting = client.ctx.response_future
    if not waiting.done():
        waiting.set_exception(ConnectionException(Phrase("the device closed the connection")))
        waiting.exception()  # taken note of, should nobody wait
