"""Every text can be read in French: nothing left out, nothing guessed, nothing lost between the languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("babel", reason="pip install 'twinfeed[report]'")

import catalogues

FILES = pytest.mark.parametrize("path", catalogues.files(), ids=lambda path: path.parents[3].name)
BRACES = re.compile(r"\{\{|\}\}")
FIELD = re.compile(r"\{(\w*)[^}]*\}|%\((\w+)\)\w|%[sd]")


@FILES
def test_what_the_code_says_is_in_the_catalogue(path: Path) -> None:
    """`make catalogues` brings it there."""
    assert catalogues.text(catalogues.updated(path)) == path.read_bytes()


@FILES
def test_everything_is_translated(path: Path) -> None:
    assert list(catalogues.untranslated(catalogues.read(path))) == []


@FILES
def test_the_compiled_catalogue_is_of_this_text(path: Path) -> None:
    compiled = catalogues.compiled(catalogues.read(path))
    assert catalogues.translations(path.with_suffix(".mo").read_bytes()) == catalogues.translations(compiled)


@FILES
def test_translations_have_the_fields_of_the_original(path: Path) -> None:
    for message in catalogues.read(path):
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        for translation in message.string if isinstance(message.string, tuple) else (message.string,):
            fields = sorted(match[0] for match in FIELD.finditer(BRACES.sub("", translation)))
            assert fields == sorted(match[0] for match in FIELD.finditer(BRACES.sub("", originals[-1]))), translation
