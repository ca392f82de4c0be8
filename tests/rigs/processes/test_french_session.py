"""A whole session at a bench in French: each line that is printed is French, or is data.

A line is known to be French by the template of the catalogue that made it. The rest must be data: names of the bench,
figures, paths, commands, times, and what a person typed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from process_bench import RIG, ProcessBench, process_bench
from workers import warm

from twinfeed.harness.language.words import AROUND, Template, Words, _catalogue
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.persons import pins

HASH = pins.hashed("4711")
PERSONS = f"""
pins: {{Moussa: "{HASH}"}}
title: {{en: The bench of the lab, fr: Le banc du laboratoire}}
"""

FRENCH = Words("fr")
MADE = [
    template
    for template in (Template(french.strip(AROUND + " "), "") for french in _catalogue("fr").values())
    if template.names and template.letters > 1
]
SAID = {french.strip(AROUND + " ") for french in _catalogue("fr").values()}
"""The French texts of the catalogue: those with parameters, as templates, and the others."""

ENGLISH = re.compile(
    r"\b(the|is|are|was|were|has|have|not|and|or|of|by|with|for|from|this|that|it|its|expected|found|since|nobody|"
    r"safe|armed|bench|device|reading|written|what|where|which|there|here|until|after|before)\b"
)
"""Words that no French line has: a second check, which knows nothing of the catalogue."""

COMMANDS = re.compile(
    r"'?(?:twinfeed|pytest)(?: [\w./-]+)*'?|(?<!\S)--?[a-z][\w-]*|\S*/\S*|\S+\.(?:yaml|jsonl|py|html|csv|xml|sock)"
)
"""Commands, options, paths and files."""

CELLS = re.compile(r"\s{2,}|[│╭╰─╮╯*]+| · |^twinfeed: | \[o/N\] ")
"""The characters between the cells of a table, and before a complaint."""

BETWEEN = re.compile(r" ; | : |: |, | \(|\) ?| (?=\[)|(?<=\.) ")
"""The characters between texts that are put together."""

NAME = re.compile(r"\S*[-._/\d<>=|`'\"]\S*|True|False")
"""Names of points, quantities and places, hashes, figures, and what stands in quotes."""

WORD = re.compile(r"[a-zà-ÿ]{3,}")


def without(text: str, data: set[str]) -> str:
    """The text without data, commands, paths, names and figures."""
    for word in sorted(data, key=len, reverse=True):
        text = text.replace(word, " ") if " " in word else text
    text = NAME.sub(" ", COMMANDS.sub(" ", text))
    return " ".join(word for word in text.split() if word.strip("(),:;→") not in data)


def is_french(text: str, data: set[str]) -> bool:
    """True if a text is of the catalogue, or data, or is put together from such."""
    text = text.strip(AROUND + " ")
    if text in SAID or not WORD.search(without(text, data)):
        return True
    for template in MADE:
        values = template.values(text)
        if values is not None and all(len(value) < len(text) and is_french(value, data) for value in values.values()):
            return True
    return any(
        is_french(text[: cut.start()], data) and is_french(text[cut.end() :], data) for cut in BETWEEN.finditer(text)
    )


def english(line: str, data: set[str]) -> str:
    """Why a line is not French; empty if it is."""
    text = line.strip(AROUND + " ")
    if (translated := FRENCH(text)) != text and FRENCH(without(text, data).strip(AROUND)) != without(text, data).strip(
        AROUND
    ):
        return f"{text!r} could be {translated!r}"
    found = ENGLISH.search(without(text, data))
    return f"{text!r} has {found[0]!r}" if found else ""


class Text(HTMLParser):
    """The texts of a page, without styles and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script", "svg")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "svg")

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.found.append(" ".join(data.split()))


FINGERPRINT = re.compile(r"\b[0-9a-f]{4}(?: [0-9a-f]{4})+\b")
"""The fingerprint of a key: a group of it may have letters only, and is no word."""

PAGE = "report.html"
"""Its figures and dates are Babel's."""

