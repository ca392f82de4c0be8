"""The form of a profile file: the points of one real product, as OIDs and registers.

A profile only renames and scales. Each entry takes its value from exactly one place:

    point      a logical point of the device, `outlet.{outlet}.state`
    value      a fixed value: what the product answers and nothing in the plant drives
    flags      several conditions packed into the bits of one number or the characters of one text
    count_of   the number of rows of a table

and describes that value on the wire (type, factor, enumeration), who may write it and where the number
comes from (`source`: MIB object, manual and page).
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from twinfeed.emulators.described import Described

OID_PATTERN = r"^[0-9]+(\.([0-9]+|\{[a-z_]+([+-][0-9]+)?\}))+$"
POINT_PATTERN = r"^[a-z0-9_]+(\.([A-Za-z0-9_]+|[0-9]+(-[0-9]+)*|\{[a-z_]+\}))*$"


def _number(value: Any) -> Any:
    """A number as it is written: 0.1 is a tenth, 1/60 a sixtieth."""
    return Fraction(str(value)) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value


def _not_zero(number: Fraction) -> Fraction:
    if number == 0:
        raise ValueError("found 0, expected the value of a raw 1, such as 0.1")
    return number


def _true_and_false(value: Any) -> Any:
    """YAML reads a `true:` key as a boolean; an enumeration's words are texts."""
    if not isinstance(value, dict):
        return value
    return {str(word).lower() if isinstance(word, bool) else str(word): raw for word, raw in value.items()}


Number = Annotated[Fraction, BeforeValidator(_number)]
Factor = Annotated[Number, AfterValidator(_not_zero)]
Enumeration = Annotated[dict[str, int | str], BeforeValidator(_true_and_false)]

SnmpType = Literal[
    "integer", "string", "oid", "ipaddress", "counter32", "gauge32", "timeticks", "opaque", "counter64",
    "opaque-float", "opaque-double",
]  # fmt: skip
"""ASN.1 types; the last two are floating-point numbers in an Opaque (`twinfeed.emulators.profiles.opaque`)."""
RegisterType = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "string"]
Access = Literal["ro", "rw", "wo"]

REGISTERS_OF = {"u16": 1, "i16": 1, "u32": 2, "i32": 2, "u64": 4, "i64": 4, "f32": 2, "f64": 4}
"""The number of 16-bit registers of each type."""


class Strict(Described):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Condition(Strict):
    """One flag: set while the point is true, or while its value is one of `in`; `invert` turns it round."""

    point: Annotated[str, Field(pattern=POINT_PATTERN)]
    """The point that decides."""
    values: tuple[str | int | bool, ...] | None = Field(default=None, alias="in")
    """The values of the point at which the flag is set. Without it the flag is set while the point is true."""
    invert: bool = False
    """True: the flag is set in all other cases."""


class Flags(Strict):
    """Conditions by bit number (numbers, from 0) or by character position (texts, from 1)."""

    bits: dict[int, Condition]
    """The number of a bit, or the position of a character -> when it is set."""
    length: int = 0
    """Characters of a text of flags."""
    base: int = 0
    """Bits that are always set in a number."""


