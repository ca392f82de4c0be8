"""Scenario files of losses: `twinfeed replay FILE` runs each again and sees the property break."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.enumeration.courses import OUTAGE_S
from twinfeed.harness.availability.enumeration.enumerated import Seen
from twinfeed.harness.availability.enumeration.jobs import rows_of
from twinfeed.harness.availability.logic.design import every
from twinfeed.harness.faults.deeds import Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

AFTER_S = 60.0
"""A scenario goes on for so long after the first loss, s."""


def scenario(site: Site, site_name: str, seen: Seen, start_s: float) -> Scenario:
    """The scenario of a loss. `site_name` is the site as a command takes it, `start_s` the time that it had run."""
    failed = [failure.split(" ", 1) for failure in seen.failures]
    injections = [Injection(target, kind, at_s=start_s) for target, kind in failed]
    if seen.grid == "out":
        dead = {target for target, kind in failed if kind == "outage"}
        sources = [utility.id for utility in every(site, Utility) if utility.id not in dead]
        injections += [Injection(name, "outage", at_s=start_s + OUTAGE_S) for name in sources]
    deeds = [Deed(row, "load", parameters={"percent": 100.0}) for row in rows_of(site)]
    conditions = [f"always {row}.losses == 0 and {row}.overheated == 0" for row in seen.rows[:1]]
    note = f"{', '.join(seen.failures)}; grid {seen.grid}: the first loss came after {seen.first_s:g} s"
    return Scenario(
        site_name,
        duration_s=start_s + seen.first_s + AFTER_S,
        injections=tuple(injections),
        deeds=tuple(deeds),
        properties=tuple(conditions),
        note=note,
    )


def write_all(site: Site, site_name: str, of: Sequence[Seen], start_s: float, folder: Path) -> list[Path]:
    """Write the scenario of each loss into a folder, the most costly first; returns the files.

    Raises:
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, seen in enumerate(of, 1):
        words = re.sub(r"[^a-z0-9]+", "-", " ".join((seen.grid, *seen.failures)).lower()).strip("-")
        file = folder / f"{number:03d}-{words[:80]}.yaml"
        scenario(site, site_name, seen, start_s).save(file)
        written.append(file)
    return written
