"""The requests that a running site carries out, checked as they arrive."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from twinfeed.emulators.textfile import shown

Name = Annotated[str, Field(min_length=1, max_length=300)]
"""The name of a device, point, target or fault."""


Condition = Annotated[str, Field(min_length=1, max_length=1000)]
"""An expression over quantities, as in properties."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Status(_Request):
    """The site's clock, alarms and active faults."""

    do: Literal["status"]


class Devices(_Request):
    """List all devices: addresses and state."""

    do: Literal["devices"]


class Points(_Request):
    """The points of a device with their values."""

    do: Literal["points"]
    device: Name


class Read(_Request):
    """One point."""

    do: Literal["read"]
    device: Name
    point: Name


class Write(_Request):
    """Set one point. The device checks the range and the words of the point."""

    do: Literal["write"]
    device: Name
    point: Name
    value: bool | int | Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=1000)]


class FaultRequest(_Request):
    """Begin a fault for `for_s` seconds of the plant, or until it is cleared. The plant checks the ranges."""

    do: Literal["fault"]
    target: Name
    kind: Name
    parameters: dict[Name, float | int] | None = Field(default=None, max_length=50)
    for_s: float | None = None
    at_s: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
    """It begins so much later, s of the site's clock."""
    ramp_s: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
    flap: tuple[float, float] | None = Field(default=None, strict=False)
    """Seconds on and off, again and again."""
    when: Condition | None = None
    """It begins the first time that this is true, not before `at_s`."""
    until: Condition | None = None
    """It ends the first time that this is true after it began."""


class Faults(_Request):
    """List the faults that the site, or one of its targets, can have."""

    do: Literal["faults"]
    target: Name | None = None


class Clear(_Request):
    """End one fault, all of a target, or all."""

    do: Literal["clear"]
    target: Name | None = None
    kind: Name | None = None


class Do(_Request):
    """A person does a deed now. The plant checks its parameters; a refusal is an answer, not an error."""

    do: Literal["do"]
    target: Name
    deed: Name
    parameters: dict[Name, bool | int | Annotated[float, Field(allow_inf_nan=False)] | Name] | None = Field(
        default=None, max_length=50
    )


class Deeds(_Request):
    """List the deeds that people can do on the site, or at one of its targets."""

    do: Literal["deeds"]
    target: Name | None = None


class Pause(_Request):
    """Stop the site's clock. Devices answer as they stand."""

    do: Literal["pause"]


class Resume(_Request):
    """Let time pass again."""

    do: Literal["resume"]


class Speed(_Request):
    """Let time pass faster or slower: seconds of the site in one second."""

    do: Literal["speed"]
    speed: Annotated[float, Field(ge=0.001, le=10_000.0, allow_inf_nan=False)]


class Step(_Request):
    """Stop the clock, and go on to the next event that the journal shows."""

    do: Literal["step"]


class RunUntil(_Request):
    """Let time pass until a time or a condition, then stop the clock. Give one of `at_s` and `when`."""

    do: Literal["run_until"]
    at_s: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] | None = None
    """Time of the site's clock, s."""
    when: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """A condition in the language of properties: `hall-1.inlet_c > 27`."""
    speed: Annotated[float, Field(ge=0.001, le=10_000.0, allow_inf_nan=False)] | None = None


class ScenarioRequest(_Request):
    """Let the faults, deeds and commands of a scenario happen, from now on. Its site must be this one."""

    do: Literal["scenario"]
    scenario: dict[str, Any]
    """The fields of a scenario file."""


class Isolate(_Request):
    """Do the next step of the card that isolates a component, or takes it back into service."""

    do: Literal["isolate"]
    target: Name
    force: bool = False
    """Do it although something stands against it."""


Action = Write | FaultRequest | Clear | Do | Pause | Resume | Speed | Step | RunUntil | ScenarioRequest | Isolate
"""Requests that change something; the journal of the site has each of them."""

Request = Status | Devices | Points | Read | Faults | Deeds | Action

REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])
"""The forms of a request line."""

VERBS: tuple[str, ...] = tuple(get_args(of.model_fields["do"].annotation)[0] for of in get_args(Request))

EXPECTED = f'{{"do": one of {", ".join(VERBS)}, …}}'


def what_is_wrong(error: ValidationError) -> str:
    """The first mistake of a request: field, found, expected."""
    first = error.errors()[0]
    place = [str(step) for step in first["loc"]]
    verb, field = (place[0], ".".join(place[1:])) if place and place[0] in VERBS else ("", ".".join(place))
    if not place:
        return f"expected {EXPECTED}, found {shown(repr(first['input'])[:200])}"
    match first["type"]:
        case "missing":
            what = "the field is missing"
        case "extra_forbidden":
            what = "unknown field; is it misspelt?"
        case _:
            expected = first["msg"].replace("Input should be ", "expected ").replace("Input should ", "expected to ")
            what = f"{expected}, found {shown(repr(first['input'])[:200])}"
    return f"{verb}: {shown(field)}: {what}" if verb else f"{shown(field)}: {what}"
