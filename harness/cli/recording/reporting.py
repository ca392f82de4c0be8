"""`twinfeed report`: the report of a recorded run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.text import Text

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    errors,
    fail,
    in_language,
    print_json,
    tell,
)
from twinfeed.harness.language import said
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.files import ReportMade, Verified

if TYPE_CHECKING:
    from twinfeed.harness.report.verifying import Trouble

KeyOption = Annotated[
    list[Path] | None,
    typer.Option("--key", help="The public key of another computer that is trusted (PEM or hexadecimal); repeatable."),
]
LangOption = Annotated[str, typer.Option("--lang", help="fr or en. Default: that of the locale.")]
RecordOption = Annotated[
    list[Path] | None, typer.Option("--record", help="A record in another place; may be repeated.", exists=True)
]


@prints(Verified)
def verify(
    folder: Annotated[Path, typer.Argument(help="The folder that was given to pytest --report.")],
    key: KeyOption = None,
    record: RecordOption = None,
    json: JsonOption = False,
    lang: LangOption = "",
) -> None:
    """Check the records of a run: hashes, signatures, the end of each run, what records quote, kept files.

    Exits with 0 when all is as it was written and signed by this computer or by --key; 1 when something was altered or
    is missing; 2 when there is nothing to check; 3 when no known key vouches for it.

    Example: twinfeed verify out --key bench-7.pem
    """
    from twinfeed.harness.record import keys
    from twinfeed.harness.record.folder import records
    from twinfeed.harness.report.rendering.wording import STANDINGS
    from twinfeed.harness.report.verifying import Standing, verified

    in_language(lang)
    paths = list(dict.fromkeys([*records(folder), *(record or ())]))
    if not paths:
        fail(
            Phrase("{folder}: there is no record (*.jsonl) in it; pytest --report {folder} writes one", folder=folder),
            Exit.USAGE,
        )
    try:
        trusted = keys.trusted(key or ())
        found = verified(paths, trusted, folder)
    except (keys.BadKey, OSError) as error:
        fail(str(error), Exit.USAGE)
    if json:
        troubles = _as_json(found.troubles)
        chains = [{**vars(chain), "standing": chain.standing.name.lower()} for chain in found.chains]
        print_json({"standing": found.standing.name.lower(), "records": chains, "troubles": troubles})
    else:
        for chain in found.chains:
            colour = _COLOURS[chain.standing.name]
            word = said(STANDINGS[chain.standing])
            console.print(
                f"[{colour}]{escape(word)}[/]  {escape(chain.file)}  {chain.lines}  {chain.last}", soft_wrap=True
            )
        for trouble in found.troubles:
            colour = _COLOURS[trouble.standing.name]
            errors.print(Text.assemble(("twinfeed:", colour), " ", trouble.said(said)), soft_wrap=True)
    codes = {Standing.VERIFIED: Exit.DONE, Standing.WRONG: Exit.NO, Standing.UNVOUCHED: Exit.UNREACHABLE}
    raise typer.Exit(codes[found.standing])


def _as_json(troubles: Iterable[Trouble]) -> list[dict[str, str]]:
    return [{"standing": trouble.standing.name.lower(), "says": trouble.said(said)} for trouble in troubles]


_COLOURS = {"VERIFIED": "green", "UNVOUCHED": "yellow", "WRONG": "red"}


@prints(ReportMade)
def report(
    folder: Annotated[Path, typer.Argument(help="The folder that was given to pytest --report.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The HTML page. Default: FOLDER/report.html.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also a PDF beside the page.")] = False,
    data: Annotated[Path | None, typer.Option("--data", help="Also everything as JSON, into this file.")] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", help="JUnit XML. Default: beside the page, .junit.xml.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Measurements as CSV. Default: beside the page, .csv.")
    ] = None,
    record: RecordOption = None,
    key: KeyOption = None,
    json: JsonOption = False,
    lang: LangOption = "",
) -> None:
    """Make the report of a recorded run: results, measurements, devices, confirmations, signatures.

    Exits with 1 when a record or an attached file was altered; the report marks it in red.

    Example: twinfeed report out --pdf --lang fr
    """
    from twinfeed.harness.record import keys
    from twinfeed.harness.report.account import Account
    from twinfeed.harness.report.rendering import files, page, sheet  # pydantic's models take a while
    from twinfeed.harness.report.rendering.wording import ReportMissing

    in_language(lang)
    page_file = out or folder / "report.html"
    junit, csv = junit or page_file.with_suffix(".junit.xml"), csv or page_file.with_suffix(".csv")
    try:
        account = Account.of(folder, record or (), keys.trusted(key or ()))
        if data:
            files.write_json(account, data)
        files.write_junit(account, junit)
        sheet.write_csv(account, csv)
        text = page.html(account, folder, lang)
        page_file.write_text(text, encoding="utf-8")
        if pdf:
            page.pdf(text, page_file.with_suffix(".pdf"))
    except (ValueError, ReportMissing, OSError) as error:
        fail(str(error), Exit.USAGE)
    written = [path for path in (page_file, page_file.with_suffix(".pdf") if pdf else None, data, junit, csv) if path]
    if json:
        troubles = _as_json(account.troubles)
        made = {"page": str(page_file), "files": list(map(str, written))}
        print_json({**made, "sound": account.sound, "troubles": troubles})
    else:
        for path in written:
            tell(Phrase("{path} written", path=path))
    for trouble in account.troubles:
        colour = _COLOURS[trouble.standing.name]
        errors.print(Text.assemble(("twinfeed:", colour), " ", trouble.said(said)), soft_wrap=True)
    if not account.sound:
        raise typer.Exit(Exit.NO)
