"""The lenient reader of SNMP answers: it reads what pyasn1 refuses, agrees with pyasn1 on the rest, and never fails."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pyasn1.type import univ
from pysnmp.proto import rfc1902
from pysnmp.proto.api import PROTOCOL_MODULES
from workers.examples import examples

from twinfeed.harness.transports.answers import (
    END_OF_MIB_VIEW,
    NULL,
    Absent,
    Malformed,
    Unreadable,
    VarBind,
    illegal_name,
    read_message,
    read_scoped_pdu,
)
from twinfeed.harness.transports.snmp.messages import FIRST_ID, Undecodable, _by_pyasn1, read_anyhow, response

# -- messages, put together octet by octet -----------------------------------------------------------------------


def tlv(tag: int, contents: bytes, length: bytes | None = None) -> bytes:
    size = len(contents)
    shortest = bytes([size]) if size < 0x80 else b"\x82" + struct.pack(">H", size)
    return bytes([tag]) + (shortest if length is None else length) + contents


def message(
    *bindings: bytes, request_id: bytes = bytes.fromhex("40000000"), version: int = 1, tail: bytes = b""
) -> bytes:
    pdu = tlv(2, request_id) + tlv(2, b"\0") + tlv(2, b"\0") + tlv(0x30, b"".join(bindings))
    return tlv(0x30, tlv(2, bytes([version])) + tlv(4, b"public") + tlv(0xA2, pdu)) + tail


def binding(value: bytes, name: str = "2b06010401868d1f0106 00") -> bytes:
    """A variable; the name is 1.3.6.1.4.1.99999.1.6.0 unless stated otherwise."""
    return tlv(0x30, tlv(6, bytes.fromhex(name)) + value)


GOOD = binding(tlv(2, b"\x14"), "2b06010401868d1f010100")
GOOD_READ = VarBind("1.3.6.1.4.1.99999.1.1.0", 20, "integer")
ODD_NAME = "1.3.6.1.4.1.99999.1.6.0"


def odd(value: str) -> VarBind:
    """The reading of a value that comes between two good ones, which are read in any case."""
    before, found, after = read_message(message(GOOD, binding(bytes.fromhex(value)), GOOD)).response.varbinds
    assert before == after == GOOD_READ
    assert found.oid == ODD_NAME
    return found


@pytest.mark.parametrize(
    ("value", "number", "type"),
    [
        ("4104fffffff0", 4294967280, "counter32"),  # its sign bit: etingof/pysnmp#190
        ("4101f0", 4294967280, "counter32"),
        ("4304ffffffff", 4294967295, "timeticks"),
        ("420500ffffffff", 4294967295, "gauge32"),
        ("42050100000005", 5, "gauge32"),
        ("4608ffffffffffffffff", 2**64 - 1, "counter64"),
        ("470105", 5, "uinteger32"),
        ("020500ffffffff", 4294967295, "integer"),
        ("0205ffffffffff", -1, "integer"),
    ],
)
def test_numbers_are_read_and_masked_as_net_snmp_does(value: str, number: int, type: str) -> None:
    assert odd(value)[1:3] == (number, type)


def test_a_masked_number_says_how_it_came() -> None:
    assert odd("4104fffffff0").note == "a Counter32 came with its sign bit; read as net-snmp reads it: the low 32 bits"
    assert odd("420500ffffffff").note == ""


@pytest.mark.parametrize(
    ("value", "tag", "octets", "reason"),
    [
        ("0209007fffffffffffffff", 2, "007fffffffffffffff", "an INTEGER of 64 bits, the most is 32"),
        ("4000", 0x40, "", "an IpAddress of 0 octets, expected 4"),
        ("40080102030400000000", 0x40, "0102030400000000", "an IpAddress of 8 octets, expected 4"),
        ("410a01000000000000000000", 0x41, "01000000000000000000", "a Counter32 of 10 octets, the most is 4"),
        ("06022b86", 6, "2b86", "an OBJECT IDENTIFIER that ends in the middle of a sub-identifier"),
        ("0901 80", 9, "80", "tag 0x09 is no type of SNMP"),
        ("0501 00", 5, "00", "NULL with 1 octets of contents"),
        ("0420 61", 4, "61", "a value that is none: tag 0x04 with a length of 32 octets runs past the end, 1 follow"),
        ("", 0, "", "a value that is none: tag and length run past the end"),
    ],
)
def test_what_is_no_value_of_its_type_stays_octets_with_the_reason(
    value: str, tag: int, octets: str, reason: str
) -> None:
    assert odd(value).value == Malformed(tag, bytes.fromhex(octets), reason)


@pytest.mark.parametrize(
    ("value", "stands"),
    [("0500", NULL), ("8000", Absent("noSuchObject")), ("8100", Absent("noSuchInstance")), ("8200", END_OF_MIB_VIEW)],
)
def test_what_stands_in_place_of_a_value_is_told_from_values(value: str, stands: Absent) -> None:
    assert odd(value).value == stands


def test_padded_sub_identifiers_are_read() -> None:
    assert odd("06072b0601808f650a").value == "1.3.6.1.2021.10"


def test_an_empty_oid_is_0_0_as_net_snmp_has_it() -> None:
    assert odd("0600")[1:3] == ("0.0", "oid")


def test_octets_of_old_types_are_octets() -> None:
    assert odd("4503490102")[1:3] == (b"\x49\x01\x02", "nsapaddress")


def test_a_variable_without_a_name_costs_only_itself() -> None:
    nameless = tlv(0x30, tlv(4, b"x") + tlv(2, b"\1"))
    before, found, after = read_message(message(GOOD, nameless, GOOD)).response.varbinds
    assert before == after == GOOD_READ
    assert found == VarBind("", Malformed(0x30, nameless[2:], "tag 0x04 in place of a variable's name"))


def test_lengths_in_any_form_and_octets_after_the_end_do_not_matter() -> None:
    def long(tag: int, contents: bytes) -> bytes:
        return tlv(tag, contents, b"\x84" + struct.pack(">I", len(contents)))

    name_and_value = long(6, bytes.fromhex("2b0601")) + long(2, b"\1")
    pdu = long(2, b"\7") + long(2, b"\0") * 2 + tlv(0x30, long(0x30, name_and_value), b"\x80") + b"\0\0"
    found = read_message(long(0x30, long(2, b"\1") + long(4, b"") + long(0xA2, pdu)) + b"\0\0")
    assert (found.request_id, found.response.varbinds) == (7, (VarBind("1.3.6.1", 1, "integer"),))


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "tag and length run past the end"),
        (b"HTTP/1.0 400", "runs past the end"),
        (message(GOOD)[:-1], "runs past the end"),
        (message(GOOD, version=3), "version 3"),
        (message(GOOD).replace(b"\xa2", b"\xa0", 1), "in place of a response"),
    ],
)
def test_what_is_no_response_is_refused_with_the_reason(octets: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read_message(octets)


def test_a_name_beyond_32_bits_is_read_and_said_to_be_illegal() -> None:
    name = "1.3.6.1.4.1.99999.1.6.4294967301"
    encoded = encoder.encode(univ.ObjectIdentifier(name))[2:].hex()
    assert read_message(message(binding(tlv(2, b"\1"), encoded))).response.varbinds[0].oid == name
    assert illegal_name(name) == "sub-identifier 4294967301 is beyond 2^32-1"
    assert illegal_name("1.3" + ".1" * 127) == "a name of 129 sub-identifiers, the most is 128"
    assert illegal_name("1.3.6.1.4.1.4294967295") == ""


# -- beside pyasn1 -----------------------------------------------------------------------------------------------

NAMES = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=12).map(lambda tail: (1, 3, *tail))
VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(rfc1902.Integer32),
    st.integers(0, 2**32 - 1).map(rfc1902.Counter32),
    st.integers(0, 2**32 - 1).map(rfc1902.Gauge32),
    st.integers(0, 2**32 - 1).map(rfc1902.TimeTicks),
    st.integers(0, 2**64 - 1).map(rfc1902.Counter64),
    st.binary(max_size=300).map(rfc1902.OctetString),
    st.binary(max_size=20).map(rfc1902.Opaque),
    st.binary(min_size=4, max_size=4).map(rfc1902.IpAddress),
    NAMES.map(rfc1902.ObjectIdentifier),
    st.just(PROTOCOL_MODULES[1].null),
)


@st.composite
def written_by_pysnmp(draw: st.DrawFn) -> tuple[int, bytes]:
    """A response as pysnmp writes it, and its version."""
    v2c = PROTOCOL_MODULES[1]
    pdu = v2c.GetResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, FIRST_ID)
    v2c.apiPDU.set_error_status(pdu, draw(st.integers(0, 5)))
    v2c.apiPDU.set_varbinds(pdu, draw(st.lists(st.tuples(NAMES, VALUES), max_size=6)))
    whole = v2c.Message()
    v2c.apiMessage.set_defaults(whole)
    v2c.apiMessage.set_pdu(whole, pdu)
    octets, version = encoder.encode(whole), draw(st.sampled_from((0, 1)))
    return version, octets.replace(b"\2\1\1", bytes((2, 1, version)), 1)  # responses of v1 and v2c differ in that only


@pytest.mark.parametrize("tag", [0x02, 0x41, 0x42, 0x43, 0x46, 0x47])
@given(number=st.integers(0, 2**31 - 1), before=st.booleans())
def test_a_number_of_no_octets_is_malformed_and_not_0(tag: int, number: int, before: bool) -> None:
    """Beside others, also beside a 0, whichever reader comes first."""
    octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
    bindings = [binding(tlv(0x02, octets)), binding(tlv(tag, b""))]
    datagram = message(*(bindings if before else bindings[::-1]))
    found = response(1, datagram, datagram.index(bytes.fromhex("40000000"))).varbinds
    values = [varbind.value for varbind in (found if before else found[::-1])]
    assert values[0] == number and isinstance(values[1], Malformed)


def agree(version: int, datagram: bytes) -> bool:
    """True if pyasn1 reads the answer; then the lenient reader reads the same."""
    theirs = _by_pyasn1(version, datagram)
    if theirs is None:
        return False
    request_id, ours = read_anyhow(datagram)
    assert (request_id, _without_notes(ours.varbinds), *ours[:2]) == (FIRST_ID, theirs.varbinds, *theirs[:2])
    return True


def _without_notes(varbinds: tuple[VarBind, ...]) -> tuple[VarBind, ...]:
    return tuple(varbind._replace(note="") for varbind in varbinds)


@given(written_by_pysnmp())
def test_both_read_the_same_of_what_pysnmp_writes(made: tuple[int, bytes]) -> None:
    version, octets = made
    assert agree(version, octets) or version == 0  # v1 has no Counter64


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[int, bytes]:
    """A response with octets changed, put in or taken out."""
    version, octets = draw(written_by_pysnmp())
    whole = bytearray(octets)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(whole) - 1))
        match draw(st.sampled_from(("change", "tag", "put in", "take out"))):
            case "change":
                whole[at] = draw(st.integers(0, 255))
            case "tag":
                whole[at] = draw(st.sampled_from((0, 0x80, 0x24, 0x30, 0x1F, 0x3F, 0x40, 0x47, 0x64, 0x81, 0xA2, 0xFF)))
            case "put in":
                whole.insert(at, draw(st.sampled_from((0, 0x80, 0xFF, 0x30, 0x24))))
            case "take out" if len(whole) > 1:
                del whole[at]
    return version, bytes(whole)


@given(spoilt())
@settings(max_examples=examples(400))
def test_wherever_pyasn1_reads_an_answer_both_agree(made: tuple[int, bytes]) -> None:
    agree(*made)


@given(st.one_of(st.binary(max_size=200), spoilt().map(lambda made: made[1])))
@example(b"\x30\x80" * 5000)
@example(message(tlv(0x30, tlv(6, b"\xff" * 5000 + b"\1") + tlv(2, b"\1"))))
@example(message(binding(b"\x24\x80" * 3000 + b"\0\0" * 3000)))
def test_arbitrary_octets_are_read_or_refused(octets: bytes) -> None:
    for read in (read_message, read_scoped_pdu):
        with suppress(Unreadable):
            read(octets)


@given(spoilt())
def test_a_response_is_read_or_undecodable_whatever_came(made: tuple[int, bytes]) -> None:
    version, octets = made
    place = octets.find(FIRST_ID.to_bytes(4, "big"))
    if place >= 0:
        with suppress(Undecodable):
            response(version, octets, place)
