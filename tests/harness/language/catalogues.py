"""`make catalogues`: collect what the code marks into every messages.po, and compile each beside itself.

A package has catalogues if it has a folder `locale`. New texts come in untranslated; unused ones go.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import typer
from babel.messages import Catalog, mofile, pofile
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from typer.main import get_command

ROOT = Path(__file__).parents[3]
METHODS = [("**.py", "python"), ("**/templates/**.*", "jinja2")]
MARKS = {**DEFAULT_KEYWORDS, "N_": None, "Phrase": (1,)}
OF_NO_INTEREST = (b'"POT-C', b'"PO-R', b'"Report-Msgid', b'"Last-T', b'"Language-Team', b'"Generated-By')
"""Fields of a catalogue's head that a version control system knows better."""


def files() -> list[Path]:
    """Every messages.po of the project."""
    return sorted(ROOT.glob("*/locale/*/LC_MESSAGES/messages.po"))


def said(package: Path) -> Catalog:
    """All that a package marks, in the order of its files."""
    catalogue = Catalog()
    for _, _, message, comments, context in extract_from_dir(package, METHODS, keywords=MARKS, comment_tags=["Note:"]):
        catalogue.add(message, auto_comments=comments, context=context)
    for text in helps(package.name):
        catalogue.add(text)
    return catalogue


def helps(package: str) -> Iterator[str]:
    """The helps of the commands of technicians and operators that a package has, in paragraphs: these are in annotations."""
    from twinfeed.harness.cli.operation import commissioning, importing, losing, maintaining
    from twinfeed.harness.cli.recording import reporting
    from twinfeed.harness.cli.speaking import paragraphs
    from twinfeed.hil_rigs.cli import app as rig

    app = typer.Typer() if package == "harness" else rig if package == "hil_rigs" else None
    if app is None:
        return
    if package == "harness":
        for each in (
            reporting.report,
            reporting.verify,
            losing.impact,
            maintaining.maintain,
            importing.from_csv,
            importing.from_netbox,
            commissioning.commission,
        ):
            app.command()(each)
    group = get_command(app)
    for command in (group, *group.commands.values()):  # type: ignore[attr-defined]
        for text in (command.help, *(getattr(parameter, "help", "") for parameter in command.params)):
            yield from paragraphs(text or "")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return pofile.read_po(file, locale=path.parts[-3])


def updated(path: Path) -> Catalog:
    """The catalogue with the present texts of its package; a translated text stays translated."""
    catalogue = read(path)
    catalogue.update(said(path.parents[3]), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def text(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    pofile.write_po(buffer, catalogue, width=0, no_location=True)
    return b"".join(line for line in buffer.getvalue().splitlines(True) if not line.startswith(OF_NO_INTEREST))


def compiled(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    mofile.write_mo(buffer, catalogue)
    return buffer.getvalue()


def translations(mo: bytes) -> dict[str, str]:
    """The content of a compiled catalogue, without its head, which has the time it was made."""
    return {str(message.id): str(message.string) for message in mofile.read_mo(io.BytesIO(mo)) if message.id}


def untranslated(catalogue: Catalog) -> Iterator[str]:
    """Texts that lack a translation, or all of its plurals, or have one that nobody has reviewed."""
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            yield str(message.id)


if __name__ == "__main__":
    for path in files():
        catalogue = updated(path)
        path.write_bytes(text(catalogue))
        mo = path.with_suffix(".mo")
        if not mo.exists() or translations(mo.read_bytes()) != translations(compiled(catalogue)):
            mo.write_bytes(compiled(catalogue))
        print(path.relative_to(ROOT), f"{len(catalogue)} messages, {len(list(untranslated(catalogue)))} to translate")
