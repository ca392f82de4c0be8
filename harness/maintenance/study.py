"""The works of a whole site as jobs that processes share, with a memory: a study that was stopped goes on.

A job is one component in one phase (`grid`, `sets`), or the failures that stop rows in a phase with nobody at work.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pydantic

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.maintenance.alike import classes
from twinfeed.harness.maintenance.conditions import GRID, SETS, full_load
from twinfeed.harness.maintenance.work import FAILURE_S, Lost, Phase, failures, lost, usual, work
from twinfeed.harness.tier3.concurrent_maintainability import INTERRUPTED
from twinfeed.harness.tier3.isolation_procedures import NO_CARD
from twinfeed.harness.tier3.sources import has_sets, lose_the_grid

USUAL = ""
"""In place of a component: the failures with nobody at work."""

_PHASE = pydantic.TypeAdapter(Phase)


@dataclass(frozen=True)
class Conditions:
    """The conditions of a study, the same for all of its jobs."""

    site: str
    """A shipped site's name, or a site file."""
    beyond_loopback: bool = False
    load_percent: float = 100.0
    after_s: float = FAILURE_S
    """The time for which the plant goes on after a failure, s."""
    with_failures: bool = True
    """False leaves out the single failures during the works, which take most of the time."""


@dataclass(frozen=True)
class Job:
    """One component in one phase; `USUAL` for the failures with nobody at work."""

    component: str
    carried_by: str


@cache
def ready(conditions: Conditions, carried_by: str) -> Site:
    """The site in those conditions; built once in a process. Whoever changes it undoes the change.

    Raises:
        FileError: a mistake in the site file.
        PlantError: the site does not come onto its sets.
    """
    site = Site.load(conditions.site, beyond_loopback=conditions.beyond_loopback)
    full_load(site, conditions.load_percent / 100.0)
    if carried_by == SETS:
        lose_the_grid(site)
    return site


def phases(site: Site) -> tuple[str, ...]:
    """The phases in which its works are judged."""
    return (GRID, SETS) if has_sets(site) else (GRID,)


def representatives(site: Site, every: bool = False) -> dict[str, list[str]]:
    """The first of each group of alike components that somebody maintains -> the whole group; `every`: each alone."""
    names = [name for name, component in site.components.items() if component.kind not in NO_CARD]
    groups = [[name] for name in names] if every else classes(site, names)
    return {group[0]: group for group in groups}


def done(conditions: Conditions, job: Job, without: dict[str, Lost] | None) -> Phase | dict[str, Lost]:
    """Do that job: the losses with nobody at work of `USUAL`, else the work. `without` is the result of the former."""
    try:
        site = ready(conditions, job.carried_by)
    except PlantError as error:
        if job.carried_by == GRID:
            raise
        return {} if job.component == USUAL else Phase(INTERRUPTED, str(error))
    if job.component == USUAL:
        return usual(site, conditions.after_s)
    return work(site, job.component, without, conditions.after_s)


def failure_s(site: Site, after_s: float, tried: int) -> float:
    """Processor time of all single failures during one work, s: that of the first `tried` groups, for all."""
    groups = failures(site)
    began = time.process_time()
    for group in groups[:tried]:
        lost(site, group[0], after_s)
    return (time.process_time() - began) / tried * len(groups)


class Memory:
    """The results of a study in a file of JSON lines, each written when its job is done.

    Results of another site file, version or condition are not taken; the file of a study that was stopped in the middle
    of a line is read up to there.
    """

    def __init__(self, path: Path | None, conditions: Conditions) -> None:
        self.path, self._key = path, _key(conditions)
        self.usual: dict[str, dict[str, Lost]] = {}
        """By phase."""
        self.works: dict[Job, Phase] = {}
        for line in path.read_text("utf-8").splitlines() if path is not None and path.exists() else ():
            try:
                entry = json.loads(line)
                if entry["key"] != self._key:
                    continue
                job, result = Job(entry["component"], entry["carried_by"]), entry["result"]
                self._take(job, result if job.component == USUAL else _PHASE.validate_python(result))
            except (ValueError, KeyError, TypeError):
                continue

    def keep(self, job: Job, result: Phase | dict[str, Lost]) -> None:
        """Take a result, and write it down.

        Raises:
            OSError: the file cannot be written.
        """
        self._take(job, result)
        if self.path is not None:
            document = asdict(result) if isinstance(result, Phase) else result
            line = json.dumps({"key": self._key, **asdict(job), "result": document}, ensure_ascii=False)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def __contains__(self, job: Job) -> bool:
        return job in self.works or (job.component == USUAL and job.carried_by in self.usual)

    def _take(self, job: Job, result: Any) -> None:
        if isinstance(result, Phase):
            self.works[job] = result
        else:
            self.usual[job.carried_by] = result


def _key(conditions: Conditions) -> str:
    """A digest of the site file, the conditions and the version of twinfeed."""
    site = ready(conditions, GRID)
    text = site.file.path.read_bytes()
    rest = json.dumps([version("twinfeed"), {**asdict(conditions), "site": ""}], sort_keys=True)
    return hashlib.sha256(text + rest.encode()).hexdigest()
