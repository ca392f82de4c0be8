"""Sites ready to run: building one takes seconds, taking a built one back to its start takes milliseconds."""

from __future__ import annotations

import gc
from functools import cache
from pathlib import Path
from typing import Any

from emulators.site import Site
from emulators.sitefile import find

DEFAULT = "bamako"
"""The site of tests that name none."""


def fresh(name: str, seed: int = 0, settle_s: float = 0.0) -> Site:
    """A site at its start, `settle_s` after it was switched on.

    It is the same object for the same arguments: use it once at a time.

    Raises:
        FileError: there is no such site, or its file is wrong.
    """
    site, snapshot = _built(str(find(name).resolve()), seed, settle_s)
    site.plant.restore(snapshot)
    return site


def beside(name: str, file: Path) -> str:
    """The site that a test or scenario file means: a path that is not there from the current folder is looked for in
    the file's own folder and in those above it."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and not path.exists():
        for folder in file.resolve().parents:
            if (folder / path).exists():
                return str(folder / path)
    return name


@cache
def _built(path: str, seed: int, settle_s: float) -> tuple[Site, dict[str, Any]]:
    site = Site.load(path, seed or None)
    site.advance(settle_s)
    snapshot = site.plant.snapshot()
    # Some hundred thousand objects that live as long as the process: nobody need look for garbage among them again.
    gc.collect()
    gc.freeze()
    return site, snapshot
