"""Instruments that are a point of a device: of the device itself, of a meter, or a logic input."""

from __future__ import annotations

import math

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.transports import DeviceHandle, Reading, TransportError
from twinfeed.hil_rigs.instruments.base import Instrument, NoReading
from twinfeed.hil_rigs.schema import Instrument as Section


class PointInstrument(Instrument):
    """Reads a point through the device's handle; `read` alone, `taken` for a value that came with others."""

    def __init__(self, quantity: str, section: Section, handle: DeviceHandle, domain: Domain | None = None) -> None:
        super().__init__(quantity, section.every, domain)
        assert section.point is not None, "the rig file gives a point"
        self.handle = handle
        self.point = section.point.partition(".")[2]
        self._section = section

    async def read(self) -> Value:
        try:
            reading = await self.handle.read(self.point)
        except TransportError as error:
            raise NoReading(f"{self.quantity}: {error}") from None
        return self.taken(reading)

    def taken(self, reading: Reading) -> Value:
        """The quantity for what was read.

        Raises:
            NoReading: the device reports that it has no value, or shows one that the point or the quantity cannot have.
        """
        if reading.unknown:
            point, raw = self._section.point, reading.raw
            why = Phrase("{point} reads {raw!r}: {unknown}", point=point, raw=raw, unknown=reading.unknown)
            if raw is None:
                why = Phrase("{point} {unknown}", point=point, unknown=reading.unknown)
            raise NoReading(f"{self.quantity}: {why}", raw=reading.raw)
        return self.possible(converted(self.quantity, self._section, reading.value))


def converted(quantity: str, section: Section, value: Value) -> Value:
    """The reading, inverted, or scaled and shifted, as the rig file has it.

    Raises:
        NoReading: NaN, or a text that is to be inverted or scaled.
    """
    if isinstance(value, bool):
        return value is not section.invert
    read = section.point or (section.scpi.resource if section.scpi is not None else Phrase("the operator"))
    plain = section.scale == 1.0 and section.offset == 0.0
    if isinstance(value, str | bytes):
        if section.invert or not plain:
            raise NoReading(
                Phrase(
                    "{quantity}: {read} reads {value!r}, which has no opposite or scale",
                    quantity=quantity,
                    read=read,
                    value=value,
                ),
                raw=value,
            )
        return value
    if math.isnan(value):
        raise NoReading(
            Phrase("{quantity}: {read} reports that it has no value now", quantity=quantity, read=read), raw=value
        )
    if section.invert:
        return not value
    return value if plain else section.scale * value + section.offset
