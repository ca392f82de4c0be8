"""docs/tutorials/first-test.md: its commands, run with an installed wheel in a fresh folder, answer what it shows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from wheels import without_the_runner_s

PAGE = (Path(__file__).parents[2] / "docs" / "tutorials" / "first-test.md").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[2]

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

LOOSE = (
    (r"\d+ (scenarios|different scenarios|more)", r"N \1"),
    (r"\(\d+ s\)", "(N s)"),
    (r"\d+(:\d+:\d+)?\.\d+", "N"),  # when batteries are empty, how long pytest takes
    (r"\s+", " "),
    (r"=+", ""),  # the width of pytest's lines
)


class Reader:
    """A reader who types the commands of the page in a shell, with the installed wheel."""

    def __init__(self, folder: Path, environment: Path) -> None:
        self.folder = folder
        self.environment = without_the_runner_s(environment) | {"COLUMNS": "120"}

    def types(self, command: str) -> str:
        """The command's answer; the reader is then in the folder it ends in."""
        run = subprocess.run(
            ["sh", "-c", f"{command}\ncode=$?\npwd > {self.folder}/.where 2>/dev/null || true\nexit $code"],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        where = self.folder / ".where"
        self.folder = Path(where.read_text().strip())
        where.unlink()
        assert "Traceback" not in run.stderr, run.stderr
        return run.stdout

    def mends(self, diff: str) -> None:
        """Change controller.py as the diff shows."""
        controller = self.folder / "controller.py"
        (old,), (new,) = (re.findall(rf"^\{sign}(.*\n)", diff, re.MULTILINE) for sign in "-+")
        assert controller.read_text().count(old) == 1, f"{old!r} is not in {controller}"
        controller.write_text(controller.read_text().replace(old, new))


@pytest.fixture
def reader(tmp_path: Path, environment: Path) -> Reader:
    return Reader(tmp_path, environment)


def loose(text: str) -> str:
    for pattern, word in LOOSE:
        text = re.sub(pattern, word, text)
    return text.strip()


def shown(answer: str) -> re.Pattern[str]:
    """A pattern for the answer as the page shows it: its lines in their order, `…` for anything."""
    parts = [loose(part) for part in answer.split("…")]
    return re.compile(".*".join(re.escape(part) for part in parts))


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
