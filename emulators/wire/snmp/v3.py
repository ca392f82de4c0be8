"""v3 message processing of a command responder: RFC 3412 §7.2 and RFC 3414 §3.2, with the Reports they prescribe."""

from collections.abc import Callable, Iterable, Sequence

from twinfeed.emulators.wire.snmp.access import AccessEntry, entry_for
from twinfeed.emulators.wire.snmp.ber import BerError, Syntax, encode_integer, encode_sequence, encode_tlv
from twinfeed.emulators.wire.snmp.counters import Counter, Counters, counter_oid
from twinfeed.emulators.wire.snmp.message import (
    AUTH_FLAG,
    PRIV_FLAG,
    REPORTABLE_FLAG,
    ErrorStatus,
    Pdu,
    PduType,
    ScopedPdu,
    V3Message,
    VarBind,
    content_room,
    encode_scoped_pdu,
    encode_varbind,
    read_pdu,
    read_scoped_pdu,
    read_v3_message,
)
from twinfeed.emulators.wire.snmp.operations import REQUESTS, Outcome, refuse
from twinfeed.emulators.wire.snmp.usm import (
    MAX_BOOTS,
    TIME_WINDOW_S,
    USM_SECURITY_MODEL,
    Engine,
    SecurityParameters,
    User,
    decrypt,
    digest_is_right,
    read_security_parameters,
    write_message,
)

Carry = Callable[[Pdu, AccessEntry, int], Outcome | None]
"""Carries out a request: its PDU, the access of the user, the octets available for the PDU of the answer."""

_CONFIRMED = REQUESTS | {PduType.INFORM}  # these may be answered with a Report, RFC 3411 §2.8


class _Reported(Exception):
    """Processing ends with this counter. The sender gets it if it wants reports."""

    def __init__(self, counter: Counter, level: int = 0) -> None:
        super().__init__(counter.name)
        self.counter = counter
        self.level = level  # security level of the report, as message flags


