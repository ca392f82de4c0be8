"""The manual in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.markup import escape

from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, in_language, print_json, table
from twinfeed.harness.cli.recording.reporting import LangOption
from twinfeed.harness.language import spoken
from twinfeed.harness.reference import manual
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.files import ManualPage, ManualText


@prints(list[ManualPage] | ManualText)
def docs(
    page: Annotated[str, typer.Argument(help="A page, as the list names it, or the end of its name.")] = "",
    lang: LangOption = "",
    json: JsonOption = False,
) -> None:
    """Show a page of the manual, or list the pages. No network is needed.

    A page is formatted in a terminal, and plain Markdown in a pipe or a file.

    Examples:

      twinfeed docs

      twinfeed docs sites

      twinfeed docs kinds/ups > ups.md
    """
    in_language(lang)
    if not page:
        return _list(json)
    try:
        found = manual.find(page)
    except manual.NoSuchPage as error:
        fail(str(error), Exit.USAGE)
    text = manual.text_of(found, spoken())
    if json:
        title = found.title_in(spoken())
        return print_json({"page": found.name, "title": title, "languages": found.languages, "text": text})
    if console.is_terminal:
        return console.print(Markdown(manual.for_terminal(text, found), hyperlinks=False))
    return typer.echo(text, nl=False)


def _list(json: bool) -> None:
    found = manual.pages()
    if json:
        return print_json([{"page": p.name, "title": p.title_in(spoken()), "languages": p.languages} for p in found])
    listing = table("", "page", "title", "")
    for each in found:
        listing.add_row(each.name, escape(each.title_in(spoken())), " ".join(each.languages[1:]))
    return console.print(listing)
