"""Files that nobody meant to be read: an error with the file's name, after little work."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators import sitefile, textfile, yamlfile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.textfile import FileError
from twinfeed.harness.characterise.recording import recording
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.journal import Journal
from twinfeed.hil_rigs import rigfile

YAML_READERS: dict[str, Callable[[Path], Any]] = {
    "site": sitefile.read, "profile": library.load, "scenario": Scenario.load, "rig": rigfile.read,
}  # fmt: skip
READERS = {**YAML_READERS, "recording": recording.load, "journal": Journal.read}

SITE = "site: s\npower:\n"

BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
"""10^11 texts in 500 octets."""


def refusal(read: Callable[[Path], Any], path: Path) -> str:
    with pytest.raises(FileError) as error:
        read(path)
    text = str(error.value)
    assert str(path) in text
    assert text.replace("\n", "").isprintable()
    return text


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, reader: str) -> None:
    fifo = tmp_path / "x.yaml"
    os.mkfifo(fifo)
    assert "is a FIFO, expected a file" in refusal(READERS[reader], fifo)


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_is_refused(tmp_path: Path, reader: str) -> None:
    (tmp_path / "x.yaml").mkdir()
    refusal(READERS[reader], tmp_path / "x.yaml")


def test_a_device_is_refused() -> None:
    with pytest.raises(FileError, match="/dev/zero: is a device, expected a file"):
        textfile.text(Path("/dev/zero"))


def test_a_name_with_a_nul_is_refused() -> None:
    with pytest.raises(FileError, match="cannot be read: embedded null byte"):
        sitefile.read("a\0.yaml")


@pytest.mark.parametrize("reader", YAML_READERS)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("site: " + "[" * 100_000, "is nested deeper than 64 levels"),
        ("site: " + "{a: " * 100_000, "is nested deeper than 64 levels"),
        ("- " * 100_000 + "x", "is nested deeper than 64 levels"),
        (BOMB, "the file has more than 100,000 values, each alias counted in full"),
        ("a: &a [*a]\n", "undefined alias"),
        ("a: 1\nb: 2\na: 3\n", "the field 'a' is given twice, first in line 1"),
        ("a: 1" + "0" * 5000, "found a number of 5001 digits"),
        ("a: !!python/object/apply:os.system [x]\n", "found the tag"),
        ("a: !mine x\n", "found the tag !mine"),
        ("a: 1\n---\nb: 2\n", "a second document begins"),
        ("? [1, 2]\n: x\n", "expected a text as the name of a field, found a list of 2"),
        ("a: \x07\n", "not valid YAML"),
        ("", "expected a mapping of fields, found nothing"),
        ("just words", "expected a mapping of fields, found 'just words'"),
    ],
)  # fmt: skip
def test_yaml_beyond_all_measure_is_refused(tmp_path: Path, reader: str, text: str, says: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert says in refusal(YAML_READERS[reader], path)


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        ("site: caf\xe9\n".encode("latin-1"), ":1: cannot be read: the octet 0xe9 is not UTF-8; save it as UTF-8"),
        ("site: s\n".encode("utf-16"), ":1: is UTF-16, expected UTF-8"),
        (b"#" * (textfile.MOST_OCTETS + 1), "is larger than 1,000,000 octets"),
        (b"\0" * 100, "not valid YAML"),
    ],
)
def test_octets_that_are_no_text_are_refused(tmp_path: Path, octets: bytes, says: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(octets)
    assert says in refusal(sitefile.read, path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfsite: s\n")
    assert sitefile.read(path).head.site == "s"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("  u: {kind: utility, capacity_kw: .nan}", 3, "power.u.capacity_kw: expected 0.1 to 1000000 kW, found nan"),
        ("  u: {kind: utility}\n  x: {kind: ups, from: u, kva: .inf}", 4, "power.x.kva: expected 0.1 to 100000 kVA, found inf"),
        ("  u: {kind: utility, capacity_kw: -60}", 3, "power.u.capacity_kw: expected 0.1 to 1000000 kW, found -60"),
        ("  u: {kind: utility, capacity_kw: true}", 3, "expected 0.1 to 1000000 kW, found True"),
        ("  u: {kind: utility}\ncooling:\n  h: {kind: hall, area_m2: -12}", 5, "cooling.h.area_m2: expected 1 to 100000 m2"),
        ("  u: {kind: utility}\ncooling:\n  c: {kind: crah, from: u, hall: h}\n  h: {kind: hall}", 5, "cooling.c: loop is missing: name a water_loop"),
        ("  u: {kind: utility}\n  c: {kind: chiller, loop: w}\n  w: {kind: water_loop}", 4, "power.c: `from` is missing: a chiller needs a feed for its terminal input"),
        ("  'u{n}': {kind: utility, each: {n: 1..2000000000}}", 3, "stands for 2,000,000,000 entries, expected at most 100,000"),
        ("  'u{n}': {kind: utility, each: {n: [[1], 2]}}", 3, "expected a list or a range such as 1..12"),
        ("  'u{n+1}': {kind: utility, each: {n: [a]}}", 3, "{n+1}: n is 'a', expected a whole number"),
        (f"  {'u' * 200}: {{kind: utility}}", 3, "expected 1 to 64 letters, digits, - and _"),
        ('  "u\\0": {kind: utility}', 3, "expected 1 to 64 letters, digits, - and _"),
        ('  "": {kind: utility}', 3, "expected 1 to 64 letters, digits, - and _"),
        ("  works: {kind: utility}", 3, "the name 'works' is taken"),
        ("  u: {kind: utilty}\n  b: {kind: board, from: u}", 3, "did you mean utility?"),
        ("  a: {kind: board, from: b}\n  b: {kind: board, from: a}", 3, "the power path runs in a circle"),
        ("  u: {kind: utility, device: {profile: ups-rfc1628}}", 3, "u is a utility, expected a ups"),
        ("  u: {kind: utility}\n  p: {kind: ups, from: u, device: {profile: ups-rfc1628, powered_by: 'u:7'}}", 4, "u has no socket '7'"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, line: int, says: str) -> None:
    from twinfeed.emulators.site import Site

    path = tmp_path / "x.yaml"
    path.write_text(SITE + text + "\n")
    told = refusal(Site.load, path)
    assert told.startswith(f"{path}:{line}: ")
    assert says in told
    assert "\n" not in told, "one mistake is told once"


@pytest.mark.parametrize("name", ["../../tmp/evil", "x" * 200, "a\0b", "", "\x1b[31m", "a b"])
def test_a_site_has_a_name_that_a_socket_may_have(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"site: {__import__('json').dumps(name)}\n")
    assert "expected 1 to 64 letters, digits, - and _" in refusal(sitefile.read, path)


def test_a_small_file_that_unpacks_to_a_large_one_is_not_unpacked_whole(tmp_path: Path, monkeypatch: Any) -> None:
    from twinfeed.harness.characterise.recording.snmpfiles import reading

    monkeypatch.setattr(reading, "MOST_RECORDED_OCTETS", 1000)
    path = tmp_path / "x.snmprec.gz"
    path.write_bytes(gzip.compress(b"\0" * 1_000_000))
    with pytest.raises(FileError, match="is larger than 1,000 octets when it is unpacked"):
        reading.unpacked(path, path.read_bytes())


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"a": ' * 50_000, b"1" * 5000])
def test_a_line_of_a_recording_beyond_all_measure_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"{" + line + b"\n")
    assert f"{path}:1: " in refusal(recording.load, path)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!?|>'\"#,\n \t<0.", max_size=60).map(str.encode)))
def test_any_octets_are_a_mapping_or_an_error_with_the_files_name(tmp_path_factory: Any, octets: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "octets.yaml"
    path.write_bytes(octets)
    try:
        assert isinstance(yamlfile.load(path), yamlfile.Fields)
    except FileError as error:
        assert all(line.startswith(str(path)) for line in error.problems)  # noqa: PT017
