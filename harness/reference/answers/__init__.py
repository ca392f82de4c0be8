"""The JSON documents that commands print with `--json`: promised to programs, which may rely on each field.

Every command has a form, as types: `@prints(Form)` at the command gives it. `twinfeed schema COMMAND`, the page of JSON
and the tests read it there. Fields may be added. None is renamed or removed without a version in which both are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from twinfeed.harness.reference.schemas import Schema

Command = TypeVar("Command", bound=Callable[..., None])

Scalar = bool | int | float | str | None

JsonSchema = dict[str, Any]
"""A JSON Schema, as a document."""


class Failure(TypedDict):
    """The reason why a command failed."""

    exit_code: int
    """2: an option, a name or a file is wrong. 3: a site, a device or a port cannot be reached. 1: the answer is no."""
    message: str
    """The text for people."""
    lines: list[str]
    """Its lines; a wrong file has a line for each mistake."""


class Error(TypedDict):
    """The document of a command that failed."""

    error: Failure


@dataclass(frozen=True)
class Answer:
    """The promise of a command."""

    form: Any
    """A type that pydantic knows."""
    lines: bool
    """True if it prints such documents again and again while it runs, each in one line."""

    def schema(self) -> Schema:
        """Its JSON Schema (draft 2020-12), with the text of each field."""
        return schema_of(self.form)


def prints(form: Any, *, lines: bool = False) -> Callable[[Command], Command]:
    """Give a command the form of what it prints with `--json`; `lines`: such documents, each in one line."""

    def promised(command: Command) -> Command:
        command.__dict__["__answer__"] = Answer(form, lines)
        return command

    return promised


def answer_of(command: Callable[..., object]) -> Answer | None:
    """The promise of a command, also of one that is wrapped; None if it has none."""
    found: Answer | None = getattr(command, "__answer__", None)
    return found


def answers(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any, Answer | None]]:
    """Every command of a click group with the words that call it: `rig status`. Hidden ones are left out."""
    if words and getattr(group, "invoke_without_command", not hasattr(group, "commands")):
        yield " ".join(words), group, answer_of(group.callback)
    for name, command in getattr(group, "commands", {}).items():
        if not getattr(command, "hidden", False):
            yield from answers(command, (*words, name))


def schema_of(form: Any) -> Schema:
    """The JSON Schema of documents of that type, with the text of each class and field."""
    import pydantic

    made = pydantic.TypeAdapter(form).json_schema()
    for each in forms_of(form):
        part = made if made.get("title") == each.__name__ else made.get("$defs", {}).get(each.__name__, {})
        for name, text in _texts(each).items():
            if name in part.get("properties", {}):
                part["properties"][name]["description"] = text
    return made


def forms_of(form: Any) -> Iterator[type]:
    """The classes with fields in a type, each once, that of the whole before those of its parts."""
    seen: dict[type, None] = {}

    def within(hint: Any) -> None:
        for part in get_args(hint):
            within(part)
        if isinstance(hint, type) and hint not in seen and (fields := fields_of(hint)):
            seen[hint] = None
            for inner in fields.values():
                within(inner)

    within(form)
    yield from seen


def fields_of(form: type) -> dict[str, Any]:
    """The fields of a typed dictionary, a dataclass or a model of pydantic, with their types; of other types none."""
    if hasattr(form, "__total__") or is_dataclass(form):
        return get_type_hints(form)
    models: Mapping[str, Any] = getattr(form, "model_fields", {})
    return {name: field.annotation for name, field in models.items()}


def _texts(form: type) -> Mapping[str, str]:
    from twinfeed.harness.reference.fields import docs

    return docs(form)
