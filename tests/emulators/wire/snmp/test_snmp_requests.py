"""GET, GETNEXT and GETBULK of v1 and v2c, asked and read with pysnmp's codec."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from snmp_manager import SYSTEM, TABLE, V2C, Device, ask, read, request

from twinfeed.emulators.wire.snmp import Access, Counter, ErrorStatus, Instance, MibTree, SnmpAgent, Syntax


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def agent(device: Device) -> SnmpAgent:
    return device.agent()


# Requests of net-snmp 5.9.3's clients to its own snmpd (sysName "pdu-a", sysLocation "Unknown", sysORLastChange 0) and what
# that answered, as printed by their option -d.
CAPTURED = {
    "snmpget -v2c sysName.0": (
        "302902010104067075626c6963a01c020415887f45020100020100300e300c06082b060102010105000500",
        "302e02010104067075626c6963a221020415887f450201000201003013301106082b0601020101050004057064752d61",
    ),
    "snmpgetnext -v1 sysContact.0": (
        "302902010004067075626c6963a11c020428991279020100020100300e300c06082b060102010104000500",
        "302e02010004067075626c6963a2210204289912790201000201003013301106082b0601020101050004057064752d61",
    ),
    "snmpbulkget -v2c -Cr2 sysName.0": (
        "302902010104067075626c6963a51c020408c58911020100020102300e300c06082b060102010105000500",
        "303f02010104067075626c6963a232020408c589110201000201003024301306082b06010201010600"
        "0407556e6b6e6f776e300d06082b06010201010800430100",
    ),
}


@pytest.mark.parametrize("command", CAPTURED)
def test_answers_are_those_of_snmpd_octet_for_octet(command: str) -> None:
    values = {5: b"pdu-a", 6: b"Unknown"}
    rows = [Instance((*SYSTEM, n, 0), Syntax.OCTET_STRING, lambda text=text: text) for n, text in values.items()]
    rows.append(Instance((*SYSTEM, 8, 0), Syntax.TIMETICKS, lambda: 0))
    agent = SnmpAgent(MibTree(rows, lambda: 0), {b"public": Access.READ_ONLY})
    asked, answered = map(bytes.fromhex, CAPTURED[command])
    for _ in range(2):  # the second is answered from memory
        assert agent.handle(asked) == answered


def test_a_get_of_several_variables(agent: SnmpAgent) -> None:
    answer = ask(agent, "Get", (*SYSTEM, 5, 0), (*SYSTEM, 7, 0), (*SYSTEM, 2, 0), (*TABLE, 2, 1))
    assert answer.status == ErrorStatus.NO_ERROR
    assert answer.values == [b"pdu-a", 40, (1, 3, 6, 1, 4, 1, 53864), 2**40 + 11]
    assert [kind for _, kind, _ in answer.bindings] == ["OctetString", "Integer", "ObjectIdentifier", "Counter64"]


def test_what_does_not_exist(agent: SnmpAgent) -> None:
    answer = ask(agent, "Get", (*SYSTEM, 1, 1), SYSTEM, (*SYSTEM, 1), (*TABLE, 1, 9), (*TABLE, 3, 1))
    kinds = [kind for _, kind, _ in answer.bindings]
    assert kinds == ["NoSuchInstance", "NoSuchObject", "NoSuchInstance", "NoSuchInstance", "NoSuchObject"]
    assert answer.status == ErrorStatus.NO_ERROR


def test_v1_says_no_such_name_and_which(agent: SnmpAgent) -> None:
    answer = ask(agent, "Get", (*SYSTEM, 5, 0), (*SYSTEM, 1, 1), version=1)
    assert (answer.status, answer.index) == (ErrorStatus.NO_SUCH_NAME, 2)
    assert answer.names == [(*SYSTEM, 5, 0), (*SYSTEM, 1, 1)]
    assert answer.values == [None, None]


def test_v1_does_not_see_counter64(agent: SnmpAgent) -> None:
    assert ask(agent, "Get", (*TABLE, 2, 1), version=1).status == ErrorStatus.NO_SUCH_NAME
    assert ask(agent, "GetNext", (*TABLE, 1, 3), version=1).status == ErrorStatus.NO_SUCH_NAME  # only Counter64 left
    assert ask(agent, "GetNext", (*TABLE, 1, 3)).names == [(*TABLE, 2, 1)]


def test_the_next_of_several_variables(agent: SnmpAgent) -> None:
    answer = ask(agent, "GetNext", (1, 3), (*SYSTEM, 1, 0), (*SYSTEM, 1, 0, 0), (*TABLE, 2, 3))
    assert answer.names == [(*SYSTEM, 1, 0), (*SYSTEM, 2, 0), (*SYSTEM, 2, 0), (*TABLE, 2, 3)]
    assert answer.bindings[3][1] == "EndOfMibView"


def walk(agent: SnmpAgent) -> list[tuple[int, ...]]:
    """All names, one GETNEXT after the other."""
    names: list[tuple[int, ...]] = []
    name: tuple[int, ...] = (1, 3)
    while True:
        name, kind, _ = ask(agent, "GetNext", name).bindings[0]
        if kind == "EndOfMibView":
            return names
        names.append(name)


def test_a_walk_visits_every_variable_in_order(agent: SnmpAgent) -> None:
    assert walk(agent) == sorted(instance.oid for instance in Device().instances())


def repeated_next(
    agent: SnmpAgent, names: list[tuple[int, ...]], non_repeaters: int, repetitions: int
) -> list[tuple[Any, ...]]:
    """GETBULK by its definition, made of GETNEXT (RFC 3416 §4.2.3), up to the first round that is all end."""
    bindings = list(ask(agent, "GetNext", *names[:non_repeaters]).bindings) if names[:non_repeaters] else []
    names = names[non_repeaters:]
    for _ in range(repetitions if names else 0):
        found = ask(agent, "GetNext", *names).bindings
        bindings += found
        names = [name for name, _, _ in found]
        if all(kind == "EndOfMibView" for _, kind, _ in found):
            break
    return bindings


starts = st.sampled_from([(1, 3), (*SYSTEM, 1, 0), (*SYSTEM, 4), (*SYSTEM, 7, 0), (*TABLE, 1), (*TABLE, 2, 2), (2, 0)])


@given(st.lists(starts, max_size=4), st.integers(-1, 5), st.integers(-1, 12))
def test_bulk_equals_repeated_next(names: list[tuple[int, ...]], non_repeaters: int, repetitions: int) -> None:
    agent = Device().agent()
    octets = request("GetBulk", *names, max_repetitions=max(repetitions, 0), non_repeaters=max(non_repeaters, 0))
    if non_repeaters < 0 and repetitions < 0:  # pysnmp takes no negative numbers; both are one octet here
        octets = octets.replace(bytes.fromhex("020100020100"), bytes.fromhex("0201ff0201ff"), 1)
    answered = agent.handle(octets)
    assert answered is not None
    expected = repeated_next(agent, names, max(non_repeaters, 0), max(repetitions, 0))
    assert read(answered).bindings == expected


def large_agent(max_message: int) -> SnmpAgent:
    rows = [Instance((1, 3, 6, 9, i), Syntax.OCTET_STRING, lambda: b"x" * 100) for i in range(1, 100)]
    return SnmpAgent(MibTree(rows, lambda: 0), {b"public": Access.READ_ONLY}, max_message=max_message)


@given(st.integers(484, 3000))
def test_bulk_returns_as_much_as_fits_and_no_more(max_message: int) -> None:
    agent = large_agent(max_message)
    octets = agent.handle(request("GetBulk", (1, 3, 6, 9), max_repetitions=60))
    assert octets is not None
    answer = read(octets)
    assert answer.status == ErrorStatus.NO_ERROR
    assert answer.names == [(1, 3, 6, 9, i) for i in range(1, len(answer.names) + 1)]
    longer = large_agent(65507).handle(request("GetBulk", (1, 3, 6, 9), max_repetitions=len(answer.names) + 1))
    assert longer is not None
    assert len(octets) <= max_message < len(longer)


def test_a_get_that_does_not_fit_is_too_big() -> None:
    names = [(1, 3, 6, 9, i) for i in range(1, 21)]
    agent = large_agent(600)
    assert ask(agent, "Get", *names) == (ErrorStatus.TOO_BIG, 0, [])
    version_1 = ask(agent, "Get", *names, version=1)
    assert (version_1.status, version_1.index, version_1.names) == (ErrorStatus.TOO_BIG, 0, names)
    assert agent.counter(Counter.OUT_TOO_BIGS) == 2


NAMES_TOO_LONG = [(1, 3, 6, 9, i) for i in range(1, 60)]  # 713 octets


@pytest.mark.parametrize("kind", ["Get", "GetNext", "GetBulk"])
def test_a_message_longer_than_the_agent_takes_is_answered_too_big(kind: str) -> None:
    agent = large_agent(484)
    assert ask(agent, kind, *NAMES_TOO_LONG) == (ErrorStatus.TOO_BIG, 0, [])
    assert agent.counter(Counter.OUT_TOO_BIGS) == 1


def test_a_v1_message_longer_than_the_agent_takes_is_dropped_for_its_answer_would_be_as_long() -> None:
    agent = large_agent(484)
    assert agent.handle(request("Get", *NAMES_TOO_LONG, version=1)) is None
    assert agent.counter(Counter.IN_ASN_PARSE_ERRS) == 1


def test_a_message_of_the_longest_size_is_answered() -> None:
    longest = large_agent(len(request("Get", *NAMES_TOO_LONG[:50])))
    assert ask(longest, "Get", *NAMES_TOO_LONG[:50]).status == ErrorStatus.TOO_BIG  # its values do not fit
    assert longest.counter(Counter.IN_ASN_PARSE_ERRS) == 0


def broken() -> int:
    raise RuntimeError("sensor bus timed out")


@pytest.mark.parametrize("read_value", [broken, lambda: "text", lambda: 2**40])
def test_a_variable_that_cannot_be_read_is_gen_err(read_value: Any, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        Instance((1, 3, 6, 1), Syntax.INTEGER, lambda: 1),
        Instance((1, 3, 6, 2), Syntax.INTEGER, read_value),
    ]
    agent = SnmpAgent(MibTree(rows, lambda: 0), {b"public": Access.READ_ONLY})
    with caplog.at_level(logging.WARNING):
        for operation, name in (("Get", (1, 3, 6, 2)), ("GetNext", (1, 3, 6, 1)), ("GetBulk", (1, 3, 6, 1))):
            answer = ask(agent, operation, (1, 3, 6, 0), name, max_repetitions=1, non_repeaters=2)
            assert (answer.status, answer.index) == (ErrorStatus.GEN_ERR, 2)
    assert "reading 1.3.6.2 failed" in caplog.text


def test_a_variable_that_recovers_is_read_again() -> None:
    values = iter([RuntimeError("not yet"), 7])

    def flaky() -> int:
        value = next(values)
        if isinstance(value, Exception):
            raise value
        return value

    agent = SnmpAgent(
        MibTree([Instance((1, 3, 6, 1), Syntax.INTEGER, flaky)], lambda: 0), {b"public": Access.READ_ONLY}
    )
    assert ask(agent, "Get", (1, 3, 6, 1)).status == ErrorStatus.GEN_ERR
    assert ask(agent, "Get", (1, 3, 6, 1)).values == [7]


@pytest.mark.parametrize("request_id", [0, 1, 127, 128, 2**31 - 1, -1, -(2**31) + 1])
def test_an_answer_carries_the_request_id_it_was_asked_with(agent: SnmpAgent, request_id: int) -> None:
    for _ in range(2):  # the second is answered from memory
        octets = agent.handle(request("Get", (*SYSTEM, 5, 0), request_id=request_id))
        assert octets is not None
        message = V2C.apiMessage.get_pdu(_decoded(octets))
        assert int(V2C.apiPDU.get_request_id(message)) == request_id


def _decoded(octets: bytes) -> Any:
    return decoder.decode(octets, asn1Spec=V2C.Message())[0]


def test_a_request_with_longer_lengths_gets_the_same_answer(agent: SnmpAgent) -> None:
    plain = request("Get", (*SYSTEM, 5, 0))
    assert plain[0] == 0x30
    padded = b"\x30\x82" + (len(plain) - 2).to_bytes(2, "big") + plain[2:]
    assert agent.handle(padded) == agent.handle(plain)
    assert agent.handle(padded) == agent.handle(plain)


def test_memory_does_not_grow_with_what_is_asked() -> None:
    device = Device()
    agent = device.agent(request_memory=8000)
    for number in range(500):
        ask(agent, "Get", (*SYSTEM, 5, 0), (1, 3, 6, number))
    assert len(agent._requests) <= 8000 // 500  # private, but what is to be bounded is what it keeps


def test_a_changed_community_is_obeyed_at_once(agent: SnmpAgent) -> None:
    ask(agent, "Get", (*SYSTEM, 5, 0))
    agent.communities = {b"secret": Access.READ_ONLY}
    assert agent.handle(request("Get", (*SYSTEM, 5, 0))) is None
    assert ask(agent, "Get", (*SYSTEM, 5, 0), community=b"secret").values == [b"pdu-a"]
