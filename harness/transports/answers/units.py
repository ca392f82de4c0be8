"""Answers of Modbus units, decoded by pymodbus: frames of another unit, and octets that are no response."""

from __future__ import annotations

import struct

from pymodbus import FramerType
from pymodbus.framer import FRAMER_NAME_TO_CLASS, FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

READS = (1, 2, 3, 4)
"""Functions whose response is a byte count and so many octets."""


class Undecodable(ModbusPDU):
    """Stands for a response that pymodbus cannot decode, so that the transport receives it."""


class Decoder(DecodePDU):
    """pymodbus's decoder, which by itself raises into the event loop what it cannot decode, and takes wrong lengths."""

    def __init__(self) -> None:
        super().__init__(False)

    def decode(self, frame: bytes) -> ModbusPDU:
        function, count = frame[0], len(frame) - 2
        if function in READS and (count < 0 or frame[1] != count or (function in (3, 4) and count % 2)):
            return Undecodable()
        try:
            return super().decode(frame) or Undecodable()
        except struct.error:  # an identification that ends in the middle of an object
            return Undecodable()


class OtherUnit:
    """Part of a framer: notes that a frame carries another unit number than the request."""

    other_unit: int | None = None
    """The unit number of the last such frame."""
    asked_unit = 0
    asked_transaction = 0

    def note(self, unit: int) -> bool:
        """True if a frame of that unit is of another one than the requested."""
        is_other = bool(self.asked_unit) and unit != self.asked_unit
        if is_other:
            self.other_unit = unit
        return is_other


class MbapFramer(OtherUnit, FramerSocket):
    """Frames with transaction numbers. One with the number of the request answers it, whatever unit it names.

    Many devices on TCP have one unit and give its number, 0, 1 or 255, in every answer.
    """

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        self.asked_unit, self.asked_transaction = exp_devid, exp_tid
        return super().handleFrame(data, exp_devid, exp_tid)

    def decode(self, data: bytes) -> tuple[int, int, int, bytes]:
        used, unit, transaction, pdu = super().decode(data)
        if pdu and transaction in (0, self.asked_transaction) and self.note(unit):
            unit = self.asked_unit
        return used, unit, transaction, pdu


class RtuFramer(OtherUnit, FramerRTU):
    """Frames of a serial line. Only the unit number identifies an answer: another one is noted and skipped."""

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:
        self.asked_unit = exp_devid
        return super().handleFrame(data, exp_devid, exp_tid)

    def decode(self, data: bytes) -> tuple[int, int, int, bytes]:
        used, unit, transaction, pdu = super().decode(data)
        if pdu:
            self.note(unit)
        return used, unit, transaction, pdu


def framer_of(frames: FramerType) -> FramerBase:
    """The framer for that kind of frames, with a decoder that never raises."""
    known: dict[FramerType, type[FramerBase]] = {FramerType.SOCKET: MbapFramer, FramerType.RTU: RtuFramer}
    return known.get(frames, FRAMER_NAME_TO_CLASS[frames])(Decoder())
