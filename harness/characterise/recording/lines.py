"""The lines of a recording: fields, types, ranges.

A recording is written by `twinfeed record`, but people edit, merge and receive such files. Each line is checked before
anything is made of it, so that a wrong count costs no memory and a wrong place is not served as one that is missing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from twinfeed.emulators.textfile import printable

VERSION = 1

ADDRESSES = 0x1_0000
"""Registers or bits of one table: PDU addresses have 16 bits."""

LONGEST_S = 1e11
"""Time of a line, s since the recording began: 3,000 years."""

FOURS = "^([0-9A-Fa-f]{4})*$"
BITS = "^[01]*$"
_PATTERNS = {FOURS: "four hexadecimal digits a register", BITS: "0 or 1 for each bit"}


def _times(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("a time without its zone; expected one such as 2026-03-01T08:00:00Z")
    return text


Text = Annotated[str, StringConstraints(min_length=1)]
Time = Annotated[str, AfterValidator(_times)]
Seconds = Annotated[float, Field(ge=0.0, le=LONGEST_S)]
Registers = Annotated[str, StringConstraints(pattern=FOURS)]
Bits = Annotated[str, StringConstraints(pattern=BITS)]
Address = Annotated[int, Field(ge=0, lt=ADDRESSES)]
Code = Annotated[int, Field(ge=0, le=255)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Head(_Form):
    """The first line."""

    twinfeed: Literal["recording"]
    version: Literal[1]
    protocol: Literal["snmp", "modbus"]
    device: Text
    asked: list[str] | None = None
    began: Time | None = None
    identity: dict[str, str] = {}

    @model_validator(mode="after")
    def _objects(self) -> Self:
        if self.protocol == "modbus":
            for name in self.identity:
                if not (name.isascii() and name.isdigit() and len(name) <= 3 and int(name) <= 255):
                    raise ValueError(f"identity: found {name!r}, expected an object id from 0 to 255")
        return self


class Line(_Form):
    """Every other line."""

    t_s: Seconds
    walk: Annotated[int, Field(ge=1)] | None = None
    end: bool = False
    resumed: Time | None = None
    variables: list[str] = []
    registers: tuple[Literal["holding", "input"], Address, Registers] | None = None
    bits: tuple[Literal["coil", "discrete"], Address, Bits] | None = None
    refused: (
        tuple[Literal["holding", "input", "coil", "discrete"], Address, Annotated[int, Field(ge=1, le=ADDRESSES)], Code]
        | None
    ) = None
    trouble: str | None = None
    at: str | None = None
    most: dict[Literal["registers", "bits"], Annotated[int, Field(ge=1, le=2000)]] = {}
    restarted: bool = False
    silent: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.trouble is None) != (self.at is None):
            raise ValueError("trouble and at go together")
        spans = (
            ("registers", self.registers, len(self.registers[2]) // 4 if self.registers else 0),
            ("bits", self.bits, len(self.bits[2]) if self.bits else 0),
            ("refused", self.refused, self.refused[2] if self.refused else 0),
        )
        for name, span, count in spans:
            if span is not None and span[1] + count > ADDRESSES:
                raise ValueError(f"{name}: {count} from {span[1]} go beyond {ADDRESSES - 1}, the last address")
        return self


def head(item: Any) -> dict[str, Any]:
    """The first line of a recording as it was written, if it is one.

    Raises:
        ValueError: it is none; the message gives the field, the value found and the expected ones.
    """
    if not isinstance(item, dict) or item.get("twinfeed") != "recording":
        raise ValueError('expected {"twinfeed": "recording", …}')
    if item.get("version") != VERSION:
        raise ValueError(f"version is {item.get('version')}, this twinfeed reads {VERSION}")
    _check(Head, item)
    return item


def line(item: Any, protocol: str) -> dict[str, Any]:
    """Another line of a recording of that protocol, as it was written.

    Raises:
        ValueError: it is none, or of another protocol.
    """
    if not isinstance(item, dict):
        raise ValueError('expected {"t_s": …}')
    _check(Line, item)
    foreign = ("variables",) if protocol == "modbus" else ("registers", "bits", "refused")
    for name in foreign:
        if item.get(name):
            raise ValueError(f"{name} in a recording of {protocol}")
    return item


def _check(model: type[BaseModel], item: dict[str, Any]) -> None:
    """Raises ValueError for the first mistake."""
    try:
        # JSON has no tuples: what is strict about a list is its items.
        model.model_validate({key: tuple(v) if key in _SPANS and isinstance(v, list) else v for key, v in item.items()})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = "unknown field; is it misspelt?"
        elif first["type"] == "string_pattern_mismatch":
            message = f"expected {_PATTERNS[first['ctx']['pattern']]}"
        raise ValueError(f"{printable(field)}: {message}" if field else message) from None


_SPANS = ("registers", "bits", "refused")
