"""Walks of an SNMP agent that may be slow, broken or hostile. Readable values are kept, the rest is a trouble.

Only GETNEXT and GETBULK are sent, and GET for the device's identity and its sysUpTime. What is noticed on the way:

- values that are malformed, and numbers that had to be masked (`harness.transports.answers`): kept, with the reason
- NULL, noSuchObject and noSuchInstance in place of a value: kept; only endOfMibView is the end
- variables out of order: kept, and followed in the agent's order
- a variable that came before: the agent walks in circles, and the walk goes on beyond them
- no answer to GETBULK: GETNEXT is sent; no answer to v2c: v1 is spoken
- answers from another address or port
- sysUpTime that went back: the device restarted, and the walk is marked
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, NamedTuple

from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.characterise.recording.pace import Pace
from twinfeed.harness.characterise.recording.recording import Walk
from twinfeed.harness.transports import NoAnswer, Refused, SnmpTransport, WrongAnswer
from twinfeed.harness.transports.answers import END_OF_MIB_VIEW, Absent, Malformed, VarBind, illegal_name
from twinfeed.harness.transports.snmp.messages import numbers
from twinfeed.harness.transports.snmp.transport import REPETITIONS

Oid = tuple[int, ...]

EVERYTHING = ("1.3.6.1", "1.0.8802", "1.2.840")
"""The internet subtree and those of IEEE 802, under which LLDP and link aggregation stand."""

SYSTEM = "1.3.6.1.2.1.1"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
IDENTITY = {"sysDescr": "1.3.6.1.2.1.1.1.0", "sysObjectID": "1.3.6.1.2.1.1.2.0"}
"""RFC 3418."""

WRAP_TICKS = 2**32
"""sysUpTime, hundredths of a second, begins again at 0 after 497 days."""

NEAR_WRAP_TICKS = 2**32 - 100 * 86400
"""A sysUpTime that goes back from its last day has wrapped."""

LATE_S = 0.5
"""The time by which sysUpTime may fall short of the real one without a restart: agents read it late, s."""

MOST_VARIABLES = 200_000
"""A walk ends here unless configured otherwise: no device of a data centre has so many, an endless one has."""

TRIES = 3
"""The times that one request is sent; each time for half as many variables, as slow agents need long for many."""

LAST_NUMBER = 2**32 - 1
"""The largest sub-identifier (RFC 2578 §3.5)."""


class _Uptime(NamedTuple):
    """A reading of sysUpTime."""

    walk: int
    ticks: int
    t_s: float
    """When it was read, s of the loop's time."""


