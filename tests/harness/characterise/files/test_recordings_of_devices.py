"""The file of a recording: its content, its mistakes, and the time of each walk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.recording import lines as recordinglines
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load, repair, snmprec_lines

HEAD = {
    "twinfeed": "recording",
    "version": 1,
    "protocol": "snmp",
    "device": "snmp://ups",
    "began": "2026-03-01T08:00:00Z",
}
MODBUS = HEAD | {"protocol": "modbus", "device": "modbus://meter"}
WALKS = [
    {"walk": 1, "t_s": 0.0},
    {"t_s": 0.1, "variables": ["1.3.6.1.2.1.1.5.0|4|ups", "1.3.6.1.2.1.33.1.2.4.0|2|100"]},
    {"walk": 1, "t_s": 0.2, "end": True},
    {"walk": 2, "t_s": 60.0},
    {"t_s": 60.1, "variables": ["1.3.6.1.2.1.1.5.0|4|ups"]},
    {"t_s": 60.2, "trouble": "error-status 5 (genErr)", "at": "1.3.6.1.2.1.1.5.0"},
    {"t_s": 60.3, "variables": ["1.3.6.1.2.1.33.1.2.4.0|2|90"]},
    {"walk": 2, "t_s": 60.4, "end": True},
]


def written(path: Path, *items: object, tail: str = "") -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in items) + tail)
    return path


def test_a_recording_is_walks_of_variables(tmp_path: Path) -> None:
    recording = load(written(tmp_path / "r.jsonl", HEAD, *WALKS))
    assert [(walk.t_s, walk.ended, len(walk)) for walk in recording.walks] == [(0.0, True, 2), (60.0, True, 2)]
    assert recording.walks[1].variables["1.3.6.1.2.1.33.1.2.4.0"].value == 90
    assert recording.walks[1].troubles == ["1.3.6.1.2.1.1.5.0: error-status 5 (genErr)"]


def test_modbus_has_registers_bits_and_what_was_refused(tmp_path: Path) -> None:
    items = (
        {"walk": 1, "t_s": 0.0},
        {"t_s": 0.1, "registers": ["holding", 10, "0001ffff"]},
        {"t_s": 0.1, "bits": ["coil", 0, "101"]},
        {"t_s": 0.1, "refused": ["holding", 12, 2, 2]},
    )
    walk = load(written(tmp_path / "r.jsonl", HEAD | {"protocol": "modbus"}, *items)).walks[0]
    assert walk.registers == {
        ("holding", 10): 1,
        ("holding", 11): 0xFFFF,
        ("coil", 0): 1,
        ("coil", 1): 0,
        ("coil", 2): 1,
    }
    assert walk.refused == {("holding", 12): 2, ("holding", 13): 2}


def test_a_line_cut_off_in_the_middle_was_never_recorded(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", HEAD, *WALKS[:2], tail='{"t_s": 0.15, "varia')
    recording = load(path)
    assert recording.cut
    assert len(recording.walks[0]) == 2


def test_repair_removes_it_and_nothing_else(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl", HEAD, *WALKS).read_bytes()
    for cut in range(whole.rfind(b"\n", 0, -1) + 2, len(whole)):
        path = tmp_path / "r.jsonl"
        path.write_bytes(whole[:cut])
        assert repair(path) == cut - (whole.rfind(b"\n", 0, -1) + 1)
        assert whole.startswith(path.read_bytes())
        assert not load(path).cut


@given(cut=st.integers(0, 900))
def test_a_file_cut_anywhere_loads_or_says_that_nothing_is_left(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.jsonl"
    written(path, HEAD, *WALKS)
    path.write_bytes(path.read_bytes()[:cut])
    if cut <= len(json.dumps(HEAD)):
        with pytest.raises(FileError, match=r"cut\.jsonl"):
            load(path)
    else:
        assert load(path).protocol == "snmp"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([{"hello": 1}], ':1: not a line of a recording: expected {"twinfeed"'),
        ([HEAD | {"version": 9}], ":1: not a line of a recording: version is 9"),
        ([HEAD, {"t_s": 1.0, "variables": []}], ":2: not a line"),
        ([HEAD, WALKS[0], {"t_s": 1.0, "variables": ["x"]}], ":3: not a line of a recording: found 'x'"),
        ([HEAD, WALKS[0], {"t_s": 1.0, "registers": ["holding", 1, "0g"]}], ":3: not a line"),
        ([HEAD, WALKS[0], {"t_s": 1.0, "registers": ["holding", 1, "0000"]}], ":3: not a line"),
        ([HEAD, WALKS[0], {"t_s": 1.0, "variables": ["1.3.6.²|2|1"]}], ":3: not a line of a recording: found"),
        ([HEAD, WALKS[0], {"t_s": 1.0, "variables": [5]}], ":3: not a line of a recording: variables.0: "),
        ([HEAD, {"walk": float("inf"), "t_s": 0.0}], ":2: not a line of a recording: walk: "),
        ([HEAD, {"walk": 1, "t_s": float("nan")}], ":2: not a line of a recording: t_s: "),
        ([HEAD, *WALKS[:3], *WALKS[:1]], ":5: not a line of a recording: t_s: 0 s is before the line above, 0.2 s"),
        ([HEAD, {"t_s": 0.0, "wlak": 1}], ":2: not a line of a recording: wlak: unknown field"),
        ([HEAD | {"began": "2026-03-01T08:00:00"}], ":1: not a line of a recording: began: a time without its zone"),
        ([{**HEAD, "device": ""}], ":1: not a line of a recording: device: "),
        ([HEAD | {"identity": ["a"]}], ":1: not a line of a recording: identity: "),
        ([MODBUS | {"identity": {"sysDescr": "a"}}], ":1: not a line of a recording: identity: found 'sysDescr'"),
        ([MODBUS, *WALKS[:2]], ":3: not a line of a recording: variables in a recording of modbus"),
        ([MODBUS, WALKS[0], {"t_s": 1.0, "refused": ["coil", 0, 10**12, 2]}], ":3: not a line of a recording: ref"),
        ([MODBUS, WALKS[0], {"t_s": 1.0, "registers": ["holding", 65535, "0" * 8]}], ":3: not a line of a recording"),
        ([MODBUS, WALKS[0], {"t_s": 1.0, "registers": ["holdng", 0, "0000"]}], ":3: not a line of a recording: reg"),
        ([MODBUS, WALKS[0], {"t_s": 1.0, "registers": ["holding", 0, "00010"]}], ":3: not a line of a recording: reg"),
        ([MODBUS, WALKS[0], {"t_s": 1.0, "bits": ["coil", 0, "012"]}], ":3: not a line of a recording: bits.2: exp"),
    ],
)
def test_a_wrong_line_is_told_with_file_and_line(tmp_path: Path, lines: list[object], says: str) -> None:
    path = written(tmp_path / "r.jsonl", *lines)
    with pytest.raises(FileError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}{says}")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(sorted(recordinglines.Line.model_fields) + sorted(recordinglines.Head.model_fields))
spans = st.tuples(
    st.sampled_from(["holding", "coil"]), st.integers() | st.floats(), st.text("01f", max_size=9) | st.integers()
)
some_lines = st.dictionaries(fields, json_values | spans, max_size=4)


@given(
    protocol=st.sampled_from([HEAD, MODBUS]),
    head=some_lines,
    lines=st.lists(st.builds(lambda line: {"t_s": 1.0} | line, some_lines) | st.sampled_from(WALKS), max_size=5),
)
def test_anything_in_json_lines_loads_and_can_be_served_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, protocol: dict[str, object], head: dict[str, object], lines: list[object]
) -> None:
    path = written(tmp_path_factory.getbasetemp() / "any.jsonl", protocol | head, WALKS[0], *lines)
    try:
        recording = load(path)
    except FileError:
        return
    for t_s in (0.0, 1.0, 1e6):
        walk = recording.at(t_s, loop=True)
        assert all(0 <= address <= 0xFFFF for _, address in walk.registers)
        list(snmprec_lines(walk))


def test_a_snmprec_file_is_a_recording_of_one_walk(tmp_path: Path) -> None:
    path = tmp_path / "ups.snmprec"
    path.write_text("1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.318\n1.3.6.1.2.1.1.1.0|4|a UPS\n")
    recording = load(path)
    assert recording.identity == {"sysObjectID": "1.3.6.1.4.1.318", "sysDescr": "a UPS"}
    assert list(snmprec_lines(recording.walks[0])) == [
        "1.3.6.1.2.1.1.1.0|4|a UPS",
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.318",
    ]


def test_a_wrong_snmprec_line_is_told_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "ups.snmprec"
    path.write_text("1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.318\nrubbish\n")
    with pytest.raises(FileError, match=r"ups.snmprec:2: found 'rubbish'"):
        load(path)


@pytest.mark.parametrize(
    ("t_s", "loop", "number"),
    [
        (0.0, False, 1),
        (59.9, False, 1),
        (60.0, False, 2),
        (1e6, False, 3),
        (179.0, True, 3),
        (180.0, True, 1),
        (250.0, True, 2),
    ],
)
def test_the_walk_of_a_time_is_the_one_that_had_begun_last(t_s: float, loop: bool, number: int) -> None:
    recording = Recording({}, [Walk(n + 1, 10.0 + 60.0 * n, ended=True) for n in range(3)])
    assert recording.at(t_s, loop).number == number


def test_a_walk_cut_short_is_passed_over_while_there_is_a_whole_one() -> None:
    recording = Recording({}, [Walk(1, 0.0, ended=True), Walk(2, 60.0)])
    assert recording.at(100.0).number == 1
    assert Recording({}, [Walk(1, 0.0)]).at(100.0).number == 1
