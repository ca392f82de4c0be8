"""The report as one HTML page that needs nothing else, and the PDF that is made of it.

Style, pictures and figures are in the page; nothing is loaded from anywhere, so that it can be handed in, archived and
opened on a closed network.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from twinfeed.harness.journal import Journal
from twinfeed.harness.report.account import Account, Attachment, Attempt
from twinfeed.harness.report.deviations import deviations
from twinfeed.harness.report.measurement import Measurement
from twinfeed.harness.report.rendering import procedure
from twinfeed.harness.report.rendering.figures import figure
from twinfeed.harness.report.rendering.wording import ReportMissing, Wording

if TYPE_CHECKING:
    from jinja2 import Environment

PICTURES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
"""Types of files that are shown, by their ending; other files are named with their hashes."""
MOST_OCTETS = 4_000_000
"""A larger picture is named, not shown."""
MOST_LINES = 1500
"""Lines of the timeline that are shown; the records have the others."""


def html(account: Account, folder: Path, lang: str = "") -> str:
    """The page. `folder` is where the attached files are.

    Raises:
        ReportMissing: Jinja2 or Babel is not installed; the message gives the command that installs them.
        UnknownLanguage: there is no catalogue for that language.
    """
    wording = Wording(lang)
    made = environment(wording)

    def drawn(measurement: Measurement) -> object:
        from markupsafe import Markup

        return Markup(figure(measurement, wording))  # made here, its texts escaped

    def around(attempt: Attempt, journal: Journal | None) -> tuple[list[object], int]:
        from markupsafe import Markup

        shown, more = procedure.pictures(attempt, journal, wording)
        return [Markup(svg) for svg in shown], more

    return made.get_template("report.html").render(
        account=account,
        w=wording,
        figure=drawn,
        picture=lambda kept: _picture(folder, kept),
        journal_of=lambda attempt: procedure.journal_of(attempt, folder),
        rows=lambda attempt, journal: procedure.rows(attempt, journal, wording),
        pictures=around,
        deviations=deviations(account),
        footer=" · ".join(part for part in (account.document, f"SHA-256 {account.digest}") if part),
        most_lines=MOST_LINES,
    )


def pdf(page: str, path: Path) -> None:
    """Write the page as PDF, A4.

    Raises:
        ReportMissing: WeasyPrint or the Pango it needs is not installed; the message gives the installing command.
        OSError: the file cannot be written.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError as error:
        raise ReportMissing("PDF needs WeasyPrint: pip install 'twinfeed[report]'") from error
    except OSError as error:
        raise ReportMissing(
            "PDF needs Pango: apt install libpango-1.0-0 libpangoft2-1.0-0 (or print the page from a browser)"
        ) from error
    HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=["data"])).write_pdf(path)


def _css(text: str) -> object:
    """A text inside the quotes of a style sheet."""
    from markupsafe import Markup

    return Markup("".join(c if c.isalnum() or c in " -·:._/" else f"\\{ord(c):06x}" for c in text))


def environment(wording: Wording, *packages: str) -> Environment:
    """Jinja2 with the templates of those packages and of reports, in the language of `wording`.

    Raises:
        ReportMissing: Jinja2 is not installed.
    """
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ReportMissing("reports need Jinja2: pip install 'twinfeed[report]'") from error
    found = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, "twinfeed.harness.report.rendering")]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    found.install_gettext_translations(wording.translations, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    found.filters["css"] = _css
    return found


def _picture(folder: Path, kept: Attachment) -> str:
    """A picture as a data URL; empty if it is none, too large, or not what was kept."""
    kind = PICTURES.get(Path(kept.name).suffix.lower())
    if kind is None or kept.trouble or kept.octets > MOST_OCTETS:
        return ""
    return f"data:{kind};base64,{base64.b64encode((folder / kept.file).read_bytes()).decode()}"
