"""The coverage of a suite: which faults, transfers and alarms of its sites were exercised and judged, and which never.

A thing is exercised when it happens in a test. It is judged when that test passed and either a property was seen to
hold in it or its function asserts something. An alarm is judged only where a property or an assertion names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import catalogue
from twinfeed.harness.score.running import Run

NEVER, EXERCISED, JUDGED = "never", "exercised", "judged"
WORDS = (NEVER, EXERCISED, JUDGED)
"""In this order: the best word of all tests counts."""

SWITCHES = ("ats", "sts")
"""Kinds whose transfers are `transferred` events, one path for each source."""
UPS = ("ups", "rotary_ups")

Pair = tuple[str, str]
"""A target and a kind of fault, a switch and its path, or a device and its alarm."""


@dataclass
class SiteCoverage:
    """The reach of the tests on one site: each pair with one of `WORDS`."""

    site: str
    faults: dict[Pair, str] = field(default_factory=dict)
    transfers: dict[Pair, str] = field(default_factory=dict)
    alarms: dict[Pair, str] = field(default_factory=dict)

    def tables(self) -> Mapping[str, dict[Pair, str]]:
        return {"faults": self.faults, "transfers": self.transfers, "alarms": self.alarms}


def coverage(clean: Run) -> list[SiteCoverage]:
    """The coverage of each site that the tests of a clean run use, sorted by name."""
    found: dict[str, SiteCoverage] = {}
    for test in clean.tests.values():
        for world in test.seen:
            path = str(world["site"])
            if path not in found:
                found[path] = _everything(path)
            judges = test.outcome == "passed" and bool(world["held"] or world["asserts"])
            _add(found[path], world, judges)
    return sorted(found.values(), key=lambda of: of.site)


def _everything(path: str) -> SiteCoverage:
    """All that could happen on a site, none of it seen."""
    site = Site.load(Path(path))
    of = SiteCoverage(site.name)
    for target in dict.fromkeys((*site.components, *site.devices, *catalogue.OFF_SITE)):
        for kind in catalogue.of_target(site, target):
            of.faults[target, kind.kind] = NEVER
    for name, component in site.components.items():
        if component.kind in SWITCHES and isinstance(component, Electrical):
            of.transfers.update({(name, f"to {source}"): NEVER for source in component.TERMINALS})
        elif component.kind in UPS:
            of.transfers.update({(name, word): NEVER for word in ("on battery", "off battery")})
    for name, device in site.devices.items():
        of.alarms.update({(name, alarm.name): NEVER for alarm in device.alarms})
    return of


def _add(of: SiteCoverage, world: Mapping[str, Any], judges: bool) -> None:
    word = JUDGED if judges else EXERCISED
    texts = [*world["held"], *world["asserts"]]
    for table, pair in _happened(world["events"]):
        known = of.tables()[table]
        if pair not in known:
            continue
        best = EXERCISED if table == "alarms" and not any(pair[1] in text for text in texts) else word
        if WORDS.index(best) > WORDS.index(known[pair]):
            known[pair] = best


def _happened(events: Iterable[Any]) -> Iterator[tuple[str, Pair]]:
    for _, who, what, data in events:
        name = str(who).partition("/")[0].partition(":")[0]
        if what == "fault":
            yield "faults", (name, data.get("kind", ""))
        elif what == "transferred":
            yield "transfers", (name, f"to {data.get('to', '')}")
        elif what in ("on battery", "off battery"):
            yield "transfers", (name, what)
        elif what == "alarm":
            yield "alarms", (name, data.get("alarm", ""))
            yield "alarms", (name, str(data.get("alarm", "")).partition(".")[0])
