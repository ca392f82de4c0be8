"""A condition of a quantity."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.hil_rigs.schema.forms import Form, Quantity, Span


class Limit(Form):
    """A condition of a quantity. It counts as broken when it is not fulfilled for `for_`, or not known so long."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)
    quantity: Quantity
    """The quantity, as `NAME.QUANTITY`."""
    above: float | None = None
    """The quantity must be greater than this number, in its unit."""
    below: float | None = None
    """The quantity must be less than this number, in its unit."""
    is_: bool | float | str | None = Field(default=None, alias="is")
    """The quantity must have this value: true, false, a number or a word."""
    for_: Span = Field(default=0.0, alias="for")
    """The time for which it may be otherwise, s."""
    stale: Span = 10.0
    """The time for which it may be unknown, s: an instrument that is silent protects nobody."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.above is None and self.below is None and self.is_ is None:
            raise ValueError(Phrase("expected `above`, `below` or `is`: what must hold of the quantity"))
        return self

    def holds(self, value: Value) -> bool:
        """True if a value of the quantity is as it must be; one that cannot be compared is not."""
        if self.is_ is not None and value != self.is_:
            return False
        if self.above is None and self.below is None:
            return True
        if isinstance(value, str | bytes) or value != value:  # a word, or NaN: the device has no value
            return False
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)

    def __str__(self) -> str:
        above, below, quantity = self.above, self.below, self.quantity
        text = ""
        if above is not None and below is not None:
            text = Phrase("{quantity} above {above:g} and below {below:g}", quantity=quantity, above=above, below=below)
        elif above is not None:
            text = Phrase("{quantity} above {above:g}", quantity=quantity, above=above)
        elif below is not None:
            text = Phrase("{quantity} below {below:g}", quantity=quantity, below=below)
        if self.is_ is None:
            return text
        if text:
            return Phrase("{limit} and is {value}", limit=text, value=self.is_)
        return Phrase("{quantity} is {value}", quantity=quantity, value=self.is_)


class Proof(Limit):
    """The proof that an actuator has done what it was ordered, measured within so long."""

    within: Span = 5.0
    """The longest time from the order to the proof, s."""
