"""Sites ready to run: building one takes seconds, taking a built one back to its start takes milliseconds."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from twinfeed.emulators.plant.kernel.tolerances import Tolerances
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile import find
from twinfeed.harness.faults.scenario import Scenario

_built: dict[tuple[str, int | None, float, bool, Tolerances | None], tuple[Site, dict[str, Any]]] = {}
"""Sites with their snapshots at the start, by the path of the file, the seed, the time to settle and the tolerances."""


def fresh(
    name: str,
    seed: int | None = None,
    settle_s: float = 0.0,
    beyond_loopback: bool = False,
    tolerances: Tolerances | None = None,
) -> Site:
    """A site at its start, `settle_s` after it was switched on; seed and tolerances are those of its file by default.

    It is the same object for the same arguments: use it once at a time.

    Raises:
        FileError: there is no such site, or its file is wrong.
    """
    key = (str(find(name).resolve()), seed, settle_s, beyond_loopback, tolerances)
    if key not in _built:
        _built[key] = _build(*key)
    site, snapshot = _built[key]
    site.plant.restore(snapshot)
    return site


def fresh_for(scenario: Scenario) -> Site:
    """The site of a scenario at the moment at which the scenario begins; see `fresh`."""
    return fresh(scenario.site, scenario.seed, scenario.settle_s, tolerances=scenario.tolerances)


def forget(site: Site) -> None:
    """Build that site anew the next time: a run of it was broken off, perhaps in the middle of a step of its plant."""
    for key in [key for key, (built, _) in _built.items() if built is site]:
        del _built[key]


def beside(name: str, file: Path) -> str:
    """The site that a test or scenario file names: a path that does not exist from the current folder is searched in
    the file's own folder and in those above it."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and not path.exists():
        for folder in file.resolve().parents:
            if (folder / path).exists():
                return str(folder / path)
    return name


def _build(
    path: str, seed: int | None, settle_s: float, beyond_loopback: bool, tolerances: Tolerances | None
) -> tuple[Site, dict[str, Any]]:
    site = Site.load(path, seed, beyond_loopback, tolerances)
    site.advance(settle_s)
    snapshot = site.plant.snapshot()
    # Some hundred thousand objects that live as long as the process: the collector need not visit them again.
    gc.collect()
    gc.freeze()
    return site, snapshot
