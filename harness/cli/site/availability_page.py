"""The answer of `twinfeed availability SITE` as a page to print, in every language."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from twinfeed.harness.availability.enumeration.enumerated import Enumeration
from twinfeed.harness.availability.logic.tops import ALL, ANY
from twinfeed.harness.availability.study import Figures, Scenario, Study
from twinfeed.harness.durations import spoken
from twinfeed.harness.language import LANGUAGES, N_
from twinfeed.harness.report.rendering.page import environment, pdf
from twinfeed.harness.report.rendering.wording import Wording

SHOWN = 25
"""Rows of a table."""

VERDICTS = {
    "met": N_("met, over the whole interval of the data"),
    "not met": N_("not met, over the whole interval of the data"),
    "open": N_("open: the interval of the data lies on both sides"),
}
BADGES = {"met": "passed", "open": "marginal", "not met": "failed"}
GRIDS = {"there": N_("there"), "out": N_("out")}
CONFIDENCES = {"high": N_("high"), "medium": N_("medium"), "low": N_("low")}


def html(study: Study, plant: Enumeration | None, lang: str) -> str:
    """The page, which needs nothing else.

    Raises:
        ReportMissing: Jinja2 or Babel is not installed.
    """
    wording = Wording(lang)

    def number(value: float | None) -> str:
        return "" if value is None else wording.quantity(float(f"{value:.2g}"), "").strip()

    def top(name: str) -> str:
        if name in (ANY, ALL):
            return wording.say(N_("any row or rack") if name == ANY else N_("all rows and racks at once"))
        return name.removesuffix(" stops").removesuffix(" is too hot")

    used = {mode.category for mode in study.counted}
    template = environment(wording, "twinfeed.harness.cli.site").get_template("availability.html")
    return template.render(
        study=study, plant=plant, w=wording, say=wording.say, number=number, top=top, chosen=chosen, spoken=spoken,
        verdicts=VERDICTS, badges=BADGES, grids=GRIDS, confidences=CONFIDENCES, shown=SHOWN,
        used={name: data for name, data in study.table.items() if name in used},
        footer=f"twinfeed {version('twinfeed')} · {study.site}",
    )  # fmt: skip


def chosen(scenario: Scenario) -> list[Figures]:
    """The site, then rows, racks and halls, the worst first."""
    return [*scenario.figures[:2], *sorted(scenario.figures[2:], key=lambda one: (-one.minutes_a_year, one.top))]


def write(study: Study, plant: Enumeration | None, folder: Path, as_pdf: bool = False) -> Iterator[Path]:
    """Write the page in every language into that folder, and the PDF of each if wanted.

    Raises:
        ReportMissing: Jinja2, Babel or WeasyPrint is not installed; the message gives the command that installs them.
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for lang in LANGUAGES:
        page, path = html(study, plant, lang), folder / f"availability.{lang}.html"
        path.write_text(page, "utf-8")
        yield path
        if as_pdf:
            pdf(page, path.with_suffix(".pdf"))
            yield path.with_suffix(".pdf")
