"""Which runs there are: one mode of each event, equipment that is alike once, pairs in the order of their probability.

Pruned are

- modes that share the event of another (one category of one component), and modes of the network, which the plant's
  top event does not see;
- equipment that is alike: that of one row, or of one air handler, stands for that of the others like it;
- pairs with a failure that stops equipment alone, and pairs of equipment of two different rows;
- pairs of two items that are alike, of which the rules know how many are needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.enumeration.courses import Job, job_of
from twinfeed.harness.availability.logic.design import every, name_of
from twinfeed.harness.availability.logic.events import Mode
from twinfeed.harness.availability.phases import Phases, share_out

THERE_S = 4.0 * 3600.0
"""The longest run while the grid is there, s: batteries, tanks and the thermal mass of halls are used up by then."""

NETWORK = ("switch", "link", "network")
"""Kinds whose failures make equipment unreachable, and change nothing of supply and heat."""

LEAVES = ("rack_row", "rack", "crah", "crac")
"""Kinds of consumers; equipment that feeds one of them alone belongs to it."""


@dataclass(frozen=True)
class Item:
    """A failure that is run, for itself and for those alike."""

    mode: Mode
    stands_for: int
    """The number of events alike, itself among them."""
    belongs_to: str
    """The row that it feeds alone, '' for none."""
    probability: Mapping[str, float]
    """By state of the grid: of being there."""

    @property
    def name(self) -> tuple[str, str]:
        """Target and fault."""
        return self.mode.target, self.mode.fault


def items(site: Site, phases: Phases) -> list[Item]:
    """The failures of a site that are run, in the order of the site file."""
    alike = _Alike(site)
    found: dict[Any, Item] = {}
    for event, mode in phases.gap.events.modes.items():
        component = site.components.get(mode.target)
        if component is None or component.kind in NETWORK or mode.effect not in ("at once", "on demand"):
            continue
        key = (alike.key(mode.target), mode.fault)
        if key in found:
            found[key] = replace(found[key], stands_for=found[key].stands_for + 1)
            continue
        probability = {
            "there": phases.there.events.failures.get(event, phases.gap.events.failures[event]).unavailability,
            "out": phases.gap.events.failures[event].unavailability,
        }
        found[key] = Item(mode, 1, alike.leaf(mode.target), probability)
    return list(found.values())


class _Alike:
    """Equipment that differs in nothing but its name and the consumer that it feeds."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._feeds: dict[str, set[str]] = {}
        for name, component in site.components.items():
            if isinstance(component, Electrical):
                for ref in component.feeds.values():
                    self._feeds.setdefault(name_of(ref), set()).add(name)
        self._keys: dict[str, Any] = {}

    def leaf(self, name: str) -> str:
        """The consumer that it is, or feeds alone; '' for none."""
        component = self._site.components[name]
        if component.kind in LEAVES:
            return name
        fed = self._feeds.get(name, set())
        return self.leaf(next(iter(fed))) if len(fed) == 1 else ""

    def key(self, name: str) -> Any:
        """Equal for equipment that is alike."""
        if name not in self._keys:
            leaf = self.leaf(name)
            self._keys[name] = (self._form(name), self._form(leaf)) if leaf else name
        return self._keys[name]

    def _form(self, name: str) -> Any:
        """Kind, ratings, product and feeds of a component and of all that feeds its consumer alone."""
        component = self._site.components[name]
        product = self._site.profiles[name].profile if name in self._site.profiles else ""
        feeds = component.feeds if isinstance(component, Electrical) else {}
        ways = tuple(
            (terminal, self._form(name_of(ref)) if self.leaf(name_of(ref)) else name_of(ref))
            for terminal, ref in feeds.items()
        )
        return component.kind, repr(component.params), product, ways


def singles(of: Sequence[Item], grids: Mapping[str, float]) -> list[Job]:
    """Every failure alone, in each state of the grid; `grids` has the longest run in it, s."""
    return [job_of([item.name], grid, horizon_s) for grid, horizon_s in grids.items() for item in of]


def pairs(of: Sequence[Item], grid: str, horizon_s: float, alone: frozenset[tuple[str, str]]) -> list[Job]:
    """Every pair that is not pruned, the most probable first. `alone` are failures that stop equipment alone."""
    left = [item for item in of if item.name not in alone]
    found: list[tuple[float, Job]] = []
    for a, b in _pairs(left):
        weight = a.probability[grid] * b.probability[grid] * a.stands_for * b.stands_for
        found.append((weight, job_of([a.name, b.name], grid, horizon_s)))
    return [job for _, job in sorted(found, key=lambda one: (-one[0], one[1].key))]


def _pairs(of: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    for a, b in itertools.combinations(_ways(of), 2):
        if a.mode.target == b.mode.target:
            continue
        if a.belongs_to and b.belongs_to and a.belongs_to != b.belongs_to:
            continue
        yield a, b


def _ways(of: Sequence[Item]) -> list[Item]:
    """Of the failures of equipment that feeds one consumer alone, one that opens the way and one that shorts it, for
    each kind of equipment: what follows is the same."""
    found: dict[Any, Item] = {}
    for item in of:
        short = "short" in item.mode.fault
        key = (item.belongs_to, item.mode.target, short) if item.belongs_to else item.name
        kept = found.get(key)
        if kept is None or item.probability["there"] > kept.probability["there"]:
            found[key] = item
    return list(found.values())


def outage_s(phases: Phases) -> float:
    """The longest run while the grid is out, s: the length of an outage."""
    return phases.grid.hours * 3600.0 if share_out(phases.grid) else 0.0


def rows_of(site: Site) -> list[str]:
    """The rows and racks of a site."""
    return [row.id for row in every(site, RackRow)]
