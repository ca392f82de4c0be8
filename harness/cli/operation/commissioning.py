"""The command that makes the integrated systems test of a site."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from xml.etree.ElementTree import ParseError

import typer

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    fail,
    in_language,
    plain_errors,
    print_json,
    table,
    tell,
)
from twinfeed.harness.cli.recording.reporting import LangOption
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.commissioning import binder, writing
from twinfeed.harness.commissioning.cases import CHAPTERS, Case, NotMade, cases, demands
from twinfeed.harness.commissioning.result import Commissioned
from twinfeed.harness.durations import seconds
from twinfeed.harness.language import LANGUAGES, said
from twinfeed.harness.maintenance.conditions import SETTLED_S
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.report.rendering.page import pdf as write_pdf
from twinfeed.harness.report.rendering.wording import ReportMissing

TRACEABILITY = "traceability.yaml"


@prints(Commissioned)
def commission(
    site: Annotated[str, typer.Argument(help="A shipped site's name, or a site file.")],
    out: Annotated[Path, typer.Option("--out", help="The folder for tests, traceability and binder.")],
    controller: Annotated[str, typer.Option("--controller", help="The controller under test, as for pytest.")] = "",
    alike: Annotated[bool, typer.Option("--alike", help="Only one of several components that are alike.")] = False,
    endurance: Annotated[str, typer.Option("--endurance", help="The time for which the sets carry the site.")] = "24 h",
    pdf: Annotated[bool, typer.Option("--pdf", help="Write the binder as PDF, too.")] = False,
    beyond_loopback: BeyondOption = False,
    lang: LangOption = "",
    json: JsonOption = False,
) -> None:
    """Make the integrated systems test (level 5) of a site: pytest tests, traceability, a binder to sign.

    Run the tests with: pytest DIR --junitxml DIR/results.xml. The same command then puts their outcomes into the
    binder.

    Examples:

      twinfeed commission my-site.yaml --out commissioning --pdf --lang fr

      twinfeed commission pilot --out commissioning --alike --controller reference
    """
    in_language(lang)
    try:
        endurance_s = seconds(endurance)
    except ValueError as error:
        fail(f"--endurance: {error}", Exit.USAGE)
    with plain_errors():
        built = Site.load(site, beyond_loopback=beyond_loopback)
        built.advance(SETTLED_S)
        found = list(cases(built, endurance_s, not alike))
    made = [each for each in found if isinstance(each, Case)]
    not_made = [each for each in found if isinstance(each, NotMade)]
    name = str(Path(site).resolve()) if Path(site).exists() else site
    try:
        out.mkdir(parents=True, exist_ok=True)
        outcomes = writing.outcomes(out)
        texts = _texts(built, name, made, controller)
        changed = _changed(out, [*texts, TRACEABILITY], texts)
        stale = {writing.test_of(case) for case in made if writing.module_of(case.chapter) in changed} & outcomes.keys()
        outcomes = {name: outcome for name, outcome in outcomes.items() if name not in stale}
        texts[TRACEABILITY] = writing.traceability(made, outcomes)
        for file, text in texts.items():
            (out / file).write_text(text, "utf-8")
        files = [*texts, *_binders(built.name, made, not_made, outcomes, out, pdf)]
    except (OSError, ParseError) as error:
        fail(f"--out: {error}", Exit.USAGE)
    counts = Counter(case.chapter for case in made)
    if json:
        reasons = {f"{each.chapter} {each.target}".rstrip(): str(each.reason) for each in not_made}
        of = {case.id: outcomes.get(writing.test_of(case), "not run") for case in made}
        print_json(asdict(Commissioned(built.name, str(out), files, dict(counts), reasons, of)))
        return
    listing = table("", N_("chapter"), N_("cases"), N_("no case"))
    for chapter, title in CHAPTERS.items():
        listing.add_row(said(title), str(counts[chapter]), str(sum(each.chapter == chapter for each in not_made)))
    console.print(listing)
    for file in files:
        tell(Phrase("wrote {path}", path=out / file))
    if stale:
        tell(Phrase("{n} outcomes are of tests that have changed since: run these again", n=len(stale)), "yellow")
    if outcomes:
        tell(binder.counted(outcomes))
    else:
        tell(Phrase("next: pytest {folder} --junitxml {folder}/results.xml, then this command again", folder=out))


def _changed(folder: Path, files: list[str], texts: dict[str, str]) -> set[str]:
    """The files that are there with another text; one that the command did not make ends it."""
    changed = set()
    for path in (folder / file for file in files):
        if path.exists():
            there = path.read_text("utf-8", "replace")
            if writing.MADE_BY not in there:
                fail(Phrase("{path} was not made by this command: give another folder to --out", path=path), Exit.USAGE)
            if there != texts.get(path.name):
                changed.add(path.name)
    return changed


def _texts(site: Site, name: str, made: list[Case], controller: str) -> dict[str, str]:
    """File -> text of each chapter that has cases."""
    texts = {}
    for chapter, title in CHAPTERS.items():
        of = [case for case in made if case.chapter == chapter]
        if of:
            texts[writing.module_of(chapter)] = writing.module(title, of, name, controller, demands(site))
    return texts


def _binders(
    site: str, made: list[Case], not_made: list[NotMade], outcomes: dict[str, str], out: Path, as_pdf: bool
) -> list[str]:
    """The binder in each language; without the extra `report` the tests are written all the same."""
    files = []
    try:
        for lang in LANGUAGES:
            page, path = binder.html(site, made, not_made, outcomes, lang), out / f"binder.{lang}.html"
            path.write_text(page, "utf-8")
            files.append(path.name)
            if as_pdf:
                write_pdf(page, path.with_suffix(".pdf"))
                files.append(path.with_suffix(".pdf").name)
    except ReportMissing as error:
        tell(str(error), "yellow")
    return files
