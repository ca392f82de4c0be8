"""SNMP through pysnmp: v1, v2c and v3 behind one interface.

    agent = SnmpTransport.v2c("127.20.1.11", 1161, community="public", write_community="private")
    await agent.get(["1.3.6.1.2.1.1.5.0"])           # {"1.3.6.1.2.1.1.5.0": b"ups-a1"}
    await agent.set("1.3.6.1.2.1.1.5.0", "string", b"ups-a1")
    await agent.walk("1.3.6.1.2.1.33.1.2")           # [VarBind(oid, value), …]

Timeouts. A request is sent 1 + `retries` times, `timeout_s` apart, until it is answered; an answer to an earlier
sending counts. A silent agent therefore raises NoAnswer (1 + retries) * timeout_s after the first sending. In v3 the
discovery of the agent's engine, once for each agent, is within that time. A batch that needs several requests has that
time for each of them. A SET whose answer is lost is sent again: where setting twice matters, use retries=0.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Literal, Protocol, Unpack

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.answers import NULL
from twinfeed.harness.transports.errors import NoAnswer, Refused, WrongAnswer
from twinfeed.harness.transports.snmp.community import CommunitySession
from twinfeed.harness.transports.snmp.messages import (
    END_OF_MIB_VIEW,
    ERRORS,
    NO_SUCH_NAME,
    TOO_BIG,
    Absent,
    Asked,
    Malformed,
    Operation,
    Response,
    Value,
    VarBind,
)
from twinfeed.harness.transports.snmp.target import MAX_VARBINDS, SNMP_PORT, SnmpOptions, Target
from twinfeed.harness.transports.snmp.usm import UsmSession, UsmUser

MOST_NAMED = 3
"""Variables of a request that an error names."""

REPETITIONS = 25
"""Number of variables in one GETBULK of a walk."""


class Session(Protocol):
    """Sends one request to one agent and returns its response."""

    version: int
    """0 for v1, 1 for v2c, 3 for v3; a session of v2c can be turned to v1."""
    requests: int
    elsewhere: str
    """The address and port of the last answer that came from another place than the agent's; empty for none."""

    async def ask(self, operation: Operation, asked: tuple[Asked, ...], where: str, repetitions: int = 0) -> Response:
        """Raises NoAnswer without an answer, WrongAnswer for octets that are no response."""

    def close(self) -> None: ...


