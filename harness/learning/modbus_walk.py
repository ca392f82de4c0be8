"""Reading ranges of Modbus registers and bits, finding by splitting what a unit refuses.

Only functions 1 to 4 are sent, and 43/14 for the device's identity.

A range that is refused with an exception about its addresses is halved until the single registers that are not there
are known; two that can only be read together (a 32-bit value that some products do not give away by halves) are found
too. That takes about two and a half requests for each register that is not there, in the first walk only.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple, cast

from emulators.profiles.schema import Bit, Profile, Register
from harness.learning.pace import Pace
from harness.learning.recording import TABLES, Place, Table, Walk
from harness.transports import ModbusTransport, NoAnswer, Refused, WrongAnswer
from harness.transports.modbus import BitTable
from harness.transports.ranges import MAX_BITS, MAX_REGISTERS

TRIES = 3
"""How often one request is sent to a unit that is silent or busy."""

MOST_ROWS = 64
"""A profile's table that nothing follows is asked for so many rows."""

ILLEGAL_FUNCTION = 1
WAIT = (5, 6)
"""Acknowledge and busy: ask again later (V1.1b3, section 7)."""
AWAY = (10, 11)
"""What a gateway answers while the unit behind it does not."""
SILENT = 0
"""Stands for the exception code of what the unit does not answer at all."""


class Span(NamedTuple):
    """One request: so many registers or bits from an address on."""

    table: Table
    first: int
    size: int

    @property
    def end(self) -> int:
        """The address after the last one."""
        return self.first + self.size

    @property
    def places(self) -> list[Place]:
        return [(self.table, address) for address in range(self.first, self.end)]

    def __str__(self) -> str:
        return f"{self.table}:{self.first}-{self.end - 1}"


def spans(text: str) -> list[Span]:
    """The requests for ranges such as `holding:0-199,input:10`; both ends are PDU addresses and included.

    Raises:
        ValueError: not ranges; the message shows the form.
    """
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\w+)\s*:\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if match is None or match[1] not in TABLES or not int(match[2]) <= int(match[3] or match[2]) <= 65535:
            known = ", ".join(TABLES)
            raise ValueError(f"found {part!r}, expected TABLE:FIRST-LAST such as holding:0-199 (tables: {known})")
        found += pieces(Span(cast(Table, match[1]), int(match[2]), int(match[3] or match[2]) - int(match[2]) + 1))
    return found


def pieces(span: Span) -> list[Span]:
    """The span in requests that the protocol allows."""
    most = MAX_REGISTERS if span.table in ("holding", "input") else MAX_BITS
    return [
        Span(span.table, first, min(most, span.first + span.size - first))
        for first in range(span.first, span.first + span.size, most)
    ]


def spans_of(profile: Profile) -> list[Span]:
    """The requests for everything a profile knows of Modbus, made of whole values.

    How many rows the product's tables have is for the walk to find out: a table is asked for until another begins.

    Raises:
        ValueError: the profile says nothing of Modbus.
    """
    if profile.modbus is None:
        raise ValueError(f"profile {profile.profile} says nothing of Modbus")
    everything: list[Register | Bit] = [*profile.modbus.registers, *profile.modbus.bits]
    values = sorted({value for entry in everything if entry.access != "wo" for value in _rows(entry, everything)})
    found: list[Span] = []
    for value in values:
        most = MAX_REGISTERS if value.table in ("holding", "input") else MAX_BITS
        last = found[-1] if found else None
        if last is None or last.table != value.table or value.first > last.end or value.end - last.first > most:
            found.append(value)
        elif value.end > last.end:
            found[-1] = Span(last.table, last.first, value.end - last.first)
    return sorted(found, key=lambda span: (TABLES.index(span.table), span.first))


def _rows(entry: Register | Bit, everything: Sequence[Register | Bit]) -> Iterator[Span]:
    """The places of an entry in each row its table may have."""
    size = entry.words if isinstance(entry, Register) else 1
    others = {other.address for other in everything if other is not entry and other.table == entry.table}
    for rows in product(*(range(MOST_ROWS) for _ in entry.stride)):
        first = entry.address + sum(row * step for row, step in zip(rows, entry.stride.values(), strict=True))
        if any(rows) and (others.intersection(range(entry.address + 1, first + 1)) or first + size > 65536):
            continue
        yield Span(entry.table, first, size)


