"""RTU framing: requests found in whatever comes in, in whatever pieces and with whatever between them."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadHoldingRegistersResponse

from twinfeed.emulators.wire.modbus import Counters, ModbusRtuConnection, TableUnit, crc16, rtu
from twinfeed.emulators.wire.modbus.rtu import BYTE_COUNTS, FIXED_SIZES

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


class Reference:
    """The rules of framing as the module states them, tried anew at every octet: slow, and short enough to be believed."""

    def __init__(self) -> None:
        self.pending, self.synchronous, self.frames = b"", True, list[bytes]()

    def receive(self, data: bytes) -> None:
        piece = len(self.pending) if len(data) >= 4 else None
        self.pending += data
        while (found := self._first(piece)) is not None:
            start, end = found
            self.frames.append(self.pending[start:end])
            self.pending, self.synchronous = self.pending[end:], True
            piece = None if piece is None else piece - end
        if len(self.pending) >= 256:
            self.pending, self.synchronous = self.pending[-255:], False

    def _first(self, piece: int | None) -> tuple[int, int] | None:
        available, begun = len(self.pending), False
        for start in range(available - 3):
            size = self._size(start)
            ends = [start + size] if size else []
            if (start == 0 and self.synchronous) or (start > 0 and start == piece):
                ends.append(available)
            for end in ends:
                whole = end <= available and end - start <= 256
                frame = self.pending[start:end]
                if whole and (end == available or not begun) and crc16(frame[:-2]) == frame[-2:]:
                    return start, end
            begun = begun or size is None or start + size > available
        return None

    def _size(self, start: int) -> int | None:
        """None while it is not known, 0 if there is no such request."""
        function, counted_at = self.pending[start + 1], BYTE_COUNTS.get(self.pending[start + 1])
        if counted_at is None:
            return FIXED_SIZES.get(function, 0)
        if start + counted_at >= len(self.pending):
            return None
        size = counted_at + 1 + self.pending[start + counted_at] + 2
        return size if size <= 256 else 0


FRAMES = [
    READ, WRITE, framed("11 64 0102030405"), framed("11 10 0001 0002 FF 000A 0102"), framed("11 07"),
    framed("11 10 0001 0004 08" + READ.hex()), framed("11 17 0003 0006 000E 0003 06 00FF 00FF 00FF"),
]  # fmt: skip
"""Measured and unmeasured requests, a request in the data of another."""

noise = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=250, max_size=600),
    st.lists(st.sampled_from([0x10, 0xFF, 0x17, 0x03, 0x00, 0x11]), max_size=300).map(bytes),
)
"""Also of octets that begin as long requests do."""


class TestNoise:
    @given(st.lists(st.one_of(st.sampled_from(FRAMES), noise), max_size=6), st.data())
    def test_the_frames_found_are_those_of_the_rules(self, parts: list[bytes], data: st.DataObject) -> None:
        stream = b"".join(parts)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
        pieces = [stream[a:b] for a, b in itertools.pairwise([0, *cuts, len(stream)])]
        reference, counters = Reference(), Counters()
        line = ModbusRtuConnection({17: unit()}, counters)
        for piece in pieces:
            line.receive(piece)
            reference.receive(piece)
            assert line.pending_bytes == len(reference.pending)
        assert counters.bus_messages == len(reference.frames)
        addressed = [frame for frame in reference.frames if frame[0] == 17]
        assert counters.server_messages == len(addressed)

    @given(st.lists(st.one_of(st.sampled_from(FRAMES), st.binary(max_size=20)), max_size=4))
    def test_octet_by_octet_the_same(self, parts: list[bytes]) -> None:
        reference, counters = Reference(), Counters()
        line = ModbusRtuConnection({17: unit()}, counters)
        for octet in b"".join(parts):
            line.receive(bytes((octet,)))
            reference.receive(bytes((octet,)))
        assert counters.bus_messages == len(reference.frames)

    @given(st.binary(max_size=200), st.sampled_from([READ, WRITE]), st.booleans())
    def test_a_measured_request_after_noise_is_found(self, before: bytes, request: bytes, single: bool) -> None:
        line = ModbusRtuConnection({17: unit()}, Counters())
        line.receive(before)
        pieces = [bytes((octet,)) for octet in request] if single else [request]
        answers = b"".join(map(line.receive, pieces))
        assert answers.endswith(ANSWER if request is READ else WRITTEN)

    def test_an_unknown_function_after_noise_is_found_where_its_piece_begins(self, line: ModbusRtuConnection) -> None:
        line.receive(b"\x55" * 300)
        assert line.receive(framed("11 64 0102030405")) == framed("11 E4 01")

    @pytest.mark.parametrize("piece", [1, 7, 256, 4096])
    @pytest.mark.parametrize("kind", ["random", "beginnings"])
    def test_each_octet_is_checked_a_bounded_number_of_times(
        self, monkeypatch: pytest.MonkeyPatch, piece: int, kind: str
    ) -> None:
        """The octets that go through the CRC for each octet of noise; trying every beginning with every end takes 8,000."""
        checked = 0
        real = rtu._crc

        def counting(data: bytes, crc: int = 0xFFFF) -> int:
            nonlocal checked
            checked += len(data)
            return real(data, crc)

        monkeypatch.setattr(rtu, "_crc", counting)
        seeded = random.Random(1)
        octets = seeded.randbytes(8192) if kind == "random" else b"\x10\xf0" * 4096
        line = ModbusRtuConnection({17: unit()}, Counters())
        for at in range(0, len(octets), piece):
            line.receive(octets[at : at + piece])
        assert checked / len(octets) < (8 if kind == "random" else 260)

    def test_noise_is_seldom_taken_for_a_request(self) -> None:
        """Less than one octet in ten is tried as the beginning of a request, each right once in 65,536 times."""
        counters = Counters()
        line = ModbusRtuConnection({}, counters)
        for octet in random.Random(2).randbytes(100_000):
            line.receive(bytes((octet,)))
        assert counters.bus_messages <= 1
