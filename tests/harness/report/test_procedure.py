"""The report reads as a procedure, and states itself what an auditor would strike."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from twinfeed.harness.cli import app
from twinfeed.harness.journal import Journal
from twinfeed.harness.record import Person, Record, acting_for, keys, stamps
from twinfeed.harness.report.account import Account
from twinfeed.harness.report.deviations import deviations
from twinfeed.harness.report.facts import ARMED, EDITED, IN_FORCE, WATCHED
from twinfeed.harness.report.measurement import Limits, Measurement, measured
from twinfeed.harness.uncertainty import Instrument, Shortfall, Taken

for library in ("babel", "jinja2"):
    pytest.importorskip(library, reason="pip install 'twinfeed[report]'")

SESSION = {
    "twinfeed": "0.2.0", "python": "3.11.7", "pytest": "8.4.0", "system": "Linux", "worker": "", "tester": "Awa Traoré",
    "command": "pytest --rig ups-bench.yaml --report out", "world": "rig", "bench": "ups-bench", "bench_sha256": "",
    "seed": None, "speed": 1.0, "resumes": False, "document": "IST-2026-041", "unit": "Smart-UPS <1500>",
    "unit_serial": "AS1234567890", "decision_rule": "guarded",
}  # fmt: skip
BENCH = {
    "name": "ups-bench", "title": {"en": "UPS bench", "fr": "Banc onduleur"}, "file": "ups-bench.yaml", "sha256": "ab" * 32,
    "devices": [{"device": "ups-1", "profile": "p", "where": "snmp 192.0.2.7:161", "loopback": False}],
}  # fmt: skip
READING = {
    "name": "charge", "quantity": "ups-1.battery.charge", "limit": "ups-1.battery.charge above 40", "samples": 10,
    "least": 71.0, "most": 90.0, "last": 71.0, "largest_gap_s": 1.02,
}  # fmt: skip
TIME = replace(
    measured("transfer time", 4000.03, "ms", Limits.of(at_most=5000), 54.0, source="IEC 62040-3", is_time=True),
    taken=(Taken(Instrument("rack-1.supplied", "relay-1.input.1.on (Modbus)", 0.05), 164, 0.055, 0.004),),
    shortfall=Shortfall("IEC 62040-3", 0.0001, 0.054),
)
CALIBRATED = replace(
    measured("power", 0.95712, "kW", Limits.of(at_most=1), 0.005),
    taken=(
        Taken(Instrument("meter-1.power.total", "meter-1", 1.0, 0.005, "kW", "2026-03-02", "2027-03-02", "LNM-7"), 9),
    ),
)

Write = Callable[[Record], None]


def line(kind: tuple[str, str], **data: Any) -> Write:
    return lambda record: record.write(*kind, **data) and None


def armed(person: str = "Awa Traoré") -> Write:
    def write(record: Record) -> None:
        with acting_for(Person(1001, "awa")):
            record.write(person, ARMED, for_s=3600.0)

    return write


def measured_lines(*taken: Measurement) -> list[Write]:
    return [line(("test", "measured"), test="test_ups.py::test_a", **asdict(each)) for each in taken]


def journal(folder: Path) -> Write:
    """Kept with the test: a fault at 5 s that shows a little later, and a reading that is missing for a while."""
    made = Journal()
    made.trace.known_for("rack-1.supplied", 0.1)
    for tenth in range(200):
        if not 80 <= tenth < 100:
            made.trace.sample(tenth / 10, "rack-1.supplied", not 51 <= tenth < 60, 0.01)
        made.trace.add(tenth / 10, "ups-1.input.1.voltage", 230.0 if tenth < 50 else 0.0)
    made.record(5.0, "utility-a", "fault", kind="outage")
    path = folder / "files" / "journal.jsonl"
    path.parent.mkdir(exist_ok=True)
    made.write(path)
    from twinfeed.harness.record.folder import sha256

    kept = {"file": "files/journal.jsonl", "name": "journal.jsonl", "sha256": sha256(path), "octets": 1, "caption": ""}

    def write(record: Record) -> None:
        record.write("test", "attached", test="test_ups.py::test_a", **kept)
        record.write("test", "watched", test="test_ups.py::test_a", quantities=list(made.trace))

    return write


def run(
    folder: Path,
    *inside: Write,
    before: tuple[Write, ...] = (),
    doc: str = "REQ-7: no notice.",
    world: str = "rig",
) -> Path:
    """A recorded run with one test; lines `before` its start and `inside` the test."""
    folder.mkdir(exist_ok=True)
    with Record.open(folder / "record.jsonl", keys.own()) as record:
        record.write("session", "started", **{**SESSION, "world": world})
        for write in before:
            write(record)
        record.write("test", "started", test="test_ups.py::test_a", code="", doc=doc, requirements=["REQ-7"])
        for write in inside:
            write(record)
        record.write(
            "test", "finished", test="test_ups.py::test_a", outcome="passed", reason="", code="", duration_s=9.0
        )
        record.write("session", "ended", exit=0)
    return folder


def account(folder: Path) -> Account:
    return Account.of(folder, (), keys.trusted())


def said(folder: Path) -> list[str]:
    return [deviation.said() for deviation in deviations(account(folder))]


def page(folder: Path, lang: str = "en") -> str:
    result = CliRunner().invoke(app, ["report", str(folder), "--lang", lang])
    assert result.exit_code == 0, result.output
    text = (folder / "report.html").read_text(encoding="utf-8")
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)))


# -- deviations --------------------------------------------------------------------------------------------------------


def test_a_run_in_order_has_no_deviation(tmp_path: Path) -> None:
    folder = run(tmp_path / "out", *measured_lines(CALIBRATED), before=(line(IN_FORCE, **BENCH), armed()))
    assert said(folder) == []


@pytest.mark.parametrize(
    ("writes", "text"),
    [
        ([armed("Moussa Keïta")], "Tested by Awa Traoré, but the bench was armed by Moussa Keïta."),
        ([line(EDITED, sha256="cd" * 32)], "The bench file was edited at"),
        (
            [line(IN_FORCE, **{**BENCH, "devices": [{"device": "u", "loopback": True}]})],
            "1 of 1 devices were programs on this computer",
        ),
        ([line(IN_FORCE, **BENCH), line(IN_FORCE, **{**BENCH, "sha256": "ef" * 32})], "2 versions of the bench file"),
        (measured_lines(TIME), "not in accordance with IEC 62040-3: sampling"),
        (measured_lines(TIME), "transfer time: measured with rack-1.supplied, which is not calibrated."),
        (
            measured_lines(measured("u", 236.8, "V", Limits.of(within=(223, 237)), 0.5)),
            "u: accepted by its reading; the uncertainty reaches over a limit",
        ),
        (
            measured_lines(measured("t", 0.0, "ms", Limits.of(at_most=10), 22.0, is_time=True, allowed=True)),
            "t: accepted although it is inconclusive.",
        ),
        ([line(("test", "deviation"), test="test_ups.py::test_a", text="At 60 % load.")], "At 60 % load."),
        (
            [line(("instrument", "calibrated"), instrument="scope-1", due="2020-01-31")],
            "The calibration of scope-1 had run out on 2020-01-31.",
        ),
    ],
)
def test_what_an_auditor_would_strike_is_stated(tmp_path: Path, writes: list[Write], text: str) -> None:
    folder = run(tmp_path / "out", *writes)
    assert [each for each in said(folder) if text in each], said(folder)
    assert text in page(folder)


@pytest.mark.parametrize(("world", "struck"), [("simulated", True), ("live", True), ("rig", False)])
def test_a_standard_is_not_met_on_emulated_devices(tmp_path: Path, world: str, struck: bool) -> None:
    cited = measured("power", 0.95712, "kW", Limits.of(at_most=1), 0.005, source="IEC 62040-3, 6.4.2")
    folder = run(tmp_path / "out", *measured_lines(cited), world=world)
    text = "power: not in accordance with IEC 62040-3: emulated, no device was measured."
    assert (text in said(folder)) is struck


def test_a_clock_that_was_set_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = stamps.Stamp.now
    ahead = {"s": 0.0}

    def stepped() -> stamps.Stamp:
        stamp = now()
        return replace(stamp, mono_s=stamp.mono_s - ahead["s"])

    monkeypatch.setattr(stamps.Stamp, "now", stepped)

    def step(record: Record) -> None:
        ahead["s"] = 3600.0

    folder = run(tmp_path / "out", step, line(("test", "remark"), test="test_ups.py::test_a", text="tea"))
    (found,) = deviations(account(folder))
    assert found.red
    assert found.said().startswith("The computer's clock was set by +3600.0 s")


def test_an_instrument_without_a_calibration_is_listed_as_such(tmp_path: Path) -> None:
    watched = line(WATCHED, readings=[READING])
    calibrated = line(("instrument", "calibrated"), instrument="meter-1.power.total", due="2027-03-02")
    folder = run(tmp_path / "out", watched, calibrated, *measured_lines(TIME, CALIBRATED))
    assert account(folder).uncalibrated == ["rack-1.supplied", "ups-1.battery.charge"]
    assert "rack-1.supplied not calibrated ups-1.battery.charge not calibrated" in page(folder)


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_is_a_procedure(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    step = line(
        ("test", "step"), test="test_ups.py::test_a", instruction="Listen to the fan", expected="it turns", observed=""
    )
    folder = run(out, step, journal(out), *measured_lines(TIME, CALIBRATED), before=(line(IN_FORCE, **BENCH), armed()))
    text = page(folder)
    for words in (
        "Document IST-2026-041", "Smart-UPS <1500>", "AS1234567890", "Barcode or sticker", "UPS bench (ups-bench)",
        "rig: physical devices", "Armed by Awa Traoré (awa, uid 1001)", "snmp 192.0.2.7:161", "REQ-7: no notice.",
        "Listen to the fan it turns", "Cause outage of utility-a", "done at 5 s", "4,000 ms ± 54 ms", "0.9571 kW",
        "relay-1.input.1.on (Modbus); not calibrated; read every 50 ms: 164 readings, largest gap 55 ms, longest answer 4 ms",
        "calibrated March 2, 2026, valid until March 2, 2027, LNM-7", "guard band: reading ± uncertainty", "Initials",
        "Witnessed by", "Remarks",
    ):  # fmt: skip
        assert words.replace("\xa0", " ") in text.replace("\xa0", " "), words


def test_in_french_the_bench_has_its_french_title(tmp_path: Path) -> None:
    text = page(run(tmp_path / "out", before=(line(IN_FORCE, **BENCH), armed())), "fr")
    assert "Banc onduleur (ups-bench)" in text
    assert "Awa Traoré a armé le banc" in text


def test_the_readings_of_interlocks_are_summed_up(tmp_path: Path) -> None:
    lower = {**READING, "least": 55.5, "largest_gap_s": 2.5}
    writes = [line(WATCHED, over_s=10.0, readings=[each]) for each in (READING, lower)]
    (watch,) = account(run(tmp_path / "out", *writes)).facts.watches
    assert (watch.samples, watch.least, watch.most, watch.largest_gap_s) == (20, 55.5, 90.0, 2.5)


def test_each_action_has_a_picture_of_what_was_watched(tmp_path: Path) -> None:
    """Around the fault at 5 s; the stretch without readings is grey."""
    out = tmp_path / "out"
    out.mkdir()
    page(run(out, journal(out)))
    html = (out / "report.html").read_text(encoding="utf-8")
    (picture,) = re.findall(r'<svg class="figure".*?</svg>', html)
    drawn = ElementTree.fromstring(picture)
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"rack-1.supplied", "ups-1.input.1.voltage", "Cause outage of utility-a"} <= set(texts)
    grey = [each for each in drawn.iter("{http://www.w3.org/2000/svg}rect") if each.get("class") == "unknown"]
    assert len(grey) == 1


def test_the_footer_of_each_page_has_number_and_hash(tmp_path: Path) -> None:
    folder = run(tmp_path / "out")
    page(folder)
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert f'@bottom-left {{ content: "IST-2026-041 · SHA-256 {account(folder).chains[0].last}"; }}' in html


@given(number=st.text(max_size=30))
def test_no_number_of_a_document_leaves_the_quotes_of_the_style(number: str) -> None:
    from twinfeed.harness.report.rendering.page import _css

    assert not re.search(r'(?<!\\)["<>\n\r]', str(_css(number)))


# -- for programs ------------------------------------------------------------------------------------------------------


def test_csv_has_a_row_for_each_measurement(tmp_path: Path) -> None:
    folder = run(tmp_path / "out", *measured_lines(TIME, CALIBRATED), before=(line(IN_FORCE, **BENCH),))
    page(folder)
    with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    time, power = [row for row in rows if row["kind"] == "measurement"]
    assert (time["unit_serial"], time["value"], time["uncertainty"], time["not_in_accordance_with"]) == (
        "AS1234567890", "4000.03", "54.0", "IEC 62040-3"
    )  # fmt: skip
    assert (power["instrument"], power["certificate"], power["accuracy"]) == ("meter-1", "LNM-7", "0.005")
    assert (folder / "report.junit.xml").exists()


def test_a_spreadsheet_takes_no_text_for_a_formula(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://192.0.2.1")'
    folder = run(tmp_path / "out", *measured_lines(measured(evil, 1.0, "V")))
    page(folder)
    with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert f"'{evil}" in names
