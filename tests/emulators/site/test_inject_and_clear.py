"""A fault that is injected and cleared again leaves the site as it would have been without it.

Each kind of fault is tried on one target of each class, in every site that ships; with TWINFEED_ALL_TARGETS=1 on every
target.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site

ALL = os.environ.get("TWINFEED_ALL_TARGETS") == "1"

SETTLED_S = 200.0
"""A compressor waits 180 s before it starts again; everything else is back sooner."""

SWITCHGEAR = ("position", "relays", "tripped", "shut", "commanded", "locks", "closed", "path", "wanted", "breaker_closed",
              "segments", "preferred", "bypass", "start_request", "valve_open", "damaged", "battery_lost")  # fmt: skip
"""Parts of states that only people, controllers and protections move."""

LEAVES = {
    "emergency-stop": "alarm",  # it is latched until somebody resets it
}
"""Faults that leave a part of the state changed, as the catalogue has it."""

AT_ONCE = {
    "trip": "running",  # the chiller has stopped, and starts again after its timers
    "left-in-manual": "path",  # the UPS goes back to its inverter after 10 s
}


def targets(site: Site, known: set[tuple[type, str]], cards: bool = True) -> Iterator[tuple[str, str]]:
    """Target and fault, of each class and kind one that is not known yet; faults of single points aside.

    Without `cards`, only the faults that are not of every management card: those move no switchgear.
    """
    for target in {**site.components, **site.devices}:
        actors = [site.components.get(target), site.devices.get(target)]
        for kind, fault in site.faults(target).items():
            owner = next(type(actor) for actor in actors if actor is not None and kind in actor.FAULTS)
            wanted = cards or kind not in Device.FAULTS
            if wanted and not fault.of and (ALL or (owner, kind) not in known):
                known.add((owner, kind))
                yield target, kind


def shape(site: Site) -> dict[str, Any]:
    """The state that can be seen: words and truths of the components, positions of switchgear, alarms, cards, settings."""
    found: dict[str, Any] = {}
    for name, component in site.components.items():
        words = {q: component.quantity(q) for q in component.QUANTITIES}
        found |= {f"{name}.{q}": v for q, v in words.items() if isinstance(v, bool | str)}
        found |= {f"{name} {part}": v for part, v in _parts(component).items()}
    for name, device in site.devices.items():
        found[f"{name} alarms"] = sorted(device.state.alarms)
        found[f"{name} card"] = device.state.card
        found[f"{name} settings"] = dict(device.state.settings)
    return found


def switchgear(site: Site) -> dict[str, Any]:
    """Positions alone, and the settings of the devices."""
    parts = {f"{name} {part}": v for name, c in site.components.items() for part, v in _parts(c).items()}
    return parts | {f"{name} settings": dict(d.state.settings) for name, d in site.devices.items()}


def _parts(component: Any) -> dict[str, Any]:
    values = {part: getattr(component.state, part, None) for part in SWITCHGEAR}
    return {part: list(v) if isinstance(v, list) else v for part, v in values.items()}


def differing(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (v, after[name]) for name, v in before.items() if v != after[name]}


def clear(site: Site, target: str, kind: str) -> None:
    """Clear a fault; one of a moment (a restart) is over already."""
    if any(active[:2] == (target, kind) for active in site.active_faults()):
        site.clear(target, kind)
    site.plant.settle()


def test_a_fault_that_was_there_for_a_moment_leaves_nothing_behind() -> None:
    site = Site.load("bench")
    site.advance(30.0)
    at_rest = site.plant.snapshot()
    site.advance(SETTLED_S)
    without = shape(site)
    left = {}
    for target, kind in targets(site, set()):
        site.plant.restore(at_rest)
        site.inject(target, kind)
        clear(site, target, kind)
        site.advance(SETTLED_S)
        found = differing(without, shape(site))
        allowed = LEAVES.get(kind)
        if any(allowed is None or allowed not in name for name in found):
            left[target, kind] = found
    assert left == {}


@pytest.fixture(scope="module")
def known() -> set[tuple[type, str]]:
    """The classes and faults that were tried in a site before."""
    return set()


@pytest.mark.parametrize("name", ["bamako", "bamako-weak", "pilot"])
def test_clearing_a_fault_moves_no_switchgear_that_the_fault_has_not_moved(
    name: str, known: set[tuple[type, str]]
) -> None:
    """Within one instant, so that no timer runs: what was open is open, what was ordered is ordered."""
    site = Site.load(name)
    site.advance(30.0)
    before = switchgear(site)
    left = {}
    for target, kind in targets(site, known, cards=ALL):
        with site.plant.trial():
            try:
                site.inject(target, kind)
            except PlantError as refused:
                left[target, kind] = {"refused": (None, str(refused))}
                continue
            clear(site, target, kind)
            found = differing(before, switchgear(site))
        allowed = AT_ONCE.get(kind)
        if any(allowed is None or allowed not in part for part in found):
            left[target, kind] = found
    assert left == {}
