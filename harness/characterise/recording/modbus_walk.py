"""Reading ranges of Modbus registers and bits, finding by splitting what a unit refuses or does not answer.

Only functions 1 to 4 are sent, and 43/14 for the device's identity.

A range that is refused with an exception about its addresses, or not answered by a unit that answers others, is halved
until the single registers that are not there are known. Two that can only be read together (a 32-bit value that some
products do not give away by halves) are found too. That takes about two and a half requests for each register that is
not there, in the first walk only. Where both halves of a range are read that was not read whole, the unit gives no more
than so many at once: it is asked for no more from then on.

Silence takes a time-out each time. It is borne as long as the unit answers something else in between, and at most
`MOST_SILENT` times a range and `MOST_SILENT_OF_WALK` times a walk; what is left then is recorded as silent whole.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, NamedTuple, cast

from twinfeed.emulators.profiles.schema import Bit, Profile, Register
from twinfeed.harness.characterise.recording.pace import Pace
from twinfeed.harness.characterise.recording.recording import TABLES, Place, Table, Walk
from twinfeed.harness.transports import ModbusTransport, NoAnswer, Refused, WrongAnswer
from twinfeed.harness.transports.modbus.ranges import MAX_BITS, MAX_REGISTERS, most_at_once
from twinfeed.harness.transports.modbus.transport import BitTable

TRIES = 3
"""The number of times that one request is sent to a unit that is silent or busy."""

MOST_SILENT = 40
"""Requests of one range that may go without an answer. A hole of five registers among thirty takes about fifteen."""

MOST_SILENT_OF_WALK = 120
"""Requests of one walk that may go without an answer."""

SILENT_TRIES = 2
"""The number of times that a single register is requested from a unit that answers others."""

MOST_PROBES = 4
"""Single registers that a unit is asked for when it has answered nothing yet."""

MOST_ROWS = 64
"""A profile's table that nothing follows is asked for so many rows."""

ILLEGAL_FUNCTION = 1
WAIT = (5, 6)
"""Acknowledge and busy: ask again later (V1.1b3, section 7)."""
AWAY = (10, 11)
"""The exceptions that a gateway answers while the unit behind it does not."""
SILENT = 0
"""Stands for the exception code of what the unit does not answer at all."""


Kind = Literal["registers", "bits"]

MOST: dict[Kind, int] = {"registers": MAX_REGISTERS, "bits": MAX_BITS}
"""The number of registers or bits that one request may cover."""


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
    def kind(self) -> Kind:
        return "registers" if self.table in ("holding", "input") else "bits"

    @property
    def halves(self) -> list[Span]:
        half = self.size // 2
        return [Span(self.table, self.first, half), Span(self.table, self.first + half, self.size - half)]

    @property
    def places(self) -> list[Place]:
        return [(self.table, address) for address in range(self.first, self.end)]

    def __str__(self) -> str:
        return f"{self.table}:{self.first}-{self.end - 1}"


@dataclass
class Split:
    """A range that could not be read whole."""

    of: Span
    code: int
    """The exception, or SILENT."""
    left: set[Span]
    """The halves that have not been read whole either."""


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


def pieces(span: Span, most: int | None = None) -> list[Span]:
    """The span in requests for as many as the protocol allows, or for at most so many."""
    most = most or MOST[span.kind]
    return [
        Span(span.table, first, min(most, span.first + span.size - first))
        for first in range(span.first, span.first + span.size, most)
    ]


def spans_of(profile: Profile) -> list[Span]:
    """The requests for everything a profile knows of Modbus, made of whole values, at most as many as it allows.

    How many rows the product's tables have is for the walk to find out: a table is asked for until another begins.

    Raises:
        ValueError: the profile has no entries for Modbus.
    """
    if profile.modbus is None:
        raise ValueError(f"profile {profile.profile} has no entries for Modbus")
    everything: list[Register | Bit] = [*profile.modbus.registers, *profile.modbus.bits]
    values = sorted({value for entry in everything if entry.access != "wo" for value in _rows(entry, everything)})
    found: list[Span] = []
    for value in values:
        most = most_at_once(profile.modbus, value.table)
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


class _Away(NoAnswer):
    """The unit is busy for ever, or its gateway reports that it does not answer."""


