"""Faults of SNMP v3 messages. Without keys the header can be read, and reports without keys can be written.

Such are the Reports (RFC 3414 §3.2): usmStatsWrongDigests is sent without authentication by real agents too. A Report
of usmStatsNotInTimeWindows is authenticated by real agents, so that a manager believes the clock in it; the one made
here is not. pysnmp and net-snmp believe it all the same and ask again with that clock; what they ask then goes
unanswered, as only the agent's secret could answer it (after two reports of a wrong clock net-snmp waits for ever).
What is inside an authenticated message cannot be changed without the manager noticing: faults of values leave v3 alone.
"""

from __future__ import annotations

from twinfeed.emulators.wire.snmp.ber import BerError, Syntax, encode_integer, encode_sequence, encode_tlv
from twinfeed.emulators.wire.snmp.counters import Counter, counter_oid
from twinfeed.emulators.wire.snmp.message import (
    AUTH_FLAG,
    PRIV_FLAG,
    REPORTABLE_FLAG,
    PduType,
    ScopedPdu,
    V3Message,
    VarBind,
    encode_pdu,
    encode_scoped_pdu,
    encode_v3_header,
    encode_varbind,
    read_pdu,
    read_scoped_pdu,
    read_v3_message,
)
from twinfeed.emulators.wire.snmp.usm import SecurityParameters, read_security_parameters, write_message
from twinfeed.harness.faults.frames.active import ActiveFaults

_MAX_SIZE = 65507
_MOST = 0x7FFF_FFFF


class V3Faults:
    """The v3 faults of a device, as they act on one manager."""

    __slots__ = ("_asked", "_onset", "_reported", "_tamper", "_told")

    def __init__(self, tamper: ActiveFaults) -> None:
        self._tamper = tamper
        self._reported = 0
        self._onset: object = None  # the memory of the fault of the clock that the next two are about
        self._told: tuple[int, int] | None = None  # the boots and time that the manager was last sent
        self._asked: tuple[int, int] | None = None  # those in the last request that was reported

    def report(self, datagram: bytes, start: int, end: int) -> bytes | None:
        """The Report that an authenticated request gets in the agent's place, empty for silence, None to pass it on.

        Raises:
            BerError: this is no v3 message.
        """
        active = self._tamper.active
        message = read_v3_message(datagram, start, end)
        security = read_security_parameters(message.security_parameters, message.security_start)
        if not message.flags & AUTH_FLAG or not message.flags & REPORTABLE_FLAG:
            return None
        idea = security.boots, security.time_s
        if "snmp-key-changed" in active:
            return self._report(message, security, Counter.WRONG_DIGESTS, *idea)
        clock = self._clock(*idea)
        if clock is None:
            return None
        if idea == self._asked or (self._told is not None and idea >= self._told):
            return b""
        self._asked, self._told = idea, clock
        return self._report(message, security, Counter.NOT_IN_TIME_WINDOWS, *clock)

    def answer(self, datagram: bytes, start: int, end: int) -> bytes:
        """An answer of the agent as the manager gets it.

        Raises:
            BerError: this is no v3 message.
        """
        active = self._tamper.active
        message = read_v3_message(datagram, start, end)
        security = read_security_parameters(message.security_parameters, message.security_start)
        msg_id, boots, time_s = message.msg_id, security.boots, security.time_s
        wrong = active.get("snmp-wrong-request-id")
        if wrong is not None:
            msg_id = (msg_id + int(wrong["offset"])) % (_MOST + 1)
        if not message.flags & AUTH_FLAG:  # discovery: the agent's engine, boots and time, sent to any client
            clock = self._clock(boots, time_s)
            if clock is not None:
                boots, time_s = self._told = clock
        if (msg_id, boots, time_s) == (message.msg_id, security.boots, security.time_s):
            return datagram
        return _rewritten(message, security, msg_id, boots, time_s)

    def _clock(self, boots: int, time_s: int) -> tuple[int, int] | None:
        """The engine's boots and time as the fault has them, from those it has; None without a fault of the clock."""
        active = self._tamper.active
        kind = next((kind for kind in ("snmp-engine-reboot", "snmp-time-window") if kind in active), None)
        if kind is None:
            return None
        memory = self._tamper.memory[kind]
        if memory is not self._onset:
            self._onset, self._told, self._asked = memory, None, None
        if kind == "snmp-time-window":
            return boots, min(time_s + int(active[kind]["offset_s"]), _MOST)
        first = int(self._tamper.first(kind, boots, b"%d" % time_s))
        return min(boots + int(active[kind]["boots"]), _MOST), max(0, time_s - first)

    def _report(
        self, message: V3Message, security: SecurityParameters, counter: Counter, boots: int, time_s: int
    ) -> bytes:
        self._reported += 1
        value = encode_varbind(VarBind(counter_oid(counter), Syntax.COUNTER32, self._reported))
        pdu = encode_pdu(PduType.REPORT, _request_id(message), 0, 0, [value])
        return write_message(
            msg_id=message.msg_id,
            max_size=_MAX_SIZE,
            flags=0,
            engine_id=security.engine_id,
            boots=min(max(boots, 0), _MOST),
            time_s=min(max(time_s, 0), _MOST),
            user=None,
            user_name=security.user_name,
            scoped_pdu=encode_scoped_pdu(ScopedPdu(security.engine_id, b"", pdu)),
        )


def _request_id(message: V3Message) -> int:
    """The request-id if it can be read, else 0, as RFC 3412 §7.1 step 3 has it."""
    if message.flags & PRIV_FLAG:
        return 0
    try:
        scoped = read_scoped_pdu(message.data)
        return int.from_bytes(read_pdu(scoped.pdu, 0, len(scoped.pdu)).request_id, "big", signed=True)
    except BerError:
        return 0


def _rewritten(message: V3Message, security: SecurityParameters, msg_id: int, boots: int, time_s: int) -> bytes:
    """The message with another header; its digest, if it has one, is as it was."""
    parameters = encode_sequence(
        encode_tlv(Syntax.OCTET_STRING, security.engine_id),
        encode_integer(boots),
        encode_integer(min(time_s, _MOST)),
        encode_tlv(Syntax.OCTET_STRING, security.user_name),
        encode_tlv(Syntax.OCTET_STRING, security.auth),
        encode_tlv(Syntax.OCTET_STRING, security.priv),
    )
    return encode_sequence(
        encode_v3_header(msg_id, message.max_size, message.flags, message.security_model),
        encode_tlv(Syntax.OCTET_STRING, parameters),
        message.data,
    )
