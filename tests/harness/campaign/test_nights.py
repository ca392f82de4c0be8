"""A campaign file, its run, and the account of a night."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result
from doubles import DARK, RAISED
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from twinfeed.emulators.errors import FileError
from twinfeed.harness.campaign import Identity, Memory, Tried
from twinfeed.harness.campaign.nights import pages, plan
from twinfeed.harness.campaign.nights.account import account
from twinfeed.harness.campaign.versions import OtherVersions, Versions, heads, same_versions
from twinfeed.harness.cli import app
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

SITE = Path(str(files("twinfeed.harness.suite").joinpath("files", "site.yaml")))

NIGHT = """
sites: [site.yaml]
properties: ["always racks.*.supplied", "always ups-a.charge_percent > 1"]
menus: {machines: {only: ["generator-1"]}}
duration: 12 min
budget: {examples: 3}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the starter site and a campaign file."""
    monkeypatch.chdir(tmp_path)
    Path("site.yaml").write_text(SITE.read_text())
    Path("night.yaml").write_text(NIGHT)
    return tmp_path


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_two_nights_of_a_campaign_file(folder: Path) -> None:
    """The first night finds a failure and keeps its scenario and the journal of its run; the second knows it."""
    first = cli("campaign", "night.yaml", "--jobs", "1")
    assert first.exit_code == 1, first.output
    assert "new" in first.stdout
    assert {path.name.partition(".")[2] for path in Path("findings").iterdir()} >= {"scenario.yaml", "journal.jsonl"}
    again = json.loads(cli("campaign", "run", "night.yaml", "--jobs", "1", "--json").stdout)
    assert not again["failures"][0]["new"]
    told = json.loads(cli("campaign", "report", "night.yaml", "--json").stdout)
    assert not told["failures"][0]["new"]
    assert told["known"] >= 6
    assert cli("campaign", "report", "night.yaml", "--html", "n.html", "--junit", "n.xml").exit_code == 1
    assert "always racks.*.supplied" in Path("n.html").read_text()
    assert ElementTree.parse("n.xml").getroot().attrib["failures"] != "0"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sites: []", "night.yaml:2: sites: "),
        ("budget: {}", "night.yaml:6: budget: expected examples, for, or both"),
        ("budget: {for: -1 s}", "budget.for"),
        ("duration: soon", "night.yaml:5: duration: "),
        ("settle: 31 d", "night.yaml:7: settle: "),
        ("sits: [pilot]", "night.yaml:7: sits: unknown field"),
    ],
)
def test_a_mistake_in_a_campaign_file_is_named_with_its_line(folder: Path, line: str, problem: str) -> None:
    field = line.partition(":")[0]
    lines = [each for each in NIGHT.splitlines() if not each.startswith(f"{field}:")]
    place = next((n for n, each in enumerate(NIGHT.splitlines()) if each.startswith(f"{field}:")), len(lines))
    Path("night.yaml").write_text("\n".join([*lines[:place], line, *lines[place:]]))
    with pytest.raises(FileError) as refused:
        plan.load(Path("night.yaml"))
    assert problem in str(refused.value)


FRAME = Scenario("pilot", 1, properties=(DARK.about, "always true-1.sound"))


def night(memory: Memory, name: str, controller: str, *outcomes: Tried) -> None:
    """One night with these outcomes; each failure in them is kept."""
    on = Versions("site", controller, "0.2.0")
    number = memory.begin(name, FRAME, on, [("a", "outage"), ("b", "outage"), ("a", "sag")], name)
    for place, tried in enumerate(outcomes):
        memory.remember(tried, on.key, number, place, float(place))
        for identity in tried.broken:
            memory.keep(identity, tried, on.key, number)


def ran(target: str, *broken: Identity, margin: float = 1.0, reached: str = "") -> Tried:
    scenario = replace(FRAME, injections=(Injection(target, "outage", 60.0),))
    return Tried(
        scenario,
        broken,
        "it broke" * bool(broken),
        ((DARK.about, margin),),
        (),
        ("always true-1.sound",),
        reached=frozenset(reached.split()),
    )


def test_a_failure_is_new_known_or_gone_against_the_night_before() -> None:
    with Memory(None) as memory:
        night(memory, "monday", "first version", ran("a", DARK), ran("b", RAISED))
        assert [failure.new for failure in account(memory).failures] == [True, True]
        night(memory, "tuesday", "second version", ran("a", DARK))
        told = account(memory)
    assert [(failure.kept.identity, failure.new) for failure in told.failures] == [(DARK, False)]
    assert told.gone == (RAISED,)


def test_the_account_has_robustness_coverage_and_what_was_never_tried() -> None:
    with Memory(None) as memory:
        night(memory, "monday", "mine", ran("a", margin=5.0, reached="x y"), ran("b", margin=2.0, reached="y z"))
        told = account(memory)
    first, second = told.robustness
    assert (first.margin, first.tested, pages.verdict(first)) == (2.0, 2, "held")
    assert (second.margin, second.tested, pages.verdict(second)) == (None, 0, "never put to the test")
    assert told.coverage == ((0.0, 2), (1.0, 3))
    assert [pair for _, pair in told.untried] == [("a", "sag")]
    suite = ElementTree.fromstring(pages.junit(told).encode())
    assert (suite.attrib["failures"], suite.attrib["skipped"], suite.attrib["tests"]) == ("0", "1", "2")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_controller_says_the_pages_can_be_read(text: str) -> None:
    with Memory(None) as memory:
        night(memory, "monday", "mine", replace(ran("a", Identity(text, "violated", text)), what=text))
        told = account(memory)
    ElementTree.fromstring(pages.junit(told).encode())
    assert "<script" not in pages.html(told).lower()
    json.dumps(pages.as_json(told))


def test_a_worker_with_another_site_refuses_to_run(folder: Path) -> None:
    same_versions("site.yaml", "", heads("site.yaml", ""))
    other = heads("pilot", "")
    with pytest.raises(OtherVersions, match=r"the site of the worker on .* is another one"):
        same_versions("site.yaml", "", other)
