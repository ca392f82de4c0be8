"""Tags, lengths and contents (BER, X.690), as leniently as they can be distinguished."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from twinfeed._phrases import Phrase

CONSTRUCTED = 0x20
DEEPEST = 100
"""As many constructed types in one another as pyasn1 reads."""

_HIGH_TAG = 0x1F
_INDEFINITE = 0x80


class Unreadable(ValueError):
    """The octets are not what was expected; the message names what they are."""


class Tlv(NamedTuple):
    tag: int
    """The first octet."""
    contents: bytes
    end: int
    """The start of the next one."""


def read_tlv(octets: bytes, at: int) -> Tlv:
    """The element that begins there. The length may be in any form, the indefinite one of constructed types included.

    Raises:
        Unreadable: it runs past the end of the octets.
    """
    tag, contents, end = _bounds(octets, at)
    if end >= 0:
        return Tlv(tag, octets[contents:end], end)
    end = _end_of_indefinite(octets, contents)
    return Tlv(tag, octets[contents : end - 2], end)


def pieces(octets: bytes) -> Iterator[Tlv]:
    """The primitive TLVs of contents that are one or more TLVs, constructed ones taken apart, in linear time.

    Raises:
        Unreadable: they are none, or nest more than `DEEPEST`.
    """
    at, ends = 0, [len(octets)]
    while ends:
        if at == ends[-1]:
            ends.pop()
            continue
        tag, contents, end = _bounds(octets, at)
        if ends[-1] >= 0 and end > ends[-1]:
            raise Unreadable(Phrase("tag 0x{tag:02x} extends beyond the octets that contain it", tag=tag))
        if tag & CONSTRUCTED:
            if len(ends) > DEEPEST:
                raise Unreadable(Phrase("more than {deepest} constructed types in one another", deepest=DEEPEST))
            ends.append(end)
            at = contents
        elif ends[-1] < 0 and tag == 0 and contents == end:
            ends.pop()
            at = end
        else:
            yield Tlv(tag, octets[contents:end], end)
            at = end


def expect(octets: bytes, at: int, tag: int, what: str) -> Tlv:
    """The TLV that begins there, which must have that tag. Raises Unreadable."""
    found = read_tlv(octets, at)
    if found.tag != tag:
        raise Unreadable(Phrase("tag 0x{tag:02x} in place of {what}", tag=found.tag, what=what))
    return found


def integer(contents: bytes) -> int:
    """A signed number; one of no octets is 0, as pyasn1 reads it."""
    return int.from_bytes(contents, "big", signed=True)


def encoded(tag: int, contents: bytes) -> bytes:
    """Tag, shortest length, contents."""
    size = len(contents)
    if size < 0x80:
        return bytes((tag, size)) + contents
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + contents


def _bounds(octets: bytes, at: int) -> tuple[int, int, int]:
    """Tag, where the contents begin and where they end; -1 for an indefinite length."""
    try:
        tag = octets[at]
        at += 1
        if tag & _HIGH_TAG == _HIGH_TAG:  # the tag goes on, seven bits an octet
            while octets[at] & 0x80:
                at += 1
            at += 1
        length = octets[at]
        at += 1
        if length == _INDEFINITE:
            if not tag & CONSTRUCTED:
                raise Unreadable(Phrase("tag 0x{tag:02x} with a length that is not given", tag=tag))
            return tag, at, -1
        if length & 0x80:
            size = length & 0x7F
            if at + size > len(octets):
                raise Unreadable(Phrase("a length of {size} octets runs past the end", size=size))
            length = int.from_bytes(octets[at : at + size], "big")
            at += size
    except IndexError:
        raise Unreadable(Phrase("tag and length run past the end")) from None
    if at + length > len(octets):
        raise Unreadable(
            Phrase(
                "tag 0x{tag:02x} with a length of {length} octets runs past the end, {octets} follow",
                tag=tag,
                length=length,
                octets=len(octets) - at,
            )
        )
    return tag, at, at + length


def _end_of_indefinite(octets: bytes, at: int) -> int:
    """The end of contents of indefinite length, their two zero octets included."""
    depth = 1
    while depth:
        tag, contents, end = _bounds(octets, at)
        if end < 0:
            depth += 1
            at = contents
        else:
            at = end
            depth -= tag == 0 and contents == end
    return at
