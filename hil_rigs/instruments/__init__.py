"""The instruments of a bench, one module for each way of reading.

instruments = make(rig, connect(rig), dialogue, "fr")
for batch in batches(instruments.values()):
    values = await batch.read()             # every batch.every_s seconds
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twinfeed._phrases import Phrase
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.quantities import domain as domain_of
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.uncertainty import Instrument as Facts
from twinfeed.hil_rigs.connecting import listens_for
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.dialogue import Dialogue
from twinfeed.hil_rigs.instruments.base import EventInstrument, Instrument, NoReading
from twinfeed.hil_rigs.instruments.batch import Batch, batches
from twinfeed.hil_rigs.instruments.notifications import Listener, NotificationInstrument
from twinfeed.hil_rigs.instruments.operator import OperatorInstrument
from twinfeed.hil_rigs.instruments.point import PointInstrument
from twinfeed.hil_rigs.instruments.scpi import ScpiInstrument
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Language, SnmpAccess
from twinfeed.hil_rigs.schema.instruments import Notifications

__all__ = ["Batch", "EventInstrument", "Instrument", "NoReading", "batches", "make", "measures", "needed"]


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
    listeners: dict[str, Listener] = {}
    for quantity in needed(rig) if quantities is None else dict.fromkeys(quantities):
        try:
            made[quantity] = _one(rig, quantity, handles, dialogue, language, listeners)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError("\n".join(wrong))
    return made


def needed(rig: Rig) -> list[str]:
    """The quantities that the rig file measures, and those of its interlocks, limits and proofs."""
    bench = rig.bench
    looked_at = [*bench.interlocks.values(), bench.limits.on_battery, bench.emergency_stop.input]
    looked_at += [actuator.proof for actuator in bench.actuators.values()]
    return list(dict.fromkeys([*bench.instruments, *(limit.quantity for limit in looked_at if limit is not None)]))


def measures(rig: Rig, quantity: str) -> Facts:
    """The rig file's entry of the instrument of that quantity, as journals and reports hold it.

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
    told = (
        ""
        if section.notifications is None
        else Phrase("notifications of {device}", device=section.notifications.device)
    )
    by = told or section.point or scpi or "operator"
    device = rig.bench.devices.get(by.partition(".")[0]) if section.point and not told else None
    if device is not None:
        by = f"{by} ({'Modbus' if device.modbus is not None else 'SNMP'})"
    calibrated, due = (str(day) if day is not None else "" for day in (section.calibrated, section.due))
    every_s = None if told else section.every
    return Facts(quantity, by, every_s, section.accuracy, unit, calibrated, due, section.certificate)


def _listener(section: Notifications, snmp: SnmpAccess, listeners: dict[str, Listener]) -> Listener:
    """The receiver that listens at that address; community or user are those of the device that was named first."""
    if section.listen not in listeners:
        address, _, port = section.listen.rpartition(":")
        try:
            listeners[section.listen] = Listener(address, int(port), *listens_for(snmp))
        except NoCredential as error:
            raise ValueError(f"{section.device}: {error}") from None
    return listeners[section.listen]


def _one(
    rig: Rig,
    quantity: str,
    handles: Mapping[str, DeviceHandle],
    dialogue: Dialogue,
    language: Language,
    listeners: dict[str, Listener],
) -> Instrument:
    section = rig.instrument_for(quantity)
    if section is None:
        raise ValueError(Phrase("{quantity}: nothing measures it; add it to `instruments`", quantity=quantity))
    try:
        domain = domain_of(rig.site, quantity)
    except UnknownQuantity:  # the point of a device that the wiring lacks
        domain = None
    point = None
    if section.point is not None:
        point = PointInstrument(quantity, section, handles[section.point.partition(".")[0]], domain)
    if section.notifications is not None:
        snmp = rig.bench.devices[section.notifications.device].snmp
        assert snmp is not None, "the rig file was checked"
        listener = _listener(section.notifications, snmp, listeners)
        return NotificationInstrument(quantity, section, snmp.address, listener, domain, point)
    if point is not None:
        return point
    if section.scpi is not None:
        return ScpiInstrument(quantity, section, domain)
    return OperatorInstrument(quantity, section, dialogue, language, domain)
