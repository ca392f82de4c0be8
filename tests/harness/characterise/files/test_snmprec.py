"""Lines of .snmprec files. The golden lines are of recordings made by others (LibreNMS, snmpsim)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.characterise.recording.recording import load, snmprec_lines
from twinfeed.harness.characterise.recording.snmprec import NotARecord, Variable

NAMES = st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=20).map(lambda n: ".".join(map(str, n)))
VARIABLES = st.one_of(
    st.builds(Variable, NAMES, st.just("integer"), st.integers(-(2**31), 2**31 - 1)),
    st.builds(Variable, NAMES, st.sampled_from(["counter32", "gauge32", "timeticks"]), st.integers(0, 2**32 - 1)),
    st.builds(Variable, NAMES, st.just("counter64"), st.integers(0, 2**64 - 1)),
    st.builds(Variable, NAMES, st.sampled_from(["string", "opaque"]), st.binary(max_size=64)),
    st.builds(Variable, NAMES, st.just("oid"), NAMES),
    st.builds(Variable, NAMES, st.just("ipaddress"), st.ip_addresses(v=4).map(str)),
)


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("1.3.6.1.2.1.1.5.0|4|ups-a1", Variable("1.3.6.1.2.1.1.5.0", "string", b"ups-a1")),
        ("1.3.6.1.2.1.1.5.0|4|", Variable("1.3.6.1.2.1.1.5.0", "string", b"")),
        ("1.3.6.1.2.1.1.1.0|4|a|b", Variable("1.3.6.1.2.1.1.1.0", "string", b"a|b")),
        ("1.3.6.1.2.1.2.2.1.6.2|4x|00c0b7fae271", Variable("1.3.6.1.2.1.2.2.1.6.2", "string", b"\0\xc0\xb7\xfa\xe2q")),
        ("1.3.6.1.2.1.1.3.0|67|123", Variable("1.3.6.1.2.1.1.3.0", "timeticks", 123)),
        ("1.3.6.1.2.1.4.20.1.1.1|64|10.0.0.1", Variable("1.3.6.1.2.1.4.20.1.1.1", "ipaddress", "10.0.0.1")),
        ("1.3.6.1.2.1.2.2.1.5.1|66|4294967295", Variable("1.3.6.1.2.1.2.2.1.5.1", "gauge32", 4294967295)),
    ],
)
def test_a_line_is_a_variable_both_ways(line: str, variable: Variable) -> None:
    assert snmprec.variable(line) == variable
    assert snmprec.line(variable) == line


def test_an_oid_may_begin_with_a_dot_as_some_recordings_have_it() -> None:
    assert snmprec.variable("1.3.6.1.2.1.1.2.0|6|.1.3.6.1.4.1.318").value == "1.3.6.1.4.1.318"


@given(VARIABLES)
def test_every_variable_comes_back_as_it_was(variable: Variable) -> None:
    line = snmprec.line(variable)
    assert snmprec.variable(line) == variable
    assert line.isprintable()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hello", "expected OID|tag|value"),
        ("1.3.6|4", "expected OID|tag|value"),
        ("1.3.six|4|x", "expected OID|tag|value"),
        ("1.3.6|99|x", "found the tag '99'"),
        ("1.3.6|2|ten", "no value of type integer"),
        ("1.3.6|4x|0g", "no value of type string"),
        ("1.3.6|2:numeric|rate=1", "computes its value"),
    ],
)
def test_what_is_no_record_is_refused_with_what_was_expected(line: str, says: str) -> None:
    with pytest.raises(NotARecord, match=says.replace("|", r"\|")):
        snmprec.variable(line)


def test_the_recordings_of_others_come_back_as_they_were(shared_data: Path) -> None:
    for path in sorted((shared_data / "recordings").glob("*.snmprec")):
        theirs = {snmprec.variable(line) for line in path.read_text().splitlines() if line}
        again = {snmprec.variable(line) for line in snmprec_lines(load(path).walks[0])}
        assert again == theirs, path.name


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("1.3.6.1.2.1.33.1.2.2.0|5|", Variable("1.3.6.1.2.1.33.1.2.2.0", "null", b"")),
        ("1.3.6.1.2.1.33.1.2.3.0|129|", Variable("1.3.6.1.2.1.33.1.2.3.0", "nosuchinstance", b"")),
        ("1.3.6.1.4.1.9.1.0|71|5", Variable("1.3.6.1.4.1.9.1.0", "uinteger32", 5)),
        ("1.3.6.1.4.1.9.1.0|64x|0102030400000000", Variable("1.3.6.1.4.1.9.1.0", "ipaddress", b"\1\2\3\4\0\0\0\0")),
        ("1.3.6.1.4.1.9.1.0|2x|00ffffffff", Variable("1.3.6.1.4.1.9.1.0", "integer", b"\0\xff\xff\xff\xff")),
        ("1.3.6.1.4.1.9.1.0|72x|05", Variable("1.3.6.1.4.1.9.1.0", "tag72", b"\5")),
        ("1.3.6.1.4.1.9.1.0|5x|00", Variable("1.3.6.1.4.1.9.1.0", "null", b"\0")),
    ],
)
def test_what_is_no_value_has_a_line_too(line: str, variable: Variable) -> None:
    assert snmprec.variable(line) == variable
    assert snmprec.line(variable) == line
    assert snmprec.answered(snmprec.as_answered(variable)) == variable
