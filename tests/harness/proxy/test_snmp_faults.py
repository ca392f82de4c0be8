"""Each fault of SNMP messages as an unmodified pysnmp manager reports it; pysnmp serves, too."""

from __future__ import annotations

import asyncio

import pytest
from frames import SYS_DESCR, SYS_UP_TIME, V3_ANSWER, V3_DISCOVERED, V3_DISCOVERY, V3_REQUEST, VALUES, snmp
from pyasn1.codec.ber import decoder
from pysnmp.proto import api
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message
from pysnmp.proto.rfc1902 import Counter64, Gauge32, Integer32, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import NoSuchInstance
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters
from stations import Manager

from twinfeed.harness.faults.frames import Answer, Tamper
from twinfeed.harness.faults.proxy import UdpProxy

DESCR, UP_TIME = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0"
SILENCE = "No SNMP response received before timeout"


@pytest.mark.parametrize("version", ["v1", "v2c", "v3"])
async def test_without_a_fault_the_manager_reads_as_if_there_were_no_proxy(manager: Manager, version: str) -> None:
    (description,) = await manager.get(DESCR, version=version)
    assert "PySNMP" in str(description)


@pytest.mark.parametrize("version", ["v1", "v2c"])
async def test_generr(snmp_proxy: UdpProxy, manager: Manager, version: str) -> None:
    await snmp_proxy.apply("snmp-generr")
    assert await manager.get(DESCR, version=version) == "genErr"


async def test_only_writes_fail() -> None:
    tamper = Tamper(speaks="snmp")
    tamper.apply("snmp-generr", {"only": 2})
    get, write = snmp("GetRequest", [(SYS_DESCR, None)]), snmp("SetRequest", [(SYS_DESCR, OctetString("x"))])
    assert tamper.request(get) == [get]
    (refusal,) = tamper.request(write)
    assert isinstance(refusal, Answer)


def test_an_order_is_passed_on_whose_answer_is_lost() -> None:
    tamper = Tamper(speaks="snmp")
    tamper.apply("answers-lost", {"only": 2})
    write = snmp("SetRequest", [(SYS_DESCR, OctetString("x"))], request_id=5)
    answer = snmp("Response", [(SYS_DESCR, OctetString("x"))], request_id=5)
    assert tamper.request(write) == [write]
    assert tamper.answer(answer) == []
    get = snmp("GetRequest", [(SYS_DESCR, None)], request_id=6)
    read = snmp("Response", [(SYS_DESCR, OctetString("x"))], request_id=6)
    assert tamper.request(get) == [get]
    assert tamper.answer(read) == [read]


async def test_an_answer_that_is_too_long_is_too_big(snmp_proxy: UdpProxy, manager: Manager) -> None:
    await snmp_proxy.apply("snmp-too-big", {"octets": 64})
    assert await manager.get(DESCR) == "tooBig"
    assert await manager.get(DESCR, version="v1") == "tooBig"
    (up_time,) = await manager.get(UP_TIME)
    assert int(up_time) > 0


def test_only_getbulk_is_not_answered() -> None:
    tamper = Tamper(speaks="snmp")
    tamper.apply("snmp-no-getbulk")
    assert tamper.request(snmp("GetBulkRequest", [(SYS_DESCR, None)])) == []
    for kind in ("GetRequest", "GetNextRequest"):
        asked = snmp(kind, [(SYS_DESCR, None)])
        assert tamper.request(asked) == [asked]


def test_variables_come_in_another_order() -> None:
    tamper = Tamper(speaks="snmp")
    tamper.apply("snmp-unsorted")
    binds = [
        (SYS_DESCR, OctetString("a")),
        (SYS_UP_TIME, TimeTicks(7)),
        ((1, 3, 6, 1, 2, 1, 1, 5, 0), OctetString("b")),
    ]
    assert tamper.answer(snmp("Response", binds)) == [snmp("Response", [binds[1], binds[0], binds[2]])]


def test_octets_follow_the_message() -> None:
    tamper = Tamper(speaks="snmp")
    tamper.apply("trailing", {"bytes": 3})
    answer = snmp("Response", [(SYS_DESCR, OctetString("a"))])
    (spoilt,) = tamper.answer(answer)
    assert (spoilt[: len(answer)], len(spoilt)) == (answer, len(answer) + 3)


async def test_answers_come_from_another_port(snmp_proxy: UdpProxy) -> None:
    heard: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()

    class Hearing(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            heard.put_nowait((data, addr))

    await snmp_proxy.apply("snmp-other-port")
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Hearing, local_addr=("127.0.0.1", 0))
    transport.sendto(snmp("GetRequest", [(SYS_UP_TIME, None)]), snmp_proxy.address)
    _, (host, port) = await asyncio.wait_for(heard.get(), 10)
    assert host == snmp_proxy.address[0]
    assert port != snmp_proxy.address[1]
    await snmp_proxy.lift()
    transport.sendto(snmp("GetRequest", [(SYS_UP_TIME, None)]), snmp_proxy.address)
    _, address = await asyncio.wait_for(heard.get(), 10)
    assert address == snmp_proxy.address
    transport.close()


