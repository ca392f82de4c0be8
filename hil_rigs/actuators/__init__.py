"""The actuators of a bench, one module for each means of moving.

actuators = make(rig, connect(rig), dialogue, "fr")
for actuator in actuators.values():
    await actuator.open()
await actuators["contactor-k1"].move("off")
"""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.harness.transports import DeviceHandle
from twinfeed.hil_rigs.actuators import point, scpi, wire
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed, NotMoved
from twinfeed.hil_rigs.actuators.netem import NetemActuator
from twinfeed.hil_rigs.actuators.operator import OperatorActuator
from twinfeed.hil_rigs.dialogue import Dialogue
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Language, Position

__all__ = ["Actuator", "ActuatorFailed", "make", "make_what_can"]


def make(
    rig: Rig, handles: Mapping[str, DeviceHandle], dialogue: Dialogue, language: Language = "en"
) -> dict[str, Actuator]:
    """The actuators of a bench by name, in the order of the rig file. Nothing is sent, nothing moves.

    Raises:
        ValueError: a line for each that cannot be had: positions it does not take, a package that is missing.
    """
    made: dict[str, Actuator] = {}
    wrong: list[str] = []
    for name in rig.bench.actuators:
        try:
            made[name] = _one(rig, name, handles, dialogue, language)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError("\n".join(wrong))
    return made


def make_what_can(
    rig: Rig, handles: Mapping[str, DeviceHandle], dialogue: Dialogue, language: Language = "en"
) -> dict[str, Actuator]:
    """As `make`; an actuator that cannot be had fails by itself, and leaves the others to be moved."""
    made: dict[str, Actuator] = {}
    for name in rig.bench.actuators:
        try:
            made[name] = _one(rig, name, handles, dialogue, language)
        except ValueError as error:
            made[name] = Missing(name, str(error))
    return made


class Missing(Actuator):
    """An actuator that cannot be had, for the reason given."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name)
        self._why = why

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        raise NotMoved(self._why)

    async def position(self) -> Position | None:
        raise ActuatorFailed(self._why)


def _one(rig: Rig, name: str, handles: Mapping[str, DeviceHandle], dialogue: Dialogue, language: Language) -> Actuator:
    section = rig.bench.actuators[name]
    if section.written is not None:
        return point.make(rig, name, handles)
    if section.operator is not None:
        return OperatorActuator(name, section.operator, dialogue, language, rig.path.parent)
    if section.scpi is not None:
        return scpi.make(rig, name)
    if section.netem is not None:
        return NetemActuator(name, section.netem, section.normal)
    assert section.proxy is not None, "a rig file gives one of the means"
    return wire.make(rig, name)
