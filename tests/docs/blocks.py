"""The blocks of code of the manual, each with a mark that names its test.

The mark of a block is a comment in the line above it:

    <!-- block: run -->                    its commands run one after the other in a folder of the page, and succeed
    <!-- block: file test_load.py -->      it is written to that file in the folder of the page
    <!-- block: site bamako -->            it runs while that site is up
    <!-- block: world bamako -->           it runs in a simulated world of that site, as the body of a test
    <!-- block: elsewhere tests/… -->      that test runs it
    <!-- block: hardware -->               it needs hardware, another computer or root; its commands and options exist

Without a mark Python runs, YAML and TOML are read, and other languages are shown: outputs, grammars, pictures.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(?:<!-- block: ([^\n]*) -->\n)?(```+)([^\n]*)\n(.*?)^\2 *$", re.DOTALL | re.MULTILINE)
DEFAULTS = {
    "python": "run",
    "yaml": "read",
    "toml": "read",
    "json": "read",
    "xml": "shown",
    "text": "shown",
    "diff": "shown",
}
KINDS = {"run", "file", "site", "world", "elsewhere", "hardware", "read", "shown"}
COMMANDS = {"", "sh", "console"}
"""Languages of blocks with commands."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page."""

    page: str
    line: int
    language: str
    mark: str
    text: str

    @property
    def kind(self) -> str:
        """The first word of the mark."""
        return self.mark.partition(" ")[0]

    @property
    def argument(self) -> str:
        """The rest of the mark."""
        return self.mark.partition(" ")[2]

    @property
    def place(self) -> str:
        """Page and line, for people."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """The command lines of a block for a shell, continuation lines joined; of a transcript those after `$`."""
        if self.language not in COMMANDS:
            return []
        text = self.text.replace("\\\n", " ")
        lines = [line.strip() for line in text.splitlines()]
        if any(line.startswith("$ ") for line in lines):
            return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line and not line.startswith("#")]


def pages() -> list[Path]:
    """All Markdown pages, those beside the manual too. The pages of kinds have no commands."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks() -> Iterator[Block]:
    """Every block of code of every page but directives of Sphinx."""
    for path in pages():
        page, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            mark, _, language, body = found.groups()
            if not language.startswith("{"):
                line = text[: found.start(2)].count("\n") + 1
                yield Block(page, line, language.strip(), mark or DEFAULTS.get(language.strip(), ""), body)


def words(command: str) -> list[list[str]]:
    """The words of each command of a line, up to a pipe or a redirection, variables before the command left out."""
    found: list[list[str]] = []
    for part in re.split(r" (?:&&|\|) ", command):
        given = shlex.split(part, comments=True)
        while given and re.fullmatch(r"\w+=\S*", given[0]):
            given = given[1:]
        ends = [n for n, word in enumerate(given) if word in (">", "<")]
        if given:
            found.append(given[: ends[0]] if ends else given)
    return found
