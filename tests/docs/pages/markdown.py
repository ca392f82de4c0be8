"""Tables and texts in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

GENERATED = "<!-- `python -m tests.docs.pages` writes this page from the code. -->"


def cell(text: str) -> str:
    """A text that a table's cell shows to the letter: one line, no bars, no HTML, no markup but code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()).replace("|", r"\|"))
    return "".join(part if part.startswith("`") else _plain(part) for part in parts)


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([*_\[\]])", r"\\\1", text)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a docstring, each followed by an empty line."""
    return [line for part in text.split("\n\n") if part.strip() for line in (cell(part), "")]


def code(text: str) -> str:
    """A text as code, '' for an empty one."""
    return f"`{text}`" if text else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table, and an empty one; no lines without rows. Columns without any text are left out."""
    filled = [list(row) for row in rows]
    if not filled:
        return []
    kept = [n for n in range(len(heads)) if any(row[n] for row in filled)]
    lines = [[heads[n] for n in kept], ["---"] * len(kept), *([row[n] for n in kept] for row in filled)]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def joined(lines: Iterable[str]) -> str:
    """The text of a page, without two empty lines in a row."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
