"""MBAP framing: whatever comes in, in whatever pieces."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadHoldingRegistersResponse
from workers.examples import examples

from twinfeed.emulators.wire.modbus import (
    Busy,
    Counters,
    ExceptionCode,
    ModbusTcpConnection,
    NegativeAcknowledge,
    TableUnit,
    any_unit,
    direct,
)


def frame(pdu: str, unit: int = 1, transaction: int = 0x1501, protocol: int = 0, length: int | None = None) -> bytes:
    body = bytes((unit,)) + bytes.fromhex(pdu)
    return struct.pack(">HHH", transaction, protocol, len(body) if length is None else length) + body


READ = frame("03 0004 0001")
ANSWER = bytes.fromhex("1501 0000 0005 01 03 02 0004")


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def connection(unit: TableUnit, counters: Counters) -> ModbusTcpConnection:
    return ModbusTcpConnection(direct(unit), counters)


def test_the_example_of_the_implementation_guide(counters: Counters) -> None:
    """Reading register 5, transaction 15 01, unit FF: the request that the guide's MBAP section shows."""
    connection = ModbusTcpConnection(direct(TableUnit(holding=[0, 0, 0, 0, 5])), counters)
    request = bytes.fromhex("15 01 00 00 00 06 FF 03 00 04 00 01")
    assert connection.receive(request) == bytes.fromhex("15 01 00 00 00 05 FF 03 02 00 05")


def test_pymodbus_frames_the_request_and_understands_the_response(connection: ModbusTcpConnection) -> None:
    framer = FramerSocket(DecodePDU(False))
    request = ReadHoldingRegistersRequest(address=20, count=3, dev_id=1, transaction_id=77)
    _, response = framer.handleFrame(connection.receive(framer.buildFrame(request)), 1, 77)
    assert isinstance(response, ReadHoldingRegistersResponse)
    assert response.registers == [20, 21, 22]


def test_pipelined_requests_are_answered_in_order(connection: ModbusTcpConnection) -> None:
    requests = [frame(f"03 {n:04X} 0001", transaction=n) for n in range(50)]
    answers = [struct.pack(">HHHBBBH", n, 0, 5, 1, 3, 2, n) for n in range(50)]
    assert connection.receive(b"".join(requests)) == b"".join(answers)


def test_a_request_in_single_bytes_is_answered_with_its_last_one(connection: ModbusTcpConnection) -> None:
    answers = [connection.receive(READ[n : n + 1]) for n in range(len(READ))]
    assert answers == [b""] * (len(READ) - 1) + [ANSWER]


def test_a_frame_of_another_protocol_is_discarded_and_the_next_one_served(
    connection: ModbusTcpConnection, counters: Counters
) -> None:
    assert connection.receive(frame("03 0004 0001", protocol=1) + READ) == ANSWER
    assert not connection.closed
    assert (counters.comm_errors, counters.bus_messages) == (1, 1)


@pytest.mark.parametrize("length", [0, 1, 255, 256, 0x2F20, 0xFFFF])
def test_an_impossible_length_ends_the_connection_after_the_answers_before_it(
    connection: ModbusTcpConnection, counters: Counters, length: int
) -> None:
    assert connection.receive(READ + frame("03 0004 0001", length=length)) == ANSWER
    assert connection.closed
    assert connection.receive(READ) == b""
    assert counters.comm_errors == 1


def test_the_longest_frame_is_accepted(connection: ModbusTcpConnection) -> None:
    write = frame("10 0000 007B F6" + "0001" * 123)
    assert len(write) == 7 + 6 + 246
    assert connection.receive(write)[7:] == bytes.fromhex("10 0000 007B")
    longest = frame("08 0000" + "A5" * 250)
    assert len(longest) == 260
    assert connection.receive(longest) == longest


def test_several_units_behind_one_address(counters: Counters) -> None:
    units = {7: TableUnit(holding=[7]), 8: TableUnit(holding=[8])}
    connection = ModbusTcpConnection(units, counters)
    answers = connection.receive(frame("03 0000 0001", unit=8) + frame("03 0000 0001", unit=7))
    assert answers.hex() == "15010000000508030200081501000000050703020007"


@pytest.mark.parametrize(
    "absent", [ExceptionCode.GATEWAY_TARGET_FAILED_TO_RESPOND, ExceptionCode.GATEWAY_PATH_UNAVAILABLE]
)
def test_a_unit_that_is_not_there_gets_the_gateways_exception(
    unit: TableUnit, counters: Counters, absent: ExceptionCode
) -> None:
    connection = ModbusTcpConnection({7: unit}, counters, absent=absent)
    assert connection.receive(READ) == bytes.fromhex("1501 0000 0003 01 83") + bytes((absent,))
    assert (counters.bus_messages, counters.server_messages, counters.exceptions) == (1, 0, 1)


