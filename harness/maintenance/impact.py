"""The impact of the total loss of one thing: a feed, a board, a card, an outlet, a machine, a cable.

    print(impact(site, "ups-a1").lost)

The plant goes on from a snapshot with the thing gone (`withdrawal`), for as long as batteries and stores last. The
automatics of the site's own devices act; nothing is repaired, and no person or controller beside them acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from twinfeed.emulators.plant.people.isolation import supplied_loads
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Tie
from twinfeed.emulators.site import Site
from twinfeed.harness.maintenance.equipment import NETWORK, SUPPLY, Equipment, Loss, watch
from twinfeed.harness.maintenance.ratings import load_percent
from twinfeed.harness.maintenance.withdrawal import kind_of, take_away, undone
from twinfeed.harness.tier3.snapshots import serving

AT_ONCE_S = 60.0
"""The time in which transfer switches have moved, sets have started and devices have been missed, s."""

LASTS_S = 14400.0
"""The time for which the plant goes on by default, s: longer than the batteries, and than a tank of chilled water."""

NEW_LOAD_PERCENT = 1.0
"""A survivor is listed if its load has grown by so much of its rating, %."""


CHOOSING = ("ats", "sts", "rack_ats", "rack_row", "rack")
"""Kinds whose sources in reserve are compared."""

SOURCES = ("utility", "generator")


@dataclass(frozen=True)
class Redundancy:
    """A load that has fewer live feeds than before, and at least one."""

    load: str
    kind: str
    """Its kind; `network` if the feeds are the switches of a row."""
    feeds: list[str]
    """The live feeds that are left."""
    before: int
    """Live feeds before the loss."""


@dataclass(frozen=True)
class Standby:
    """A transfer switch or a row that some sources can supply no more, however switches stand."""

    load: str
    kind: str
    lost: list[str]
    """The utilities and sets that have no way to it any more."""
    left: list[str]


@dataclass(frozen=True)
class Survivor:
    """A component that carries more than before."""

    name: str
    kind: str
    before_percent: float
    """Load before the loss, % of its rating."""
    at_once_percent: float
    """The highest in the first minute after the first five seconds, % of its rating."""
    after_percent: float
    """The highest from then to the end, % of its rating."""

    @property
    def at_limit(self) -> bool:
        """True if it carries its rating or more."""
        return max(self.at_once_percent, self.after_percent) >= 99.95


@dataclass(frozen=True)
class Silence:
    """A device that the management station reaches no more."""

    device: str
    at_s: float
    """After the loss, s, as of the sample that shows it."""


@dataclass(frozen=True)
class Battery:
    """A battery that is empty."""

    ups: str
    at_s: float
    """After the loss, s."""


@dataclass
class Impact:
    """All that the loss of one thing does."""

    site: str
    thing: str
    kind: str
    carried_by: str
    """`grid`, or `sets`: every utility was out before."""
    lasts_s: float
    """The time for which the plant went on, s."""
    lost: list[Loss] = field(default_factory=list)
    """Rows of racks that stopped running, and other loads without supply, in the order of time."""
    redundancy: list[Redundancy] = field(default_factory=list)
    """Loads that still live, with fewer live feeds a minute after the loss."""
    standby: list[Standby] = field(default_factory=list)
    """Loads that have fewer sources in reserve, by the single-line diagram."""
    survivors: list[Survivor] = field(default_factory=list)
    """Components that carry more, the highest load first."""
    silent: list[Silence] = field(default_factory=list)
    batteries: list[Battery] = field(default_factory=list)

    @property
    def stops_equipment(self) -> bool:
        """True if any row of racks stops running."""
        return any(loss.kind in ("rack", "rack_row") for loss in self.lost)


def impact(site: Site, thing: str, *, for_s: float = LASTS_S, carried_by: str = "grid") -> Impact:
    """Take that thing away from the site as it is now, and note what falls; the site is afterwards as before.

    `carried_by` is noted in the result only.

    Raises:
        PlantError: nothing is called that, or it cannot be lost.
    """
    found = Impact(site.name, thing, kind_of(site, thing), carried_by, for_s)
    with undone(site):
        course = _Course(site, thing)
        site.plant.journal.clear()
        take_away(site, thing)
        watch(site, for_s, course.sample)
        course.compare()
        found.lost = course.lost()
        found.redundancy = course.redundancy
        found.standby = list(_fewer_sources(site, thing))
        found.survivors = course.survivors()
        found.silent = [Silence(name, at_s) for name, at_s in course.silent.items()]
        found.batteries = [
            Battery(event.who, event.t - course.began_s)
            for event in site.plant.journal
            if event.what == "battery exhausted"
        ]
    return found


class _Course:
    """Observations from the loss on."""

    def __init__(self, site: Site, thing: str) -> None:
        self.site, self.thing, self.began_s = site, thing, site.now
        self.equipment = Equipment(site)
        self.silent: dict[str, float] = {}
        self.redundancy: list[Redundancy] = []
        self._compared = False
        self._supplied = supplied_loads(site.plant)
        self._unsupplied: dict[str, float] = {}
        self._feeds = live_feeds(site)
        self._loads = {
            name: found for name in site.components if (found := load_percent(site.components[name])) is not None
        }
        self._highest = {True: dict.fromkeys(self._loads, 0.0), False: dict.fromkeys(self._loads, 0.0)}
        self._unreachable = [name for name in site.devices if not site.reachable(name)]

    def sample(self) -> None:
        at_s = self.site.now - self.began_s
        self.equipment.sample()
        for name in self.site.devices:
            if name not in self._unreachable and name not in self.silent and not self.site.reachable(name):
                self.silent[name] = at_s
        supplied = set(supplied_loads(self.site.plant))
        for name in self._supplied:
            if name not in supplied:
                self._unsupplied.setdefault(name, at_s)
        if at_s >= 5.0:  # machines that start or walk in draw more for a moment, which their ratings allow
            highest = self._highest[at_s <= AT_ONCE_S]
            for name in highest:
                highest[name] = max(highest[name], load_percent(self.site.components[name]) or 0.0)
        if at_s >= AT_ONCE_S:
            self.compare()

    def compare(self) -> None:
        """Note the redundancy that is left, the first time it is called: after a minute, or at the end if that is
        sooner."""
        if not self._compared:
            self._compared = True
            self.redundancy = list(fewer_feeds(self.site, self._feeds))

    def lost(self) -> list[Loss]:
        """Rows by each cause; other loads that have lost their last supply."""
        others = [
            Loss(name, self.site.components[name].kind, SUPPLY, at_s)
            for name, at_s in self._unsupplied.items()
            if name not in self.equipment.rows and name != self.thing
        ]
        if self.thing in self.equipment.rows:
            others.append(Loss(self.thing, self.equipment.rows[self.thing].kind, SUPPLY, 0.0))
        return sorted([*self.equipment.losses.values(), *others], key=lambda loss: loss.at_s)

    def survivors(self) -> list[Survivor]:
        found = [
            Survivor(
                name, self.site.components[name].kind, before, self._highest[True][name], self._highest[False][name]
            )
            for name, before in self._loads.items()
            if max(self._highest[True][name], self._highest[False][name]) >= before + NEW_LOAD_PERCENT
        ]
        return sorted(found, key=lambda each: max(each.at_once_percent, each.after_percent), reverse=True)


def fewer_feeds(site: Site, before: Mapping[tuple[str, str], list[str]]) -> Iterator[Redundancy]:
    """The loads that live now on fewer live feeds than `before`, which `live_feeds` gave."""
    now = live_feeds(site)
    for load, feeds in before.items():
        if 1 <= len(now[load]) < len(feeds):
            yield Redundancy(*load, now[load], len(feeds))


def live_feeds(site: Site) -> dict[tuple[str, str], list[str]]:
    """(name, kind) -> what gives voltage at each of its terminals; the switches of a row under the kind `network`."""
    feeds = {
        (name, component.kind): [ref for terminal, ref in component.feeds.items() if component.seen[terminal].live]
        for name, component in site.components.items()
        if isinstance(component, Electrical) and len(component.feeds) > 1
    }
    return feeds | {(row, NETWORK): switches for row, switches in serving(site).items()}


def _fewer_sources(site: Site, thing: str) -> Iterator[Standby]:
    """The loads with a transfer switch's or a row's choice of sources, which that thing's loss narrows."""
    for name, component in site.components.items():
        if component.kind in CHOOSING and name != thing:
            before, after = sources(site, name), sources(site, name, thing)
            if lost := [source for source in before if source not in after and source != thing]:
                yield Standby(name, component.kind, lost, after)


def sources(site: Site, load: str, without: str = "") -> list[str]:
    """The utilities and sets that have a way to that load in the single-line diagram, however switches stand."""
    ties = [c.feeds for c in site.components.values() if isinstance(c, Tie) and c.id != without]
    found, edge = {load: None}, [load]
    while edge:
        component = site.components[edge.pop()]
        above = [_name(ref) for ref in component.feeds.values()] if isinstance(component, Electrical) else []
        for tie in ties:
            ends = [_name(ref) for ref in tie.values()]
            above += ends if component.id in ends else []
        for name in above:
            if name not in found and name != without:
                found[name] = None
                edge.append(name)
    return sorted(name for name in found if site.components[name].kind in SOURCES)


def _name(ref: str) -> str:
    return ref.partition(":")[0]
