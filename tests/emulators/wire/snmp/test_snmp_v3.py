"""How an engine takes v3 messages: RFC 3412 §7.2 and RFC 3414 §3.2. That the octets are right is settled by the RFCs'
vectors, pysnmp and net-snmp in the other files; here messages are written with our own codec, and read with it."""

from typing import Any, NamedTuple

import pytest
from snmp_manager import SYSTEM, Device

from twinfeed.emulators.wire.snmp import Counter, Engine, Instance, SnmpAgent, Syntax, User, engine_id_from_text
from twinfeed.emulators.wire.snmp.ber import Oid, encode_oid, encode_sequence
from twinfeed.emulators.wire.snmp.message import (
    Pdu,
    PduType,
    ScopedPdu,
    decode_varbind,
    encode_pdu,
    encode_scoped_pdu,
    read_pdu,
    read_scoped_pdu,
    read_v3_message,
    read_version,
)
from twinfeed.emulators.wire.snmp.usm import decrypt, digest_is_right, read_security_parameters, write_message

ENGINE_ID = engine_id_from_text(53864, b"pdu-a")
USER = User(b"engineer", b"auth-secret", b"priv-secret")
AUTH, PRIV, REPORTABLE = 1, 2, 4
USM_STATS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1)


class Clock:
    """The engine's, to be set."""

    boots = 7
    time_s = 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def agent(clock: Clock) -> SnmpAgent:
    engine = Engine(ENGINE_ID, lambda: clock.boots, lambda: clock.time_s)
    return Device().agent(users=[USER, User(b"watcher")], engine=engine)


def message(**changes: Any) -> bytes:
    """An authPriv GET of sysName, unless stated otherwise."""
    user = changes.pop("user", USER)
    context_engine = changes.pop("context_engine", ENGINE_ID)
    context = changes.pop("context", b"")
    pdu_type = changes.pop("pdu_type", PduType.GET)
    binding = encode_sequence(encode_oid((*SYSTEM, 5, 0)), b"\x05\x00")
    pdu = encode_pdu(pdu_type, 99, 0, 0, [binding])
    fields: dict[str, Any] = {
        "msg_id": 4711,
        "max_size": 65507,
        "flags": AUTH | PRIV | REPORTABLE,
        "engine_id": ENGINE_ID,
        "boots": 7,
        "time_s": 1000,
        "salt": bytes(7) + b"\x01",
        "scoped_pdu": encode_scoped_pdu(ScopedPdu(context_engine, context, pdu)),
    }
    return write_message(user=user, **{**fields, **changes})


class Reply(NamedTuple):
    flags: int
    msg_id: int
    boots: int
    time_s: int
    pdu: Pdu

    @property
    def shown(self) -> Oid:
        """The name in the first binding."""
        return decode_varbind(self.pdu.varbinds[0]).oid


def read_reply(datagram: bytes | None) -> Reply:
    assert datagram is not None
    _, start, end = read_version(datagram)
    header = read_v3_message(datagram, start, end)
    security = read_security_parameters(header.security_parameters, header.security_start)
    data = header.data
    if header.flags & AUTH:
        assert digest_is_right(USER, security, datagram)
    if header.flags & PRIV:
        data = decrypt(USER, security, data)
    scoped = read_scoped_pdu(data)
    pdu = read_pdu(scoped.pdu, 0, len(scoped.pdu))
    return Reply(header.flags, header.msg_id, security.boots, security.time_s, pdu)


def test_a_request_is_answered_at_its_own_security_level(agent: SnmpAgent) -> None:
    reply = read_reply(agent.handle(message()))
    assert (reply.pdu.tag, reply.flags, reply.msg_id) == (PduType.RESPONSE, AUTH | PRIV, 4711)
    assert decode_varbind(reply.pdu.varbinds[0]).value == b"pdu-a"


def test_discovery_tells_the_engine_and_its_clock(agent: SnmpAgent) -> None:
    asked = message(engine_id=b"", boots=0, time_s=0, user=None, flags=REPORTABLE, context_engine=b"")
    reply = read_reply(agent.handle(asked))
    assert (reply.pdu.tag, reply.flags, reply.boots, reply.time_s) == (PduType.REPORT, 0, 7, 1000)
    assert reply.shown == (*USM_STATS, 4, 0)  # usmStatsUnknownEngineIDs
    assert int.from_bytes(reply.pdu.request_id, "big") == 99


REPORTED: dict[str, tuple[dict[str, Any], int, Counter]] = {
    "level the user has not": (
        {"user": User(b"watcher", b"auth-secret"), "flags": AUTH | REPORTABLE},
        1,
        Counter.UNSUPPORTED_SEC_LEVELS,
    ),
    "151 seconds early": ({"time_s": 849}, 2, Counter.NOT_IN_TIME_WINDOWS),
    "151 seconds late": ({"time_s": 1151}, 2, Counter.NOT_IN_TIME_WINDOWS),
    "before the last boot": ({"boots": 6}, 2, Counter.NOT_IN_TIME_WINDOWS),
    "stranger": ({"user": User(b"stranger", b"auth-secret", b"priv-secret")}, 3, Counter.UNKNOWN_USER_NAMES),
    "another engine": ({"engine_id": engine_id_from_text(53864, b"pdu-b")}, 4, Counter.UNKNOWN_ENGINE_IDS),
    "another password": ({"user": User(b"engineer", b"no-secret-", b"priv-secret")}, 5, Counter.WRONG_DIGESTS),
    "another privacy password": (
        {"user": User(b"engineer", b"auth-secret", b"no-secret-")},
        6,
        Counter.DECRYPTION_ERRORS,
    ),
}


