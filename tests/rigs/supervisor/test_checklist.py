"""The checklist of a bench: confirmed item by item before it is armed, recorded with the names of persons."""

from __future__ import annotations

import pytest
from memory_bench import MemoryBench

from twinfeed.harness.record import read
from twinfeed.hil_rigs.persons import checklist
from twinfeed.hil_rigs.schema import CHECKLIST, Bench
from twinfeed.hil_rigs.supervisor.moves import Denied

LISTED = "checklist: [The oil valve is open., {en: The hall is empty., fr: La salle est vide.}]"
OIL, HALL = "The oil valve is open.", "The hall is empty."


def test_a_bench_is_not_armed_before_each_item_is_confirmed(bench: MemoryBench) -> None:
    supervisor = bench.start(LISTED)
    for confirmed in ({}, {OIL: "Awa"}, {OIL: "Awa", HALL: ""}, {OIL: "Awa", "La salle est vide.": "Awa"}):
        with pytest.raises(Denied, match=r"not confirmed: .*The hall is empty"):
            bench.run(supervisor.arm("Awa", 60.0, confirmed=confirmed))
    assert supervisor.state == "read-only"


def test_the_record_has_each_item_with_the_person_who_confirmed_it(bench: MemoryBench) -> None:
    supervisor = bench.start(LISTED)
    bench.run(supervisor.arm("Awa", 60.0, confirmed={OIL: "Moussa", HALL: "Awa"}))
    lines = bench.lines()
    assert lines.index(("operator", "confirmed")) < lines.index(("Awa", "armed the bench"))
    said = [entry.data for entry in read(bench.folder / "record.jsonl") if entry.what == "confirmed"]
    assert [(data["person"], data["instruction"], data["answer"]) for data in said] == [
        ("Moussa", OIL, "confirmed"), ("Awa", HALL, "confirmed"),
    ]  # fmt: skip


def test_a_file_without_a_checklist_has_that_of_every_bench() -> None:
    assert checklist.items(Bench(bench="lab")) == [item["en"] for item in CHECKLIST]
    assert len(CHECKLIST) == 3


@pytest.mark.parametrize(
    ("options", "confirmed"),
    [
        (["Awa"], {OIL: "Awa", HALL: "Awa"}),
        (["2=Moussa", "Awa"], {OIL: "Awa", HALL: "Moussa"}),
        (["1=Awa Traoré"], {OIL: "Awa Traoré"}),
        ([], {}),
    ],
)
def test_scripts_name_who_has_confirmed(options: list[str], confirmed: dict[str, str]) -> None:
    assert checklist.by_options(Bench(bench="lab", checklist=[OIL, HALL]), options) == confirmed


@pytest.mark.parametrize("option", ["3=Awa", "0=Awa", "x=Awa", "1=", ""])
def test_an_item_that_is_not_there_is_refused(option: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        checklist.by_options(Bench(bench="lab", checklist=[OIL, HALL]), [option])