class Entry(Strict):
    """The fields that OIDs, registers and bits share."""

    point: Annotated[str, Field(pattern=POINT_PATTERN)] | None = None
    """The point that gives the value (`twinfeed points --kind KIND`); `{…}` names the index of a row."""
    value: int | float | str | bool | None = None
    """A text may hold index names (`Outlet {outlet}`); one that begins with `hex:` gives its octets."""
    flags: Flags | None = None
    """Conditions that are packed into one number or text."""
    count_of: str | None = None
    """The name of an index: the value is the number of rows that it has."""
    factor: Factor = Fraction(1)
    """The value of a raw 1, in the point's unit, as manuals and lists give it: value = raw * factor + offset."""
    offset: Number = Fraction(0)
    """The value of a raw 0, in the point's unit. It is given beside a factor."""
    enum: Enumeration | None = None
    """The words of the point -> their raw values."""
    format: str | None = None
    """The format of a number that is written as text: `{:.1f}`."""
    access: Access = "ro"
    """`ro` can be read, `rw` read and written, `wo` written only."""
    range: tuple[float, float] | None = None
    """Raw values that may be written."""
    size: tuple[int, int] | None = None
    """Octets of a text that may be written."""
    missing: int | float | str | None = None
    """Raw value answered while the point has none (NaN)."""
    source: str = ""
    """The MIB object, or manual and page, that the entry was taken from."""

    @model_validator(mode="before")
    @classmethod
    def _no_scale(cls, given: Any) -> Any:
        """Refuse the entries of 0.1.0, whose `scale` was the reciprocal and whose `offset` was raw."""
        if isinstance(given, dict) and "scale" in given:
            raise ValueError(
                f"scale: found {given['scale']}, expected `factor`, the value of a raw 1 in the point's unit:"
                " value = raw * factor + offset; `scale: 10` of 0.1.0 is `factor: 0.1` (docs/how-to/upgrade.md)"
            )
        if isinstance(given, dict) and "offset" in given and "factor" not in given:
            raise ValueError(
                "offset: expected a `factor` beside it: value = raw * factor + offset;"
                " `offset: 40` of 0.1.0 is `factor: 1, offset: -40` (docs/how-to/upgrade.md)"
            )
        return given

    @cached_property
    def raw_offset(self) -> Fraction:
        """The raw number of a value of 0."""
        return -self.offset / self.factor

    @model_validator(mode="after")
    def _one_origin(self) -> Entry:
        given = [n for n in ("point", "value", "flags", "count_of") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError(
                f"has {' and '.join(given) or 'none of them'}; expected exactly one of point, value, flags, count_of"
            )
        if self.access != "ro" and self.point is None and self.value is None:
            raise ValueError(f"access is {self.access}, but only a point or a fixed value can be written")
        return self


class SnmpObject(Entry):
    """One variable of an SNMP agent, or one column of a table."""

    oid: Annotated[str, Field(pattern=OID_PATTERN)]
    """The OID in digits; `{outlet}` stands for the index of a row, `{outlet+1}` for the next number."""
    type: SnmpType
    """The type of the variable (RFC 2578); `opaque-float` and `opaque-double` are numbers within an Opaque."""

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """The index names in the OID, in order."""
        return tuple(dict.fromkeys(re.findall(r"\{([a-z_]+)", self.oid)))


class Trap(Strict):
    """The notification sent when an alarm is raised or cleared, with the objects it carries."""

    alarm: str
    """The alarm of the device that causes the notification."""
    on: Literal["raised", "cleared"]
    """The change of the alarm that causes it."""
    oid: Annotated[str, Field(pattern=OID_PATTERN)]
    """The OID of the notification (snmpTrapOID)."""
    objects: tuple[str, ...] = ()
    """The OIDs of the objects that it carries, in order; each is one of `objects`."""
    source: str = ""
    """The MIB module and the name of the notification."""


class Snmp(Strict):
    """The SNMP agent of the product."""

    sys_object_id: str = ""
    """The value of sysObjectID (RFC 3418), which names the product."""
    sys_descr: str = ""
    """The value of sysDescr (RFC 3418). May hold `{point}` names, replaced by their values."""
    objects: tuple[SnmpObject, ...] = ()
    """The variables of the agent, and the columns of its tables."""
    traps: tuple[Trap, ...] = ()
    """The notifications that it sends."""
    max_message: Annotated[int, Field(ge=484, le=65507)] = 1472
    """Octets of the longest message the agent sends or takes (snmpEngineMaxMessageSize); what is longer is answered
    tooBig. 1472 is what fits an Ethernet frame (RFC 3417 §3.2)."""
    buffers: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Answers that wait in the card while it is slow; what comes beyond is lost. Without it the emulator's default."""


class Register(Entry):
    """One value in one or more holding or input registers."""

    table: Literal["holding", "input"]
    """The table of the register: holding (functions 3, 6, 16) or input (function 4)."""
    address: Annotated[int, Field(ge=0, le=65535)]
    """The address in the PDU, from 0; of several registers the first."""
    type: RegisterType
    """The form of the value: unsigned, signed or floating-point number of so many bits, or a text."""
    length: Annotated[int, Field(ge=1, le=125)] | None = None
    """Registers of a text (two characters each)."""
    word_order: Literal["big", "little"] = "big"
    """`little`: the low register of a value comes first."""
    byte_order: Literal["big", "little"] = "big"
    """`little`: the low octet of each register comes first."""
    stride: dict[str, int] = {}
    """The name of an index -> registers from one row of a table to the next."""

    @model_validator(mode="after")
    def _text_has_a_length(self) -> Register:
        if (self.type == "string") != (self.length is not None):
            raise ValueError("length belongs to type string, and to it alone")
        return self

    @property
    def words(self) -> int:
        return self.length or REGISTERS_OF[self.type]


class Bit(Entry):
    """One coil or discrete input."""

    table: Literal["coil", "discrete"]
    """The table of the bit: coil (functions 1, 5, 15) or discrete input (function 2)."""
    address: Annotated[int, Field(ge=0, le=65535)]
    """The address in the PDU, from 0."""
    stride: dict[str, int] = {}
    """The name of an index -> bits from one row of a table to the next."""


class ServerId(Strict):
    """The answer to function 17 (report server id): the product's own octets, its run state, further text."""

    id: str = ""
    """A text, which may hold `{point}` names, or octets after `hex:`."""
    runs: Condition | Literal["always", "none"] = "always"
    """The run indicator; none for products that send no such octet."""
    more: str = ""
    """Text after the run indicator."""
    source: str = ""
    """The manual and page."""

    @model_validator(mode="after")
    def _id_is_octets(self) -> ServerId:
        if self.id.startswith("hex:"):
            try:
                bytes.fromhex(self.id.removeprefix("hex:"))
            except ValueError:
                raise ValueError(f"id: found {self.id!r}, expected pairs of hex digits after hex:") from None
        return self


class FileRegister(Register):
    """A value in a file of functions 20 and 21: `address` is its first record."""

    file: Annotated[int, Field(ge=1, le=65535)]
    """The number of the file."""
    table: Literal["holding"] = "holding"
    """Of no meaning here."""


class Fifo(Strict):
    """A queue of function 24: the holding registers that are in it, in order."""

    pointer: Annotated[int, Field(ge=0, le=65535)]
    """The FIFO pointer address of the request."""
    address: Annotated[int, Field(ge=0, le=65535)]
    """The first holding register that the queue gives."""
    count: Annotated[int, Field(ge=0, le=31)]
    """The number of registers in the queue; a request gives 31 at most (V1.1b3 §6.18)."""
    source: str = ""
    """The manual and page."""


class Status(Entry):
    """The exception status of function 7: a number of eight bits."""


MODBUS_FUNCTIONS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24, 43})
"""Functions that the emulator can answer."""


