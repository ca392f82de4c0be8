"""The smallest scenario of a failure: faults and details are left out as long as that very failure stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from twinfeed.harness.campaign.attempt import Tried
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.onset import linked
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search.drawing import FIRST_S, GRID_S

SHRINKING_RUNS = 120
"""Largest number of scenarios for shrinking a finding."""

DETAILS: tuple[dict[str, Any], ...] = ({"flap": None}, {"parameters": {}}, {"for_s": None})
"""The simplest form of a fault: no coming and going, no strength other than its default, no end."""


@dataclass(frozen=True)
class Reduced:
    """The smallest scenario that was found for a failure, and how many were run for it."""

    tried: Tried
    runs: int


def reduced(
    tried: Tried, identity: Identity, attempt: Callable[[Scenario], Tried], most_runs: int = SHRINKING_RUNS
) -> Reduced:
    """Leave out what is not needed for the failure `identity`; another failure on the way is none of it.

    `attempt` runs a scenario. At most `most_runs` are run.
    """
    known = {repr(tried.scenario.entries)}
    runs = 0
    smaller = True
    while smaller:
        smaller = False
        for scenario in _smaller(tried.scenario):
            if repr(scenario.entries) in known:
                continue
            if runs >= most_runs:
                return Reduced(tried, runs)
            known.add(repr(scenario.entries))
            runs += 1
            other = attempt(scenario)
            if identity in other.broken:
                tried, smaller = other, True
                break
    return Reduced(tried, runs)


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Simpler ones, the greatest step first."""
    entries, faults = scenario.entries, scenario.injections
    for n in reversed(range(len(entries))):
        left = (*entries[:n], *entries[n + 1 :])
        if linked(left) is None:  # no other entry follows the one that is left out
            yield scenario.of_entries(left)
    for detail in DETAILS:  # of all at once, since two feeds of one grid are disturbed alike
        yield replace(scenario, injections=tuple(replace(fault, **detail) for fault in faults))
    for n, fault in enumerate(faults):
        for detail in DETAILS:
            yield _with(scenario, n, replace(fault, **detail))
        for at_s in (FIRST_S, float(GRID_S * round(fault.at_s / 2.0 / GRID_S))):
            if FIRST_S <= at_s < fault.at_s:
                yield _with(scenario, n, replace(fault, at_s=at_s))


def _with(scenario: Scenario, n: int, fault: Injection) -> Scenario:
    faults = (*scenario.injections[:n], fault, *scenario.injections[n + 1 :])
    return replace(scenario, injections=tuple(sorted(faults, key=lambda each: each.at_s)))
