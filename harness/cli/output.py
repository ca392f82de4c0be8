"""Output of commands: tables for people, one JSON document for programs, errors on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.devices.firmware.points import PointError
from twinfeed.emulators.flash import FlashError
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles.binding import ProfileError
from twinfeed.emulators.serving import ServeError
from twinfeed.emulators.textfile import printable
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.availability.errors import AvailabilityMissing, TreeError
from twinfeed.harness.cli.options import JSON_ASKED, JSON_LINES, json_option
from twinfeed.harness.control import ControlError, Refused
from twinfeed.harness.controllers.in_process import NoSuchController
from twinfeed.harness.language import UnknownLanguage, said, speak
from twinfeed.harness.properties import BindingError, PropertySyntaxError, WrongKind
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.worlds.world import NeverInjected


class PlainConsole(Console):
    """Prints texts from elsewhere (device names, answers, recordings) without control characters of terminals."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)


console = PlainConsole(highlight=False)
errors = PlainConsole(stderr=True, highlight=False)


class Exit(IntEnum):
    """The exit codes of all commands."""

    DONE = 0
    NO = 1
    """The command has done its work, and the result is negative."""
    USAGE = 2
    """A flag, a name or a file is wrong."""
    UNREACHABLE = 3
    """No site is running, it or a device does not answer, or a port cannot be bound."""


def tell(message: str, style: str = "", to: Console = console) -> None:
    """Print a text for people, in their language and without line breaks of its own."""
    to.print(Text(printable(said(message)), style), soft_wrap=True)


def in_language(lang: str, otherwise: str = "en") -> None:
    """Let this process speak a language: `lang`, else that of the locale, else another one. One without texts fails."""
    try:
        speak(lang, otherwise)
    except UnknownLanguage as error:
        fail(str(error), Exit.USAGE)


JsonOption = Annotated[bool, json_option()]
JsonLinesOption = Annotated[bool, json_option(JSON_LINES)]


def fail(message: str, code: Exit) -> NoReturn:
    text = printable(said(message))
    errors.print(Text.assemble(("twinfeed:", "red"), " ", text), soft_wrap=True)
    if JSON_ASKED:
        print_error(text, code)
    raise typer.Exit(code)


def print_error(text: str, code: int) -> None:
    """Print the answer of a command with `--json` that failed. A wrong file has a line for each mistake."""
    print_json({"error": {"exit_code": int(code), "message": text, "lines": text.splitlines()}}, line=True)


WRONG = (
    FileError, ProfileError, PointError, PlantError, NoSuchController, TreeError, AvailabilityMissing,
    PropertySyntaxError, BindingError, WrongKind, UnknownQuantity, NeverInjected,
)  # fmt: skip
"""Errors that a wrong option, name or file causes."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print the errors that a user can cause as one message, and exit with their code."""
    try:
        yield
    except WRONG as error:
        fail(str(error), Exit.USAGE)
    except Refused as error:
        fail(str(error), Exit.USAGE)
    except (ControlError, FlashError, ServeError) as error:
        fail(str(error), Exit.UNREACHABLE)


CHECKS: list[Callable[[Any], None]] = []
"""Called with every document that is printed: tests compare it with the promise of the command."""


def print_json(data: Any, *, line: bool = False) -> None:
    """Print one JSON document. Control characters of terminals are escaped, which is the same text for a program.

    Numbers that JSON does not have (infinite, not a number) are null. `line`: it is one line, and sent at once.
    """
    data = _finite(data)
    for check in CHECKS:
        check(data)
    text = json.dumps(data, indent=None if line else 2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("".join(c if c == "\n" or printable(c) == c else json.dumps(c)[1:-1] for c in text) + "\n")
    if line:
        sys.stdout.flush()


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {name: _finite(value) for name, value in data.items()}
    return [_finite(value) for value in data] if isinstance(data, (list, tuple)) else data


def finite(value: float | None) -> float | None:
    """The callback of every option with a floating-point number. It refuses NaN, which passes every range check.

    Raises:
        BadParameter: not a number.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(Phrase("found {value}, expected a number", value=value))
    return value


NAMES = frozenset({"outage", "date", "profile", "kind", "device", "target", "point", "fault", "deed", "node", "branch"})
"""Headings of columns of names, which people copy: a name stays in one line, and the texts beside it wrap."""


def table(title: str, *columns: str) -> Table:
    made = Table(title=said(title) or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(said(column), overflow="fold", no_wrap=column in NAMES)
    return made


def several(count: int, what: str) -> str:
    """`1 walk`, `3 walks`."""
    return f"{count} {what}{'s' * (count != 1)}"


STYLES = {"up": "green", "booting": "yellow", "off": "red", "silent": "red", "hung": "red"}


def devices_table(devices: Sequence[Mapping[str, Any]], width: int) -> Table:
    """The table of devices: state, alarms, values, and the addresses if the terminal is wide enough."""
    wide = width >= WIDE
    names = ("device", "profile", N_("answers at")) if wide else ("device",)
    listing = table("", *names, "state", "values", "alarms")
    for device in devices:
        state = device["state"]
        where = (device["profile"], " ".join(device["endpoints"])) if wide else ()
        alarms = ", ".join(alarm.replace("_", " ").replace(".", " ") for alarm in device["alarms"])
        listing.add_row(
            device["name"],
            *where,
            f"[{STYLES.get(state, 'white')}]{state}[/]",
            _values(device["values"]) if state == "up" else "",
            f"[red]{escape(alarms)}[/]" if alarms else "",
        )
    return listing


def _values(values: Sequence[Mapping[str, str]]) -> str:
    return "  ".join(f"[dim]{v['label']}[/] {escape(v['text'])}" if v["label"] else escape(v["text"]) for v in values)


WIDE = 130
"""Width of a terminal, columns, from which the table of devices shows profiles and addresses."""
