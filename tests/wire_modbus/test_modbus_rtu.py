"""RTU framing: requests found in whatever comes in, in whatever pieces and with whatever between them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadHoldingRegistersResponse

from emulators.wire.modbus import Counters, ModbusRtuConnection, TableUnit, crc16

READ = bytes.fromhex("11 03 006B 0003 7687")
ANSWER = bytes.fromhex("11 03 06 AE41 5652 4340 49AD")
"""Reading registers 107 to 109 of unit 17: the example that explanations of Modbus RTU have used for decades."""

WRITE = FramerRTU(DecodePDU(False)).encode(bytes.fromhex("10 0001 0002 04 000A 0102"), 17, 0)
"""Two registers (PDU: the example of V1.1b3 §6.12), framed by pymodbus."""

WRITTEN = FramerRTU(DecodePDU(False)).encode(bytes.fromhex("10 0001 0002"), 17, 0)


def unit() -> TableUnit:
    holding = [0] * 107 + [0xAE41, 0x5652, 0x4340]
    return TableUnit(holding=holding, coils=[False] * 8)


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def line(counters: Counters) -> ModbusRtuConnection:
    return ModbusRtuConnection({17: unit()}, counters)


def framed(hexadecimal: str) -> bytes:
    body = bytes.fromhex(hexadecimal)
    return FramerRTU(DecodePDU(False)).encode(body[1:], body[0], 0)


class TestCrc:
    def test_is_that_of_the_specification(self) -> None:
        """Appendix 6.2.2 of Modbus over Serial Line V1.02: 02 07 gives 1241, low octet first."""
        assert crc16(bytes.fromhex("02 07")) == bytes.fromhex("41 12")

    @given(st.binary(max_size=254))
    def test_is_that_of_pymodbus(self, data: bytes) -> None:
        assert crc16(data) == FramerRTU.compute_CRC(data).to_bytes(2, "big")


class TestRequests:
    def test_a_request_is_answered(self, line: ModbusRtuConnection) -> None:
        assert line.receive(READ) == ANSWER

    def test_pymodbus_takes_the_answer(self, line: ModbusRtuConnection) -> None:
        framer = FramerRTU(DecodePDU(False))
        request = framer.buildFrame(ReadHoldingRegistersRequest(address=107, count=2, dev_id=17))
        _, response = framer.handleFrame(line.receive(request), 17, 0)
        assert isinstance(response, ReadHoldingRegistersResponse)
        assert response.registers == [0xAE41, 0x5652]

    def test_an_exception_is_framed_too(self, line: ModbusRtuConnection, counters: Counters) -> None:
        assert line.receive(framed("11 03 006B 0009")) == framed("11 83 02")
        assert counters.exceptions == 1

    def test_a_request_in_single_octets_is_answered_at_the_last(self, line: ModbusRtuConnection) -> None:
        answers = [line.receive(bytes((octet,))) for octet in WRITE]
        assert answers == [b""] * (len(WRITE) - 1) + [WRITTEN]

    def test_two_requests_at_once_are_answered_in_order(self, line: ModbusRtuConnection) -> None:
        assert line.receive(READ + WRITE) == ANSWER + WRITTEN

    def test_a_function_unknown_here_is_refused_however_long_its_request(self, line: ModbusRtuConnection) -> None:
        assert line.receive(framed("11 64 0102030405")) == framed("11 E4 01")

    def test_one_that_comes_in_pieces_as_well(self, line: ModbusRtuConnection) -> None:
        request = framed("11 64 0102030405")
        assert line.receive(request[:5]) == b""
        assert line.receive(request[5:]) == framed("11 E4 01")

    def test_a_byte_count_that_lies_is_refused(self, line: ModbusRtuConnection) -> None:
        assert line.receive(framed("11 10 0001 0002 FF 000A 0102")) == framed("11 90 03")


class TestLine:
    def test_another_unit_is_not_answered(self, line: ModbusRtuConnection, counters: Counters) -> None:
        assert line.receive(framed("12 03 006B 0003")) == b""
        assert (counters.bus_messages, counters.server_messages) == (1, 0)

    def test_a_broadcast_is_carried_out_by_all_and_answered_by_none(self, counters: Counters) -> None:
        units = {1: unit(), 2: unit()}
        line = ModbusRtuConnection(units, counters)
        assert line.receive(framed("00 06 0005 002A")) == b""
        assert [each.read_registers("holding", 5, 1) for each in units.values()] == [b"\0\x2a"] * 2
        assert counters.no_responses == 1

    def test_a_unit_with_two_addresses_carries_a_broadcast_out_once(self, counters: Counters) -> None:
        writes = []

        class Recording(TableUnit):
            def write_registers(self, address: int, data: bytes) -> None:
                writes.append(address)

        both = Recording(holding=range(9))
        ModbusRtuConnection({1: both, 2: both}, counters).receive(framed("00 06 0005 002A"))
        assert writes == [5]

    def test_a_broadcast_read_is_ignored(self, line: ModbusRtuConnection) -> None:
        assert line.receive(framed("00 03 006B 0003")) == b""


class TestGarbage:
    @pytest.mark.parametrize("before", ["00", "FF", "11", "11 03", "11 03 00", "11 10 0001 0002 FF 0001"])
    def test_before_a_request_is_skipped(self, line: ModbusRtuConnection, counters: Counters, before: str) -> None:
        assert line.receive(bytes.fromhex(before) + READ) == ANSWER
        assert counters.comm_errors == 1

    @pytest.mark.parametrize("before", ["00", "FF", "11", "11 03", "11 03 00", "11 10 0001 0002 FF 0001"])
    def test_from_earlier_is_skipped_too(self, line: ModbusRtuConnection, before: str) -> None:
        assert line.receive(bytes.fromhex(before)) == b""
        assert line.receive(READ) == ANSWER

    def test_a_request_with_a_wrong_crc_is_not_answered_and_the_next_one_is(self, line: ModbusRtuConnection) -> None:
        assert line.receive(READ[:-1] + b"\0") == b""
        assert line.receive(READ) == ANSWER

    def test_a_request_inside_the_data_of_another_is_data(self, line: ModbusRtuConnection) -> None:
        outer = framed("11 10 0001 0004 08" + READ.hex())
        assert line.receive(outer[:-1]) == b""
        assert line.receive(outer[-1:]) == framed("11 10 0001 0004")

    def test_what_was_begun_is_forgotten_on_demand(self, line: ModbusRtuConnection) -> None:
        line.receive(READ[:5])
        line.forget()
        assert line.receive(READ[5:]) == b""

    @given(st.lists(st.binary(max_size=300), max_size=6))
    def test_anything_is_survived_and_little_of_it_kept(self, pieces: list[bytes]) -> None:
        line = ModbusRtuConnection({17: unit()}, Counters())
        for piece in pieces:
            line.receive(piece)
            assert line.pending_bytes < 256
        assert line.receive(READ).endswith(ANSWER)

    @given(st.lists(st.sampled_from([READ, WRITE]), min_size=1, max_size=4), st.data())
    def test_requests_cut_anywhere_get_the_same_answers(self, requests: list[bytes], data: st.DataObject) -> None:
        stream = b"".join(requests)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
        line = ModbusRtuConnection({17: unit()}, Counters())
        answers = [line.receive(stream[a:b]) for a, b in itertools.pairwise([0, *cuts, len(stream)])]
        assert b"".join(answers) == b"".join({READ: ANSWER, WRITE: WRITTEN}[request] for request in requests)
