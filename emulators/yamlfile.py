"""YAML files with errors that a technician can act on: file, line, field, found, expected.

A file is read into `Fields` and `Items`, which know the line of each entry (`yamltree`), and validated by the models of
site, bench, profile, scenario and findings files alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators import textfile
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.textfile import FileError, found, shown
from twinfeed.emulators.yamltree import Fields, Items, document

__all__ = [
    "Fields",
    "FileError",
    "Items",
    "found",
    "line_of",
    "load",
    "problem",
    "problems",
    "read",
    "shipped",
    "validate",
]

Model = TypeVar("Model", bound=BaseModel)


def shipped(folder: Path, name: str | Path, what: str) -> Path:
    """The file of that name in a folder of what ships (`what`: site, bench), or the path itself.

    Raises:
        FileError: neither; the message names near ones and all that ship.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    names = sorted(each.stem for each in folder.glob("*.yaml"))
    if str(name) not in names:
        hint = did_you_mean(name, names, most=2)
        text = Phrase(
            "no {what} is called {name}{hint} (shipped: {names}; or give a .yaml file)",
            what=what,
            name=found(str(name)),
            hint=hint,
            names=", ".join(names),
        )
        raise FileError([text])
    return folder / f"{name}.yaml"


def load(path: Path) -> Fields:
    """The file's mapping, with the line of every field kept beside it.

    Raises:
        FileError: it cannot be read, is not YAML, repeats a field, passes a limit, or is not a mapping.
    """
    data = document(path, textfile.text(path))
    if not isinstance(data, Fields):
        raise FileError(
            [Phrase("{path}:1: expected a mapping of fields, found {data}", path=shown(path), data=found(data))]
        )
    return data


def read(path: Path, model: type[Model]) -> Model:
    """The file as `model`.

    Raises:
        FileError: as `load` and `validate`.
    """
    return validate(path, load(path), model)


def line_of(data: Any, location: Sequence[str | int]) -> int:
    """The line (from 1) of the field at `location`, or of the nearest field above it that exists."""
    line = data.line if isinstance(data, (Fields, Items)) else 1
    for step in location:
        if isinstance(data, Fields) and step in data:
            line, data = data.lines.get(step, line), data[step]
        elif isinstance(data, Items) and isinstance(step, int) and 0 <= step < len(data):
            line, data = data.lines[step], data[step]
        else:
            break
    return line


def problem(path: Path, data: Any, location: Sequence[str | int], message: str) -> str:
    """One line of a `FileError`: `site.yaml:12: power.ups-a.kva: …`."""
    field = shown(".".join(str(step) for step in location))
    return f"{shown(path)}:{line_of(data, location)}: {field + ': ' if field else ''}{message}"


def validate(path: Path, data: Fields, model: type[Model]) -> Model:
    """The data as `model`.

    Raises:
        FileError: one line for each mistake.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise FileError(problems(path, data, error)) from None


def problems(path: Path, data: Any, error: ValidationError, under: Sequence[str | int] = ()) -> list[str]:
    """A validation error as lines with file, line, field, what was found and what was expected."""
    lines = []
    for detail in error.errors():
        location = [
            *under,
            *(s for s in detail["loc"] if isinstance(s, int) or not (s.startswith("function-") or s == "[key]")),
        ]
        message: str
        match detail["type"]:
            case "extra_forbidden":
                message = Phrase("unknown field; is it misspelt?")
            case "missing":
                message = Phrase("is missing")
            case "value_error":
                message = str(detail["ctx"]["error"])
            case _:
                message = Phrase(
                    "{expected}, found {found}", expected=_plain(detail["msg"]), found=found(detail["input"])
                )
        lines.append(problem(path, data, location, message))
    return lines


def _plain(message: str) -> str:
    """`Input should be a valid number` -> `expected a valid number`."""
    return message.replace("Input should be ", "expected ").replace("Input should ", "expected to ")


PYDANTICS = (
    N_("expected a valid number"), N_("expected a valid integer"), N_("expected a valid string"),
    N_("expected a valid boolean"), N_("expected a valid list"), N_("expected a valid tuple"),
    N_("expected a valid dictionary"), N_("expected a valid dictionary or instance of {name}"),
    N_("expected a valid date or datetime"), N_("expected a valid date in the format YYYY-MM-DD"),
    N_("expected a finite number"), N_("expected greater than {bound}"),
    N_("expected greater than or equal to {bound}"), N_("expected less than {bound}"),
    N_("expected less than or equal to {bound}"), N_("expected {word}"), N_("expected {words} or {word}"),
    N_("expected a valid integer, got a number with a fractional part"),
    N_("expected a valid integer, unable to parse string as an integer"),
    N_("expected a valid number, unable to parse string as a number"),
    N_("expected a valid boolean, unable to interpret input"),
    N_("String should match pattern '{pattern}'"), N_("String should have at least {n} character"),
    N_("String should have at most {n} characters"),
    N_("List should have at least {least} item after validation, not {n}"),
)  # fmt: skip
"""Messages of pydantic in the form of `_plain`, for the catalogue."""
