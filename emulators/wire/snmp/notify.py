"""Notifications: v1 traps, v2c and v3 traps and informs, without sockets.

The originator keeps what waits for an acknowledgement; the caller gives it the time, sends what :meth:`poll`
returns and hands it what comes back. A trap's authoritative engine is the sender's own; an inform's is the
receiver's, which is discovered first (RFC 3414 §4).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twinfeed.emulators.wire.snmp.ber import BerError, Oid, Syntax
from twinfeed.emulators.wire.snmp.counters import Counter, counter_oid
from twinfeed.emulators.wire.snmp.message import (
    AUTH_FLAG,
    PRIV_FLAG,
    REPORTABLE_FLAG,
    ErrorStatus,
    Pdu,
    PduType,
    ScopedPdu,
    VarBind,
    Version,
    decode_varbind,
    encode_community_message,
    encode_pdu,
    encode_scoped_pdu,
    encode_trap_v1,
    encode_varbind,
    read_community_message,
    read_pdu,
    read_scoped_pdu,
    read_v3_message,
    read_version,
)
from twinfeed.emulators.wire.snmp.usm import (
    USM_SECURITY_MODEL,
    Engine,
    SecurityParameters,
    User,
    decrypt,
    digest_is_right,
    read_security_parameters,
    write_message,
)

SNMP_TRAP_PORT = 162
SYS_UP_TIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SNMP_TRAP_OID: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
SNMP_TRAP_ENTERPRISE: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 4, 3, 0)
SNMP_TRAPS: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5)
COLD_START: Oid = (*SNMP_TRAPS, 1)
WARM_START: Oid = (*SNMP_TRAPS, 2)
LINK_DOWN: Oid = (*SNMP_TRAPS, 3)
LINK_UP: Oid = (*SNMP_TRAPS, 4)
AUTHENTICATION_FAILURE: Oid = (*SNMP_TRAPS, 5)
ENTERPRISE_SPECIFIC = 6  # generic-trap, RFC 1157 §4.1.6
MAX_WAITING = 256  # informs an originator keeps; the oldest is given up for a newer one
_MAX_MESSAGE = 65507  # octets, what UDP over IPv4 carries


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification. sysUpTime and snmpTrapOID are added before `varbinds`.

    `enterprise`, `generic` and `specific` are for v1 receivers of a device whose MIB defines TRAP-TYPEs of its own;
    left None they follow from `trap_oid` as RFC 3584 §3.2 specifies.
    """

    trap_oid: Oid
    varbinds: Sequence[VarBind] = ()
    enterprise: Oid | None = None
    generic: int | None = None
    specific: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver. `community` for v1 and v2c, `user` for v3 at the user's security level, or at `at_level` (message
    flags), in `context`.

    An inform is sent again each `timeout_s` seconds, `retries` times at most; the defaults are those of
    snmpTargetAddrTimeout and snmpTargetAddrRetryCount (RFC 3413 §4.1). ValueError for a v1 inform or v3 without user.
    """

    address: tuple[str, int]
    version: Version = Version.V2C
    community: bytes = b"public"
    user: User | None = None
    inform: bool = False
    timeout_s: float = 15.0
    retries: int = 3
    at_level: int | None = None
    context: bytes = b""

    def __post_init__(self) -> None:
        if self.inform and self.version == Version.V1:
            raise ValueError(f"target {self.address}: SNMPv1 has no informs; use version V2C or V3, or a trap")
        if self.version == Version.V3 and self.user is None:
            raise ValueError(f"target {self.address}: v3 notifications are sent as a user; give one")
        if self.user is not None and self.level > self.user.level:
            raise ValueError(f"target {self.address}: user {self.user.name!r} has no passwords for that security level")

    @property
    def level(self) -> int:
        """The security level of v3 notifications, as message flags."""
        if self.at_level is not None:
            return self.at_level
        return 0 if self.user is None else self.user.level


def v1_trap_fields(notification: Notification) -> tuple[Oid, int, int]:
    """Enterprise, generic-trap and specific-trap of the v1 form, RFC 3584 §3.2 where the notification has none."""
    oid = notification.trap_oid
    if oid[:-1] == SNMP_TRAPS and 1 <= oid[-1] <= 6:
        carried = [bind.value for bind in notification.varbinds if bind.oid == SNMP_TRAP_ENTERPRISE]
        enterprise, generic, specific = SNMP_TRAPS, oid[-1] - 1, 0
        if carried and isinstance(carried[0], tuple):
            enterprise = carried[0]
    else:
        enterprise = oid[:-2] if oid[-2] == 0 else oid[:-1]
        generic, specific = ENTERPRISE_SPECIFIC, oid[-1]
    return (
        enterprise if notification.enterprise is None else notification.enterprise,
        generic if notification.generic is None else notification.generic,
        specific if notification.specific is None else notification.specific,
    )


@dataclass(slots=True)
class _Waiting:
    """A queued notification: a trap is sent once, an inform until it is acknowledged or its tries are used up."""

    target: Target
    notification: Notification
    uptime: int
    message_id: int  # request-id and msgID
    due_s: float
    tries: int


@dataclass(slots=True)
class _RemoteEngine:
    """The clock of a receiver: the time of its engine was `time_s` at our time `learned_s`."""

    engine_id: bytes
    boots: int
    time_s: int
    learned_s: float

    def time_at(self, now_s: float) -> int:
        return self.time_s + max(0, int(now_s - self.learned_s))


class NotificationOriginator:
    """Sends notifications to `targets` (assign the attribute to change them).

    `uptime` returns sysUpTime in hundredths of a second; `agent_address` is the device's IPv4 address, 4 octets,
    for v1 traps; `engine` is the device's own, needed for v3 traps.
    `acknowledged` and `given_up` count informs, `untranslatable` values that v1 cannot carry (RFC 3584: Counter64).
    """

    def __init__(
        self,
        targets: Sequence[Target],
        uptime: Callable[[], int],
        agent_address: bytes = b"\x7f\x00\x00\x01",
        engine: Engine | None = None,
    ) -> None:
        for target in targets:
            if target.version == Version.V3 and engine is None:
                raise ValueError(f"target {target.address}: v3 notifications need the device's engine")
        self.targets = tuple(targets)
        self.acknowledged = 0
        self.given_up = 0
        self.untranslatable = 0
        self._uptime = uptime
        self._agent_address = agent_address
        self._engine = engine
        self._waiting: dict[int, _Waiting] = {}  # by message id, oldest first
        self._remote: dict[tuple[str, int], _RemoteEngine] = {}
        self._next_id = 1

    def notify(self, notification: Notification, now_s: float) -> None:
        """Queue `notification` for all targets. It carries the present uptime, even if it is sent later."""
        uptime = self._uptime() & 0xFFFF_FFFF
        for target in self.targets:
            if target.version == Version.V1 and any(b.syntax == Syntax.COUNTER64 for b in notification.varbinds):
                self.untranslatable += 1
                continue
            if len(self._waiting) >= MAX_WAITING:
                self._give_up(next(iter(self._waiting)))
            tries = 1 + target.retries if target.inform else 1
            self._waiting[self._next_id] = _Waiting(target, notification, uptime, self._next_id, now_s, tries)
            self._next_id = self._next_id % 0x7FFF_FFFF + 1

    def next_due_s(self) -> float | None:
        """The time of the next :meth:`poll` that has something to send; None if nothing waits."""
        return min((waiting.due_s for waiting in self._waiting.values()), default=None)

    def poll(self, now_s: float) -> list[tuple[Target, bytes]]:
        """The datagrams to send now."""
        datagrams = []
        for waiting in [waiting for waiting in self._waiting.values() if waiting.due_s <= now_s]:
            if waiting.tries == 0:
                self._give_up(waiting.message_id)
                continue
            datagrams.append((waiting.target, self._datagram(waiting, now_s)))
            waiting.tries -= 1
            if waiting.target.inform:
                waiting.due_s = now_s + waiting.target.timeout_s
            else:
                del self._waiting[waiting.message_id]
        return datagrams

    def receive(self, datagram: bytes, now_s: float) -> Notification | None:
        """The notification that this datagram acknowledges, or None. Never raises because of what
        arrives; an engine discovered makes the informs that waited for it due."""
        try:
            version, start, end = read_version(datagram)
            if version == Version.V3:
                return self._receive_v3(datagram, start, end, now_s)
            message = read_community_message(datagram, start, end)
            pdu = read_pdu(datagram, message.pdu_start, end)
        except BerError:
            return None
        waiting = self._waiting.get(int.from_bytes(pdu.request_id, "big", signed=True))
        if waiting is None or version != waiting.target.version or message.community != waiting.target.community:
            return None
        return self._settle(waiting, pdu)

    def _give_up(self, message_id: int) -> None:
        waiting = self._waiting.pop(message_id)
        if waiting.target.inform:
            self.given_up += 1
            self._remote.pop(waiting.target.address, None)  # it may have been replaced: discover it again

    def _settle(self, waiting: _Waiting, pdu: Pdu) -> Notification | None:
        if pdu.tag != PduType.RESPONSE or not waiting.target.inform:
            return None
        del self._waiting[waiting.message_id]
        if pdu.error_status != ErrorStatus.NO_ERROR:
            self.given_up += 1
            return None
        self.acknowledged += 1
        return waiting.notification

    # sending -------------------------------------------------------------------------------------------------

    def _datagram(self, waiting: _Waiting, now_s: float) -> bytes:
        target, notification = waiting.target, waiting.notification
        if target.version == Version.V1:
            enterprise, generic, specific = v1_trap_fields(notification)
            bindings = list(map(encode_varbind, notification.varbinds))
            trap = encode_trap_v1(enterprise, self._agent_address, generic, specific, waiting.uptime, bindings)
            return encode_community_message(Version.V1, target.community, trap)
        head = [
            VarBind(SYS_UP_TIME, Syntax.TIMETICKS, waiting.uptime),
            VarBind(SNMP_TRAP_OID, Syntax.OBJECT_IDENTIFIER, notification.trap_oid),
        ]
        bindings = list(map(encode_varbind, (*head, *notification.varbinds)))
        pdu_type = PduType.INFORM if target.inform else PduType.TRAP
        pdu = encode_pdu(pdu_type, waiting.message_id, 0, 0, bindings)
        if target.version == Version.V2C:
            return encode_community_message(Version.V2C, target.community, pdu)
        return self._v3_datagram(waiting, pdu, now_s)

    def _v3_datagram(self, waiting: _Waiting, pdu: bytes, now_s: float) -> bytes:
        own, user = self._engine, waiting.target.user
        assert own is not None
        assert user is not None
        flags = waiting.target.level
        engine_id, boots, time_s = own.engine_id, own.boots(), own.time_s()
        if waiting.target.inform:
            remote = self._remote.get(waiting.target.address)
            if remote is None:
                return _discovery(waiting.message_id)
            engine_id, boots, time_s = remote.engine_id, remote.boots, remote.time_at(now_s)
            flags |= REPORTABLE_FLAG
        return write_message(
            msg_id=waiting.message_id,
            max_size=_MAX_MESSAGE,
            flags=flags,
            engine_id=engine_id,
            boots=boots,
            time_s=time_s,
            user=user,
            salt=own.next_salt(),
            scoped_pdu=encode_scoped_pdu(ScopedPdu(own.engine_id, waiting.target.context, pdu)),
        )

    # receiving -----------------------------------------------------------------------------------------------

    def _receive_v3(self, datagram: bytes, start: int, end: int, now_s: float) -> Notification | None:
        message = read_v3_message(datagram, start, end)
        if message.security_model != USM_SECURITY_MODEL:
            return None
        security = read_security_parameters(message.security_parameters, message.security_start)
        waiting = self._waiting.get(message.msg_id)
        if waiting is None or waiting.target.user is None:
            return None
        user = waiting.target.user
        level = message.flags & (AUTH_FLAG | PRIV_FLAG)
        if level > waiting.target.level or (level & AUTH_FLAG and not digest_is_right(user, security, datagram)):
            return None
        data = decrypt(user, security, message.data) if level & PRIV_FLAG else message.data
        scoped = read_scoped_pdu(data)
        pdu = read_pdu(scoped.pdu, 0, len(scoped.pdu))
        if pdu.tag == PduType.REPORT:
            self._learn(waiting, security, pdu, level, now_s)
            return None
        if level != waiting.target.level or int.from_bytes(pdu.request_id, "big", signed=True) != waiting.message_id:
            return None
        return self._settle(waiting, pdu)

    def _learn(self, waiting: _Waiting, security: SecurityParameters, pdu: Pdu, level: int, now_s: float) -> None:
        """Take the receiver's engine from a Report. An unauthenticated one counts only while no engine is known."""
        address = waiting.target.address
        about = decode_varbind(pdu.varbinds[0]).oid if pdu.varbinds else None
        discovered = address not in self._remote and about == counter_oid(Counter.UNKNOWN_ENGINE_IDS)
        resynchronized = bool(level & AUTH_FLAG) and about == counter_oid(Counter.NOT_IN_TIME_WINDOWS)
        if not (discovered or resynchronized) or not 5 <= len(security.engine_id) <= 32:
            return
        self._remote[address] = _RemoteEngine(security.engine_id, security.boots, security.time_s, now_s)
        for other in self._waiting.values():
            if other.target.address == address and other.target.inform:
                other.due_s = now_s
                if discovered:  # so far only the discovery was sent, not the inform
                    other.tries = 1 + other.target.retries


def _discovery(message_id: int) -> bytes:
    """RFC 3414 §4: a request to no engine by no user, which the receiver answers with its engine id."""
    pdu = encode_pdu(PduType.GET, message_id, 0, 0, ())
    return write_message(
        msg_id=message_id,
        max_size=_MAX_MESSAGE,
        flags=REPORTABLE_FLAG,
        engine_id=b"",
        boots=0,
        time_s=0,
        user=None,
        scoped_pdu=encode_scoped_pdu(ScopedPdu(b"", b"", pdu)),
    )
