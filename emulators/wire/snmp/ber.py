"""BER for the ASN.1 subset SNMP uses (X.690 restricted by RFC 3417 §8), bytes in and bytes out.

What a sender may do freely is accepted: length fields longer than needed, integers with leading padding that
still fit their type. What RFC 3417 §8 forbids or what cannot be a value of its type is refused with
:class:`BerError`: the indefinite length form, lengths running past their container, integers too wide,
sub-identifiers beyond 32 bits, object identifiers of more than 128 sub-identifiers (RFC 2578 §3.5).

Decoding is driven by the message's schema, never by what the bytes claim to nest: depth is bounded by the code.
"""

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

Oid = tuple[int, ...]
Value = int | bytes | Oid | None

SEQUENCE = 0x30
MAX_SUBIDENTIFIERS = 128
MAX_SUBIDENTIFIER = 0xFFFF_FFFF


class BerError(ValueError):
    """The bytes are not the expected encoding. The message gives what was found, and where."""


class Syntax(IntEnum):
    """ASN.1 types a variable can have (RFC 2578 §7.1); the value is the BER tag."""

    INTEGER = 0x02  # Integer32 too
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    UNSIGNED32 = 0x42  # the same tag as Gauge32
    TIMETICKS = 0x43  # hundredths of a second
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80  # exceptions of RFC 3416 §3: they stand where a value would
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


EMPTY_TAGS = frozenset({Syntax.NULL, Syntax.NO_SUCH_OBJECT, Syntax.NO_SUCH_INSTANCE, Syntax.END_OF_MIB_VIEW})
OCTETS_TAGS = frozenset({Syntax.OCTET_STRING, Syntax.OPAQUE})
INTEGER_RANGE: dict[int, tuple[int, int]] = {
    Syntax.INTEGER: (-0x8000_0000, 0x7FFF_FFFF),
    Syntax.COUNTER32: (0, 0xFFFF_FFFF),
    Syntax.GAUGE32: (0, 0xFFFF_FFFF),
    Syntax.TIMETICKS: (0, 0xFFFF_FFFF),
    Syntax.COUNTER64: (0, 0xFFFF_FFFF_FFFF_FFFF),
}


# encoding ----------------------------------------------------------------------------------------------------


def encode_length(length: int) -> bytes:
    """The shortest definite length field for a content of `length` octets."""
    if length < 0x80:
        return length.to_bytes(1, "big")
    octets = (length.bit_length() + 7) // 8
    return bytes((0x80 | octets,)) + length.to_bytes(octets, "big")


def encode_tlv(tag: int, content: bytes) -> bytes:
    """Tag, shortest length, content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    return bytes((tag,)) + encode_length(length) + content


def encode_sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of parts that are encoded already."""
    return encode_tlv(SEQUENCE, b"".join(parts))


def encode_integer(value: int, tag: int = Syntax.INTEGER) -> bytes:
    """Two's complement in the fewest octets; unsigned types get a leading zero octet where needed."""
    if 0 <= value < 0x80:
        return bytes((tag, 1, value))
    octets = ((value if value >= 0 else ~value).bit_length() >> 3) + 1
    return bytes((tag, octets)) + value.to_bytes(octets, "big", signed=True)


def encode_oid_content(oid: Oid) -> bytes:
    """The content octets of an OBJECT IDENTIFIER; ValueError when `oid` is not one RFC 2578 §3.5 allows."""
    check_oid(oid)
    content = bytearray()
    for sub in (oid[0] * 40 + oid[1], *oid[2:]):
        if sub < 0x80:
            content.append(sub)
            continue
        shift = (sub.bit_length() - 1) // 7 * 7
        while shift:
            content.append(0x80 | (sub >> shift) & 0x7F)
            shift -= 7
        content.append(sub & 0x7F)
    return bytes(content)


