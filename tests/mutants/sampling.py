"""Mutants: which there are of a module, and a random sample of those of a layer.

The operators are those of cosmic-ray. Its way of running them is not used: it changes files in place, runs all tests for
each mutant, and enumerates every mutant of the package first (docs/decisions/0028-mutants.md).
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache
from pathlib import Path
from random import Random

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

logging.getLogger("parso").setLevel(logging.WARNING)

NEEDS_ARGUMENTS = ("core/VariableInserter", "core/VariableReplacer")
"""Operators of cosmic-ray that want names of variables; they are not used."""


@dataclass(frozen=True)
class Mutant:
    """One change of one line."""

    module: str
    """Its path from the root."""
    operator: str
    occurrence: int
    """The number of the operator's position in the module, from 0."""
    line: int

    def code(self, root: Path) -> str:
        """The mutated module.

        Raises:
            ValueError: the operator has no such position there: the module has changed.
        """
        source = (root / self.module).read_text()
        mutated = mutate_code(source, cosmic_ray.plugins.get_operator(self.operator)(), self.occurrence)
        if mutated is None:
            raise ValueError(f"{self.module}: {self.operator} has no position {self.occurrence}")
        return str(mutated)

    def diff(self, root: Path) -> str:
        """The lines that are taken away and those that come in their place."""
        before, after = (root / self.module).read_text().splitlines(), self.code(root).splitlines()
        changed = list(unified_diff(before, after, lineterm="", n=0))[2:]
        return "\n".join(line for line in changed if not line.startswith("@@"))

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.operator.removeprefix('core/')} {self.occurrence}"


def mutants(module: str, root: Path) -> list[Mutant]:
    """All mutants of a module, annotations aside: they are not executed."""
    source = (root / module).read_text()
    tree = get_ast(source)
    nodes, silent = list(ast_nodes(tree)), _annotations(source)
    found = []
    for name in _operators():
        operator = cosmic_ray.plugins.get_operator(name)()
        positions = [p for node in nodes for p in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(positions):
            if not any(first <= start < last for first, last in silent):
                found.append(Mutant(module, name, occurrence, start[0]))
    return found


@cache
def _operators() -> tuple[str, ...]:
    return tuple(sorted(n for n in cosmic_ray.plugins.operator_names() if n not in NEEDS_ARGUMENTS))


def _annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The places of annotations, each from a line and column to another."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            found.append(node.returns)
    return [((e.lineno, e.col_offset), (e.end_lineno or 0, e.end_col_offset or 0)) for e in found]


def sample(modules: list[str], root: Path, seed: int) -> Iterator[Mutant]:
    """Mutants in random order, without end in sight: a module by its number of lines, then a line, then a change of it.

    No line comes twice.
    """
    random = Random(seed)
    sizes = [len((root / module).read_text().splitlines()) for module in modules]
    known: dict[str, list[Mutant]] = {}
    taken: set[tuple[str, int]] = set()
    while any(sizes):
        (module,) = random.choices(modules, sizes)
        if module not in known:
            known[module] = mutants(module, root)
        left = [mutant for mutant in known[module] if (module, mutant.line) not in taken]
        if not left:
            sizes[modules.index(module)] = 0
            continue
        line = random.choice(sorted({mutant.line for mutant in left}))
        taken.add((module, line))
        yield random.choice([mutant for mutant in left if mutant.line == line])