DEVICES = (
    "AP8959EU3 Switched Rack PDU…", "Banc émulé", "Banc réseau", "Banc onduleur", "Skid d'eau glacée", "Le banc du laboratoire",
    "Aide : ", "[par défaut : 1h]", "Three-phase UPS with an RFC 1628 management card", "Three-phase UPS with an RFC…", "reboot", "off", "delayed-on",
    "delayed-off", "delayed-reboot", "inlet-loss", "outlet", "load", "spare", "charge", "rack-1", "supplied", "redundant",
    "battery", "temperature", "humidity", "sensor", "control", "state",
)  # fmt: skip
"""Devices' own identifications, and the names of their points and of the bench's parts."""


class Session:
    """Commands on a bench, and every line that they have printed."""

    def __init__(self, bench: ProcessBench) -> None:
        self.bench = bench
        self.lines: list[tuple[str, str]] = []

    def __call__(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        done = warm.run(*words, env=self.bench.env, cwd=self.bench.folder, typed=typed)
        command = " ".join(words)
        lines = (done.stdout + done.stderr).splitlines()
        self.lines += [(command, line) for line in lines if "Password input may be echoed" not in line]  # no terminal
        return done

    def rig(self, command: str, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return self("rig", command, str(self.bench.file), *words, typed=typed)

    def english(self) -> list[str]:
        """The lines that are not French."""
        bench = self.bench
        data = {
            bench.name,
            str(bench.folder),
            "Awa",
            "Moussa",
            "Ibrahim",
            "root",
            "la pompe fume",
            *DEVICES,
            *rigfile.names(),
        }
        found = []
        for command, printed in self.lines:
            line = FINGERPRINT.sub("0", printed)
            if why := english(line, data):
                found.append(f"{command}: {why}")
            elif (
                command != PAGE
                and not is_french(line, data)
                and not all(is_french(cell, data) for cell in CELLS.split(line))
            ):
                found.append(f"{command}: {line!r} is of no text of the catalogue")
        return found


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    text = (
        RIG.replace("wiring:", f"{PERSONS}wiring:", 1)
        .replace("stale: 60s", "stale: 20s")
        .replace("step: 10s", "step: 3s")
    )
    with process_bench(tmp_path, text) as bench:
        bench.env |= {"LANG": "fr_FR.UTF-8", "LC_ALL": "", "LANGUAGE": "", "TWINFEED_KEY": str(tmp_path / "key.pem")}
        bench.env |= {"COLUMNS": "1000", "PYTHONWARNINGS": "ignore"}
        yield Session(bench)


TEST = """
async def test_the_load_is_cut(site, measure):
    await site.inject("pdu-1", "inlet-loss", for_="1s")
    await site.run("2s")
    measure("charge", (await site["ups-1"].read("battery.charge")).value, unit="%", at_least=20)

async def test_of_a_fault_that_the_bench_cannot_cause(site):
    await site.inject("utility-a", "outage")
"""


def test_a_bench_is_looked_at_and_armed_in_french(session: Session) -> None:
    """Refusals too: nobody is signed in, a wrong person, a wrong PIN, a bench that somebody else has armed."""
    assert session("rig", "benches").returncode == 0
    assert session.rig("check").returncode == 0
    assert session.rig("dry-run").returncode == 0
    assert session.rig("status").returncode == 0
    assert session("rig", "key").returncode == 0
    assert session.rig("arm", "--yes").returncode == 2
    assert session.rig("arm", "--as", "Awa", typed="n\n").returncode == 1
    assert session.rig("arm", "--as", "Ibrahim", "--yes").returncode == 1
    assert session.rig("arm", "--as", "Moussa", "--yes", typed="0000\n").returncode == 1
    assert session.rig("arm", "--as", "Awa", typed="oui\n" * 9).returncode == 0
    assert session.rig("arm", "--as", "Moussa", "--yes", typed="4711\n").returncode == 1
    assert session.rig("status").returncode == 0
    assert session.rig("check").returncode == 3
    assert session.rig("watch").returncode == 2
    assert session.rig("disarm", "--as", "Awa").returncode == 0
    assert session.english() == []


def test_a_run_and_its_report_are_french(session: Session) -> None:
    bench = session.bench
    (bench.folder / "test_it.py").write_text(TEST, encoding="utf-8")
    bench.arm()
    run = bench.start("pytest", "-rs", "--rig", str(bench.file), "--report", "out", "test_it.py", log="run.log")
    assert run.wait(120) == 0, (bench.folder / "run.log").read_text()
    said = (bench.folder / "run.log").read_text()
    assert "aucun actionneur du banc processes ne provoque utility-a outage" in said
    assert "enregistré dans out ; le rapport : twinfeed report out" in said
    assert session.rig("stop", "la pompe fume").returncode == 0
    assert session.rig("reset", "--as", "Awa").returncode == 0
    assert session("report", "out").returncode == 0
    assert session("verify", "out").returncode == 0
    page = Text()
    page.feed((bench.folder / "out" / "report.html").read_text(encoding="utf-8"))
    session.lines += [(PAGE, text) for text in page.found]
    assert session.english() == []


def test_a_bench_that_an_interlock_has_tripped_and_its_practice_are_french(session: Session) -> None:
    bench = session.bench
    bench.arm()
    sensor = bench.start(
        "twinfeed.harness.cli", "fault", "ups-1:battery.charge", "sensor-bias", "--set", "offset=-90", log="fault.log"
    )
    assert sensor.wait(60) == 0, (bench.folder / "fault.log").read_text()
    bench.until(lambda: bench.said("is safe"), "the interlock has tripped the bench")
    assert session.rig("status").returncode == 1
    assert session.rig("arm", "--as", "Awa", "--yes").returncode == 1
    shown = [line for command, line in session.lines if command.startswith("rig status")]
    assert any("verrouillage charge : ups-1.battery.charge" in line for line in shown), shown
    assert session.rig("practise", "--stop-after", "1").returncode == 0
    doc = (bench.folder / "processes-practice" / "test_practice.py").read_text(encoding="utf-8").splitlines()[4]
    session.lines.append(("practise", doc.strip().strip('"')))
    assert session.english() == []


def test_a_bench_whose_network_is_gone_at_the_stop_is_french(session: Session) -> None:
    bench = session.bench
    bench.arm()
    bench.holding_run()
    bench.emulators.send_signal(signal.SIGSTOP)
    assert session.rig("stop", "la pompe fume").returncode == 1
    assert session("rig", "benches").returncode == 1
    assert session.rig("status").returncode == 1
    bench.emulators.send_signal(signal.SIGCONT)
    bench.until(lambda: bench.said("is safe"), "the supervisor has tried again")
    assert session.rig("status").returncode == 1
    assert session.rig("arm", "--as", "Awa", "--yes").returncode == 1
    assert session.rig("reset", "--as", "Ibrahim").returncode == 1
    assert session.rig("reset", "--as", "Awa").returncode == 0
    assert session.english() == []


def test_a_bench_that_lost_its_supervisor_and_wrong_command_lines_are_french(session: Session) -> None:
    bench = session.bench
    bench.arm()
    for process in bench.supervisors():
        os.kill(process, signal.SIGKILL)
    assert session.rig("status").returncode == 1
    assert session.rig("safe").returncode == 0
    assert session.rig("stop").returncode == 0
    assert session.rig("reset", "--as", "Awa").returncode == 0
    assert session("rig", "keep").returncode == 0
    assert session.rig("safe", "--foo").returncode == 2
    assert session("rig", "arm").returncode == 2
    assert session("rig", "arm", "--help").returncode == 0
    assert session("rig", "check", "nowhere").returncode == 2
    bench.file.write_text(bench.file.read_text().replace("may_arm", "may_arn"), encoding="utf-8")
    assert session.rig("check").returncode == 2  # a keeper that is still there would answer for the state
    assert session.english() == []
