"""The handed-in files: the page, the PDF, JUnit XML and JSON of a recorded run, and of one that was altered."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
import runs
from external import program, run
from typer.testing import CliRunner, Result

from twinfeed.harness.cli import app
from twinfeed.harness.record import Record
from twinfeed.harness.report import Ending, Outcome
from twinfeed.harness.report.account import Account
from twinfeed.harness.report.rendering.files import schema

for library in ("babel", "jinja2"):
    pytest.importorskip(library, reason="pip install 'twinfeed[report]'")

HERE = Path(__file__).parent
Report = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return runs.write(tmp_path / "out")


@pytest.fixture
def report(folder: Path) -> Report:
    """`twinfeed report` of that run, in English unless stated otherwise."""

    def call(*options: str, lang: str = "en") -> Result:
        return CliRunner().invoke(app, ["report", str(folder), "--lang", lang, *options])

    return call


def words(folder: Path) -> str:
    """The text of the page, as it is read."""
    found: list[str] = []

    class Reader(HTMLParser):
        hidden = False

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.hidden = tag == "style"

        def handle_data(self, data: str) -> None:
            if not self.hidden:
                found.append(data)

    Reader().feed((folder / "report.html").read_text(encoding="utf-8"))
    return re.sub(r"[ \n]+", " ", " ".join(found))


# -- statements of the records ------------------------------------------------------------------------------------------


def test_each_test_ends_as_its_last_attempt_did(folder: Path) -> None:
    account = Account.of(folder)
    assert {test.name.partition("::")[2]: str(test.last.outcome) for test in account.tests} == {
        "test_transfer[a]": "passed",
        "test_battery": "failed",
        "test_bypass": "skipped",
        "test_killed": "interrupted",
    }
    assert account.counts[Ending.INTERRUPTED] == 1


def test_measurements_are_as_they_were_taken(folder: Path) -> None:
    battery = Account.of(folder).tests[1].last
    assert [(m.name, m.outcome) for m in battery.measurements] == [
        ("transfer time", Outcome.PASS), ("output <V>", Outcome.FAIL), ("hall temperature", Outcome.MARGINAL),
        ("battery voltage", Outcome.PASS),
    ]  # fmt: skip
    assert battery.measurements[3].points[1] == (60.0, 53.25)


def test_the_supervisors_record_is_told_with_the_others(folder: Path) -> None:
    account = Account.of(folder)
    assert [chain.file for chain in account.chains] == ["record.jsonl", "supervisor.jsonl"]
    assert "armed the bench" in [happening.what for happening in account.timeline]


def test_a_record_that_lies_elsewhere_is_named(folder: Path, tmp_path: Path, report: Report) -> None:
    elsewhere = tmp_path / "bench-3" / "record.jsonl"
    elsewhere.parent.mkdir()
    (folder / "supervisor.jsonl").rename(elsewhere)
    assert report("--record", str(elsewhere)).exit_code == 0
    assert "bench-3/record.jsonl" in words(folder)


def test_of_a_bench_record_only_what_belongs_to_the_run_is_told(folder: Path) -> None:
    lines = (folder / "record.jsonl").read_text(encoding="utf-8")
    later = [json.loads(line) for line in lines.splitlines()]
    before = "0" * 64
    for entry in later:  # the same run, a day later
        entry["before"] = before
        for name in ("hash", "sig", "mono_s", "boot"):
            del entry[name]
        entry["data"].pop("key", None)
        day = datetime.fromisoformat(entry["time"]) + timedelta(days=1)
        entry["time"] = day.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        before = entry["hash"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "record.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in later), encoding="utf-8")
    account = Account.of(folder)
    assert account.sound
    assert "armed the bench" not in [happening.what for happening in account.timeline]


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_has_what_is_handed_in(folder: Path, report: Report) -> None:
    assert report().exit_code == 0
    text = words(folder)
    for said in (
        "1 passed", "1 failed", "1 skipped", "1 interrupted",  # the summary
        "the rig has no actuator for ups-1 bypass & fault", "It began and never ended",
        "8.25\xa0ms", "≤\xa010\xa0ms", "IEC 62040-3", "223 to 237\xa0V", "marginal",  # measurements
        "Smart-UPS <SMT1500>", "UPS 18.8", "AS1234567890", "LNM-2026-0412", "calibration has run out",
        "Moussa Keïta", "Ouvrir le disjoncteur Q3.", "Awa Traoré armed the bench",
        "verified", Account.of(folder).chains[0].last, "Signature", "Accepted by",
    ):  # fmt: skip
        assert said in text, said


def test_the_page_needs_nothing_else(folder: Path, report: Report) -> None:
    report()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "url(" not in page
    assert "<script" not in page
    assert 'src="data:image/svg+xml;base64,' in page


def test_what_the_records_say_is_text_not_markup(folder: Path, report: Report) -> None:
    report()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Q3 &lt;open&gt;" in page
    assert "<SMT1500>" not in page
    assert "<V>" not in page


def test_in_french(folder: Path, report: Report) -> None:
    report(lang="fr")
    text = words(folder)
    for said in (
        "Rapport d'essais", "1 réussi", "1 échoué", "8,25\xa0ms", "223 à 237\xa0V", "à la limite", "étalonnage périmé",
        "2 mars 2026", "Mesures hors limites ou non relevées\xa0: 1 sur 4.", "Réceptionné par", "0:20:34",
    ):  # fmt: skip
        assert said in text, said


def test_the_language_is_that_of_the_locale(folder: Path, monkeypatch: pytest.MonkeyPatch, report: Report) -> None:
    monkeypatch.setenv("LC_ALL", "fr_ML.UTF-8")
    report(lang="")
    assert '<html lang="fr">' in (folder / "report.html").read_text(encoding="utf-8")


# -- a record that was altered -----------------------------------------------------------------------------------------


def alter(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "trouble"),
    [
        ("record.jsonl", '"value":219.0', '"value":229.0', "record.jsonl:11: was altered after it was written"),
        ("supervisor.jsonl", "3600.0", "7200.0", "supervisor.jsonl:2: was altered after it was written"),
        ("files/0123-breaker.svg", "10", "11", "files/0123-breaker.svg: was altered after it was kept"),
    ],
)
def test_what_was_altered_is_told_and_the_exit_code_is_1(
    folder: Path, report: Report, file: str, old: str, new: str, trouble: str
) -> None:
    alter(folder / file, old, new)
    result = report("--json", "--data", str(folder / "out.json"), "--junit", str(folder / "out.xml"))
    assert result.exit_code == 1
    assert trouble in result.output
    assert '<section class="alarm">' in (folder / "report.html").read_text(encoding="utf-8")
    assert trouble in words(folder)
    assert json.loads((folder / "out.json").read_text())["sound"] is False
    assert ElementTree.parse(folder / "out.xml").find(".//testcase[@classname='record']/error") is not None


def test_what_follows_a_break_is_not_believed(folder: Path) -> None:
    alter(folder / "record.jsonl", '"value":219.0', '"value":229.0')
    account = Account.of(folder)
    assert [m.name for m in account.tests[1].last.measurements] == ["transfer time"]
    assert account.tests[1].last.outcome is Ending.INTERRUPTED


def test_a_worker_whose_chain_is_broken_does_not_keep_the_others_from_being_told(folder: Path) -> None:
    with Record.open(folder / "record-gw1.jsonl") as record:
        record.write("test", "passed earlier", test="test_ups.py::test_of_a_broken_chain", at="2026-11-24T10:02:11Z")
    assert len(Account.of(folder).tests) == 4


def test_notes_in_another_form_are_told_in_the_timeline_only(folder: Path, report: Report) -> None:
    with Record.open(folder / "supervisor.jsonl") as record:
        record.write("operator", "confirmed", text="Q4 is shut")
        record.write("instrument", "calibrated", instrument="meter-2", due="soon")
    assert report().exit_code == 0
    assert "Q4 is shut" in words(folder)
    assert len(Account.of(folder).confirmations) == 1


def test_a_folder_without_a_record_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert result.exit_code == 2
    assert "there is no record (*.jsonl) in it; pytest --report" in result.output


def test_an_unknown_language_is_told(report: Report) -> None:
    result = report(lang="bm")
    assert (result.exit_code, "found language 'bm', expected one of: en, fr" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("library", "message"),
    [("jinja2", "reports need Jinja2"), ("babel", "reports need Babel"), ("weasyprint", "PDF needs")],
)
def test_a_missing_library_says_how_to_get_it(
    report: Report, monkeypatch: pytest.MonkeyPatch, library: str, message: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    result = report("--pdf")
    assert (result.exit_code, f"{message}" in result.output) == (2, True)
    assert "pip install 'twinfeed[report]'" in result.output


def test_a_missing_pango_says_how_to_get_it(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    class WithoutPango(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setitem(sys.modules, "weasyprint", WithoutPango("weasyprint"))
    result = report("--pdf")
    assert (result.exit_code, "apt install libpango-1.0-0" in result.output) == (2, True)


# -- other forms -------------------------------------------------------------------------------------------------------


def test_junit_is_as_its_readers_expect(folder: Path, report: Report) -> None:
    xmlschema = pytest.importorskip("xmlschema")
    report("--junit", str(folder / "out.xml"))
    xmlschema.validate(str(folder / "out.xml"), str(HERE / "junit.xsd"))
    suite = ElementTree.parse(folder / "out.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    properties = {p.get("name"): p.get("value") for p in suite.iterfind("testcase[@name='test_battery']/properties/*")}
    assert properties["measurement transfer time"] == (
        "pass: transfer time: found 8.25 ms, expected at most 10 ms (IEC 62040-3)"
    )


def test_json_is_as_its_schema_says(folder: Path, report: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    report("--data", str(folder / "out.json"))
    document = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document, schema(), jsonschema.Draft202012Validator)
    assert (document["form"], document["sound"], document["counts"]["failed"]) == (1, True, 1)
    assert document["tests"][1]["attempts"][0]["measurements"][0]["limits"]["at_most"] == 10
    assert document["devices"][0]["firmware"] == "UPS 18.8"


@pytest.mark.interop
@pytest.mark.parametrize(("lang", "title"), [("en", "Test report"), ("fr", "Rapport d'essais")])
def test_the_pdf_reads_as_the_page_does(folder: Path, report: Report, lang: str, title: str) -> None:
    pytest.importorskip("weasyprint", reason="pip install 'twinfeed[report]'")
    pdftotext = program("pdftotext", "poppler-utils")
    result = report("--pdf", lang=lang)
    assert result.exit_code == 0, result.output
    text = run([pdftotext, "-layout", str(folder / "report.pdf"), "-"])
    assert title in text
    assert "Moussa Keïta" in text
    assert Account.of(folder).chains[0].last in text
