"""The works of a site to print: the table of all, and a sheet for each procedure with padlocks and initials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from twinfeed._phrases import Phrase
from twinfeed.harness.durations import spoken
from twinfeed.harness.language import LANGUAGES
from twinfeed.harness.maintenance.conditions import CARRIED_BY
from twinfeed.harness.maintenance.plan import VERDICTS, Maintenance
from twinfeed.harness.maintenance.wording import CAUSES, PADLOCKED, in_words
from twinfeed.harness.report.rendering.page import environment, pdf
from twinfeed.harness.report.rendering.wording import Wording

BADGES = {"yes": "passed", "condition": "marginal", "no": "failed"}

SHOWN = 8
"""Names in one cell; further ones are counted."""


def html(found: Maintenance, lang: str) -> str:
    """The page, which needs nothing else.

    Raises:
        ReportMissing: Jinja2 or Babel is not installed.
    """
    wording = Wording(lang)

    def names(all_names: Sequence[str]) -> str:
        more = len(all_names) - SHOWN
        text = ", ".join(all_names[:SHOWN])
        return wording.say(Phrase("{names} and {more} more", names=text, more=more)) if more > 0 else text

    template = environment(wording, "twinfeed.harness.maintenance").get_template("procedures.html")
    return template.render(
        found=found, w=wording, say=wording.say, names=names, spoken=spoken, in_words=in_words, padlocked=PADLOCKED,
        verdicts=VERDICTS, badges=BADGES, carried_by=CARRIED_BY, causes=CAUSES,
        footer=f"twinfeed {version('twinfeed')} · {found.site}",
    )  # fmt: skip


def write(found: Maintenance, folder: Path, as_pdf: bool = False) -> Iterator[Path]:
    """Write the page in every language into that folder, and the PDF of each if wanted.

    Raises:
        ReportMissing: Jinja2, Babel or WeasyPrint is not installed; the message gives the command that installs them.
        OSError: a file cannot be written.
    """
    for lang in LANGUAGES:
        page, path = html(found, lang), folder / f"works.{lang}.html"
        path.write_text(page, "utf-8")
        yield path
        if as_pdf:
            pdf(page, path.with_suffix(".pdf"))
            yield path.with_suffix(".pdf")
