"""Options that several commands share, added to each by a decorator."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, ParamSpec

import typer

Arguments = ParamSpec("Arguments")


def processors(jobs: int | None) -> int:
    """The number of processes of `--jobs`: all processors that this one may use unless it is given."""
    if jobs is not None:
        return jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def with_option(
    command: Callable[Arguments, None],
    name: str,
    default: Any,
    annotation: Any,
    around: Callable[[Any, Mapping[str, Any]], AbstractContextManager[object]],
) -> Callable[..., None]:
    """A command with one option more; it runs inside of `around(value, the command's own options)`."""

    @wraps(command)
    def found(*args: Any, **options: Any) -> None:
        value = options.pop(name, default)
        with around(value, options):
            command(*args, **options)

    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    own = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    found.__signature__ = signature.replace(parameters=[*own, option])  # type: ignore[attr-defined]  # typer reads it
    found.__annotations__ = {each.name: each.annotation for each in [*own, option]}
    return found


JSON_ASKED: list[bool] = []
"""Holds an entry if the command of this process was asked for JSON."""


def asked_for_json(value: bool) -> bool:
    """The callback of `--json`: errors are then JSON documents, too."""
    JSON_ASKED[:] = [value] if value else []
    return value


JSON = "Print one JSON document instead of text."
JSON_LINES = "Print JSON documents, one a line, instead of text."


def json_option(text: str = JSON) -> Any:
    """The option `--json` of a command."""
    return typer.Option("--json", help=text, callback=asked_for_json, is_eager=True)
