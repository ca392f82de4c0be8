"""The sections of a rig file: devices, actuators, instruments, interlocks and limits, checked for form."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from emulators.devices.points import Value
from emulators.profiles.schema import Profile
from harness.durations import seconds
from harness.transports.modbus import MODBUS_PORT
from harness.transports.snmp import SNMP_PORT
from harness.transports.snmp_usm import AuthProtocol, PrivProtocol
from hil_rigs import templates

CREDENTIAL = re.compile(r"(env|file|keyring):(.+)")
"""Where a password is to be found: an environment variable, a file, SERVICE/USER of the desktop's keyring."""

LABGRID = "labgrid:"
"""What stands before a resource of the labgrid place."""

Language = Literal["en", "fr"]


class Form(BaseModel):
    """A section that knows all of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)  # editors show them


def _span(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"found {value!r}, expected a time such as 90, 30s, 15min or 2h")
    return seconds(value)


def _reference(value: Any) -> str:
    if not isinstance(value, str) or CREDENTIAL.fullmatch(value) is None:
        # What was found is not shown, whatever its type: it may be the password.
        raise ValueError("holds the secret itself; expected where it is: env:NAME, file:PATH or keyring:SERVICE/USER")
    return value


def _quantity(text: str) -> str:
    if "." not in text:
        raise ValueError(f"found {text!r}, expected NAME.QUANTITY such as ups-1.battery.charge")
    return text


def _fault(text: str) -> str:
    target, _, kind = text.partition(" ")
    if not target or not kind:
        raise ValueError(f"found {text!r}, expected TARGET FAULT such as `utility-a outage`")
    return text


def _command(text: str) -> str:
    templates.names(text)
    return text


def _position(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        found = str(value).lower() if isinstance(value, bool) else _kind_of(value)
        raise ValueError(f"found {found}, expected a word such as on or off, or a number")
    return value


def _text(value: Any) -> Any:
    texts = [value] if isinstance(value, str) else list(value.values()) if isinstance(value, Mapping) else [None]
    languages = set(value) if isinstance(value, Mapping) else set()
    if not all(isinstance(text, str) for text in texts) or not languages <= set(get_args(Language)):
        raise ValueError(f"found {_kind_of(value)}, expected one text, or {{en: …, fr: …}}")
    return value


def _kind_of(value: Any) -> str:
    """What a value of a file is, in its words."""
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, value)) or 'nothing'}"
    return "nothing" if value is None else "a list" if isinstance(value, list) else repr(value)


SPAN_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d"}]}
SECRET_SCHEMA = {"type": "string", "pattern": f"^{CREDENTIAL.pattern}$"}

Span = Annotated[float, BeforeValidator(_span), Field(ge=0.0), WithJsonSchema(SPAN_SCHEMA)]
"""A time in s; in the file also `50ms`, `2 min`."""
Secret = Annotated[str, BeforeValidator(_reference), WithJsonSchema(SECRET_SCHEMA)]
Quantity = Annotated[str, AfterValidator(_quantity)]
Fault = Annotated[str, AfterValidator(_fault)]
Listen = Annotated[str, Field(pattern=r"^[\w.-]+:\d{1,5}$")]
Command = Annotated[str, AfterValidator(_command)]
Interfaces = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[\w.@][\w.@-]{0,14}$")], ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Position = Annotated[str | float, BeforeValidator(_position)]
"""Where an actuator stands: `on`, `off`, a word of its own, or a number."""
Text = Annotated[str | dict[Language, str], BeforeValidator(_text)]
"""What people read: one text, or one for each language."""


# -- devices -----------------------------------------------------------------------------------------------------------


DEFAULT_UNIT = 1
"""Where neither rig file nor profile names a Modbus unit."""


class ModbusAccess(Form):
    """How a device is reached over Modbus: `serial` for a line of this computer, else `address`."""

    address: str | None = None
    port: int = Field(default=MODBUS_PORT, ge=1, le=65535)
    framing: Literal["tcp", "tls", "udp", "rtu", "rfc2217"] = "tcp"
    """rtu: RTU frames in a TCP connection, as serial device servers pass them; rfc2217: the server is told `baud`,
    `parity` and `stop_bits` first."""
    trusted: Path | None = None
    """For tls: the certificates that are trusted, PEM."""
    serial: str | None = None
    """A device of this computer, or labgrid:RESOURCE for a serial port of the labgrid place."""
    baud: int = Field(default=19200, ge=110)
    parity: Literal["N", "E", "O"] = "E"
    stop_bits: Literal[1, 2] = 1
    unit: int | None = Field(default=None, ge=0, le=255)
    """Modbus unit id; the profile's own if it is left out."""
    timeout: Span = 3.0
    retries: int = Field(default=1, ge=0, le=10)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.address is None) == (self.serial is None):
            raise ValueError("expected either `address` or `serial`")
        return self

    @property
    def labgrid_resource(self) -> str | None:
        """The serial port of the labgrid place that it is reached by, None if it is reached otherwise."""
        return (
            self.serial.removeprefix(LABGRID) if self.serial is not None and self.serial.startswith(LABGRID) else None
        )

    @property
    def line(self) -> Hashable:
        """What two devices have in common that share a line or a connection, and so wait for each other."""
        return self.serial or (self.address, self.port, self.framing)

    def unit_of(self, profile: Profile) -> int:
        """The device's Modbus unit: the file's, else its profile's."""
        own = profile.modbus.unit if profile.modbus is not None else DEFAULT_UNIT
        return own if self.unit is None else self.unit


