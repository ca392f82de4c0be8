"""Function 43/14, read device identification (Modbus Application Protocol Specification V1.1b3, section 6.21)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

from twinfeed.emulators.wire.modbus import TableUnit, respond

BASIC = {0: b"Company identification", 1: b"ProductCodeXX", 2: b"V2.11"}
REGULAR = {**BASIC, 3: b"http://example.org", 5: b"model"}
EXTENDED = {**REGULAR, 0x80: b"private", 0xFF: b"last"}


def ask(objects: dict[int, bytes], code: int, first: int = 0) -> bytes:
    return respond(TableUnit(identification=objects), bytes((0x2B, 0x0E, code, first)))


def test_the_example_of_section_6_21() -> None:
    """As printed, but for the conformity level: the example's 01 has no individual access, ours has (81)."""
    assert ask(BASIC, 1) == (
        bytes.fromhex("2B 0E 01 81 00 00 03")
        + bytes.fromhex("00 16") + b"Company identification"
        + bytes.fromhex("01 0D") + b"ProductCodeXX"
        + bytes.fromhex("02 05") + b"V2.11"
    )  # fmt: skip


@pytest.mark.parametrize(("objects", "level"), [(BASIC, 0x81), (REGULAR, 0x82), (EXTENDED, 0x83)])
def test_conformity_level_is_the_highest_category_that_has_an_object(objects: dict[int, bytes], level: int) -> None:
    assert ask(objects, 1)[3] == level


@pytest.mark.parametrize(("code", "ids"), [(1, [0, 1, 2]), (2, [0, 1, 2, 3, 5]), (3, [0, 1, 2, 3, 5, 0x80, 0xFF])])
def test_a_category_includes_those_below_it(code: int, ids: list[int]) -> None:
    assert list(decoded(ask(EXTENDED, code))) == ids


def test_a_device_answers_a_higher_category_with_what_it_has() -> None:
    assert decoded(ask(BASIC, 3)) == BASIC


def test_a_stream_starts_at_the_object_asked_for() -> None:
    assert list(decoded(ask(EXTENDED, 3, 3))) == [3, 5, 0x80, 0xFF]


@pytest.mark.parametrize("first", [4, 0x7F, 0x80])
def test_a_stream_from_an_object_outside_the_category_restarts_at_the_beginning(first: int) -> None:
    assert list(decoded(ask(EXTENDED, 2, first))) == [0, 1, 2, 3, 5]


def test_one_object_alone() -> None:
    assert ask(EXTENDED, 4, 0x80) == bytes.fromhex("2B 0E 04 83 00 00 01 80 07") + b"private"


def test_one_object_that_does_not_exist_is_an_illegal_address() -> None:
    assert ask(EXTENDED, 4, 6) == b"\xab\x02"


@pytest.mark.parametrize("code", [0, 5, 0xFF])
def test_another_code_is_an_illegal_value(code: int) -> None:
    assert ask(BASIC, code) == b"\xab\x03"


def test_another_mei_type_is_an_illegal_function() -> None:
    assert respond(TableUnit(identification=BASIC), bytes.fromhex("2B 0D 01 00")) == b"\xab\x01"


def test_a_device_without_identification_does_not_have_the_function() -> None:
    assert ask({}, 1) == b"\xab\x01"


def test_an_object_too_long_for_any_response_is_a_device_failure() -> None:
    assert ask({0: b"x" * 245}, 1) == b"\xab\x04"
    assert len(ask({0: b"x" * 244}, 1)) == 253


@given(st.dictionaries(st.integers(0, 255), st.binary(max_size=244), max_size=12).map(lambda more: {**BASIC, **more}))
def test_following_next_object_id_reads_every_object_once(objects: dict[int, bytes]) -> None:
    read: dict[int, bytes] = {}
    first, answers = 0, 0
    while True:
        answer = ask(objects, 3, first)
        answers += 1
        assert len(answer) <= 253
        assert not read.keys() & decoded(answer).keys()
        read.update(decoded(answer))
        more_follows, first = answer[4], answer[5]
        if more_follows == 0x00:
            break
        assert more_follows == 0xFF
    assert read == objects
    assert first == 0
    assert answers <= len(objects)


def decoded(answer: bytes) -> dict[int, bytes]:
    """The objects in a response, as pymodbus takes them apart."""
    response = ReadDeviceInformationResponse()
    response.decode(answer[1:])
    return dict(response.information)
