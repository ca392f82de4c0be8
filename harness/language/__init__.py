"""The language of texts for people: reports, commands, and messages to an operator at a bench.

    speak("fr")       # else the language of the locale: this process prints phrases in it

    words = translator("fr", "twinfeed.harness")                # for texts that are marked where they are shown
    print(words.ngettext("{n} device", "{n} devices", n).format(n=n))

English is in the code. Another language is a catalogue of the package that has the text, compiled beside its source:
`PACKAGE/locale/fr/LC_MESSAGES/messages.po` and `.mo`. `make catalogues` collects the texts of `Phrase`, `N_`, `_` and
`ngettext` into every `.po` and compiles it; both are kept, so that an installed package needs neither Babel nor msgfmt.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.language.words import Words

__all__ = [
    "LANGUAGES",
    "N_",
    "UnknownLanguage",
    "Words",
    "forget",
    "language",
    "locale_name",
    "said",
    "speak",
    "spoken",
    "translator",
]

LANGUAGES = ("en", "fr")
"""The languages in which texts exist."""

_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""The first of these that is set gives the language (GNU gettext manual, "Locale Environment Variables"; POSIX.1-2017,
8.2)."""


class UnknownLanguage(ValueError):
    """There is no catalogue for it; the message lists those there are."""


def locale_name(environ: Mapping[str, str] = os.environ) -> str:
    """The locale of messages by the environment, such as `fr_ML`; empty if it names none, or one without words."""
    said = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    name = said.partition(":")[0].partition(".")[0].partition("@")[0].replace("-", "_")
    return name if name.partition("_")[0].lower() in LANGUAGES else ""


def language(name: str = "", otherwise: str = "en") -> str:
    """One of `LANGUAGES`: that of a locale such as `fr_ML.UTF-8`, else that of the environment, else `otherwise`.

    Raises:
        UnknownLanguage: texts cannot be had in it.
    """
    code = (name or locale_name() or otherwise).replace("-", "_").partition("_")[0].partition(".")[0].lower()
    if code not in LANGUAGES:
        raise UnknownLanguage(Phrase("found language {name!r}, expected one of: {known}", name=name, known="en, fr"))
    return code


ERRNO = (
    N_("No such file or directory"), N_("Permission denied"), N_("Connection refused"), N_("No space left on device"),
    N_("Network is unreachable"), N_("No route to host"), N_("Connection timed out"), N_("Connection reset by peer"),
    N_("Address already in use"), N_("Is a directory"), N_("Read-only file system"), N_("Operation not permitted"),
)  # fmt: skip
"""The most frequent errors of the operating system (strerror(3)), for the catalogue."""

_words = cache(Words)
_spoken: list[str] = []
"""The language of this process, once it was chosen."""


def speak(name: str = "", otherwise: str = "en") -> str:
    """Choose the language of this process, as `language` does; returns it.

    Raises:
        UnknownLanguage: texts cannot be had in it.
    """
    _spoken[:] = [language(name, otherwise)]
    return _spoken[0]


def forget() -> None:
    """Undo `speak`: the language of this process is that of the environment again."""
    _spoken.clear()


def spoken() -> str:
    """The language of this process: that of `speak`, by default that of the environment."""
    return _spoken[0] if _spoken else language()


def said(text: str) -> str:
    """A text in the language of this process."""
    return _words(spoken())(text)


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