class SnmpWalker:
    """Walks the subtrees `asked` of one agent. The transport must not retry by itself: retries are paced too."""

    protocol = "snmp"

    def __init__(
        self,
        agent: SnmpTransport,
        asked: Sequence[str] = EVERYTHING,
        pace: Pace | None = None,
        most: int = MOST_VARIABLES,
    ) -> None:
        self.device = agent.where
        self.asked = sorted(asked, key=numbers)
        self._agent = agent
        self._pace = pace or Pace()
        self._most = most
        self._repetitions = REPETITIONS
        """Variables asked for in one GETBULK; 0 for GETNEXT."""
        self._bulk_works = False
        self._uptime: _Uptime | None = None
        self._habits: list[str] = []
        """The peculiarities of the agent, as text."""
        self._reasons: Counter[str] = Counter()
        """Why values of this walk were odd -> how many."""

    async def identity(self) -> dict[str, str]:
        """sysDescr and sysObjectID, as far as the agent has them. An agent silent to v2c is asked in v1.

        Raises:
            NoAnswer: it is silent.
        """
        try:
            return await self._identity(TRIES)
        except NoAnswer as silence:
            if not self._agent.is_v2c:
                raise
            self._agent.speak("v1")
            try:
                found = await self._identity(1)
            except NoAnswer:
                self._agent.speak("v2c")
                raise silence from None
        self._habits.append("it does not answer SNMPv2c; it was asked in SNMPv1, which has no Counter64")
        return found

    async def _identity(self, tries: int) -> dict[str, str]:
        found = {}
        for name, oid in IDENTITY.items():
            for remaining in reversed(range(tries)):
                await self._pace.turn()
                try:
                    value = (await self._agent.get([oid]))[oid]
                except NoAnswer:
                    if not remaining:
                        raise
                except WrongAnswer:
                    break
                else:
                    found[name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    break
        return found

    async def walk(self, walk: Walk) -> AsyncIterator[dict[str, Any]]:
        """The lines of a recording for the rest of the walk; what `walk` already holds is not asked again.

        Raises:
            NoAnswer: the agent fell silent.
        """
        for item in await self._restarted(walk):
            yield item
        seen = set(map(numbers, walk.variables))
        last = max(seen, default=())
        self._reasons.clear()
        for root in map(numbers, self.asked):
            if last[: len(root)] > root:
                continue  # the walk is beyond this subtree
            async for item in self._below(root, max(last, root), seen):
                yield item
            if len(seen) >= self._most:
                break
        for reason, count in self._reasons.items():
            if count > 1:
                yield {"trouble": f"{reason}: {count} variables in all", "at": self.device}
        if self._agent.elsewhere:
            self._notice(f"answers come from {self._agent.elsewhere}, which was not asked")
        for habit in self._habits:
            yield {"trouble": habit, "at": self.device}
        for item in await self._restarted(walk):
            yield item

    async def _below(self, root: Oid, last: Oid, seen: set[Oid]) -> AsyncIterator[dict[str, Any]]:
        """The subtree after `last`. Where the agent goes in circles or gives up, the walk goes on beyond it.

        The variables that came are added to `seen`; the walk follows the agent in its own order.
        """
        asked_after, climbed = last, 0
        while True:
            trouble, is_silence = "", False
            varbinds: Sequence[VarBind] = ()
            try:
                varbinds = await self._following(asked_after)
            except (Refused, WrongAnswer) as error:
                trouble = error.what
            except NoAnswer as error:
                if not await self._answers():
                    raise
                trouble, is_silence = f"{error.what}, though it answers elsewhere", True
            good: list[VarBind] = []
            odd: list[tuple[str, str]] = []
            over, before = False, asked_after
            for varbind in varbinds:
                if varbind.value == END_OF_MIB_VIEW:
                    over = True
                    break
                if not varbind.oid:
                    yield _lost(varbind, asked_after)
                    continue
                name = numbers(varbind.oid)
                if name[: len(root)] != root and name > root:
                    over = True
                    break
                if name in seen or name[: len(root)] != root or name == root:
                    if asked_after < last:  # it follows the order of names, and answered out of order only once
                        asked_after = last
                        break
                    trouble = f"{varbind.oid} came after it: the agent walks in circles"
                    break
                if len(seen) >= self._most:
                    trouble, over = f"the walk was ended after {self._most} variables, as if it were endless", True
                    break
                asked_after = name
                seen.add(name)
                if reason := illegal_name(varbind.oid):
                    yield {"trouble": f"{reason}, so no agent can have it: {_shown(varbind)}", "at": varbind.oid}
                    continue
                if name < last:
                    odd.append(("variables come out of order", varbind.oid))
                last = max(last, name)
                good.append(varbind)
            if good:
                climbed = 0
                yield {"variables": [snmprec.line(snmprec.answered(v)) for v in good]}
            for item in self._odd([*odd, *_reasons(good)]):
                yield item
            if not trouble and not over and asked_after == before:
                trouble = "no variable that came has a name"
            if trouble:
                yield {"trouble": trouble, "at": ".".join(map(str, last))} | ({"silent": True} if is_silence else {})
                climbed += 1
                if len(last) - climbed <= len(root):
                    return
                asked_after = (*last[: len(last) - climbed], LAST_NUMBER)
            if over:
                return

    def _odd(self, reasons: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        """A trouble for each reason that this walk has not had; further variables of it are counted."""
        for reason, oid in reasons:
            self._reasons[reason] += 1
            if self._reasons[reason] == 1:
                yield {"trouble": reason, "at": oid}

    async def _following(self, after: Oid) -> Sequence[VarBind]:
        """The next variables, of as many as the agent manages to answer with. Raises as `SnmpTransport.following`."""
        oid, repetitions = ".".join(map(str, after)), self._repetitions
        for remaining in reversed(range(TRIES)):
            await self._pace.turn()
            try:
                varbinds = await self._agent.following(oid, repetitions)
            except NoAnswer:
                self._repetitions = repetitions = max(1, repetitions // 2) if repetitions else 0
                if not remaining:
                    if self._bulk_works or not repetitions:
                        raise
                    return await self._by_next(oid)
            except WrongAnswer:  # of a variable, perhaps not the first: those before it can be had one at a time
                if repetitions <= 1 or not remaining:
                    raise
                repetitions = 1
            else:
                self._bulk_works = self._bulk_works or repetitions > 0
                return varbinds
        raise AssertionError("the last try returns or raises")

    async def _by_next(self, oid: str) -> Sequence[VarBind]:
        """The next variable, of an agent that has never answered GETBULK. Raises as `SnmpTransport.following`."""
        await self._pace.turn()
        varbinds = await self._agent.following(oid, 0)
        self._repetitions = 0
        self._notice("it does not answer GETBULK; it was walked with GETNEXT")
        return varbinds

    def _notice(self, habit: str) -> None:
        if habit not in self._habits:
            self._habits.append(habit)

    async def _answers(self) -> bool:
        await self._pace.turn()
        try:
            await self._agent.following(SYSTEM, min(self._repetitions, 1))
        except NoAnswer:
            return False
        except WrongAnswer:
            pass
        return True

    async def _restarted(self, walk: Walk) -> list[dict[str, Any]]:
        """Reads sysUpTime; a trouble if the device has started since it was read before.

        Raises:
            NoAnswer: the agent is silent, and not only to this.
        """
        ticks = await self._ticks()
        if ticks is None:
            return []
        now = _Uptime(walk.number, ticks, asyncio.get_running_loop().time())
        before, self._uptime = self._uptime, now
        if before is None or not _has_restarted(before, now):
            return []
        when = "in the middle of this walk" if before.walk == now.walk else "before this walk"
        words = (
            f"the device restarted {when}: sysUpTime was {before.ticks / 100:.0f} s and then {now.ticks / 100:.0f} s"
        )
        return [{"trouble": words, "at": SYS_UP_TIME, "restarted": before.walk == now.walk}]

    async def _ticks(self) -> int | None:
        """sysUpTime, hundredths of a second; None from an agent without one. Raises NoAnswer."""
        for remaining in reversed(range(TRIES)):
            await self._pace.turn()
            try:
                ticks = (await self._agent.get([SYS_UP_TIME]))[SYS_UP_TIME]
            except WrongAnswer:
                return None
            except NoAnswer:
                if not remaining and not await self._answers():
                    raise
            else:
                return ticks if isinstance(ticks, int) else None
        return None

    def close(self) -> None:
        self._agent.close()


def _has_restarted(before: _Uptime, now: _Uptime) -> bool:
    """True if sysUpTime went back, or is shorter than the time since it was read before."""
    if now.ticks < before.ticks:
        return before.ticks < NEAR_WRAP_TICKS
    return before.ticks < now.ticks < 100 * (now.t_s - before.t_s - LATE_S)


def _reasons(varbinds: Sequence[VarBind]) -> Iterator[tuple[str, str]]:
    """Oddities of values, with the names of their variables."""
    for varbind in varbinds:
        if isinstance(varbind.value, Malformed):
            yield f"{varbind.value.reason}; kept as octets", varbind.oid
        elif isinstance(varbind.value, Absent):
            yield f"{varbind.value.name} came in place of a value", varbind.oid
        elif varbind.note:
            yield varbind.note, varbind.oid


def _lost(varbind: VarBind, after: Oid) -> dict[str, Any]:
    """The trouble of a variable whose name cannot be read; it keeps the octets."""
    assert isinstance(varbind.value, Malformed)
    octets = varbind.value.octets.hex(" ")
    return {"trouble": f"{varbind.value.reason} (octets {octets})", "at": f"after {'.'.join(map(str, after))}"}


def _shown(varbind: VarBind) -> str:
    """A variable in one line."""
    value = varbind.value
    return value.reason if isinstance(value, Malformed) else f"its value is {value!r}"
