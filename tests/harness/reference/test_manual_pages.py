"""`twinfeed docs`: every page of the manual is in the package, found by the end of its name, in the reader's language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.markdown import Markdown
from typer.testing import CliRunner

from twinfeed.harness.cli.app import app
from twinfeed.harness.reference import manual

DOCS = Path(__file__).parents[3] / "docs"


def shown(*words: str) -> str:
    ran = CliRunner().invoke(app, ["docs", *words])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_every_page_of_the_manual_is_listed() -> None:
    listed = {entry["page"] for entry in json.loads(shown("--json"))}
    written = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    assert listed == {name for name in written if not name.endswith(".fr") and not name.startswith("examples/")}


def test_a_page_is_found_by_the_end_of_its_name() -> None:
    text = (DOCS / "reference" / "sites.md").read_text(encoding="utf-8")
    assert shown("reference/sites") == shown("sites") == shown("sites.md") == text


def test_a_page_is_shown_in_french_where_there_is_a_french_text() -> None:
    assert shown("tutorials/rigs", "--lang", "fr") == (DOCS / "tutorials" / "rigs.fr.md").read_text(encoding="utf-8")
    assert shown("reference/faults", "--lang", "fr") == (DOCS / "reference" / "faults.md").read_text(encoding="utf-8")


def test_the_first_pages_are_in_french_for_who_reads_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "fr_ML.UTF-8")
    assert shown("install").startswith("# Installer\n")
    titles = {entry["page"]: entry["title"] for entry in json.loads(shown("--json"))}
    assert (titles["tour"], titles["reference/glossary"]) == (
        "Dix minutes : de l'installation à un défaut trouvé", "Glossaire",
    )  # fmt: skip


def rows(language: str) -> dict[str, str]:
    """First column of the glossary -> last column."""
    text = manual.text_of(manual.find("glossary"), language)
    return dict(re.findall(r"^\| ([^|]+) \|.*\| ([^|]+) \|$", text, re.MULTILINE))


def test_the_two_glossaries_translate_each_other() -> None:
    english, french = rows("en"), {word: mot for mot, word in rows("fr").items()}
    assert len(french) > 60
    assert {word: (mot, french[word]) for word, mot in english.items() if french.get(word, mot) != mot} == {}


@pytest.mark.parametrize(("wrong", "meant"), [("sitess", "sites"), ("kinds/upss", "reference/kinds/ups")])
def test_a_misspelt_page_names_a_near_one(wrong: str, meant: str) -> None:
    ran = CliRunner().invoke(app, ["docs", wrong])
    assert ran.exit_code == 2
    assert meant in " ".join(ran.output.split())


def test_a_terminal_shows_no_markup_of_pages() -> None:
    page = manual.find("explanation/bench-safety")
    screen = Console(width=100, record=True)
    with screen.capture() as capture:
        screen.print(Markdown(manual.for_terminal(manual.text_of(page, "en"), page)))
    text = capture.get()
    assert "What keeps a bench safe" in text
    assert "](" not in text
    assert "<!--" not in text


def test_a_link_of_a_terminal_names_the_page_that_shows_it() -> None:
    page = manual.find("reference/sites")
    text = manual.for_terminal("see [places](../how-to/places.md#events) and [above](#names)", page)
    assert text == "see places (how-to/places) and above"
