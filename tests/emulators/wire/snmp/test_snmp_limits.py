"""Costs that one request may have: settled once, sized before it is carried out, and worked off in turns."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from snmp_manager import SYSTEM, V2C, Device, ask, read, request

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.snmp import Access, Counter, ErrorStatus, Instance, MibTree, SnmpAgent, SnmpServer, Syntax
from twinfeed.emulators.wire.snmp.access import ALL
from twinfeed.emulators.wire.snmp.message import read_community_message, read_pdu, read_version
from twinfeed.emulators.wire.snmp.operations import execute
from twinfeed.emulators.wire.turns import LONG_S, TURN_S

PRIVATE: dict[str, Any] = {"community": b"private"}
LOCATION = (1, 3, 6, 1, 2, 1, 1, 6, 0)
COMMUNITIES = {b"public": Access.READ_ONLY, b"private": Access.READ_WRITE}


@pytest.fixture
def site() -> Site:
    return Site.load("bench")


def agent_of(site: Site, device: str) -> SnmpAgent:
    entry = next(entry for entry in site.file.devices if entry.name == device)
    return SnmpAgent(SurfaceTree(Surface(library.get(entry.profile.profile), site[device])), COMMUNITIES)


class TestSets:
    @pytest.mark.parametrize("device", ["pdu-1", "sensor-1"])
    def test_one_that_is_answered_too_big_has_set_nothing(self, site: Site, device: str) -> None:
        """Eight locations of 200 octets: their echo takes more than the 1,472 octets that the agent sends."""
        agent, before = agent_of(site, device), site[device].read("system.location")
        answer = ask(agent, "Set", *[(LOCATION, V2C.OctetString(b"x" * 200))] * 8, **PRIVATE)
        assert answer == (ErrorStatus.TOO_BIG, 0, [])
        assert site[device].read("system.location") == before

    def test_one_whose_manager_takes_less_than_the_answer_has_set_nothing(self) -> None:
        """In v3 a manager names the longest message that it takes (msgMaxSize); what is left for the PDU is the room."""
        device = Device()
        datagram = request("Set", ((*SYSTEM, 5, 0), V2C.OctetString(b"x" * 100)), **PRIVATE)
        _, start, end = read_version(datagram)
        pdu = read_pdu(datagram, read_community_message(datagram, start, end).pdu_start, end)
        tree = device.agent().tree
        outcome = execute(tree, pdu, v1=False, writable=ALL, room=100)
        assert outcome is not None
        assert outcome.status == ErrorStatus.TOO_BIG
        assert device.name == b"pdu-a"
        outcome = execute(tree, pdu, v1=False, writable=ALL, room=200)
        assert outcome is not None
        assert (outcome.status, device.name) == (ErrorStatus.NO_ERROR, b"x" * 100)

    def test_all_bindings_of_one_are_settled_once(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        agent, settled = agent_of(site, "pdu-1"), []
        rest = site.plant._come_to_rest
        monkeypatch.setattr(site.plant, "_come_to_rest", lambda: (settled.append(site.now), rest()))
        answer = ask(agent, "Set", *[(LOCATION, V2C.OctetString(b"row %d" % n)) for n in range(40)], **PRIVATE)
        assert answer.status == ErrorStatus.NO_ERROR
        assert len(settled) == 1
        assert site["pdu-1"].read("system.location") == "row 39"


class TestWork:
    """Counted in instances read, so that a slow machine changes nothing."""

    class Counting(MibTree):
        def __init__(self, variables: int) -> None:
            self.reads = 0
            super().__init__(
                [Instance((1, 3, 6, 9, n), Syntax.OCTET_STRING, self._read) for n in range(1, variables + 1)], lambda: 0
            )

        def _read(self) -> bytes:
            self.reads += 1
            return b"x" * 30

    @pytest.mark.parametrize("kind", ["Get", "GetNext", "GetBulk"])
    def test_ends_when_the_answer_is_full(self, kind: str) -> None:
        tree = self.Counting(3000)
        agent = SnmpAgent(tree, COMMUNITIES, max_message=65507)
        names = [(1, 3, 6, 9, n) for n in range(1, 3000)]
        ask(agent, kind, *names, max_repetitions=2_147_483_647) if kind == "GetBulk" else ask(agent, kind, *names)
        assert tree.reads <= 65507 // 40

    @pytest.mark.parametrize("variables", [3, 300])
    @pytest.mark.parametrize("non_repeaters", [0, 1])
    def test_is_none_at_the_end_of_the_view(self, variables: int, non_repeaters: int) -> None:
        tree = self.Counting(variables)
        answer = ask(SnmpAgent(tree, COMMUNITIES), "GetBulk", (1, 3, 6, 9, variables), non_repeaters=non_repeaters,
                     max_repetitions=5)  # fmt: skip
        assert (answer.status, len(answer.values), tree.reads) == (0, 1, 0)

    def test_is_none_at_all_for_a_message_longer_than_the_agent_takes(self) -> None:
        tree = self.Counting(3000)
        agent = SnmpAgent(tree, COMMUNITIES)
        for kind in ("Get", "GetNext", "GetBulk"):
            assert ask(agent, kind, *[(1, 3, 6, 9, n) for n in range(1, 3000)]).status == ErrorStatus.TOO_BIG
        assert tree.reads == 0
        assert agent.counter(Counter.OUT_TOO_BIGS) == 3


class Clock:
    """Time that passes only when an agent works, so long for each datagram."""

    def __init__(self, request_s: float) -> None:
        self.now_s, self.request_s = 0.0, request_s

    def agent(self) -> Any:
        clock, agent = self, Device().agent()

        class Slow:
            def handle(self, datagram: bytes) -> bytes | None:
                clock.now_s += clock.request_s
                return agent.handle(datagram)

        return Slow()

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        sender.setblocking(False)
        yield sender


def answers(sender: socket.socket) -> int:
    count = 0
    while True:
        try:
            sender.recv(65535)
        except BlockingIOError:
            return count
        count += 1


async def test_an_agent_that_is_flooded_lets_others_have_their_turn(sender: socket.socket) -> None:
    clock = Clock(TURN_S / 8)
    async with SnmpServer(clock.agent(), "127.0.0.1", 0, draining=True, clock=clock, processor=clock) as server:
        for _ in range(20):
            sender.sendto(request("Get", (*SYSTEM, 3, 0)), ("127.0.0.1", server.port))
        server._drain()
        assert answers(sender) == 8
        server._drain()
        assert answers(sender) == 8


async def test_an_agent_rests_after_a_long_request(sender: socket.socket) -> None:
    """As long as it took, with everything else left in its socket."""
    clock = Clock(LONG_S * 2)
    loop = asyncio.get_running_loop()
    async with SnmpServer(clock.agent(), "127.0.0.1", 0, draining=True, clock=clock, processor=clock) as server:
        assert server._socket is not None
        for _ in range(3):
            sender.sendto(request("Get", (*SYSTEM, 3, 0)), ("127.0.0.1", server.port))
        for _ in range(3):
            began_s = loop.time()
            server._drain()
            assert answers(sender) == 1
            assert server._turns._timer is not None
            assert server._turns._timer.when() - began_s >= LONG_S * 2
            assert not loop.remove_reader(server._socket.fileno())
            server._turns.stop()
            server._wake()


class TestSlowCard:
    def server(self, delay: list[float], buffers: int) -> SnmpServer:
        return SnmpServer(Device().agent(), "127.0.0.1", 0, delay_s=lambda: delay[0], buffers=buffers)

    def ask_all(self, server: SnmpServer, sender: socket.socket, count: int) -> None:
        """As the loop does when datagrams have come."""
        for _ in range(count):
            server._received(request("Get", (*SYSTEM, 3, 0)), sender.getsockname())

    async def test_keeps_no_more_answers_than_it_has_buffers(self, sender: socket.socket) -> None:
        delay = [3600.0]
        async with self.server(delay, 4) as server:
            self.ask_all(server, sender, 50)
            assert answers(sender) == 0
            assert (len(server._backlog.waiting), server._backlog.dropped) == (4, 46)

    async def test_once_cleared_owes_nothing(self, sender: socket.socket) -> None:
        delay = [3600.0]
        async with self.server(delay, 4) as server:
            self.ask_all(server, sender, 50)
            delay[0] = 0.0
            server.hasten()
            assert answers(sender) == 4
            self.ask_all(server, sender, 1)
            assert answers(sender) == 1

    async def test_the_first_request_after_it_is_cleared_is_answered_at_once(self, sender: socket.socket) -> None:
        delay = [3600.0]
        async with self.server(delay, 4) as server:
            self.ask_all(server, sender, 50)
            delay[0] = 0.0
            self.ask_all(server, sender, 1)
            assert answers(sender) == 5

    async def test_owes_nothing_once_its_power_is_gone(self, sender: socket.socket) -> None:
        delay, power = [3600.0], [True]
        server = SnmpServer(Device().agent(), "127.0.0.1", 0, lambda: power[0], delay_s=lambda: delay[0])
        async with server:
            self.ask_all(server, sender, 3)
            power[0] = False
            delay[0] = 0.0
            server.hasten()
            assert answers(sender) == 0


async def test_an_exception_in_a_device_gets_no_answer_and_is_reported(sender: socket.socket) -> None:
    class Broken:
        def handle(self, datagram: bytes) -> bytes | None:
            raise TypeError("seeded")

    reported: list[Exception] = []
    async with SnmpServer(Broken(), "127.0.0.1", 0, failed=reported.append) as server:  # type: ignore[arg-type]
        server._received(b"\0", sender.getsockname())
        assert [type(error) for error in reported] == [TypeError]
        assert answers(sender) == 0


def test_answers_of_the_longest_size_are_read_by_another_implementation() -> None:
    """pysnmp reads an answer that fills the message to the last binding that fits."""
    agent = SnmpAgent(TestWork.Counting(200), COMMUNITIES)
    octets = agent.handle(request("GetBulk", (1, 3, 6, 9), max_repetitions=200))
    assert octets is not None
    assert 1400 < len(octets) <= 1472
    assert read(octets).status == ErrorStatus.NO_ERROR