async def test_numbers_come_as_text_and_text_as_a_number(snmp_proxy: UdpProxy, manager: Manager) -> None:
    await snmp_proxy.apply("snmp-wrong-type")
    description, up_time = await manager.get(DESCR, UP_TIME)
    assert isinstance(description, Integer32) and int(description) == 0
    assert isinstance(up_time, OctetString)
    assert bytes(up_time).isdigit()


async def test_a_missing_instance(snmp_proxy: UdpProxy, manager: Manager) -> None:
    await snmp_proxy.apply("snmp-missing-instance")
    (value,) = await manager.get(DESCR)
    assert isinstance(value, NoSuchInstance)
    assert await manager.get(DESCR, version="v1") == "noSuchName"


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_answers_to_another_request_are_no_answer(snmp_proxy: UdpProxy, manager: Manager, version: str) -> None:
    assert isinstance(await manager.get(DESCR, version=version), list)
    await snmp_proxy.apply("snmp-wrong-request-id")
    assert await manager.get(DESCR, version=version) == SILENCE


@pytest.mark.parametrize("kind", ["truncated", "garbage"])
async def test_what_cannot_be_read_is_no_answer(snmp_proxy: UdpProxy, manager: Manager, kind: str) -> None:
    await snmp_proxy.apply(kind)
    assert await manager.get(DESCR) == SILENCE


async def test_another_community_gives_silence_to_v2c_and_nothing_to_v3(snmp_proxy: UdpProxy, manager: Manager) -> None:
    await snmp_proxy.apply("snmp-community-changed")
    assert await manager.get(DESCR) == SILENCE
    assert isinstance(await manager.get(DESCR, version="v3"), list)
    await snmp_proxy.lift("snmp-community-changed")
    assert isinstance(await manager.get(DESCR), list)


async def test_another_key_is_a_wrong_digest(snmp_proxy: UdpProxy, manager: Manager) -> None:
    assert isinstance(await manager.get(DESCR, version="v3"), list)
    await snmp_proxy.apply("snmp-key-changed")
    assert await manager.get(DESCR, version="v3") == "Wrong SNMP PDU digest"
    assert isinstance(await manager.get(DESCR), list)
    await snmp_proxy.lift()
    assert isinstance(await manager.get(DESCR, version="v3"), list)


@pytest.mark.parametrize("kind", ["snmp-time-window", "snmp-engine-reboot"])
async def test_a_manager_that_is_told_of_another_clock_finds_no_way_back_until_it_is_lifted(
    snmp_proxy: UdpProxy, manager: Manager, kind: str
) -> None:
    assert isinstance(await manager.get(DESCR, version="v3"), list)
    await snmp_proxy.apply(kind)
    assert await manager.get(DESCR, version="v3") == SILENCE
    await snmp_proxy.lift(kind)
    assert isinstance(await manager.get(DESCR, version="v3"), list)


async def test_the_up_time_of_a_rebooted_engine_counts_from_0(snmp_proxy: UdpProxy, manager: Manager) -> None:
    await snmp_proxy.apply("snmp-engine-reboot")
    (first,) = await manager.get(UP_TIME)
    (second,) = await manager.get(UP_TIME)
    assert isinstance(first, TimeTicks)
    assert int(first) == 0
    assert int(second) < 1000


async def test_stale_values_stand_still(snmp_proxy: UdpProxy, manager: Manager) -> None:
    counter = "1.3.6.1.2.1.11.1.0"  # snmpInPkts: each request counts
    await snmp_proxy.apply("stale")
    first = await manager.get(counter)
    assert await manager.get(counter) == first
    await snmp_proxy.lift("stale")
    assert await manager.get(counter) > first


# The bytes below are pysnmp's on both sides.


def read(octets: bytes) -> list[tuple[tuple[int, ...], object]]:
    """The bindings of a v2c answer, as pysnmp reads them."""
    module = api.PROTOCOL_MODULES[1]
    message, rest = decoder.decode(octets, asn1Spec=module.Message())
    assert rest == b""
    pdu = module.apiMessage.get_pdu(message)
    return [(tuple(oid), value) for oid, value in module.apiPDU.get_varbinds(pdu)]


def test_all_but_the_request_id_of_a_stale_answer_is_as_it_was() -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("stale")
    for request_id in (1, 2**31 - 1):
        tamper.request(snmp("GetRequest", [(SYS_DESCR, None)], request_id))
        (out,) = tamper.answer(snmp("GetResponse", VALUES if request_id == 1 else VALUES[:1], request_id))
        assert out == snmp("GetResponse", VALUES, request_id)


