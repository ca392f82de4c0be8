"""Sessions with SNMPv3 agents through pysnmp's engine and its User-based Security Model."""

from __future__ import annotations

import asyncio
import itertools
import socket
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Literal

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher
from pysnmp.entity import config
from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.proto import errind
from pysnmp.proto.api import v2c

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.answers import v3
from twinfeed.harness.transports.errors import NoAnswer, NotAdmitted, WrongAnswer
from twinfeed.harness.transports.snmp.messages import SYNTAX, Asked, Operation, Response, numbers, varbind
from twinfeed.harness.transports.snmp.stream import DOMAINS, StreamTransport
from twinfeed.harness.transports.snmp.target import Target

AuthProtocol = Literal["none", "md5", "sha", "sha224", "sha256", "sha384", "sha512"]
PrivProtocol = Literal["none", "des", "3des", "aes128", "aes192", "aes256", "aes192-c", "aes256-c"]
"""Names of net-snmp: the keys of aes192 and aes256 are extended as in draft-blumenthal-aes-usm-04, those with -c
as draft-reeder-snmpv3-usm-3desede-00 does, which Cisco and many cards follow (pysnmp's usmAesCfb192Protocol)."""

AUTH: dict[AuthProtocol, Any] = {
    "none": config.USM_AUTH_NONE,
    "md5": config.USM_AUTH_HMAC96_MD5,
    "sha": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}

PRIV: dict[PrivProtocol, Any] = {
    "none": config.USM_PRIV_NONE,
    "des": config.USM_PRIV_CBC56_DES,
    "3des": config.USM_PRIV_CBC168_3DES,
    "aes128": config.USM_PRIV_CFB128_AES,
    "aes192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes192-c": config.USM_PRIV_CFB192_AES,
    "aes256-c": config.USM_PRIV_CFB256_AES,
}

ALIASES = {"sha1": "sha", "aes": "aes128", "aes192c": "aes192-c", "aes256c": "aes256-c"}

MIN_PASSWORD_OCTETS = 8
"""RFC 3414 §11.2."""


def protocol(text: str) -> str:
    """`SHA-256`, `SHA1` and `AES-256-C` by the names of this module; any other text in lower case."""
    plain = text.lower().replace("-", "").replace("_", "")
    return ALIASES.get(plain, plain)


COMMANDS: dict[Operation, Any] = {
    "get": cmdgen.GetCommandGenerator,
    "next": cmdgen.NextCommandGeneratorSingleRun,
    "bulk": cmdgen.BulkCommandGeneratorSingleRun,
    "set": cmdgen.SetCommandGenerator,
}

TICK_S = 0.1
"""Period in which pysnmp checks for requests to repeat, s."""


@dataclass(frozen=True)
class UsmUser:
    """An SNMPv3 user: authenticated and encrypted if it has the passwords.

    ValueError for a password of less than eight octets (RFC 3414 §11.2), or privacy without authentication.
    """

    name: str
    auth_password: str = field(default="", repr=False)
    priv_password: str = field(default="", repr=False)
    auth: AuthProtocol = "sha"
    priv: PrivProtocol = "aes128"
    origin: str = field(default="", compare=False)
    """The source of the passwords, for the message of an agent's refusal."""

    def __post_init__(self) -> None:
        if self.priv_password and not self.auth_password:
            raise ValueError(
                Phrase(
                    "SNMPv3 user {name!r} encrypts but does not authenticate; give an auth_password too", name=self.name
                )
            )
        for what, password in (("auth_password", self.auth_password), ("priv_password", self.priv_password)):
            octets = len(password.encode())
            if 0 < octets < MIN_PASSWORD_OCTETS:
                if self.origin:
                    what = Phrase("{what} from {origin}", what=what, origin=self.origin)
                raise ValueError(
                    Phrase(
                        "SNMPv3 user {name!r}: the {what} has {octets} octets, expected at least {least} "
                        "(RFC 3414 §11.2)",
                        name=self.name,
                        what=what,
                        octets=octets,
                        least=MIN_PASSWORD_OCTETS,
                    )
                )

    @property
    def level(self) -> str:
        """The security level (RFC 3411 §3.4.3)."""
        return f"{'auth' if self.auth_password else 'noAuth'}{'Priv' if self.priv_password else 'NoPriv'}"

    def add_to(self, engine: Any, engine_id: bytes | None = None) -> None:
        """Add the user to one of pysnmp's engines, as a user of the other engine if one is given."""
        config.add_v3_user(
            engine,
            self.name,
            AUTH[self.auth if self.auth_password else "none"],
            self.auth_password or None,
            PRIV[self.priv if self.priv_password else "none"],
            self.priv_password or None,
            securityEngineId=None if engine_id is None else v2c.OctetString(engine_id),
        )