class SnmpAccess(Form):
    """How a device is reached over SNMP."""

    address: str
    port: int = Field(default=SNMP_PORT, ge=1, le=65535)
    version: Literal["v1", "v2c", "v3"] = "v2c"
    read: Secret | None = None
    """The community for reading; `public` if it is left out."""
    write: Secret | None = None
    user: str | None = None
    auth: AuthProtocol = "sha"
    auth_password: Secret | None = None
    priv: PrivProtocol = "aes128"
    priv_password: Secret | None = None
    timeout: Span = 1.0
    retries: int = Field(default=1, ge=0, le=10)

    @model_validator(mode="after")
    def _v3_has_a_user(self) -> Self:
        if (self.version == "v3") != (self.user is not None):
            raise ValueError("`user` belongs to version v3, `read` and `write` to v1 and v2c")
        return self


class Identity(Form):
    """What tells that the device is the one the file means; what is left out is not looked at."""

    product: str | None = None
    """As FC 43/14 (product code) or sysDescr says it; part of the text is enough."""
    object_id: str | None = None
    """sysObjectID (RFC 3418), or the beginning of it."""
    serial: str | None = None
    firmware: str | None = None


class DeviceAccess(Form):
    """A device of the bench and how it is reached."""

    profile: str | None = None
    """The profile of the real product; that of the wiring's device of the same name if it is left out."""
    modbus: ModbusAccess | None = None
    snmp: SnmpAccess | None = None
    identity: Identity = Identity()
    rows: dict[str, list[int]] = {}
    """Which rows its tables have, where they cannot be asked for."""
    rate: float | None = Field(default=None, gt=0.0)
    """Requests a second that it bears at most."""

    @model_validator(mode="after")
    def _a_way(self) -> Self:
        if self.modbus is None and self.snmp is None:
            raise ValueError("expected `modbus` or `snmp`: how the device is reached")
        return self


# -- conditions --------------------------------------------------------------------------------------------------------


