"""Functions that only some products have, with the examples of the Modbus Application Protocol Specification V1.1b3."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.wire.modbus import (
    COMMON_FUNCTIONS,
    Counters,
    Extras,
    IllegalAddress,
    ModbusTcpConnection,
    ServerId,
    TableUnit,
    respond,
)

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


class File:
    """Records in memory, from number 0."""

    def __init__(self, *registers: int) -> None:
        self.octets = bytearray(struct.pack(f">{len(registers)}H", *registers))

    def read(self, record: int, count: int) -> bytes:
        self._check(record, count)
        return bytes(self.octets[2 * record : 2 * (record + count)])

    def write(self, record: int, data: bytes) -> None:
        self._check(record, len(data) // 2)
        self.octets[2 * record : 2 * record + len(data)] = data

    def _check(self, record: int, count: int) -> None:
        if 2 * (record + count) > len(self.octets):
            raise IllegalAddress(f"no record {record + count - 1}")


class Unit(TableUnit):
    """A unit that has everything, with the values of the specification's examples."""

    def __init__(self, functions: frozenset[int] = COMMON_FUNCTIONS | {7, 11, 12, 17, 20, 21, 24}) -> None:
        super().__init__(coils=[True] * 8, holding=[5] * 8, identification={0: b"V", 1: b"P", 2: b"1"})
        self.four = File(0, 0x0DFE, 0x0020, 0, 0, 0, 0, 0, 0, 0)
        self.three = File(*[0] * 9, 0x33CD, 0x0040)
        self.queue = struct.pack(">2H", 0x01B8, 0x1284)
        self.extras = Extras(
            functions,
            exception_status=lambda: 0x6D,
            server_id=ServerId(b"\x01\x02", lambda: True, lambda: b"more"),
            files={4: self.four, 3: self.three},
            queues={0x04DE: lambda: self.queue},
        )


def asked(unit: Unit, pdu: str, counters: Counters | None = None) -> str:
    return respond(unit, bytes.fromhex(pdu), counters or Counters()).hex(" ")


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        ("07", "07 6d"),  # section 6.7
        ("11", "11 07 01 02 ff 6d 6f 72 65"),  # section 6.13
        ("14 0e 06 0004 0001 0002 06 0003 0009 0002", "14 0c 05 06 0d fe 00 20 05 06 33 cd 00 40"),  # section 6.14
        ("15 0d 06 0004 0007 0003 06AF 04BE 100D", "15 0d 06 00 04 00 07 00 03 06 af 04 be 10 0d"),  # section 6.15
        ("18 04DE", "18 00 06 00 02 01 b8 12 84"),  # section 6.18
    ],
)
def test_the_examples_of_the_specification(request_: str, response: str) -> None:
    assert asked(Unit(), request_) == response


def test_what_is_written_to_a_file_is_read_from_it() -> None:
    unit = Unit()
    asked(unit, "15 0d 06 0004 0007 0003 06AF 04BE 100D")
    assert asked(unit, "14 07 06 0004 0007 0003") == "14 08 07 06 06 af 04 be 10 0d"


def test_nothing_is_written_when_a_later_group_is_wrong() -> None:
    unit = Unit()
    assert asked(unit, "15 12 06 0004 0000 0001 1111 06 0009 0000 0001 2222") == "95 02"
    assert unit.four.octets[:2] == b"\0\0"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("07 00", ILLEGAL_VALUE),
        ("11 00", ILLEGAL_VALUE),
        ("14", ILLEGAL_VALUE),
        ("14 06 06 0004 0001 00", ILLEGAL_VALUE),
        ("14 07 05 0004 0001 0002", ILLEGAL_VALUE),  # reference type
        ("14 07 06 0004 0001 0000", ILLEGAL_VALUE),
        ("14 07 06 0009 0001 0002", ILLEGAL_ADDRESS),
        ("14 07 06 0004 2710 0001", ILLEGAL_ADDRESS),  # record 10000
        ("14 07 06 0004 000a 0001", ILLEGAL_ADDRESS),
        ("14 0e 06 0004 0000 007b 06 0004 0000 0001", ILLEGAL_ADDRESS),
        ("15 09 06 0004 0000 0002 1111", ILLEGAL_VALUE),
        ("15 0a 06 0004 0000 0001 1111 06", ILLEGAL_VALUE),
        ("18 04", ILLEGAL_VALUE),
        ("18 0000", ILLEGAL_ADDRESS),
    ],
)
def test_what_is_wrong_with_a_request(request_: str, code: int) -> None:
    octets = bytes.fromhex(request_)
    assert respond(Unit(), octets, Counters()) == bytes((octets[0] | 0x80, code))


