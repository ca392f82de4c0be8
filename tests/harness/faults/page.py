"""The tables of the pages of faults and deeds, from the catalogues. `python tests/harness/faults/page.py` writes them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant import catalogue as components
from twinfeed.emulators.plant.kernel.deeds import DeedKind, Takes, Word
from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.emulators.plant.people.deeds import REPLACE
from twinfeed.harness.faults.catalogue import FAMILIES, FaultKind, kinds

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "faults.md"
DEEDS = PAGE.with_name("scenarios.md")
BEGIN, END = "<!-- catalogue -->", "<!-- end of catalogue -->"


def tables() -> str:
    """One table a family, one line a kind."""
    lines: list[str] = []
    for family in FAMILIES:
        lines += [
            "",
            f"### {family}",
            "",
            "| Fault | On | What it does | Parameters | Rig | Source | Counted as |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_line(entry) for entry in kinds() if entry.family == family]
    return "\n".join([*lines, ""])


def _line(entry: FaultKind) -> str:
    on = ", ".join(f"{target}{':' + ','.join(entry.of).upper() if entry.of else ''}" for target in entry.targets)
    takes = "; ".join(_parameter(name, parameter) for name, parameter in entry.parameters.items())
    counted = f"{entry.failure.data}: {entry.failure.effect}" if entry.failure is not None else ""
    rig = "yes" if "rig" in entry.worlds else ""
    return f"| `{entry.kind}` | {on} | {entry.doc} | {takes} | {rig} | {entry.source} | {counted} |"


def _parameter(name: str, p: Parameter) -> str:
    doc = f", {p.doc}" if p.doc else ""
    return f"`{name}` {p.default:g} ({p.low:g} to {p.high:g}{' ' + p.unit if p.unit else ''}{doc})"


def deeds() -> str:
    """One line a deed, with all the kinds that have it."""
    found: dict[tuple[str, str], tuple[DeedKind, list[str]]] = {}
    lists = {name: cls.DEEDS for name, cls in components.KINDS.items()}
    lists |= {f"{name}/device": kind.firmware.DEEDS for name, kind in devices.KINDS.items()}
    for target, known in lists.items():
        for name, kind in known.items():
            on = "device" if name in Device.DEEDS and target.endswith("/device") else target
            targets = found.setdefault((name, kind.doc), (kind, []))[1]
            if on not in targets:
                targets.append(on)
    found["replace", REPLACE.doc] = REPLACE, ["everything"]
    lines = ["", "| Deed | At | What it does | Parameters | Taken back by |", "|---|---|---|---|---|"]
    for (name, doc), (kind, targets) in sorted(found.items()):
        takes = "; ".join(_taken(argument, t) for argument, t in kind.takes.items())
        undo = f"`{kind.undo}`" if kind.undo else ""
        lines.append(f"| `{name}` | {', '.join(targets)} | {doc} | {takes} | {undo} |")
    return "\n".join([*lines, ""])


def _taken(name: str, takes: Takes) -> str:
    if isinstance(takes, Parameter):
        return _parameter(name, takes)
    words = " or ".join(takes.words) if isinstance(takes, Word) else ""
    return f"`{name}` ({words or takes.doc or 'a text'})"


def updated(page: str, tables: Callable[[], str] = tables) -> str:
    """The page with the present tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
    DEEDS.write_text(updated(DEEDS.read_text(), deeds))
    sys.stdout.write(f"{PAGE} holds {len(kinds())} kinds\n")