class V3Responder:
    """Answers v3 messages to one engine, in these contexts."""

    __slots__ = ("_contexts", "_counters", "_max_size", "_users", "engine")

    def __init__(
        self, engine: Engine, users: Sequence[User], contexts: Iterable[bytes], counters: Counters, max_size: int
    ) -> None:
        self.engine = engine
        self._users = {user.name: user for user in users}
        self._contexts = frozenset(contexts)
        self._counters = counters
        self._max_size = max_size

    def handle(self, datagram: bytes, start: int, end: int, carry_out: Carry, most: int | None = None) -> bytes | None:
        """The answer to a message of which datagram[start:end] follows the version; `most` octets long at most."""
        counters = self._counters
        try:
            message = read_v3_message(datagram, start, end)
            if message.security_model != USM_SECURITY_MODEL:
                counters.add(Counter.UNKNOWN_SECURITY_MODELS)
                return None
            if message.flags & PRIV_FLAG and not message.flags & AUTH_FLAG:
                counters.add(Counter.INVALID_MSGS)
                return None
            security = read_security_parameters(message.security_parameters, message.security_start)
        except BerError:
            counters.add(Counter.IN_ASN_PARSE_ERRS)
            return None
        level = message.flags & (AUTH_FLAG | PRIV_FLAG)
        user: User | None = None
        pdu: Pdu | None = None
        try:
            user = self._user(security, level)
            self._authenticate(user, security, level, datagram)
            scoped = self._scoped_pdu(message, security, level, user)
            pdu = read_pdu(scoped.pdu, 0, len(scoped.pdu))
            if scoped.context_engine_id != self.engine.engine_id or pdu.tag not in REQUESTS:
                raise _Reported(Counter.UNKNOWN_PDU_HANDLERS, level)
            if scoped.context_name not in self._contexts:
                raise _Reported(Counter.UNKNOWN_CONTEXTS, level)
        except BerError:
            counters.add(Counter.IN_ASN_PARSE_ERRS)
            return None
        except _Reported as reported:
            counters.add(reported.counter)
            if not message.flags & REPORTABLE_FLAG or (pdu is not None and pdu.tag not in _CONFIRMED):
                return None
            if pdu is None and not message.flags & PRIV_FLAG:
                pdu = _plain_pdu(message)
            return self._report(message, reported, pdu, user, security.user_name)
        return self._respond(message, pdu, user, level, scoped.context_name, carry_out, most or self._max_size)

    def _user(self, security: SecurityParameters, level: int) -> User:
        """Steps 3 to 5 of RFC 3414 §3.2."""
        if security.engine_id != self.engine.engine_id:
            raise _Reported(Counter.UNKNOWN_ENGINE_IDS)
        user = self._users.get(security.user_name)
        if user is None:
            raise _Reported(Counter.UNKNOWN_USER_NAMES)
        if level > user.level:
            raise _Reported(Counter.UNSUPPORTED_SEC_LEVELS)
        return user

    def _authenticate(self, user: User, security: SecurityParameters, level: int, datagram: bytes) -> None:
        """Steps 6 and 7."""
        if not level & AUTH_FLAG:
            return
        if not digest_is_right(user, security, datagram):
            raise _Reported(Counter.WRONG_DIGESTS)
        boots, time_s = self.engine.boots(), self.engine.time_s()
        if boots >= MAX_BOOTS or security.boots != boots or abs(time_s - security.time_s) > TIME_WINDOW_S:
            raise _Reported(Counter.NOT_IN_TIME_WINDOWS, level=AUTH_FLAG)

    def _scoped_pdu(self, message: V3Message, security: SecurityParameters, level: int, user: User) -> ScopedPdu:
        """Step 8. If the decrypted octets are no PDU, another key was used."""
        if not level & PRIV_FLAG:
            return read_scoped_pdu(message.data)
        try:
            return read_scoped_pdu(decrypt(user, security, message.data))
        except BerError as error:
            raise _Reported(Counter.DECRYPTION_ERRORS) from error

    def _respond(
        self, message: V3Message, pdu: Pdu, user: User, level: int, context: bytes, carry_out: Carry, most: int
    ) -> bytes | None:
        limit = min(most, message.max_size)
        room = content_room(content_room(content_room(limit))) - self._overhead(user, context)
        entry = entry_for(user.access, level, context)
        if entry is None:
            outcome = refuse(pdu, ErrorStatus.AUTHORIZATION_ERROR, 1 if pdu.varbinds else 0, v1=False, room=room)
        else:
            outcome = carry_out(pdu, entry, room)
        if outcome is None:
            self._counters.add(Counter.SILENT_DROPS)
            return None
        self._counters.add_answered(pdu.tag, outcome.status, outcome.bindings)
        response = encode_tlv(PduType.RESPONSE, encode_tlv(Syntax.INTEGER, pdu.request_id) + outcome.tail)
        return self._write(message, user, user.name, level, response, context)

    def _overhead(self, user: User, context: bytes) -> int:
        """The most octets that everything around the PDU takes, apart from the lengths of the three outermost elements:
        version and header 23 octets, the security parameters' own fields, the context and the cipher's padding."""
        engine_octets = len(self.engine.engine_id)
        security = 8 + 2 + engine_octets + 12 + 2 + len(user.name) + 2 + user.auth.digest_octets + 2 + 8
        return 23 + security + 2 + engine_octets + 2 + len(context) + user.priv.padding_octets

    def _report(
        self, message: V3Message, reported: _Reported, pdu: Pdu | None, user: User | None, user_name: bytes
    ) -> bytes:
        """A Report-PDU with the counter (RFC 3412 §7.1 step 3). Security failures are reported in plain; only
        notInTimeWindows is authenticated, for the sender to believe the clock in it (RFC 3414 §3.2 step 7)."""
        value = VarBind(counter_oid(reported.counter), Syntax.COUNTER32, self._counters[reported.counter])
        request_id = pdu.request_id if pdu is not None else b"\x00"
        content = encode_tlv(Syntax.INTEGER, request_id) + encode_integer(0) + encode_integer(0)
        body = encode_tlv(PduType.REPORT, content + encode_sequence(encode_varbind(value)))
        self._counters.add(Counter.OUT_PKTS)
        return self._write(message, user, user_name, reported.level, body)

    def _write(
        self, message: V3Message, user: User | None, user_name: bytes, level: int, pdu: bytes, context: bytes = b""
    ) -> bytes:
        engine_id = self.engine.engine_id
        return write_message(
            msg_id=message.msg_id,
            max_size=self._max_size,
            flags=level,
            engine_id=engine_id,
            boots=self.engine.boots(),
            time_s=self.engine.time_s(),
            user=user,
            user_name=user_name,
            salt=self.engine.next_salt(),
            scoped_pdu=encode_scoped_pdu(ScopedPdu(engine_id, context, pdu)),
        )


def _plain_pdu(message: V3Message) -> Pdu | None:
    """The PDU of an unencrypted message, for its request-id; None when it cannot be read."""
    try:
        scoped = read_scoped_pdu(message.data)
        return read_pdu(scoped.pdu, 0, len(scoped.pdu))
    except BerError:
        return None
