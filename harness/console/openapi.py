"""The OpenAPI 3.1 document of `/api/v1`, built from the models of requests and answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from twinfeed._version import __version__
from twinfeed.harness.console import answers
from twinfeed.harness.console.actions import ACTIONS, BranchAt

JsonObject = dict[str, Any]

GETS: dict[str, tuple[type[BaseModel], str, tuple[JsonObject, ...]]] = {}
"""Path -> model of the answer, summary, parameters."""


def _query(name: str, kind: str, doc: str, **more: Any) -> JsonObject:
    schema = {"type": kind, **more}
    return {"name": name, "in": "query", "required": False, "description": doc, "schema": schema}


_NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "A component or device",
    "schema": {"type": "string"},
}
_WHICH = {
    "name": "which", "in": "path", "required": True, "description": "The drawing",
    "schema": {"type": "string", "enum": ["power", "cooling", "network"]},
}  # fmt: skip

_AT = _query(
    "at_s", "number", "Of a recording: the state at this time of the site's clock, s", minimum=0, maximum=10**12
)

GETS["/site"] = answers.SiteAnswer, "The site, its clock, and the abilities of this link", ()
GETS["/state"] = answers.State, "The state of all components, wires, alarms and faults", (_AT,)
GETS["/drawing/{which}"] = answers.DrawingAnswer, "Places and sizes of a drawing", (_WHICH,)
GETS["/component/{name}"] = (
    answers.ComponentAnswer,
    "All that is known of one component or device",
    (_NAME, _AT, _query("points", "integer", "Number of points, the first ones", minimum=0, maximum=100_000)),
)
GETS["/events"] = (
    answers.Events,
    "Lines of the journal",
    (
        _query("after", "integer", "The `seq` of the last answer", minimum=0, maximum=10**12),
        _query("most", "integer", "Number of lines at most", minimum=1, maximum=10_000),
    ),
)
GETS["/timeline"] = answers.Timeline, "Of a recording: its time, events, verdicts and gaps", ()

_SERIES_PARAMETERS = [
    {
        "name": "name", "in": "query", "required": True, "description": "Quantities: `hall-1.inlet_c`; repeat it",
        "schema": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 50},
    },
    _query("from_s", "number", "From this time of the site's clock, s", minimum=0, maximum=10**12),
    _query("to_s", "number", "To this time, s", minimum=0, maximum=10**12),
    _query("points", "integer", "About so many points", minimum=2, maximum=10_000),
]  # fmt: skip

REFUSALS = {
    "400": "The body is no JSON object",
    "401": "The token is missing or wrong",
    "403": "The token only reads, or another page sent the request",
    "404": "Nothing is called that",
    "405": "The method does not fit the path",
    "409": "The site refuses the action",
    "413": "The body is too long",
    "421": "The header Host names another server",
    "422": "A field or a parameter is wrong",
    "429": "Too many actions a second, or too many series",
}


def _content(model: type[BaseModel]) -> JsonObject:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _responses(good: JsonObject, *statuses: str) -> JsonObject:
    refused = {"content": _content(answers.Refused)}
    return {"200": good, **{status: {"description": REFUSALS[status], **refused} for status in statuses}}


def _operation(model: type[BaseModel], summary: str, parameters: Any) -> JsonObject:
    good = {"description": "The answer", "content": _content(model)}
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": _responses(good, "401", "403", "404", "421", "422"),
    }


def _action(verb: str, of: type[BaseModel]) -> JsonObject:
    schema = of.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["properties"].pop("do", None)
    schema["required"] = [name for name in schema.get("required", ()) if name != "do"]
    for leftover in ("title", "description", "$defs"):
        schema.pop(leftover, None)
    good = {"description": "The answer of the site", "content": _content(answers.Done)}
    return {
        "summary": " ".join((of.__doc__ or verb).split()),
        "requestBody": {"required": bool(schema["required"]), "content": {"application/json": {"schema": schema}}},
        "responses": _responses(good, "400", "401", "403", "409", "413", "421", "422", "429"),
    }


@cache
def document() -> JsonObject:
    """The document, JSON values."""
    models: list[type[BaseModel]] = [*(of for of, _, _ in GETS.values()), answers.Refused, answers.Done]
    _, schemas = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    paths: JsonObject = {path: {"get": _operation(*of)} for path, of in GETS.items()}
    series = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "array"}}}
    good = {"description": "Quantity -> [time s, value or null]", "content": {"application/json": {"schema": series}}}
    paths["/series"] = {
        "get": {
            "summary": "The values of quantities over time",
            "parameters": _SERIES_PARAMETERS,
            "responses": _responses(good, "401", "403", "404", "421", "422", "429"),
        }
    }
    stream = {"description": "Events `full`, `delta`, `heartbeat`", "content": {"text/event-stream": {}}}
    paths["/stream"] = {
        "get": {"summary": "The state and its changes", "responses": _responses(stream, "401", "403", "421")}
    }
    paths["/branch"] = {"post": _action("branch", BranchAt)}
    paths |= {f"/{verb}": {"post": _action(verb, of)} for verb, of in ACTIONS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "twinfeed console", "version": __version__,
            "description": "A running or recorded site: its state, its parts, and actions on it.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }  # fmt: skip
