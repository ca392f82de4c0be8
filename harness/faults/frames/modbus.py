"""Faults of Modbus messages, on TCP and on a serial line.

scapy's Modbus layers take frames apart and put them together. They know Modbus on TCP; a frame of a serial line is
given an MBAP header for them and loses it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinfeed.harness.faults.frames.active import ActiveFaults, noise, spoil
from twinfeed.harness.faults.frames.cutting import Cutter, crc16, mbap, rtu_answer, rtu_request
from twinfeed.harness.virtual.links.tampering import Answer

MOST_OPEN = 64
"""Requests of one client that are remembered until their answers come; Modbus devices serve up to 16 at once."""

_HEAD = 6
_ILLEGAL_VALUE = 3
_READS = frozenset({3, 4, 23})
_WRITES = frozenset({5, 6, 15, 16, 21, 22, 23})


class ModbusConversation:
    """One connection or one serial line; see `twinfeed.harness.virtual.links.tampering.Conversation`."""

    __slots__ = ("_answers", "_open", "_requests", "_serial", "_tamper")

    def __init__(self, tamper: ActiveFaults) -> None:
        self._tamper = tamper
        self._serial = tamper.speaks == "modbus-rtu"
        self._requests = Cutter(rtu_request, recovers=True) if self._serial else Cutter(mbap)
        self._answers = Cutter(rtu_answer, recovers=True) if self._serial else Cutter(mbap)
        self._open: dict[int, bytes] = {}  # transaction id -> unit id and PDU of the request

    @property
    def waiting(self) -> bool:
        return self._requests.waiting or self._answers.waiting

    def request(self, data: bytes) -> list[bytes | Answer]:
        if not self._tamper.active:
            return [self._requests.whole(data)]
        return list(self._asked(self._noisy(data)))

    def answer(self, data: bytes) -> list[bytes]:
        if not self._tamper.active:
            return [self._answers.whole(data)]
        return [
            self._noisy(self._answered(piece.octets) if piece.whole else piece.octets)
            for piece in self._answers.cut(data)
            if not (piece.whole and self._lost(piece.octets))
        ]

    def idle(self) -> tuple[bytes, bytes]:
        return (self._requests.idle(), self._answers.idle()) if self._serial else (b"", b"")

    def _asked(self, data: bytes) -> Iterator[bytes | Answer]:
        for octets, whole in self._requests.cut(data):
            adu = self._adu(octets) if whole else b""
            if whole and self._refuses(adu):
                code = int(self._tamper.active["modbus-exception"]["code"])
                yield Answer(self._noisy(self._marked(_refused(adu, code))))
                continue
            if whole:
                beyond = self._beyond_the_limit(adu)
                if beyond and self._tamper.active["modbus-limit"]["silent"] < 1 and not self._broadcast(adu):
                    yield Answer(self._noisy(self._marked(_refused(adu, _ILLEGAL_VALUE))))
                if beyond or self._leaves_unanswered(adu):
                    continue
                self._remember(adu)
                octets = self._tamper.requested(octets)
            yield octets

    def _broadcast(self, adu: bytes) -> bool:
        """True if a request is a broadcast, which gets no answer."""
        return self._serial and not adu[_HEAD]

    def _leaves_unanswered(self, adu: bytes) -> bool:
        return self._strikes("modbus-unanswered", adu[_HEAD:])

    def _strikes(self, kind: str, asked: bytes) -> bool:
        """True if that fault acts on a request, which is given from its unit identifier on."""
        return self._tamper.strikes(kind, _writes(asked), asked[1] if len(asked) > 1 else 0)

    def _beyond_the_limit(self, adu: bytes) -> bool:
        fault = self._tamper.active.get("modbus-limit")
        asked = adu[_HEAD:]
        return (
            fault is not None
            and asked[1] in _READS
            and len(asked) >= 6
            and int.from_bytes(asked[4:6], "big") > fault["most"]
        )

    def _refuses(self, adu: bytes) -> bool:
        return not self._broadcast(adu) and self._strikes("modbus-exception", adu[_HEAD:])

    def _lost(self, frame: bytes) -> bool:
        """True if the fault `answers-lost` drops that answer."""
        transaction = _transaction(self._adu(frame))
        if not self._strikes("answers-lost", self._open.get(transaction, b"")):
            return False
        self._open.pop(transaction, None)
        return True

    def _answered(self, frame: bytes) -> bytes:
        active = self._tamper.active
        adu = self._adu(frame)
        asked = self._asked_by(adu)
        if not asked:
            for kind in active.keys() & {"stale", "torn"}:
                self._tamper.spare(kind, "an answer that belongs to no request by its transaction number")
        if "stale" in active and asked:
            held = self._tamper.first("stale", asked, adu)
            adu = adu[:2] + held[2:]
        if "torn" in active and asked:
            before = self._tamper.last("torn", asked, adu)
            adu = _torn(before, adu, asked, int(active["torn"]["register"]))
        return self._marked(adu)

    def _asked_by(self, adu: bytes) -> bytes:
        """The request that an answer belongs to; some devices answer every transaction as number 0."""
        number = _transaction(adu)
        if number == 0 and number not in self._open and len(self._open) == 1:
            number = next(iter(self._open))
        return self._open.pop(number, b"")

    def _marked(self, adu: bytes) -> bytes:
        """An answer as it leaves: with the wrong identifiers, cut short or spoilt."""
        active = self._tamper.active
        if "modbus-wrong-unit" in active or "modbus-wrong-transaction" in active:
            from scapy.contrib.modbus import ModbusADUResponse

            answer = ModbusADUResponse(adu)
            unit, transaction = active.get("modbus-wrong-unit"), active.get("modbus-wrong-transaction")
            if unit is not None:
                answer.unitId = (answer.unitId + int(unit["offset"])) % 0x100
            if transaction is not None:
                answer.transId = (answer.transId + int(transaction["offset"])) % 0x10000
            adu = bytes(answer)
        return spoil(self._tamper, adu[_HEAD:] + crc16(adu[_HEAD:]) if self._serial else adu)

    def _remember(self, adu: bytes) -> None:
        if len(self._open) >= MOST_OPEN:
            del self._open[next(iter(self._open))]
        self._open[_transaction(adu)] = adu[_HEAD:]

    def _adu(self, frame: bytes) -> bytes:
        """A frame as scapy and this module know it: on a serial line all transactions have the number 0."""
        if not self._serial:
            return frame
        return b"\0\0\0\0" + (len(frame) - 2).to_bytes(2, "big") + frame[:-2]

    def _noisy(self, octets: bytes) -> bytes:
        fault = self._tamper.active.get("serial-noise")
        return octets if fault is None else noise(self._tamper.rng, octets, fault["error_rate"])


def dissected(frame: bytes, answer: bool) -> Any:
    """A Modbus TCP frame as scapy's packet, to be shown or searched; `answer` gives its direction. About 0.1 ms."""
    from scapy.contrib.modbus import ModbusADURequest, ModbusADUResponse

    return (ModbusADUResponse if answer else ModbusADURequest)(frame)


