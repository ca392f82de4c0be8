"""The JSON documents of commands that record devices and compare them with their emulators."""

from __future__ import annotations

from typing_extensions import TypedDict


class Recorded(TypedDict):
    """A recording of a device."""

    recording: str
    """The file."""
    device: str
    """Its address."""
    identity: dict[str, str]
    """The device's own description: sysDescr, vendor, serial number."""
    walks: int
    values: int
    """Values in the last walk."""
    refused: int
    """Addresses that the device refused in the last walk."""
    troubles: list[str]
    requests: int


class Replaying(TypedDict):
    """A recording that is served; printed once, when it answers."""

    listens: str
    """snmp://127.0.0.1:1161 or modbus://127.0.0.1:1502."""
    device: str
    """The device that was recorded."""
    walks: int
    values: int
    """Values in the first walk."""


class Exported(TypedDict):
    """A walk that was written as a .snmprec file."""

    file: str
    variables: int


class Walks(TypedDict):
    """The number of walks of each side."""

    device: int
    twin: int


class ComparedValues(TypedDict):
    """The share of a device that was compared with its twin."""

    values: int
    """Values that both serve: of the profile, or at all if there is none."""
    numbers: int
    """Numbers among them."""
    points: int
    """Points of the profile that they show."""


class DifferenceFound(TypedDict):
    """One thing that the twin gets wrong."""

    kind: str
    """identity, missing, extra, rows, type, meaning, scale, range, value or timing."""
    where: str
    """A point, an OID or registers."""
    device: str
    """The value on the device, for people."""
    twin: str
    note: str


class Drift(TypedDict):
    """A device beside its emulator."""

    device: str | None
    twin: str | None
    profile: str | None
    """The profile that reads both sides."""
    walks: Walks
    compared: ComparedValues
    differences: list[DifferenceFound]
