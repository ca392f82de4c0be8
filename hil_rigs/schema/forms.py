"""The forms that all sections of a rig file share: times, secrets, quantities, positions, texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from twinfeed._phrases import Phrase
from twinfeed.emulators.described import Described
from twinfeed.harness.durations import seconds
from twinfeed.hil_rigs import templates

CREDENTIAL = re.compile(r"(env|file|keyring):(.+)")
"""The place of a password: an environment variable, a file, SERVICE/USER of the desktop's keyring."""

LABGRID = "labgrid:"
"""The prefix of a resource of the labgrid place."""

Language = Literal["en", "fr"]


class Form(Described):
    """A section that knows all of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _span(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(Phrase("found {value!r}, expected a time such as 90, 30s, 15min or 2h", value=value))
    return seconds(value)


def _reference(value: Any) -> str:
    if not isinstance(value, str) or CREDENTIAL.fullmatch(value) is None:
        # The value found is not shown, whatever its type: it may be the password.
        raise ValueError(
            Phrase("holds the secret itself; expected where it is: env:NAME, file:PATH or keyring:SERVICE/USER")
        )
    return value


def _quantity(text: str) -> str:
    if "." not in text:
        raise ValueError(Phrase("found {text!r}, expected NAME.QUANTITY such as ups-1.battery.charge", text=text))
    return text


def _fault(text: str) -> str:
    target, _, kind = text.partition(" ")
    if not target or not kind:
        raise ValueError(Phrase("found {text!r}, expected TARGET FAULT such as `utility-a outage`", text=text))
    return text


def _command(text: str) -> str:
    templates.names(text)
    return text


def _position(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        found = str(value).lower() if isinstance(value, bool) else _kind_of(value)
        raise ValueError(Phrase("found {found}, expected a word such as on or off, or a number", found=found))
    return value


def _text(value: Any) -> Any:
    texts = [value] if isinstance(value, str) else list(value.values()) if isinstance(value, Mapping) else [None]
    languages = set(value) if isinstance(value, Mapping) else set()
    if not all(isinstance(text, str) for text in texts) or not languages <= set(get_args(Language)):
        raise ValueError(Phrase("found {value}, expected one text, or {{en: …, fr: …}}", value=_kind_of(value)))
    return value


def _kind_of(value: Any) -> str:
    """A value of a file, in its words."""
    if isinstance(value, Mapping):
        return Phrase("a mapping with {names}", names=", ".join(map(str, value)) or "nothing")
    return "nothing" if value is None else "a list" if isinstance(value, list) else repr(value)


SPAN_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d"}]}
SECRET_SCHEMA = {"type": "string", "pattern": f"^{CREDENTIAL.pattern}$"}

Span = Annotated[float, BeforeValidator(_span), Field(ge=0.0), WithJsonSchema(SPAN_SCHEMA)]
"""A time in s; in the file also `50ms`, `2 min`."""
Secret = Annotated[str, BeforeValidator(_reference), WithJsonSchema(SECRET_SCHEMA)]
Quantity = Annotated[str, AfterValidator(_quantity)]
Fault = Annotated[str, AfterValidator(_fault)]
Listen = Annotated[str, Field(pattern=r"^[\w.-]+:\d{1,5}$")]
Command = Annotated[str, AfterValidator(_command)]
Interfaces = Annotated[
    tuple[Annotated[str, Field(pattern=r"^[\w.@][\w.@-]{0,14}$")], ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
Position = Annotated[str | float, BeforeValidator(_position)]
"""A position of an actuator: `on`, `off`, a word of its own, or a number."""
Text = Annotated[str | dict[Language, str], BeforeValidator(_text)]
"""A text for people: one text, or one for each language."""


def text_in(text: Text, language: str) -> str:
    """The text in the reader's language if it is there."""
    if isinstance(text, str):
        return text
    return text.get("fr" if language == "fr" else "en") or next(iter(text.values()), "")
