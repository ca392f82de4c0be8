"""A session with an SNMPv1 or v2c agent: one UDP socket, messages by pysnmp, times of the loop."""

from __future__ import annotations

import asyncio
from itertools import cycle

from harness.transports.errors import NoAnswer, TransportError, WrongAnswer, tried
from harness.transports.snmp_messages import (
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


class CommunitySession(asyncio.DatagramProtocol):
    """Asks one agent; several requests may be under way. `version` is 0 for v1, 1 for v2c.

    pysnmp's own v1 and v2c sessions time out by the machine's clock, which a simulated world does not have, and begin
    with a random request id.
    """

    def __init__(
        self,
        version: int,
        address: str,
        port: int,
        community: str,
        write_community: str,
        timeout_s: float,
        retries: int,
    ) -> None:
        if not timeout_s > 0 or retries < 0:
            raise ValueError(f"timeout {timeout_s} s and {retries} retries, expected more than 0 and at least 0")
        self.version = version
        self.requests = 0
        self._place = (address, port)
        self._communities = community.encode(), write_community.encode()
        self._timeout_s, self._retries = timeout_s, retries
        self._ids = cycle(range(FIRST_ID + 1, LAST_ID + 1)).__next__
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._opening = asyncio.Lock()
        self._trouble = ""
        """What the network said of the last datagram: nothing listens there, no route …"""
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
        transport = await self._opened(where)
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
        try:
            for _ in range(1 + self._retries):
                self.requests += 1
                transport.sendto(message)
                await asyncio.wait([answer], timeout=self._timeout_s)
                if answer.done():
                    return answer.result()
        except TransportError as error:
            raise type(error)(error.what, where, error.octets) from None
        finally:
            del self._waiting[request_id]
        tries = tried(self._retries, self._timeout_s)
        if self._stray:
            raise WrongAnswer(f"no response to this request came {tries}", where, self._stray)
        raise NoAnswer(f"no answer {tries}{self._trouble and f' ({self._trouble})'}", where)

    async def _opened(self, where: str) -> asyncio.DatagramTransport:
        async with self._opening:
            if self._transport is None:
                try:
                    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                        lambda: self, remote_addr=self._place
                    )
                except OSError as error:
                    raise NoAnswer(f"cannot reach it: {error}", where) from None
                self._transport = transport
            return self._transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """An answer: to a request that waits for it, to an earlier one, or none at all."""
        meant = None
        for request_id, waiting in self._waiting.items():
            place = carries(data, request_id)
            if place >= 0 and not waiting.done():
                try:
                    waiting.set_result(response(self.version, data, place))
                    return
                except Undecodable:
                    meant = meant or waiting
        try:
            answered, found = read_anyhow(data)
        except Undecodable as error:
            self._stray = data
            if meant is not None:
                meant.set_exception(WrongAnswer(f"not an SNMP response: {error}", "", data))
            return
        answer = self._waiting.get(answered)
        if answer is not None and not answer.done():
            answer.set_result(found)
        else:
            self._stray = data

    def error_received(self, exc: Exception) -> None:
        self._trouble = str(exc)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
