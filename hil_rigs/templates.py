"""Commands with the parameters of a fault in them: `VOLT {230*(100-depth)/100}`.

Between braces stand numbers, names of parameters, `+ - * /` and parentheses, and nothing else.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping

from twinfeed._phrases import Phrase

BRACES = re.compile(r"\{([^{}]*)\}")

LONGEST = 100
"""Characters between two braces; more is no simple arithmetic."""

OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def names(template: str) -> set[str]:
    """The parameters that a command takes.

    Raises:
        ValueError: braces that are not closed, or hold what is no simple arithmetic.
    """
    rest = BRACES.sub("", template)
    if "{" in rest or "}" in rest:
        raise ValueError(Phrase("found {template!r}, expected every {{ closed by a }} of its own", template=template))
    return {
        node.id for text in BRACES.findall(template) for node in ast.walk(_parsed(text)) if isinstance(node, ast.Name)
    }


def filled(template: str, parameters: Mapping[str, float]) -> str:
    """The command with its numbers worked out, to ten digits.

    Raises:
        ValueError: a parameter is missing, or the result is no number.
    """
    return BRACES.sub(lambda found: f"{_number(found[1], parameters):.10g}", template)


def _number(text: str, parameters: Mapping[str, float]) -> float:
    try:
        number = _value(_parsed(text), parameters)
    except KeyError as missing:
        given = ", ".join(parameters) or "none"
        raise ValueError(
            Phrase(
                "{{{text}}} needs the parameter {name}; given: {given}", text=text, name=missing.args[0], given=given
            )
        ) from None
    except (ZeroDivisionError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        shown = ", ".join(f"{name}={value:g}" for name, value in parameters.items())
        raise ValueError(
            Phrase("{{{text}}} is no number with {shown}", text=text, shown=shown or Phrase("no parameter"))
        )
    return number


def _parsed(text: str) -> ast.expr:
    wrong = Phrase(
        "found {{{text}}}, expected numbers and parameters with + - * / ( ), such as {{100-percent}}", text=text
    )
    if len(text) > LONGEST:
        raise ValueError(Phrase("{wrong}, of {longest} characters at most", wrong=wrong, longest=LONGEST))
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(wrong) from None
    for node in ast.walk(tree):
        number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if not number and not isinstance(node, _ALLOWED):
            raise ValueError(wrong)
    return tree


_ALLOWED = (ast.BinOp, ast.UnaryOp, ast.USub, ast.Name, ast.Load, *OPERATORS)


def _value(node: ast.expr, parameters: Mapping[str, float]) -> float:
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left, parameters), _value(node.right, parameters))
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, parameters)
    if isinstance(node, ast.Name):
        return float(parameters[node.id])
    assert isinstance(node, ast.Constant), "everything else has been refused"
    return float(str(node.value))
