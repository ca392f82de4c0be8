"""JSON Schemas of the files that people write, for completion and checks in an editor.

An editor knows the form of a file. References, addresses and units of `each` are checked by `twinfeed check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import pydantic

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.sitefile.head import SECTIONS, Head
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.reference.fields import docs, fields

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

PLACEHOLDER: Schema = {"type": "string", "pattern": r"\{.+\}", "description": "filled in from `each`"}

FEEDS: Schema = {
    "description": "The feed: one name, a list, or one for each terminal.",
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
}

EACH: Schema = {
    "description": "Repeats the entry: values of each placeholder, a list or a range such as 1..24.",
    "type": "object",
    "additionalProperties": {"anyOf": [{"type": "array"}, {"type": "string", "pattern": r"^-?\d+\.\.-?\d+$"}]},
}

PLACE: Schema = {
    "description": "The place in which it stands, or that and its height above the floor.",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"in": {"type": "string"}, "height_m": {"type": "number", "minimum": 0, "maximum": 50}},
            "required": ["in"],
            "additionalProperties": False,
        },
    ],
}

SCREEN: Schema = {
    "description": "The centre of its box in the drawings of the console, px from the left and from the top.",
    "type": "object",
    "properties": {
        axis: {"anyOf": [{"type": "number", "minimum": 0, "maximum": 100_000}, PLACEHOLDER]} for axis in ("x", "y")
    },
    "required": ["x", "y"],
    "additionalProperties": False,
}


def profile() -> Schema:
    """The schema of profile files."""
    return {"$schema": DIALECT, **Profile.model_json_schema()}


def site() -> Schema:
    """The schema of site files: the head, and an entry of each kind in each section."""
    head = Head.model_json_schema()
    head["properties"] = _portable(head["properties"])
    defs: Schema = _portable(head.pop("$defs", {}))
    defs["device"] = _device(None, defs)
    for kind in devices.KINDS:
        defs[f"device-{kind}"] = _device(kind, defs)
    for kind, cls in plant.KINDS.items():
        defs[f"component-{kind}"] = _component(cls, defs)
    component = _one_of("kind", {kind: f"component-{kind}" for kind in plant.KINDS}, required=True)
    alone = {"$ref": "#/$defs/device"}
    named = {"propertyNames": {"pattern": r"^([^\W_]|\{.+\})"}}
    sections = {
        name: {"type": ["object", "null"], "additionalProperties": component, **named}
        for name in SECTIONS
        if name != "devices"
    }
    sections["devices"] = {"type": ["object", "null"], "additionalProperties": alone, **named}
    return {
        "$schema": DIALECT,
        "title": "A site of twinfeed",
        **head,
        "properties": {**head["properties"], **sections},
        "$defs": defs,
    }


TIME: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d"}]}
"""Seconds, or a text such as `15 min`."""


def scenario() -> Schema:
    """The schema of scenario files."""
    defs: Schema = {cls.__name__: _entry(cls) for cls in (Injection, Deed, Command)}
    return {"$schema": DIALECT, "title": "A scenario of twinfeed", **_entry(Scenario), "$defs": defs}


def _entry(cls: type) -> Schema:
    """The schema of a scenario, or of an entry of its lists."""
    assert is_dataclass(cls)
    whole = pydantic.TypeAdapter(cls).json_schema(ref_template="#/$defs/{model}")
    properties: Schema = whole["properties"]
    for name, form in properties.items():
        form.pop("title", None)
        if name.endswith("_s"):
            properties[name] = {**TIME, **({"default": form["default"]} if "default" in form else {})}
        elif name == "flap":
            properties[name] = {"type": "array", "items": TIME, "minItems": 2, "maxItems": 2}
        properties[name]["description"] = docs(cls).get(name, "")
    return {
        "description": (cls.__doc__ or "").split("\n\n")[0],
        "type": "object",
        "properties": properties,
        "required": whole.get("required", []),
        "additionalProperties": False,
    }


def _component(cls: type[Component], defs: Schema) -> Schema:
    properties: Schema = {
        "kind": {"const": cls.kind},
        "each": EACH,
        "place": PLACE,
        "screen": SCREEN,
        **_fields(cls.PARAMS, defs),
    }
    if issubclass(cls, Electrical) and not cls.SOURCE:
        properties["from"] = FEEDS
    managers = [name for name, kind in devices.KINDS.items() if kind.manages and issubclass(cls, kind.manages)]
    properties["device"] = (
        {"$ref": f"#/$defs/device-{managers[0]}"} if len(managers) == 1 else {"$ref": "#/$defs/device"}
    )
    return {
        "description": (cls.__doc__ or "").split("\n\n")[0],
        "type": "object",
        "properties": properties,
        "required": ["kind", *_required(cls.PARAMS)],
        "additionalProperties": False,
    }


def _device(kind: str | None, defs: Schema) -> Schema:
    """A device of that kind; without a kind, of the kind that its profile has."""
    shipped = [name for name in library.names() if kind in (None, library.get(name).kind)]
    properties: Schema = {
        "profile": {"anyOf": [{"enum": shipped}, {"type": "string"}], "description": "A product, or a file of yours."},
        "unit": _or_placeholder({"type": "integer", "minimum": 0, "maximum": 255}),
        "snmp": {"type": "object"},
        "place": PLACE,
        "each": EACH,
    }
    kinds = devices.KINDS.values() if kind is None else [devices.KINDS[kind]]
    for each in kinds:
        properties |= _fields(each.params, defs)
    properties["powered_by"]["anyOf"].append({"type": "string"})  # one feed is written without a list
    return {"type": "object", "properties": properties, "required": ["profile"], "additionalProperties": kind is None}


def _fields(cls: type, defs: Schema) -> Schema:
    """The schema of each field of a dataclass; definitions that they refer to are added to `defs`."""
    assert is_dataclass(cls)
    schema = pydantic.TypeAdapter(cls).json_schema(ref_template="#/$defs/{model}")
    defs |= schema.pop("$defs", {})
    texts, found = docs(cls), {item.name: item for item in fields(cls)}
    properties: Schema = {}
    for name, form in schema.get("properties", {}).items():
        form.pop("title", None)
        properties[name] = _or_placeholder(_portable(form))
        unit = f" ({found[name].unit})" if found[name].unit else ""
        if text := f"{texts.get(name, '')}{unit}".strip():
            properties[name]["description"] = text
    return properties


def _portable(form: Any) -> Any:
    r"""The form without patterns of character classes (`\p{C}`), which not every checker of schemas knows."""
    if isinstance(form, dict):
        return {key: _portable(value) for key, value in form.items() if not (key == "pattern" and r"\p{" in value)}
    return [_portable(value) for value in form] if isinstance(form, list) else form


def _required(cls: type) -> list[str]:
    return [item.name for item in fields(cls) if item.required]


def _or_placeholder(form: Schema) -> Schema:
    return {"anyOf": [form, PLACEHOLDER]}


def _one_of(field: str, refs: Mapping[str, str], required: bool) -> Schema:
    """An object whose `field` decides which definition it follows, so that an editor shows the mistakes of that one."""
    return {
        "type": "object",
        "properties": {field: {"enum": list(refs)}},
        "required": [field] if required else [],
        "allOf": [
            {"if": {"properties": {field: {"const": value}}, "required": [field]}, "then": {"$ref": f"#/$defs/{ref}"}}
            for value, ref in refs.items()
        ],
    }
