"""Actions over HTTP: the requests of the control socket that change something, with the verb in the path."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twinfeed.emulators.devices.firmware.points import PointError
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.textfile import json_value, shown
from twinfeed.harness.console.access.guard import Refusal
from twinfeed.harness.console.world import JsonObject, World
from twinfeed.harness.control.requests import REQUESTS, Action, what_is_wrong

ACTIONS: dict[str, type[Action]] = {get_args(of.model_fields["do"].annotation)[0]: of for of in get_args(Action)}
"""Verb -> the model of its request."""


def read(verb: str, body: bytes) -> Action:
    """The request in a body.

    Raises:
        Refusal: it is no JSON object, or its fields are wrong.
    """
    fields = ", ".join(name for name in ACTIONS[verb].model_fields if name != "do") or "none"
    next = f"fields of {verb}: {fields}"
    given = _object(body, next)
    if "do" in given:
        raise Refusal(422, f"{verb}: do: unknown field; the verb is in the path", next)
    try:
        request = REQUESTS.validate_python({"do": verb, **given})
    except ValidationError as error:
        raise Refusal(422, what_is_wrong(error), next) from None
    assert isinstance(request, Action)
    return request


class BranchAt(BaseModel):
    """The site of a recording runs on from that time of its clock, s, as a site of its own."""

    model_config = ConfigDict(extra="forbid")

    at_s: Annotated[float, Field(ge=0.0, le=1e12, allow_inf_nan=False)]


def branch_at(body: bytes) -> float:
    """The time in a body, s of the site's clock.

    Raises:
        Refusal: it is no JSON object, or its fields are wrong.
    """
    next = "fields of branch: at_s"
    try:
        return BranchAt.model_validate(_object(body, next)).at_s
    except ValidationError as error:
        raise Refusal(422, what_is_wrong(error), next) from None


def _object(body: bytes, next: str) -> dict[str, object]:
    """The JSON object in a body; an empty one if it is empty.

    Raises:
        Refusal: it is none.
    """
    try:
        given = json_value(body) if body.strip() else {}
    except ValueError as error:
        raise Refusal(400, f"the body is no JSON: {shown(error)}", next) from None
    if not isinstance(given, dict):
        raise Refusal(400, "the body is no JSON object", next)
    return given


NEXT = {
    "fault": "GET /api/v1/component/TARGET lists its faults with their ranges",
    "write": "GET /api/v1/component/DEVICE lists its points",
    "do": "GET /api/v1/component/TARGET lists its deeds",
    "isolate": "GET /api/v1/component/TARGET has the card, with what stands against each step",
    "clear": "GET /api/v1/state lists the active faults",
}
"""The next step after a refusal of an action."""


def carry_out(world: World, verb: str, body: bytes, who: str) -> JsonObject:
    """The answer of the site to an action.

    Raises:
        Refusal: the body is wrong, or the site refuses the action.
    """
    request = read(verb, body)
    try:
        return world.act(request, who)
    except (PlantError, PointError) as error:
        raise Refusal(409, str(error), NEXT.get(verb, "correct the request")) from None