class LoopDispatcher(AsyncioDispatcher):  # type: ignore[misc]
    """pysnmp's dispatcher on the clock of the loop instead of the machine's. It is idle while no request waits."""

    def __init__(self) -> None:
        super().__init__(timeout=TICK_S)
        self.garbage: dict[tuple[str, int], bytes] = {}
        """The last datagram of each sender that pysnmp could not read."""
        self._waited_for = asyncio.Event()

    def _callback_function(self, incomingTransport: Any, transportAddress: Any, incomingMessage: Any) -> None:
        try:
            octets = v3.readable_datagram(bytes(incomingMessage))
            super()._callback_function(incomingTransport, transportAddress, octets)
        except Exception:  # pysnmp raises whatever its decoder stumbles over, out of the loop's own callback
            self.garbage[tuple(transportAddress[:2])] = bytes(incomingMessage)

    async def handle_timeout(self) -> None:
        while True:
            await self._waited_for.wait()
            await asyncio.sleep(TICK_S)
            self.handle_timer_tick(self.loop.time())

    def job_started(self, jobId: Any, count: int = 1) -> None:
        super().job_started(jobId, count)
        self._waited_for.set()

    def job_finished(self, jobId: Any, count: int = 1) -> None:
        super().job_finished(jobId, count)
        if not self.jobs_are_pending():
            self._waited_for.clear()


class Manager:
    """pysnmp's engine as one user's manager, shared by the sessions of a loop: it takes a tenth of a second to make.

    pysnmp's high-level calls compile a parser for MIB modules at their first use, which takes a second; the engine
    is therefore driven by the applications of RFC 3413 that those calls drive.
    """

    def __init__(self, user: UsmUser) -> None:
        self.engine = v3.engine()
        self.dispatcher = LoopDispatcher()
        self.engine.register_transport_dispatcher(self.dispatcher)
        self.sessions: set[UsmSession] = set()
        self._domains: set[tuple[int, ...]] = set()
        user.add_to(self.engine)
        config.add_target_parameters(self.engine, "user", user.name, user.level, 3)

    def add(self, name: str, target: Target) -> None:
        """Add an agent under a name; its address is numeric."""
        version = ip_address(target.address).version
        domain = udp.DOMAIN_NAME if version == 4 else udp6.DOMAIN_NAME
        if target.over == "tcp":
            domain = DOMAINS[version]
        if domain not in self._domains:
            self._domains.add(domain)
            if target.over == "tcp":
                transport = StreamTransport(version)
            else:
                transport = (udp.UdpTransport() if version == 4 else udp6.Udp6Transport()).open_client_mode()
            config.add_transport(self.engine, domain, transport)
        hundredths = max(1, round(100 * target.tries.timeout_s))
        place = target.address, target.port
        config.add_target_address(self.engine, name, domain, place, "user", hundredths, target.tries.retries)


_numbers = itertools.count(1)
_managers: dict[tuple[asyncio.AbstractEventLoop, UsmUser], Manager] = {}


