"""Devices and how each is reached."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from twinfeed._phrases import Phrase
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.transports.modbus.transport import MODBUS_PORT
from twinfeed.harness.transports.snmp.stream import Over
from twinfeed.harness.transports.snmp.target import SNMP_PORT
from twinfeed.harness.transports.snmp.usm import AuthProtocol, PrivProtocol, protocol
from twinfeed.hil_rigs.schema.forms import LABGRID, Form, Secret, Span

DEFAULT_UNIT = 1
"""The Modbus unit where neither rig file nor profile names one."""


class ModbusAccess(Form):
    """The access to a device over Modbus: `serial` for a line of this computer, else `address`."""

    address: str | None = None
    """The IP address or host name of the device or of its gateway."""
    port: int = Field(default=MODBUS_PORT, ge=1, le=65535)
    """The TCP or UDP port."""
    framing: Literal["tcp", "tls", "udp", "rtu", "rfc2217"] = "tcp"
    """rtu: RTU frames in a TCP connection, as serial device servers pass them; rfc2217: the server gets `baud`,
    `parity` and `stop_bits` first."""
    trusted: Path | None = None
    """For tls: the certificates that are trusted, PEM."""
    serial: str | None = None
    """A device of this computer, or labgrid:RESOURCE for a serial port of the labgrid place."""
    baud: int = Field(default=19200, ge=110)
    """The speed of the serial line, bit/s."""
    parity: Literal["N", "E", "O"] = "E"
    """The parity of the serial line: none, even or odd."""
    stop_bits: Literal[1, 2] = 1
    """The stop bits of the serial line."""
    unit: int | None = Field(default=None, ge=0, le=255)
    """Modbus unit id; the profile's own if it is left out."""
    timeout: Span = 3.0
    """The longest wait for one answer, s."""
    retries: int = Field(default=1, ge=0, le=10)
    """Requests that are sent again after an answer was lost."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.address is None) == (self.serial is None):
            raise ValueError(Phrase("expected either `address` or `serial`"))
        return self

    @property
    def labgrid_resource(self) -> str | None:
        """The serial port of the labgrid place that it is reached by, None if it is reached otherwise."""
        return (
            self.serial.removeprefix(LABGRID) if self.serial is not None and self.serial.startswith(LABGRID) else None
        )

    @property
    def line(self) -> Hashable:
        """The common line or connection of two devices, which therefore wait for each other."""
        return self.serial or (self.address, self.port, self.framing)

    def unit_of(self, profile: Profile) -> int:
        """The device's Modbus unit: the file's, else its profile's."""
        own = profile.modbus.unit if profile.modbus is not None else DEFAULT_UNIT
        return own if self.unit is None else self.unit


def _protocol(name: object) -> object:
    return protocol(name) if isinstance(name, str) else name


class SnmpAccess(Form):
    """The access to a device over SNMP."""

    address: str
    """The IP address or host name of the agent."""
    port: int = Field(default=SNMP_PORT, ge=1, le=65535)
    """The port of the agent."""
    version: Literal["v1", "v2c", "v3"] = "v2c"
    """The version of SNMP: v1 and v2c take communities, v3 a user."""
    read: Secret | None = None
    """The community for reading; `public` if it is left out."""
    write: Secret | None = None
    """The community for writing; without it nothing is written over v1 or v2c."""
    user: str | None = None
    """The user of v3 (USM, RFC 3414)."""
    auth: Annotated[AuthProtocol, BeforeValidator(_protocol)] = "sha"
    """The authentication of the user."""
    auth_password: Secret | None = None
    """The password of the authentication, 8 characters or more; without it messages are not authenticated."""
    priv: Annotated[PrivProtocol, BeforeValidator(_protocol)] = "aes128"
    """aes192 and aes256 as net-snmp has them, aes192-c and aes256-c as Cisco and many cards."""
    priv_password: Secret | None = None
    """The password of the encryption; without it messages are not encrypted."""
    context: str = ""
    """The context name of v3 (RFC 3411)."""
    over: Over = "udp"
    """The carrier of the messages: udp, or tcp (RFC 3430)."""
    timeout: Span = 1.0
    """The longest wait for one answer, s."""
    retries: int = Field(default=1, ge=0, le=10)
    """Requests that are sent again after an answer was lost."""

    @model_validator(mode="after")
    def _v3_has_a_user(self) -> Self:
        if (self.version == "v3") != (self.user is not None):
            raise ValueError(Phrase("`user` belongs to version v3, `read` and `write` to v1 and v2c"))
        if self.context and self.version != "v3":
            raise ValueError(Phrase("`context` belongs to version v3, found version {version}", version=self.version))
        return self


class Identity(Form):
    """The identification of the device that the file means; a part that is left out is not checked."""

    product: str | None = None
    """The text of FC 43/14 (product code) or sysDescr; a part of it is enough."""
    object_id: str | None = None
    """sysObjectID (RFC 3418), or the beginning of it."""
    serial: str | None = None
    """The serial number, as the device gives it."""
    firmware: str | None = None
    """The version of the firmware, as the device gives it."""


class DeviceAccess(Form):
    """A device of the bench and how it is reached."""

    profile: str | None = None
    """The profile of the real product; that of the wiring's device of the same name if it is left out."""
    modbus: ModbusAccess | None = None
    """The access over Modbus."""
    snmp: SnmpAccess | None = None
    """The access over SNMP."""
    identity: Identity = Identity()
    """The unit that must answer; another one is refused."""
    rows: dict[str, list[int]] = {}
    """Which rows its tables have, where they cannot be asked for."""
    rate: float | None = Field(default=None, gt=0.0)
    """Requests a second that it bears at most."""

    @model_validator(mode="after")
    def _a_way(self) -> Self:
        if self.modbus is None and self.snmp is None:
            raise ValueError(Phrase("expected `modbus` or `snmp`: how the device is reached"))
        return self
