"""The commands of `twinfeed rig`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console

from twinfeed.harness.cli.files.profile import with_profiles
from twinfeed.harness.cli.options import with_option
from twinfeed.harness.cli.output import Exit, in_language, tell
from twinfeed.hil_rigs.cli import arming, bench, check, credentials, learning, operating, practise, stopping, watching
from twinfeed.hil_rigs.emergency import first
from twinfeed.hil_rigs.emergency.mark import Mark, marks, place_of

Arguments = ParamSpec("Arguments")

LangOption = Annotated[
    str,
    typer.Option("--lang", help="fr or en. Default: that of the locale, else of the rig file (`language`)."),
]

app = typer.Typer(
    name="rig",
    help="Benches of real devices: check, arm, watch and stop them. Tests run on one with `pytest --rig FILE`.",
    no_args_is_help=True,
)

COMMANDS: tuple[Callable[..., None], ...] = (
    bench.benches,
    practise.practise,
    check.check,
    learning.record,
    learning.drift,
    bench.dry_run,
    bench.schema,
    credentials.key,
    credentials.pin,
    watching.status,
    arming.arm,
    arming.disarm,
    stopping.stop,
    arming.reset,
    stopping.safe,
    stopping.keep,
    watching.watch,
    operating.operate,
)


def loud(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The command; before it each bench of this computer that is not safe is printed, in red.

    The exit code is not 0 as long as its own bench is not safe, or any bench where it has none of its own.
    """

    @wraps(command)
    def said(*args: Arguments.args, **options: Arguments.kwargs) -> None:
        said_before = _say(marks())
        command(*args, **options)
        named = options.get("file")
        place = place_of(named) if isinstance(named, str) else None
        mine = [Mark(place)] if place is not None else [] if isinstance(named, str) else list(marks())
        left = [mark for mark in mine if mark.said()]
        if left:
            _say(mark for mark in left if mark.bench not in said_before)
            raise typer.Exit(Exit.NO)

    return said


def _say(found: Iterable[Mark]) -> set[str]:
    """Print the warnings about these benches; returns their names."""
    lines = {mark.bench: line for mark in found if (line := mark.said())}
    for line in lines.values():
        tell(line, "bold red", Console(stderr=True, highlight=False))
    return set(lines)


@contextmanager
def _speaking(lang: str, options: Mapping[str, Any]) -> Iterator[None]:
    """The language of this process: that of `--lang`, else of the locale, else of the rig file."""
    in_language(lang, otherwise=first.language_of(str(options.get("file") or "")))
    yield


for command in COMMANDS:
    app.command()(with_option(loud(with_profiles(command)), "lang", "", LangOption, _speaking))
