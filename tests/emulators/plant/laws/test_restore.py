"""A snapshot holds everything: whatever the plant does before it goes back to one, it then does the same to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from workers.examples import examples, some

from twinfeed.emulators.site import Site

SITES = some(("bench", "pilot", "bamako-weak", "bamako"), quick=1)

Act = tuple[int, float]
"""One of the faults of a site, modulo their number, and for how long the plant goes on after it, s."""

ACTS = st.lists(st.tuples(st.integers(0, 10**6), st.floats(0.001, 400.0)), min_size=1, max_size=3)


@cache
def built(name: str) -> tuple[Site, Site, dict[str, Any], list[tuple[str, str]]]:
    """The site twice, its snapshot at the start, and the faults of whole things of all its kinds."""
    site = Site.load(name)
    faults = [(id, kind) for id in site.components for kind, fault in site.faults(id).items() if not fault.of]
    outages = [(id, "outage") for id, component in site.components.items() if component.kind == "utility"]
    return site, Site.load(name), site.plant.snapshot(), faults + outages * (len(faults) // 4)


def play(site: Site, acts: list[Act]) -> None:
    faults = built(site.name)[3]
    for place, then_s in acts:
        target, kind = faults[place % len(faults)]
        if kind not in site.plant.actors[target].state.faults:
            site.inject(target, kind)
        site.advance(then_s)


def unlike(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The places at which two snapshots differ, with both values."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from unlike(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for n, pair in enumerate(zip(one, other, strict=True)):
            yield from unlike(*pair, f"{path}[{n}]")
    elif one != other:
        yield f"{path}: {one!r}, {other!r}"


@pytest.mark.parametrize("name", SITES)
@settings(max_examples=examples(100, quick=3), deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(before=ACTS, between=ACTS, after=ACTS)
def test_a_plant_goes_on_from_a_snapshot_as_if_nothing_had_been_between(
    name: str, before: list[Act], between: list[Act], after: list[Act]
) -> None:
    site, twin, start, _ = built(name)
    site.plant.restore(start)
    play(site, before)
    snapshot = site.plant.snapshot()
    play(site, after)
    end = site.plant.snapshot()
    for other, meanwhile in ((site, between), (twin, [])):
        play(other, meanwhile)
        other.plant.restore(snapshot)
        assert list(unlike(snapshot, other.plant.snapshot())) == []
        play(other, after)
        assert list(unlike(end, other.plant.snapshot())) == []
