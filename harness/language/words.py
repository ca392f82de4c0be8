"""Texts of all of twinfeed in one language, wherever they have come from.

    words = Words("fr")
    words(Phrase("the bench is {state}", state="armed"))      # the phrase itself
    words("the bench is armed")                               # or its text, out of a record, a socket, an exception

Processes and records speak English only, so that two people read one record in two languages and its signature holds.
A text is translated where it is shown. One that is no `Phrase` any more is recognised by the template that made it: the
template with the most letters of its own first. The values in it are translated likewise, and what is no text of
twinfeed (a name, a figure, an answer of a device, a person's own words) stays as it is.

A text is translated as a whole or not at all: where a part of it would stay English (`Words.foreign`), all of it does.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from string import Formatter

from twinfeed._phrases import Phrase

PACKAGES = ("twinfeed.emulators", "twinfeed.harness", "twinfeed.hil_rigs")
"""The packages that have catalogues. Where two translate the same text, the last one counts."""

WEAK = 5
"""A template with fewer letters of its own than this is recognised around names and figures only."""

NAME = r"\S+|[A-ZÀ-Þ]\S*(?: [A-ZÀ-Þ]\S*)*|\S*[-.:/\d]\S*(?: \S*[-.:/\d]\S*| \S{1,4})*"
"""A name or a figure with its unit: what stands in a weak template."""

STRONG = 10
"""In a template with so many letters of its own, a value that is `NAMED` is a name, whatever words it has."""

NAMED = re.compile(r"\S+|\S*[-.:/\d]\S* \S+")
"""One word, or a name and a word: a bench `processes`, a fault `utility-a outage`."""

AROUND = " ;,:"
"""Characters around a template that is a part of another text, such as `; did you mean {near}?`."""

QUOTED = "_quoted"
"""Ends the name of a value that stands in quotes (`{name!r}`): it may stand there without them as well, and is then a
name only if a name without quotes is one."""

NAMING = frozenset({"folder", "path", "file", "command"})
"""Parameters that hold names of files and commands: a folder `out` is not translated, though `out` is a text, too."""

OURS = "twinfeed "
"""Begins a command of ours."""

QUOTES = ("'", '"')

FIELD = re.compile(r"(?<!\{)\{(\w+)(!\w)?[^{}]*\}")
"""A parameter of a template: its name, and its conversion."""

WORD = re.compile(r"(?<![\w./:'-])[a-z]{2,}(?![\w/'-]|[.:]\w)")
"""A word of a sentence, and no part of a name: `missing`, and not the parts of `ups-1.mode` or `UPS-MIB`."""

SHORT = frozenset({"and", "are", "for", "has", "is", "it", "its", "not", "of", "or", "the", "to", "was"})
"""English words of less than four letters that are no names of states, and no French."""

JOINED = {" or ": " ou ", " and ": " et "}
"""Words between two names, and their French."""

LETTER = re.compile(r"[^\W\d_]")

FORMATTED = (int, float, date)
"""Values that a template formats, such as `{within:g}`; others are texts, or have one (`str`)."""


@dataclass(frozen=True)
class Template:
    """A text with parameters, and its translation."""

    text: str
    translation: str

    @cached_property
    def letters(self) -> int:
        """Letters that are the template's own."""
        return sum(len(LETTER.findall(literal)) for literal, *_ in Formatter().parse(self.text))

    @cached_property
    def names(self) -> set[str]:
        """The names of its parameters; empty for a text without any, such as one that shows a piece of a file."""
        try:
            found = {name for _, name, *_ in Formatter().parse(self.text) if name is not None}
        except ValueError:
            return set()
        return found if all(map(str.isidentifier, found)) else set()

    @cached_property
    def chunk(self) -> str:
        """The longest part of it between two parameters: a text without it is not of this template."""
        return max((literal for literal, *_ in Formatter().parse(self.text)), key=len)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the texts that the template makes."""
        value = NAME if self.letters < WEAK else ".*?"
        pattern, seen = "", set[str]()
        for literal, name, _, conversion in Formatter().parse(self.text):
            pattern += re.escape(literal)
            if name is None:
                continue
            group = f"{name}{QUOTED if conversion else ''}"
            pattern += f"(?P={group})" if group in seen else f"(?P<{group}>{value})"
            seen.add(group)
        return re.compile(pattern, re.DOTALL)

    def values(self, text: str) -> dict[str, str] | None:
        """The values with which the template makes that text; None if it does not."""
        if self.chunk not in text:
            return None
        match = self.pattern.fullmatch(text)
        return None if match is None else match.groupdict()

    def filled(self, values: Mapping[str, object]) -> str:
        """The translation with those values, which are texts already."""
        plain = FIELD.sub(lambda field: f"{{{field[1]}{QUOTED if field[2] else ''}}}", self.translation)
        return plain.format(**values)


class Words:
    """Gives texts in one language. English is the language of the texts themselves."""

    def __init__(self, lang: str = "en") -> None:
        self.lang = lang
        self._catalogue = {} if lang == "en" else _catalogue(lang)
        self._exact = {
            text.strip(AROUND): translation.strip(AROUND + " ") for text, translation in self._catalogue.items()
        }
        self._templates = _templates(lang)
        self._english = _english(lang)
        self._known: dict[str, str | None] = {}
        """Texts that were translated before: a report has the same ones a thousand times."""

    def __call__(self, text: str) -> str:
        """The text in this language; one that is not known stays as it is."""
        if isinstance(text, Phrase):
            return self._phrase(text)
        if "\n" in text:
            return "\n".join(map(self, text.split("\n")))
        found = self.recognised(text)
        return text if found is None else found

    def _phrase(self, phrase: Phrase) -> str:
        template = self._catalogue.get(phrase.text, phrase.text)
        if not phrase.values:
            return template
        values = {name: value if name in NAMING else self._value(value) for name, value in phrase.values.items()}
        return template.format(**values)

    def _value(self, value: object) -> object:
        """A value as it goes into a template: figures and dates are formatted there."""
        if isinstance(value, FORMATTED):
            return value
        return self(value if isinstance(value, str) else str(value))

    def recognised(self, text: str) -> str | None:
        """The translation of a text of twinfeed; None if it is none."""
        alone = text.strip(AROUND)
        if not self._exact or not alone:
            return None
        if alone not in self._known:
            self._known[alone] = None  # a template that is a part of itself
            self._known[alone] = self._recognised(alone)
        found = self._known[alone]
        if found is None or alone == text:
            return found
        before, _, after = text.partition(alone)
        return f"{before.replace(';', ' ;')}{found}{after.replace(':', ' :')}"

    def _recognised(self, text: str) -> str | None:
        if text in self._exact:
            return self._exact[text]
        for found in (self._whole(text, of_one=True), self._listed(text), self._whole(text), self._composed(text)):
            if found is not None:
                return found
        return None

    def _whole(self, text: str, of_one: bool = False) -> str | None:
        """As made by one template; with `of_one` none of its values is a list."""
        for template in self._templates:
            values = template.values(text)
            if values is None or (of_one and any("; " in value for value in values.values())):
                continue
            filled = {name: self._value_of(template, name, value) for name, value in values.items()}
            if None not in filled.values():
                return template.filled(filled)
        return None

    def _value_of(self, template: Template, name: str, value: str) -> str | None:
        """A value that was found in a text of that template, in this language; None if it is English prose."""
        if name in NAMING and (" " not in value or value.startswith(OURS)):
            return value
        quoted = name.endswith(QUOTED) and value[:1] in QUOTES
        named = template.letters >= STRONG and NAMED.fullmatch(value) is not None
        return self._part(value, quoted or named)

    def _part(self, text: str, name: bool = False) -> str | None:
        """A part of a text: translated, or as it is if it is a name; None for English that cannot be translated."""
        found = self.recognised(text)
        if found is not None:
            return found
        if name or not self.foreign(text):
            return text
        names = re.split("( or | and )", text)
        if len(names) == 1:
            return None
        pieces = [JOINED.get(name) or self._part(name) for name in names]
        return None if None in pieces else "".join(filter(None, pieces))

    def foreign(self, text: str) -> bool:
        """True if English prose is in a text: a word that texts of twinfeed use, and their translations do not."""
        return any(word in self._english for word in WORD.findall(text))

    def _listed(self, text: str) -> str | None:
        """Texts with semicolons between them."""
        cuts = [match.start() for match in re.finditer("; ", text)]
        for cut in cuts:
            left, right = text[:cut], self._part(text[cut + 2 :])
            found = self._exact.get(left) or self._whole(left, of_one=True) or self._composed(left)
            if found is not None and right is not None:
                return f"{found} ; {right}"
        for cut in reversed(cuts):
            if (found := self.recognised(text[cut + 2 :])) is not None and not self.foreign(text[:cut]):
                return f"{text[:cut]} ; {found}"
        return None

    def _composed(self, text: str) -> str | None:
        """A name, a colon and a text; a text and another one in parentheses; texts with commas between them."""
        for match in re.finditer(": ", text):
            head, found = self._head(text[: match.start()]), self.recognised(text[match.end() :])
            if head is not None and found is not None:
                return f"{head} : {found}"
        for match in re.finditer(r" \(", text) if text.endswith(")") else ():
            if (both := self._both(text[: match.start()], text[match.end() : -1])) is not None:
                return f"{both[0]} ({both[1]})"
        for match in re.finditer(", ", text):
            if (both := self._both(text[: match.start()], text[match.end() :])) is not None:
                return f"{both[0]}, {both[1]}"
        return None

    def _head(self, text: str) -> str | None:
        """The part before a colon: a text, or names, of which each may be a word by itself (an actuator `load`)."""
        if all(" " not in name for name in text.split(": ")):
            return self(text)
        return self._part(text)

    def _both(self, one: str, other: str) -> tuple[str, str] | None:
        """Two parts of which at least one is a text of twinfeed, and none stays English."""
        if self.recognised(one) is None and self.recognised(other) is None:
            return None
        first, second = self._part(one), self._part(other)
        return None if first is None or second is None else (first, second)


@cache
def _english(lang: str) -> frozenset[str]:
    """Words of the texts that no translation has: they show that a text is English. None in English itself."""
    catalogue = {} if lang == "en" else _catalogue(lang)
    ours = {word for text in catalogue for word in WORD.findall(FIELD.sub("0", text)) if len(word) > 3}
    theirs = {word for text in catalogue.values() for word in WORD.findall(FIELD.sub("0", text))}
    return frozenset(ours - theirs) | (SHORT if catalogue else frozenset())


@cache
def _catalogue(lang: str) -> dict[str, str]:
    """Text -> translation, of all packages."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        catalogue = files(package).joinpath("locale", lang, "LC_MESSAGES", "messages.mo")
        if catalogue.is_file():
            found |= entries(catalogue.read_bytes())
    return {text: translation for text, translation in found.items() if text}


@cache
def _templates(lang: str) -> tuple[Template, ...]:
    """The templates with parameters, those with the most letters of their own first."""
    catalogue = {} if lang == "en" else _catalogue(lang)
    made = {Template(text.strip(AROUND), translation.strip(AROUND + " ")) for text, translation in catalogue.items()}
    able = [template for template in made if template.names and template.letters > 1]
    return tuple(sorted(able, key=lambda template: (-template.letters, -len(template.text), template.text)))


def entries(mo: bytes) -> dict[str, str]:
    """The entries of a compiled catalogue (GNU gettext manual, "The Format of GNU MO Files"), each plural by itself."""
    count, texts, translations = struct.unpack_from("<3I", mo, 8)

    def strings(table: int) -> Iterator[list[str]]:
        for n in range(count):
            length, start = struct.unpack_from("<2I", mo, table + 8 * n)
            yield mo[start : start + length].decode().split("\0")

    return {
        text: translation
        for of, to in zip(strings(texts), strings(translations), strict=True)
        for text, translation in zip(of, to, strict=False)
    }