class Limit(Form):
    """What must hold of a quantity. It counts as broken when it is not fulfilled for `for_`, or not known so long."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    quantity: Quantity
    above: float | None = None
    below: float | None = None
    is_: bool | float | str | None = Field(default=None, alias="is")
    for_: Span = Field(default=0.0, alias="for")
    """How long it may be otherwise, s."""
    stale: Span = 10.0
    """How long it may be unknown, s: an instrument that is silent protects nobody."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.above is None and self.below is None and self.is_ is None:
            raise ValueError("expected `above`, `below` or `is`: what must hold of the quantity")
        return self

    def holds(self, value: Value) -> bool:
        """Whether a value of the quantity is as it must be; one that cannot be compared is not."""
        if self.is_ is not None and value != self.is_:
            return False
        if self.above is None and self.below is None:
            return True
        if isinstance(value, str | bytes) or value != value:  # a word, or NaN: the device says that it has none
            return False
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)

    def __str__(self) -> str:
        parts = [f"above {self.above:g}" if self.above is not None else "",
                 f"below {self.below:g}" if self.below is not None else "",
                 f"is {self.is_}" if self.is_ is not None else ""]  # fmt: skip
        return f"{self.quantity} {' and '.join(part for part in parts if part)}"


class Proof(Limit):
    """What shows that an actuator has done what it was told, measured within so long."""

    within: Span = 5.0


# -- actuators ---------------------------------------------------------------------------------------------------------


class Visa(Form):
    """An instrument that is spoken to in SCPI through PyVISA."""

    resource: str
    """A VISA resource such as TCPIP::192.168.7.30::5025::SOCKET or ASRL/dev/ttyUSB1::INSTR."""
    library: str = "@py"
    """PyVISA's backend: @py (no vendor's software), a file for @sim, or empty for the vendor's."""
    baud: int | None = Field(default=None, ge=110)
    """Of a serial line; VISA's own 9600 if it is left out."""
    timeout: Span = Field(default=3.0, gt=0.0)
    """How long one command or answer may take, s."""


class Scpi(Visa):
    """A programmable source or load."""

    positions: dict[str, list[Command]]
    """Position -> the commands that bring it there; `{name}` is a parameter of the fault, `{100-name}` what is left."""
    errors: str = "SYST:ERR?"
    """The query that must answer 0 after the commands; empty for instruments that have none."""


class Netem(Form):
    """tc netem on an inline Linux box, of this computer or reached by SSH."""

    interface: Interfaces
    """One, or those of both sides: netem acts on what is sent, so two interfaces are the two ways through the box."""
    host: str | None = Field(default=None, pattern=r"^\w[\w.@:-]*$")
    """USER@HOST for ssh, which must let this user in without asking; this computer if it is left out."""
    namespace: str | None = Field(default=None, pattern=r"^\w[\w.-]*$")
    """A network namespace of that computer."""
    timeout: Span = Field(default=10.0, gt=0.0)
    """How long one command may take, s."""


class Wire(Form):
    """The inline fault proxy in front of a device: the controller under test comes to it, and it goes to the device.

    The bench itself keeps its own way to the device, so that faults of the wire blind no interlock.
    """

    device: str
    modbus: Listen | None = None
    """HOST:PORT where the controller comes for Modbus; port 0 takes a free one."""
    snmp: Listen | None = None
    """HOST:PORT where it comes for SNMP."""
    terminal: Path | None = None
    """For a serial line: the pseudo-terminal that the controller opens, made when the bench is used."""
    line: str | None = None
    """For a serial line: the port of this computer that leads to the device, one that the bench itself does not use."""
    baud: int = Field(default=19200, ge=110)
    parity: Literal["N", "E", "O"] = "E"
    expose: bool = False
    """Listen at addresses that others can reach: whoever reaches them commands the device."""

    @model_validator(mode="after")
    def _listens(self) -> Self:
        if self.modbus is None and self.snmp is None and self.line is None:
            raise ValueError("expected `modbus`, `snmp` or `line`: where the controller under test comes")
        if (self.terminal is None) != (self.line is None):
            raise ValueError("expected `terminal` and `line` together: one leads to the controller, one to the device")
        if self.line is not None and self.modbus is not None:
            raise ValueError("expected either `modbus` or `line`: the controller comes for Modbus one way")
        return self


