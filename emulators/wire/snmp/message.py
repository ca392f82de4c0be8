"""SNMP messages and PDUs: RFC 1157 (v1), RFC 3416 with RFC 1901 (v2c), RFC 3412 §6 (v3).

Requests are taken apart without interpreting more than needed: object names and values stay the content octets
they arrived as, checked but not converted, so that an answer can be put together from bytes.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from twinfeed.emulators.wire.snmp.ber import (
    SEQUENCE,
    BerError,
    Oid,
    Syntax,
    Value,
    decode_integer,
    decode_oid,
    decode_value,
    encode_integer,
    encode_length,
    encode_oid,
    encode_sequence,
    encode_tlv,
    encode_value,
    expect,
    expect_end,
    read_header,
    read_integer,
    read_octets,
)


class Version(IntEnum):
    """The version field of a message."""

    V1 = 0
    V2C = 1
    V3 = 3


class PduType(IntEnum):
    """PDU tags (RFC 1157 §4.1, RFC 3416 §3)."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    TRAP_V1 = 0xA4
    GET_BULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7
    REPORT = 0xA8


class ErrorStatus(IntEnum):
    """error-status of a Response (RFC 3416 §3)."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    BAD_VALUE = 3
    READ_ONLY = 4
    GEN_ERR = 5
    NO_ACCESS = 6
    WRONG_TYPE = 7
    WRONG_LENGTH = 8
    WRONG_ENCODING = 9
    WRONG_VALUE = 10
    NO_CREATION = 11
    INCONSISTENT_VALUE = 12
    RESOURCE_UNAVAILABLE = 13
    COMMIT_FAILED = 14
    UNDO_FAILED = 15
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17
    INCONSISTENT_NAME = 18


#: The error-status for a v1 manager (RFC 3584 §4.4); statuses it knows are themselves.
V1_ERROR_STATUS = {
    ErrorStatus.WRONG_VALUE: ErrorStatus.BAD_VALUE,
    ErrorStatus.WRONG_ENCODING: ErrorStatus.BAD_VALUE,
    ErrorStatus.WRONG_TYPE: ErrorStatus.BAD_VALUE,
    ErrorStatus.WRONG_LENGTH: ErrorStatus.BAD_VALUE,
    ErrorStatus.INCONSISTENT_VALUE: ErrorStatus.BAD_VALUE,
    ErrorStatus.NO_ACCESS: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.NOT_WRITABLE: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.NO_CREATION: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.INCONSISTENT_NAME: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.AUTHORIZATION_ERROR: ErrorStatus.NO_SUCH_NAME,
    ErrorStatus.RESOURCE_UNAVAILABLE: ErrorStatus.GEN_ERR,
    ErrorStatus.COMMIT_FAILED: ErrorStatus.GEN_ERR,
    ErrorStatus.UNDO_FAILED: ErrorStatus.GEN_ERR,
}


class VarBind(NamedTuple):
    """A variable binding in Python's terms; `value` as :func:`~emulators.wire.snmp.ber.encode_value` takes it."""

    oid: Oid
    syntax: Syntax
    value: Value


class RawVarBind(NamedTuple):
    """A variable binding as it arrived: content octets of the name, tag and content octets of the value."""

    name: bytes
    tag: int
    content: bytes


class Pdu(NamedTuple):
    """Any PDU but the v1 trap. `request_id` is kept as the content octets that arrived, to be echoed;
    `id_start` is where they begin in the buffer."""

    tag: int
    request_id: bytes
    id_start: int
    error_status: int
    error_index: int
    varbinds: list[RawVarBind]

    @property
    def non_repeaters(self) -> int:
        """A GetBulkRequest's field in place of the error-status; negative is zero (RFC 3416 §4.2.3)."""
        return max(self.error_status, 0)

    @property
    def max_repetitions(self) -> int:
        """A GetBulkRequest's field in place of the error-index; negative is zero."""
        return max(self.error_index, 0)


class CommunityMessage(NamedTuple):
    """A v1 or v2c message, its PDU not yet read: it lies at datagram[pdu_start:]."""

    community: bytes
    pdu_start: int


