"""Pages, JSON and JUnit show what was not seen, and for how long."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict
from pathlib import Path

import pytest
from runs import SESSION

from twinfeed.harness.journal import Journal
from twinfeed.harness.properties import always, evaluate, within
from twinfeed.harness.record import Record
from twinfeed.harness.report import Measure
from twinfeed.harness.report.account import Account
from twinfeed.harness.report.judgement import Judgement
from twinfeed.harness.report.measurement import series
from twinfeed.harness.report.rendering.figures import figure
from twinfeed.harness.report.rendering.files import write_json, write_junit
from twinfeed.harness.report.rendering.page import html
from twinfeed.harness.report.rendering.wording import Wording


def blind() -> Journal:
    """The meter of a load is silent from 10 s to 16 s, and again for half a second later."""
    journal = Journal()
    journal.trace.known_for("rack-1.supplied", 0.04)
    for n in range(1501):
        t = n * 0.02
        if not 10.0 < t < 16.0 and not 20.0 < t < 20.5:
            journal.trace.add(t, "rack-1.supplied", True)
    return journal


@pytest.fixture
def account(tmp_path: Path) -> Account:
    journal, test = blind(), "test_blind.py::test_blind"
    measure = Measure()
    measure.transfer_time(journal, "rack-1.supplied", at_most="40 ms", source="IEC 62040-3, VI-SS")
    verdicts = evaluate(
        journal, always("rack-1.supplied"), always("rack-1.supplied", max_gap="10 s"),
        within("1 s", "rack-1.supplied", after="not rack-1.supplied"),
    )  # fmt: skip
    with Record.open(tmp_path / "record.jsonl") as record:
        record.write("session", "started", **SESSION)
        record.write("test", "started", test=test, code="", site="ups-bench")
        for measurement in measure.taken:
            record.write("test", "measured", test=test, **asdict(measurement))
        for verdict in verdicts:
            record.write("test", "judged", test=test, **asdict(Judgement.of(verdict)))
        record.write("test", "finished", test=test, outcome="failed", reason="1 of 1 …", code="", duration_s=30.0)
    return Account.of(tmp_path)


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("en", ["inconclusive", "0 to 5,960", "unknown for 5.96", "from 10.04", "2 gaps", "counts as known for 10"]),
        ("fr", ["non concluant", "0 à 5", "inconnu pendant 5,96", "de 10,04", "2 lacunes", "vaut pendant 10"]),
    ],
)
def test_the_page_names_the_largest_gap(account: Account, tmp_path: Path, lang: str, texts: list[str]) -> None:
    page = html(account, tmp_path, lang).replace("\N{NARROW NO-BREAK SPACE}", " ")
    for text in texts:
        assert text in page.replace("\N{NO-BREAK SPACE}", " "), text


def test_json_has_every_gap(account: Account, tmp_path: Path) -> None:
    write_json(account, tmp_path / "report.json")
    (test,) = json.loads((tmp_path / "report.json").read_text())["tests"]
    (measurement,), judgements = test["attempts"][0]["measurements"], test["attempts"][0]["judgements"]
    assert (measurement["outcome"], measurement["accepted"], measurement["value"]) == ("inconclusive", False, None)
    assert (measurement["largest_gap_s"], measurement["gap_count"]) == (5.96, 2)
    assert [judgement["verdict"] for judgement in judgements] == ["inconclusive", "holds", "inconclusive"]
    assert judgements[0]["gaps"][0] == {
        "quantity": "rack-1.supplied", "start_s": pytest.approx(10.04), "end_s": 16.0, "why": "no reading",
    }  # fmt: skip
    assert judgements[1]["max_gap_s"] == 10.0


def test_junit_has_the_largest_gap(account: Account, tmp_path: Path) -> None:
    write_junit(account, tmp_path / "junit.xml")
    facts = {p.get("name"): str(p.get("value")) for p in ElementTree.parse(tmp_path / "junit.xml").iter("property")}
    assert "unknown for 5.960 s" in facts["measurement transfer time of rack-1.supplied"]
    assert facts["property always rack-1.supplied"].startswith("inconclusive: always rack-1.supplied")
    assert "unknown for 5.960 s" in facts["property always rack-1.supplied"]


def test_the_figure_of_a_series_is_broken_where_there_was_no_reading() -> None:
    points = [(0, 54.0), (60, 53.0), (120, None), (180, 51.0), (240, 50.0)]
    drawn = figure(series("battery voltage", points, [("time", "s")], "V"), Wording("en"))
    assert drawn.count("<polyline") == 2 and drawn.count('class="unknown"') == 1
