"""Sites ready to run: building one takes seconds, taking a built one back to its start takes milliseconds."""

from __future__ import annotations

import gc
from functools import cache
from typing import Any

from emulators.site import Site


def fresh(name: str, seed: int = 0, settle_s: float = 0.0) -> Site:
    """A site at its start, `settle_s` after it was switched on.

    It is the same object for the same arguments: use it once at a time.

    Raises:
        FileError: there is no such site, or its file is wrong.
    """
    site, snapshot = _built(name, seed, settle_s)
    site.plant.restore(snapshot)
    return site


@cache
def _built(name: str, seed: int, settle_s: float) -> tuple[Site, dict[str, Any]]:
    site = Site.load(name, seed or None)
    site.advance(settle_s)
    snapshot = site.plant.snapshot()
    # Some hundred thousand objects that live as long as the process: nobody need look for garbage among them again.
    gc.collect()
    gc.freeze()
    return site, snapshot
