"""A session with an SNMPv1 or v2c agent: messages by pysnmp, times of the loop.

Requests leave from a socket that is connected to the agent, so that the network can report a closed port. Some agents
answer from another port or address: cards with several addresses, clusters. A second socket with the same local address
receives those answers; the request id shows which request they answer.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.errors import NoAnswer, TransportError, WrongAnswer
from twinfeed.harness.transports.snmp.messages import (
    FIRST_ID,
    LAST_ID,
    Asked,
    Operation,
    Response,
    Undecodable,
    carries,
    read_anyhow,
    request,
    response,
)
from twinfeed.harness.transports.snmp.stream import Stream
from twinfeed.harness.transports.snmp.target import Target

_log = logging.getLogger(__name__)


class CommunitySession(asyncio.DatagramProtocol):
    """A session with one agent, with several requests at a time. `version` is 0 for v1, 1 for v2c.

    pysnmp's own v1 and v2c sessions time out by the machine's clock, which a simulated world does not have, and begin
    with a random request id.
    """

    def __init__(self, version: int, target: Target, community: str, write_community: str) -> None:
        self.version = version
        self.requests = 0
        self.elsewhere = ""
        """The address and port of the last answer that came from another place than the agent's."""
        self._place = (target.address, target.port)
        self._over, self._tries = target.over, target.tries
        self._communities = community.encode(), write_community.encode()
        self._ids = cycle(range(FIRST_ID + 1, LAST_ID + 1)).__next__
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._stream: Stream | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._beside: asyncio.DatagramTransport | None = None
        self._opening = asyncio.Lock()
        self._trouble = ""
        """The network error of the last datagram: connection refused, no route …"""
        self._stray = b""
        """The last datagram that was no answer to anything."""

    async def ask(self, operation: Operation, asked: tuple[Asked, ...], where: str, repetitions: int = 0) -> Response:
        """The agent's response.

        Raises:
            NoAnswer: nothing came back in any try.
            WrongAnswer: something came back that is no response.
        """
        community = self._communities[operation == "set"]
        request_id = self._ids()
        message = request(self.version, community, operation, asked, request_id, repetitions)
        self._trouble, self._stray = "", b""
        send = await self._opened(where)
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        try:
            for _ in range(self._tries.number):
                self.requests += 1
                send(message)
                await asyncio.wait([answer], timeout=self._tries.timeout_s)
                if answer.done():
                    return answer.result()
                if self._over == "tcp":  # which loses nothing while it lives; a new connection if it does not
                    send = await self._opened(where)
        except TransportError as error:
            raise type(error)(error.what, where, error.octets) from None
        finally:
            del self._waiting[request_id]
        if self._stray:
            raise WrongAnswer(Phrase("no response to this request came {tries}", tries=self._tries), where, self._stray)
        why = Phrase("no answer {tries}", tries=self._tries)
        raise NoAnswer(f"{why} ({self._trouble})" if self._trouble else why, where)

    async def _opened(self, where: str) -> Callable[[bytes], None]:
        """The sender of messages to the agent."""
        async with self._opening:
            if self._over == "tcp":
                return (await self._connected(where)).send
            if self._transport is None:
                try:
                    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                        lambda: self, remote_addr=self._place
                    )
                except OSError as error:
                    raise NoAnswer(Phrase("cannot reach it: {error}", error=error), where) from None
                self._transport = transport
                self._beside = await self._listening_beside(transport)
            return self._transport.sendto

    async def _connected(self, where: str) -> Stream:
        if self._stream is None or not self._stream.is_open:
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(self._tries.altogether_s):
                    _, self._stream = await loop.create_connection(
                        lambda: Stream(self._heard, self._lost), *self._place
                    )
            except (OSError, TimeoutError) as error:
                raise NoAnswer(Phrase("cannot connect: {error}", error=error or Phrase("no answer")), where) from None
        return self._stream

    def _heard(self, message: bytes) -> None:
        self._received(message)

    def _lost(self, why: str) -> None:
        self._trouble = why

    async def _listening_beside(self, transport: asyncio.DatagramTransport) -> asyncio.DatagramTransport | None:
        """A socket with the local address of this one that receives from everywhere; None where there is no such."""
        mine: socket.socket | None = transport.get_extra_info("socket")
        if mine is None or mine.fileno() < 0 or not hasattr(socket, "SO_REUSEPORT"):
            return None
        with suppress(OSError):
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            beside, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Beside(self), local_addr=mine.getsockname()[:2], reuse_port=True
            )
            return beside
        return None

    def answered_from(self, data: bytes, addr: tuple[str, int]) -> None:
        """Log an answer from another address than the agent's."""
        place = f"{addr[0]}:{addr[1]}"
        if self._received(data) and place != self.elsewhere:
            self.elsewhere = place
            _log.warning("the request went to snmp://%s:%d, the answer came from %s", *self._place, place)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received(data)

    def _received(self, data: bytes) -> bool:
        """True if this answers a waiting request. Otherwise it answers an earlier one, or none."""
        meant = None
        for request_id, waiting in self._waiting.items():
            place = carries(data, request_id)
            if place >= 0 and not waiting.done():
                try:
                    waiting.set_result(response(self.version, data, place))
                    return True
                except Undecodable:
                    meant = meant or waiting
        try:
            answered, found = read_anyhow(data)
        except Undecodable as error:
            self._stray = data
            if meant is not None:
                meant.set_exception(WrongAnswer(Phrase("not an SNMP response: {error}", error=error), "", data))
            return False
        answer = self._waiting.get(answered)
        if answer is not None and not answer.done():
            answer.set_result(found)
            return True
        self._stray = data
        return False

    def error_received(self, exc: Exception) -> None:
        self._trouble = str(exc)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._beside is not None:
            self._beside.close()
            self._beside = None


class _Beside(asyncio.DatagramProtocol):
    """Receives what comes from elsewhere."""

    def __init__(self, session: CommunitySession) -> None:
        self._session = session

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._session.answered_from(data, addr)
