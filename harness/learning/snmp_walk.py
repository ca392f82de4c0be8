"""Walking an SNMP agent that may be slow, broken or hostile: what can be read is read, what cannot is said.

Only GETNEXT and GETBULK are sent, and GET for the device's identity.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from harness.learning import snmprec
from harness.learning.pace import Pace
from harness.learning.recording import Walk
from harness.transports import NoAnswer, Refused, SnmpTransport, WrongAnswer
from harness.transports.snmp import REPETITIONS
from harness.transports.snmp_messages import Absent, VarBind, numbers

EVERYTHING = ("1.3.6.1", "1.0.8802", "1.2.840")
"""The internet subtree and those of IEEE 802, under which LLDP and link aggregation stand."""

SYSTEM = "1.3.6.1.2.1.1"
IDENTITY = {"sysDescr": "1.3.6.1.2.1.1.1.0", "sysObjectID": "1.3.6.1.2.1.1.2.0"}
"""RFC 3418."""

MOST_VARIABLES = 200_000
"""A walk ends here unless told otherwise: no device of a data centre has so many, an endless one has."""

TRIES = 3
"""How often one request is sent; each time for half as many variables, as slow agents take long over many."""

LAST_NUMBER = 2**32 - 1
"""The largest sub-identifier (RFC 2578 §3.5)."""


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

    async def identity(self) -> dict[str, str]:
        """sysDescr and sysObjectID, as far as the agent has them.

        Raises:
            NoAnswer: it is silent.
        """
        found = {}
        for name, oid in IDENTITY.items():
            for remaining in reversed(range(TRIES)):
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
        last = max((numbers(oid) for oid in walk.variables), default=())
        count = len(walk.variables)
        for root in map(numbers, self.asked):
            if last[: len(root)] > root:
                continue  # the walk is beyond this subtree
            async for item in self._below(root, max(last, root), self._most - count):
                count += len(item.get("variables", ()))
                yield item
            if count >= self._most:
                return

    async def _below(self, root: tuple[int, ...], last: tuple[int, ...], room: int) -> AsyncIterator[dict[str, Any]]:
        """The subtree after `last`. Where the agent goes in circles or gives up, the walk goes on beyond it."""
        asked_after, climbed = last, 0
        while True:
            trouble = ""
            varbinds: Sequence[VarBind] = ()
            try:
                varbinds = await self._following(asked_after)
            except (Refused, WrongAnswer) as error:
                trouble = error.what
            except NoAnswer as error:
                if not await self._answers():
                    raise
                trouble = f"{error.what}, though it answers elsewhere"
            good: list[VarBind] = []
            over = False
            for varbind in varbinds:
                name = numbers(varbind.oid)
                if isinstance(varbind.value, Absent) or (name > last and name[: len(root)] != root):
                    over = True
                elif not name > last:
                    trouble = f"{varbind.oid} came after it: the agent walks in circles"
                elif len(good) == room:
                    trouble, over = f"the walk was ended after {self._most} variables, as if it were endless", True
                else:
                    last = name
                    good.append(varbind)
                    continue
                break
            if good:
                room -= len(good)
                climbed = 0
                yield {"variables": [snmprec.line(snmprec.answered(v)) for v in good]}
            asked_after = last
            if trouble:
                yield {"trouble": trouble, "at": ".".join(map(str, last))}
                climbed += 1
                if len(last) - climbed <= len(root):
                    return
                asked_after = (*last[: len(last) - climbed], LAST_NUMBER)
            if over:
                return

    async def _following(self, after: tuple[int, ...]) -> Sequence[VarBind]:
        """The next variables, of as many as the agent manages to answer with. Raises as `SnmpTransport.following`."""
        oid, repetitions = ".".join(map(str, after)), self._repetitions
        for remaining in reversed(range(TRIES)):
            await self._pace.turn()
            try:
                return await self._agent.following(oid, repetitions)
            except NoAnswer:
                self._repetitions = repetitions = max(1, repetitions // 2)
                if not remaining:
                    raise
            except WrongAnswer:  # of a variable, perhaps not the first: those before it can be had one at a time
                if repetitions == 1 or not remaining:
                    raise
                repetitions = 1
        raise AssertionError("the last try returns or raises")

    async def _answers(self) -> bool:
        await self._pace.turn()
        try:
            await self._agent.following(SYSTEM, 1)
        except NoAnswer:
            return False
        except WrongAnswer:
            pass
        return True

    def close(self) -> None:
        self._agent.close()