class UsmSession:
    """A session with one agent as one user."""

    version = 3
    elsewhere = ""
    """Always empty: pysnmp does not give the address of an answer."""

    def __init__(self, target: Target, user: UsmUser, context: str = "") -> None:
        self.requests = 0
        self._target = target
        self._place = (target.address, target.port)
        self._name = f"agent-{next(_numbers)}"  # at most 32 octets (RFC 3413, snmpTargetAddrName), so not its address
        self._user = user
        self._context = context
        self._key: tuple[asyncio.AbstractEventLoop, UsmUser] | None = None

    async def ask(self, operation: Operation, asked: tuple[Asked, ...], where: str, repetitions: int = 0) -> Response:
        """The agent's response.

        Raises:
            NoAnswer: nothing came back in any try.
            NotAdmitted: the agent knows no such user, or keys or clocks do not agree.
            WrongAnswer: something came back that is no response.
        """
        manager = await self._manager()
        manager.dispatcher.garbage.pop(self._place, None)
        varbinds = [(numbers(a.oid), SYNTAX[a.type](a.value) if operation == "set" else v2c.null) for a in asked]
        how = (0, repetitions) if operation == "bulk" else ()
        answer: asyncio.Future[tuple[Any, int, int, Any]] = asyncio.get_running_loop().create_future()

        def answered(_e: Any, _h: Any, trouble: Any, status: Any, about: Any, varbinds: Any, _c: Any) -> None:
            if not answer.done():
                answer.set_result((trouble, int(status), int(about), varbinds))

        self.requests += 1
        COMMANDS[operation]().send_varbinds(manager.engine, self._name, None, self._context, *how, varbinds, answered)
        await asyncio.wait([answer], timeout=self._target.tries.altogether_s)
        trouble, status, about, found = answer.result() if answer.done() else (errind.requestTimedOut, 0, 0, ())
        if isinstance(trouble, errind.RequestTimedOut):
            tries = self._target.tries
            garbage = manager.dispatcher.garbage.get(self._place)
            if garbage is not None:
                raise WrongAnswer(Phrase("no response to this request came {tries}", tries=tries), where, garbage)
            raise NoAnswer(Phrase("no answer {tries}", tries=tries), where)
        if trouble:
            if isinstance(trouble, REFUSALS):
                user = self._user
                whose = Phrase("user {user}", user=user.name)
                if user.origin:
                    whose = Phrase(
                        "user {user}, whose passwords come from {origin}", user=user.name, origin=user.origin
                    )
                raise NotAdmitted(f"{trouble} ({whose})", where)
            raise WrongAnswer(f"{trouble}", where)
        return Response(status, about, tuple(v3.unwrapped(varbind(name, value)) for name, value in found))

    async def _manager(self) -> Manager:
        if self._key is None:
            loop = asyncio.get_running_loop()
            address, port = self._place
            try:
                address = str(ip_address(address))
            except ValueError:
                address = str((await loop.getaddrinfo(address, port, type=socket.SOCK_DGRAM))[0][4][0])
            self._place = address, port
            self._key = loop, self._user
            manager = _managers.get(self._key)
            if manager is None:
                manager = _managers[self._key] = Manager(self._user)
            manager.sessions.add(self)
            manager.add(self._name, replace(self._target, address=address))
        return _managers[self._key]

    def close(self) -> None:
        if self._key is not None:
            manager = _managers[self._key]
            config.delete_target_address(manager.engine, self._name)
            manager.sessions.discard(self)
            if not manager.sessions:
                manager.engine.close_dispatcher()
                del _managers[self._key]
            self._key = None


REFUSALS = (
    errind.UnknownUserName,
    errind.UnknownEngineID,
    errind.AuthenticationFailure,
    errind.WrongDigest,
    errind.UnsupportedSecurityLevel,
    errind.NotInTimeWindow,
    errind.DecryptionError,
    errind.AuthenticationError,
)
"""The reports of an agent about the security of a request (RFC 3414 §3.2)."""