def test_every_type_of_value_is_read_as_another() -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("snmp-wrong-type")
    (out,) = tamper.answer(snmp("GetResponse", VALUES))
    kinds = {
        OctetString: Integer32,
        TimeTicks: OctetString,
        Integer32: OctetString,
        Gauge32: OctetString,
        Counter64: OctetString,
    }
    for (oid, before), (now_oid, now) in zip(VALUES, read(out), strict=True):
        assert now_oid == oid
        assert now.isSameTypeWith(kinds[type(before)]())  # type: ignore[attr-defined]


def test_the_rest_of_an_answer_with_a_rebooted_engine_is_untouched() -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("snmp-engine-reboot")
    assert tamper.answer(snmp("GetResponse", VALUES)) == [
        snmp("GetResponse", [(oid, TimeTicks(0) if oid == SYS_UP_TIME else value) for oid, value in VALUES])
    ]


@pytest.mark.parametrize(
    ("kind", "version", "status"), [("GetNextRequest", 1, 0), ("SetRequest", 1, 11), ("SetRequest", 0, 2)]
)
def test_a_missing_instance_ends_walks_and_refuses_writes(kind: str, version: int, status: int) -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("snmp-missing-instance")
    (out,) = tamper.request(
        snmp(kind, [(SYS_DESCR, None if kind != "SetRequest" else OctetString("x"))], version=version)
    )
    assert isinstance(out, Answer)
    module = api.PROTOCOL_MODULES[version]
    message, _ = decoder.decode(out.frame, asn1Spec=module.Message())
    pdu = module.apiMessage.get_pdu(message)
    assert int(module.apiPDU.get_error_status(pdu)) == status
    if status == 0:
        assert module.apiPDU.get_varbinds(pdu)[0][1].isSameTypeWith(api.PROTOCOL_MODULES[1].EndOfMibView())


# From here on both sides are net-snmp's, and the results are read by pysnmp.

WRONG_DIGESTS, NOT_IN_TIME_WINDOWS = "1.3.6.1.6.3.15.1.1.5.0", "1.3.6.1.6.3.15.1.1.2.0"


def header(octets: bytes) -> tuple[int, int, bytes, int, int]:
    """msgID, flags, engine, boots and time of a v3 message."""
    message, rest = decoder.decode(octets, asn1Spec=SNMPv3Message())
    assert rest == b""
    security, _ = decoder.decode(bytes(message["msgSecurityParameters"]), asn1Spec=UsmSecurityParameters())
    glob = message["msgGlobalData"]
    engine, boots, time_s = (security[n] for n in range(3))
    return int(glob["msgID"]), bytes(glob["msgFlags"])[0], bytes(engine), int(boots), int(time_s)


def reported(octets: bytes) -> str:
    """The counter in a plain report."""
    message, _ = decoder.decode(octets, asn1Spec=SNMPv3Message())
    pdu = message["msgData"]["plaintext"]["data"]["report"]
    return str(pdu["variable-bindings"][0]["name"])


@pytest.mark.parametrize(
    ("kind", "counter", "boots", "time_s"),
    [
        ("snmp-key-changed", WRONG_DIGESTS, 1, 3),
        ("snmp-time-window", NOT_IN_TIME_WINDOWS, 1, 303),
        ("snmp-engine-reboot", NOT_IN_TIME_WINDOWS, 2, 0),
    ],
)
def test_a_report_answers_the_request_for_its_engine(kind: str, counter: str, boots: int, time_s: int) -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply(kind)
    assert tamper.request(V3_DISCOVERY) == [V3_DISCOVERY]
    (out,) = tamper.request(V3_REQUEST)
    assert isinstance(out, Answer)
    msg_id, _, engine, _, _ = header(V3_REQUEST)
    assert header(out.frame) == (msg_id, 0, engine, boots, time_s)
    assert reported(out.frame) == counter


def test_a_discovery_tells_the_clock_of_the_fault() -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("snmp-time-window", {"offset_s": 1000})
    msg_id, flags, engine, boots, time_s = header(V3_DISCOVERED)
    (out,) = tamper.answer(V3_DISCOVERED)
    assert header(out) == (msg_id, flags, engine, boots, time_s + 1000)
    assert reported(out) == reported(V3_DISCOVERED)


@pytest.mark.parametrize("kind", ["snmp-generr", "snmp-wrong-type", "snmp-missing-instance", "stale"])
def test_what_needs_the_secret_leaves_v3_alone(kind: str) -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply(kind)
    assert tamper.request(V3_REQUEST) == [V3_REQUEST]
    assert tamper.answer(V3_ANSWER) == [V3_ANSWER]