def check_oid(oid: Oid) -> None:
    """ValueError unless `oid` has 2 to 128 sub-identifiers of 32 bits and starts as X.660 requires."""
    if not 2 <= len(oid) <= MAX_SUBIDENTIFIERS:
        raise ValueError(f"an object identifier has 2 to 128 sub-identifiers, found {len(oid)}: {oid}")
    if not (0 <= oid[0] <= 2 and oid[1] >= 0 and (oid[1] < 40 or oid[0] == 2)):
        raise ValueError(f"an object identifier starts 0.0 to 0.39, 1.0 to 1.39 or 2.x, found {oid[:2]}")
    if min(oid) < 0 or max(oid) > MAX_SUBIDENTIFIER:
        raise ValueError(f"sub-identifiers are 0 to 2^32-1, found {oid}")


@lru_cache(maxsize=2048)  # sysObjectID and its like are shown by every device of a model
def encode_oid(oid: Oid) -> bytes:
    """An OBJECT IDENTIFIER with tag and length."""
    return encode_tlv(Syntax.OBJECT_IDENTIFIER, encode_oid_content(oid))


def encode_value(syntax: Syntax, value: Value) -> bytes:
    """A value with tag and length.

    `value` is an int for the integer types, bytes for OCTET STRING, Opaque and IpAddress (4 octets), a tuple for
    OBJECT IDENTIFIER, None for NULL and the exceptions. ValueError or TypeError when it does not fit `syntax`.
    """
    limits = INTEGER_RANGE.get(syntax)
    if limits is not None:
        if not isinstance(value, int):
            raise TypeError(f"{syntax.name} takes an int, found {value!r}")
        if not limits[0] <= value <= limits[1]:
            raise ValueError(f"{syntax.name} is {limits[0]} to {limits[1]}, found {value}")
        return encode_integer(value, syntax)
    if syntax in OCTETS_TAGS:
        if not isinstance(value, bytes):
            raise TypeError(f"{syntax.name} takes bytes, found {value!r}")
        if len(value) > 0xFFFF:
            raise ValueError(f"{syntax.name} has at most 65535 octets (RFC 2578 §7.1.2), found {len(value)}")
        return encode_tlv(syntax, value)
    if syntax == Syntax.OBJECT_IDENTIFIER:
        if not isinstance(value, tuple):
            raise TypeError(f"OBJECT IDENTIFIER takes a tuple of ints, found {value!r}")
        return encode_oid(value)
    if syntax == Syntax.IP_ADDRESS:
        if not isinstance(value, bytes) or len(value) != 4:
            raise TypeError(f"IpAddress takes 4 bytes, found {value!r}")
        return encode_tlv(syntax, value)
    if value is not None:
        raise TypeError(f"{syntax.name} takes None, found {value!r}")
    return bytes((syntax, 0))


# decoding ----------------------------------------------------------------------------------------------------


def read_header(buffer: bytes, start: int, end: int) -> tuple[int, int, int]:
    """The tag at `start` and where its content begins and ends, all inside buffer[:end]."""
    try:
        tag = buffer[start]
        length = buffer[start + 1]
    except IndexError:
        raise BerError(f"octet {start}: expected a tag and a length, found the end of the data") from None
    begin = start + 2
    if tag & 0x1F == 0x1F:
        raise BerError(f"octet {start}: tag {tag:#04x} announces more tag octets; SNMP has none such")
    if length & 0x80:
        octets = length & 0x7F
        if octets == 0:
            raise BerError(f"octet {start + 1}: indefinite length, which RFC 3417 §8 forbids")
        if octets > 4:
            raise BerError(f"octet {start + 1}: length of {octets} octets, at most 4 are accepted")
        begin += octets
        length = int.from_bytes(buffer[start + 2 : begin], "big")
    stop = begin + length
    if stop > end or begin > end:
        raise BerError(f"octet {start}: content ends at {stop}, past its container's end at {end}")
    return tag, begin, stop


def expect(buffer: bytes, start: int, end: int, tag: int) -> tuple[int, int]:
    """Start and end of the content of the element at `start`; BerError unless its tag is `tag`."""
    found, begin, stop = read_header(buffer, start, end)
    if found != tag:
        raise BerError(f"octet {start}: expected tag {tag:#04x}, found {found:#04x}")
    return begin, stop


def read_integer(buffer: bytes, start: int, end: int) -> tuple[int, int]:
    """An INTEGER of at most 32 bits at `start`: its value and where the next element begins."""
    begin, stop = expect(buffer, start, end, Syntax.INTEGER)
    return decode_integer(buffer[begin:stop]), stop


