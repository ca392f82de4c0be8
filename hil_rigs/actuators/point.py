"""Actuators that are a point of a device: a PDU's outlet, a relay, a switch port's ifAdminStatus, a setting."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.transports import DeviceHandle, NoAnswer, Reading, Refused, TransportError, WrongAnswer
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed
from twinfeed.hil_rigs.positions import Words, positions, state_point, words
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Position

GATEWAY_TIMED_OUT = 11
"""The exception of a gateway that got no answer (Modbus Application Protocol Specification V1.1b3, section 7)."""

LOOK_S = 0.2
"""Period of reading back a position, s: a Modbus line carries few requests."""


class PointActuator(Actuator):
    """Writes a point, then reads where it stands until it stands there, for at most `within_s`.

    `state` is None for a point that nothing reads back: then only the rig file's `proof` shows the effect of a move.
    A write that is not answered may have been carried out all the same, and one that is acknowledged may not: what
    counts is what is read afterwards.
    """

    def __init__(
        self,
        name: str,
        written: tuple[DeviceHandle, Words],
        state: tuple[DeviceHandle, Words] | None,
        named: tuple[Position, ...],
        within_s: float,
    ) -> None:
        super().__init__(name)
        self._written, self._words = written
        self._state = state
        self._named = named
        self._within_s = within_s

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        try:
            value = self._words.value(position)
            wanted = None if self._state is None else self._state[1].value(position)
        except ValueError as error:
            raise ActuatorFailed(f"{self.name}: {error}") from None
        unanswered = await self._write(position, value)
        if wanted is None:
            if unanswered is not None:
                raise ActuatorFailed(
                    Phrase(
                        "{name}: the order {position} got no answer: {unanswered}; whether it moved is unknown",
                        name=self.name,
                        position=position,
                        unanswered=unanswered,
                    )
                )
            return
        found = await self._reached(wanted)
        if found is not None:
            told = Phrase("the order got no answer") if unanswered is not None else Phrase("acknowledged that")
            raise ActuatorFailed(
                Phrase(
                    "{name}: should be {position}, {told}, and {found}; look at {seen_at}",
                    name=self.name,
                    position=position,
                    told=told,
                    found=found,
                    seen_at=self._seen_at,
                )
            )

    async def position(self) -> Position | None:
        if self._state is None:
            return None
        try:
            return self._as_position((await self._read()).value)
        except TransportError as error:
            raise ActuatorFailed(
                Phrase("{name}: its position cannot be read: {error}", name=self.name, error=error)
            ) from None

    async def try_dry(self) -> str:
        if self._state is None:
            return Phrase(
                "{point} takes {words}; its position cannot be read back", point=self._words.point, words=self._words
            )
        stands = await self.position()
        return Phrase(
            "{point} takes {words}, and {seen_at} says {stands}",
            point=self._words.point,
            words=self._words,
            seen_at=self._seen_at,
            stands=stands,
        )

    @property
    def _seen_at(self) -> str:
        return self._words.point if self._state is None else self._state[1].point

    async def _write(self, position: Position, value: Value) -> TransportError | None:
        """Write it; the error if nothing came back from the device, or nothing that can be read."""
        try:
            await self._written.write(_point(self._words), value)
        except TransportError as error:
            garbled = isinstance(error, WrongAnswer) and not isinstance(error, Refused)
            timed_out = isinstance(error, Refused) and error.code == GATEWAY_TIMED_OUT
            if isinstance(error, NoAnswer) or garbled or timed_out:
                return error  # it may have been carried out all the same
            raise ActuatorFailed(
                Phrase(
                    "{name}: the order {position} was refused: {error}", name=self.name, position=position, error=error
                )
            ) from None
        except ValueError as error:
            raise ActuatorFailed(
                Phrase(
                    "{name}: the order {position} was refused: {error}", name=self.name, position=position, error=error
                )
            ) from None
        return None

    async def _reached(self, wanted: Value) -> str | None:
        """None once the device reports that it stands there, else its last report."""
        assert self._state is not None, "only what can be read is waited for"
        now = asyncio.get_running_loop().time
        until = now() + self._within_s
        while True:
            try:
                reading = await self._read()
            except TransportError as error:
                found = Phrase("cannot be read back: {error}", error=error)
            else:
                if self._state[1].same(wanted, reading.value):
                    return None
                found = Phrase(
                    "is still {value} after {within_s:g} s",
                    value=self._as_position(reading.value),
                    within_s=self._within_s,
                )
            if now() >= until:
                return found
            await asyncio.sleep(min(LOOK_S, max(0.0, until - now())))

    async def _read(self) -> Reading:
        assert self._state is not None, "only what can be read is read"
        handle, known = self._state
        return await handle.read(_point(known))

    def _as_position(self, value: Value) -> Position:
        """The position that the rig file calls so, else what it is called in general."""
        assert self._state is not None, "only what has been read is named"
        known = self._state[1]
        for position in (*self._named, "on", "off"):
            try:
                if known.same(known.value(position), value):
                    return position
            except ValueError:
                continue
        if isinstance(value, bool | bytes) or (isinstance(value, float) and math.isnan(value)):
            return str(value)
        return value


def _point(known: Words) -> str:
    return known.point.partition(".")[2]


def make(rig: Rig, name: str, handles: Mapping[str, DeviceHandle]) -> PointActuator:
    """The actuator of that name, which is a point of a device.

    Raises:
        ValueError: the point cannot be written over the protocols by which the rig file reaches its device.
    """
    actuator = rig.bench.actuators[name]
    assert actuator.written is not None, "the rig file gives a point"
    written = words(rig.profiles, rig.bench.devices, actuator.written, written=True)
    if written is None:
        raise ValueError(
            Phrase(
                "{name}: {written} cannot be written over the protocols by which it is reached",
                name=name,
                written=actuator.written,
            )
        )
    tells = state_point(actuator, rig.profiles, rig.bench.devices)
    state = None if tells is None else words(rig.profiles, rig.bench.devices, tells)
    return PointActuator(
        name,
        (handles[_device(written)], written),
        None if state is None else (handles[_device(state)], state),
        tuple(dict.fromkeys(positions(actuator).values())),
        actuator.within,
    )


def _device(known: Words) -> str:
    return known.point.partition(".")[0]
