"""The instrument, and its means."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.schema.actuators import Visa
from twinfeed.hil_rigs.schema.forms import Form, Listen, Quantity, Span, Text


class Reader(Form):
    """A person reads it: what to read, in which unit, and how long they may take."""

    ask: Text
    """The question to the person: what to read, and where."""
    unit: str = ""
    """The unit of the answer."""
    timeout: Span = 120.0
    """The time that the person may take, s."""


class Query(Visa):
    """The query to a SCPI instrument; the answer is a number, 1 or 0, or a word."""

    query: str
    """The query, such as `MEAS:VOLT?`."""

    @model_validator(mode="before")
    @classmethod
    def _for_short(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        resource, _, query = value.partition(" ")
        if not query.strip():
            raise ValueError(
                Phrase(
                    "found {value!r}, expected RESOURCE QUERY such as TCPIP::192.0.2.30::5025::SOCKET MEAS:VOLT?",
                    value=value,
                )
            )
        return {"resource": resource, "query": query.strip()}


class Notifications(Form):
    """The SNMP notifications of a device that carry a quantity."""

    device: str
    """The device of the bench that sends them, known by the address of its `snmp` section."""
    listen: Listen
    """ADDRESS:PORT at which they arrive: what the device is set to send to."""
    values: dict[Annotated[str, Field(pattern=r"^\d+(\.\d+)+$")], bool | float | str] = Field(min_length=1)
    """snmpTrapOID (RFC 3418) -> what the quantity is from then on; every other notification is a sign of life."""


class Instrument(Form):
    """The measurement of a quantity. The value is `scale` times the reading plus `offset`."""

    point: Quantity | None = None
    """DEVICE.POINT: of the device itself, of a meter, or a logic input."""
    scpi: Query | None = None
    """A query to a SCPI instrument; `RESOURCE QUERY` for short."""
    operator: Reader | None = None
    """A person who reads it."""
    notifications: Notifications | None = None
    """The notifications of the device; `point`, if it is given too, is read at the beginning and after a silence."""
    heartbeat: Span | None = Field(default=None, gt=0.0)
    """Of `notifications`: the device sends one at least so often, s. So long after the last of them the quantity is
    unknown."""
    invert: bool = False
    """A contact that is closed when the quantity is false."""
    scale: float = 1.0
    """The factor from the reading to the quantity."""
    offset: float = 0.0
    """The number that is added to the scaled reading, in the unit of the quantity."""
    every: Span = 1.0
    """The period at which it is read, s: a shorter interruption may go unseen. A reading counts for two periods."""
    accuracy: float | None = Field(default=None, ge=0.0)
    """Half the width of what the true value lies in, in the quantity's unit."""
    calibrated: date | None = None
    """The date of the last calibration."""
    due: date | None = None
    """When it must be calibrated again; a bench with an instrument beyond that is not armed."""
    certificate: str = ""
    """The number of the calibration certificate."""

    @property
    def known_for_s(self) -> float:
        """For how long a reading counts, s: two periods, and what a person may take to answer; of notifications, one
        heartbeat."""
        if self.heartbeat is not None:
            return self.heartbeat
        return 2.0 * self.every + (self.operator.timeout if self.operator is not None else 0.0)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.notifications is not None:
            if self.scpi is not None or self.operator is not None:
                raise ValueError(
                    Phrase("found notifications beside scpi or operator, expected them alone or beside a point")
                )
            if self.heartbeat is None:
                raise ValueError(
                    Phrase("notifications need a `heartbeat`: after how long without any the quantity is unknown")
                )
            return self
        if self.heartbeat is not None:
            raise ValueError(Phrase("`heartbeat` belongs to notifications; what is read has a period, `every`"))
        if sum(way is not None for way in (self.point, self.scpi, self.operator)) != 1:
            raise ValueError(Phrase("expected one of point, scpi, operator and notifications: how it is measured"))
        return self
