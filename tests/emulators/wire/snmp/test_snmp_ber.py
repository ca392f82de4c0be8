"""BER against pyasn1's encoder and X.690's rules."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto import rfc1902, rfc1905

from twinfeed.emulators.wire.snmp.ber import (
    BerError,
    Syntax,
    decode_oid,
    decode_value,
    encode_length,
    encode_oid,
    encode_value,
    format_oid,
    parse_oid,
    read_header,
    read_integer,
)

subs = st.integers(0, 2**32 - 1)
oids = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), st.integers(0, 2**31))
).flatmap(lambda head: st.lists(subs, max_size=126).map(lambda tail: (*head, *tail)))
VALUES = st.one_of(
    st.tuples(st.just(Syntax.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.sampled_from([Syntax.COUNTER32, Syntax.GAUGE32, Syntax.TIMETICKS]), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(Syntax.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.sampled_from([Syntax.OCTET_STRING, Syntax.OPAQUE]), st.binary(max_size=300)),
    st.tuples(st.just(Syntax.IP_ADDRESS), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(Syntax.OBJECT_IDENTIFIER), oids),
    st.tuples(st.sampled_from([Syntax.NULL, Syntax.NO_SUCH_OBJECT, Syntax.END_OF_MIB_VIEW]), st.none()),
)
PYSNMP_TYPE: dict[Syntax, Any] = {
    Syntax.INTEGER: rfc1902.Integer32,
    Syntax.OCTET_STRING: rfc1902.OctetString,
    Syntax.OPAQUE: rfc1902.Opaque,
    Syntax.COUNTER32: rfc1902.Counter32,
    Syntax.GAUGE32: rfc1902.Gauge32,
    Syntax.TIMETICKS: rfc1902.TimeTicks,
    Syntax.COUNTER64: rfc1902.Counter64,
    Syntax.IP_ADDRESS: rfc1902.IpAddress,
    Syntax.OBJECT_IDENTIFIER: rfc1902.ObjectName,
    Syntax.NULL: rfc1902.Null,
    Syntax.NO_SUCH_OBJECT: rfc1905.NoSuchObject,
    Syntax.END_OF_MIB_VIEW: rfc1905.EndOfMibView,
}


@given(VALUES)
def test_values_are_encoded_as_pyasn1_encodes_them(typed: tuple[Syntax, Any]) -> None:
    syntax, value = typed
    assume(value not in (-(2**7), -(2**15), -(2**23), -(2**31)))  # pyasn1 0.6 gives these an octet too many
    theirs = PYSNMP_TYPE[syntax]("" if value is None else value)
    assert encode_value(syntax, value) == encoder.encode(theirs)


@given(VALUES)
def test_a_value_survives_encoding_and_decoding(typed: tuple[Syntax, Any]) -> None:
    syntax, value = typed
    encoded = encode_value(syntax, value)
    tag, begin, stop = read_header(encoded, 0, len(encoded))
    assert (tag, stop) == (syntax, len(encoded))
    assert decode_value(tag, encoded[begin:]) == value


def test_the_object_identifier_of_x690() -> None:
    assert encode_oid((2, 100, 3)).hex() == "0603813403"  # {joint-iso-itu-t 100 3}, X.690 §8.19.5


def test_integers_of_many_widths() -> None:
    # two's complement in the fewest octets, X.690 §8.3
    for value, content in ((0, "00"), (127, "7f"), (128, "0080"), (-128, "80"), (-129, "ff7f"), (32768, "008000")):
        assert encode_value(Syntax.INTEGER, value)[2:].hex() == content
    assert encode_value(Syntax.GAUGE32, 0xFFFF_FFFF).hex() == "420500ffffffff"
    assert encode_value(Syntax.COUNTER64, 2**64 - 1).hex() == "460900ffffffffffffffff"


def test_lengths_of_each_form() -> None:
    # X.690 §8.1.3.4 and §8.1.3.5
    assert [encode_length(n).hex() for n in (0, 127, 128, 255, 256, 65535)] == [
        "00", "7f", "8180", "81ff", "820100", "82ffff",
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["020105", "02810105", "0282000105", "028400000001" + "05"])
def test_a_length_longer_than_needed_is_accepted(form: str) -> None:
    octets = bytes.fromhex(form)
    assert read_integer(octets, 0, len(octets)) == (5, len(octets))


@pytest.mark.parametrize("content", ["05", "0005", "000005", "00000005"])
def test_an_integer_with_padding_that_fits_is_accepted(content: str) -> None:
    assert decode_value(Syntax.INTEGER, bytes.fromhex(content)) == 5


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("3080020101" + "0000", "indefinite"),
        ("0285000000000105", "at most 4"),
        ("0202" + "05", "past its container"),
        ("04", "found the end"),
        ("", "found the end"),
        ("0482" + "01", "past its container"),
        ("1f0101", "announces more tag octets"),
    ],
)
def test_headers_that_are_refused(octets: str, why: str) -> None:
    with pytest.raises(BerError, match=why):
        read_header(bytes.fromhex(octets), 0, len(octets) // 2)


@pytest.mark.parametrize(
    ("tag", "content"),
    [
        (Syntax.INTEGER, ""),
        (Syntax.INTEGER, "0000000001"),
        (Syntax.COUNTER32, "ffffffff"),  # -1, as two's complement has it
        (Syntax.COUNTER32, "0100000000"),
        (Syntax.COUNTER64, "010000000000000000"),
        (Syntax.GAUGE32, ""),
        (Syntax.IP_ADDRESS, "7f0000"),
        (Syntax.NULL, "00"),
        (Syntax.OBJECT_IDENTIFIER, ""),
        (Syntax.OBJECT_IDENTIFIER, "2b8106" + "80"),  # ends inside a sub-identifier
        (Syntax.OBJECT_IDENTIFIER, "2b8001"),  # padded sub-identifier, X.690 §8.19.2
        (Syntax.OBJECT_IDENTIFIER, "2b9080808000"),  # 2^32
        (Syntax.OBJECT_IDENTIFIER, "2b" + "01" * 127),  # 129 sub-identifiers
        (0x45, "00"),  # NsapAddress, gone with RFC 1442
        (0x24, ""),  # constructed OCTET STRING, forbidden by RFC 3417 §8
    ],
)
def test_contents_that_are_refused(tag: int, content: str) -> None:
    with pytest.raises(BerError):
        decode_value(tag, bytes.fromhex(content))


def test_the_widest_object_identifier_is_accepted() -> None:
    assert decode_oid(bytes.fromhex("2b8fffffff7f")) == (1, 3, 2**32 - 1)
    assert len(decode_oid(b"\x2b" + b"\x01" * 126)) == 128


@pytest.mark.parametrize(
    ("syntax", "value"),
    [
        (Syntax.INTEGER, 2**31),
        (Syntax.COUNTER32, -1),
        (Syntax.GAUGE32, 2**32),
        (Syntax.OCTET_STRING, "text"),
        (Syntax.INTEGER, 1.5),
        (Syntax.IP_ADDRESS, b"\x7f\x00\x01"),
        (Syntax.OBJECT_IDENTIFIER, (1, 40)),
        (Syntax.OBJECT_IDENTIFIER, (1, 3, -1)),
        (Syntax.OBJECT_IDENTIFIER, (1,)),
        (Syntax.NULL, 0),
    ],
)
def test_values_that_do_not_fit_their_syntax_are_refused(syntax: Syntax, value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        encode_value(syntax, value)


def test_object_identifiers_as_text() -> None:
    assert parse_oid(".1.3.6.1") == (1, 3, 6, 1)
    assert format_oid((1, 3, 6, 1)) == "1.3.6.1"
    with pytest.raises(ValueError, match="numbers joined by dots"):
        parse_oid("sysDescr.0")


@given(st.binary(max_size=40))
def test_decoding_any_octets_gives_a_value_or_a_ber_error(octets: bytes) -> None:
    try:
        tag, begin, stop = read_header(octets, 0, len(octets))
        value = decode_value(tag, octets[begin:stop])
    except BerError:
        return
    again = encode_value(Syntax(tag), value)
    _, begin, _ = read_header(again, 0, len(again))
    assert decode_value(tag, again[begin:]) == value