class SnmpTransport:
    """One agent. The docstring of the module explains timeouts and retries.

    The constructors below take the options of `SnmpOptions`.
    """

    def __init__(self, session: Session, where: str, max_varbinds: int = MAX_VARBINDS) -> None:
        self.where = where
        self._session = session
        self._max_varbinds = max_varbinds
        self._bulk = True
        """True if walks use GETBULK (v2c and v3)."""

    @classmethod
    def v1(
        cls,
        address: str,
        port: int = SNMP_PORT,
        community: str = "public",
        write_community: str = "",
        **options: Unpack[SnmpOptions],
    ) -> SnmpTransport:
        """SNMPv1. Without `write_community` writes use `community` too."""
        target = Target.of(address, port, options)
        session = CommunitySession(0, target, community, write_community or community)
        return cls(session, target.url("snmp+v1"), target.max_varbinds)

    @classmethod
    def v2c(
        cls,
        address: str,
        port: int = SNMP_PORT,
        community: str = "public",
        write_community: str = "",
        **options: Unpack[SnmpOptions],
    ) -> SnmpTransport:
        """SNMPv2c. Without `write_community` writes use `community` too."""
        target = Target.of(address, port, options)
        session = CommunitySession(1, target, community, write_community or community)
        return cls(session, target.url("snmp"), target.max_varbinds)

    @classmethod
    def v3(
        cls,
        address: str,
        port: int = SNMP_PORT,
        *,
        user: UsmUser,
        context: str = "",
        **options: Unpack[SnmpOptions],
    ) -> SnmpTransport:
        """SNMPv3 as a user of the User-based Security Model, in that context."""
        target = Target.of(address, port, options)
        return cls(UsmSession(target, user, context), target.url("snmp+v3"), target.max_varbinds)

    @property
    def requests(self) -> int:
        """Requests sent so far, retries counted."""
        return self._session.requests

    @property
    def elsewhere(self) -> str:
        """The address and port of the last answer that came from another place than the agent's; empty for none."""
        return self._session.elsewhere

    @property
    def is_v2c(self) -> bool:
        """True if the version is v2c, which can be switched to v1."""
        return self._session.version == 1

    def speak(self, version: Literal["v1", "v2c"]) -> None:
        """Switch to v1 for an agent that does not answer v2c, or back to v2c."""
        self._session.version = 0 if version == "v1" else 1

    def carries(self, type: str) -> bool:
        """True if this version of SNMP has that type of a profile's: v1 has no counter64 (RFC 3584 §4.2.2.1)."""
        return self._session.version != 0 or type != "counter64"

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """The values of the variables, in as few GETs as possible.

        Raises:
            NoAnswer: nothing came back in any try.
            Refused: an error-status, or a variable that is not there.
            WrongAnswer: something else came back.
        """
        values: dict[str, Value] = {}
        async for oid, value in self._got(oids):
            if isinstance(value, WrongAnswer):
                raise value
            values[oid] = value
        return values

    async def get_each(self, oids: Sequence[str]) -> dict[str, Value | WrongAnswer]:
        """The value of each variable, or its error: a missing or malformed variable does not affect the others.

        Variables that an answer leaves out are asked for again, and so are those beside one that an error-status is
        about: in v1 a variable that is missing fails the whole request.

        Raises:
            NoAnswer: nothing came back in any try.
            Refused: an error-status that is about no variable.
            WrongAnswer: something came back that holds none of the variables.
        """
        found = {oid: value async for oid, value in self._got(oids)}
        return {oid: found[oid] for oid in oids}

    async def _got(self, oids: Sequence[str]) -> AsyncIterator[tuple[str, Value | WrongAnswer]]:
        """The variables of `get_each` as they come. A tooBig halves what is asked for at once."""
        ahead = [oids[n : n + self._max_varbinds] for n in range(0, len(oids), self._max_varbinds)]
        while ahead:
            part = ahead.pop(0)
            response = await self._session.ask("get", tuple(map(Asked, part)), self._at(part))
            if response.status == TOO_BIG and len(part) > 1:
                half = len(part) // 2
                ahead[:0] = [part[:half], part[half:]]
                continue
            if response.status and 0 < response.about <= len(part):
                guilty = part[response.about - 1]
                yield guilty, Refused(_words(response), self._at([guilty]), code=response.status)
                left = [oid for oid in part if oid != guilty]
            else:
                found = {varbind.oid: self._taken(varbind) for varbind in self._granted(response, part)}
                for oid, value in found.items():
                    yield oid, value
                left = [oid for oid in part if oid not in found]
            if left:
                ahead.insert(0, left)

    def _taken(self, varbind: VarBind) -> Value | WrongAnswer:
        """The value of a variable, or its error."""
        value = varbind.value
        if value == NULL:
            return WrongAnswer(Phrase("NULL came in place of a value"), self._at([varbind.oid]))
        if isinstance(value, Absent):
            return Refused(value.name, self._at([varbind.oid]))
        if isinstance(value, Malformed):
            return WrongAnswer(value.reason, self._at([varbind.oid]), value.octets)
        return value

    async def set(self, oid: str, type: str, value: Value) -> None:
        """Set a variable; `type` is a profile's (`integer`, `string`, …). Raises as `get`."""
        response = await self._session.ask("set", (Asked(oid, type, value),), self._at([oid]))
        self._granted(response, [oid])

    async def walk(self, prefix: str) -> list[VarBind]:
        """All variables below an OID, in the order of the agent: by GETBULK, in v1 by GETNEXT.

        A walk goes on behind NULL, noSuchInstance and malformed values, which are among the variables, and behind
        variables that come out of order. An agent that answers no GETBULK is walked by GETNEXT. Raises as `get`;
        WrongAnswer also where the agent goes in circles.
        """
        found: list[VarBind] = []
        seen, last = {prefix}, prefix
        while True:
            before = last
            for varbind in await self._next(last, answers=bool(found)):
                if varbind.value == END_OF_MIB_VIEW:
                    return found
                if varbind.oid in seen:
                    raise WrongAnswer(
                        Phrase("{oid} came after {last}: the agent walks in circles", oid=varbind.oid, last=last),
                        self._at([last]),
                    )
                if not varbind.oid:
                    continue
                if not varbind.oid.startswith(prefix + "."):
                    return found
                found.append(varbind)
                seen.add(varbind.oid)
                last = varbind.oid
            if last == before:
                raise WrongAnswer(Phrase("a response in which no variable has a name"), self._at([last]))

    async def _next(self, oid: str, answers: bool) -> tuple[VarBind, ...]:
        """The next variables, by GETNEXT if GETBULK fails; `answers` is true if GETBULK has worked before."""
        try:
            return await self.following(oid, REPETITIONS if self._bulk else 0)
        except NoAnswer:
            if answers or not self._bulk or self._session.version == 0:
                raise
        varbinds = await self.following(oid, 0)
        self._bulk = False
        return varbinds

    async def following(self, oid: str, repetitions: int = REPETITIONS) -> tuple[VarBind, ...]:
        """The next variables after an OID, in the order of the agent: by one GETBULK; in v1 or for 0, one by GETNEXT.

        At the end of the MIB the last one's value is endOfMibView, also if the agent reports it by the noSuchName of
        v1. A tooBig, which a GETBULK should never get (RFC 3416 §4.2.3), halves `repetitions` until the answer fits.
        Raises as `get`.
        """
        where = self._at([oid])
        if self._session.version == 0 or repetitions == 0:
            response = await self._session.ask("next", (Asked(oid),), where)
        else:
            response = await self._session.ask("bulk", (Asked(oid),), where, repetitions)
            while response.status == TOO_BIG and repetitions > 1:
                repetitions //= 2
                response = await self._session.ask("bulk", (Asked(oid),), where, repetitions)
        if response.status == NO_SUCH_NAME:
            return (VarBind(oid, END_OF_MIB_VIEW),)
        if response.status:
            raise Refused(_words(response), where, code=response.status)
        if not response.varbinds:
            raise WrongAnswer(Phrase("a response without variables"), where)
        return response.varbinds

    def close(self) -> None:
        """Close the socket; the next request opens it again."""
        self._session.close()

    def _granted(self, response: Response, oids: Sequence[str]) -> list[VarBind]:
        """The variables of the response, which must be the requested ones. One without a name gets that of its place.

        Raises:
            Refused: an error-status.
            WrongAnswer: none came, or another.
        """
        if response.status:
            about = [oids[response.about - 1]] if 0 < response.about <= len(oids) else oids
            raise Refused(_words(response), self._at(about), code=response.status)
        varbinds = [
            varbind if varbind.oid or len(response.varbinds) != len(oids) else varbind._replace(oid=oid)
            for varbind, oid in zip(response.varbinds, [*oids, *[""] * len(response.varbinds)], strict=False)
        ]
        names = [varbind.oid for varbind in varbinds]
        if not names or not set(names) <= set(oids):
            raise WrongAnswer(Phrase("variables {names} came", names=", ".join(names) or "(none)"), self._at(oids))
        return varbinds

    def _at(self, oids: Iterable[str]) -> str:
        named = list(oids)
        if len(named) > MOST_NAMED:
            named[MOST_NAMED - 1 : -1] = [Phrase("… {named} more …", named=len(named) - MOST_NAMED)]
        return f"{self.where} {', '.join(named)}"


def _words(response: Response) -> str:
    known = 0 <= response.status < len(ERRORS)
    return Phrase(
        "error-status {status} ({errors})",
        status=response.status,
        errors=ERRORS[response.status] if known else Phrase("none of RFC 3416"),
    )
