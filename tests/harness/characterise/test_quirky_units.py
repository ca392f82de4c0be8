"""What can be read of a Modbus unit with bad habits is read, in a bounded time; what cannot is recorded as refused.

The habits are those that users of Modbus programs have reported of real devices and gateways.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.wire.modbus import Unanswered
from twinfeed.harness.characterise.recording.modbus_walk import SILENT, ModbusWalker, spans
from twinfeed.harness.characterise.recording.recording import Recording, Walk
from twinfeed.harness.characterise.recording.replaying import Player, RecordedUnit
from twinfeed.harness.transports import ModbusTransport, NoAnswer
from twinfeed.harness.virtual.loop import VirtualLoop

ADDRESS = ("127.12.0.8", 502)
TIMEOUT_S = 1.0


@dataclass
class QuirkyUnit:
    """Holding registers 0 to 59 hold three times their address; frames in, frames out."""

    holes: frozenset[int] = frozenset()
    hole_code: int = 2
    """The exception for a read that touches a hole; 0 for silence."""
    most: int = 125
    most_code: int = 3
    """The exception for a read of more; 0 for silence."""
    short_by: int = 0
    """Registers that are missing at the end of each answer, but for one."""
    unit: int | None = None
    """The unit number of its answers; None for the one that was asked."""
    transaction: int | None = None
    """The transaction number of its answers; None for that of the request."""
    closes: bool = False
    pieces: int = 1
    """In how many segments an answer comes."""
    dead_after: int = 10**9
    """Requests after which it is silent for good."""
    knows_43: bool = True
    reads: list[tuple[int, int]] = field(default_factory=list)

    def answer(self, frame: bytes) -> bytes:
        pdu = self._pdu(frame[7:])
        if not pdu:
            return b""
        transaction = frame[:2] if self.transaction is None else struct.pack(">H", self.transaction)
        unit = frame[6] if self.unit is None else self.unit
        return transaction + b"\0\0" + struct.pack(">HB", len(pdu) + 1, unit) + pdu

    def _pdu(self, request: bytes) -> bytes:
        if len(self.reads) >= self.dead_after:
            return b""
        if request[0] != 3:
            return bytes((request[0] | 0x80, 1)) if self.knows_43 else b""
        first, count = struct.unpack(">HH", request[1:5])
        self.reads.append((first, count))
        code = None
        if count > self.most:
            code = self.most_code
        elif first + count > 60:
            code = 2
        elif self.holes.intersection(range(first, first + count)):
            code = self.hole_code
        if code is not None:
            return bytes((0x83, code)) if code else b""
        given = range(first, first + max(1, count - self.short_by))
        return bytes((3, 2 * len(given))) + b"".join(struct.pack(">H", 3 * n) for n in given)


async def listening(quirky: QuirkyUnit, loop: VirtualLoop) -> None:
    """Let the unit answer at `ADDRESS` of the loop's network."""

    class Server(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            answer = quirky.answer(data)
            size = -(-len(answer) // quirky.pieces) or 1
            for n, at in enumerate(range(0, len(answer), size)):
                loop.call_later(0.01 * n, self.transport.write, answer[at : at + size])
            if answer and quirky.closes:
                loop.call_later(0.01 * quirky.pieces, self.transport.close)

    await loop.create_server(Server, *ADDRESS)


def in_world(quirky: QuirkyUnit, scenario: Callable[[ModbusTransport], Any]) -> tuple[Any, float]:
    """The result of the scenario with a transport to that unit, sent to unit 5, and its time, s."""
    loop = VirtualLoop()

    async def run() -> Any:
        await listening(quirky, loop)
        transport = ModbusTransport.tcp(*ADDRESS, 5, timeout_s=TIMEOUT_S, retries=0)
        try:
            return await scenario(transport)
        finally:
            transport.close()

    try:
        return loop.run_until_complete(run()), loop.time()
    finally:
        loop.close()


def walked(quirky: QuirkyUnit, ranges: str = "holding:0-59", before: Walk | None = None) -> tuple[Walk, float]:
    """One walk of the unit, as a recording holds it, and how long it took, s."""
    recording = Recording({}, [Walk(1, 0.0)])

    async def scenario(transport: ModbusTransport) -> Walk:
        walker = ModbusWalker(transport, spans(ranges))
        await walker.identity()
        async for item in walker.walk(recording.walks[0], before):
            recording.take({"t_s": 0.0, **item})
        return recording.walks[0]

    return in_world(quirky, scenario)


def held(walk: Walk) -> dict[int, int]:
    return {address: value for (_, address), value in sorted(walk.registers.items())}


ALL = {n: 3 * n for n in range(60)}


@pytest.mark.parametrize(
    ("quirky", "says"),
    [
        (QuirkyUnit(), ""),
        (QuirkyUnit(most=10), "it gives 8 registers at once; 15 were refused with exception 3"),
        (QuirkyUnit(most=10, most_code=0), "it gives 8 registers at once; 15 were not answered"),
        (QuirkyUnit(most=1), "it gives 1 registers at once"),
        (QuirkyUnit(short_by=1), "registers came, expected"),
        (QuirkyUnit(unit=1), "answers name unit 1, which was not asked"),
        (QuirkyUnit(unit=255, transaction=0), "answers name unit 255, which was not asked"),
        (QuirkyUnit(transaction=0), ""),
        (QuirkyUnit(closes=True), ""),
        (QuirkyUnit(pieces=3), ""),
        (QuirkyUnit(knows_43=False), "it does not answer function 43 (identification)"),
    ],
)
def test_every_register_is_read_and_the_habit_is_named(quirky: QuirkyUnit, says: str) -> None:
    walk, _ = walked(quirky)
    assert held(walk) == ALL
    assert (bool(walk.troubles), says in "".join(walk.troubles)) == (bool(says), True)


@pytest.mark.parametrize("ranges", ["holding:0-59", "holding:0-9,holding:10-59", "holding:15-59"])
def test_silence_for_holes_costs_only_the_holes(ranges: str) -> None:
    holes = frozenset(range(15, 20))
    walk, took_s = walked(QuirkyUnit(holes=holes, hole_code=0), ranges)
    first = int(ranges.split(":")[1].split("-")[0])
    assert held(walk) == {n: 3 * n for n in range(first, 60) if n not in holes}
    assert walk.refused == {("holding", n): SILENT for n in holes}
    assert took_s <= 35 * TIMEOUT_S


def test_a_limit_that_was_found_is_remembered_in_the_next_walk() -> None:
    first, _ = walked(QuirkyUnit(most=10))
    assert first.most == {"registers": 8}
    again = QuirkyUnit(most=10)
    second, _ = walked(again, before=first)
    assert held(second) == ALL
    assert max(count for _, count in again.reads) == 8


def test_a_lost_answer_is_no_limit() -> None:
    class Lossy(QuirkyUnit):
        def answer(self, frame: bytes) -> bytes:
            answer = super().answer(frame)
            return b"" if len(self.reads) == 2 else answer

    walk, _ = walked(Lossy(), "holding:0-9,holding:10-59")
    assert held(walk) == ALL
    assert walk.most == {}


@pytest.mark.parametrize("dead_after", [0, 3])
def test_a_unit_that_is_away_is_found_out_within_a_few_time_outs(dead_after: int) -> None:
    ranges = "holding:0-9,holding:10-19,holding:20-29,holding:30-39,holding:40-59"

    async def asked(transport: ModbusTransport) -> None:
        walker = ModbusWalker(transport, spans(ranges))
        await walker.identity()
        async for _ in walker.walk(Walk(1, 0.0)):
            pass

    async def scenario(transport: ModbusTransport) -> None:
        with pytest.raises(NoAnswer):
            await asked(transport)

    _, took_s = in_world(QuirkyUnit(dead_after=dead_after, knows_43=False), scenario)
    assert took_s <= 8 * TIMEOUT_S


def test_silence_about_a_large_range_ends() -> None:
    walk, took_s = walked(QuirkyUnit(holes=frozenset(range(1, 60)), hole_code=0))
    assert held(walk) == {0: 0}
    assert took_s <= 100 * TIMEOUT_S
    assert len(walk.registers) + len(walk.refused) == 60


@given(
    st.builds(
        QuirkyUnit,
        holes=st.frozensets(st.integers(0, 59), max_size=8),
        hole_code=st.sampled_from((0, 2, 4)),
        most=st.sampled_from((1, 2, 7, 10, 16, 32, 125)),
        most_code=st.sampled_from((0, 2, 3)),
        unit=st.none() | st.integers(0, 255),
        transaction=st.sampled_from((None, 0)),
        closes=st.booleans(),
        pieces=st.integers(1, 4),
        knows_43=st.booleans(),
    )
)
@settings(max_examples=examples(60), deadline=None)
def test_whatever_habits_come_together_what_is_there_is_read(quirky: QuirkyUnit) -> None:
    walk, took_s = walked(quirky)
    assert {**held(walk), **{address: None for _, address in walk.refused}}.keys() == ALL.keys()
    assert held(walk).items() <= ALL.items()
    assert took_s <= 300 * TIMEOUT_S
    if quirky.hole_code or quirky.most_code or not quirky.holes:  # all silences together may be too many
        assert held(walk) == {n: value for n, value in ALL.items() if n not in quirky.holes}


class TestHandles:
    """The transport of a handle takes the same answers."""

    @pytest.mark.parametrize(
        "quirky", [QuirkyUnit(unit=1), QuirkyUnit(transaction=0), QuirkyUnit(closes=True), QuirkyUnit(pieces=3)]
    )
    def test_registers_are_read(self, quirky: QuirkyUnit) -> None:
        async def scenario(transport: ModbusTransport) -> tuple[bytes, int | None]:
            for _ in range(3):
                octets = await transport.read_registers("holding", 1, 2)
            return octets, transport.answered_by

        found, _ = in_world(quirky, scenario)
        assert found == (struct.pack(">HH", 3, 6), quirky.unit)

    def test_an_answer_to_another_transaction_is_not_taken(self) -> None:
        async def scenario(transport: ModbusTransport) -> bytes:
            return await transport.read_registers("holding", 1, 2)

        with pytest.raises(Exception, match="no Modbus frame came"):
            in_world(QuirkyUnit(transaction=777), scenario)


def test_the_replay_of_a_unit_that_is_silent_about_holes_is_silent_too() -> None:
    holes = frozenset(range(15, 20))
    first, _ = walked(QuirkyUnit(holes=holes, hole_code=0))
    first.ended = True
    unit = RecordedUnit(Player(Recording({"protocol": "modbus"}, [first]), lambda: 0.0))
    with pytest.raises(Unanswered):
        unit.read_registers("holding", 10, 10)
    assert unit.read_registers("holding", 20, 1) == struct.pack(">H", 60)