class ScopedPdu(NamedTuple):
    """RFC 3412 §6: a PDU with the engine and context it is meant for; pdu still encoded."""

    context_engine_id: bytes
    context_name: bytes
    pdu: bytes


class V3Message(NamedTuple):
    """The header of a v3 message; `data` is msgData, encoded (a SEQUENCE, or an OCTET STRING when encrypted)."""

    msg_id: int
    max_size: int  # octets the sender can receive
    flags: int
    security_model: int
    security_parameters: bytes
    security_start: int  # where those begin in the datagram
    data: bytes


AUTH_FLAG = 0x01
PRIV_FLAG = 0x02
REPORTABLE_FLAG = 0x04
MIN_MAX_SIZE = 484  # octets, RFC 3412 §6 and RFC 3417 §3.2


# reading -----------------------------------------------------------------------------------------------------


def read_version(datagram: bytes) -> tuple[int, int, int]:
    """The version number of a message, where the field after it begins, and where the message ends."""
    begin, end = expect(datagram, 0, len(datagram), SEQUENCE)
    expect_end(end, len(datagram))
    version, after = read_integer(datagram, begin, end)
    return version, after, end


def read_community_message(datagram: bytes, start: int, end: int) -> CommunityMessage:
    """The rest of a v1 or v2c message after its version."""
    community, pdu_start = read_octets(datagram, start, end)
    return CommunityMessage(community, pdu_start)


def read_pdu(buffer: bytes, start: int, end: int) -> Pdu:
    """The PDU that fills buffer[start:end]; every name and value in it is checked."""
    head, list_start, list_end = read_pdu_head(buffer, start, end)
    head.varbinds.extend(read_varbinds(buffer, list_start, list_end))
    return head


def read_pdu_head(buffer: bytes, start: int, end: int) -> tuple[Pdu, int, int]:
    """The PDU that fills buffer[start:end] without its bindings, and where those begin and end: no more work for a long
    message than for a short one."""
    tag, begin, stop = read_header(buffer, start, end)
    expect_end(stop, end)
    if not PduType.GET <= tag <= PduType.REPORT or tag == PduType.TRAP_V1:
        raise BerError(f"octet {start}: tag {tag:#04x} is no PDU an agent or a manager of requests knows")
    id_start, at = expect(buffer, begin, stop, Syntax.INTEGER)
    request_id = buffer[id_start:at]
    decode_integer(request_id)
    status, at = read_integer(buffer, at, stop)
    index, at = read_integer(buffer, at, stop)
    list_start, list_end = expect(buffer, at, stop, SEQUENCE)
    expect_end(list_end, stop)
    return Pdu(tag, request_id, id_start, status, index, []), list_start, list_end


def read_varbinds(buffer: bytes, start: int, end: int) -> list[RawVarBind]:
    """The variable bindings in buffer[start:end]."""
    varbinds = []
    while start < end:
        begin, stop = expect(buffer, start, end, SEQUENCE)
        name_tag, name_start, name_end = read_header(buffer, begin, stop)
        if name_tag != Syntax.OBJECT_IDENTIFIER:
            raise BerError(f"octet {begin}: expected an object identifier, found tag {name_tag:#04x}")
        name = buffer[name_start:name_end]
        decode_oid(name)
        value_tag, value_start, value_end = read_header(buffer, name_end, stop)
        expect_end(value_end, stop)
        content = buffer[value_start:value_end]
        decode_value(value_tag, content)
        varbinds.append(RawVarBind(name, value_tag, content))
        start = stop
    return varbinds


def decode_varbind(raw: RawVarBind) -> VarBind:
    """A received binding in Python's terms."""
    return VarBind(decode_oid(raw.name), Syntax(raw.tag), decode_value(raw.tag, raw.content))


