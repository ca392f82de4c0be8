"""The JSON documents of commands on a running site, on its faults and on deeds."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from twinfeed.harness.reference.answers import Scalar


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
    running: bool
    """False while the site's clock is stopped."""
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
    """Its longest duration, s; None: until it is cleared, or `until` is true."""
    when: str | None
    """The condition at which it begins."""
    until: str | None
    """The condition at which it ends."""
    t_s: float
    """The earliest begin, s of the site's clock."""


class FaultEntry(TypedDict):
    """A fault of the catalogue."""

    target: NotRequired[str | None]
    """The component or device, if one was named."""
    here: NotRequired[bool]
    """On a running site: true if `twinfeed fault` takes it."""
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


class Ready(TypedDict):
    """A site that has started; printed once, when every device answers."""

    ready: str
    """The site's name."""
    console: str | None
    """The address of the page that shows the site; none without a console."""
    devices: list[DeviceState]


class Shown(TypedDict):
    """A recorded run that can be seen; printed once."""

    ready: str
    """The scenario file or journal that is played back."""
    console: str
    """The address of the page."""


class Told(TypedDict):
    """The demo: both utilities of Bamako fail for 15 minutes."""

    columns: list[str]
    """The headings of the columns, which are fields of each row."""
    timeline: list[dict[str, Scalar]]
    """Rows: `t_s`, s of the site's clock, and a text for each column."""
    racks_lost: int


class ProxyStarted(TypedDict):
    """A proxy that listens; printed once."""

    listens: str
    """The address with the port or line that was opened."""
    target: str
    protocol: str
    """modbus-tcp, modbus-rtu or snmp."""


class ProxyEvent(TypedDict):
    """Something that happened at a proxy."""

    event: str
    """began, over, message (`--show`), spared (a fault did not apply to messages), captured (`--record`)."""
    t_s: NotRequired[float]
    """Time since the proxy started, s."""
    fault: NotRequired[str]
    parameters: NotRequired[dict[str, float]]
    text: NotRequired[str]
    """The message, decoded; why a fault was not applied; the command that shows the capture."""
    answer: NotRequired[bool]
    """True if the message is the device's."""
    comment: NotRequired[str]
    """The effect of a fault on the message."""
    count: NotRequired[int]
    """Number of messages or frames."""
    file: NotRequired[str]


class ProxyFault(TypedDict):
    """A fault that a proxy can cause (`--list`)."""

    kind: str
    doc: str
    parameters: dict[str, float]
    """Name -> default, in the unit of `units`."""
    units: dict[str, str]


class SiteNow(TypedDict):
    """A running site at one time."""

    status: Status
    devices: list[DeviceState]
