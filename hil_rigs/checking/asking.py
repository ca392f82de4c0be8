"""A device, polled no faster than its `rate`, and the times of its answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from twinfeed.emulators.profiles.schema import SnmpObject
from twinfeed.harness.characterise.recording.pace import Pace
from twinfeed.harness.transports import DeviceHandle, NoAnswer, TransportError
from twinfeed.harness.transports.listing import reachable
from twinfeed.harness.transports.modbus.ranges import ranges
from twinfeed.harness.transports.places import Place, places
from twinfeed.harness.transports.snmp.target import MAX_VARBINDS
from twinfeed.hil_rigs.schema import DeviceAccess

Answer = TypeVar("Answer")


class Asked:
    """One device under check. It is only ever read."""

    def __init__(self, handle: DeviceHandle, access: DeviceAccess) -> None:
        self.handle, self.access = handle, access
        self.took_s: list[float] = []
        """From each request that was answered to its answer, s; without the first, which connect."""
        self._pace = Pace(access.rate or math.inf)

    @property
    def name(self) -> str:
        return self.handle.name

    @property
    def where(self) -> str:
        return ", ".join(side.where for side in (self.handle.snmp, self.handle.modbus) if side is not None)

    @property
    def timeout_s(self) -> float:
        """The time that the file gives it for an answer, s: the shortest of its protocols."""
        return min(side.timeout for side in (self.access.snmp, self.access.modbus) if side is not None)

    @property
    def silence_s(self) -> float:
        """The time that a read takes that is never answered, s: the longest of its protocols."""
        sides = (self.access.snmp, self.access.modbus)
        return max((1 + side.retries) * side.timeout for side in sides if side is not None)

    @property
    def sent(self) -> int:
        """Requests sent over its connections so far, retries counted."""
        return sum(side.requests for side in (self.handle.snmp, self.handle.modbus) if side is not None)

    async def ask(self, request: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to the request, sent when the device's `rate` allows. Raises what the request raises."""
        await self._pace.turn()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            answer = await request()
        except NoAnswer:
            raise
        except TransportError:  # an answer, too
            self.took_s.append(loop.time() - began)
            raise
        self.took_s.append(loop.time() - began)
        return answer

    def requests(self, names: list[str]) -> list[list[str]]:
        """The points in groups of one request each."""
        variables: list[str] = []
        registers: list[Place] = []
        for name in names:
            place = next(
                place
                for place in places(self.handle.profile, name)
                if reachable(place.entry, self.handle.snmp, self.handle.modbus)
            )
            if isinstance(place.entry, SnmpObject):
                variables.append(name)
            else:
                registers.append(place)
        groups = [variables[n : n + MAX_VARBINDS] for n in range(0, len(variables), MAX_VARBINDS)]
        if registers:
            assert self.handle.profile.modbus is not None
            groups += [[place.point for place in part.places] for part in ranges(self.handle.profile.modbus, registers)]
        return groups
