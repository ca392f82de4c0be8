"""Messages of SNMP v1 and v2c taken apart to be altered, as leniently as their octets allow.

Only what a fault alters is written anew: names and values that no fault touches keep their octets, however odd. Lengths
around them are written in their shortest form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from twinfeed.harness.transports.answers.tlv import Unreadable, encoded, expect, integer, read_tlv
from twinfeed.harness.transports.answers.values import read_name

SEQUENCE, INTEGER, OCTET_STRING, NULL, OBJECT_IDENTIFIER = 0x30, 0x02, 0x04, 0x05, 0x06
GET, GET_NEXT, RESPONSE, SET, TRAP_V1, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5
"""RFC 3416 §3, RFC 1157 §4.1.6."""
V3 = 3


@dataclass
class Binding:
    """One variable. `name` and `oid` are empty where it cannot be taken apart."""

    octets: bytes
    name: bytes = b""
    """Its octets, tag and length included."""
    oid: str = ""
    tag: int = 0
    contents: bytes = b""
    """The octets of the value."""

    def put(self, tag: int, contents: bytes) -> None:
        """Another value."""
        self.tag, self.contents = tag, contents
        self.octets = encoded(SEQUENCE, self.name + encoded(tag, contents))


@dataclass
class CommunityMessage:
    """A request or an answer."""

    version: int
    """0 for v1, 1 for v2c, as on the wire."""
    community: bytes
    tag: int
    request_id: int
    status: int
    """error-status, in a GETBULK non-repeaters."""
    index: int
    """error-index, in a GETBULK max-repetitions."""
    bindings: list[Binding] = field(default_factory=list)
    tail: bytes = b""
    """The octets after the message."""

    @property
    def octets(self) -> bytes:
        numbers = b"".join(encoded(INTEGER, _signed(n)) for n in (self.request_id, self.status, self.index))
        listed = encoded(SEQUENCE, b"".join(binding.octets for binding in self.bindings))
        head = encoded(INTEGER, _signed(self.version)) + encoded(OCTET_STRING, self.community)
        return encoded(SEQUENCE, head + encoded(self.tag, numbers + listed)) + self.tail

    @property
    def asks(self) -> tuple[object, ...]:
        """The key of a request: all of it but the request id."""
        names = tuple((binding.name, binding.tag, binding.contents) for binding in self.bindings)
        return self.version, self.community, self.tag, self.status, self.index, names


def version_of(datagram: bytes) -> int:
    """The version of an SNMP message: 0, 1 or 3. Raises Unreadable."""
    return integer(
        expect(expect(datagram, 0, SEQUENCE, "an SNMP message").contents, 0, INTEGER, "the version").contents
    )


def taken_apart(datagram: bytes) -> CommunityMessage:
    """A message of v1 or v2c.

    Raises:
        Unreadable: it is none, or a trap of v1, which is built otherwise.
    """
    whole = expect(datagram, 0, SEQUENCE, "an SNMP message")
    version = expect(whole.contents, 0, INTEGER, "the version")
    community = expect(whole.contents, version.end, OCTET_STRING, "the community")
    pdu = read_tlv(whole.contents, community.end)
    if integer(version.contents) not in (0, 1) or not 0xA0 <= pdu.tag <= 0xA8 or pdu.tag == TRAP_V1:
        raise Unreadable(f"version {integer(version.contents)} and tag 0x{pdu.tag:02x}")
    request_id = expect(pdu.contents, 0, INTEGER, "the request-id")
    status = expect(pdu.contents, request_id.end, INTEGER, "the error-status")
    index = expect(pdu.contents, status.end, INTEGER, "the error-index")
    return CommunityMessage(
        integer(version.contents),
        community.contents,
        pdu.tag,
        integer(request_id.contents),
        integer(status.contents),
        integer(index.contents),
        list(_bindings(expect(pdu.contents, index.end, SEQUENCE, "the list of variables").contents)),
        datagram[whole.end :],
    )


def _bindings(octets: bytes) -> Iterator[Binding]:
    at = 0
    while at < len(octets):
        try:
            binding = read_tlv(octets, at)
        except Unreadable:
            yield Binding(octets[at:])
            return
        yield _binding(octets[at : binding.end], binding.tag, binding.contents)
        at = binding.end


def _binding(octets: bytes, tag: int, contents: bytes) -> Binding:
    if tag != SEQUENCE:
        return Binding(octets)
    try:
        name = expect(contents, 0, OBJECT_IDENTIFIER, "a variable's name")
        value = read_tlv(contents, name.end)
        return Binding(octets, contents[: name.end], read_name(name.contents), value.tag, value.contents)
    except Unreadable:
        return Binding(octets)


def _signed(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
