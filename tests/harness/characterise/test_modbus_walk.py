"""Ranges of registers: what is refused is found by splitting, and recorded as refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile import Gappy
from hypothesis import given, settings
from hypothesis import strategies as st
from serial_lines import serial_line
from workers.examples import examples

from twinfeed.emulators.profiles import library
from twinfeed.emulators.wire.modbus import Busy, GatewayTargetFailed, ModbusSerialServer, ModbusTcpServer, any_unit
from twinfeed.harness.characterise.recording.modbus_walk import ModbusWalker, Span, spans, spans_of
from twinfeed.harness.characterise.recording.recorder import Recorder
from twinfeed.harness.characterise.recording.recording import Recording, Walk
from twinfeed.harness.transports import ModbusTransport, NoAnswer
from twinfeed.harness.transports.urls import Credentials, opened
from twinfeed.harness.virtual.loop import VirtualLoop


def walked(unit: Any, ranges: str, before: Walk | None = None) -> Walk:
    """The content of a recording of that unit."""
    loop = VirtualLoop()
    recording = Recording({}, [Walk(1, 0.0)])

    async def run() -> None:
        server = ModbusTcpServer(any_unit(unit), "127.0.0.1", 1502)
        await server.start()
        walker = ModbusWalker(ModbusTransport.tcp("127.0.0.1", 1502, retries=0), spans(ranges))
        try:
            async for item in walker.walk(recording.walks[0], before):
                recording.take({"t_s": 0.0, **item})
        finally:
            walker.close()
            await server.stop()

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return recording.walks[0]


def held(walk: Walk) -> list[int]:
    return sorted(address for _, address in walk.registers)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("holding:0-9", [Span("holding", 0, 10)]),
        ("input:7, coil:0-15", [Span("input", 7, 1), Span("coil", 0, 16)]),
        ("holding:0-199", [Span("holding", 0, 125), Span("holding", 125, 75)]),
        ("discrete:0-2499", [Span("discrete", 0, 2000), Span("discrete", 2000, 500)]),
    ],
)
def test_ranges_are_requests_that_the_protocol_allows(text: str, found: list[Span]) -> None:
    assert spans(text) == found


@pytest.mark.parametrize("text", ["holding", "holding:9-1", "holdings:0-9", "holding:0-70000", "holding:a-b", ""])
def test_what_are_no_ranges_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="expected TABLE:FIRST-LAST such as holding:0-199"):
        spans(text)


def test_a_whole_range_is_one_request() -> None:
    unit = Gappy(range(100))
    assert held(walked(unit, "holding:0-99")) == list(range(100))
    assert unit.reads == [(0, 100)]


def test_what_is_not_there_is_found_by_splitting() -> None:
    walk = walked(Gappy([0, 1, 2, 7, 8]), "holding:0-9")
    assert held(walk) == [0, 1, 2, 7, 8]
    assert sorted(walk.refused) == [("holding", n) for n in (3, 4, 5, 6, 9)]
    assert set(walk.refused.values()) == {2}


@settings(max_examples=examples(30), deadline=None)
@given(readable=st.sets(st.integers(0, 60), max_size=40), most=st.integers(1, 125))
def test_all_that_is_there_is_read_and_all_else_refused(readable: set[int], most: int) -> None:
    walk = walked(Gappy(sorted(readable), most=most), "holding:0-60")
    assert held(walk) == sorted(readable)
    assert {address for _, address in walk.refused} == set(range(61)) - readable


def test_registers_that_only_go_together_are_found_wherever_they_lie() -> None:
    walk = walked(Gappy([0], pairs=[3, 8]), "holding:0-11")
    assert held(walk) == [0, 3, 4, 8, 9]


def test_a_function_that_the_unit_does_not_know_is_asked_for_once() -> None:
    walk = walked(unit := Gappy(range(10)), "input:0-99,holding:0-9")
    assert held(walk) == list(range(10))
    assert set(walk.refused.values()) == {1}
    assert unit.reads == [(0, 10)]


def test_the_next_walk_does_not_ask_for_what_was_refused() -> None:
    first = walked(Gappy([0, 1, 7]), "holding:0-9")
    second = walked(unit := Gappy([0, 1, 7]), "holding:0-9", before=first)
    assert (second.registers, second.refused) == (first.registers, first.refused)
    assert unit.reads == [(0, 2), (7, 1)]


@pytest.mark.parametrize("refusal", [Busy, GatewayTargetFailed])
def test_a_unit_that_is_busy_or_away_interrupts_the_walk(refusal: Any) -> None:
    unit = Gappy(range(10))
    unit.refuses = {0: refusal}
    with pytest.raises(NoAnswer, match="exception"):
        walked(unit, "holding:0-9")


def test_the_identity_is_what_function_43_says(virtually: Callable[..., Any]) -> None:
    async def scenario(loop: VirtualLoop) -> dict[str, str]:
        server = ModbusTcpServer(any_unit(Gappy([0])), "127.0.0.1", 1502)
        await server.start()
        walker = ModbusWalker(ModbusTransport.tcp("127.0.0.1", 1502, retries=0), spans("holding:0"))
        found = await walker.identity()
        walker.close()
        await server.stop()
        return found

    assert virtually(scenario) == {"0": "Maker", "1": "M-1", "2": "V1"}


@pytest.mark.parametrize("name", [name for name in library.names() if library.get(name).modbus is not None])
def test_a_profile_is_read_in_whole_values(name: str) -> None:
    profile = library.get(name)
    assert profile.modbus is not None
    requests = spans_of(profile)
    for register in profile.modbus.registers:
        own = set(Span(register.table, register.address, register.words).places)
        assert register.access == "wo" or any(own <= set(request.places) for request in requests), register
    assert all(request.size <= (125 if request.table in ("holding", "input") else 2000) for request in requests)


@pytest.mark.parametrize("line", ["serial", "rtu"])
async def test_a_unit_is_read_over_a_serial_line_and_through_a_serial_server(line: str, tmp_path: Path) -> None:
    unit = Gappy([0, 1, 2, 7])
    async with serial_line() as (near, far):
        server: ModbusSerialServer | ModbusTcpServer
        if line == "serial":
            server, address = ModbusSerialServer({3: unit}, near, parity="N"), f"modbus+serial:{far}/3?parity=N"
            await server.start()
        else:
            server = ModbusTcpServer({3: unit}, "127.0.0.1", 0, framing="rtu")
            await server.start()
            address = f"modbus+rtu://127.0.0.1:{server.address[1]}/3"
        transport = opened(address, Credentials(), timeout_s=5.0, retries=0)
        assert isinstance(transport, ModbusTransport)
        recording = await Recorder(ModbusWalker(transport, spans("holding:0-9")), tmp_path / "r.jsonl").record()
        await server.stop()
    assert held(recording.walks[0]) == [0, 1, 2, 7]
    assert recording.identity == {"0": "Maker", "1": "M-1", "2": "V1"}
