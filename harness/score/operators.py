"""Mistakes of control logic as operators on source text: each finds its places in a syntax tree.

An operator is a function of one node that yields replacements: the node that is replaced, and the new text. Only that
text changes, so the difference of a mutant is as small as the mistake.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

Replacement = tuple[ast.expr | ast.stmt, str]
"""The node that is replaced, and its new text."""

Operator = Callable[[ast.AST], Iterator[Replacement]]

SWAPPED: Mapping[type[ast.cmpop], str] = {
    ast.Lt: ">", ast.Gt: "<", ast.LtE: ">=", ast.GtE: "<=", ast.Eq: "!=", ast.NotEq: "==",
}  # fmt: skip

SCALES = (10, 60, 100, 1000, 3600)
"""Factors between the units of registers, manuals and programs."""

TIMES = re.compile(r"_(s|min|h|ms)$", re.IGNORECASE)
UNITS = re.compile(r"_(s|min|h|ms|kw|kva|w|v|volts|a|amps|hz|hertz|c|k|percent|l|l_s|bar|kpa|m3_s)$", re.IGNORECASE)
"""Endings of names that hold a quantity."""

RETRIES = re.compile(r"(tries|retries|attempts)$", re.IGNORECASE)


def swapped_comparison(node: ast.AST) -> Iterator[Replacement]:
    """`<` for `>`."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPPED:
        yield node, f"{_in(node.left)} {SWAPPED[type(node.ops[0])]} {_in(node.comparators[0])}"


def lost_hysteresis(node: ast.AST) -> Iterator[Replacement]:
    """A wait is over at once, or a switch goes off where it goes on."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.GtE, ast.Gt)):
        if TIMES.search(_name(node.left)) or TIMES.search(_name(node.comparators[0])):
            yield node, "True"
    elif isinstance(node, ast.IfExp) and all(_is_level(branch) for branch in (node.body, node.orelse)):
        yield node, f"({ast.unparse(node.body)})"
        yield node, f"({ast.unparse(node.orelse)})"


def dropped_retry(node: ast.AST) -> Iterator[Replacement]:
    """The second attempt never comes."""
    for name, value in _named_numbers(node):
        if RETRIES.search(name) and isinstance(value.value, int) and value.value > 1:
            yield value, "1"
    if isinstance(node, (ast.For, ast.AsyncFor)) and isinstance(node.iter, ast.Call):
        call = node.iter
        if isinstance(call.func, ast.Name) and call.func.id == "range" and len(call.args) == 1:
            yield call, "range(1)"
    if isinstance(node, ast.ExceptHandler):
        for inner in node.body:
            if isinstance(inner, ast.Continue):
                yield inner, "break"


def stale_value(node: ast.AST) -> Iterator[Replacement]:
    """A value is computed and not kept: the one before stays."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__":
        for inner in _statements(node):
            kept = isinstance(inner, ast.Assign) and all(
                isinstance(target, ast.Attribute | ast.Subscript) for target in inner.targets
            )
            if isinstance(inner, ast.Assign) and kept:
                yield inner, f"_stale = {ast.unparse(inner.value)}"


def wrong_unit(node: ast.AST) -> Iterator[Replacement]:
    """A factor between units is left out, or a limit is typed in another unit."""
    scaled = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
    if isinstance(node, ast.BinOp) and scaled and isinstance(node.right, ast.Constant) and node.right.value in SCALES:
        yield node, _in(node.left)
    for name, value in _named_numbers(node):
        if UNITS.search(name) and value.value:
            yield value, f"{ast.unparse(value)} {'/ 60' if TIMES.search(name) else '* 10'}"


