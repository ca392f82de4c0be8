"""Lines for a person who watches; the messages are pymodbus', pysnmp's and net-snmp's."""

from __future__ import annotations

import pytest
from frames import GOOD, SYS_DESCR, V3_REQUEST, VALUES, asked, modbus_tcp, octets, snmp
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.faults.frames import Answer, Tamper
from twinfeed.harness.faults.frames.dissection import described


@pytest.mark.parametrize(
    ("speaks", "message", "answer", "line"),
    [
        (
            "modbus-tcp",
            modbus_tcp(asked(7)),
            False,
            "transaction 7 unit 1: Read Holding Registers startAddr=16 quantity=4",
        ),
        (
            "modbus-rtu",
            GOOD["modbus-rtu"][1],
            True,
            "unit 1: Read Holding Registers Response byteCount=8 registerVal=[1, 2, 3, 4]",
        ),
        ("modbus-rtu", GOOD["modbus-rtu"][1][:-1], True, "wrong check: 12 octets 01 03 08 00 01 00 02 00 03 00 04 0d"),
        ("snmp", snmp("GetRequest", [(SYS_DESCR, None)]), False, "v2c SNMPget 77: 1.3.6.1.2.1.1.1.0"),
        (
            "snmp",
            snmp("GetResponse", VALUES[:2], version=0),
            True,
            "v1 SNMPresponse 77: 1.3.6.1.2.1.1.1.0=Static UPS, 1.3.6.1.2.1.1.3.0=4000000000",
        ),
        ("snmp", V3_REQUEST, False, "v3 msgID 1182516092, 143 octets, encrypted"),
        ("snmp", b"\x30\x03abc", False, "5 octets 30 03 61 62 63"),
    ],
)
def test_a_message_in_words(speaks: str, message: bytes, answer: bool, line: str) -> None:
    assert described(speaks, message, answer) == line


def test_what_a_fault_makes_is_told_like_any_other_message() -> None:
    tamper = Tamper(0, "snmp")
    tamper.apply("snmp-generr")
    (out,) = tamper.request(GOOD["snmp"][0])
    assert isinstance(out, Answer)
    assert described("snmp", out.frame, True) == "v2c SNMPresponse 77 error 5 at 1: 1.3.6.1.2.1.1.1.0"


@pytest.mark.parametrize("speaks", sorted(GOOD))
@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_anything_has_a_description_of_one_line(speaks: str, data: st.DataObject) -> None:
    answer = data.draw(st.booleans())
    line = described(speaks, data.draw(octets(speaks, answer)), answer)
    assert line.isprintable()
    assert len(line) < 400
