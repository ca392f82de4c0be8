"""Faults strike messages that hold odd values too, and what a fault cannot do is reported.

The messages are put together here octet by octet: no encoder writes them.
"""

from __future__ import annotations

import asyncio
import struct

import pytest
from frames import SYS_DESCR, V3_ANSWER, V3_REQUEST, snmp
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pysnmp.proto import api
from pysnmp.proto.rfc1902 import Integer32, OctetString

from twinfeed.harness.faults.frames import Answer, Tamper
from twinfeed.harness.faults.frames.dissection import described
from twinfeed.harness.faults.proxy import UdpProxy
from twinfeed.harness.transports.answers import read_message

ID = 0x4000_004D
"""A request id of four octets."""

ODD = {
    "NULL": "0500",
    "negative Counter32": "4104fffffff0",
    "33-bit INTEGER": "020500ffffffff",
    "empty IpAddress": "4000",
    "IpAddress of 8 octets": "40080102030400000000",
    "empty OID": "0600",
    "UInteger32": "470105",
    "padded sub-identifier": "06052b06018001",
    "NsapAddress": "45021234",
}


def tlv(tag: int, contents: bytes, long: bool = False) -> bytes:
    size = len(contents)
    length = (
        b"\x83" + size.to_bytes(3, "big")
        if long
        else bytes([size])
        if size < 0x80
        else b"\x82" + struct.pack(">H", size)
    )
    return bytes([tag]) + length + contents


def answer(*values: str, long: bool = False, tail: bytes = b"", request_id: int = ID) -> bytes:
    """A v2c response with a variable 1.3.6.1.4.1.9.N for each value, tag, length and contents in hexadecimal."""
    bindings = b"".join(
        tlv(0x30, tlv(6, bytes.fromhex("2b0601040109") + bytes([n])) + bytes.fromhex(value), long)
        for n, value in enumerate(values, 1)
    )
    pdu = tlv(2, struct.pack(">i", request_id), long) + tlv(2, b"\0") + tlv(2, b"\0") + tlv(0x30, bindings, long)
    return tlv(0x30, tlv(2, b"\1") + tlv(4, b"public") + tlv(0xA2, pdu, long), long) + tail


def suffering(kind: str, data: bytes, **parameters: float) -> bytes:
    tamper = Tamper(0, "snmp")
    tamper.apply(kind, parameters)
    (out,) = tamper.answer(data)
    return out


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_numbers_come_as_text_beside_an_odd_value(odd: str) -> None:
    out = suffering("snmp-wrong-type", answer("02012a", odd, "0401 61"))
    message, rest = decoder.decode(out, asn1Spec=api.PROTOCOL_MODULES[1].Message())
    assert rest == b""
    first, _, last = (value for _, value in api.v2c.apiPDU.get_varbinds(api.v2c.apiMessage.get_pdu(message)))
    assert first == OctetString("42")
    assert last == Integer32(0)


def test_an_odd_number_is_a_text_too() -> None:
    found = read_message(suffering("snmp-wrong-type", answer("4104fffffff0", "020500ffffffff", "470105")))
    assert [v.value for v in found.response.varbinds] == [b"4294967280", b"4294967295", b"5"]


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_a_fault_does_not_touch_keeps_its_octets(odd: str) -> None:
    before = answer(odd, "02012a")
    after = suffering("snmp-wrong-request-id", before, offset=1)
    assert after == answer(odd, "02012a", request_id=ID + 1)


@given(st.lists(st.binary(max_size=8).map(bytes.hex), max_size=4), st.booleans(), st.binary(max_size=3))
def test_another_request_id_is_put_into_any_message(values: list[str], long: bool, tail: bytes) -> None:
    found = read_message(suffering("snmp-wrong-request-id", answer(*values, long=long, tail=tail), offset=5))
    assert found.request_id == ID + 5
    assert found.response == read_message(answer(*values)).response


