"""A programmable source or load: positions are SCPI commands with the parameters of the fault in them."""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs import templates
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed
from twinfeed.hil_rigs.positions import parameters, spelt
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Position, Scpi
from twinfeed.hil_rigs.scpi import ScpiError, Session


class ScpiActuator(Actuator):
    """`defaults` holds, for each position, the parameters that shape it where the fault gives none."""

    def __init__(self, name: str, section: Scpi, defaults: Mapping[str, Mapping[str, float]]) -> None:
        super().__init__(name)
        self._section = section
        self._defaults = defaults
        self._session = Session.of(section)

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        commands = self._section.positions.get(spelt(position))
        if commands is None:
            known = ", ".join(self._section.positions)
            raise ActuatorFailed(
                Phrase(
                    "{name}: found {position!r}, expected one of {known}",
                    name=self.name,
                    position=position,
                    known=known,
                )
            )
        numbers = {**self._defaults.get(spelt(position), {}), **(parameters or {})}
        try:
            filled = [templates.filled(command, numbers) for command in commands]
            await self._session.converse(filled, self._section.errors)
        except (ValueError, ScpiError) as error:
            raise ActuatorFailed(
                Phrase("{name}: should be {position}: {error}", name=self.name, position=position, error=error)
            ) from None

    async def position(self) -> Position | None:
        """None: SCPI has no word for it. The rig file's `proof` measures what it does."""
        return None

    async def try_dry(self) -> str:
        try:
            return Phrase("answers as {ask}", ask=await self._session.ask("*IDN?"))
        except ScpiError as error:
            raise ActuatorFailed(Phrase("{name}: no identification: {error}", name=self.name, error=error)) from None

    async def close(self) -> None:
        await self._session.close()


def make(rig: Rig, name: str) -> ScpiActuator:
    """The actuator of that name.

    Raises:
        ValueError: PyVISA or its backend is not installed.
    """
    actuator = rig.bench.actuators[name]
    assert actuator.scpi is not None, "the rig file gives a resource"
    defaults = {position: parameters(rig.site, actuator, position) for position in actuator.scpi.positions}
    return ScpiActuator(name, actuator.scpi, defaults)
