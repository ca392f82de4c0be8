"""Lists of registers in the spellings of vendors; detected forms are stated, a mistake is reported with line and column."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.profiles.registers import pack, unpack
from twinfeed.emulators.profiles.schema import Register
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.drafting.register_draft import Listed, Row, rows
from twinfeed.harness.characterise.drafting.registerlists import cells
from twinfeed.harness.characterise.drafting.registerlists.numbering import Numbering
from twinfeed.harness.characterise.recording.recording import Recording, Walk

List = Callable[..., Listed]


@pytest.fixture
def listed(tmp_path: Path) -> List:
    def read(text: str | bytes, numbering: Numbering = "auto", recording: Recording | None = None) -> Listed:
        path = tmp_path / "map.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return rows(path, numbering, recording)

    return read


def recorded(*addresses: int, table: str = "holding") -> Recording:
    walk = Walk(1, 0.0, True, registers={(table, address): 1 for address in addresses})  # type: ignore[misc]
    return Recording({"protocol": "modbus"}, [walk])


def only(listed: Listed) -> Row:
    (row,) = listed.rows
    return row


def places(listed: Listed) -> list[tuple[str, int]]:
    return [(row.table, row.address) for row in listed.rows]


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [("17", 17), ("0017", 17), ("0x0011", 17), ("0X11", 17), ("11h", 17), ("0011H", 17), ("&H11", 17), ("17.0", 17),
     ("%MW17", 17), ("HR 17", 17), ("4x0018", 17), ("3x18", 17)],
)  # fmt: skip
def test_an_address_in_any_spelling(listed: List, text: str, address: int) -> None:
    assert only(listed(f"address,name\n{text},x\n")).address == address


def test_addresses_with_letters_make_the_whole_column_hexadecimal(listed: List) -> None:
    found = listed("address,name\n0010,x\n001A,y\n")
    assert [row.address for row in found.rows] == [16, 26]
    assert "the addresses are taken as hexadecimal, since one is 001A" in found.notes


def test_the_40001_notation_is_detected_and_stated(listed: List) -> None:
    found = listed("address,name\n40001,a\n40002,b\n30011,c\n")
    assert places(found) == [("holding", 0), ("holding", 1), ("input", 10)]
    assert found.notes == [
        "the addresses 40001 to 30011 are taken as the 40001 notation: holding 0 to input 10 "
        "(--addresses pdu takes them as they are)"
    ]
    assert places(listed("address,name\n400001,a\n465536,b\n")) == [("holding", 0), ("holding", 65535)]


def test_the_recording_tells_the_notation_from_addresses_like_it(listed: List) -> None:
    """SunSpec devices have their registers at 40000 and after; SMA's at 30775."""
    assert places(listed("address,name\n40003,a\n", recording=recorded(40003))) == [("holding", 40003)]
    assert places(listed("address,name\n40003,a\n", recording=recorded(2))) == [("holding", 2)]
    assert places(listed("address,name\n40000,a\n40003,b\n")) == [("holding", 40000), ("holding", 40003)]
    assert places(listed("address,name\n40003,a\n", "pdu")) == [("holding", 40003)]


def test_a_list_that_counts_from_one_is_noticed(listed: List) -> None:
    found = listed("address,name\n1,a\n2,b\n", recording=recorded(0, 1))
    assert found.notes == [
        "2 of 2 addresses were recorded at one less, 1 as they are: a list that counts from 1 is read with --addresses one"
    ]
    assert places(listed("address,name\n1,a\n2,b\n", "one")) == [("holding", 0), ("holding", 1)]
    assert listed("address,name\n0,a\n1,b\n", recording=recorded(0, 1)).notes == []


def test_a_range_says_how_many_registers(listed: List) -> None:
    found = listed("address,name,type\n40001-40002,Energy,float\n40003..40006,Work,double\n40007-40014,Serial,string\n")
    assert [(row.address, row.register.words) for row in found.rows if row.register] == [(0, 2), (2, 4), (6, 8)]


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators(listed: List, encoding: str, separator: str) -> None:
    text = "\r\n".join(
        [separator.join(("Register", "Bezeichnung", "Einheit")), separator.join(("7", "Außentemperatur", "°C"))]
    )
    row = only(listed(text.encode(encoding)))
    assert (row.address, row.name, row.unit) == (7, "Außentemperatur", "°C")


