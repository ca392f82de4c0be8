"""Every number that a command takes has a range, and what is outside ends in one line."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from twinfeed.harness.cli.app import app


def commands(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in getattr(found, "commands", {}).items():
        yield from commands(command, (*path, name))
    if not hasattr(found, "commands"):
        yield path, found


NUMBERS = [
    pytest.param(path, option, id=f"{' '.join(path)} {option.name}")
    for path, command in commands(typer.main.get_command(app))
    for option in command.params
    if option.type_descriptor.annotation in (int, float)
]


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return " ".join((result.output + result.stderr).replace("│", " ").split())


def test_there_are_numbers() -> None:
    assert len(NUMBERS) >= 10
    assert inspect.isfunction(commands)


@pytest.mark.parametrize(("path", "option"), NUMBERS)
def test_a_number_has_a_lowest_and_a_highest_value(path: tuple[str, ...], option: Any) -> None:
    assert option.min is not None
    assert option.max is not None


@pytest.mark.parametrize(("path", "option"), NUMBERS)
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "9" * 400])
def test_what_no_range_has_is_refused(path: tuple[str, ...], option: Any, value: str) -> None:
    if not option.opts[0].startswith("-"):
        pytest.skip("an argument, which needs the ones before it")
    assert option.opts[0] in refused(*path, option.opts[0], value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--speed", "0"), "greater than or equal to 0.001"),
        (("--speed", "1e9"), "less than or equal to 10000"),
        (("--ports", "99999999999"), "expected standard, high or a port number from 1 to 65535"),
        (("--ports", "²"), "expected standard, high or a port number from 1 to 65535"),
        (("--ports", "0"), "expected standard, high or a port number from 1 to 65535"),
        (("--ports", "20000", "--address", "localhost"), "expected an IP address such as 127.0.0.1"),
        (("--address", "127.0.0.5"), "needs a run of ports: --ports 20000"),
        (("--ports", "20000", "--address", "192.0.2.1"), "to let others reach the devices, add --expose"),
        (("--ports", "20000", "--address", "everyone", "--expose"), "expected an IP address"),
        (("--ports", "20000", "--expose"), "expected --address with the interface address"),
        (("--address", "192.0.2.1", "--expose"), "needs a run of ports: --ports 20000"),
        (("--stop-after", "soon"), "expected a time such as 90, 30s, 15min"),
    ],
)
def test_up_refuses_what_it_could_not_serve(arguments: tuple[str, ...], says: str) -> None:
    assert says in refused("up", "bench", *arguments)
