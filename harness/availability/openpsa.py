"""Fault trees as files of the Open-PSA model exchange format (version 2.0d, the dialect of SCRAM and XFTA).

Read are fault trees with their gates, house events and basic events whose probability is a number, a parameter, or
`exponential` of a rate and a time. Anything else is an error that names its place. Names are global.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.failures import OnDemand
from twinfeed.harness.availability.tree import (
    AtLeast,
    Constant,
    Formula,
    Named,
    Not,
    Tree,
    every,
    names,
    some,
)

LARGEST_BYTES = 64 << 20
"""The largest file that is read."""


@dataclass
class _Element:
    """An element with the line on which it begins."""

    tag: str
    given: Mapping[str, str]
    line: int
    below: list[_Element] = field(default_factory=list)


def read(files: Iterable[Path], top: str | None = None) -> Tree:
    """The tree of these files together. The top is the only gate that no other names, or the one that is given.

    Raises:
        TreeError: a file cannot be read or is not such a file, or there is not one sound tree; the message names file
            and line.
    """
    model = _Model()
    for file in files:
        model.add(file)
    return model.tree(top)


def write(tree: Tree, file: Path) -> None:
    """Write a tree so that SCRAM and XFTA read it, with the present unavailability of each failure."""
    root = ElementTree.Element("opsa-mef")
    defined = ElementTree.SubElement(root, "define-fault-tree", name=tree.top)
    for name in reversed(tree.order()):
        _written(tree.gates[name], ElementTree.SubElement(defined, "define-gate", name=name), tree)
    data = ElementTree.SubElement(root, "model-data")
    for name, failure in tree.failures.items():
        event = ElementTree.SubElement(data, "define-basic-event", name=name)
        ElementTree.SubElement(event, "float", value=repr(failure.unavailability))
    ElementTree.indent(root)
    file.write_text(ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n", encoding="utf-8")


def plainly_named(tree: Tree) -> Tree:
    """The tree with names of letters, digits, - and _ alone, which SCRAM asks for: other signs become _.

    Raises:
        TreeError: two names become the same.
    """
    new: dict[str, str] = {}
    for name in (*tree.gates, *tree.failures):
        plain = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9_-]", "_", name)).strip("-_")
        if plain in new.values():
            raise TreeError(f"{name!r} and another name both become {plain!r}")
        new[name] = plain

    def renamed(formula: Formula) -> Formula:
        if isinstance(formula, Named):
            return Named(new[formula.name])
        if isinstance(formula, Not):
            return Not(renamed(formula.of))
        if isinstance(formula, AtLeast):
            return AtLeast(formula.least, tuple(renamed(part) for part in formula.of))
        return formula

    gates = {new[name]: renamed(formula) for name, formula in tree.gates.items()}
    return Tree(new[tree.top], gates, {new[name]: failure for name, failure in tree.failures.items()})


def _written(formula: Formula, under: ElementTree.Element, tree: Tree) -> None:
    if isinstance(formula, Named):
        kind = "basic-event" if formula.name in tree.failures else "gate"
        ElementTree.SubElement(under, kind, name=formula.name)
    elif isinstance(formula, Constant):
        ElementTree.SubElement(under, "constant", value=str(formula.value).lower())
    elif isinstance(formula, Not):
        _written(formula.of, ElementTree.SubElement(under, "not"), tree)
    elif len(formula.of) == 1 and formula.least == 1:
        _written(formula.of[0], under, tree)
    elif formula.least <= 0 or formula.least > len(formula.of):
        _written(Constant(formula.least <= 0), under, tree)
    else:
        tag = {1: "or", len(formula.of): "and"}.get(formula.least, "atleast")
        group = ElementTree.SubElement(under, tag, {"min": str(formula.least)} if tag == "atleast" else {})
        for part in formula.of if tag == "atleast" else dict.fromkeys(formula.of):  # SCRAM refuses the same one twice
            _written(part, group, tree)


class _Model:
    """Definitions of the files so far."""

    def __init__(self) -> None:
        self.gates: dict[str, Formula] = {}
        self._data: dict[str, tuple[_Element, Path]] = {}
        self._parameters: dict[str, tuple[_Element, Path]] = {}
        self._house: dict[str, bool] = {}
        self._where: dict[str, str] = {}

    def add(self, file: Path) -> None:
        """Add the definitions of a file."""
        root = _parsed(file)
        if root.tag != "opsa-mef":
            raise TreeError(f"{file}:{root.line}: the outermost element is <{root.tag}>, expected <opsa-mef>")
        self._add(root, file)

    def _add(self, element: _Element, file: Path) -> None:
        for part in element.below:
            if part.tag in ("define-fault-tree", "define-component", "model-data"):
                self._add(part, file)
            elif part.tag == "define-gate":
                name = self._defined(part, file)
                self.gates[name] = _formula(_only(part, file), file)
            elif part.tag == "define-basic-event":
                self._data[self._defined(part, file)] = (part, file)
            elif part.tag == "define-parameter":
                self._parameters[self._defined(part, file)] = (part, file)
            elif part.tag == "define-house-event":
                self._house[self._defined(part, file)] = _truth(_only(part, file), file)
            elif part.tag not in _WORDS:
                raise TreeError(
                    f"{file}:{part.line}: <{part.tag}> is not read here, expected a definition of a fault tree"
                )

    def _defined(self, element: _Element, file: Path) -> str:
        name = _given(element, "name", file)
        if name in self._where:
            raise TreeError(f"{file}:{element.line}: {name!r} is defined twice, first at {self._where[name]}")
        self._where[name] = f"{file}:{element.line}"
        return name

    def tree(self, top: str | None) -> Tree:
        """The tree below the top."""
        gates = {name: self._with_houses(formula) for name, formula in self.gates.items()}
        if top is None:
            named = {name for formula in gates.values() for name in names(formula)}
            tops = [name for name in gates if name not in named]
            if len(tops) != 1:
                found = ", ".join(tops) or "none"
                raise TreeError(f"gates that no other names: {found}; expected one, or the top event's name (--top)")
            (top,) = tops
        failures = {name: OnDemand(self._probability(*place)) for name, place in self._data.items()}
        return Tree(top, gates, failures)

    def _with_houses(self, formula: Formula) -> Formula:
        if isinstance(formula, Named) and formula.name in self._house:
            return Constant(self._house[formula.name])
        if isinstance(formula, Not):
            return Not(self._with_houses(formula.of))
        if isinstance(formula, AtLeast):
            return AtLeast(formula.least, tuple(self._with_houses(part) for part in formula.of))
        return formula

    def _probability(self, element: _Element, file: Path) -> float:
        p = self._number(_only(element, file), file, ())
        if not 0.0 <= p <= 1.0:
            raise TreeError(f"{file}:{element.line}: the probability is {p:g}, expected 0 to 1")
        return p

    def _number(self, element: _Element, file: Path, within: tuple[str, ...]) -> float:
        if element.tag in ("float", "int"):
            text = _given(element, "value", file)
            try:
                value = float(text)
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                raise TreeError(f"{file}:{element.line}: value={text!r}, expected a number")
            return value
        if element.tag == "parameter":
            name = _given(element, "name", file)
            if name in within:
                raise TreeError(f"{file}:{element.line}: parameter {name!r} depends on itself")
            if name not in self._parameters:
                raise TreeError(f"{file}:{element.line}: parameter {name!r} is not defined")
            inner, place = self._parameters[name]
            return self._number(_only(inner, place), place, (*within, name))
        if element.tag == "exponential" and len(element.below) == 2:
            rate, time = (self._number(part, file, within) for part in element.below)
            return -math.expm1(-rate * time)
        raise TreeError(
            f"{file}:{element.line}: <{element.tag}> is not read here, expected <float>, <parameter> or <exponential>"
        )


_WORDS = ("label", "attributes")
"""Elements for readers alone."""

_GROUPS: dict[str, Callable[[tuple[Formula, ...]], Formula]] = {
    "and": lambda of: every(*of),
    "or": lambda of: some(*of),
    "nand": lambda of: Not(every(*of)),
    "nor": lambda of: Not(some(*of)),
}


def _formula(element: _Element, file: Path) -> Formula:
    if element.tag in ("event", "gate", "basic-event", "house-event"):
        return Named(_given(element, "name", file))
    if element.tag == "constant":
        return Constant(_truth(element, file))
    of = tuple(_formula(part, file) for part in element.below if part.tag not in _WORDS)
    if element.tag == "atleast":
        least = _given(element, "min", file)
        if not least.isdecimal() or not 0 < int(least) <= len(of):
            raise TreeError(f"{file}:{element.line}: min={least!r} of {len(of)}, expected 1 to {len(of)}")
        return AtLeast(int(least), of)
    if element.tag in _GROUPS and of:
        return _GROUPS[element.tag](of)
    if element.tag == "not" and len(of) == 1:
        return Not(of[0])
    if element.tag == "xor" and len(of) == 2:
        return some(every(of[0], Not(of[1])), every(Not(of[0]), of[1]))
    known = "and, or, atleast, not (of one), xor (of two), nand, nor, event"
    raise TreeError(f"{file}:{element.line}: <{element.tag}> of {len(of)} is not read here, expected one of {known}")


def _truth(element: _Element, file: Path) -> bool:
    text = _given(element, "value", file)
    if element.tag != "constant" or text not in ("true", "false"):
        raise TreeError(f"{file}:{element.line}: <{element.tag} value={text!r}>, expected <constant> true or false")
    return text == "true"


def _only(element: _Element, file: Path) -> _Element:
    parts = [part for part in element.below if part.tag not in _WORDS]
    if len(parts) != 1:
        raise TreeError(f"{file}:{element.line}: <{element.tag}> holds {len(parts)} elements, expected 1")
    return parts[0]


def _given(element: _Element, name: str, file: Path) -> str:
    if not element.given.get(name):
        raise TreeError(f"{file}:{element.line}: <{element.tag}> has no {name!r}")
    return element.given[name]


def _parsed(file: Path) -> _Element:
    try:
        size = file.stat().st_size
        text = file.read_bytes() if size <= LARGEST_BYTES else b""
    except OSError as error:
        raise TreeError(f"{file}: {error.strerror}") from None
    if size > LARGEST_BYTES:
        raise TreeError(f"{file}: {size} octets, expected {LARGEST_BYTES} at most")
    parser = expat.ParserCreate()
    outermost = _Element("", {}, 0)
    open_elements = [outermost]

    def begin(tag: str, given: dict[str, str]) -> None:
        element = _Element(tag, given, parser.CurrentLineNumber)
        open_elements[-1].below.append(element)
        open_elements.append(element)

    def end(tag: str) -> None:
        open_elements.pop()

    def entity(*_: object) -> None:
        raise TreeError(f"{file}:{parser.CurrentLineNumber}: the file defines an XML entity, which is not read here")

    parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = begin, end, entity
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise TreeError(f"{file}:{error.lineno}: not XML: {expat.errors.messages[error.code]}") from None
    return outermost.below[0]
