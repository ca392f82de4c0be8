"""Mutants of source files: copies with one mistake each."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from twinfeed.harness.score import cosmic
from twinfeed.harness.score.operators import GENERAL, OF_CONTROL, Operator, pair_of


@dataclass(frozen=True)
class Mutant:
    """A source file with one mistake. `lines` are those that the mistake changes, counted from 1 in the original."""

    operator: str
    path: Path
    lines: range
    source: str = field(repr=False)

    @property
    def name(self) -> str:
        """As it is written in reports: `transfer.py:42 swapped-comparison`."""
        return f"{self.path.name}:{self.lines.start} {self.operator}"

    def diff(self, root: Path) -> str:
        """The change as a unified diff without context, with the file's name relative to `root` where it is below."""
        before = self.path.read_text(encoding="utf-8")
        shown = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        changes = difflib.unified_diff(
            before.splitlines(), self.source.splitlines(), str(shown), str(shown), "", "", 0, ""
        )
        return "\n".join(changes)


def mutants(
    paths: Sequence[Path], operators: Mapping[str, Operator] | None = None, of_cosmic_ray: int = 0, seed: int = 0
) -> list[Mutant]:
    """All mutants of these files, in the order of files and lines. Two operators that make the same text make one.

    `of_cosmic_ray` adds so many mutants of each file by the operators of cosmic-ray, drawn from the seed, where it is
    installed (the extra `score`).
    """
    found: list[Mutant] = []
    for path in paths:
        source = path.read_text(encoding="utf-8")
        made = list(_of(path, source, {**OF_CONTROL, **GENERAL} if operators is None else operators))
        made += [Mutant(*mutated) for mutated in cosmic.mutated(path, source, of_cosmic_ray, seed)]
        found += {mutant.source: mutant for mutant in reversed(made)}.values()
    return sorted(found, key=lambda mutant: (str(mutant.path), mutant.lines.start, mutant.operator, mutant.source))


def drawn(found: Sequence[Mutant], most: int, seed: int) -> list[Mutant]:
    """At most so many of them: evenly from the operators, at random within each. Mutants that mean the same as their
    original are left out."""
    random, of, originals = Random(seed), dict[str, list[Mutant]](), _Originals()
    for mutant in found:
        of.setdefault(mutant.operator, []).append(mutant)
    for group in of.values():
        random.shuffle(group)
    chosen: list[Mutant] = []
    while len(chosen) < most and any(of.values()):
        for group in of.values():
            if group and len(chosen) < most and originals.differs(mutant := group.pop()):
                chosen.append(mutant)
    return sorted(chosen, key=lambda mutant: (str(mutant.path), mutant.lines.start, mutant.operator, mutant.source))


def _of(path: Path, source: str, operators: Mapping[str, Operator]) -> Iterator[Mutant]:
    tree, text = ast.parse(source), _Text(source)
    owners = dict(_owners(tree, tree))
    for node in ast.walk(tree):
        for name, operator in operators.items():
            for place, new in operator(node):
                pair = pair_of(name, place, tree)
                changes = [(place, new)] if pair is None else [(place, new), (pair, ast.unparse(place))]
                yield Mutant(name, path, _lines(owners[place]), text.replaced(changes))


def _owners(node: ast.AST, statement: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each node below that one with the statement that it belongs to."""
    here = node if isinstance(node, ast.stmt | ast.ExceptHandler) else statement
    yield node, here
    for inner in ast.iter_child_nodes(node):
        yield from _owners(inner, here)


def _lines(statement: ast.AST) -> range:
    """The lines of a statement; of a compound one those of its head."""
    body = getattr(statement, "body", None)
    first = int(getattr(statement, "lineno", 1))
    last = body[0].lineno - 1 if isinstance(body, list) else int(getattr(statement, "end_lineno", first))
    return range(first, max(first, last) + 1)


class _Originals:
    """The meanings of the original files."""

    def __init__(self) -> None:
        self._known: dict[Path, str | None] = {}

    def differs(self, mutant: Mutant) -> bool:
        """True if the mutant is a program that means something else than its original."""
        path = mutant.path
        if path not in self._known:
            self._known[path] = essence(path.read_text(encoding="utf-8"))
        return essence(mutant.source) not in (None, self._known[path])


def essence(source: str) -> str | None:
    """The meaning of a source text: its tree without annotations, docstrings and places. None if it is no Python."""
    try:
        tree = ast.parse(source)
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return ast.dump(_Bare().visit(tree))


class _Bare(ast.NodeTransformer):
    """Leaves out what does nothing: annotations and texts that stand alone."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return ast.Pass() if isinstance(node.value, ast.Constant) else self.generic_visit(node)


class _Text:
    """A source text in which nodes of its tree are replaced; columns of `ast` count octets of UTF-8."""

    def __init__(self, source: str) -> None:
        self._octets = source.encode()
        self._starts = [0]
        for line in self._octets.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def replaced(self, changes: Sequence[tuple[ast.AST, str]]) -> str:
        octets = self._octets
        for node, new in sorted(changes, key=lambda change: -self._at(change[0], "lineno", "col_offset")):
            start, end = self._at(node, "lineno", "col_offset"), self._at(node, "end_lineno", "end_col_offset")
            octets = octets[:start] + new.encode() + octets[end:]
        return octets.decode()

    def _at(self, node: ast.AST, line: str, column: str) -> int:
        return self._starts[int(getattr(node, line)) - 1] + int(getattr(node, column))
