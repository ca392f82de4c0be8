"""YAML files with errors that a technician can act on: file, line, field, found, expected."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Model = TypeVar("Model", bound=BaseModel)


class FileError(Exception):
    """A file does not say what it must; `str()` is one line per mistake, each with file, line and field."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def shipped(folder: Path, name: str | Path, what: str) -> Path:
    """The file of that name in a folder of what ships (`what`: site, bench), or the path itself.

    Raises:
        FileError: neither; the message names near ones and all that ship.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    found = folder / f"{name}.yaml"
    if not found.exists():
        names = sorted(each.stem for each in folder.glob("*.yaml"))
        near = difflib.get_close_matches(str(name), names, n=2)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        text = f"no {what} is called {str(name)!r}{hint} (shipped: {', '.join(names)}; or give a .yaml file)"
        raise FileError([text])
    return found


def load(path: Path) -> CommentedMap:
    """The file's mapping, with the line of every field kept beside it.

    Raises:
        FileError: it cannot be read, is not YAML, repeats a key, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError([f"{path}: cannot be read: {error}"]) from None
    yaml = YAML(typ="rt")
    try:
        data = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FileError([f"{path}:{line}: not valid YAML: {_without_values(error)}"]) from None
    if not isinstance(data, CommentedMap):
        raise FileError([f"{path}:1: expected a mapping of fields, found {_shown(data)}"])
    return data


def read(path: Path, model: type[Model]) -> Model:
    """The file as `model`: quickly if it is as it must be, once more with all its lines if it is not.

    Keeping the lines takes six times as long, and is only needed to say where a mistake is.

    Raises:
        FileError: as `load` and `validate`.
    """
    try:
        return model.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, YAMLError, ValidationError):
        return validate(path, load(path), model)


def _without_values(error: MarkedYAMLError) -> str:
    """What is wrong, without the values that YAML's own words show: one of them may be a password."""
    said = str(error.problem or error.context)
    if isinstance(error, DuplicateKeyError):
        return said.partition(" with value ")[0]
    if "alias" in said:
        return "found * and an undefined alias; put a text that begins with * in quotes"
    return said


def line_of(data: Any, location: Sequence[str | int]) -> int:
    """The line (from 1) of the field at `location`, or of the nearest field above it that exists."""
    line = data.lc.line + 1 if isinstance(data, (CommentedMap, CommentedSeq)) else 1
    for step in location:
        if isinstance(data, CommentedMap) and step in data:
            line = data.lc.key(step)[0] + 1
            data = data[step]
        elif isinstance(data, CommentedSeq) and isinstance(step, int) and step < len(data):
            line = data.lc.item(step)[0] + 1
            data = data[step]
        else:
            break
    return int(line)


def problem(path: Path, data: Any, location: Sequence[str | int], message: str) -> str:
    """One line of a `FileError`: `site.yaml:12: power.ups-a.kva: …`."""
    field = ".".join(str(step) for step in location)
    return f"{path}:{line_of(data, location)}: {field + ': ' if field else ''}{message}"


def validate(path: Path, data: CommentedMap, model: type[Model]) -> Model:
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
        match detail["type"]:
            case "extra_forbidden":
                message = "unknown field; is it misspelt?"
            case "missing":
                message = "is missing"
            case "value_error":
                message = str(detail["ctx"]["error"])
            case _:
                message = f"{_plain(detail['msg'])}, found {_shown(detail['input'])}"
        lines.append(problem(path, data, location, message))
    return lines


def _plain(message: str) -> str:
    """`Input should be a valid number` -> `expected a valid number`."""
    return message.replace("Input should be ", "expected ").replace("Input should ", "expected to ")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, list(value)[:4])) or 'nothing'}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    return repr(value) if value is not None else "nothing"
