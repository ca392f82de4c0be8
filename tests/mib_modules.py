"""The MIB modules of the shared data, compiled once: what each OID is, its syntax, values, range and access."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from twinfeed.harness.characterise.drafting import mibs
from twinfeed.harness.characterise.drafting.mibs import compiled

UNSUPPORTED = {"PowerNet-MIB": -1}
"""A product's answers for an object it does not support, outside of the enumeration (the MIB's descriptions)."""


class Mibs(mibs.Mibs):
    """All modules of a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(_compiled(folder))


def _compiled(folder: Path) -> dict[str, dict[str, Any]]:
    """Every module that compiles; kept in the temporary folder until a module changes."""
    digest = hashlib.sha256(Path(mibs.__file__).read_bytes() + Path(__file__).read_bytes())
    for path in sorted(folder.iterdir()):
        digest.update(path.read_bytes())
    kept = Path(tempfile.gettempdir()) / f"twinfeed-mibs-{digest.hexdigest()[:16]}.json"
    if kept.exists():
        known: dict[str, dict[str, Any]] = json.loads(kept.read_text())
        return known
    modules = compiled([folder], texts=True)
    with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False) as part:
        part.write(json.dumps(modules))
    Path(part.name).replace(kept)
    return modules
