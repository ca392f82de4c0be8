"""Whatever arrives, the agent raises nothing, discloses nothing that it must not, and counts what it dropped."""

import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pysnmp.proto import rfc1905
from snmp_manager import SYSTEM, TABLE, V1, V2C, Device, request
from workers.examples import examples

from twinfeed.emulators.wire.snmp import Counter, Engine, SnmpAgent, User, engine_id_from_text
from twinfeed.emulators.wire.snmp.message import (
    PduType,
    ScopedPdu,
    encode_pdu,
    encode_scoped_pdu,
    read_v3_message,
    read_version,
)
from twinfeed.emulators.wire.snmp.usm import write_message

ENGINE_ID = engine_id_from_text(53864, b"pdu-a")
USER = User(b"engineer", b"auth-secret", b"priv-secret", writable=True)
SECRET = b"pdu-a-secret-name"
NAME = (*SYSTEM, 5, 0)


def secretive_agent() -> SnmpAgent:
    device = Device()
    device.name = SECRET
    return device.agent(users=[USER], engine=Engine(ENGINE_ID, lambda: 1, lambda: 100), max_message=700)


def v3_message(flags: int, user: User | None) -> bytes:
    return write_message(
        msg_id=1,
        max_size=1000,
        flags=flags,
        engine_id=ENGINE_ID if user else b"",
        boots=1,
        time_s=100,
        user=user,
        scoped_pdu=encode_scoped_pdu(ScopedPdu(ENGINE_ID, b"", encode_pdu(PduType.GET_BULK, 5, 0, 10, []))),
    )


VALID = [
    request("Get", NAME),
    request("Get", NAME, version=1),
    request("GetNext", SYSTEM, TABLE),
    request("GetBulk", SYSTEM, TABLE, max_repetitions=20, non_repeaters=1),
    request("Set", (NAME, V2C.OctetString(b"other")), community=b"private"),
    v3_message(7, USER),
    v3_message(4, None),
]
WELL_COUNTED = [
    Counter.OUT_PKTS,
    Counter.IN_ASN_PARSE_ERRS,
    Counter.IN_BAD_VERSIONS,
    Counter.IN_BAD_COMMUNITY_NAMES,
    Counter.UNKNOWN_PDU_HANDLERS,
    Counter.UNKNOWN_SECURITY_MODELS,
    Counter.INVALID_MSGS,
    Counter.SILENT_DROPS,
]
USM_COUNTERS = [
    counter for counter in Counter if Counter.UNSUPPORTED_SEC_LEVELS <= counter <= Counter.DECRYPTION_ERRORS
]


@st.composite
def mutated(draw: Any) -> bytes:
    """A valid message with octets changed, cut out, doubled, put in or left off."""
    octets = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(octets) - 1)))
        how = draw(st.integers(0, 4))
        if how == 0 and octets:
            octets[at] = draw(st.sampled_from([0, 1, 2, 4, 5, 6, 0x30, 0x7F, 0x80, 0x81, 0x84, 0xA0, 0xFF]))
        elif how == 1:
            del octets[at : at + draw(st.integers(1, 8))]
        elif how == 2:
            octets[at:at] = octets[at : at + draw(st.integers(1, 8))]
        elif how == 3:
            octets[at:at] = draw(st.binary(min_size=1, max_size=4))
        else:
            del octets[at:]
    return bytes(octets)


def is_proper_answer(answer: bytes) -> bool:
    """True if pysnmp's codec, or our v3 reader, takes all of it for a message."""
    version, start, end = read_version(answer)
    if version == 3:
        return bool(read_v3_message(answer, start, end))
    module = V1 if version == 0 else V2C
    message, rest = decoder.decode(answer, asn1Spec=module.Message())
    pdu = module.apiMessage.get_pdu(message)
    return not rest and pdu.tagSet == rfc1905.ResponsePDU.tagSet


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=80), mutated()), min_size=1, max_size=5))
def test_any_datagrams_are_survived_and_accounted_for(datagrams: list[bytes]) -> None:
    agent = secretive_agent()
    answers = 0
    for datagram in datagrams:
        answer = agent.handle(datagram)
        if answer is not None:
            answers += 1
            assert len(answer) <= 700
            assert is_proper_answer(answer)
    assert agent.counter(Counter.IN_PKTS) == len(datagrams)
    assert agent.counter(Counter.OUT_PKTS) == answers
    # an unanswered message shows in some counter
    dropped = sum(agent.counter(counter) for counter in WELL_COUNTED[1:] + USM_COUNTERS)
    assert answers + dropped >= len(datagrams)


@settings(max_examples=examples(300), deadline=None)
@given(mutated())
def test_an_answer_does_not_depend_on_what_is_remembered(datagram: bytes) -> None:
    fresh, experienced = secretive_agent(), secretive_agent()
    for valid in VALID[:4]:
        experienced.handle(valid)
        experienced.handle(valid)
    if b"\x02\x01\x03" not in datagram[:8]:  # v3 answers carry salts and counters
        assert experienced.handle(datagram) == fresh.handle(datagram)
        assert experienced.handle(datagram) == fresh.handle(datagram)


@given(st.binary(min_size=1, max_size=20).filter(lambda c: c not in (b"public", b"private")))
def test_no_other_community_is_ever_answered(community: bytes) -> None:
    agent = secretive_agent()
    agent.handle(request("Get", NAME))
    assert agent.handle(request("Get", NAME, community=community)) is None


@settings(deadline=None)
@given(st.integers(0, len(v3_message(7, USER)) - 1), st.integers(1, 255))
def test_a_v3_message_changed_in_any_octet_is_not_carried_out(position: int, change: int) -> None:
    octets = bytearray(v3_message(7, USER))
    octets[position] ^= change
    agent = secretive_agent()
    agent.handle(bytes(octets))
    assert agent.counter(Counter.OUT_GET_RESPONSES) == 0


def test_deep_nesting_costs_nothing() -> None:
    nested = b""
    for _ in range(10_000):
        length = len(nested)
        nested = b"\x30\x84" + length.to_bytes(4, "big") + nested
        if len(nested) > 60_000:
            break
    agent = secretive_agent()
    assert agent.handle(nested) is None
    assert agent.counter(Counter.IN_ASN_PARSE_ERRS) == 1


def test_endless_repetitions_are_bounded_by_the_message_size() -> None:
    agent = secretive_agent()
    for operation in range(3):
        answer = agent.handle(
            request("GetBulk", *[SYSTEM] * (operation + 1), max_repetitions=2**31 - 1, non_repeaters=operation)
        )
        assert answer is not None
        assert len(answer) <= 700


def test_memory_stays_bounded_under_a_flood_of_different_requests() -> None:
    agent = secretive_agent()

    def flood(start: int) -> None:
        for number in range(start, start + 400):
            agent.handle(request("Get", NAME, (1, 3, 6, number), request_id=number))
            agent.handle(number.to_bytes(4, "big") * 20)

    flood(0)
    tracemalloc.start()
    try:
        flood(10_000)
        before, _ = tracemalloc.get_traced_memory()
        for start in range(20_000, 60_000, 10_000):
            flood(start)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # 32 KiB of requests an agent; what else grows is the shared cache of names, at most 8192 entries
    assert after - before < 1_500_000
