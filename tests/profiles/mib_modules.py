"""The MIB modules of the shared data, compiled by pysmi: what each OID is, its syntax, values, range and access."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pysmi.codegen import JsonCodeGen
from pysmi.compiler import MibCompiler
from pysmi.parser import SmiV1CompatParser
from pysmi.reader import FileReader
from pysmi.searcher import StubSearcher
from pysmi.writer import CallbackWriter

LANGUAGE = ("RFC-1212", "RFC-1215", "RFC1155-SMI", "SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF")
"""Modules that define the language itself; pysmi knows them."""

TYPES = {
    "INTEGER": "integer",
    "Integer32": "integer",
    "Integer": "integer",
    "OCTET STRING": "string",
    "OctetString": "string",
    "Bits": "string",
    "BITS": "string",
    "OBJECT IDENTIFIER": "oid",
    "ObjectIdentifier": "oid",
    "IpAddress": "ipaddress",
    "NetworkAddress": "ipaddress",
    "Counter": "counter32",
    "Counter32": "counter32",
    "Gauge": "gauge32",
    "Gauge32": "gauge32",
    "Unsigned32": "gauge32",
    "TimeTicks": "timeticks",
    "Opaque": "opaque",
    "Counter64": "counter64",
    # textual conventions of SNMPv2-TC and RFC 1213
    "DisplayString": "string",
    "PhysAddress": "string",
    "MacAddress": "string",
    "DateAndTime": "string",
    "TruthValue": "integer",
    "TestAndIncr": "integer",
    "RowStatus": "integer",
    "StorageType": "integer",
    "TimeInterval": "integer",
    "TimeStamp": "timeticks",
    "AutonomousType": "oid",
    "RowPointer": "oid",
    "VariablePointer": "oid",
    "InstancePointer": "oid",
    "TDomain": "oid",
    "TAddress": "string",
    # of modules that are not at hand: RMON2-MIB (RFC 2021), IANA-ENTITY-MIB
    "ZeroBasedCounter32": "gauge32",
    "PhysicalClass": "integer",
    "IANAPhysicalClass": "integer",
}

ENUMERATIONS = {"TruthValue": {1, 2}, "RowStatus": {1, 2, 3, 4, 5, 6}, "StorageType": {1, 2, 3, 4, 5}}
"""Of the textual conventions in SNMPv2-TC (RFC 2579)."""

UNSUPPORTED = {"PowerNet-MIB": -1}
"""What a product answers for an object it does not support, outside of the enumeration (the MIB's descriptions)."""


@dataclass(frozen=True)
class Node:
    """An object or notification of a MIB."""

    module: str
    name: str
    kind: str
    """scalar, column or notification."""
    type: str
    """As profiles write it, '' if unknown."""
    access: str
    values: frozenset[int]
    """Of an enumeration, empty otherwise."""
    low: float
    high: float


class Mibs:
    """All modules of a folder."""

    def __init__(self, folder: Path) -> None:
        self.modules: dict[str, dict[str, Any]] = _compiled(folder)
        self.nodes: dict[tuple[int, ...], Node] = {}
        for module in sorted(self.modules, key=lambda name: name != "RFC1213-MIB"):  # later modules supersede it
            for symbol in self.modules[module].values():
                if isinstance(symbol, dict) and "oid" in symbol:
                    self._note(module, symbol)

    def find(self, oid: tuple[int, ...]) -> tuple[Node, tuple[int, ...]] | None:
        """The object an instance belongs to, and what stands after its name."""
        for length in range(len(oid), 6, -1):
            node = self.nodes.get(oid[:length])
            if node is not None:
                return node, oid[length:]
        return None

    def _note(self, module: str, symbol: dict[str, Any]) -> None:
        kind = symbol.get("nodetype", symbol.get("class"))
        if kind == "notificationtype":
            kind = "notification"
        if kind not in ("scalar", "column", "notification"):
            return
        type, values, low, high = self._syntax(symbol.get("syntax", {}))
        oid = tuple(map(int, symbol["oid"].split(".")))
        self.nodes[oid] = Node(module, symbol["name"], kind, type, symbol.get("maxaccess", ""), values, low, high)

    def _syntax(self, syntax: dict[str, Any]) -> tuple[str, frozenset[int], float, float]:
        """A syntax, through any textual conventions, down to its base type."""
        values: frozenset[int] = frozenset()
        low, high = float("-inf"), float("inf")
        name = ""
        for _ in range(8):
            name = syntax.get("type", "")
            constraints = syntax.get("constraints", {})
            if not values:
                values = frozenset(constraints.get("enumeration", {}).values())
            ranges = constraints.get("range", [])
            if ranges and low == float("-inf"):
                low, high = min(r["min"] for r in ranges), max(r["max"] for r in ranges)
            convention = self._convention(name)
            if name in TYPES or convention is None:
                break
            syntax = convention
        if "bits" in syntax or name in ("Bits", "BITS"):
            values = frozenset()
        return TYPES.get(name, ""), values or frozenset(ENUMERATIONS.get(name, ())), low, high

    def _convention(self, name: str) -> dict[str, Any] | None:
        for symbols in self.modules.values():
            symbol = symbols.get(name)
            if isinstance(symbol, dict) and symbol.get("class") in ("textualconvention", "type"):
                convention: dict[str, Any] = symbol["type"]
                return convention
        return None


def _compiled(folder: Path) -> dict[str, dict[str, Any]]:
    """Every module that compiles, as pysmi's JSON; kept in the temporary folder until a module changes."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    kept = Path(tempfile.gettempdir()) / f"twinfeed-mibs-{digest.hexdigest()[:16]}.json"
    if kept.exists():
        known: dict[str, dict[str, Any]] = json.loads(kept.read_text())
        return known
    modules: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        compiler = MibCompiler(
            SmiV1CompatParser(tempdir=scratch),
            JsonCodeGen(),
            CallbackWriter(lambda name, text, _: modules.__setitem__(name, json.loads(text))),
        )
        compiler.add_sources(FileReader(str(folder)))
        compiler.add_searchers(StubSearcher(*LANGUAGE))
        compiler.compile(*sorted(path.name for path in folder.iterdir()), genTexts=False, ignoreErrors=True)
    part = kept.with_suffix(f".{hashlib.sha256(scratch.encode()).hexdigest()[:8]}")
    part.write_text(json.dumps(modules))
    part.replace(kept)
    return modules