def reversed_order(node: ast.AST) -> Iterator[Replacement]:
    """Two orders that follow each other change places; a list is gone through from its end."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        for first, second in pairwise(block) if isinstance(block, list) else ():
            if _is_order(first) and _is_order(second):
                yield first, ast.unparse(second)  # the second is replaced by `pair_of`
    if isinstance(node, ast.For | ast.AsyncFor) and isinstance(
        node.iter, ast.Attribute | ast.Name | ast.Tuple | ast.List
    ):
        yield node.iter, f"list({ast.unparse(node.iter)})[::-1]"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is_list(node.left) and _is_list(node.right):
        yield node, f"{_in(node.right)} + {_in(node.left)}"


def ignored_exception(node: ast.AST) -> Iterator[Replacement]:
    """An error is not raised, or nothing is done about it."""
    if isinstance(node, ast.Raise):
        yield node, "pass"
    if isinstance(node, ast.ExceptHandler) and not all(isinstance(inner, ast.Pass) for inner in node.body):
        for inner in node.body:
            if not isinstance(inner, ast.Pass | ast.Raise | ast.Continue):
                yield inner, "pass"


def dropped_order(node: ast.AST) -> Iterator[Replacement]:
    """An order is not sent."""
    if isinstance(node, ast.Expr) and _is_order(node) and not _is_word(node):
        yield node, "pass"


def negated_condition(node: ast.AST) -> Iterator[Replacement]:
    """`if not` for `if`."""
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Constant):
        yield node.test, f"(not {_in(node.test)})"


def and_for_or(node: ast.AST) -> Iterator[Replacement]:
    """`and` for `or`, and the other way round."""
    if isinstance(node, ast.BoolOp):
        word = " or " if isinstance(node.op, ast.And) else " and "
        yield node, f"({word.join(_in(value) for value in node.values)})"


def inverted_constant(node: ast.AST) -> Iterator[Replacement]:
    """True for False."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, str(not node.value)


OF_CONTROL: Mapping[str, Operator] = {
    "swapped-comparison": swapped_comparison,
    "lost-hysteresis": lost_hysteresis,
    "dropped-retry": dropped_retry,
    "stale-value": stale_value,
    "wrong-unit": wrong_unit,
    "reversed-order": reversed_order,
    "ignored-exception": ignored_exception,
    "dropped-order": dropped_order,
}
"""Mistakes that control logic is known for."""

GENERAL: Mapping[str, Operator] = {
    "negated-condition": negated_condition,
    "and-for-or": and_for_or,
    "inverted-constant": inverted_constant,
}
"""Mistakes of any program."""


def pair_of(operator: str, node: ast.AST, tree: ast.AST) -> ast.AST | None:
    """The statement after that one, with which `reversed-order` exchanges it; None for other replacements."""
    if operator != "reversed-order" or not isinstance(node, ast.Expr):
        return None
    for parent in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, None)
            if isinstance(block, list) and node in block:
                return block[block.index(node) + 1]  # type: ignore[no-any-return]  # a list of statements
    return None


def _in(node: ast.AST) -> str:
    """The text of an operand, in parentheses unless it is plain."""
    plain = isinstance(node, ast.Name | ast.Attribute | ast.Constant | ast.Call | ast.Subscript | ast.List | ast.Tuple)
    return ast.unparse(node) if plain else f"({ast.unparse(node)})"


def _name(node: ast.AST) -> str:
    """The last part of a name, '' for something else."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _named_numbers(node: ast.AST) -> Iterator[tuple[str, ast.Constant]]:
    """Numbers that get a name here: `LIMIT_S = 3.0`, `limit_s: float = 3.0`, `f(limit_s=3.0)`."""
    found: list[tuple[str, ast.AST | None]] = []
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        found = [(_name(node.targets[0]), node.value)]
    elif isinstance(node, ast.AnnAssign):
        found = [(_name(node.target), node.value)]
    elif isinstance(node, ast.keyword):
        found = [(node.arg or "", node.value)]
    elif isinstance(node, ast.arguments):
        found = list(zip([a.arg for a in node.args[len(node.args) - len(node.defaults) :]], node.defaults, strict=True))
    for name, value in found:
        if isinstance(value, ast.Constant) and type(value.value) in (int, float):
            yield name, value


def _is_level(node: ast.AST) -> bool:
    """A number, or the name of a constant."""
    return (isinstance(node, ast.Constant) and type(node.value) in (int, float)) or _name(node).isupper()


def _is_list(node: ast.AST) -> bool:
    return isinstance(node, ast.List | ast.ListComp)


def _is_order(node: object) -> bool:
    """A statement that calls something for its effect."""
    if not isinstance(node, ast.Expr):
        return False
    value = node.value.value if isinstance(node.value, ast.Await) else node.value
    return isinstance(value, ast.Call)


def _is_word(node: ast.AST) -> bool:
    """A line of a log: no order of the plant."""
    text = ast.unparse(node)
    return bool(re.match(r"(await )?(self\.)?_?(log|logger|logging|print)\b", text))


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements below a node, without those of functions inside it."""
    for field in ("body", "orelse", "finalbody", "handlers"):
        for inner in getattr(node, field, None) or ():
            if isinstance(inner, ast.stmt):
                yield inner
            if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _statements(inner)


def all_of(names: Sequence[str]) -> Mapping[str, Operator]:
    """The operators of these names; all if there is none."""
    known = {**OF_CONTROL, **GENERAL}
    return {name: known[name] for name in names} if names else known
