"""The readings of a recording through a profile: points with their values, walk after walk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.characterise.recording.recording import Recording, Walk
from twinfeed.harness.transports import DeviceHandle, Refused, TransportError
from twinfeed.harness.transports.places import NO_VALUE
from twinfeed.harness.transports.replay import recorded_agent, recorded_unit


@dataclass(frozen=True)
class Reading:
    """A point in one walk. `wrong` gives the reason if the octets there are no reading."""

    value: Value
    unit: str
    wrong: str = ""


Course = list[tuple[float, dict[str, Reading]]]
"""For each walk when it began, s from the first one, and the points by name."""


def course(recording: Recording, profile: Profile) -> Course:
    """Every point the profile knows, in each whole walk of the recording."""
    walks = [walk for walk in recording.walks if walk.ended] or recording.walks
    return asyncio.run(_course(walks, recording, profile))


async def _course(walks: list[Walk], recording: Recording, profile: Profile) -> Course:
    where = str(recording.head.get("device", "recording"))
    return [
        (walk.t_s - walks[0].t_s, await _readings(_handle(walk, where, recording.protocol, profile))) for walk in walks
    ]


def _handle(walk: Walk, where: str, protocol: str, profile: Profile) -> DeviceHandle:
    if protocol == "snmp":
        varbinds = map(snmprec.as_answered, walk.variables.values())
        return DeviceHandle(where, profile, snmp=recorded_agent(varbinds, where))
    values = {(str(table), address): value for (table, address), value in walk.registers.items()}
    return DeviceHandle(where, profile, modbus=recorded_unit(values, where))


async def _readings(handle: DeviceHandle) -> dict[str, Reading]:
    """The points that are there; a scalar the device lacks is not."""
    found = {}
    for name in await handle.points():
        try:
            reading = await handle.read(name)
        except TransportError as error:
            if not isinstance(error, Refused):
                found[name] = Reading("", "", error.what)
        else:
            wrong = "" if reading.unknown == NO_VALUE else reading.unknown
            found[name] = Reading(reading.value, reading.unit, wrong)
    return found
