"""Site files: the accepted ones, and the reports of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinfeed.emulators import sitefile
from twinfeed.emulators.yamlfile import FileError

SMALL = """\
site: small
title: A mains, a board, two ways out
power:
  utility-a: {kind: utility, capacity_kw: 500}
  board-a: {kind: board, from: {mains: utility-a}}
  q-{way}:
    each: {way: 1..2}
    kind: breaker
    from: board-a
    rated_a: 100
racks:
  pdu-{way}: {each: {way: [1, 2]}, kind: pdu, from: "q-{way}", outlets: 8, banks: 8}
"""


def read(tmp_path: Path, text: str) -> sitefile.SiteFile:
    path = tmp_path / "small.yaml"
    path.write_text(text)
    return sitefile.read(path)


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(FileError) as error:
        read(tmp_path, text)
    return [problem.removeprefix(f"{tmp_path}/") for problem in error.value.problems]


def test_entries_become_components_with_their_ratings_and_feeds(tmp_path):
    components = {c.name: c for c in read(tmp_path, SMALL).components}
    assert list(components) == ["utility-a", "board-a", "q-1", "q-2", "pdu-1", "pdu-2"]
    assert components["utility-a"].params.capacity_kw == 500.0
    assert components["board-a"].feeds == {"mains": "utility-a"}
    assert components["pdu-2"].feeds == {"input": "q-2"}
    assert components["pdu-2"].params.outlets == 8


def test_each_repeats_an_entry_and_can_count_on(tmp_path):
    text = "site: s\npower:\n  u: {kind: utility}\n  'b-{n+10}': {each: {n: 1..3}, kind: board, from: [u]}\n"
    assert [c.name for c in read(tmp_path, text).components] == ["u", "b-11", "b-12", "b-13"]


@pytest.mark.parametrize(
    ("found", "wrong", "says"),
    [
        (
            "kind: utility,",
            "kind: utillity,",
            "small.yaml:4: power.utility-a.kind: found 'utillity'; did you mean utility?",
        ),
        (
            "capacity_kw: 500",
            "capacity_kw: much",
            "power.utility-a.capacity_kw: expected 0.1 to 1000000 kW, found 'much'",
        ),
        (
            "capacity_kw: 500",
            "capacity_kwh: 500",
            "power.utility-a.capacity_kwh: unknown field; did you mean capacity_kw?",
        ),
        (
            "mains: utility-a",
            "mains: utility-b",
            "power.board-a.from.mains: 'utility-b' is not in the power path; did you mean",
        ),
        ("rated_a: 100", "rated_a: [100]", "power.q-{way}.rated_a: expected 0.1 to 20000 A, found a list of 1"),
        ("way: 1..2", "way: 1-2", "power.q-{way}.each.way: expected a list or a range such as 1..12, found '1-2'"),
        *(
            ("title:", f"addresses: {network}\ntitle:", f"small.yaml:2: addresses: {said}; expected a network such as")
            for network, said in (
                ("127.0.0.0/99", "'127.0.0.0/99' does not appear to be an IPv4 or IPv6 network"),
                ("127.60.0.5/16", "127.60.0.5/16 has host bits set"),
                ("'::1/64'", "::1/64 has host bits set"),
            )
        ),
        ("title:", "seed: 1.5\ntitle:", "seed: expected -9223372036854775808 to 9223372036854775808, a whole number"),
        ("site: small", "sit: small", "small.yaml:1: sit: unknown field; is it misspelt?"),
        ("  board-a:", "  utility-a:", "the field 'utility-a' is given twice, first in line 4"),
        ("power:\n", "power:\n  x: 3\n", "power.x: expected a mapping such as {kind: board, from: …}, found 3"),
    ],
)
def test_a_mistake_is_told_with_file_line_field_found_and_expected(tmp_path, found, wrong, says):
    told = mistakes(tmp_path, SMALL.replace(found, wrong, 1))
    assert any(says in problem for problem in told), told


def test_all_mistakes_are_told_at_once(tmp_path):
    told = mistakes(tmp_path, SMALL.replace("kind: utility", "kind: u").replace("kind: pdu", "kind: p"))
    assert [line.partition(" found")[0] for line in told] == [
        "small.yaml:4: power.utility-a.kind:", "small.yaml:12: racks.pdu-{way}.kind:",
    ]  # fmt: skip


def test_two_things_of_one_name_are_refused(tmp_path):
    told = mistakes(tmp_path, SMALL.replace("pdu-{way}:", "q-{way}:"))
    assert any("the name 'q-1' is already used in power.q-{way}" in problem for problem in told)


def test_a_site_that_is_not_there_is_not_found():
    with pytest.raises(FileError, match="no site is called 'bamakko'"):
        sitefile.read("bamakko")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileError, match=r"nowhere\.yaml: cannot be read"):
        sitefile.read(tmp_path / "nowhere.yaml")
