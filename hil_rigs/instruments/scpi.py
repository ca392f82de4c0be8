"""Instruments that answer a SCPI query: a multimeter, a power analyser, an oscilloscope's measurement."""

from __future__ import annotations

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.transports.places import number
from twinfeed.hil_rigs.instruments.base import Instrument, NoReading
from twinfeed.hil_rigs.instruments.point import converted
from twinfeed.hil_rigs.schema import Instrument as Section
from twinfeed.hil_rigs.scpi import ScpiError, Session

NOT_A_NUMBER = 9.9e37
"""The number for "no value", and its negative for overload (SCPI-99 §7.2.1.5: 9.91E37; ±9.9E37 infinity)."""

CONTACT = {"ON": True, "OFF": False}
"""Boolean answers in words; most instruments answer 1 and 0."""


class ScpiInstrument(Instrument):
    """Asks one query each time it is read."""

    def __init__(self, quantity: str, section: Section, domain: Domain | None = None) -> None:
        super().__init__(quantity, section.every, domain)
        assert section.scpi is not None, "the rig file gives a query"
        self._section = section
        self._query = section.scpi.query
        self._session = Session.of(section.scpi)

    async def read(self) -> Value:
        try:
            answer = await self._session.ask(self._query)
        except ScpiError as error:
            raise NoReading(
                Phrase(
                    "{quantity}: {query} is not answered: {error}",
                    quantity=self.quantity,
                    query=self._query,
                    error=error,
                )
            ) from None
        value: Value = CONTACT[answer] if answer in CONTACT else number(answer)
        if isinstance(value, float) and abs(value) >= NOT_A_NUMBER:
            why = Phrase(
                "{quantity}: {query} answers {answer}: overload or no measurement",
                quantity=self.quantity,
                query=self._query,
                answer=answer,
            )
            raise NoReading(why, raw=value)
        return self.possible(converted(self.quantity, self._section, value))

    async def close(self) -> None:
        await self._session.close()
