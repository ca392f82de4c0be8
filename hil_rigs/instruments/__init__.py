"""What measures on a bench, and how each quantity is read.

instruments = make(rig, connect(rig), dialogue, "fr")
for batch in batches(instruments.values()):
    values = await batch.read()             # every batch.every_s seconds
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.quantities import domain as domain_of
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.uncertainty import Instrument as Facts
from twinfeed.hil_rigs.dialogue import Dialogue
from twinfeed.hil_rigs.instruments.base import Instrument, NoReading
from twinfeed.hil_rigs.instruments.batch import Batch, batches
from twinfeed.hil_rigs.instruments.operator import OperatorInstrument
from twinfeed.hil_rigs.instruments.point import PointInstrument
from twinfeed.hil_rigs.instruments.scpi import ScpiInstrument
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Language

__all__ = ["Batch", "Instrument", "NoReading", "batches", "make", "measures", "needed"]


def make(
    rig: Rig,
    handles: Mapping[str, DeviceHandle],
    dialogue: Dialogue,
    language: Language = "en",
    quantities: Iterable[str] | None = None,
) -> dict[str, Instrument]:
    """An instrument for each of these quantities, or for all that the bench needs. Nothing is sent.

    Raises:
        ValueError: a line for each quantity that nothing measures, or whose instrument needs a package that is missing.
    """
    made: dict[str, Instrument] = {}
    wrong: list[str] = []
    for quantity in needed(rig) if quantities is None else dict.fromkeys(quantities):
        try:
            made[quantity] = _one(rig, quantity, handles, dialogue, language)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError("\n".join(wrong))
    return made


def needed(rig: Rig) -> list[str]:
    """The quantities that the rig file measures, and those that its interlocks, limits and proofs look at."""
    bench = rig.bench
    looked_at = [*bench.interlocks.values(), bench.limits.on_battery, bench.emergency_stop.input]
    looked_at += [actuator.proof for actuator in bench.actuators.values()]
    return list(dict.fromkeys([*bench.instruments, *(limit.quantity for limit in looked_at if limit is not None)]))


def measures(rig: Rig, quantity: str) -> Facts:
    """What the rig file says of the instrument of that quantity, as journals and reports hold it.

    A quantity that nothing measures has an instrument without a name.
    """
    section = rig.instrument_for(quantity)
    if section is None:
        return Facts(quantity)
    try:
        unit = domain_of(rig.site, quantity).unit
    except UnknownQuantity:
        unit = ""
    scpi = "" if section.scpi is None else f"{section.scpi.resource} {section.scpi.query}"
    by = section.point or scpi or "operator"
    device = rig.bench.devices.get(by.partition(".")[0]) if section.point else None
    if device is not None:
        by = f"{by} ({'Modbus' if device.modbus is not None else 'SNMP'})"
    calibrated, due = (str(day) if day is not None else "" for day in (section.calibrated, section.due))
    return Facts(quantity, by, section.every, section.accuracy, unit, calibrated, due, section.certificate)


def _one(
    rig: Rig, quantity: str, handles: Mapping[str, DeviceHandle], dialogue: Dialogue, language: Language
) -> Instrument:
    section = rig.instrument_for(quantity)
    if section is None:
        raise ValueError(f"{quantity}: nothing measures it; add it to `instruments`")
    try:
        domain = domain_of(rig.site, quantity)
    except UnknownQuantity:  # the point of a device that the wiring lacks
        domain = None
    if section.point is not None:
        return PointInstrument(quantity, section, handles[section.point.partition(".")[0]], domain)
    if section.scpi is not None:
        return ScpiInstrument(quantity, section, domain)
    return OperatorInstrument(quantity, section, dialogue, language, domain)
