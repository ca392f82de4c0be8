"""SNMPv3 agents with odd values: what pyasn1 refuses after decryption is read all the same, at every security level."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU
from test_answers import GOOD, binding, message, spoilt, tlv

from twinfeed.emulators.wire.snmp import Engine, SnmpAgent, SnmpServer, User
from twinfeed.emulators.wire.snmp.usm import AuthProtocol, PrivProtocol
from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.characterise.recording.recording import Recording, Walk
from twinfeed.harness.characterise.recording.replaying import Player, RecordedTree
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.transports import SnmpTransport, TrapReceiver, UsmUser, WrongAnswer
from twinfeed.harness.transports.answers import VarBind, read_message, v3

HOST = "127.12.0.3"
LINES = (
    "1.3.6.1.2.1.1.3.0|67|100",
    "1.3.6.1.4.1.9.1.0|2|10",
    "1.3.6.1.4.1.9.2.0|5|",
    "1.3.6.1.4.1.9.3.0|64x|",
    "1.3.6.1.4.1.9.4.0|2x|00ffffffff",
    "1.3.6.1.4.1.9.5.0|71|5",
    "1.3.6.1.4.1.9.6.0|129|",
    "1.3.6.1.4.1.9.7.0|65x|fffffff0",
    "1.3.6.1.4.1.9.8.0|6x|2b06018001",
    "1.3.6.1.4.1.9.9.0|4|last",
)
USERS = (
    UsmUser("plain"),
    UsmUser("signed", "auth-password"),
    UsmUser("sealed", "auth-password", "priv-password"),
    UsmUser("old", "auth-password", "priv-password", "md5", "des"),
)


def serving(user: UsmUser) -> SnmpServer:
    """An agent with these variables for that user."""
    walk = Walk(1, 0.0, ended=True, variables={v.oid: v for v in map(snmprec.variable, LINES)})
    recording = Recording({"protocol": "snmp"}, [walk])
    passwords = user.auth_password.encode() or None, user.priv_password.encode() or None
    protocols = (AuthProtocol.MD5, PrivProtocol.DES) if user.auth == "md5" else ()
    known = User(user.name.encode(), *passwords, *protocols)
    engine = Engine(bytes.fromhex("80001f88035400000001"), lambda: 1, lambda: 100)
    return SnmpServer(SnmpAgent(RecordedTree(Player(recording, lambda: 0.0)), {}, [known], engine), HOST, 0)


@pytest.mark.parametrize("user", USERS, ids=lambda user: f"{user.level} {user.priv}")
async def test_one_odd_value_costs_nothing_but_itself(user: UsmUser) -> None:
    async with serving(user) as server:
        agent = SnmpTransport.v3(HOST, server.port, user=user, timeout_s=60.0)
        found = await agent.get_each([line.partition("|")[0] for line in LINES])
        agent.close()
    said = [str(value.what) if isinstance(value, WrongAnswer) else value for value in found.values()]
    assert said == [
        100,
        10,
        "NULL came in place of a value",
        "an IpAddress of 0 octets, expected 4",
        4294967295,
        5,
        "noSuchInstance",
        4294967280,
        "1.3.6.1.1",
        b"last",
    ]


async def test_a_walk_with_v3_holds_every_variable() -> None:
    user = USERS[2]
    recording = Recording({}, [Walk(1, 0.0)])
    async with serving(user) as server:
        walker = SnmpWalker(SnmpTransport.v3(HOST, server.port, user=user, timeout_s=60.0, retries=0), ["1.3.6.1"])
        async for item in walker.walk(recording.walks[0]):
            recording.take({"t_s": 0.0, **item})
        walker.close()
    assert [variable.oid for variable in recording.walks[0].in_order()] == [line.partition("|")[0] for line in LINES]


def scoped(*variables: bytes) -> bytes:
    numbers = tlv(2, b"\x40\0\0\0") + tlv(2, b"\0") * 2
    return tlv(0x30, tlv(4, b"engine") + tlv(4, b"") + tlv(0xA2, numbers + tlv(0x30, b"".join(variables))))


def test_what_pyasn1_reads_is_left_as_it_is() -> None:
    assert v3.readable(scoped(GOOD, GOOD)) == scoped(GOOD, GOOD)


@given(st.binary(max_size=60) | spoilt().map(lambda made: made[1]))
def test_arbitrary_octets_raise_nothing(octets: bytes) -> None:
    assert isinstance(v3.readable(octets), bytes)


@given(st.lists(st.binary(max_size=10), max_size=4))
def test_a_scoped_pdu_of_any_values_is_made_readable(values: list[bytes]) -> None:
    variables = [GOOD, *(binding(value) for value in values), GOOD]
    found, rest = decoder.decode(v3.readable(scoped(*variables)), asn1Spec=ScopedPDU())
    assert rest == b""
    assert len(found["data"].getComponent()["variable-bindings"]) == len(variables)


def test_a_wrapped_variable_is_the_one_that_v2c_would_give() -> None:
    odd = binding(tlv(0x40, b""))
    (same,) = read_message(message(odd)).response.varbinds
    assert v3.unwrapped(VarBind("0.0", v3.MARK + odd, "opaque")) == same


def trap(version: int, *variables: bytes) -> bytes:
    """An enterprise trap 5 of 1.3.6.1.4.1.318 with these variables."""
    if version == 0:
        head = (
            tlv(6, bytes.fromhex("2b06010401823e")) + tlv(0x40, bytes([192, 0, 2, 7])) + tlv(2, b"\6") + tlv(2, b"\5")
        )
        pdu = tlv(0xA4, head + tlv(0x43, b"\x10\x68") + tlv(0x30, b"".join(variables)))
    else:
        uptime = tlv(0x30, tlv(6, bytes.fromhex("2b06010201010300")) + tlv(0x43, b"\x10\x68"))
        what = tlv(0x30, tlv(6, bytes.fromhex("2b060106030101040100")) + tlv(6, bytes.fromhex("2b06010401823e0005")))
        numbers = tlv(2, b"\7") + tlv(2, b"\0") * 2
        pdu = tlv(0xA7, numbers + tlv(0x30, uptime + what + b"".join(variables)))
    return tlv(0x30, tlv(2, bytes([version])) + tlv(4, b"public") + pdu)


@pytest.mark.parametrize("version", [0, 1])
async def test_a_trap_with_odd_values_arrives(version: int) -> None:
    variables = GOOD, binding(tlv(0x40, b"")), binding(tlv(0x41, b"\xf0"), "2b06010401868d1f010700")
    async with TrapReceiver(HOST, 0) as receiver:
        sender, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(HOST, receiver.port)
        )
        sender.sendto(trap(version, *variables))
        got = await receiver.next(timeout_s=60.0)
        sender.close()
    assert (got.oid, got.uptime_s) == ("1.3.6.1.4.1.318.0.5", 42.0)
    assert got.values["1.3.6.1.4.1.99999.1.1.0"] == 20
    assert got.values["1.3.6.1.4.1.99999.1.7.0"] == 4294967280
    assert got.malformed["1.3.6.1.4.1.99999.1.6.0"].reason == "an IpAddress of 0 octets, expected 4"
