"""SNMP agents and Modbus units as bad as real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twinfeed.emulators.wire.modbus import IllegalAddress, IllegalFunction, ModbusError
from twinfeed.harness.transports import NoAnswer
from twinfeed.harness.transports.snmp.messages import END_OF_MIB_VIEW, Asked, Operation, Response, VarBind, numbers

Answer = Callable[[str, int], Response]
"""Octets after an OID, for so many repetitions."""


def ordered(count: int, under: str = "1.3.6.1.4.1.9") -> dict[str, int]:
    """Variables `under`.1.0 and so on."""
    return {f"{under}.{n}.0": n for n in range(1, count + 1)}


def after(variables: Mapping[str, int], oid: str, repetitions: int) -> Response:
    """The answers of a good agent."""
    names = sorted((name for name in variables if numbers(name) > numbers(oid)), key=numbers)[: max(1, repetitions)]
    found = tuple(VarBind(name, variables[name], "integer") for name in names)
    return Response(0, 0, found or (VarBind(oid, END_OF_MIB_VIEW),))


class Scripted:
    """A session whose answers to GETNEXT and GETBULK a test decides; a SET fails the test."""

    def __init__(self, answer: Answer, version: int = 1) -> None:
        self.version = version
        self.requests = 0
        self.elsewhere = ""
        self.asked: list[tuple[str, int]] = []
        self._answer = answer

    async def ask(self, operation: Operation, asked: tuple[Asked, ...], where: str, repetitions: int = 0) -> Response:
        assert operation != "set", "a recorder never writes"
        self.requests += 1
        if operation == "get":
            return Response(0, 0, tuple(VarBind(a.oid, b"a device", "string") for a in asked))
        self.asked.append((asked[0].oid, repetitions))
        return self._answer(asked[0].oid, repetitions)

    def close(self) -> None: ...


def silent(where: str = "snmp://agent") -> Response:
    raise NoAnswer("no answer in 2 s", where)


class Gappy:
    """A Modbus unit with holes. `readable` are its holding registers; `pairs` can only be read both at once.

    A read of more than `most` registers is refused as too long, and any write fails the test.
    """

    identification: Mapping[int, bytes] = {0: b"Maker", 1: b"M-1", 2: b"V1"}

    def __init__(self, readable: Sequence[int], pairs: Sequence[int] = (), most: int = 125) -> None:
        self.readable = set(readable) | {n for first in pairs for n in (first, first + 1)}
        self.pairs = set(pairs)
        self.most = most
        self.reads: list[tuple[int, int]] = []
        self.refuses: dict[int, type[ModbusError]] = {}

    def read_registers(self, table: str, address: int, count: int) -> bytes:
        if table != "holding":
            raise IllegalFunction("only holding registers")
        self.reads.append((address, count))
        asked = set(range(address, address + count))
        for place in asked & self.refuses.keys():
            raise self.refuses[place]("refused")
        split = any((first in asked) != (first + 1 in asked) for first in self.pairs)
        if count > self.most or split or not asked <= self.readable:
            raise IllegalAddress("not there")
        return b"".join(place.to_bytes(2, "big") for place in sorted(asked))

    def read_bits(self, table: str, address: int, count: int) -> Sequence[bool]:
        raise IllegalFunction("no bits")

    def write_bits(self, address: int, values: Sequence[bool]) -> None:
        raise AssertionError("a recorder never writes")

    def write_registers(self, address: int, data: bytes) -> None:
        raise AssertionError("a recorder never writes")
