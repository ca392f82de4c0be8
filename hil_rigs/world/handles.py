"""Devices of a bench, read and written by its supervisor."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.transports.handle import Reading

Ask = Callable[..., Coroutine[Any, Any, Any]]
"""ask(request, **fields): the supervisor's answer."""


class SupervisedHandle(DeviceHandle):
    """A device of the bench, read and written by the supervisor; `now` returns the seconds of the test."""

    def __init__(self, name: str, profile: Profile, ask: Ask, now: Callable[[], float]) -> None:
        super().__init__(name, profile)
        self._ask, self._now = ask, now

    async def read_many(self, points: Iterable[str]) -> dict[str, Reading]:
        readings = await self._ask("read", device=self.name, points=list(points))
        now_s = self._now()
        return {each["point"]: Reading(**{**each, "value": _number(each["value"]), "t_s": now_s}) for each in readings}

    async def write(self, point: str, value: Value) -> None:
        await self._ask("write", device=self.name, point=point, value=value)

    async def points(self) -> list[str]:
        found: list[str] = await self._ask("points", device=self.name)
        return found

    def close(self) -> None:
        """The supervisor keeps the connection."""


def _number(value: Value | None) -> Value:
    """The supervisor sends NaN as null, since JSON has none."""
    return math.nan if value is None else value
