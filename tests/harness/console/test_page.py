"""The files of the page: texts in both languages, nothing from elsewhere, nothing that the strict policy forbids."""

from __future__ import annotations

import json
import re
from typing import get_args

from twinfeed.emulators.plant.catalogue import OWN
from twinfeed.harness.console.app import PAGE

TEXTS: dict[str, dict[str, str]] = json.loads((PAGE / "texts.json").read_text(encoding="utf-8"))
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(PAGE.iterdir())}
SCRIPTS = {name: text for name, text in SOURCES.items() if name.endswith(".js")}


def keys_used() -> set[str]:
    """The keys that scripts and the shell name outright, and those that the tables of states and marks make."""
    used = {key for text in SCRIPTS.values() for key in re.findall(r"""\bt\("([\w.]+)""", text)}
    used |= set(re.findall(r'data-(?:t|title|label|placeholder)="([\w.]+)"', SOURCES["index.html"]))
    used |= {f"panel.{name}" for name in re.findall(r'\bpart\("(\w+)"', SCRIPTS["panel.js"])}
    return used - {"verdict.", "screen.", "row.", "panel."}


def test_every_text_of_the_page_is_there_in_english_and_french() -> None:
    assert keys_used() - TEXTS.keys() == set()
    for key, texts in TEXTS.items():
        assert set(texts) == {"en", "fr"} and all(texts.values()), key
        assert set(re.findall(r"\{\w+\}", texts["en"])) == set(re.findall(r"\{\w+\}", texts["fr"])), key


def test_states_and_kinds_are_words_in_both_languages() -> None:
    from twinfeed.emulators.plant.screen import Word

    assert {f"state.{word}" for word in get_args(Word)} <= TEXTS.keys()
    assert {f"kind.{cls.kind}" for cls in OWN} <= TEXTS.keys()


def test_nothing_is_fetched_from_elsewhere() -> None:
    for name, text in SOURCES.items():
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not addresses, name


def test_the_page_needs_nothing_that_the_strict_policy_forbids() -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", SOURCES["index.html"])
    for name, text in SCRIPTS.items():
        assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|style=", text), name


def test_modules_are_small_and_imports_are_files_of_the_page() -> None:
    for name, text in SCRIPTS.items():
        assert len(text.splitlines()) < 400, name
        assert {f.removeprefix("./") for f in re.findall(r'from "([^"]+)"', text)} <= SCRIPTS.keys(), name