class Modbus(Strict):
    """The Modbus interface of the product."""

    unit: Annotated[int, Field(ge=0, le=255)] = 1
    """The unit identifier at which the product answers as it leaves the factory."""
    gaps: Literal["illegal", "zero"] = "illegal"
    """The answer to a read of a register that is not listed."""
    most_registers: Annotated[int, Field(ge=1, le=125)] = 125
    """Registers that one request may read; V1.1b3 §6.3 allows 125, many products give fewer."""
    beyond_most: Literal["refused", "silent"] = "refused"
    """The answer to a longer read: exception 3 (illegal data value), or none."""
    connections: Annotated[int, Field(ge=1, le=1000)] = 64
    """TCP connections that the product keeps at a time."""
    when_full: Literal["close-oldest", "refuse"] = "close-oldest"
    """The effect of a further connection: it closes the one that was silent longest, or is reset itself."""
    idle_timeout_s: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """A connection that is silent for this time, s, is closed. Without it no connection is closed."""
    limits_source: str = ""
    """The source of `connections`, `when_full` and `idle_timeout_s`; `not published: …` where the manuals that were
    read give no figure. A figure that the profile does not give is the emulator's default."""
    buffers: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Answers that wait in the device while it is slow, then it reads no further. Without it the emulator's default."""
    identification: dict[int, str] = {}
    """Object id -> text for function 43/14; texts may hold `{point}` names."""
    functions: frozenset[int] | None = None
    """Function codes that the product implements. Left out: the common ones (1-6, 8, 15, 16, 22, 23, 43) and those that
    the fields below describe."""
    functions_source: str = ""
    """The source of `functions` and of the fields below; `not published: …` as in `limits_source`."""
    exception_status: Status | None = None
    """Function 7."""
    server_id: ServerId | None = None
    """Function 17."""
    files: tuple[FileRegister, ...] = ()
    """Functions 20 and 21."""
    fifos: tuple[Fifo, ...] = ()
    """Function 24."""
    registers: tuple[Register, ...] = ()
    """Holding and input registers."""
    bits: tuple[Bit, ...] = ()
    """Coils and discrete inputs."""

    @model_validator(mode="after")
    def _values_can_be_read(self) -> Modbus:
        for register in self.registers:
            if register.words > self.most_registers and register.access != "wo":
                raise ValueError(
                    f"{register.table} {register.address} has {register.words} registers, "
                    f"most_registers is {self.most_registers}: it could not be read"
                )
        return self

    @model_validator(mode="after")
    def _functions_have_what_they_answer(self) -> Modbus:
        if self.functions is None:
            return self
        unknown = sorted(self.functions - MODBUS_FUNCTIONS)
        if unknown:
            raise ValueError(f"functions: found {unknown}, expected some of {sorted(MODBUS_FUNCTIONS)}")
        needed = {7: self.exception_status, 17: self.server_id, 20: self.files, 21: self.files, 24: self.fifos}
        names = {7: "exception_status", 17: "server_id", 20: "files", 21: "files", 24: "fifos"}
        for function, described in needed.items():
            if function in self.functions and not described:
                raise ValueError(f"functions: {function} is listed, but `{names[function]}` has no answer")
        return self


class Profile(Strict):
    """One real product: its points, with their places and forms."""

    profile: str
    """The name by which a site file chooses it."""
    vendor: str
    """The maker of the product."""
    product: str
    """The name and model of the product."""
    kind: str
    """The kind of device (`twinfeed kinds`)."""
    include: tuple[str, ...] = ()
    """Names of shared parts, whose entries are added to those of this file."""
    sources: dict[str, str] = {}
    """A short name -> the manual, MIB module or recording that it stands for; entries name it in `source`."""
    snmp: Snmp | None = None
    """The SNMP agent, if the product has one."""
    modbus: Modbus | None = None
    """The Modbus interface, if the product has one."""


class Part(Strict):
    """Entries shared by several profiles (a file in `parts/`)."""

    part: str
    """The name of the part."""
    sources: dict[str, str] = {}
    snmp: Snmp | None = None
    modbus: Modbus | None = None
