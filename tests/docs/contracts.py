"""The picture of the import contracts. `python tests/docs/contracts.py` draws it from pyproject.toml."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "pictures" / "contracts.svg"

WIDTH = 900
ROW = 30
"""Height of one layer or of one line of a forbidden contract, in units of the drawing."""

STYLE = (
    "text{font:12px sans-serif;fill:#123}.b{font-weight:bold;font-size:13px}"
    ".box{fill:#eef5fb;stroke:#235;stroke-width:1.2}.not{fill:#fdecea;stroke:#b00;stroke-width:1.2}"
)


def contracts() -> list[dict[str, Any]]:
    """The contracts of import-linter, in the order of pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: list[dict[str, Any]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return found


def short(module: str) -> str:
    return module.strip().removeprefix("twinfeed.")


def lines(contract: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The rows below the name of a contract: the class of their boxes, and the texts of the boxes."""
    match contract["type"]:
        case "layers":
            for layer in contract["layers"]:
                yield "box", [short(module) for module in layer.replace(":", "|").split("|")]
        case "forbidden":
            yield "box", textwrap.wrap(", ".join(map(short, contract["source_modules"])), 130)
            yield "not", textwrap.wrap(", ".join(map(short, contract["forbidden_modules"])), 130)
        case "independence" | "acyclic_siblings":
            names = contract.get("modules") or contract.get("ancestors") or []
            yield "box", textwrap.wrap(", ".join(map(short, names)), 130)
        case _:
            yield "box", [contract["type"]]


def drawn() -> str:
    """The picture. In a contract of layers each row imports only from the rows below it; a red row must not be imported."""
    parts: list[str] = []
    y = 10
    for contract in contracts():
        for text in textwrap.wrap(contract["name"], 115):
            parts.append(f'<text class="b" x="12" y="{y + 16}">{escape(text)}</text>')
            y += 20
        y += 6
        stacked = contract["type"] != "layers"
        for kind, texts in lines(contract):
            if stacked:
                height = 14 + 16 * len(texts)
                parts.append(f'<rect class="{kind}" x="12" y="{y}" width="{WIDTH - 24}" height="{height}" rx="3"/>')
                parts += [f'<text x="22" y="{y + 20 + 16 * n}">{escape(text)}</text>' for n, text in enumerate(texts)]
                y += height + 6
                continue
            width = (WIDTH - 24) / len(texts)
            for n, text in enumerate(texts):
                x = 12 + n * width
                parts.append(
                    f'<rect class="{kind}" x="{x:.0f}" y="{y}" width="{width - 4:.0f}" height="{ROW - 5}" rx="3"/>'
                    f'<text x="{x + width / 2:.0f}" y="{y + 17}" text-anchor="middle">{escape(text)}</text>'
                )
            y += ROW
        y += 14
    title = "Import contracts: each row imports only from the rows below it; a red row must not be imported"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>\n'
    )
    return head + "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
