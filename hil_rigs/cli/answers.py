"""The JSON documents of the commands at benches (`twinfeed.harness.reference.answers` has those of the others)."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from twinfeed.harness.reference.answers import Scalar
from twinfeed.harness.reference.answers.recording import ComparedValues, DifferenceFound, Walks


class ReadingOf(TypedDict):
    """The last reading of a quantity."""

    value: Scalar
    t_s: float
    """The keeper's clock, s."""
    age_s: float


class BenchStatus(TypedDict):
    """A bench as its keeper knows it, or as the disk shows it if nothing keeps it."""

    bench: str
    file: str
    """The rig file."""
    state: str
    """read-only, armed, tripped, or unattended: no process keeps it."""
    tripped: NotRequired[str | None]
    """Why it was brought to its safe state; none if it was not."""
    not_safe: list[str]
    """The parts that are not in their safe state, for people. The exit code is 1 while there is any."""
    life: str
    """The state that is noted on the disk."""
    keeper: str | None
    """supervisor, guard or none."""
    sha256: NotRequired[str]
    """Of the rig file, as the supervisor read it."""
    edited: NotRequired[str | bool | None]
    """The rig file was edited since."""
    armed_by: str | None
    armed_login: NotRequired[str | None]
    armed_for_s: NotRequired[float | None]
    """Time that is left, s."""
    faults: NotRequired[list[str]]
    """Active faults: `ups-1 output-off`."""
    readings: dict[str, ReadingOf]
    silent: dict[str, str]
    """Quantities that cannot be read, and why."""
    attended: NotRequired[bool]
    """True if a person answers (`twinfeed rig operate`)."""


class BenchEntry(TypedDict):
    """A bench that ships."""

    bench: str
    file: str
    devices: list[str]


class Practice(TypedDict):
    """A practice bench; printed once, when its emulators answer."""

    bench: str
    file: str
    """The rig file of the practice."""
    devices: list[str]
    left_out: dict[str, str]
    """The entries of the rig file that are not in it (`section.name`), and why."""
    commands: list[str]
    """A whole practice, in this order."""


class CheckedDevice(TypedDict):
    """The identification of a device, and its answer times."""

    name: str
    profile: str
    where: str
    product: str
    object_id: str
    """sysObjectID."""
    serial: str
    firmware: str
    points: int
    """Points that were read."""
    requests: int
    median_s: float | None
    """Of the time from a request to its answer, s."""
    worst_s: float | None
    timeout_s: float
    level: str
    """fine, notice, problem or unreachable."""


class CheckFinding(TypedDict):
    """One thing that a check found."""

    on: str
    check: str
    level: str
    """fine, notice, problem or unreachable."""
    found: str
    expected: str
    do: str
    """The next step."""
    points: NotRequired[list[str]]


class CheckedBench(TypedDict):
    """The check of a bench."""

    bench: str
    level: str
    """The worst of all: fine, notice, problem (exit code 1) or unreachable (3)."""
    devices: list[CheckedDevice]
    findings: list[CheckFinding]


class RigDevice(TypedDict):
    """A device of a bench beside its emulator, or the trouble for which it could not be compared."""

    name: str
    note: str
    """The profile is that of another product."""
    trouble: NotRequired[str]
    device: NotRequired[str | None]
    twin: NotRequired[str | None]
    profile: NotRequired[str | None]
    walks: NotRequired[Walks]
    compared: NotRequired[ComparedValues]
    differences: NotRequired[list[DifferenceFound]]


class RigDrift(TypedDict):
    """The devices of a bench beside their emulators."""

    bench: str
    devices: list[RigDevice]
    without_twin: list[str]


class WouldMove(TypedDict):
    """A fault that a bench can cause."""

    fault: str
    actuator: str
    means: str
    to: str
    """The position for the fault."""
    safe: str
    """The safe position."""
    effect: str
    """The effect that can be seen, for people."""


class SigningKey(TypedDict):
    """The key with which this computer signs its records."""

    file: str
    """The private key."""
    public: str
    """Hexadecimal."""
    short: str


class PinHash(TypedDict):
    """The hash of a PIN, for `pins` in a rig file."""

    hash: str


class Armed(TypedDict):
    """A bench on which things may move."""

    bench: str
    state: str
    """armed."""
    by: str
    for_s: float
    movable: list[str]
    """The actuators."""
    confirmed: dict[str, str]
    """Item of the checklist -> the person who confirmed it."""
    record: str
    stop_page: str | None
    """The address of the page with the stop button."""


class AtRest(TypedDict):
    """A bench after `disarm`, `reset` or `safe`."""

    bench: str
    state: str
    """read-only, or tripped (its safe state)."""
    not_safe: list[str]


class Kept(TypedDict):
    """A bench that `rig keep` found not at rest."""

    bench: str
    warning: str
    """The line of its mark, for people."""
    trouble: str | None
    """Why no guard keeps it; none if one does."""


class Question(TypedDict):
    """An instruction for the person at the bench. The answer is a line on standard input."""

    about: str
    text: str
    unit: str | None
    """None: done (y) or not (n); else a value, in this unit if it is not empty."""
    wrong: str | None
    """Why the answer before was not taken."""
    picture: str | None
