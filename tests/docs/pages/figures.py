"""The page of figures: every public constant with a number in it, by the module that has it, from the source text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages.markdown import GENERATED, cell, code, joined, table

ROOT = Path(__file__).parents[3]

PARTS = {
    "emulators/plant": "The plant",
    "emulators/devices": "Devices",
    "emulators/wire": "Protocols",
    "hil_rigs": "Benches of real devices",
}
"""The folders whose figures are shown, and their headings."""

PLAIN = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Name, ast.Attribute,
         ast.expr_context, ast.operator, ast.unaryop)  # fmt: skip
"""The nodes of a figure: no calls, no comprehensions."""


def page() -> str:
    """The whole page."""
    lines = [
        GENERATED,
        "# Figures",
        "",
        "Constants of the models, with their sources: laws, standards, data sheets, and what is assumed. What a site or rig file",
        "can change is on the pages of [kinds](kinds/index.md) and [rig files](rig-file.md), ranges of faults on the page of",
        "[faults](faults.md).",
        "",
    ]
    for folder, heading in PARTS.items():
        lines += [f"## {heading}", ""]
        for module in sorted((ROOT / folder).rglob("*.py")):
            rows = list(_figures(module))
            if rows:
                lines += [
                    f"### `{module.relative_to(ROOT).as_posix()}`",
                    "",
                    *table(("figure", "value", "what it is"), rows),
                ]
    return joined(lines)


def _figures(module: Path) -> Iterator[tuple[str, str, str]]:
    """The constants of a module: name, expression, and the docstring that follows them (several may share one)."""
    body = ast.parse(module.read_text(encoding="utf-8")).body
    for place, statement in enumerate(body):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        public = isinstance(target, ast.Name) and target.id.isupper() and target.id[0] != "_"
        if public and value is not None and _has_a_number(value):
            yield code(ast.unparse(target)), code(ast.unparse(value).replace("|", r"\|")), _doc(body[place + 1 :])


def _has_a_number(value: ast.expr) -> bool:
    nodes = list(ast.walk(value))
    numbers = [n for n in nodes if isinstance(n, ast.Constant) and type(n.value) in (int, float)]
    return bool(numbers) and all(isinstance(node, PLAIN) for node in nodes)


def _doc(following: list[ast.stmt]) -> str:
    for statement in following:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            return cell(str(statement.value.value))
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            break
    return ""
