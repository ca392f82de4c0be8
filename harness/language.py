"""The language of texts for people: reports, and messages to an operator at a bench.

    words = translator("fr", "twinfeed.hil_rigs")      # without "fr": the language of the locale
    _ = words.gettext
    print(_("Open breaker {name}.").format(name="Q3"))
    print(words.ngettext("{n} device", "{n} devices", n).format(n=n))

English is in the code. Another language is a catalogue of the package that has the text, compiled beside its source:
`PACKAGE/locale/fr/LC_MESSAGES/messages.po` and `.mo`. `make catalogues` collects what `_`, `ngettext` and `N_` mark
into every `.po` and compiles it; both are kept, so that an installed package needs neither Babel nor msgfmt.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from importlib.resources import files

LANGUAGES = ("en", "fr")
"""The languages in which texts exist."""

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of these that is set gives the language (POSIX.1-2017, 8.2)."""


class UnknownLanguage(ValueError):
    """There is no catalogue for it; the message lists those there are."""


def locale_name(environ: Mapping[str, str] = os.environ) -> str:
    """The locale of messages from the environment, such as `fr_ML`; `en` if it gives none or one without words."""
    said = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    name = said.partition(".")[0].partition("@")[0].replace("-", "_")
    return name if name.partition("_")[0].lower() in LANGUAGES else "en"


def language(name: str = "") -> str:
    """One of `LANGUAGES`: that of a locale such as `fr_ML.UTF-8`, by default that of the environment.

    Raises:
        UnknownLanguage: texts cannot be had in it.
    """
    code = (name or locale_name()).replace("-", "_").partition("_")[0].partition(".")[0].lower()
    if code not in LANGUAGES:
        raise UnknownLanguage(f"found language {name!r}, expected one of: {', '.join(LANGUAGES)}")
    return code


def translator(name: str = "", package: str = "twinfeed.harness") -> gettext.NullTranslations:
    """The catalogue of a package: its `gettext` and `ngettext` turn English into that language.

    Raises:
        UnknownLanguage: texts cannot be had in it.
    """
    catalogue = files(package).joinpath("locale", language(name), "LC_MESSAGES", "messages.mo")
    if not catalogue.is_file():
        return gettext.NullTranslations()
    with catalogue.open("rb") as file:
        return gettext.GNUTranslations(file)


def N_(text: str) -> str:
    """Mark a text that is translated later, where it is shown; returns it as it is."""
    return text
