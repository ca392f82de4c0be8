"""The pages of the manual, which ship in the wheel as Markdown."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from twinfeed._phrases import Phrase
from twinfeed.emulators.nearness import did_you_mean

SECTIONS = ("", "tutorials", "how-to", "reference", "explanation", "project", "decisions")
"""Folders of the manual in the order of its front page; '' for the front page itself."""


class NoSuchPage(ValueError):
    """The manual has no page of that name, or several."""


@dataclass(frozen=True)
class Page:
    """A page of the manual."""

    name: str
    """Its path without the suffix: `reference/sites`."""
    title: str
    languages: tuple[str, ...]
    """en, and fr if there is a French text."""
    titles: Mapping[str, str]
    """Language -> the title of the text in it."""

    def title_in(self, language: str) -> str:
        """The title in that language, else in English."""
        return self.titles.get(language, self.title)


def pages() -> list[Page]:
    """All pages, by section and name."""
    texts = dict(_files(files("twinfeed") / "docs"))
    found = []
    for name in texts:
        if name.endswith(".fr"):
            continue
        files_of = {language: texts[each] for language, each in (("en", name), ("fr", f"{name}.fr")) if each in texts}
        titles = {language: _title(file.read_text(encoding="utf-8")) for language, file in files_of.items()}
        found.append(Page(name, titles["en"], tuple(titles), titles))
    return sorted(found, key=lambda page: (SECTIONS.index(section(page.name)), page.name))


def section(name: str) -> str:
    """The section of a page."""
    return name.partition("/")[0] if "/" in name else ""


def _files(folder: Traversable, path: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and (path or entry.name in SECTIONS):
            yield from _files(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".md"):
            yield f"{path}{entry.name.removesuffix('.md')}", entry


def _title(text: str) -> str:
    return next((line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")), "")


def find(name: str) -> Page:
    """The page of that name, or the only one whose name ends in it: `sites` for `reference/sites`.

    Raises:
        NoSuchPage: there is none, or there are several; the message lists names that are near.
    """
    wanted = name.removesuffix(".md").strip("/")
    known = {page.name: page for page in pages()}
    if wanted in known:
        return known[wanted]
    matching = [page for page in known.values() if page.name.endswith((f"/{wanted}", f"/{wanted}/index"))]
    if len(matching) == 1:
        return matching[0]
    if matching:
        names = ", ".join(page.name for page in matching)
        raise NoSuchPage(Phrase("{name} is the name of several pages: {names}", name=repr(name), names=names))
    ends = [page.rpartition("/")[2] for page in known]
    near = did_you_mean(wanted, [*known, *ends], Phrase("; `twinfeed docs` lists the pages"))
    raise NoSuchPage(Phrase("the manual has no page {name}{near}", name=repr(name), near=near))


def text_of(page: Page, language: str) -> str:
    """The Markdown of a page in that language, else in English."""
    suffix = ".fr.md" if language == "fr" and "fr" in page.languages else ".md"
    return (files("twinfeed") / "docs" / f"{page.name}{suffix}").read_text(encoding="utf-8")


def for_terminal(text: str, page: Page) -> str:
    """The Markdown without what a terminal cannot show: comments, pictures, directives of Sphinx; links name pages."""
    text = re.sub(r"<!--.*?-->\n?|^```\{(?:toctree|eval-rst)\}.*?^```\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"*\1*", text)
    text = re.sub(r'<img[^>]*alt="([^"]*)"[^>]*>', r"*\1*", text)
    return re.sub(r"\[([^\]]+)\]\(([^)\s]+\.md)?(#[^)\s]*)?\)", lambda link: _named(link, page), text)


def _named(link: re.Match[str], page: Page) -> str:
    words, target = link[1], link[2]
    if target is None or "://" in target:
        return words if link[3] else link[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), target))
    name = path.removesuffix(".md").removesuffix(".fr")
    return words if words.strip("`") == name else f"{words} ({name})"
