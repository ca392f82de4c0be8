"""The pages of the reference that are written from the code: `python -m tests.docs.pages` writes them.

`pages()` gives each page, or the part of a hand-written page between its marks; `test_pages.py` compares them with docs/.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import answers, commands, figures, files, grammar, http_api, kinds

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
FOLDER = DOCS / "reference" / "kinds"
"""Holds generated pages only."""


def pages() -> Iterator[tuple[Path, str]]:
    """Each generated page and its text."""
    yield FOLDER / "index.md", kinds.index()
    for kind in kinds.all_kinds():
        yield FOLDER / f"{kind}.md", kinds.page(kind)
    yield DOCS / "reference" / "products.md", kinds.products()
    yield DOCS / "reference" / "command-line.md", commands.page()
    yield DOCS / "reference" / "json.md", answers.page()
    yield DOCS / "reference" / "http-api.md", http_api.page()
    yield DOCS / "reference" / "profile-file.md", files.profile()
    yield DOCS / "reference" / "scenario-file.md", files.scenario()
    yield DOCS / "reference" / "rig-file.md", files.rig()
    yield DOCS / "reference" / "grammar.md", grammar.page()
    yield DOCS / "reference" / "figures.md", figures.page()


def write() -> int:
    """Write the pages whose text has changed; returns their number. A page of a kind that is gone is removed."""
    wanted = dict(pages())
    for stale in set(FOLDER.glob("*.md")) - set(wanted):
        stale.unlink()
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    return len(changed)
