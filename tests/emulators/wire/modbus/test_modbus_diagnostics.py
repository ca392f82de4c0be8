"""Function 8 and the counters it reads (Modbus Application Protocol Specification V1.1b3, section 6.8)."""

from __future__ import annotations

import pytest

from twinfeed.emulators.wire.modbus import Counters, TableUnit, respond


def ask(counters: Counters | None, request: str) -> str:
    return respond(TableUnit(), bytes.fromhex(request), counters).hex(" ").upper()


@pytest.mark.parametrize(
    ("sub_function", "value"), [(11, 1), (12, 2), (13, 3), (14, 4), (15, 5), (16, 6), (17, 7), (18, 8)]
)
def test_sub_functions_11_to_18_return_their_counter(sub_function: int, value: int) -> None:
    counters = Counters(
        bus_messages=1,
        comm_errors=2,
        exceptions=3,
        server_messages=4,
        no_responses=5,
        naks=6,
        busies=7,
        overruns=8,
    )
    assert ask(counters, f"08 {sub_function:04X} 0000") == f"08 00 {sub_function:02X} 00 {value:02X}"


def test_a_counter_wraps_at_16_bits() -> None:
    assert ask(Counters(bus_messages=0x12345), "08 000B 0000") == "08 00 0B 23 45"


def test_sub_function_10_clears_every_counter_and_echoes() -> None:
    counters = Counters(1, 2, 3, 4, 5, 6, 7, 8)
    assert ask(counters, "08 000A 0000") == "08 00 0A 00 00"
    assert counters == Counters()


def test_sub_function_20_clears_only_the_overrun_counter() -> None:
    counters = Counters(1, 2, 3, 4, 5, 6, 7, 8)
    assert ask(counters, "08 0014 0000") == "08 00 14 00 00"
    assert counters == Counters(1, 2, 3, 4, 5, 6, 7, 0)


def test_sub_function_0_echoes_any_number_of_words() -> None:
    assert ask(None, "08 0000 A537 0001 FFFF") == "08 00 00 A5 37 00 01 FF FF"


@pytest.mark.parametrize("sub_function", [5, 9, 19, 21, 0xFFFF])
def test_an_unknown_sub_function_is_an_illegal_function(sub_function: int) -> None:
    assert ask(Counters(), f"08 {sub_function:04X} 0000") == "88 01"


def test_without_counters_their_sub_functions_are_illegal_functions() -> None:
    assert ask(None, "08 000B 0000") == "88 01"


@pytest.mark.parametrize("request_", ["08", "08 00", "08 0000", "08 0000 A5", "08 000B", "08 000B 0001"])
def test_a_malformed_request_is_an_illegal_value(request_: str) -> None:
    assert ask(Counters(), request_) == "88 03"
