"""Actions over HTTP: the requests of the control socket that change something, with the verb in the path."""

from __future__ import annotations

from typing import get_args

from pydantic import ValidationError

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
    try:
        given = json_value(body) if body.strip() else {}
    except ValueError as error:
        raise Refusal(400, f"the body is no JSON: {shown(error)}", next) from None
    if not isinstance(given, dict):
        raise Refusal(400, "the body is no JSON object", next)
    if "do" in given:
        raise Refusal(422, f"{verb}: do: unknown field; the verb is in the path", next)
    try:
        request = REQUESTS.validate_python({"do": verb, **given})
    except ValidationError as error:
        raise Refusal(422, what_is_wrong(error), next) from None
    assert isinstance(request, Action)
    return request


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