def read_octets(buffer: bytes, start: int, end: int) -> tuple[bytes, int]:
    """An OCTET STRING at `start`: its octets and where the next element begins."""
    begin, stop = expect(buffer, start, end, Syntax.OCTET_STRING)
    return buffer[begin:stop], stop


def expect_end(stop: int, end: int) -> None:
    """BerError when a container has octets left after its last element."""
    if stop != end:
        raise BerError(f"octet {stop}: {end - stop} octets left over")


def decode_integer(content: bytes) -> int:
    """The content octets of an INTEGER (-2^31 to 2^31-1)."""
    if not 1 <= len(content) <= 4:
        raise BerError(f"an INTEGER has 1 to 4 octets, found {len(content)}")
    return int.from_bytes(content, "big", signed=True)


def decode_unsigned(content: bytes, limit: int) -> int:
    """The content octets of an unsigned type of 0 to `limit`."""
    if not 1 <= len(content) <= (limit.bit_length() >> 3) + 1:
        raise BerError(f"{len(content)} octets for an unsigned integer of 0 to {limit}")
    value = int.from_bytes(content, "big", signed=True)
    if not 0 <= value <= limit:
        raise BerError(f"unsigned integer of 0 to {limit}, found {value}")
    return value


@lru_cache(maxsize=8192)  # managers ask the same names over and over, and every message's names are checked
def decode_oid(content: bytes) -> Oid:
    """The content octets of an OBJECT IDENTIFIER."""
    if not content:
        raise BerError("an OBJECT IDENTIFIER has at least one octet, found none")
    if content[-1] & 0x80:
        raise BerError("the last sub-identifier of an OBJECT IDENTIFIER is cut short")
    subs = [0]  # the first two share one encoded number
    value = 0
    for octet in content:
        if value == 0 and octet == 0x80:
            raise BerError("a sub-identifier starts with the octet 80, which X.690 §8.19.2 forbids")
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            if value > MAX_SUBIDENTIFIER and (len(subs) > 1 or value > MAX_SUBIDENTIFIER + 80):
                raise BerError(f"sub-identifiers are 0 to 2^32-1, found {value}")
            subs.append(value)
            if len(subs) > MAX_SUBIDENTIFIERS:
                raise BerError("an OBJECT IDENTIFIER has at most 128 sub-identifiers")
            value = 0
        elif value > MAX_SUBIDENTIFIER:
            raise BerError("sub-identifiers are 0 to 2^32-1, found a wider one")
    subs[0] = min(subs[1] // 40, 2)
    subs[1] -= subs[0] * 40
    return tuple(subs)


def decode_value(tag: int, content: bytes) -> Value:
    """The value of an element with this tag and content; BerError for a tag no SNMP value has."""
    if tag == Syntax.INTEGER:
        return decode_integer(content)
    if tag in OCTETS_TAGS:
        return content
    if tag in EMPTY_TAGS:
        if content:
            raise BerError(f"tag {tag:#04x} has no content, found {len(content)} octets")
        return None
    if tag == Syntax.OBJECT_IDENTIFIER:
        return decode_oid(content)
    if tag in INTEGER_RANGE:
        return decode_unsigned(content, INTEGER_RANGE[tag][1])
    if tag == Syntax.IP_ADDRESS:
        if len(content) != 4:
            raise BerError(f"an IpAddress has 4 octets, found {len(content)}")
        return content
    raise BerError(f"no SNMP value has the tag {tag:#04x}")


# text --------------------------------------------------------------------------------------------------------


def parse_oid(text: str) -> Oid:
    """`1.3.6.1.2.1.1.1.0` (a leading dot is allowed) as a tuple. Raises ValueError with the reason."""
    try:
        oid = tuple(int(part) for part in text.lstrip(".").split("."))
    except ValueError:
        raise ValueError(f"an object identifier is numbers joined by dots, found {text!r}") from None
    check_oid(oid)
    return oid


def format_oid(oid: Iterable[int]) -> str:
    """(1, 3, 6) as `1.3.6`."""
    return ".".join(map(str, oid))