class Operator(Form):
    """A person does it: what to do, a picture, and how long they may take."""

    do: dict[str, Text]
    """Position -> the instruction."""
    picture: Path | None = None
    """A file, looked for beside the rig file."""
    timeout: Span = 120.0


class Actuator(Form):
    """Something that moves, and which faults of the twin it causes. Exactly one of the means is given."""

    outlet: Quantity | None = None
    """DEVICE.POINT of a switched PDU's outlet: on, off."""
    relay: Quantity | None = None
    """DEVICE.POINT of a relay or digital output: on (closed), off."""
    port: Quantity | None = None
    """DEVICE.POINT of a switch port's ifAdminStatus: on (up), off (down)."""
    point: Quantity | None = None
    """Any DEVICE.POINT that can be written; positions are its values."""
    scpi: Scpi | None = None
    netem: Netem | None = None
    proxy: Wire | None = None
    """The inline fault proxy in front of a device, which then can suffer all faults of the wire."""
    operator: Operator | None = None

    state: Quantity | None = None
    """DEVICE.POINT that tells where it stands, where that is another than the one written."""
    within: Span = 5.0
    """How long the device may take until it tells that it stands there, s: outlets switch with a delay."""

    normal: Position = "on"
    safe: Position | None = None
    """Where it stands when the bench is safe; as in normal operation if it is left out."""
    causes: dict[Fault, Position] = {}
    """`TARGET FAULT` -> the position that causes it."""
    settle: Span = 0.0
    """How long after a move nothing is to be measured, s."""
    rest: Span = 0.0
    """How long it must rest between two moves, s."""
    proof: Proof | None = None
    """What shows that it is away from `normal`; back in it, it must no longer hold."""
    effect: Text = ""
    """What people see when it moves, for the dry run."""

    @model_validator(mode="after")
    def _one_means(self) -> Self:
        given = [name for name in MEANS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"expected one of {', '.join(MEANS)}, found {found}")
        return self

    @property
    def means(self) -> str:
        return next(name for name in MEANS if getattr(self, name) is not None)

    @property
    def written(self) -> str | None:
        """DEVICE.POINT of an actuator that is a point of a device."""
        return self.outlet or self.relay or self.port or self.point

    @property
    def safe_position(self) -> Position:
        return self.normal if self.safe is None else self.safe


MEANS = ("outlet", "relay", "port", "point", "scpi", "netem", "proxy", "operator")


# -- instruments -------------------------------------------------------------------------------------------------------


class Reader(Form):
    """A person reads it: what to read, in which unit, and how long they may take."""

    ask: Text
    unit: str = ""
    timeout: Span = 120.0


class Query(Visa):
    """What a SCPI instrument is asked; the answer is a number, 1 or 0, or a word."""

    query: str

    @model_validator(mode="before")
    @classmethod
    def _for_short(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        resource, _, query = value.partition(" ")
        if not query.strip():
            raise ValueError(
                f"found {value!r}, expected RESOURCE QUERY such as TCPIP::192.168.7.30::5025::SOCKET MEAS:VOLT?"
            )
        return {"resource": resource, "query": query.strip()}


class Instrument(Form):
    """How a quantity is measured. The value is `scale` times what is read plus `offset`."""

    point: Quantity | None = None
    """DEVICE.POINT: of the device itself, of a meter, or a logic input."""
    scpi: Query | None = None
    """A query to a SCPI instrument; `RESOURCE QUERY` for short."""
    operator: Reader | None = None
    invert: bool = False
    """A contact that is closed when the quantity is false."""
    scale: float = 1.0
    offset: float = 0.0
    every: Span = 1.0
    """How often it is read, s: an interruption shorter than this may go unseen."""
    accuracy: float | None = Field(default=None, ge=0.0)
    """Half the width of what the true value lies in, in the quantity's unit."""
    calibrated: date | None = None
    due: date | None = None
    """When it must be calibrated again; a bench with an instrument beyond that is not armed."""
    certificate: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.point, self.scpi, self.operator)) != 1:
            raise ValueError("expected one of point, scpi and operator: how it is measured")
        return self


