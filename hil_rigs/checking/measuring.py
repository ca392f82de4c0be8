"""Quantities of a bench read through their instruments, as the supervisor will read them."""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.hil_rigs import instruments
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.instruments import NoReading
from twinfeed.hil_rigs.rigfile import Rig


def device_of(rig: Rig, quantity: str) -> str:
    """The device that a quantity is read from, empty if it is read from none."""
    section = rig.instrument_for(quantity)
    return section.point.partition(".")[0] if section is not None and section.point is not None else ""


async def measured(rig: Rig, quantity: str, asked: Mapping[str, Asked]) -> Value:
    """The quantity now. Its device, if it is read from one, is among those that can be asked.

    Raises:
        NoReading: there is no value.
    """
    handles = {name: device.handle for name, device in asked.items()}
    try:
        instrument = instruments.make(rig, handles, Unattended(), quantities=[quantity])[quantity]
    except ValueError as error:
        raise NoReading(str(error)) from None
    device = device_of(rig, quantity)
    try:
        return await (asked[device].ask(instrument.read) if device else instrument.read())
    finally:
        await instrument.close()


def shown(value: Value) -> str:
    """A value as people read it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