def test_a_stale_answer_with_odd_values_stands_still() -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("stale")
    for request_id, value in ((ID, "4000"), (ID + 1, "40080102030400000000")):
        tamper.request(snmp("GetRequest", [(SYS_DESCR, None)], request_id))
        (out,) = tamper.answer(answer(value, request_id=request_id))
    assert out == answer("4000", request_id=ID + 1)


def test_a_client_that_writes_long_lengths_gets_generr() -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("snmp-generr")
    request = answer("0500", long=True).replace(b"\xa2\x83", b"\xa0\x83", 1)
    (out,) = tamper.request(request)
    assert isinstance(out, Answer)
    assert (read_message(out.frame).request_id, read_message(out.frame).response.status) == (ID, 5)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_message_is_shown_in_words(odd: str) -> None:
    line = described("snmp", answer("02012a", odd), True)
    assert line.startswith(f"v2c SNMPresponse {ID}: 1.3.6.1.4.1.9.1=42, 1.3.6.1.4.1.9.2")


class TestWhatIsNotApplied:
    @pytest.mark.parametrize("kind", ["snmp-wrong-type", "stale", "snmp-too-big"])
    def test_faults_of_values_spare_v3(self, kind: str) -> None:
        tamper = Tamper(0, "snmp")
        tamper.apply(kind)
        assert tamper.answer(V3_ANSWER) == [V3_ANSWER]
        assert list(tamper.spared) == [(kind, "a message of v3 is authenticated: an altered one is lost")]

    def test_faults_of_requests_spare_v3(self) -> None:
        tamper = Tamper(0, "snmp")
        tamper.apply("snmp-generr")
        assert tamper.request(V3_REQUEST) == [V3_REQUEST]
        assert tamper.spared.total() == 1

    def test_faults_of_keys_spare_communities(self) -> None:
        tamper = Tamper(0, "snmp")
        tamper.apply("snmp-key-changed")
        request = snmp("GetRequest", [(SYS_DESCR, None)])
        assert tamper.request(request) == [request]
        assert list(tamper.spared) == [("snmp-key-changed", "a message of v1 and v2c has no clock and no key")]

    def test_octets_that_are_no_message_are_passed_with_the_reason(self) -> None:
        tamper = Tamper(0, "snmp")
        tamper.apply("snmp-wrong-type")
        assert tamper.answer(answer("02012a")[:-1]) == [answer("02012a")[:-1]]
        assert "runs past the end" in str(list(tamper.spared))


async def test_an_answer_from_another_port_is_passed_on() -> None:
    loop = asyncio.get_running_loop()
    got: asyncio.Future[bytes] = loop.create_future()

    class Device(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            other.sendto(b"answer to " + data, addr)

    class Client(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            got.set_result(data)

    device, _ = await loop.create_datagram_endpoint(Device, local_addr=("127.0.0.1", 0))
    other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    target = device.get_extra_info("sockname")
    async with UdpProxy(("127.0.0.1", 0), target, Tamper(0, "snmp")) as proxy:
        client, _ = await loop.create_datagram_endpoint(Client, remote_addr=proxy.address)
        client.sendto(b"question")
        async with asyncio.timeout(10.0):
            assert await got == b"answer to question"
        assert proxy.elsewhere == other.get_extra_info("sockname")
        for transport in (client, device, other):
            transport.close()


def test_the_answers_of_a_device_without_transaction_numbers_stand_still_too() -> None:
    tamper = Tamper(0, "modbus-tcp")
    tamper.apply("stale")
    for transaction, value in ((1, b"\0\1"), (2, b"\0\2")):
        tamper.request(struct.pack(">HHHB", transaction, 0, 6, 1) + bytes.fromhex("0300000001"))
        (out,) = tamper.answer(bytes.fromhex("00000000000501 0302") + value)
    assert out == bytes.fromhex("00000000000501 0302 0001")


def test_an_answer_that_belongs_to_no_request_is_reported() -> None:
    tamper = Tamper(0, "modbus-tcp")
    tamper.apply("stale")
    unasked = bytes.fromhex("00070000000501 0302 0001")
    assert tamper.answer(unasked) == [unasked]
    assert tamper.spared == {("stale", "an answer that belongs to no request by its transaction number"): 1}
