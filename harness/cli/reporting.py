"""`twinfeed report`: what a recorded run is handed in as."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from twinfeed.harness.cli.output import Exit, console, errors, fail


def report(
    folder: Annotated[Path, typer.Argument(help="What pytest --report was given.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The HTML page. Default: FOLDER/report.html.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also a PDF beside the page.")] = False,
    json: Annotated[Path | None, typer.Option("--json", help="Also everything as JSON, into this file.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Also JUnit XML, into this file.")] = None,
    record: Annotated[
        list[Path] | None, typer.Option("--record", help="A record that lies elsewhere; may be repeated.", exists=True)
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="fr or en. Default: the locale's.")] = "",
) -> None:
    """Make the report of a recorded run: results, measurements, devices, confirmations, signatures.

    Exits with 1 when a record or an attached file was altered; the report says so in red.

    Example: twinfeed report out --pdf --lang fr
    """
    from twinfeed.harness.language import UnknownLanguage
    from twinfeed.harness.report import files, page  # pydantic's models take a while
    from twinfeed.harness.report.account import Account
    from twinfeed.harness.report.wording import ReportMissing

    page_file = out or folder / "report.html"
    try:
        account = Account.of(folder, record or ())
        if json:
            files.write_json(account, json)
        if junit:
            files.write_junit(account, junit)
        text = page.html(account, folder, lang)
        page_file.write_text(text, encoding="utf-8")
        if pdf:
            page.pdf(text, page_file.with_suffix(".pdf"))
    except (ValueError, UnknownLanguage, ReportMissing, OSError) as error:
        fail(str(error), Exit.USAGE)
    for path in (page_file, page_file.with_suffix(".pdf") if pdf else None, json, junit):
        if path:
            console.print(f"{escape(str(path))} written", soft_wrap=True)
    for trouble in account.troubles:
        errors.print(f"[red]twinfeed:[/red] {escape(trouble)}", soft_wrap=True)
    if not account.sound:
        raise typer.Exit(Exit.NO)
