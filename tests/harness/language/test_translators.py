"""Which language people are spoken to in."""

from __future__ import annotations

import pytest

from twinfeed.harness.language import UnknownLanguage, language, locale_name, translator


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"LANG": "fr_ML.UTF-8"}, "fr_ML"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "fr_FR"}, "fr_FR"),
        ({"LANG": "fr_FR", "LC_MESSAGES": "fr_FR", "LC_ALL": "en_GB.UTF-8"}, "en_GB"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:en"}, "fr"),
        ({"LANG": "fr_FR@euro", "LC_ALL": ""}, "fr_FR"),
        ({"LC_ALL": "C.UTF-8", "LANG": "fr_FR"}, ""),
        ({"LANG": "de_DE.UTF-8"}, ""),
        ({}, ""),
    ],
)
def test_the_locale_says_it(environ: dict[str, str], name: str) -> None:
    assert locale_name(environ) == name


def test_a_language_is_named_as_locales_are() -> None:
    assert [language(name) for name in ("fr", "fr_ML.UTF-8", "FR-ml", "en")] == ["fr", "fr", "fr", "en"]


def test_without_a_name_it_is_that_of_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "fr_ML.UTF-8")
    assert translator().gettext("passed") == "réussi"


def test_without_a_locale_it_is_that_of_the_rig_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert (language(otherwise="fr"), language("en", otherwise="fr"), language()) == ("fr", "en", "en")


def test_english_is_what_the_code_says() -> None:
    assert translator("en").gettext("passed") == "passed"


def test_one_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownLanguage, match="found language 'bm', expected one of: en, fr"):
        translator("bm")


def test_a_package_without_catalogues_speaks_english() -> None:
    assert translator("fr", "twinfeed.emulators").gettext("passed") == "passed"
