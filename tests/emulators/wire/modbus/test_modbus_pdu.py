"""Requests and responses as the Modbus Application Protocol Specification V1.1b3 prints them.

Golden bytes are the examples of section 6 of the specification, and what pymodbus encodes.
"""

from __future__ import annotations

import logging
import struct

import pymodbus.pdu.bit_message as bit
import pymodbus.pdu.register_message as register
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.wire.modbus import (
    Busy,
    Counters,
    DeviceFailure,
    GatewayTargetFailed,
    IllegalAddress,
    IllegalValue,
    ModbusError,
    TableUnit,
    respond,
)


def ask(unit: TableUnit, request: str, counters: Counters | None = None) -> str:
    return respond(unit, bytes.fromhex(request), counters).hex(" ").upper()


def bits_at(first: int, packed: str, count: int) -> list[bool]:
    """`count` bits from `first` on, given as the specification prints them: lowest bit of each byte first."""
    data = bytes.fromhex(packed)
    return [False] * first + [bool(data[n // 8] >> n % 8 & 1) for n in range(count)]


def words_at(first: int, *values: int) -> list[int]:
    return [0] * first + list(values)


class TestExamplesOfTheSpecification:
    def test_6_1_read_coils_20_to_38(self) -> None:
        unit = TableUnit(coils=bits_at(19, "CD 6B 05", 19))
        assert ask(unit, "01 00 13 00 13") == "01 03 CD 6B 05"

    def test_6_2_read_discrete_inputs_197_to_218(self) -> None:
        unit = TableUnit(discrete=bits_at(196, "AC DB 35", 22))
        assert ask(unit, "02 00 C4 00 16") == "02 03 AC DB 35"

    def test_6_3_read_holding_registers_108_to_110(self) -> None:
        unit = TableUnit(holding=words_at(107, 555, 0, 100))
        assert ask(unit, "03 00 6B 00 03") == "03 06 02 2B 00 00 00 64"

    def test_6_4_read_input_register_9(self) -> None:
        unit = TableUnit(input=words_at(8, 10))
        assert ask(unit, "04 00 08 00 01") == "04 02 00 0A"

    def test_6_5_write_coil_173_on(self) -> None:
        unit = TableUnit(coils=[False] * 200)
        assert ask(unit, "05 00 AC FF 00") == "05 00 AC FF 00"
        assert list(unit.read_bits("coil", 171, 3)) == [False, True, False]

    def test_6_6_write_register_2_to_3(self) -> None:
        unit = TableUnit(holding=[9] * 4)
        assert ask(unit, "06 00 01 00 03") == "06 00 01 00 03"
        assert unit.read_registers("holding", 0, 4) == struct.pack(">4H", 9, 3, 9, 9)

    def test_6_8_return_query_data(self) -> None:
        assert ask(TableUnit(), "08 00 00 A5 37") == "08 00 00 A5 37"

    def test_6_11_write_ten_coils_from_20_on(self) -> None:
        unit = TableUnit(coils=[True] * 40)
        assert ask(unit, "0F 00 13 00 0A 02 CD 01") == "0F 00 13 00 0A"
        written = [True, False, True, True, False, False, True, True, True, False]
        assert list(unit.read_bits("coil", 18, 12)) == [True, *written, True]

    def test_6_12_write_two_registers_from_2_on(self) -> None:
        unit = TableUnit(holding=[0] * 4)
        assert ask(unit, "10 00 01 00 02 04 00 0A 01 02") == "10 00 01 00 02"
        assert unit.read_registers("holding", 0, 4) == struct.pack(">4H", 0, 0x000A, 0x0102, 0)

    def test_6_16_mask_write_register_5(self) -> None:
        unit = TableUnit(holding=words_at(4, 0x12))
        assert ask(unit, "16 00 04 00 F2 00 25") == "16 00 04 00 F2 00 25"
        assert unit.read_registers("holding", 4, 1) == b"\x00\x17"

    def test_6_17_read_six_registers_from_4_on_and_write_three_from_15_on(self) -> None:
        unit = TableUnit(holding=[0, 0, 0, 0x00FE, 0x0ACD, 0x0001, 0x0003, 0x000D, 0x00FF, *[0] * 10])
        answer = ask(unit, "17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF")
        assert answer == "17 0C 00 FE 0A CD 00 01 00 03 00 0D 00 FF"
        assert unit.read_registers("holding", 13, 5) == struct.pack(">5H", 0, 0xFF, 0xFF, 0xFF, 0)

    def test_7_exception_response_to_a_coil_that_does_not_exist(self) -> None:
        assert ask(TableUnit(coils=[False] * 10), "01 04 A1 00 01") == "81 02"


class TestQuantityLimits:
    """Each function takes its largest quantity and refuses one more, and none, with exception 03."""

    @pytest.mark.parametrize(
        ("function", "largest", "answer_bytes"), [(1, 2000, 252), (2, 2000, 252), (3, 125, 252), (4, 125, 252)]
    )
    def test_reads(self, function: int, largest: int, answer_bytes: int) -> None:
        unit = TableUnit(coils=[True] * 3000, discrete=[True] * 3000, holding=[1] * 200, input=[1] * 200)

        def read(count: int) -> bytes:
            return respond(unit, struct.pack(">BHH", function, 0, count))

        assert len(read(largest)) == answer_bytes
        for count in (0, largest + 1, 0xFFFF):
            assert read(count) == bytes((function | 0x80, 3))

    def test_write_of_coils(self) -> None:
        unit = TableUnit(coils=[True] * 3000)
        assert ask(unit, "0F 0000 07B0 F6" + "00" * 246) == "0F 00 00 07 B0"
        assert not any(unit.read_bits("coil", 0, 1968))
        assert ask(unit, "0F 0000 07B1 F7" + "00" * 247) == "8F 03"
        assert ask(unit, "0F 0000 0000 00") == "8F 03"

    def test_write_of_registers(self) -> None:
        unit = TableUnit(holding=[1] * 200)
        assert ask(unit, "10 0000 007B F6" + "00" * 246) == "10 00 00 00 7B"
        assert ask(unit, "10 0000 007C F8" + "00" * 248) == "90 03"
        assert ask(unit, "10 0000 0000 00") == "90 03"

    @pytest.mark.parametrize(("reads", "writes", "refused"), [(125, 121, False), (126, 1, True), (1, 122, True)])
    def test_read_and_write_of_registers(self, reads: int, writes: int, refused: bool) -> None:
        unit = TableUnit(holding=[1] * 200)
        request = struct.pack(">BHHHHB", 23, 0, reads, 0, writes, 2 * writes) + bytes(2 * writes)
        answer = respond(unit, request)
        assert (answer == b"\x97\x03") is refused
        assert len(answer) == (2 if refused else 252)


class TestExceptions:
    @pytest.mark.parametrize("function", [0, 7, 9, 11, 12, 17, 20, 21, 24, 65, 127])
    def test_01_for_a_function_the_server_does_not_have(self, function: int) -> None:
        assert respond(TableUnit(), bytes((function, 0, 0, 0, 1))) == bytes((function | 0x80, 1))

    @pytest.mark.parametrize(
        "request_",
        ["01 0009 0002", "02 0009 0002", "03 0009 0002", "04 0009 0002", "05 000A FF00", "06 000A 0001",
         "0F 0009 0002 01 03", "10 0009 0002 04 00000000", "16 000A 0000 0000",
         "17 0009 0002 0000 0001 02 0000", "17 0000 0001 0009 0002 04 00000000"],
    )  # fmt: skip
    def test_02_when_any_address_is_past_the_end_of_the_table(self, request_: str) -> None:
        unit = TableUnit(coils=[True] * 10, discrete=[True] * 10, holding=[7] * 10, input=[7] * 10)
        before = unit.read_registers("holding", 0, 10), list(unit.read_bits("coil", 0, 10))
        function = bytes.fromhex(request_)[0]
        assert respond(unit, bytes.fromhex(request_)) == bytes((function | 0x80, 2))
        assert (unit.read_registers("holding", 0, 10), list(unit.read_bits("coil", 0, 10))) == before

    @pytest.mark.parametrize(
        "request_",
        ["01 FFFF 0002", "02 FFFF 0002", "03 FFFF 0002", "04 FFFF 0002", "0F FFFF 0002 01 03",
         "10 FFFF 0002 04 00000000", "17 FFFF 0002 0000 0001 02 0000", "17 0000 0001 FFFF 0002 04 00000000"],
    )  # fmt: skip
    def test_02_when_a_range_runs_past_65535(self, request_: str) -> None:
        size = 0x10000
        unit = TableUnit(coils=[True] * size, discrete=[True] * size, holding=[7] * size, input=[7] * size)
        function = bytes.fromhex(request_)[0]
        assert respond(unit, bytes.fromhex(request_)) == bytes((function | 0x80, 2))
        assert unit.read_registers("holding", 0, 1) == b"\x00\x07"

    def test_the_last_address_exists(self) -> None:
        assert ask(TableUnit(holding=[7] * 0x10000), "03 FFFF 0001") == "03 02 00 07"

    @pytest.mark.parametrize("value", ["0001", "FF01", "00FF", "FFFF", "0100"])
    def test_03_for_a_coil_value_that_is_neither_on_nor_off(self, value: str) -> None:
        assert ask(TableUnit(coils=[False]), f"05 0000 {value}") == "85 03"

    @pytest.mark.parametrize(
        "request_",
        ["0F 0000 000A 01 FF", "0F 0000 000A 03 FFFFFF", "0F 0000 000A 02 FF", "0F 0000 000A 02 FFFFFF",
         "10 0000 0002 03 000000", "10 0000 0002 04 000000", "10 0000 0002 04 0000000000", "10 0000 0002 02 0000",
         "17 0000 0001 0000 0001 01 00", "17 0000 0001 0000 0001 02 00", "17 0000 0001 0000 0001 02 000000"],
    )  # fmt: skip
    def test_03_when_byte_count_quantity_and_data_disagree(self, request_: str) -> None:
        function = bytes.fromhex(request_)[0]
        unit = TableUnit(coils=[False] * 100, holding=[1] * 100)
        assert respond(unit, bytes.fromhex(request_)) == bytes((function | 0x80, 3))
        assert unit.read_registers("holding", 0, 1) == b"\x00\x01"

    @pytest.mark.parametrize("function", [1, 2, 3, 4, 5, 6, 8, 15, 16, 22, 23, 43])
    def test_03_for_a_request_cut_short(self, function: int) -> None:
        assert respond(TableUnit(), bytes((function,))) == bytes((function | 0x80, 3))

    @pytest.mark.parametrize("function", [1, 2, 3, 4])
    def test_03_for_a_read_with_bytes_too_many(self, function: int) -> None:
        unit = TableUnit(coils=[False], discrete=[False], holding=[0], input=[0])
        assert respond(unit, bytes((function, 0, 0, 0, 1, 0))) == bytes((function | 0x80, 3))

    def test_quantity_is_checked_before_address(self) -> None:
        assert ask(TableUnit(), "03 FFFF 007E") == "83 03"
        assert ask(TableUnit(), "17 FFFF 0002 FFFF 007A F4" + "00" * 244) == "97 03"

    @pytest.mark.parametrize("error", [IllegalAddress, IllegalValue, DeviceFailure, Busy, GatewayTargetFailed])
    def test_what_the_unit_raises_is_answered_with_its_code(self, error: type[ModbusError]) -> None:
        class Refusing(TableUnit):
            def read_registers(self, table: object, address: int, count: int) -> bytes:
                raise error("not now")

        assert respond(Refusing(), bytes.fromhex("03 0000 0001")) == bytes((0x83, error.code))

    def test_04_and_a_log_entry_when_the_unit_has_a_defect(self, caplog: pytest.LogCaptureFixture) -> None:
        class Broken(TableUnit):
            def read_registers(self, table: object, address: int, count: int) -> bytes:
                raise ZeroDivisionError

        assert ask(Broken(), "03 0000 0001") == "83 04"
        assert "ZeroDivisionError" in caplog.text

    def test_04_when_the_unit_returns_fewer_registers_than_asked_for(self, caplog: pytest.LogCaptureFixture) -> None:
        class Short(TableUnit):
            def read_registers(self, table: object, address: int, count: int) -> bytes:
                return b"\0\0"

        with caplog.at_level(logging.ERROR):
            assert ask(Short(), "03 0000 0002") == "83 04"
        assert "returned 2 where 4 were asked for" in caplog.text

    def test_an_empty_pdu_is_the_callers_mistake(self) -> None:
        with pytest.raises(ValueError, match="function code"):
            respond(TableUnit(), b"")


class TestReadWriteMultipleRegisters:
    def test_writes_before_it_reads(self) -> None:
        assert ask(TableUnit(holding=[1, 2]), "17 0000 0002 0001 0001 02 0063") == "17 04 00 01 00 63"


class TestPymodbusReadsTheSame:
    """pymodbus encodes the request and decodes the response."""

    @given(values=st.lists(st.booleans(), min_size=1, max_size=1968), first=st.integers(0, 30))
    def test_coils_written_are_read_back(self, values: list[bool], first: int) -> None:
        unit = TableUnit(coils=[False] * 2000)
        write = bit.WriteMultipleCoilsRequest(address=first, bits=list(values))
        respond(unit, bytes((15,)) + write.encode())
        read = bit.ReadCoilsRequest(address=first, count=len(values))
        answer = bit.ReadCoilsResponse()
        answer.decode(respond(unit, bytes((1,)) + read.encode())[1:])
        assert answer.bits[: len(values)] == values
        assert not any(answer.bits[len(values) :])

    @given(values=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=123), first=st.integers(0, 30))
    def test_registers_written_are_read_back(self, values: list[int], first: int) -> None:
        unit = TableUnit(holding=[0] * 200)
        write = register.WriteMultipleRegistersRequest(address=first, registers=list(values))
        respond(unit, bytes((16,)) + write.encode())
        read = register.ReadHoldingRegistersRequest(address=first, count=len(values))
        answer = register.ReadHoldingRegistersResponse()
        answer.decode(respond(unit, bytes((3,)) + read.encode())[1:])
        assert answer.registers == values

    @given(held=st.integers(0, 0xFFFF), and_mask=st.integers(0, 0xFFFF), or_mask=st.integers(0, 0xFFFF))
    def test_mask_write_is_the_formula_of_section_6_16(self, held: int, and_mask: int, or_mask: int) -> None:
        unit = TableUnit(holding=[held])
        respond(unit, struct.pack(">BHHH", 22, 0, and_mask, or_mask))
        expected = (held & and_mask) | (or_mask & ~and_mask & 0xFFFF)
        assert unit.read_registers("holding", 0, 1) == expected.to_bytes(2, "big")


@given(pdu=st.binary(min_size=1, max_size=253))
def test_any_request_gets_an_answer_that_fits_a_frame(pdu: bytes) -> None:
    unit = TableUnit(coils=[True] * 0x10000, holding=[1] * 0x10000, identification={0: b"a", 1: b"b", 2: b"c"})
    answer = respond(unit, pdu, Counters())
    assert 2 <= len(answer) <= 253
    assert answer[0] in (pdu[0], pdu[0] | 0x80)
