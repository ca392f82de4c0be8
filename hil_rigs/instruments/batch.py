"""Batches of instruments: one device is polled once a period for all of them.

A Modbus line at 9600 bit/s bears some twenty requests a second for everything on it, so each saved one counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.transports import DeviceHandle, NoAnswer, TransportError
from twinfeed.hil_rigs.instruments.base import Instrument, NoReading
from twinfeed.hil_rigs.instruments.point import PointInstrument


@dataclass(frozen=True)
class Batch:
    """Instruments that are read at the same moment, every `every_s` seconds."""

    every_s: float
    instruments: tuple[Instrument, ...]

    @property
    def quantities(self) -> tuple[str, ...]:
        return tuple(instrument.quantity for instrument in self.instruments)

    async def read(self) -> dict[str, Value | NoReading]:
        """Each quantity's value, or why it has none. Does not raise, and one bad point does not blind the others."""
        of_points = [instrument for instrument in self.instruments if isinstance(instrument, PointInstrument)]
        together = await _read_together(of_points) if len(of_points) > 1 else {}
        found: dict[str, Value | NoReading] = {}
        for instrument in self.instruments:
            if instrument.quantity not in together:
                try:
                    found[instrument.quantity] = await instrument.read()
                except NoReading as error:
                    found[instrument.quantity] = error
        return together | found


async def _read_together(instruments: list[PointInstrument]) -> dict[str, Value | NoReading]:
    """The values of one device's points; empty if they must be read one by one to find the bad one."""
    try:
        readings = await instruments[0].handle.read_many([instrument.point for instrument in instruments])
    except NoAnswer as error:  # asking again for each would take the time-out as often
        return {instrument.quantity: NoReading(f"{instrument.quantity}: {error}") for instrument in instruments}
    except TransportError:
        return {}
    found: dict[str, Value | NoReading] = {}
    for instrument in instruments:
        try:
            found[instrument.quantity] = instrument.taken(readings[instrument.point])
        except NoReading as error:
            found[instrument.quantity] = error
    return found


def batches(instruments: Iterable[Instrument]) -> list[Batch]:
    """The instruments, those that read one device at one period together, in the order in which they were given."""
    together: dict[tuple[DeviceHandle | Instrument, float], list[Instrument]] = {}
    for instrument in instruments:
        asked = instrument.handle if isinstance(instrument, PointInstrument) else instrument
        together.setdefault((asked, instrument.every_s), []).append(instrument)
    return [Batch(every_s, tuple(members)) for (_, every_s), members in together.items()]
