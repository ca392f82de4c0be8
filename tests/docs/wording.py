"""Rules of wording for docstrings and comments, and the places in the code that break them.

`python tests/docs/wording.py [PATH ...]` lists these places.

A docstring names its subject: a noun, or a verb for an action. It does not begin with a relative clause ("What the unit
answers"). Programs log, return, send and raise; they do not speak, listen or watch as persons do.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

FIRST = re.compile(r"(What|How|Whether|Who|Whoever|Where|The one|The same|Those|That)\b")
"""First words of a docstring that has no noun as its subject."""

COMMENT = re.compile(r"(what|how|whether|who|the one)\b", re.IGNORECASE)
"""First words of a comment without a subject."""

SPEAKS = re.compile(
    r"\b(tell(s|ing)?|told|say(s|ing)?|said|look(s|ed|ing)?(?!(ed)?[ -]up)|hear(s|d|ing)?)\b", re.IGNORECASE
)
"""Verbs of persons. A look-up is a term of the field."""

CODE = re.compile(r"``?[^`]*``?|[A-Za-z_.]*_[A-Za-z_.]*|[A-Za-z_.]+\(|^ *from \S+ import .*|\"[^\"]*\"")
"""Names, calls and quotations in a text, which keep their words."""


def texts(source: str) -> Iterator[tuple[int, str, re.Pattern[str]]]:
    """Docstrings (of attributes too) and comments: line, text and the pattern of forbidden beginnings."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, text, FIRST
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#: -"), COMMENT


def breaches(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each place in a module that breaks a rule."""
    for first, text, beginning in texts(source):
        for line, part in enumerate(text.split("\n"), first):
            begins = part is text.split("\n")[0] and beginning.match(part.strip())
            if begins or SPEAKS.search(CODE.sub("", part)):
                yield line, part.strip()


def modules(paths: Iterable[Path]) -> Iterator[Path]:
    """These modules, and those in these folders, in the order of their names."""
    for path in paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


if __name__ == "__main__":
    for module in modules([Path(name) for name in sys.argv[1:]] or [ROOT]):
        for at, wording in breaches(module.read_text()):
            print(f"{module}:{at}: {wording}")
