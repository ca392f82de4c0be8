"""docs/tour.md and docs/install.md: their commands answer, from an installed wheel, what the pages show. The French pages have
the same commands and answers."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from reading import Reader, loose, shown

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def blocks(page: str, language: str = "console") -> list[str]:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(page: str) -> list[tuple[str, str]]:
    """Each command of a page with the answer that the page shows."""
    return [found for text in blocks(page) for found in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)]


@contextmanager
def staying(reader: Reader, command: str, answer: str) -> Iterator[None]:
    """The command runs in the first terminal, until Ctrl-C."""
    with subprocess.Popen(
        ["sh", "-c", f"exec {command}"], cwd=reader.folder, env=reader.environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            said = ""
            while not shown(answer).fullmatch(loose(said)):
                line = process.stdout.readline()
                assert line, said
                said += line
            yield
        finally:
            process.terminate()


def test_every_command_of_the_tour_answers_what_it_shows(tmp_path: Path, environment: Path) -> None:
    reader = Reader(tmp_path, environment)
    reader.environment |= {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    given = [*commands("install"), *commands("tour")]
    (up,) = [n for n, (command, _) in enumerate(given) if command.startswith("twinfeed up")]
    (clear,) = [n for n, (command, _) in enumerate(given) if command == "twinfeed clear"]

    def take(some: list[tuple[str, str]]) -> None:
        for command, answer in some:
            found = reader.types(command)
            assert shown(answer).fullmatch(loose(found)), f"$ {command}\n{found}\nthe page shows:\n{answer}"

    take(given[:up])
    with staying(reader, *given[up]):
        take(given[up + 1 : clear + 1])
    take(given[clear + 1 :])


@pytest.mark.parametrize("page", ["install", "tour"])
def test_the_french_page_has_the_same_commands_and_answers(page: str) -> None:
    for language in ("console", "sh"):
        assert blocks(f"{page}.fr", language) == blocks(page, language)


@pytest.mark.parametrize("page", ["install", "install.fr"])
def test_the_page_names_every_extra_and_no_other(page: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = (DOCS / f"{page}.md").read_text(encoding="utf-8").partition("| extra |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(project["optional-dependencies"])
