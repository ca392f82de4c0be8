"""The moving thing, and its means."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.schema.conditions import Proof
from twinfeed.hil_rigs.schema.forms import Command, Fault, Form, Interfaces, Listen, Position, Quantity, Span, Text


class Visa(Form):
    """An instrument that is spoken to in SCPI through PyVISA."""

    resource: str
    """A VISA resource such as TCPIP::192.0.2.30::5025::SOCKET or ASRL/dev/ttyUSB1::INSTR."""
    library: str = "@py"
    """PyVISA's backend: @py (no vendor's software), a file for @sim, or empty for the vendor's."""
    baud: int | None = Field(default=None, ge=110)
    """Of a serial line; VISA's own 9600 if it is left out."""
    timeout: Span = Field(default=3.0, gt=0.0)
    """The longest time of one command or answer, s."""


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
    """The longest time of one command, s."""


class Wire(Form):
    """The inline fault proxy in front of a device: the controller under test comes to it, and it goes to the device.

    The bench itself keeps its own way to the device, so that faults of the wire blind no interlock.
    """

    device: str
    """The device of the bench to which the proxy passes requests on."""
    modbus: Listen | None = None
    """HOST:PORT where the controller comes for Modbus; port 0 takes a free one."""
    snmp: Listen | None = None
    """HOST:PORT where it comes for SNMP."""
    terminal: Path | None = None
    """For a serial line: the pseudo-terminal that the controller opens, made when the bench is used."""
    line: str | None = None
    """For a serial line: the port of this computer that leads to the device, one that the bench itself does not use."""
    baud: int = Field(default=19200, ge=110)
    """The speed of the serial line, bit/s."""
    parity: Literal["N", "E", "O"] = "E"
    """The parity of the serial line: none, even or odd."""
    expose: bool = False
    """Listen at addresses that others can reach: everyone who reaches them can command the device."""

    @model_validator(mode="after")
    def _listens(self) -> Self:
        if self.modbus is None and self.snmp is None and self.line is None:
            raise ValueError(Phrase("expected `modbus`, `snmp` or `line`: where the controller under test comes"))
        if (self.terminal is None) != (self.line is None):
            raise ValueError(
                Phrase("expected `terminal` and `line` together: one leads to the controller, one to the device")
            )
        if self.line is not None and self.modbus is not None:
            raise ValueError(Phrase("expected either `modbus` or `line`: the controller comes for Modbus one way"))
        return self


class Operator(Form):
    """A person does it: what to do, a picture, and how long they may take."""

    do: dict[str, Text]
    """Position -> the instruction."""
    picture: Path | None = None
    """A file, searched beside the rig file."""
    timeout: Span = 120.0
    """The time that the person may take, s."""


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
    """A source, load or relay that takes SCPI commands."""
    netem: Netem | None = None
    """A network interface whose traffic is delayed or lost."""
    proxy: Wire | None = None
    """The inline fault proxy in front of a device, which then can suffer all faults of the wire."""
    operator: Operator | None = None
    """A person who moves it."""

    state: Quantity | None = None
    """The DEVICE.POINT that shows where it stands, where that is another than the one written."""
    within: Span = 5.0
    """The time that the device may take until it shows that it stands there, s: outlets switch with a delay."""

    normal: Position = "on"
    """The position in normal operation."""
    safe: Position | None = None
    """The position when the bench is safe; as in normal operation if it is left out."""
    causes: dict[Fault, Position] = {}
    """`TARGET FAULT` -> the position that causes it."""
    settle: Span = 0.0
    """The time after a move for which nothing is to be measured, s."""
    rest: Span = 0.0
    """The rest between two moves, s."""
    proof: Proof | None = None
    """The evidence that it is away from `normal`; back in it, it must no longer hold."""
    effect: Text = ""
    """The visible effect when it moves, for the dry run."""

    @model_validator(mode="after")
    def _one_means(self) -> Self:
        given = [name for name in MEANS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(Phrase("expected one of {means}, found {found}", means=", ".join(MEANS), found=found))
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
