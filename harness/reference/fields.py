"""The fields of a dataclass that files are written in: type, unit, range, default, and the text that documents each."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from twinfeed.emulators.plant.kernel.ratings import Feed, Form, Names, Range


@dataclass(frozen=True)
class Field:
    """One field that a file may give."""

    name: str
    type: str
    """The kind of value in words: `number`, `text`, `name of a hall`, `list of numbers`, or the words it may be."""
    unit: str
    """'' for a number without a unit, and for everything else."""
    low: float | None
    high: float | None
    """The closed range of a number, in `unit`."""
    default: Any
    """A JSON value; None where the field must be given or has no value until it is given."""
    required: bool
    doc: str
    """The text beside the field, empty if its name, unit and the text of its class suffice."""

    @property
    def expected(self) -> str:
        """Type, range and unit in words: `number from 0.1 to 1000 kW`."""
        if self.low is None or self.high is None:
            return self.type
        return f"{self.type} from {self.low:.12g} to {self.high:.12g}{f' {self.unit}' if self.unit else ''}"

    @property
    def shown_default(self) -> str:
        """The default in words: `required`, `none` for an empty text or list, else the value as a file gives it."""
        if self.required:
            return "required"
        if self.default in (None, "", [], {}):
            return "none"
        return json.dumps(self.default, ensure_ascii=False) if not isinstance(self.default, str) else self.default


def fields(cls: type) -> list[Field]:
    """The fields of a dataclass in their order, those of base classes first.

    Raises:
        TypeError: `cls` is no dataclass.
    """
    hints, texts = get_type_hints(cls, include_extras=True), docs(cls)
    return [_field(item, hints[item.name], texts.get(item.name, "")) for item in dataclasses.fields(cls)]


def _field(item: dataclasses.Field[Any], hint: Any, doc: str) -> Field:
    default: Any = item.default
    if item.default_factory is not dataclasses.MISSING:
        default = item.default_factory()
    given = default is dataclasses.MISSING
    span = next((mark for mark in _marks(hint) if isinstance(mark, Range)), None)
    needed = any(isinstance(mark, Names) and mark.needed for mark in _marks(hint))
    return Field(
        item.name,
        words(hint),
        span.unit if span else "",
        span.low if span else None,
        span.high if span else None,
        None if given else _plain(default),
        given or needed,
        doc,
    )


def words(hint: Any) -> str:
    """A type in words, as a person who writes a file needs it."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return next((text for mark in hint.__metadata__ if (text := _in_words(mark))), words(parts[0]))
    if origin in (Union, UnionType):
        return " or ".join(words(part) for part in parts if part is not NoneType)
    if origin is Literal:
        return ", ".join(str(part) for part in parts)
    if origin is tuple and parts[-1:] == (...,):
        return f"list of: {words(parts[0])}"
    if origin is tuple:
        return f"list of {len(parts)}: {words(parts[0])}"
    if origin in (list, frozenset, set):
        return f"list of: {words(parts[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"mapping of {words(parts[0])} to {words(parts[1])}"
    names = {float: "number", int: "whole number", str: "text", bool: "true or false", Path: "path", Any: "any value"}
    return names.get(hint, getattr(hint, "__name__", str(hint)))


def _in_words(mark: object) -> str:
    if isinstance(mark, Names):
        return f"name of a {' or '.join(mark.kinds)}" if mark.kinds else "name of a component"
    if isinstance(mark, Feed):
        return "name of a component in the power path"
    return mark.name if isinstance(mark, Form) else ""


def _marks(hint: Any) -> Iterator[Any]:
    """The annotations of a type and of the types within it."""
    yield from getattr(hint, "__metadata__", ())
    for part in get_args(hint):
        if get_origin(hint) is not Literal:
            yield from _marks(part)


def _plain(value: Any) -> Any:
    """A default as a JSON value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, (tuple, list, frozenset, set)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


@cache
def docs(cls: type) -> Mapping[str, str]:
    """The texts that stand under the fields of a class and of its base classes, by field, each in one line.

    Python keeps no text of a field, so the source is read. Without a source (a compiled module) there are none.
    """
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found.update(_own_docs(base))
    return found


def _own_docs(cls: type) -> Iterator[tuple[str, str]]:
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    run: list[str] = []
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            run = [node.target.id]
            continue
        if run and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield run[0], " ".join(str(node.value.value).split())
        run = []


def text_of(cls: type) -> str:
    """The text of a class in paragraphs, each in one line; '' if it has none of its own."""
    text = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    if text.startswith(f"{cls.__name__}("):  # a dataclass without a text gets its signature
        return ""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