class ModbusWalker:
    """Reads the ranges `requests` of one unit. The transport must not retry by itself: retries are paced too."""

    protocol = "modbus"

    def __init__(self, unit: ModbusTransport, requests: Sequence[Span], pace: Pace | None = None) -> None:
        self.device = unit.where
        self.asked = list(map(str, requests))
        self._unit = unit
        self._requests = list(requests)
        self._pace = pace or Pace()
        self._known: dict[Place, int] = {}
        """What was refused in the walk before."""
        self._good: Place | None = None

    async def identity(self) -> dict[str, str]:
        """The objects of function 43/14 by number, none if the unit does not know it.

        Raises:
            NoAnswer: it is silent.
        """
        for remaining in reversed(range(TRIES)):
            await self._pace.turn()
            try:
                objects = await self._unit.identification()
            except NoAnswer:
                if not remaining:
                    raise
            except WrongAnswer:
                return {}
            else:
                return {str(id): octets.decode("utf-8", "replace") for id, octets in sorted(objects.items())}
        return {}

    async def walk(self, walk: Walk, before: Walk | None = None) -> AsyncIterator[dict[str, Any]]:
        """The lines of a recording for the rest of the walk; what `walk` already holds is not asked again.

        What `before` was refused is not asked either, and recorded as refused again.

        Raises:
            NoAnswer: the unit fell silent, or its gateway says so.
        """
        refused = before.refused if before is not None else {}
        for request in self._requests:
            had = walk.registers.keys() | walk.refused.keys()
            for span, code in _parts(request, refused, had):
                if code is not None:
                    yield {"refused": [*span, code]}
                    continue
                async for item in self._read(span):
                    yield item

    async def _read(self, span: Span) -> AsyncIterator[dict[str, Any]]:
        """One range, in as many requests as it takes."""
        gaps: dict[Place, int] = {}
        tried: set[Span] = set()
        ahead = [span]
        while ahead:
            part = ahead.pop(0)
            tried.add(part)
            try:
                yield await self._ask(part)
                self._good = part.places[0]
                continue
            except NoAnswer as error:
                if not await self._answers():
                    raise
                yield {"trouble": f"{error.what}, though it answers elsewhere", "at": str(part)}
                gaps |= dict.fromkeys(part.places, SILENT)
                continue
            except Refused as error:
                code = error.code
            except WrongAnswer as error:
                yield {"trouble": error.what, "at": str(part)}
                code = SILENT
            if part.size == 1 or code == ILLEGAL_FUNCTION:
                gaps |= dict.fromkeys(part.places, code)
            else:
                half = part.size // 2
                ahead[:0] = [Span(part.table, part.first, half), Span(part.table, part.first + half, part.size - half)]
        async for item in self._pairs(span, gaps, tried):
            yield item
        for gap, code in _runs(gaps):
            yield {"refused": [*gap, code]}

    async def _pairs(self, span: Span, gaps: dict[Place, int], tried: set[Span]) -> AsyncIterator[dict[str, Any]]:
        """Read two by two what could not be read alone; what can leaves `gaps`."""
        if span.table in ("coil", "discrete"):
            return
        for table, address in sorted(gaps):
            pair = Span(table, address, 2)
            if pair in tried or any(gaps.get(place, ILLEGAL_FUNCTION) < 2 for place in pair.places):
                continue
            try:
                yield await self._ask(pair)
            except WrongAnswer:
                continue
            for place in pair.places:
                del gaps[place]

    async def _ask(self, span: Span) -> dict[str, Any]:
        """One request, as a line of a recording.

        Raises:
            NoAnswer: the unit is silent, or its gateway says so, or it is busy for ever.
            Refused, WrongAnswer: as `ModbusTransport.read_registers`.
        """
        table, first, size = span
        for remaining in reversed(range(TRIES)):
            await self._pace.turn()
            try:
                if table in ("holding", "input"):
                    octets = await self._unit.read_registers(table, first, size)
                    return {"registers": [table, first, octets.hex()]}
                bits = await self._unit.read_bits(cast(BitTable, table), first, size)
                return {"bits": [table, first, "".join("1" if bit else "0" for bit in bits)]}
            except NoAnswer:
                if not remaining:
                    raise
            except Refused as error:
                if error.code not in WAIT + AWAY:
                    raise
                if not remaining:
                    raise NoAnswer(error.what, error.address) from None
        raise AssertionError("the last try returns or raises")

    async def _answers(self) -> bool:
        """Whether the unit still answers what it has answered before."""
        if self._good is None:
            return False
        try:
            await self._ask(Span(*self._good, 1))
        except NoAnswer:
            return False
        except WrongAnswer:
            pass
        return True

    def close(self) -> None:
        self._unit.close()


def _parts(request: Span, refused: dict[Place, int], had: Iterable[Place]) -> list[tuple[Span, int | None]]:
    """The request without what is there already, cut where something is known to be refused (with what code)."""
    done = set(had)
    found: list[tuple[Span, int | None]] = []
    for table, address in request.places:
        if (table, address) in done:
            continue
        code = refused.get((table, address))
        if found and found[-1][1] == code and found[-1][0].end == address:
            found[-1] = Span(table, found[-1][0].first, found[-1][0].size + 1), code
        else:
            found.append((Span(table, address, 1), code))
    return found


def _runs(gaps: dict[Place, int]) -> list[tuple[Span, int]]:
    """Neighbours with the same code as one."""
    runs: list[tuple[Span, int]] = []
    for (table, address), code in sorted(gaps.items()):
        if runs and runs[-1][1] == code and runs[-1][0].table == table:
            span = runs[-1][0]
            if span.end == address:
                runs[-1] = Span(table, span.first, span.size + 1), code
                continue
        runs.append((Span(table, address, 1), code))
    return runs