def read_v3_message(datagram: bytes, start: int, end: int) -> V3Message:
    """The rest of a v3 message after its version."""
    begin, stop = expect(datagram, start, end, SEQUENCE)
    msg_id, at = read_integer(datagram, begin, stop)
    max_size, at = read_integer(datagram, at, stop)
    flags, at = read_octets(datagram, at, stop)
    security_model, at = read_integer(datagram, at, stop)
    expect_end(at, stop)
    if msg_id < 0 or max_size < MIN_MAX_SIZE or len(flags) != 1 or security_model < 1:
        raise BerError(
            f"v3 header: expected msgID >= 0, msgMaxSize >= {MIN_MAX_SIZE}, one octet of flags and a security "
            f"model >= 1, found {msg_id}, {max_size}, {len(flags)} octets, {security_model}"
        )
    security_start, data_start = expect(datagram, stop, end, Syntax.OCTET_STRING)
    _, _, data_end = read_header(datagram, data_start, end)
    expect_end(data_end, end)
    return V3Message(
        msg_id,
        max_size,
        flags[0],
        security_model,
        datagram[security_start:data_start],
        security_start,
        datagram[data_start:end],
    )


def read_scoped_pdu(buffer: bytes) -> ScopedPdu:
    """A ScopedPDU; octets after it are ignored, as decryption may leave padding there (RFC 3414 §8.3.2)."""
    begin, stop = expect(buffer, 0, len(buffer), SEQUENCE)
    engine_id, at = read_octets(buffer, begin, stop)
    context, at = read_octets(buffer, at, stop)
    return ScopedPdu(engine_id, context, buffer[at:stop])


# writing -----------------------------------------------------------------------------------------------------


def encode_varbind(varbind: VarBind) -> bytes:
    """A variable binding; ValueError or TypeError when the value does not fit its syntax."""
    return encode_sequence(encode_oid(varbind.oid), encode_value(varbind.syntax, varbind.value))


def encode_raw_varbind(raw: RawVarBind) -> bytes:
    """A received binding again, with the shortest lengths."""
    return encode_sequence(encode_tlv(Syntax.OBJECT_IDENTIFIER, raw.name), encode_tlv(raw.tag, raw.content))


def encode_pdu(tag: int, request_id: int, status: int, index: int, varbinds: Sequence[bytes]) -> bytes:
    """A PDU of bindings that are encoded already."""
    return encode_tlv(
        tag,
        encode_integer(request_id) + encode_integer(status) + encode_integer(index) + encode_sequence(*varbinds),
    )


def encode_trap_v1(
    enterprise: Oid, agent_address: bytes, generic: int, specific: int, timestamp: int, varbinds: Sequence[bytes]
) -> bytes:
    """A v1 Trap-PDU (RFC 1157 §4.1.6): `agent_address` 4 octets, `timestamp` in hundredths of a second."""
    return encode_tlv(
        PduType.TRAP_V1,
        encode_oid(enterprise)
        + encode_value(Syntax.IP_ADDRESS, agent_address)
        + encode_integer(generic)
        + encode_integer(specific)
        + encode_value(Syntax.TIMETICKS, timestamp)
        + encode_sequence(*varbinds),
    )


def encode_community_message(version: int, community: bytes, pdu: bytes) -> bytes:
    """A v1 or v2c message around an encoded PDU."""
    return encode_sequence(encode_integer(version), encode_tlv(Syntax.OCTET_STRING, community), pdu)


def encode_scoped_pdu(scoped: ScopedPdu) -> bytes:
    """A ScopedPDU, plaintext."""
    return encode_sequence(
        encode_tlv(Syntax.OCTET_STRING, scoped.context_engine_id),
        encode_tlv(Syntax.OCTET_STRING, scoped.context_name),
        scoped.pdu,
    )


def encode_v3_header(msg_id: int, max_size: int, flags: int, security_model: int) -> bytes:
    """Version and msgGlobalData of a v3 message."""
    return encode_integer(Version.V3) + encode_sequence(
        encode_integer(msg_id),
        encode_integer(max_size),
        encode_tlv(Syntax.OCTET_STRING, bytes((flags,))),
        encode_integer(security_model),
    )


def content_room(size: int) -> int:
    """The longest content whose element (one tag octet, shortest length field) is at most `size` octets."""
    if size <= 129:
        return size - 2
    if size <= 258:
        return size - 3
    return size - len(encode_length(size)) - 1
