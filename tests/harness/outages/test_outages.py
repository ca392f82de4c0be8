"""Published outages come on the twin in the published order and time, and their lessons mend them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import outages_page
import pytest
from click.testing import Result
from typer.testing import CliRunner
from workers.examples import some

from twinfeed.fixtures import outages
from twinfeed.harness.cli.app import app


@pytest.fixture(params=some(outages.ids(), quick=9))
def played(request: pytest.FixtureRequest) -> outages.Played:
    return outages.play(outages.load(request.param))


def test_an_outage_comes_as_published_and_its_lesson_mends_it(played: outages.Played) -> None:
    missing = [row.event.what for row in played.rows if row.twin_s is None]
    assert missing == []
    assert played.in_order, played.to_dict()["rows"]
    assert played.in_time, f"within a factor of {played.factor}, stated {played.outage.factor}"
    assert played.broke, [str(verdict) for verdict in played.outcome.verdicts]
    assert played.mends, [str(verdict) for verdict in played.mended.verdicts]
    shown = outages_page.kept()[played.outage.id]
    assert [row.twin_s for row in played.rows] == pytest.approx(shown["twin_s"], rel=0.1, abs=60.0), (
        "write the page anew"
    )


def test_every_published_outage_is_told(shared_data: Path) -> None:
    published = {outage["id"] for outage in tomllib.loads((shared_data / "outages.toml").read_text())["outage"]}
    assert set(outages.ids()) == published


def test_a_story_takes_no_sentence_of_the_record(shared_data: Path) -> None:
    """Facts are taken over, sentences are not: no ten words in a row are those of the record."""
    record = tomllib.loads((shared_data / "outages.toml").read_text())["outage"]
    for entry in (entry for entry in record if entry["id"] in outages.ids()):
        words = (
            " ".join(str(value) for key, value in entry.items() if key not in ("source", "operator")).lower().split()
        )
        runs = {tuple(words[n : n + 10]) for n in range(len(words) - 9)}
        outage = outages.load(entry["id"])
        own = f"{outage.title} {outage.story} {outage.unsure} {outage.lesson.text}".lower().split()
        assert not [own[n : n + 10] for n in range(len(own) - 9) if tuple(own[n : n + 10]) in runs], entry["id"]


@pytest.mark.parametrize("id", outages.ids())
def test_every_outage_names_its_sources_and_what_is_unsure(id: str) -> None:
    outage = outages.load(id)
    assert outage.sources
    assert outage.unsure
    assert outage.confidence in ("high", "medium", "low")
    assert outage.events[0].at_s == 0.0
    assert 1.0 < outage.factor <= 2.0
    compared = [e.at_s for e in outage.events if e.at_s is not None]
    assert compared == sorted(compared)


def test_the_page_is_that_of_the_files() -> None:
    """`python tests/harness/outages/outages_page.py` brings it up to date."""
    assert outages_page.PAGE.read_text() == outages_page.page()


# -- the command -------------------------------------------------------------------------------------------------------


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["outages", *arguments])


def test_the_command_lists_them() -> None:
    found = json.loads(cli("--json").stdout)
    assert [entry["id"] for entry in found] == outages.ids()
    assert "OVH" in cli().stdout


@pytest.mark.parametrize("columns", [80, 40])
def test_an_id_stays_in_one_line_to_be_copied(columns: int) -> None:
    listing = CliRunner().invoke(app, ["outages"], env={"COLUMNS": str(columns)}).stdout
    assert [line.split()[0] for line in listing.splitlines() if "-20" in line] == outages.ids()


def test_the_command_plays_one() -> None:
    result = cli("run", "google-stghislain-2015-08", "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["in_order"]
    assert data["mends"]
    shown = cli("run", "google-stghislain-2015-08").stdout
    assert "lesson" in shown
    assert "unsure" in shown


def test_a_misspelt_id_gets_the_near_one() -> None:
    result = cli("run", "ovh-sbg-2017")
    assert result.exit_code != 0
    assert "did you mean ovh-sbg-2017-11" in " ".join(result.stderr.split())
