"""The JSON documents that commands print with `--json`: promised to programs, which may rely on each field.

Fields may be added. None is renamed or removed without a version in which both are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic
from typing_extensions import TypedDict

from twinfeed.harness.maintenance.impact import Impact

Scalar = bool | int | float | str | None


class Failure(TypedDict):
    """The reason why a command failed."""

    exit_code: int
    """2: an option, a name or a file is wrong. 3: a site, a device or a port cannot be reached. 1: the answer is no."""
    message: str
    """The text for people."""
    lines: list[str]
    """Its lines; a wrong file has a line for each mistake."""


class Error(TypedDict):
    """The document of a command that failed."""

    error: Failure


class Alarm(TypedDict):
    """An active alarm."""

    device: str
    alarm: str
    since_s: float
    """When it was raised, s of the site's clock."""


class Status(TypedDict):
    """A running site."""

    site: str
    title: str
    now_s: float
    """The site's clock, s."""
    speed: float
    """Seconds of the site in one second."""
    lag_s: float
    """The site's clock is so far behind, s."""
    devices: int
    reachable: int
    """Number of devices that a station can reach."""
    alarms: list[Alarm]
    faults: list[dict[str, Scalar]]
    """Active faults: `target`, `kind`, and each parameter by name."""


class KeyValue(TypedDict):
    """An important point of a device."""

    label: str
    """A short name for a table, which may be empty."""
    point: str
    value: Scalar
    unit: str
    text: str
    """The value with its unit, for people."""


class DeviceState(TypedDict):
    """A device of a running site."""

    name: str
    kind: str
    profile: str
    endpoints: list[str]
    """Its addresses: `modbus://127.20.2.1:1502/1`."""
    state: str
    """up, booting, off, hung or silent."""
    alarms: list[str]
    values: list[KeyValue]


class PointState(TypedDict):
    """A point of a device of a running site."""

    point: str
    value: Scalar
    """None: the device has no reading."""
    unit: str
    access: str
    """ro or rw."""
    values: list[str]
    """The words that it takes; none for numbers and truths."""
    doc: str


class Reading(TypedDict):
    """The value of a point, read or just written."""

    device: str
    point: str
    value: Scalar
    unit: str
    t_s: float
    """The site's clock, s."""


class Begun(TypedDict):
    """A fault that was injected."""

    target: str
    kind: str
    for_s: float | None
    """Its duration, s; None: until it is cleared."""
    t_s: float
    """When it begins, s of the site's clock."""


class FaultEntry(TypedDict):
    """A fault of the catalogue. On a running site it also has `here`: true if `twinfeed fault` takes it."""

    kind: str
    family: str
    doc: str
    targets: list[str]
    """Kinds of component (`ups`) or device (`ups/device`)."""
    of: list[str]
    """The parts that a target names after its own name: `point` is `crah-11:air.supply`."""
    parameters: dict[str, str]
    """Name -> default, unit and range as text."""
    worlds: list[str]
    source: str


class Named(TypedDict):
    """A fault that was cleared."""

    target: str
    kind: str


class Done(TypedDict):
    """A deed and its outcome."""

    target: str
    deed: str
    outcome: str
    """done, or a word for the refusal; then the exit code is 1."""
    reason: str
    t_s: float
    """The site's clock, s."""


class DeedEntry(TypedDict):
    """A deed that people can do."""

    target: str
    deed: str
    doc: str
    parameters: dict[str, str]
    undo: str
    """The deed that takes it back, empty if none does."""


class Product(TypedDict):
    """A product that can be emulated."""

    profile: str
    kind: str
    vendor: str
    product: str
    snmp_objects: int
    modbus_registers: int
    file: str | None
    """The path of a profile of your own; None for one that ships."""


class CheckedSite(TypedDict):
    """A site file without mistakes."""

    site: str
    components: int
    devices: int


class ManualPage(TypedDict):
    """A page of the manual."""

    page: str
    title: str
    languages: list[str]


ANSWERS: Mapping[str, Any] = {
    "status": Status,
    "devices": list[DeviceState],
    "points": list[PointState],
    "read": Reading,
    "write": Reading,
    "fault": Begun,
    "faults": list[FaultEntry],
    "clear": list[Named],
    "do": Done,
    "deeds": list[DeedEntry],
    "sites": dict[str, str],
    "profiles": list[Product],
    "check": CheckedSite,
    "docs": list[ManualPage],
    "impact": Impact,
}
"""Command -> the type of its document."""


def schema(command: str = "") -> dict[str, Any]:
    """The JSON Schema of the document of a command; of an error without one."""
    return pydantic.TypeAdapter(ANSWERS[command] if command else Error).json_schema()
