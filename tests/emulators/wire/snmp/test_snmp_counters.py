"""Counters that the agent keeps of itself, and its handling of messages that it must not answer."""

from typing import Any

import pytest
from pyasn1.codec.ber import encoder
from snmp_manager import SYSTEM, V2C, Device, ask, request

from twinfeed.emulators.wire.snmp import Counter, agent_instances

GET = request("Get", (*SYSTEM, 5, 0))
SNMP = (1, 3, 6, 1, 2, 1, 11)


def counted(datagram: bytes) -> dict[str, int]:
    """The counters that moved when a fresh agent got this and did not answer."""
    agent = Device().agent()
    assert agent.handle(datagram) is None
    return {counter.name: agent.counter(counter) for counter in Counter if agent.counter(counter)}


@pytest.mark.parametrize("cut", range(len(GET)))
def test_a_truncated_message_is_a_parse_error(cut: int) -> None:
    assert counted(GET[:cut]) == {"IN_PKTS": 1, "IN_ASN_PARSE_ERRS": 1}


@pytest.mark.parametrize(
    "datagram",
    [
        GET + b"\x00",  # something after the message
        GET.replace(b"\x02\x01\x01\x04", b"\x02\x01\x01\x02", 1),  # community that is no OCTET STRING
        GET[:-1] + b"\x01",  # a NULL with content that is not there
        b"\x30\x80" + GET[2:] + b"\x00\x00",  # indefinite length
        b"\x30" * 400,
        request("GetBulk", SYSTEM).replace(b"\x02\x01\x01\x04", b"\x02\x01\x00\x04", 1),  # v1 has no GetBulk
    ],
)
def test_what_is_no_message_is_a_parse_error(datagram: bytes) -> None:
    assert counted(datagram) == {"IN_PKTS": 1, "IN_ASN_PARSE_ERRS": 1}


@pytest.mark.parametrize("version", [2, 3, 4, 127])
def test_an_unknown_version_is_counted(version: int) -> None:
    datagram = GET.replace(b"\x02\x01\x01\x04", bytes((2, 1, version, 4)), 1)
    assert counted(datagram) == {"IN_PKTS": 1, "IN_BAD_VERSIONS": 1}  # 3: this agent has no engine


def test_an_unknown_community_is_counted_and_not_answered() -> None:
    datagram = request("Get", (*SYSTEM, 5, 0), community=b"guess")
    assert counted(datagram) == {"IN_PKTS": 1, "IN_BAD_COMMUNITY_NAMES": 1}


def test_an_unknown_community_can_raise_a_trap() -> None:
    failures: list[int] = []
    agent = Device().agent(on_authentication_failure=lambda: failures.append(1))
    agent.tree.replace(agent_instances(agent))
    guess = request("Get", (*SYSTEM, 5, 0), community=b"guess")
    agent.handle(guess)
    assert failures == []  # snmpEnableAuthenTraps is off at first
    ask(agent, "Set", ((*SNMP, 30, 0), V2C.Integer32(1)), community=b"private")
    agent.handle(guess)
    assert failures == [1]


@pytest.mark.parametrize("pdu", ["GetResponsePDU", "SNMPv2TrapPDU", "InformRequestPDU", "ReportPDU"])
def test_what_is_not_for_an_agent_is_not_answered(pdu: str) -> None:
    message, body = V2C.Message(), getattr(V2C, pdu)()
    V2C.apiPDU.set_defaults(body)
    V2C.apiMessage.set_defaults(message)
    V2C.apiMessage.set_pdu(message, body)
    assert counted(encoder.encode(message)) == {"IN_PKTS": 1, "UNKNOWN_PDU_HANDLERS": 1}


def test_answers_from_memory_are_counted_like_others() -> None:
    agent = Device().agent()
    for number in range(10):
        ask(agent, "Get", (*SYSTEM, 1, 0), (*SYSTEM, 5, 0), request_id=number)
        ask(agent, "GetNext", (*SYSTEM, 1, 0), request_id=number)
        ask(agent, "Get", (1, 3, 6), request_id=number, version=1)
    assert agent.counter(Counter.IN_PKTS) == 30
    assert agent.counter(Counter.OUT_PKTS) == 30
    assert agent.counter(Counter.IN_GET_REQUESTS) == 20
    assert agent.counter(Counter.IN_GET_NEXTS) == 10
    assert agent.counter(Counter.IN_TOTAL_REQ_VARS) == 30
    assert agent.counter(Counter.OUT_NO_SUCH_NAMES) == 10


def test_a_manager_reads_the_counters_as_they_are_now() -> None:
    device = Device()
    agent = device.agent()
    agent.tree.replace(device.instances() + agent_instances(agent))
    before: list[Any] = [ask(agent, "Get", (*SNMP, 1, 0)).values[0] for _ in range(3)]
    assert before == [1, 2, 3]  # the request being answered included


def test_counters_wrap_at_32_bits() -> None:
    agent = Device().agent()
    agent._counters.add(Counter.IN_PKTS, 2**32 - 1)
    ask(agent, "Get", (*SYSTEM, 5, 0))
    assert agent.counter(Counter.IN_PKTS) == 0