# -- safety ------------------------------------------------------------------------------------------------------------


class OnBattery(Limit):
    """What holds while a battery carries the load, and how long it may at most."""

    most: Span


class Limits(Form):
    """Times of the bench."""

    safe_within: Span = 10.0
    """The bench is in its safe state so long after the test run or its supervisor died, s."""
    heartbeat: Span = 2.0
    """How long the test run may be silent, s; it counts in `safe_within`."""
    on_battery: OnBattery | None = None
    rest: Span = 0.0
    """The least rest between two moves of any one actuator, s."""
    step: Span = 2.0
    """How long one actuator may take on the way to the safe state before the next one's turn, s."""


class Inhibit(Form):
    """When nothing may be moved: the hours of a neighbour's backup, a delivery, the night."""

    daily: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    """HH:MM-HH:MM of the computer's local time; it may pass midnight."""
    reason: Text = ""


class Order(Form):
    """In which order actuators go to the safe state and back; those not named follow in the order of the file."""

    de_energise: list[str] = []
    energise: list[str] = []


class EmergencyStop(Form):
    """What stops everything besides `twinfeed rig stop` and Ctrl-C."""

    input: Limit | None = None
    """A digital input that must hold: the mushroom button's normally closed contact."""
    web: int | None = Field(default=None, ge=1, le=65535)
    """The port of a page with one red button, on this computer's loopback address."""


class Labgrid(Form):
    """A place of a labgrid coordinator that holds the bench."""

    place: str
    coordinator: str = "127.0.0.1:20408"
    """HOST:PORT; labgrid's own default port."""
    wait: Span = 0.0
    """How long to queue for the place, by a reservation, when somebody else has it, s."""
    timeout: Span = 20.0
    """How long coordinator and exporter may take for any one thing, s."""


class Bench(Form):
    """A rig file, without its wiring."""

    bench: str = Field(pattern=r"^[\w-]+$")
    title: Text = ""
    may_arm: list[str] = []
    labgrid: Labgrid | None = None
    devices: dict[str, DeviceAccess] = {}
    actuators: dict[str, Actuator] = {}
    instruments: dict[Quantity, Instrument] = {}
    interlocks: dict[str, Limit] = {}
    limits: Limits = Limits()
    emergency_stop: EmergencyStop = EmergencyStop()
    inhibit: list[Inhibit] = []
    order: Order = Order()

    @model_validator(mode="after")
    def _safe_in_time(self) -> Self:
        """The longest way to the safe state: the run falls silent, then each actuator takes all of its step."""
        longest_s = self.limits.heartbeat + len(self.actuators) * self.limits.step
        if longest_s > self.limits.safe_within:
            raise ValueError(
                f"limits.safe_within is {self.limits.safe_within:g} s, expected {longest_s:g} s or more: a heartbeat "
                f"of {self.limits.heartbeat:g} s, then {len(self.actuators)} actuators that may take "
                f"{self.limits.step:g} s each (limits.step)"
            )
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of rig files, for editors: `twinfeed rig schema`. The wiring is left to `twinfeed rig check`."""
    schema = Bench.model_json_schema()
    schema["properties"]["wiring"] = {
        "description": "The bench's software twin: the sections of a site file, or the name of a site.",
        "anyOf": [{"type": "string"}, {"type": "object"}],
    }
    schema["required"] = [*schema["required"], "wiring"]
    return schema


def text_in(text: Text, language: str) -> str:
    """What people read, in their language if it is there."""
    if isinstance(text, str):
        return text
    return text.get("fr" if language == "fr" else "en") or next(iter(text.values()), "")