class ModbusWalker:
    """Reads the ranges `requests` of one unit. The transport must not retry by itself: retries are paced too."""

    protocol = "modbus"

    def __init__(self, unit: ModbusTransport, requests: Sequence[Span], pace: Pace | None = None) -> None:
        self.device = unit.where
        self.asked = list(map(str, requests))
        self._unit = unit
        self._requests = list(requests)
        self._pace = pace or Pace()
        self._good: Place | None = None
        """The unit's last answer."""
        self._most: dict[Kind, int] = {}
        """The number that it gives at once, where that is less than the protocol allows."""
        self._silences = 0
        """Requests of this walk without an answer."""
        self._habits: list[str] = []
        """The peculiarities of the unit, as text."""

    async def identity(self) -> dict[str, str]:
        """The objects of function 43/14 by number, none if the unit does not know it or does not answer it.

        Raises:
            NoAnswer: it is silent, also to a read.
        """
        for is_first in (True, False):
            await self._pace.turn()
            try:
                objects = await self._unit.identification()
            except NoAnswer:
                if is_first and not await self._alive():
                    raise
            except WrongAnswer:
                return {}
            else:
                return {str(id): octets.decode("utf-8", "replace") for id, octets in sorted(objects.items())}
        self._habits.append("it does not answer function 43 (identification)")
        return {}

    async def walk(self, walk: Walk, before: Walk | None = None) -> AsyncIterator[dict[str, Any]]:
        """The lines of a recording for the rest of the walk; what `walk` already holds is not asked again.

        What `before` was refused is not asked either, and recorded as refused again.

        Raises:
            NoAnswer: the unit fell silent, or its gateway reports so.
        """
        refused = before.refused if before is not None else {}
        self._silences = 0
        self._most = {**(before.most if before is not None else {}), **walk.most, **self._most}
        for request in self._requests:
            had = walk.registers.keys() | walk.refused.keys()
            for span, code in _parts(request, refused, had):
                if code is not None:
                    yield {"refused": [*span, code]}
                    continue
                async for item in self._read(span):
                    yield item
        if self._unit.answered_by is not None:
            yield {"trouble": f"answers name unit {self._unit.answered_by}, which was not asked", "at": self.device}
        for habit in self._habits:
            yield {"trouble": habit, "at": self.device}

    async def _read(self, span: Span) -> AsyncIterator[dict[str, Any]]:
        """One range, in as many requests as it takes."""
        gaps: dict[Place, int] = {}
        tried: set[Span] = set()
        whole: dict[Span, Split] = {}
        """Halves -> the range that could not be read whole."""
        silences, bears = 0, True
        ahead = pieces(span, self._most.get(span.kind))
        while ahead:
            part = ahead.pop(0)
            if len(smaller := pieces(part, self._most.get(part.kind))) > 1:
                ahead[:0] = smaller
                continue
            tried.add(part)
            try:
                yield await self._ask(part, SILENT_TRIES if part.size == 1 or self._good is None else 1)
                self._good = part.places[0]
                if part in whole and (limit := await self._limit(whole[part], part)) is not None:
                    yield limit
                continue
            except _Away:
                raise
            except NoAnswer as error:
                if not await self._alive():
                    raise
                if not silences:
                    trouble = f"{error.what}, though it answers elsewhere; silence is recorded as code {SILENT}"
                    yield {"trouble": trouble, "at": str(part), "silent": True}
                code, silences, self._silences = SILENT, silences + 1, self._silences + 1
                bears = silences < MOST_SILENT and self._silences < MOST_SILENT_OF_WALK
                if not bears:
                    yield {
                        "trouble": "too many requests without an answer; it was not asked by halves",
                        "at": str(part),
                    }
            except Refused as error:
                code = error.code
            except WrongAnswer as error:
                yield {"trouble": error.what, "at": str(part)}
                code = SILENT
            if part.size == 1 or code == ILLEGAL_FUNCTION or (code == SILENT and not bears):
                gaps |= dict.fromkeys(part.places, code)
            else:
                halves = part.halves
                whole |= dict.fromkeys(halves, Split(part, code, set(halves)))
                ahead[:0] = halves
        async for item in self._pairs(span, gaps, tried):
            yield item
        for gap, code in _runs(gaps):
            yield {"refused": [*gap, code]}

    async def _limit(self, split: Split, half: Span) -> dict[str, Any] | None:
        """The trouble that the unit gives less at once than it was asked for, once both halves were read."""
        split.left.discard(half)
        size = max(half.size for half in split.of.halves)
        if split.left or size >= self._most.get(split.of.kind, MOST[split.of.kind]):
            return None
        if split.code == SILENT:  # perhaps it was lost
            try:
                await self._ask(split.of, 1)
            except (NoAnswer, WrongAnswer):
                pass
            else:
                return None
        self._most[split.of.kind] = size
        how = "not answered" if split.code == SILENT else f"refused with exception {split.code}"
        words = f"it gives {size} {split.of.kind} at once; {split.of.size} were {how}"
        return {"trouble": words, "at": self.device, "most": {split.of.kind: size}}

    async def _pairs(self, span: Span, gaps: dict[Place, int], tried: set[Span]) -> AsyncIterator[dict[str, Any]]:
        """Read two by two what could not be read alone; what can leaves `gaps`."""
        if span.kind == "bits" or self._most.get(span.kind) == 1:
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

    async def _ask(self, span: Span, tries: int = TRIES) -> dict[str, Any]:
        """One request, as a line of a recording.

        Raises:
            NoAnswer: the unit is silent, or its gateway reports so, or it is busy for ever.
            Refused, WrongAnswer: as `ModbusTransport.read_registers`.
        """
        table, first, size = span
        silent_tries = tries
        for remaining in reversed(range(TRIES)):
            await self._pace.turn()
            try:
                if table in ("holding", "input"):
                    octets = await self._unit.read_registers(table, first, size)
                    return {"registers": [table, first, octets.hex()]}
                bits = await self._unit.read_bits(cast(BitTable, table), first, size)
                return {"bits": [table, first, "".join("1" if bit else "0" for bit in bits)]}
            except NoAnswer:
                silent_tries -= 1
                if not remaining or not silent_tries:
                    raise
            except Refused as error:
                if error.code not in WAIT + AWAY:
                    raise
                if not remaining:
                    raise _Away(error.what, error.address) from None
        raise AssertionError("the last try returns or raises")

    async def _alive(self) -> bool:
        """True if the unit answers anything: an address that it answered before, else the ends of the ranges."""
        if self._good is not None:
            places = [self._good]
        else:
            ends = (place for span in self._requests for place in (span.places[0], span.places[-1]))
            places = list(dict.fromkeys(ends))[:MOST_PROBES]
        for place in places:
            try:
                await self._ask(Span(*place, 1), TRIES if self._good is not None else 1)
            except NoAnswer:
                continue
            except WrongAnswer:
                return True
            self._good = place
            return True
        return False

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