@pytest.mark.parametrize("case", REPORTED)
def test_what_security_refuses_is_reported_and_counted(agent: SnmpAgent, case: str) -> None:
    changes, sub_identifier, counter = REPORTED[case]
    reply = read_reply(agent.handle(message(**changes)))
    assert (reply.pdu.tag, reply.shown) == (PduType.REPORT, (*USM_STATS, sub_identifier, 0))
    assert reply.flags == (AUTH if counter == Counter.NOT_IN_TIME_WINDOWS else 0)
    assert agent.counter(counter) == 1


@pytest.mark.parametrize("case", REPORTED)
def test_nothing_is_reported_to_who_did_not_ask_for_reports(agent: SnmpAgent, case: str) -> None:
    changes, _, counter = REPORTED[case]
    flags = changes.get("flags", AUTH | PRIV) & ~REPORTABLE
    assert agent.handle(message(**{**changes, "flags": flags})) is None
    assert agent.counter(counter) == 1


@pytest.mark.parametrize("time_s", [850, 1150])
def test_the_time_window_is_150_seconds_wide_each_way(agent: SnmpAgent, time_s: int) -> None:
    assert read_reply(agent.handle(message(time_s=time_s))).pdu.tag == PduType.RESPONSE


def test_an_engine_that_ran_out_of_boots_believes_nobody(agent: SnmpAgent, clock: Clock) -> None:
    clock.boots = 0x7FFF_FFFF
    reply = read_reply(agent.handle(message(boots=0x7FFF_FFFF)))
    assert reply.shown == (*USM_STATS, 2, 0)


def test_a_message_below_the_users_level_is_not_authorized(agent: SnmpAgent) -> None:
    reply = read_reply(agent.handle(message(flags=AUTH | REPORTABLE)))
    assert (reply.pdu.tag, reply.pdu.error_status, reply.pdu.error_index) == (PduType.RESPONSE, 16, 1)


def test_a_context_that_is_not_there_is_reported(agent: SnmpAgent) -> None:
    reply = read_reply(agent.handle(message(context=b"bridge1")))
    assert reply.shown == (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)  # snmpUnknownContexts
    reply = read_reply(agent.handle(message(context_engine=b"another")))
    assert reply.shown == (1, 3, 6, 1, 6, 3, 11, 2, 1, 3, 0)  # snmpUnknownPDUHandlers


@pytest.mark.parametrize("pdu_type", [PduType.RESPONSE, PduType.REPORT, PduType.TRAP])
def test_what_needs_no_answer_gets_none(agent: SnmpAgent, pdu_type: PduType) -> None:
    assert agent.handle(message(pdu_type=pdu_type)) is None
    assert agent.counter(Counter.UNKNOWN_PDU_HANDLERS) == 1


def test_privacy_without_authentication_is_invalid(agent: SnmpAgent) -> None:
    octets = message(flags=AUTH | PRIV | REPORTABLE)
    flags_at = octets.index(b"\x04\x01\x07") + 2
    assert agent.handle(octets[:flags_at] + b"\x06" + octets[flags_at + 1 :]) is None
    assert agent.counter(Counter.INVALID_MSGS) == 1


def test_another_security_model_is_counted(agent: SnmpAgent) -> None:
    octets = message()
    model_at = octets.index(b"\x04\x01\x07\x02\x01\x03") + 5
    assert agent.handle(octets[:model_at] + b"\x02" + octets[model_at + 1 :]) is None
    assert agent.counter(Counter.UNKNOWN_SECURITY_MODELS) == 1


def test_an_answer_fits_what_the_asker_can_receive(agent: SnmpAgent) -> None:
    rows = [Instance((1, 3, 6, 9, n), Syntax.OCTET_STRING, lambda: b"x" * 60) for n in range(40)]
    agent.tree.replace(rows)
    binding = encode_sequence(encode_oid((1, 3, 6, 9)), b"\x05\x00")
    bulk = encode_scoped_pdu(ScopedPdu(ENGINE_ID, b"", encode_pdu(PduType.GET_BULK, 1, 0, 40, [binding])))
    for max_size in range(484, 1500, 37):
        answer = agent.handle(message(max_size=max_size, scoped_pdu=bulk))
        assert answer is not None
        assert max_size - 150 < len(answer) <= min(max_size, agent.max_message)
        assert read_reply(answer).pdu.error_status == 0


def test_no_two_messages_share_a_salt(agent: SnmpAgent) -> None:
    salts = set()
    for _ in range(50):
        answer = agent.handle(message())
        assert answer is not None
        _, start, end = read_version(answer)
        header = read_v3_message(answer, start, end)
        salts.add(read_security_parameters(header.security_parameters, header.security_start).priv)
    assert len(salts) == 50


def test_users_need_an_engine() -> None:
    with pytest.raises(ValueError, match="needs an engine"):
        Device().agent(users=[USER])
