"""MIB modules compiled by pysmi: what each OID is, its syntax, values, range, units and access.

pysmi is an extra (`pip install twinfeed[mib]`). Nothing is downloaded: modules are searched in the folders given,
those that define the language itself also in `twinfeed.harness.characterise.drafting.basemodules`.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinfeed.harness.characterise.drafting.basemodules import TEXTS

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

ENUMERATIONS: dict[str, dict[str, int]] = {
    "TruthValue": {"true": 1, "false": 2},
    "RowStatus": {
        "active": 1, "notInService": 2, "notReady": 3, "createAndGo": 4, "createAndWait": 5, "destroy": 6,
    },
    "StorageType": {"other": 1, "volatile": 2, "nonVolatile": 3, "permanent": 4, "readOnly": 5},
}  # fmt: skip
"""Of the textual conventions in SNMPv2-TC (RFC 2579)."""

LANGUAGE = ("RFC-1212", "RFC-1215", "RFC1155-SMI", "SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF")
"""Modules that define the language itself; pysmi knows them."""

FOLDERS = ("/usr/share/snmp/mibs", "/usr/share/snmp/mibs/ietf", "/usr/share/snmp/mibs/iana", "/var/lib/mibs/ietf")
"""Folders in which net-snmp and Debian's snmp-mibs-downloader keep modules; searched after the folders given."""


class MibError(Exception):
    """A module is missing. The message gives the module, the reason and the next step."""


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
    labels: Mapping[str, int]
    """Of an enumeration, empty otherwise."""
    low: float
    high: float
    units: str = ""
    description: str = ""

    @property
    def values(self) -> frozenset[int]:
        """The numbers of an enumeration, empty otherwise."""
        return frozenset(self.labels.values())


class Mibs:
    """The objects of compiled modules, given by module and symbol as pysmi's JSON."""

    def __init__(self, modules: dict[str, dict[str, Any]]) -> None:
        self.modules = modules
        self.nodes: dict[tuple[int, ...], Node] = {}
        self.names: dict[tuple[int, ...], str] = {}
        """The OIDs of all names, also of groups and tables."""
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
        oid = tuple(map(int, symbol["oid"].split(".")))
        self.names[oid] = symbol["name"]
        kind = symbol.get("nodetype", symbol.get("class"))
        if kind == "notificationtype":
            kind = "notification"
        if kind not in ("scalar", "column", "notification"):
            return
        type, labels, low, high = self._syntax(symbol.get("syntax", {}))
        self.nodes[oid] = Node(
            module,
            symbol["name"],
            kind,
            type,
            symbol.get("maxaccess", ""),
            labels,
            low,
            high,
            symbol.get("units", ""),
            " ".join(symbol.get("description", "").split()),
        )

    def _syntax(self, syntax: dict[str, Any]) -> tuple[str, Mapping[str, int], float, float]:
        """A syntax, through any textual conventions, down to its base type."""
        labels: Mapping[str, int] = {}
        low, high = float("-inf"), float("inf")
        name = ""
        for _ in range(8):
            name = syntax.get("type", "")
            constraints = syntax.get("constraints", {})
            if not labels:
                labels = constraints.get("enumeration", {})
            ranges = constraints.get("range", [])
            if ranges and low == float("-inf"):
                low, high = min(r["min"] for r in ranges), max(r["max"] for r in ranges)
            convention = self._convention(name)
            if name in TYPES or convention is None:
                break
            syntax = convention
        if "bits" in syntax or name in ("Bits", "BITS"):
            labels = {}
        return TYPES.get(name, ""), labels or ENUMERATIONS.get(name, {}), low, high

    def _convention(self, name: str) -> dict[str, Any] | None:
        for symbols in self.modules.values():
            symbol = symbols.get(name)
            if isinstance(symbol, dict) and symbol.get("class") in ("textualconvention", "type"):
                convention: dict[str, Any] = symbol["type"]
                return convention
        return None


def compiled(folders: Iterable[Path], names: Iterable[str] = (), texts: bool = False) -> dict[str, dict[str, Any]]:
    """The named modules and their imports, or every module of the folders; with their descriptions if `texts`.

    What does not compile is left out.

    Raises:
        MibError: pysmi is not installed, or a module that is asked for by name cannot be had.
    """
    try:
        from pysmi.codegen import JsonCodeGen
        from pysmi.compiler import MibCompiler
        from pysmi.parser import SmiV1CompatParser
        from pysmi.reader import CallbackReader, FileReader
        from pysmi.searcher import StubSearcher
        from pysmi.writer import CallbackWriter
    except ImportError:
        raise MibError("MIB modules are read by pysmi, which is not installed: pip install twinfeed[mib]") from None
    places = list(folders)
    wanted = list(names) or sorted(path.name for folder in places for path in folder.iterdir())
    modules: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        compiler = MibCompiler(
            SmiV1CompatParser(tempdir=scratch),
            JsonCodeGen(),
            CallbackWriter(lambda name, text, _: modules.__setitem__(name, json.loads(text))),
        )
        shipped = CallbackReader(lambda name, _: TEXTS.get(name, ""))
        compiler.add_sources(*(FileReader(str(folder)) for folder in places), shipped)
        compiler.add_searchers(StubSearcher(*LANGUAGE))
        states = compiler.compile(*wanted, genTexts=texts, ignoreErrors=True)
    for name in names:
        if name not in modules:
            raise MibError(_why_not(name, states, places))
    return modules


GET = (
    "Modules of the IETF are in Debian's package snmp-mibs-downloader (non-free; then run download-mibs), "
    "a maker's own on its website; --mib-dir names the folder they are in"
)


def _why_not(name: str, states: Mapping[str, Any], places: Sequence[Path]) -> str:
    """The reason why pysmi did not compile a module, and the next step."""
    looked = f"looked in {', '.join(map(str, places)) or 'no folder'}"
    state = states.get(name, "missing")
    cause = str(getattr(state, "error", "") or "")
    absent = re.search(r'no module "([^"]+)" in symbolTable', cause)
    if absent is not None:
        others = sorted(
            each for each, status in states.items() if status == "missing" and each not in (absent[1], name)
        )
        also = f" ({', '.join(others)} {'is' if len(others) == 1 else 'are'} not there either)" if others else ""
        return f"module {name} imports {absent[1]}, which is missing{also}; {looked}. {GET}"
    if state == "missing":
        return f"module {name} is missing; {looked}. {GET}"
    return f"module {name} cannot be compiled: {' '.join(cause.split()) or state}; {looked}"
