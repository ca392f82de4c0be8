"""A reader of a page of the manual, who types its commands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from wheels import without_the_runner_s

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


def loose(text: str) -> str:
    for pattern, word in LOOSE:
        text = re.sub(pattern, word, text)
    return text.strip()


def shown(answer: str) -> re.Pattern[str]:
    """A pattern for the answer as the page shows it: its lines in their order, `…` for anything."""
    parts = [loose(part) for part in answer.split("…")]
    return re.compile(".*".join(re.escape(part) for part in parts))
