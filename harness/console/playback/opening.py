"""Opens a recorded run: a scenario, which is run for it, or the journal of a run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from twinfeed.emulators import textfile
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness import quantities
from twinfeed.harness.console.playback.states import States
from twinfeed.harness.console.playback.world import Playback
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.journal import Journal
from twinfeed.harness.properties.scenarios import check
from twinfeed.harness.search import Outcome, trial
from twinfeed.harness.worlds.sites import beside, fresh_for

JOURNAL = "journal.jsonl"
"""The journal in the folder of a failed test's evidence."""

MOMENTS = 500
"""A quiet plant is kept so many times in a run."""


def recording(path: Path) -> Path:
    """The scenario file or journal that a path means: itself, or the one in that folder.

    Raises:
        FileError: there is none, or more than one.
    """
    if path.is_file():
        return path
    found = sorted(file for of in (f"**/{JOURNAL}", "**/*.scenario.yaml") for file in path.glob(of))
    if len(found) == 1:
        return found[0]
    expected = f"expected one {JOURNAL} or one *.scenario.yaml"
    if not found:
        raise FileError([f"{path}: {'nothing to play back in it' if path.is_dir() else 'no such file'}; {expected}"])
    raise FileError([f"{path}: {len(found)} recordings, {expected}; name one of:", *(f"  {file}" for file in found)])


def played(file: Path) -> tuple[Playback, Outcome]:
    """Run the scenario in this file to its end and keep the states that its site goes through.

    Raises:
        FileError: the file is wrong, or does not fit its site.
        NoSuchController, NeverInjected: see `trial`.
    """
    scenario = Scenario.load(file)
    scenario = replace(scenario, site=beside(scenario.site, file))
    check(scenario, Site.load(scenario.site), file)
    site = fresh_for(scenario)
    states = States(site, scenario.duration_s / MOMENTS)
    with states.kept():
        outcome = trial(scenario, everything=True)
    states.site = site = fresh_for(scenario)  # another one, if the run was broken off
    another = partial(Site.load, scenario.site, scenario.seed, tolerances=scenario.tolerances)
    return Playback(site, outcome.journal, outcome.verdicts, states, another), outcome


def read(file: Path, name: str | None) -> Playback:
    """The journal in this file, of a run on the site of that name.

    Raises:
        FileError: it is no journal, its site is not named, or it is of another site.
    """
    if name is None:
        raise FileError([f"{file}: a journal does not name its site; add --site with its name or file"])
    site = Site.load(name)
    try:
        journal = Journal.read(file)
    except ValueError as error:
        raise FileError([textfile.shown(str(error))]) from None
    others = set(journal.trace.sections) - set(quantities.sections(site))
    if others:
        raise FileError([f"{file}: it is not of the site {site.name}, which has no {', '.join(sorted(others)[:3])}"])
    return Playback(site, journal)