def _writes(asked: bytes) -> bool:
    """True if a request, from its unit identifier on, changes the device."""
    return len(asked) > 1 and asked[1] in _WRITES


def _transaction(adu: bytes) -> int:
    return int.from_bytes(adu[:2], "big")


def _refused(adu: bytes, code: int) -> bytes:
    """The exception response to a request."""
    from scapy.contrib.modbus import ModbusADURequest, ModbusADUResponse
    from scapy.packet import Raw

    request = ModbusADURequest(adu)
    head = ModbusADUResponse(transId=request.transId, protoId=request.protoId, unitId=request.unitId)
    # As octets: scapy has a class for each function's exception and none for functions it does not know.
    return bytes(head / Raw(bytes((adu[_HEAD + 1] | 0x80, code))))


def _torn(before: bytes, now: bytes, asked: bytes, register: int) -> bytes:
    """The answer `now` with the first register of pairs as in the answer `before`; `register` -1 is every pair."""
    from scapy.contrib.modbus import ModbusADUResponse

    if asked[1] not in _READS or len(asked) < 4 or len(before) != len(now) or len(now) < _HEAD + 3:
        return now
    old, new = ModbusADUResponse(before), ModbusADUResponse(now)
    held = getattr(old.payload, "registerVal", None)
    values = getattr(new.payload, "registerVal", None)
    if not isinstance(held, list) or not isinstance(values, list) or len(held) != len(values):
        return now
    first = int.from_bytes(asked[2:4], "big")
    pairs = range(0, len(values) - 1, 2) if register < 0 else range(register - first, register - first + 1)
    new.payload.registerVal = [
        old_value if index in pairs and index + 1 < len(values) else value
        for index, (old_value, value) in enumerate(zip(held, values, strict=True))
    ]
    return bytes(new)
