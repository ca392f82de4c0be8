"""tshark decodes what was recorded: every frame, with the times of the run, and nothing malformed."""

from __future__ import annotations

from pathlib import Path

import pytest
from external import program, run
from frames import GOOD, VALUES, answered, asked, modbus_tcp, snmp

from twinfeed.harness.faults.capture import LONGEST_SEGMENT, Capture

pytestmark = pytest.mark.interop

STATION, METER, UPS = ("127.0.0.1", 40000), ("127.20.2.11", 1502), ("127.20.2.12", 1161)
LINE = ("192.0.2.1", 50200), ("192.0.2.2", 502)

CHECKED = [f"{protocol}.check_checksum:TRUE" for protocol in ("ip", "tcp", "udp")] + ["mbrtu.crc_verification:TRUE"]


def recorded(path: Path) -> Capture:
    capture = Capture(path)
    capture.decode_as("tcp", METER[1], "mbtcp")
    capture.decode_as("udp", UPS[1], "snmp")
    capture.decode_as("udp", LINE[1][1], "mbrtu")
    return capture


def seen(capture: Capture, filter: str, *fields: str) -> list[list[str]]:
    """Fields of the packets that the display filter keeps."""
    capture.close()
    command = [program("tshark", "tshark"), "-r", str(capture.path), "-n", *capture.tshark_options, "-Y", filter]
    command += [part for option in CHECKED for part in ("-o", option)]
    command += ["-T", "fields", *(part for field in fields for part in ("-e", field))]
    return [line.split("\t") for line in run(command).splitlines() if "Running as" not in line]


@pytest.fixture
def session(tmp_path: Path) -> Capture:
    """A read of each protocol, an orderly end, and a connection that was reset."""
    capture = recorded(tmp_path / "session.pcapng")
    capture.opened(0.0, STATION, METER)
    for t_s, transaction in ((0.1, 1), (1800.29, 2)):
        capture.frame(t_s, STATION, METER, "tcp", modbus_tcp(asked(transaction)))
        answer = modbus_tcp(answered([1, 2, 3, 4], transaction), True)
        capture.frame(t_s + 0.000125, METER, STATION, "tcp", answer, "torn: half of it is old")
    capture.closed(1801.0, STATION, METER)
    capture.closed(1801.5, METER, STATION)
    other = (STATION[0], STATION[1] + 1)
    capture.frame(1900.0, other, METER, "tcp", modbus_tcp(asked(3)))
    capture.closed(1900.5, METER, other, reset=True)
    capture.frame(2000.0, STATION, UPS, "udp", GOOD["snmp"][0])
    capture.frame(2000.000001, UPS, STATION, "udp", snmp("GetResponse", VALUES))
    capture.frame(3000.0, *LINE, "udp", GOOD["modbus-rtu"][0])
    capture.frame(3000.5, LINE[1], LINE[0], "udp", GOOD["modbus-rtu"][1])
    return capture


def test_questions_and_answers_are_told_apart_and_have_the_times_of_the_run(session: Capture) -> None:
    times = [float(t) for (t,) in seen(session, "mbtcp", "frame.time_epoch")]
    assert times == [0.1, 0.100125, 1800.29, 1800.290125, 1900.0]


def test_registers_are_decoded(session: Capture) -> None:
    values = [values for (values,) in seen(session, "modbus.response_time && mbtcp", "modbus.regval_uint16")]
    assert values == ["1,2,3,4"] * 2


def test_snmp_and_rtu_are_decoded(session: Capture) -> None:
    assert seen(session, "snmp", "frame.time_epoch", "snmp.data") == [["2000.000000000", "0"], ["2000.000001000", "2"]]


def test_rtu_frames_are_decoded(session: Capture) -> None:
    assert seen(session, "mbrtu", "frame.time_epoch", "modbus.func_code") == [
        ["3000.000000000", "3"],
        ["3000.500000000", "3"],
    ]


WRONG = (
    "_ws.malformed || _ws.expert.severity >= 0x00600000 || tcp.checksum.status == 0 || ip.checksum.status == 0 "
    "|| udp.checksum.status == 0 || tcp.analysis.flags"
)
"""Malformed, a warning or an error, a wrong checksum, or sequence numbers that do not follow."""


def test_wireshark_finds_nothing_wrong(session: Capture) -> None:
    assert [line for line in seen(session, WRONG, "_ws.expert.message") if "RST" not in line[0]] == []


def test_a_frame_cut_short_would_have_been_found(tmp_path: Path) -> None:
    capture = recorded(tmp_path / "short.pcapng")
    capture.frame(0.0, STATION, UPS, "udp", GOOD["snmp"][0][:-3])
    assert len(seen(capture, WRONG + " || (udp && !snmp)", "frame.number")) == 1


def test_what_was_done_to_a_frame_is_its_comment_and_the_first_packets_say_how_to_decode(session: Capture) -> None:
    comments = [line[0] for line in seen(session, "frame.comment", "frame.comment")]
    assert comments.count("torn: half of it is old") == 2
    assert len([text for text in comments if "tshark -o mbtcp.tcp.port:1502 -d udp.port==1161,snmp" in text]) == 4


def test_a_message_longer_than_a_packet_becomes_several(tmp_path: Path) -> None:
    capture = recorded(tmp_path / "long.pcapng")
    capture.frame(0.0, STATION, ("127.0.0.2", 9), "tcp", bytes(LONGEST_SEGMENT + 1))
    lengths = [length for (length,) in seen(capture, "tcp.len > 0", "tcp.len")]
    assert lengths == [str(LONGEST_SEGMENT), "1"]


def test_a_run_with_a_wall_clock_shows_it(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "wall.pcapng", epoch_s=1_760_000_000.25)
    capture.frame(0.5, STATION, UPS, "udp", GOOD["snmp"][0])
    assert seen(capture, "udp", "frame.time_epoch") == [["1760000000.750000000"]]
