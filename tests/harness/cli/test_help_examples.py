"""Every example in the help of a command is taken, to the letter: on the Bamako site where it needs a running one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from terminal import running_up
from typer.testing import CliRunner

from twinfeed.harness.cli import app

NEEDS_NOTHING = {"check", "faults", "kinds", "points", "profiles", "schema", "sites"}
"""Commands whose examples run at once, without a site or files."""

ON_A_SITE = {"clear", "deeds", "devices", "do", "fault", "faults", "points", "read", "status", "write"}
"""Commands whose examples talk to a running site."""


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that lead to it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands(typer.main.get_command(app)))

EXAMPLES = [
    (path, line.removeprefix("Example: ").strip())
    for path, command in ALL.items()
    for line in map(str.strip, (command.help or "").splitlines())
    if re.match(r"(Example: )?twinfeed ", line)
]


def words(line: str) -> list[str]:
    """The arguments after `twinfeed`, up to a pipe or a redirection."""
    found = shlex.split(line, comments=True)[1:]
    ends = [n for n, word in enumerate(found) if word in ("|", ">", "&&")]
    return found[: ends[0]] if ends else found


def ids(examples: list[tuple[tuple[str, ...], str]]) -> list[str]:
    return [line.replace("twinfeed ", "", 1) for _, line in examples]


@pytest.mark.parametrize(("path", "line"), EXAMPLES, ids=ids(EXAMPLES))
def test_an_example_names_its_own_command_and_options_that_it_has(path: tuple[str, ...], line: str) -> None:
    given = words(line)
    while given[0] not in {part for known in ALL for part in known[:1]}:  # NAME=value before the command
        given = given[1:]
    found = next(known for known in ALL if tuple(given[: len(known)]) == known)
    command = ALL[found]
    with command.make_context(" ".join(found), list(given[len(found) :]), resilient_parsing=True) as context:
        command.make_parser(context).parse_args(given[len(found) :])  # NoSuchOption, if there is none


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_an_example(path: tuple[str, ...]) -> None:
    assert [line for known, line in EXAMPLES if known == path]


OFFLINE = [(path, line) for path, line in EXAMPLES if path[0] in NEEDS_NOTHING - ON_A_SITE and "my-" not in line]


@pytest.mark.parametrize(("path", "line"), OFFLINE, ids=ids(OFFLINE))
def test_an_example_that_needs_no_site_works(path: tuple[str, ...], line: str) -> None:
    ran = CliRunner().invoke(app, words(line))
    assert ran.exit_code == 0, ran.output


@pytest.fixture(scope="module")
def bamako(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The site alone in a folder for control sockets."""
    runtime = tmp_path_factory.mktemp("bamako")
    with running_up(runtime, "bamako"):
        yield runtime


ON_BAMAKO = [(path, line) for path, line in EXAMPLES if path[0] in ON_A_SITE]


@pytest.mark.parametrize(("path", "line"), ON_BAMAKO, ids=ids(ON_BAMAKO))
def test_an_example_on_a_running_site_works(
    path: tuple[str, ...], line: str, bamako: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bamako))
    ran = CliRunner().invoke(app, words(line))
    expected = (
        (0, 1) if path[0] in ("do", "status") else (0,)
    )  # 1: an alarm is active; the deed was refused, with its reason
    assert ran.exit_code in expected, ran.output
