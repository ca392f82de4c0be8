"""Files of variables that other programs write: read as those programs read them, doubts reported with file and line."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinfeed.emulators.wire.snmp.ber import decode_value
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.characterise.recording.snmpfiles import Found, read
from twinfeed.harness.characterise.recording.snmpfiles.values import octets
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports.answers import VarBind
from twinfeed.harness.transports.answers.values import read_value


@pytest.fixture
def file(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(text: str | bytes, name: str = "ups.snmprec") -> Found:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)

    return write


def values(found: Found) -> dict[str, object]:
    return {variable.oid: variable.value for variable in found.variables}


# -- against snmpsim ----------------------------------------------------------------------------------------------

TAGS = st.sampled_from(["2", "4", "4x", "4e", "5", "6", "64", "64x", "64e", "65", "66", "67", "68", "68x", "70", "128", "129", "130", "40", "9z"])  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-(2**33), 2**65), st.sampled_from([0, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**64 - 1, 2**64])
).map(str)
DOTTED = st.lists(st.integers(0, 300) | st.integers(0, 2**32), min_size=0, max_size=8).map(
    lambda n: ".".join(map(str, n))
)
ESCAPED = st.lists(
    st.sampled_from([r"\x41", r"\xfF", r"\\", r"\n", r"\'", r"\q", r"\x4", r"\x5c", r"\x5cn", "a", "|", "\x85"]),
    max_size=6,
).map("".join)
TEXTS = st.text(st.characters(max_codepoint=255, exclude_characters="\n"), max_size=20).map(str.strip)
HEX = st.binary(max_size=9).map(bytes.hex) | st.text("0123456789abcdefXF <", max_size=9)
LINES = st.tuples(
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4).map(lambda n: "1.3." + ".".join(map(str, n))),
    TAGS,
    NUMBERS | DOTTED | ESCAPED | TEXTS | HEX | st.just(""),
).map(lambda parts: "|".join(parts).rstrip())


def of_snmpsim(line: bytes) -> tuple[str, bytes] | None:
    """Name and encoded value that snmpsim answers for a line; None where it answers that there is none."""
    from pyasn1.codec.ber import encoder
    from snmpsim.record.snmprec import SnmprecRecord

    record = SnmprecRecord()
    oid, tag, text = record.grammar.parse(line)
    try:
        name = record.evaluate_oid(oid)
        value = record.evaluate_value(oid, tag, text)[2]
        return ".".join(map(str, name)), encoder.encode(value)
    except Exception:
        return None


@given(
    st.lists(LINES, min_size=1, max_size=5, unique_by=lambda line: line.partition("|")[0]),
    st.sampled_from(["\n", "\r\n"]),
)
@example(["1.3.6.1|4|two words \x0c and \x1c \x85 in one line"], "\n")
@example(["1.3.6.1|4e|line one\\r\\nline two \\x80\\x00 end"], "\n")
@example(["1.3.6.1|4x|abc"], "\n")
@example(["1.3.6.1|64|abcd"], "\n")
def test_what_snmpsim_answers_for_a_file_is_what_is_read_of_it(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str
) -> None:
    pytest.importorskip("snmpsim", reason="pip install snmpsim")
    data = "".join(line + end for line in lines).encode("latin-1")
    kept = [record + b"\n" for record in data.split(b"\n") if record.strip()]
    theirs = dict(filter(None, map(of_snmpsim, kept)))
    found = read(tmp_path_factory.getbasetemp() / "any.snmprec", data)
    ours = {variable.oid: octets(variable) for variable in found.variables}
    for oid, value in theirs.items():
        assert _same(ours[oid], value), oid
    for oid in ours.keys() - theirs.keys():
        assert ours[oid][0] in (0x06, 0x40), "an empty OID and an IpAddress of another length, which some devices send"


def _same(ours: bytes, theirs: bytes) -> bool:
    """Equal, or the same negative number that pyasn1 writes with an octet too many (X.690 §8.3.2 forbids that)."""
    if ours == theirs:
        return True
    return ours[0] == theirs[0] == 2 and decode_value(2, ours[2:]) == int.from_bytes(theirs[2:], "big", signed=True)


# -- .snmprec -----------------------------------------------------------------------------------------------------


def test_a_text_may_hold_every_octet_but_a_line_feed(file) -> None:  # type: ignore[no-untyped-def]
    found = file(
        b"1.3.6.1.2.1.1.1.0|4|form\x0cfeed, fs\x1c, next\xc2\x85line, \xe2\x80\xa8 and 45 \xb0C\n1.3.6.1.2.1.1.5.0|4|x\n"
    )
    assert values(found) == {
        "1.3.6.1.2.1.1.1.0": b"form\x0cfeed, fs\x1c, next\xc2\x85line, \xe2\x80\xa8 and 45 \xb0C",
        "1.3.6.1.2.1.1.5.0": b"x",
    }
    assert found.warnings == []


def test_blanks_at_the_end_of_a_text_are_the_devices(file) -> None:  # type: ignore[no-untyped-def]
    found = file("1.3.6.1.2.1.1.1.0|4| a card  \t\r\n1.3.6.1.2.1.1.3.0|67| 5 \r\n1.3.6.1.2.1.1.9.0|4x|00c0 \n")
    assert list(values(found).values()) == [b" a card  \t", 5, b"\0\xc0"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.decode().encode("utf-16"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.rstrip(b"\n"),
        lambda data: b"\n# a remark\n\n  # another\n" + data,
        lambda data: data.replace(b"1.3", b".1.3"),
        lambda data: data.replace(b"1.3", b"  1.3"),
        gzip.compress,
        bz2.compress,
        lzma.compress,
    ],
    ids=["BOM", "UTF-16", "CRLF", "no last line feed", "remarks", "leading dot", "spaces", "gz", "bz2", "xz"],
)
def test_how_the_file_is_packed_makes_no_difference(file, wrap) -> None:  # type: ignore[no-untyped-def]
    found = file(wrap(b"1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.318\n1.3.6.1.2.1.1.5.0|4|ups\n"))
    assert values(found) == {"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.318", "1.3.6.1.2.1.1.5.0": b"ups"}
    assert found.warnings == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1.3.6.1.4.1.9.1|66|-1", "found -1, expected 0 to 4294967295: the type is gauge32"),
        ("1.3.6.1.4.1.9.1|65|4294967296", "found 4294967296, expected 0 to 4294967295"),
        ("1.3.6.1.4.1.9.1|2|4294967295", "expected -2147483648 to 2147483647"),
        ("1.3.6.1.4.1.9.1|67|<private>", "found '<private>', expected a whole number"),
        ("1.3.6.1.4.1.9.1|64|999.1.1", "expected an IpAddress such as 192.0.2.1"),
        ("1.3.6.1.4.1.9.1|6|1.3.x", "expected an OID"),
        ("1.3.6.1.4.1.9.1|4x|00XX", "expected octets in hexadecimal"),
        ("1.3.6.1.4.1.9.1|40|1", "found the tag '40', expected one of 2 integer"),
        ("1.3.6.1.4.1.9.<IPADDR>|2|1", "found the OID '1.3.6.1.4.1.9.<IPADDR>'"),
        ("1.3.6.1.4.1.4294967296.1|2|1", "expected 2 to 128 numbers with numbers up to 4294967295"),
        ("1.3.6.1.4.1.9.1|4:subprocess|rm -rf /", "module subprocess runs a program, which a replay never does"),
        ("1.3.6.1.4.1.9.1|4:sql|x", "asks a database"),
        ("1.3.6.1.4.1.9.1|4:redis|key-spaces-id=1", "asks a Redis server"),
        ("1.3.6.1.4.1.9.1|4:lua|x", "found the module 'lua', expected one that has a start value"),
        ("1.3.6.1.4.1.9.1|4:error|status=noaccess", "neither value= nor hexvalue="),
        (
            "1.3.6.1.4.1.9|:multiplex|dir=nowhere",
            "the folder 'nowhere' of snmpsim's module multiplex is not beside the file",
        ),
        (f"1.3.6.1.4.1.9|:multiplex|dir={'9' * 5000}", "of snmpsim's module multiplex is not beside the file"),
        ("1.3.6.1.4.1.9.1|²x|00", "expected one of 2 integer"),
        ("1.3.6.1.4.1.9.1|65:numeric|function=system", "found the function 'system'"),
    ],
)
def test_a_value_that_cannot_be_is_left_out_with_its_line(file, line: str, says: str) -> None:  # type: ignore[no-untyped-def]
    found = file(f"1.3.6.1.2.1.1.5.0|4|ups\n{line}\n")
    assert values(found) == {"1.3.6.1.2.1.1.5.0": b"ups"}
    (warning,) = found.warnings
    assert "ups.snmprec:2: left out: " in warning
    assert says in warning


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("67:numeric|rate=100,initial=123999999", 123999999),
        ("66:numeric|min=5,max=100,initial=80,rate=-0.1", 80),
        ("65:numeric|scale=0.6,offset=1,deviation=1,function=cos,cumulative=1", 0),
        ("66:numeric|function=pow%<time>%2,scale=100,offset=100,rate=150", 100),
        ("2:numeric|min=7", 7),
        ("4:writecache|value=ups-1", b"ups-1"),
        ("4:writecache|hexvalue=00c0b7", b"\0\xc0\xb7"),
        ("4:delay|value==a,b,,wait==300", b"a,b"),
        ("4:delay|wait=100", b""),
        ("2:error|op=get,status=authorizationError,value=1", 1),
        ("6:notification|op=set,value=1.3.6.1.1.1", "1.3.6.1.1.1"),
    ],
)
def test_a_module_has_its_start_value(file, line: str, value: object) -> None:  # type: ignore[no-untyped-def]
    found = file(f"1.3.6.1.2.1.1.5.0|{line}\n")
    assert values(found) == {"1.3.6.1.2.1.1.5.0": value}
    assert len(found.warnings) == 1


def test_snapshots_are_answered_as_the_first_of_them(file, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "snapshots").mkdir()
    for number in (0, 1):
        (tmp_path / "snapshots" / f"0000{number}.snmprec").write_text(
            f"1.3.6.1.2.1.2.1.0|2|{number + 5}\n1.3.6.1.9.1|2|1\n"
        )
    found = file("1.3.6.1.2.1.2|:multiplex|dir=snapshots,period=10.0\n")
    assert values(found) == {"1.3.6.1.2.1.2.1.0": 5}
    assert "the first of 2 snapshots, 00000.snmprec" in found.warnings[0]


def test_the_last_of_repeated_oids_counts_and_order_is_restored_with_a_warning_each(file) -> None:  # type: ignore[no-untyped-def]
    found = file("1.3.6.1.3.94.1.0|2|7\n1.3.6.1.2.1.1.5.0|4|first\n1.3.6.1.2.1.1.5.0|4|second\n")
    assert values(found)["1.3.6.1.2.1.1.5.0"] == b"second"
    assert [warning.partition("ups.snmprec")[2] for warning in found.warnings] == [
        ":3: 1.3.6.1.2.1.1.5.0 stands in line 2 already; the last one is answered",
        ":2: is out of the order of OIDs; they are answered in order",
    ]


def test_a_file_without_variables_is_an_agent_that_has_none(file) -> None:  # type: ignore[no-untyped-def]
    assert "holds no variable" in file("").warnings[0]


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        (
            b"1.3.6.1.2.1.1.5.0|4|ups\nsecond line\n",
            "a.snmprec",
            "a.snmprec:2: found 'second line', expected OID|tag|value",
        ),
        (b"1.3.6.1|4\n", "a.snmprec", "a.snmprec:1: found '1.3.6.1|4', expected OID|tag|value"),
        (b"PK\x03\x04rest", "a.zip", "is a zip archive of files; unpack it"),
        (b"\x1f\x8bnonsense", "a.snmprec.gz", "cannot be decompressed"),
        (b"", "a.txt", "is empty"),
        (
            b"{hello",
            "a.snmpwalk",
            "a.snmpwalk:1: found '{hello', expected OID = TYPE: value as `snmpwalk -On` prints it",
        ),
        (
            b"UPS-MIB::upsIdentName.0 = STRING: x\n",
            "a.txt",
            "has no numbers without its MIB module: walk the device with `snmpwalk -On",
        ),
    ],
)
def test_what_is_no_such_file_is_refused_with_what_was_expected(file, text: bytes, name: str, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FileError) as error:
        file(text, name)
    assert says in str(error.value)


# -- files that record and --export write ---------------------------------------------------------------------------

NAMES = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9).map(lambda n: ".".join(map(str, (1, 3, *n))))
SENT = st.builds(
    lambda oid, tag, contents: snmprec.answered(VarBind(oid, *read_value(tag, contents)[:2])),
    NAMES,
    st.sampled_from([2, 4, 5, 6, 64, 65, 66, 67, 68, 69, 70, 71, 72, 128, 129, 130, 0x24, 0x30]),
    st.binary(max_size=12) | st.integers(0, 255).map(lambda n: bytes((n,))) | st.just(b"\x2b\x06\x01"),
)


@given(st.lists(SENT, max_size=8, unique_by=lambda variable: variable.oid))
def test_an_exported_walk_reads_back_octet_by_octet(
    tmp_path_factory: pytest.TempPathFactory, sent: list[Variable]
) -> None:
    """Whatever a device sent, be it a value of its type or not."""
    data = "".join(f"{snmprec.line(variable)}\n" for variable in sent).encode()
    found = read(tmp_path_factory.getbasetemp() / "exported.snmprec", data)
    assert {v.oid: octets(v) for v in found.variables} == {v.oid: octets(v) for v in sent}


LINES_OF_ANYTHING = st.lists(
    st.tuples(
        st.sampled_from([".1.3.6.1.2", "1.3.6.1.2", "iso.3.6.1", "SNMPv2-MIB::sysName.0", "X-MIB::y", "", ".1.3.6.1"]),
        st.sampled_from([" = ", "|4|", "|2|", "|66:numeric|", "|4e|", ", Integer, ", " ", "|:multiplex|", "|x|", "||"]),
        st.sampled_from(["", "STRING: ", "Opaque: Float: ", "Opaque: Int64: ", "Hex-STRING: ", "Timeticks: ", "OID: ", "BITS: ",
                         "INTEGER: ", "Network Address: ", "Wrong Type (should be X): ", "dir=", "rate=1,initial=", "NULL", '"']),
        st.text(max_size=12) | st.from_regex(r"[0-9.:() A-F-]{0,12}", fullmatch=True),
    ).map("".join),
    max_size=6,
)  # fmt: skip


@given(LINES_OF_ANYTHING, st.sampled_from(["a.snmprec", "a.txt", "a.snmpwalk", "a.sapwalk", "a.dump"]))
def test_any_file_is_read_or_refused_with_its_place(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    problems = []
    try:
        found = read(path, "\n".join(lines).encode("utf-8", "replace"))
        assert all(octets(variable) for variable in found.variables)
        problems = found.warnings
    except FileError as error:
        problems = error.problems
    assert all(problem.startswith(str(path)) for problem in problems)


# -- net-snmp's text, as Debian's snmpwalk 5.9 printed it ------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "variable"),
    [
        ('.1.3.6.1.2.1.1.5.0 = STRING: "host-\\"q\\" \\\\ x"', Variable("1.3.6.1.2.1.1.5.0", "string", b'host-"q" \\ x')),
        ("iso.3.6.1.2.1.1.2.0 = OID: iso.3.6.1.4.1.8072", Variable("1.3.6.1.2.1.1.2.0", "oid", "1.3.6.1.4.1.8072")),
        ("SNMPv2-MIB::sysName.0 = STRING: ups", Variable("1.3.6.1.2.1.1.5.0", "string", b"ups")),
        ("SNMPv2-SMI::enterprises.318.1.0 = INTEGER: 5", Variable("1.3.6.1.4.1.318.1.0", "integer", 5)),
        ("DISMAN-EVENT-MIB::sysUpTimeInstance = Timeticks: (105) 0:00:01.05", Variable("1.3.6.1.2.1.1.3.0", "timeticks", 105)),
        (".1.3.6.1.2.1.1.3.0 = Timeticks: (123456) 0:20:34.56", Variable("1.3.6.1.2.1.1.3.0", "timeticks", 123456)),
        (".1.3.6.1.2.1.1.4.0 = \"\"", Variable("1.3.6.1.2.1.1.4.0", "string", b"")),
        (".1.3.6.1.2.1.1.4.0 = STRING: ", Variable("1.3.6.1.2.1.1.4.0", "string", b"")),
        (".1.3.6.1.2.1.25.1.2.0 = Hex-STRING: 07 EA 0B 1E \n2B 00 00 ", Variable("1.3.6.1.2.1.25.1.2.0", "string", b"\x07\xea\x0b\x1e\x2b\0\0")),
        (".1.3.6.1.2.1.25.1.2.0 = Hex-STRING: 41 2B 00 00   [A+..]", Variable("1.3.6.1.2.1.25.1.2.0", "string", b"A+\0\0")),
        (".1.3.6.1.2.1.2.2.1.6.2 = STRING: 0:c0:b7:fa:e2:71", Variable("1.3.6.1.2.1.2.2.1.6.2", "string", b"\0\xc0\xb7\xfa\xe2q")),
        (".1.3.6.1.2.1.2.2.1.7.1 = INTEGER: up(1)", Variable("1.3.6.1.2.1.2.2.1.7.1", "integer", 1)),
        (".1.3.6.1.2.1.4.13.0 = INTEGER: -60 seconds", Variable("1.3.6.1.2.1.4.13.0", "integer", -60)),
        (".1.3.6.1.2.1.2.2.1.10.1 = Counter32: 7", Variable("1.3.6.1.2.1.2.2.1.10.1", "counter32", 7)),
        (".1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: 18446744073709551615", Variable("1.3.6.1.2.1.31.1.1.1.6.1", "counter64", 2**64 - 1)),
        (".1.3.6.1.4.1.9.1.0 = Gauge32: 100 milli-seconds", Variable("1.3.6.1.4.1.9.1.0", "gauge32", 100)),
        (".1.3.6.1.4.1.9.1.0 = Wrong Type (should be Gauge32 or Unsigned32): INTEGER: 161", Variable("1.3.6.1.4.1.9.1.0", "integer", 161)),
        (".1.3.6.1.2.1.4.20.1.1.127.0.0.1 = IpAddress: 127.0.0.1", Variable("1.3.6.1.2.1.4.20.1.1.127.0.0.1", "ipaddress", "127.0.0.1")),
        (".1.3.6.1.2.1.3.1.1.3.1 = Network Address: C0:00:02:01", Variable("1.3.6.1.2.1.3.1.1.3.1", "ipaddress", "192.0.2.1")),
        (".1.3.6.1.2.1.10.7.2.1.1 = BITS: 5B 00 clear(1) 3 4", Variable("1.3.6.1.2.1.10.7.2.1.1", "string", b"\x5b\0")),
        (".1.3.6.1.4.1.2021.10.1.6.1 = Opaque: Float: 123.000000", Variable("1.3.6.1.4.1.2021.10.1.6.1", "opaque", bytes.fromhex("9f780442f60000"))),
        (".1.3.6.1.2.1.33.1.2.2.0 = NULL", Variable("1.3.6.1.2.1.33.1.2.2.0", "null", b"")),
    ],
)  # fmt: skip
def test_a_variable_of_snmpwalk(file, printed: str, variable: Variable) -> None:  # type: ignore[no-untyped-def]
    assert file(printed + "\n", "walk.txt").variables == [variable]


def test_a_time_beyond_all_measure_is_left_out_with_its_line(file) -> None:  # type: ignore[no-untyped-def]
    uptime = f".1.3.6.1.2.1.1.3.0 = 0:{'9' * 5000}:59:59.00\n"
    found = file(f".1.3.6.1.2.1.1.5.0 = STRING: ups\n{uptime}", "walk.txt")
    assert values(found) == {"1.3.6.1.2.1.1.5.0": b"ups"}
    assert "walk.txt:2: left out: " in found.warnings[0]


def test_a_string_goes_on_until_its_quote_whatever_its_lines_look_like(file) -> None:  # type: ignore[no-untyped-def]
    found = file(
        '.1.3.6.1.2.1.1.1.0 = STRING: "first\nPATH = x\n\nTimeout: No Response"\n.1.3.6.1.2.1.1.7.0 = INTEGER: 6\n', "w"
    )
    assert values(found) == {"1.3.6.1.2.1.1.1.0": b"first\nPATH = x\n\nTimeout: No Response", "1.3.6.1.2.1.1.7.0": 6}


def test_without_types_they_are_guessed_and_doubts_are_told(file) -> None:  # type: ignore[no-untyped-def]
    """-OQn, which NUT asks its reporters for."""
    found = file(
        '.1.3.6.1.2.1.1.1.0 = "Card"\n.1.3.6.1.2.1.1.2.0 = .1.3.6.1.4.1.8072\n.1.3.6.1.2.1.1.3.0 = 1:0:00:01.19\n'
        '.1.3.6.1.2.1.25.1.2.0 = "07 EA 0B "\n.1.3.6.1.2.1.25.1.3.0 = 393216\n.1.3.6.1.3.4.20.1.1.127 = 127.0.0.1\n',
        "walk.txt",
    )
    assert [(variable.type, variable.value) for variable in found.variables] == [
        ("string", b"Card"),
        ("oid", "1.3.6.1.4.1.8072"),
        ("timeticks", 8640119),
        ("string", b"\x07\xea\x0b"),
        ("integer", 393216),
        ("ipaddress", "127.0.0.1"),
    ]
    assert len(found.warnings) == 1
    assert "walk.txt:5: 1.3.6.1.2.1.25.1.3.0: has no type in the file and is taken for integer" in found.warnings[0]


def test_what_is_printed_between_the_variables_is_none(file) -> None:  # type: ignore[no-untyped-def]
    found = file(
        "$ snmpwalk -v2c -c public -On 192.0.2.7\n.1.3.6.1.2.1.1.7.0 = INTEGER: 6\n"
        ".1.3.6.1.2.1.1.8.0 = No Such Object available on this agent at this OID\n"
        ".1.3.6.1.2.1.1.7.0 = No more variables left in this MIB View (It is past the end of the MIB tree)\n"
        "Timeout: No Response from 192.0.2.7\n",
        "walk.txt",
    )
    assert values(found) == {"1.3.6.1.2.1.1.7.0": 6}
    assert [warning.split(": ")[1] for warning in found.warnings] == ["is no variable", "is no variable"]


def test_sapwalk_and_dump(file) -> None:  # type: ignore[no-untyped-def]
    sap = file("1.3.6.1.2.1.1.5.0  , OctetString , a, b\n1.3.6.1.2.1.2.2.1.6.1, OctetString, 0x00c0\n", "w.sapwalk")
    assert values(sap) == {"1.3.6.1.2.1.1.5.0": b"a, b", "1.3.6.1.2.1.2.2.1.6.1": b"\0\xc0"}
    dump = file('1.3.6.1.2.1.1.5.0|6|"ups"\n1.3.6.1.2.1.1.3.0|7|5\n1.3.6.1.2.1.2.2.1.6.1|6|hex: 0.c0\n', "w.dump")
    assert values(dump) == {"1.3.6.1.2.1.1.5.0": b"ups", "1.3.6.1.2.1.1.3.0": 5, "1.3.6.1.2.1.2.2.1.6.1": b"\0\xc0"}


@given(st.lists(st.integers(0, 2**34), min_size=1, max_size=6))
def test_an_oid_value_with_numbers_of_more_than_32_bits_is_kept_and_warned_of(numbers: list[int]) -> None:
    text = ".".join(map(str, (1, 3, *numbers)))
    found = read(Path("some.snmprec"), f"1.3.6.1.2.1.1.1.0|4|a\n1.3.6.1.2.1.1.2.0|6|{text}\n".encode())
    assert found.variables[1].value == text
    expected = ["some.snmprec:2: 1.3.6.1.2.1.1.2.0: in its value sub-identifier"] if max(numbers) >= 2**32 else []
    assert [warning.rpartition(" sub-")[0] + " sub-identifier" for warning in found.warnings] == expected


@pytest.mark.parametrize(
    ("case", "kept", "warned"),
    [
        ("escaped-tag.snmprec", 5, 0), ("control-octets.snmprec", 3, 0), ("null-and-nosuch.snmprec", 6, 0),
        ("leading-dot.snmprec", 2, 0), ("bom.snmprec", 2, 0), ("empty-values.snmprec.gz", 13, 0),
        ("empty-values.snmprec", 13, 0), ("crlf-latin1.snmprec", 3, 0), ("modules.snmprec", 7, 4),
        ("opaque-float.snmprec", 4, 0), ("out-of-range.snmprec", 2, 5), ("out-of-range-numbers.snmprec", 2, 3),
        ("big-subid.snmprec", 2, 1), ("repeated-and-unordered.snmprec", 4, 2), ("walk-On.snmpwalk", 6, 0),
        ("walk-OQn.txt", 3, 0),
    ],
)  # fmt: skip
def test_the_cases_that_were_reported(shared_cases: Path, case: str, kept: int, warned: int) -> None:
    found = read(shared_cases / case)
    assert (len(found.variables), len(found.warnings)) == (kept, warned)
