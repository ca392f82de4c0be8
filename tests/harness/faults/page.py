"""The tables of `docs/reference/faults.md`, from the catalogue. `python tests/harness/faults/page.py` writes them into the page."""

from __future__ import annotations

import sys
from pathlib import Path

from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.harness.faults.catalogue import FAMILIES, FaultKind, kinds

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "faults.md"
BEGIN, END = "<!-- catalogue -->", "<!-- end of catalogue -->"


def tables() -> str:
    """One table a family, one line a kind."""
    lines: list[str] = []
    for family in FAMILIES:
        lines += [
            "",
            f"### {family}",
            "",
            "| Fault | On | What it does | Parameters | Rig | Source |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_line(entry) for entry in kinds() if entry.family == family]
    return "\n".join([*lines, ""])


def _line(entry: FaultKind) -> str:
    on = ", ".join(f"{target}{':' + ','.join(entry.of).upper() if entry.of else ''}" for target in entry.targets)
    takes = "; ".join(_parameter(name, parameter) for name, parameter in entry.parameters.items())
    rig = "yes" if "rig" in entry.worlds else ""
    return f"| `{entry.kind}` | {on} | {entry.doc} | {takes} | {rig} | {entry.source} |"


def _parameter(name: str, p: Parameter) -> str:
    doc = f", {p.doc}" if p.doc else ""
    return f"`{name}` {p.default:g} ({p.low:g} to {p.high:g}{' ' + p.unit if p.unit else ''}{doc})"


def updated(page: str) -> str:
    """The page with the present tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
    sys.stdout.write(f"{PAGE} holds {len(kinds())} kinds\n")
