"""The answers of the API as models: for its OpenAPI document, and for the tests that hold them against it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from twinfeed.emulators.plant.screen import Word


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Refused(_Answer):
    """A request that was refused: the reason, and the next step."""

    error: str
    next: str


class Abilities(_Answer):
    """The abilities of this link, and the reason for each that is missing."""

    write: bool
    pause: bool
    speed: bool
    branch: bool
    reasons: dict[str, str]


class SiteAnswer(_Answer):
    """The site, its clock, and the abilities of this link."""

    boot_id: str
    running: bool
    speed: float
    site: str
    title: str
    world: str
    role: str
    language: str
    drawings: list[str]
    can: Abilities
    now_s: float


class Node(_Answer):
    """The state of a component or device, and its main value."""

    state: Word
    text: str
    value: str
    unit: str
    load: float | None
    card: str | None = None


class Wire(_Answer):
    """A wire, pipe or link: whether something flows in it, and from which source."""

    live: bool
    source: str | None
    blocked: bool = False


class Alarm(_Answer):
    """An active alarm of a device."""

    id: str
    device: str
    text: str
    severity: str
    since_s: float
    acknowledged: bool


class ActiveFault(_Answer):
    """An active fault."""

    target: str
    kind: str
    since_s: float | None
    params: dict[str, float]


class State(_Answer):
    """The state of the whole site."""

    boot_id: str
    seq: int
    running: bool
    speed: float
    now_s: float
    nodes: dict[str, Node]
    wires: dict[str, Wire]
    alarms: list[Alarm]
    faults: list[ActiveFault]


class Line(_Answer):
    """A line of the site's journal."""

    t_s: float
    who: str
    what: str
    data: dict[str, Any]


class Events(_Answer):
    """Lines of the journal; `seq` is the `after` of the next request."""

    seq: int
    events: list[Line]


class Judged(_Answer):
    """A verdict. `robustness` has the distance of the property's expression from being violated over time: (t_s,
    distance in the unit of its comparison, or 1 and -1 for states; null where it is not known)."""

    property: str
    verdict: str
    robustness: list[tuple[float, float | None]]


class UnknownStretch(_Answer):
    """A stretch of time in which a quantity is not known."""

    quantity: str
    start_s: float
    end_s: float
    why: str


class Timeline(_Answer):
    """The whole of a recorded run, from `from_s` to `duration_s` of the site's clock."""

    boot_id: str
    from_s: float
    duration_s: float
    faults: list[Line]
    alarms: list[Line]
    transfers: list[Line]
    commands: list[Line]
    verdicts: list[Judged]
    gaps: list[UnknownStretch]


class DrawingAnswer(BaseModel):
    """A drawing: places and sizes of nodes and wires."""

    boot_id: str
    width: float
    height: float
    nodes: list[dict[str, Any]]
    wires: list[dict[str, Any]]
    lanes: list[dict[str, Any]]


class ComponentAnswer(BaseModel):
    """All that is known of one component or device."""

    boot_id: str
    id: str
    kind: str
    state: Node
    quantities: list[dict[str, Any]]
    points: list[dict[str, Any]]
    points_in_all: int
    alarms: list[dict[str, Any]]
    events: list[Line]
    faults: list[dict[str, Any]]
    active: list[dict[str, Any]]
    deeds: list[dict[str, Any]]
    reads: list[str]
    procedure: dict[str, Any]


class Done(BaseModel):
    """The answer of the site to an action; its fields depend on the verb."""
