"""Functions that only some products have: exception status, server id, files, queues, event counter and log.

Source: Modbus Application Protocol Specification V1.1b3, sections 6.7 (7), 6.9 (11), 6.10 (12), 6.13 (17), 6.14 (20),
6.15 (21) and 6.18 (24).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from twinfeed.emulators.wire.modbus.diagnostics import Counters
from twinfeed.emulators.wire.modbus.unit import DeviceFailure, IllegalAddress, IllegalFunction, IllegalValue

COMMON_FUNCTIONS = frozenset({1, 2, 3, 4, 5, 6, 8, 15, 16, 22, 23, 43})
"""The functions of a unit that does not list its own; function 43 only with an identification."""

MAX_FIFO_REGISTERS = 31
MAX_RECORD = 9999
"""Highest record number of a file."""

_REFERENCE_TYPE = 6
_MAX_PDU_BYTES = 253
_IDLE = b"\x00\x00"
"""Status word of functions 11 and 12: no program command is being processed."""

_group = struct.Struct(">BHHH")


class Records(Protocol):
    """One file of a unit: records of two octets, numbered from 0 to 9999."""

    def read(self, record: int, count: int) -> bytes:
        """`count` records from `record` on: exactly 2 * count octets. Raises IllegalAddress for a missing record."""

    def write(self, record: int, data: bytes) -> None:
        """Set the records from `record` on. Raises IllegalAddress or IllegalValue if they cannot be set."""


@dataclass(frozen=True)
class ServerId:
    """The answer of function 17: the product's own octets, its run indicator (None for a product that sends none), and
    further octets."""

    id: bytes
    runs: Callable[[], bool] | None
    more: Callable[[], bytes] = bytes


@dataclass(frozen=True)
class Extras:
    """The functions of a unit besides its tables. `functions` lists the implemented codes; others are illegal."""

    functions: frozenset[int] = COMMON_FUNCTIONS
    exception_status: Callable[[], int] | None = None
    """The eight exception status outputs, bit 0 first."""
    server_id: ServerId | None = None
    files: Mapping[int, Records] = field(default_factory=dict)
    """The files by number, from 1."""
    queues: Mapping[int, Callable[[], bytes]] = field(default_factory=dict)
    """The registers in each queue, two octets each, by pointer address."""


def answer(extras: Extras, counters: Counters | None, pdu: bytes) -> bytes:
    """The response PDU to a request of one of these functions.

    Raises:
        ModbusError: what the exception response is to be.
    """
    function = pdu[0]
    match function:
        case 7:
            _whole(pdu, 1)
            if extras.exception_status is not None:
                return bytes((7, extras.exception_status() & 0xFF))
        case 11:
            _whole(pdu, 1)
            if counters is not None:
                counters.fetches += 1
                return b"\x0b" + _IDLE + struct.pack(">H", counters.events & 0xFFFF)
        case 12:
            _whole(pdu, 1)
            if counters is not None:
                counters.fetches += 1
                return _event_log(counters)
        case 17:
            _whole(pdu, 1)
            if extras.server_id is not None:
                known = extras.server_id
                runs = b"" if known.runs is None else b"\xff" if known.runs() else b"\x00"
                data = known.id + runs + known.more()
                return bytes((17, min(len(data), _MAX_PDU_BYTES - 2))) + data[: _MAX_PDU_BYTES - 2]
        case 20:
            return _read_files(extras.files, pdu)
        case 21:
            return _write_files(extras.files, pdu)
        case 24:
            return _read_queue(extras.queues, pdu)
    raise IllegalFunction(f"function {function} is not implemented here")


def _whole(pdu: bytes, octets: int) -> None:
    if len(pdu) != octets:
        raise IllegalValue(f"function {pdu[0]} got a request of {len(pdu)} bytes, expected {octets}")


def _event_log(counters: Counters) -> bytes:
    """Section 6.10: the most recent event first."""
    events = b"".join(counters.log)[::-1][: counters.log.maxlen]
    head = _IDLE + struct.pack(">HH", counters.events & 0xFFFF, counters.bus_messages & 0xFFFF)
    return bytes((12, len(head) + len(events))) + head + events


def _read_files(files: Mapping[int, Records], pdu: bytes) -> bytes:
    if len(pdu) < 2 or pdu[1] != len(pdu) - 2 or not 7 <= pdu[1] <= 245 or pdu[1] % 7:
        raise IllegalValue("function 20 wants a byte count of 7 to 245 and groups of 7 bytes")
    groups = []
    room = _MAX_PDU_BYTES - 2
    for start in range(2, len(pdu), 7):
        kind, number, record, count = _group.unpack_from(pdu, start)
        records = _records(files, kind, number, record, count)
        room -= 2 + 2 * count
        if room < 0:
            raise IllegalValue("function 20 asks for more records than fit into a response of 253 bytes")
        data = records.read(record, count)
        if len(data) != 2 * count:
            raise DeviceFailure(f"file {number} returned {len(data)} bytes where {2 * count} were asked for")
        groups.append(bytes((1 + len(data), _REFERENCE_TYPE)) + data)
    answer = b"".join(groups)
    return bytes((20, len(answer))) + answer


def _write_files(files: Mapping[int, Records], pdu: bytes) -> bytes:
    if len(pdu) < 2 or pdu[1] != len(pdu) - 2 or not 9 <= pdu[1] <= 251:
        raise IllegalValue("function 21 wants a byte count of 9 to 251")
    for records, record, data in list(_groups(files, pdu)):  # all are in order before the first is written
        records.write(record, data)
    return pdu


def _groups(files: Mapping[int, Records], pdu: bytes) -> Iterator[tuple[Records, int, bytes]]:
    at = 2
    while at < len(pdu):
        if at + _group.size > len(pdu):
            raise IllegalValue("the last group of function 21 is cut short")
        kind, number, record, count = _group.unpack_from(pdu, at)
        records = _records(files, kind, number, record, count)
        at += _group.size
        data = pdu[at : at + 2 * count]
        if len(data) != 2 * count:
            raise IllegalValue(f"a group of function 21 announces {count} records and holds {len(data)} bytes")
        at += 2 * count
        yield records, record, data


def _records(files: Mapping[int, Records], kind: int, number: int, record: int, count: int) -> Records:
    if kind != _REFERENCE_TYPE or not count:
        raise IllegalValue(f"reference type {kind} and {count} records, expected type 6 and at least one")
    if number not in files or record > MAX_RECORD or record + count > MAX_RECORD + 1:
        raise IllegalAddress(f"there is no file {number} with records {record} to {record + count - 1}")
    return files[number]


def _read_queue(queues: Mapping[int, Callable[[], bytes]], pdu: bytes) -> bytes:
    _whole(pdu, 3)
    (pointer,) = struct.unpack_from(">H", pdu, 1)
    if pointer not in queues:
        raise IllegalAddress(f"there is no queue at {pointer}")
    data = queues[pointer]()
    count = len(data) // 2
    if count > MAX_FIFO_REGISTERS:
        raise IllegalValue(f"{count} registers are in the queue, at most {MAX_FIFO_REGISTERS} can be read")
    return struct.pack(">BHH", 24, 2 + len(data), count) + data