def test_more_records_than_a_response_holds_are_refused() -> None:
    unit = Unit()
    unit.four.octets = bytearray(400)
    assert asked(unit, "14 07 06 0004 0000 007d") == "94 03"  # 125 records: 254 octets with their head
    assert len(bytes.fromhex(asked(unit, "14 07 06 0004 0000 007c"))) == 252


def test_more_registers_than_a_queue_may_hold_are_refused() -> None:
    unit = Unit()
    unit.queue = bytes(64)
    assert asked(unit, "18 04DE") == "98 03"


@pytest.mark.parametrize("function", [7, 11, 12, 17, 20, 21, 24])
def test_a_product_without_the_function_says_so(function: int) -> None:
    assert asked(Unit(COMMON_FUNCTIONS), f"{function:02x}") == f"{function | 0x80:02x} 01"


@given(st.frozensets(st.sampled_from(sorted(COMMON_FUNCTIONS))), st.sampled_from(sorted(COMMON_FUNCTIONS)))
def test_a_profile_can_leave_out_common_functions(functions: frozenset[int], function: int) -> None:
    request = b"\x2b\x0e\x01\x00" if function == 43 else bytes((function, 0, 0, 0, 1))
    answer = respond(Unit(functions), request, Counters())
    assert (answer == bytes((function | 0x80, ILLEGAL_FUNCTION))) is (function not in functions)


@given(st.binary(min_size=1, max_size=253))
def test_any_request_gets_a_response_that_fits(pdu: bytes) -> None:
    answer = respond(Unit(), pdu, Counters())
    assert 2 <= len(answer) <= 253
    assert answer[0] & 0x7F == pdu[0] & 0x7F


# events ------------------------------------------------------------------------------------------------------


def frame(*pdus: str) -> bytes:
    octets = [bytes.fromhex(pdu) for pdu in pdus]
    return b"".join(b"\0\1\0\0" + (1 + len(pdu)).to_bytes(2, "big") + b"\1" + pdu for pdu in octets)


def test_completed_messages_are_counted_and_fetches_and_exceptions_are_not() -> None:
    line = ModbusTcpConnection({1: Unit()}, Counters())
    line.receive(frame("03 0000 0001"))  # the short way
    line.receive(frame("01 0000 0001", "03 9999 0001", "0b"))
    assert line.receive(frame("0b"))[7:] == bytes.fromhex("0b 0000 0002")


def test_the_log_shows_the_last_event_first() -> None:
    line = ModbusTcpConnection({1: Unit()}, Counters())
    line.receive(frame("03 0000 0001", "03 9999 0001", "01 0000 0001"))
    # sent and received without trouble, a read exception sent, and the first read again
    assert line.receive(frame("0c"))[7:] == bytes.fromhex("0c 0c 0000 0002 0004 40 80 41 80 40 80")


def test_the_log_holds_sixty_four_events() -> None:
    line = ModbusTcpConnection({1: Unit()}, Counters())
    for _ in range(100):
        line.receive(frame("03 0000 0001"))
    answer = line.receive(frame("0c"))[7:]
    assert answer[1] == 70
    assert answer[8:] == bytes.fromhex("4080") * 32


def test_restarting_communications_clears_counters_and_on_request_the_log() -> None:
    line = ModbusTcpConnection({1: Unit()}, Counters())
    line.receive(frame("03 0000 0001"))
    assert line.receive(frame("08 0001 ff00"))[7:] == bytes.fromhex("08 0001 ff00")
    assert line.receive(frame("0c"))[7:] == bytes.fromhex("0c 09 0000 0000 0001 40 80 00")
