"""docs/tutorials/first-test.md: its commands, run with an installed wheel in a fresh folder, answer what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reading import Reader, loose, shown

PAGE = (Path(__file__).parents[2] / "docs" / "tutorials" / "first-test.md").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def reader(tmp_path: Path, environment: Path) -> Reader:
    return Reader(tmp_path, environment)


def test_every_command_of_the_page_answers_what_it_shows(reader: Reader) -> None:
    executed = 0
    for language, text in BLOCKS:
        if language == "diff":
            reader.mends(text)
        if language != "console":
            continue
        for command, answer in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            found = reader.types(command)
            assert shown(answer).fullmatch(loose(found)), f"$ {command}\n{found}\nthe page shows:\n{answer}"
            executed += 1
    assert executed >= 8


def test_the_code_it_shows_is_that_of_the_starter_folder() -> None:
    (code,) = [text for language, text in BLOCKS if language == "python"]
    assert code in (ROOT / "harness/suite/files/test_failover.py").read_text(encoding="utf-8")


def test_what_is_not_run_is_the_installation_alone() -> None:
    assert [text.split("#")[0].strip() for language, text in BLOCKS if not language] == ["$ pip install ."]
