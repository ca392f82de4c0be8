"""Messages to tamper with, made by pymodbus, pysnmp and scapy: none by our own encoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadHoldingRegistersResponse
from pysnmp.proto import api
from pysnmp.proto.rfc1902 import Counter64, Gauge32, Integer32, OctetString, TimeTicks

from twinfeed.harness.faults.frames import PROTOCOL_KINDS, Tamper, protocols

READ: dict[str, Any] = {"address": 0x10, "count": 4, "dev_id": 1}


def modbus_tcp(pdu: ModbusPDU, answer: bool = False) -> bytes:
    return FramerSocket(DecodePDU(not answer)).buildFrame(pdu)


def modbus_rtu(pdu: ModbusPDU, answer: bool = False) -> bytes:
    return FramerRTU(DecodePDU(not answer)).buildFrame(pdu)


def asked(transaction: int = 1, **other: int) -> ModbusPDU:
    return ReadHoldingRegistersRequest(transaction_id=transaction, **{**READ, **other})


def answered(registers: Sequence[int], transaction: int = 1) -> ModbusPDU:
    return ReadHoldingRegistersResponse(registers=list(registers), dev_id=1, transaction_id=transaction)


def snmp(
    kind: str,
    binds: Sequence[tuple[tuple[int, ...], Any]],
    request_id: int = 77,
    version: int = 1,
    community: str = "public",
) -> bytes:
    """A v1 (`version` 0) or v2c message; `kind` is the name of pysnmp's PDU class without `PDU`."""
    module = api.PROTOCOL_MODULES[version]
    pdu = getattr(module, f"{kind}PDU")()
    of = module.apiPDU if kind != "GetBulkRequest" else module.apiBulkPDU
    of.set_defaults(pdu)
    of.set_request_id(pdu, request_id)
    of.set_varbinds(pdu, [(oid, module.Null("") if value is None else value) for oid, value in binds])
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community)
    module.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


SYS_DESCR = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_UP_TIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
VALUES = [
    (SYS_DESCR, OctetString("Static UPS")),
    (SYS_UP_TIME, TimeTicks(4_000_000_000)),
    ((1, 3, 6, 1, 4, 1, 318, 1, 1), Integer32(-5)),
    ((1, 3, 6, 1, 4, 1, 318, 1, 2), Gauge32(0xFFFF_FFFF)),
    ((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 4_000_000_000), Counter64(2**64 - 1)),
]
# Messages between net-snmp 5.9.3's snmpget (authPriv, SHA, AES) and snmpd: a discovery, then a request.
V3_DISCOVERY = bytes.fromhex(
    "303e02010330110204467bc37d020300ffe30401040201030410300e0400020100020100040004000400301404000400a00e020425e40ada"
    "0201000201003000"
)
V3_DISCOVERED = bytes.fromhex(
    "307102010330110204467bc37d020300ffe30401000201030421301f041180001f8880e5bbcb75fb33056b00000000020101020103040004"
    "0004003036041180001f8880e5bbcb75fb33056b000000000400a81f020425e40ada0201000201003011300f060a2b060106030f01010400"
    "410101"
)
V3_REQUEST = bytes.fromhex(
    "30818c02010330110204467bc37c020300ffe3040107020103043d303b041180001f8880e5bbcb75fb33056b000000000201010201030408"
    "7477696e66656564040cdf3de244ba10b343c7abae0c0408dba1829714c6b7c304353d10cca0c6f88dc4b579e7d6d53e8788da94ec1f63f9"
    "cc931bb888ac951269436f02753c1f3928792b88322abdab8a5cd4607ad208"
)
V3_ANSWER = bytes.fromhex(
    "30819202010330110204467bc37c020300ffe3040103020103043d303b041180001f8880e5bbcb75fb33056b000000000201010201030408"
    "7477696e66656564040c774751cbbf6f358aab6fa013040803e368c32924c59c043b10a9a29ec8637650501a69352b6cf0c417b9d424bcb7"
    "bcee1ade9f736ba3453cb3077935d9b29a046a28677e11b251fc0740cfd0728d0254a7f78a"
)

GOOD = {
    "modbus-tcp": (modbus_tcp(asked()), modbus_tcp(answered([1, 2, 3, 4]), True)),
    "modbus-rtu": (modbus_rtu(asked()), modbus_rtu(answered([1, 2, 3, 4]), True)),
    "snmp": (snmp("GetRequest", [(SYS_DESCR, None)]), snmp("GetResponse", VALUES)),
}
"""A request and an answer of each protocol."""

FAULTS = [(speaks, kind.kind) for kind in PROTOCOL_KINDS for speaks in protocols(kind.kind)]
FAULTS.append(("modbus-rtu", "serial-noise"))


def cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The data in pieces of those sizes, the rest as one."""
    pieces, at = [], 0
    for size in sizes:
        if at < len(data):
            pieces.append(data[at : at + size])
            at += size
    return [*pieces, data[at:]] if at < len(data) else pieces


def octets(speaks: str, answer: bool) -> st.SearchStrategy[bytes]:
    """Anything at all, with good frames, frames cut short and frames with a wrong octet among it."""
    goods = [GOOD[speaks][answer]]
    if speaks == "snmp":
        goods += [V3_DISCOVERED, V3_ANSWER] if answer else [V3_DISCOVERY, V3_REQUEST]
    return st.sampled_from(goods).flatmap(_around)


def _around(good: bytes) -> st.SearchStrategy[bytes]:
    damaged = st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255)).map(
        lambda change: good[: change[0]] + bytes((change[1],)) + good[change[0] + 1 :]
    )
    pieces = st.one_of(
        st.just(good), damaged, st.integers(1, len(good)).map(lambda n: good[:n]), st.binary(max_size=40)
    )
    return st.lists(pieces, max_size=6).map(b"".join)


def to_device(tamper: Tamper, data: bytes) -> list[bytes]:
    return [out for out in tamper.request(data) if isinstance(out, bytes)]