def test_a_unit_that_is_not_there_can_be_silence(unit: TableUnit, counters: Counters) -> None:
    connection = ModbusTcpConnection({7: unit}, counters, absent=None)
    assert connection.receive(READ + frame("03 0000 0001", unit=7)).hex() == "15010000000507030200 00".replace(" ", "")
    assert counters.no_responses == 1


def test_a_direct_device_answers_to_0_1_and_255_only(unit: TableUnit, counters: Counters) -> None:
    connection = ModbusTcpConnection(direct(unit), counters)
    functions = {n: connection.receive(frame("03 0000 0001", unit=n))[7] for n in range(256)}
    assert [n for n, function in functions.items() if function == 3] == [0, 1, 255]


def test_a_device_that_ignores_the_unit_identifier_echoes_it(unit: TableUnit, counters: Counters) -> None:
    connection = ModbusTcpConnection(any_unit(unit), counters)
    assert all(connection.receive(frame("03 0000 0001", unit=n))[6:8] == bytes((n, 3)) for n in range(256))


def test_exceptions_are_counted_by_kind(counters: Counters) -> None:
    class Moody(TableUnit):
        def read_registers(self, table: object, address: int, count: int) -> bytes:
            raise Busy if address == 0 else NegativeAcknowledge

    connection = ModbusTcpConnection({1: Moody()}, counters)
    answers = connection.receive(frame("03 0000 0001")) + connection.receive(frame("03 0001 0001") + frame("63"))
    assert [answers[n : n + 2].hex() for n in (7, 16, 25)] == ["8306", "8307", "e301"]
    assert counters == Counters(bus_messages=3, server_messages=3, exceptions=3, naks=1, busies=1)


def test_diagnostics_read_the_counters_of_the_server(unit: TableUnit, counters: Counters) -> None:
    first, second = (ModbusTcpConnection(direct(unit), counters) for _ in range(2))
    first.receive(READ * 3)
    assert second.receive(frame("08 000B 0000")).endswith(bytes.fromhex("08 000B 0004"))


plausible = st.one_of(
    st.builds(
        lambda start, count, function, identifier: frame(f"{function:02X} {start:04X} {count:04X}", unit=identifier),
        st.integers(0, 0xFFFF) | st.integers(0, 210),
        st.integers(0, 130),
        st.sampled_from([1, 2, 3, 4, 5, 6, 99]),
        st.sampled_from([0, 1, 2, 255]),
    ),
    st.builds(lambda pdu: frame(pdu.hex()), st.binary(min_size=1, max_size=253)),
    st.builds(lambda pdu, protocol: frame(pdu.hex(), protocol=protocol), st.binary(min_size=1), st.integers(0, 3)),
    st.binary(max_size=20),
)
streams = st.lists(plausible, max_size=8).map(b"".join)


def fresh() -> tuple[ModbusTcpConnection, Counters]:
    counters = Counters()
    tables = TableUnit(coils=[True] * 50, discrete=[True] * 50, holding=range(200), input=range(100))
    return ModbusTcpConnection(direct(tables), counters), counters


@settings(max_examples=examples(300))
@given(stream=streams, cuts=st.lists(st.integers(0, 2000), max_size=20))
def test_any_bytes_in_any_pieces_give_what_they_give_at_once(stream: bytes, cuts: list[int]) -> None:
    whole, whole_counters = fresh()
    at_once = whole.receive(stream)
    pieces, piece_counters = fresh()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    in_pieces = b""
    for start, end in itertools.pairwise(edges):
        in_pieces += pieces.receive(stream[start:end])
        assert pieces.pending_bytes < 260
    assert in_pieces == at_once
    assert (pieces.closed, pieces.pending_bytes, piece_counters) == (
        whole.closed,
        whole.pending_bytes,
        whole_counters,
    )


@pytest.mark.parametrize("function", [2, 3, 4, 5])
@pytest.mark.parametrize("identifier", [1, 2])
def test_a_request_that_comes_whole_is_answered_like_one_that_comes_in_two(function: int, identifier: int) -> None:
    """Whole reads take a shorter way through the code; at no edge may the answer differ."""

    class Endless(TableUnit):
        def read_registers(self, table: object, address: int, count: int) -> bytes:
            return bytes(2 * count)

    edges = itertools.product([0, 1], [5, 6, 7, 0], [0, 65411, 65412, 65535], [0, 1, 125, 126, 0xFFFF])
    for protocol, length, address, count in edges:
        request = struct.pack(">HHHBBHH", 0x1501, protocol, length, identifier, function, address, count)
        whole, halves = (ModbusTcpConnection({1: Endless()}, Counters()) for _ in range(2))
        assert halves.receive(request[:1]) + halves.receive(request[1:]) == whole.receive(request)
        assert (whole.closed, whole._counters) == (halves.closed, halves._counters)


@given(stream=st.binary(max_size=2000))
def test_noise_never_raises_and_never_piles_up(stream: bytes) -> None:
    connection, _ = fresh()
    for n in range(0, len(stream), 7):
        connection.receive(stream[n : n + 7])
        assert connection.pending_bytes < 260