def test_titles_above_the_header_blank_lines_and_sections_are_passed_over(listed: List) -> None:
    found = listed(
        "Modbus map of meter X;;;\nRevision 3;;;\n;;;\nRegister;Description;Type;Unit\n;Voltages;;\n1;Voltage;UINT16;V\n;;;\n2;Current;UINT16;A\n"
    )
    assert [(row.address, row.name, row.line) for row in found.rows] == [(1, "Voltage", 6), (2, "Current", 8)]
    assert "the list is separated by semicolon, in UTF-8, with its header in line 4" in found.notes


@pytest.mark.parametrize(
    "header",
    [
        "Adresse;Bezeichnung;Datentyp;Einheit;Skalierungsfaktor;Zugriff;Bemerkung",
        "Adresse Modbus;Désignation;Type de données;Unité;Échelle;Accès;Remarques",
        "Register Address;Parameter;Data Type;Units;Scale Factor;R/W;Comments",
        "Start address (dec);Name;Data format;UoM;Multiplier;Access;Note",
    ],
)
def test_headers_of_other_languages(listed: List, header: str) -> None:
    row = only(listed(f"{header}\n100;Spannung L1;UINT32;V;0,1;R;Seite 7\n"))
    assert (row.address, row.name, row.unit, row.scale, row.access, row.source) == (
        100, "Spannung L1", "V", Fraction(1, 10), "ro", "Seite 7",
    )  # fmt: skip
    assert row.register is not None
    assert row.register.type == "u32"


def test_columns_that_are_not_used_are_stated_and_misspelt_ones_refused(listed: List) -> None:
    assert "columns that are not used: Colour" in listed("address,name,Colour\n1,x,red\n").notes
    with pytest.raises(FileError, match=r"map.csv:1: the column 'offest' is not known; did you mean offset\?"):
        listed("address,name,offest\n1,x,5\n")


# -- types, orders, scales --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "registers", "type"),
    [
        ("UINT16", 0, "u16"), ("U16", 0, "u16"), ("16-bit unsigned", 0, "u16"), ("unsigned 16 bit", 0, "u16"),
        ("WORD", 0, "u16"), ("enum16", 0, "u16"), ("INT16", 0, "i16"), ("S16", 0, "i16"), ("signed 16 bits", 0, "i16"),
        ("UDINT", 0, "u32"), ("INT32U", 0, "u32"), ("DWORD", 0, "u32"), ("acc32", 0, "u32"), ("DINT", 0, "i32"),
        ("sint32", 0, "i32"), ("32-bit signed integer", 0, "i32"), ("FLOAT32", 0, "f32"), ("REAL", 0, "f32"),
        ("IEEE 754", 0, "f32"), ("Float (32 bit)", 0, "f32"), ("LREAL", 0, "f64"), ("double", 0, "f64"), ("float", 4, "f64"),
        ("uint", 2, "u32"), ("int", 1, "i16"), ("int", 4, "i64"), ("UINT64", 0, "u64"), ("", 0, "u16"),
    ],
)  # fmt: skip
def test_types_as_vendors_spell_them(text: str, registers: int, type: str) -> None:
    assert cells.kind(text, registers).type == type


def test_a_text_may_say_its_length(listed: List) -> None:
    row = only(listed("address,name,type\n1,Serial,STRING16\n"))
    assert row.register is not None
    assert (row.register.type, row.register.length) == ("string", 8)


@pytest.mark.parametrize(
    ("text", "octets"),
    [("abcd", "41480000"), ("big", "41480000"), ("cdab", "00004148"), ("little", "00004148"), ("word swap", "00004148"),
     ("BADC", "48410000"), ("byte swap", "48410000"), ("dcba", "00004841"), ("little endian", "00004841")],
)  # fmt: skip
def test_orders_of_words_and_octets(listed: List, text: str, octets: str) -> None:
    """12.5 as IEEE 754 is 41 48 00 00."""
    register = only(listed(f"address,name,type,byte order\n1,x,float,{text}\n")).register
    assert register is not None
    assert pack(register, 12.5).hex() == octets
    assert unpack(register, bytes.fromhex(octets)) == 12.5


