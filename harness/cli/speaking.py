"""The command line in the language of its user: helps, usage lines and complaints about a wrong command line.

Typer's own texts are English (0.29 looks up a part of them by gettext, and has no catalogues). They are texts of our
catalogue here, as the helps of the commands are, and are translated before they are shown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any

import typer
from typer.main import get_command

from twinfeed._phrases import N_
from twinfeed.harness.language import UnknownLanguage, said, speak, spoken

TYPERS = {
    "ARGUMENTS_PANEL_TITLE": N_("Arguments"),
    "OPTIONS_PANEL_TITLE": N_("Options"),
    "COMMANDS_PANEL_TITLE": N_("Commands"),
    "ERRORS_PANEL_TITLE": N_("Error"),
    "ABORTED_TEXT": N_("Aborted."),
    "RICH_HELP": N_("Try [blue]'{command_path} {help_option}'[/] for help."),
    "DEFAULT_STRING": N_("[default: {}]"),
    "REQUIRED_LONG_STRING": N_("[required]"),
}
"""Constants of `typer.rich_utils` that are shown."""

COMPLAINTS = (
    N_("Missing argument '{name}'."),
    N_("Missing option '{name}'."),
    N_("Missing command."),
    N_("No such option: {name}"),
    N_("No such option: {name} (Possible options: {names})"),
    N_("No such command '{name}'."),
    N_("No such command '{name}'. Did you mean {names}?"),
    N_("Got unexpected extra argument ({name})"),
    N_("Got unexpected extra arguments ({names})"),
    N_("Invalid value for {name}: {message}"),
    N_("Option '{name}' requires an argument."),
    N_("Option '{name}' does not take a value."),
    N_("'{value}' is not one of {choices}."),
    N_("'{value}' is not a valid {type}."),
    N_("'{value}' is not a valid float range."),
    N_("{value} is not in the range {range}."),
    N_("File '{name}' does not exist."),
    N_("Path '{name}' does not exist."),
    N_("Directory '{name}' does not exist."),
    N_("File '{name}' is a directory."),
    N_("Repeat for confirmation"),
    N_("Error: The two entered values do not match."),
    N_("Show this message and exit."),
)
"""Typer's messages about a wrong command line, and its prompts."""

USAGE = N_("Usage: {command}")


def run(app: typer.Typer, words: Sequence[str], name: str) -> None:
    """Run the command of that name that the words give; ends the process with its exit code."""
    with suppress(UnknownLanguage):  # the command itself complains
        speak(_asked(words))
    command: Any = get_command(app)
    if spoken() != "en":
        _constants()
        for each in _all(command):
            _translate(each)
    try:
        code = command.main(list(words), prog_name=name, standalone_mode=False)
    except typer.Abort:
        _constants().rich_abort_error()
        _as_json(words, said(TYPERS["ABORTED_TEXT"]), 1)
        sys.exit(1)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        _complain(error)
        code = getattr(error, "exit_code", 2)
        _as_json(words, error.format_message(), code)
        sys.exit(code)
    sys.exit(code if isinstance(code, int) else 0)


def _as_json(words: Sequence[str], text: str, code: int) -> None:
    """Print the error as a document where `--json` was given."""
    if "--json" in words:
        from twinfeed.harness.cli.output import print_error

        print_error(text, code)


def _complain(error: Any) -> None:
    """Print what is wrong with a command line."""
    screen = _constants()
    message = said(error.format_message())
    error.format_message = lambda: message
    if error.ctx is not None and spoken() != "en":
        _translate(error.ctx.command)
    screen.rich_format_error(error)


def _asked(words: Sequence[str]) -> str:
    """The language of `--lang`, empty without it."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word == "--lang":
            return after
        if word.startswith("--lang="):
            return word.partition("=")[2]
    return ""


def _constants() -> ModuleType:
    """Typer's module for helps and complaints, in the language of this process. A command that runs does without it."""
    screen = import_module("typer.rich_utils")
    for constant, text in TYPERS.items():
        setattr(screen, constant, said(text))
    return screen


def _all(command: Any) -> Iterator[Any]:
    """A command and those below it."""
    yield command
    for each in getattr(command, "commands", {}).values():
        yield from _all(each)


def _translate(command: Any) -> None:
    """Give a command's help and usage in the language of this process."""
    for each in (command, *command.params):
        if each.help:
            each.help = "\n\n".join(map(said, paragraphs(each.help)))
        if panel := getattr(each, "rich_help_panel", None):
            each.rich_help_panel = said(panel)
    usage = type(command).get_usage
    command.get_usage = lambda ctx: said(usage(command, ctx))
    option = command.get_help_option
    command.get_help_option = lambda ctx: _helped(option(ctx))


def _helped(option: Any) -> Any:
    """The option `--help`, which Typer makes itself."""
    if option is not None:
        option.help = said(option.help)
    return option


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a help, each as one line: these are texts of the catalogue."""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
