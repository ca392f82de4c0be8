"""Mutations by the operators of cosmic-ray, where it is installed (the extra `score`)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random

OPERATORS = (
    "ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt", "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Div", "ReplaceBinaryOperator_Div_Mul", "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_USub_UAdd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer",
    "NumberReplacer", "ZeroIterationForLoop",
)  # fmt: skip
"""The operators that are taken: those that are not made here already, and that controllers are likely to suffer."""


def installed() -> bool:
    """True if cosmic-ray can be imported."""
    return find_spec("cosmic_ray") is not None


def mutated(path: Path, source: str, most: int, seed: int) -> Iterator[tuple[str, Path, range, str]]:
    """At most so many mutations of a file, drawn from the seed: operator, file, changed lines, new text. None if
    cosmic-ray is not installed.
    """
    if not most or not installed():
        return
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    nodes = list(ast_nodes(get_ast(source)))
    places: list[tuple[str, int, range]] = []
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        positions = [position for node in nodes for position in operator.mutation_positions(node)]
        places += [(name, n, range(start[0], end[0] + 1)) for n, (start, end) in enumerate(positions)]
    Random(f"{seed}/{path.name}").shuffle(places)
    for name, occurrence, lines in sorted(places[:most]):
        text = mutate_code(source, get_operator(f"core/{name}")(), occurrence)
        if text is not None:
            yield f"cosmic-ray {name}", path, lines, text