def test_a_type_may_name_the_order(listed: List) -> None:
    register = only(listed("address,name,type\n1,x,FLOAT32_CDAB\n")).register
    assert register is not None
    assert (register.type, register.word_order, register.byte_order) == ("f32", "little", "big")


@given(
    st.sampled_from(["u16", "i16", "u32", "i32", "u64", "i64"]),
    st.sampled_from(["big", "little"]),
    st.sampled_from(["big", "little"]),
    st.data(),
)
def test_every_number_comes_back_in_every_order(type: str, words: str, octets: str, data: st.DataObject) -> None:
    bits = int(type[1:])
    low = 0 if type[0] == "u" else -(2 ** (bits - 1))
    number = data.draw(st.integers(low, low + 2**bits - 1))
    fields = {"table": "holding", "address": 0, "type": type, "value": 0, "word_order": words, "byte_order": octets}
    register = Register(**fields)  # type: ignore[arg-type]
    if number < 2**53:  # a raw value is a float where it was scaled
        assert unpack(register, pack(register, number)) == number


@pytest.mark.parametrize(
    ("text", "scale", "offset"),
    [("0.1", "1/10", 0), ("0,1", "1/10", 0), ("1/10", "1/10", 0), ("/10", "1/10", 0), ("x0.1", "1/10", 0), ("×10", "10", 0),
     ("10^-1", "1/10", 0), ("1e-2", "1/100", 0), ("", "1", 0), ("-", "1", 0), ("0.1, offset -40", "1/10", -40)],
)  # fmt: skip
def test_scales_and_offsets(text: str, scale: str, offset: int) -> None:
    assert cells.scale(text) == (Fraction(scale), offset)


def test_divisors_and_offsets_have_columns_too(listed: List) -> None:
    row = only(listed("address;name;divisor;offset;unit\n1;Temperature;10;-40;°C\n"))
    assert (row.scale, row.offset, row.raw_offset) == (Fraction(1, 10), -40, 400.0)


@pytest.mark.parametrize(
    "text", ["0=off;1=on", "0: off, 1: on", "0 = off / 1 = on", "0=off|1=on", "0x0=off;0x1=on", "0 - off;1 - on"]
)
def test_enumerations(text: str) -> None:
    assert list(cells.labels(text)) == [("off", 0), ("on", 1)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("address,name\n40001.3,x\n", ":2: address: found '40001.3', a bit of a register"),
        ("address,name\n9-3,x\n", ":2: address: found '9-3', expected a range whose end is not before"),
        ("address,name,length,type\n1,x,3,u32\n", ":2: length: found 3, expected 2: the registers of a u32"),
        ("address,name,order\n1,x,edcb\n", ":2: order: found 'edcb', expected big or little"),
        ("address,name,table\n40001,x,input\n", ":2: table: found 'input', but 40001 is holding"),
        ("address,name,offset\n1,x,some\n", ":2: offset: found 'some', expected a number"),
        ("Register\tBeschreibung\tTyp\n1\tx\tu17\n", ":2: type: found 'u17', expected u16"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_line_and_column(listed: List, text: str, says: str) -> None:
    with pytest.raises(FileError) as error:
        listed(text)
    assert f"map.csv{says}" in str(error.value)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_file_is_a_list_or_an_error_with_a_place(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text if isinstance(text, bytes) else ("address,name\n" + text).encode("utf-8", "replace"))
    problems = []
    try:
        assert rows(path).rows
    except FileError as error:
        problems = error.problems
    assert all(problem.startswith(f"{path}:") for problem in problems)


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ("map-40001.csv", [("holding", 0), ("holding", 1)]), ("map-hex-zero.csv", [("holding", 16), ("holding", 17)]),
        ("map-latin1.csv", [("holding", 1)]), ("map-tabs.csv", [("holding", 1)]),
        ("map-words.csv", [("holding", 0), ("holding", 2), ("holding", 4), ("holding", 5)]),
    ],
)  # fmt: skip
def test_the_cases_that_were_reported(shared_cases: Path, case: str, found: list[tuple[str, int]]) -> None:
    assert places(rows(shared_cases / case)) == found
