"""The reference controller over SNMP: its octets are those of net-snmp, and only answers count as answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from twinfeed.fixtures.controllers.plant.snmp import Agent, Answer, Request
from twinfeed.harness.virtual.loop import VirtualLoop

DEVICE = ("127.20.0.9", 161)

SNMPGET = bytes.fromhex("302902010104067075626c6963a01c020415887f45020100020100300e300c06082b060102010105000500")
"""The octets that `snmpget -v2c -c public` of net-snmp 5.9 sends for sysName.0."""

ANSWER = "303f02010104067075626c6963a23202{id}0201000201003024301306082b06010201010600" \
    "0407556e6b6e6f776e300d06082b06010201010800430100"  # fmt: skip
"""A response of net-snmp 5.9's snmpd: sysLocation.0 is "Unknown", sysORLastChange.0 is 0 ticks."""

ASKED = Request.get("public", ["1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.1.8.0"])


def answer(request: bytes, ticks: int = 0, status: int = 0) -> bytes:
    octets = bytearray.fromhex(ANSWER.format(id="04" + request[17:21].hex()))
    octets[23], octets[-1] = status, ticks
    return bytes(octets)


class Device(asyncio.DatagramProtocol):
    """Sends, for each request, what `reply` makes of it and of how many came before."""

    def __init__(self, reply: Callable[[bytes, int], list[bytes]]) -> None:
        self._reply = reply
        self.requests: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for octets in self._reply(data, len(self.requests)):
            self._transport.sendto(octets, addr)
        self.requests.append(data)


def asked(reply: Callable[[bytes, int], list[bytes]], times: int = 1) -> list[Answer]:
    """The device's value as it is understood, polled so many times."""

    async def conversation() -> list[Answer]:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: Device(reply), local_addr=DEVICE)
        agent = Agent(*DEVICE)
        return [await agent.ask(ASKED, timeout_s=1.0) for _ in range(times)]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(conversation())


def test_a_get_is_that_of_net_snmp_octet_for_octet() -> None:
    assert Request.get("public", ["1.3.6.1.2.1.1.5.0"]).numbered(0x15887F45) == SNMPGET


def test_what_is_no_number_is_none() -> None:
    assert asked(lambda request, n: [answer(request)]) == [Answer(0, (None, 0))]


def test_every_answer_counts_whether_it_says_something_new_or_not() -> None:
    heard = asked(lambda request, n: [answer(request, ticks=(7, 7, 8, 7)[n])], times=4)
    assert [said.values for said in heard] == [(None, 7), (None, 7), (None, 8), (None, 7)]


def test_an_error_status_is_told() -> None:
    assert asked(lambda request, n: [answer(request, status=5)])[0].status == 5


@pytest.mark.parametrize(
    "stray",
    [
        pytest.param(lambda request: answer(request[:17] + b"\x41\x00\x00\x00"), id="another request id"),
        pytest.param(lambda request: answer(request)[:-3], id="cut short"),
        pytest.param(lambda request: request, id="the request itself"),
        pytest.param(lambda request: b"", id="nothing in it"),
    ],
)
def test_what_is_no_answer_counts_as_nothing(stray: Callable[[bytes], bytes]) -> None:
    with pytest.raises(TimeoutError):
        asked(lambda request, n: [stray(request)])
    assert asked(lambda request, n: [stray(request), answer(request)]) == [Answer(0, (None, 0))]


def test_an_answer_that_comes_twice_or_late_is_not_taken_for_that_of_the_next() -> None:
    earlier: list[bytes] = []

    def repeating(request: bytes, n: int) -> list[bytes]:
        earlier.append(answer(request, ticks=n))
        return earlier

    assert [said.values[1] for said in asked(repeating, times=3)] == [0, 1, 2]
