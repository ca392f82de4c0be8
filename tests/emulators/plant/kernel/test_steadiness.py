"""A plant is steady when nothing will happen by itself: a journal that is quiet does not show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinfeed.emulators.plant.kernel.steadiness import Mark, Store, arrivals_s, due_s
from twinfeed.emulators.site import Site

UPS = ("ups", "charge_percent")


def mark(now: float, **stores: tuple[float, float]) -> Mark:
    return Mark(now, {("x", name): Store(name, *of) for name, of in stores.items()}, frozenset())


def test_a_store_arrives_at_the_rate_at_which_it_moved() -> None:
    before = mark(0.0, charge=(100.0, 0.0), water=(10.0, 45.0), oil=(60.0, 115.0), full=(100.0, 100.0))
    after = mark(60.0, charge=(90.0, 0.0), water=(11.0, 45.0), oil=(59.0, 115.0), full=(100.0, 100.0))
    found = arrivals_s(before, after)
    assert found == {
        ("x", "charge"): pytest.approx(540.0),
        ("x", "water"): pytest.approx(34.0 * 60.0),
        ("x", "full"): 0.0,
    }


def test_an_order_that_is_repeated_for_ever_is_none_that_comes() -> None:
    timers = {("ats/device", "transfer"): (101.0, 1), ("set", "hot"): (500.0, 2)}
    before = Mark(60.0, {}, frozenset({("ats/device", "transfer")}))
    after = Mark(100.0, {}, frozenset({("ats/device", "transfer")}))
    assert due_s(before, after, timers) == 400.0
    assert due_s(Mark(99.0, {}, before.soon), after, timers) == 1.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    file = tmp_path_factory.mktemp("site") / "site.yaml"
    file.write_text(
        "site: small\n"
        "power:\n"
        "  utility: {kind: utility}\n"
        "  ups: {kind: ups, from: {input: utility}, kva: 20, kw: 20, autonomy_min: 10}\n"
        "racks: {row: {kind: rack_row, from: {a: ups}, phase: 0, racks: 2, rack_kw: 5}}\n"
    )
    return Site.load(file)


def test_a_battery_that_empties_is_not_steady_although_nothing_happens(site: Site) -> None:
    """At half load the battery of ten minutes lasts for more than twenty."""
    since = site.plant.mark()
    site.advance(600.0)
    assert site.plant.steady(since, 86400.0)
    site.inject("utility", "outage")
    site.advance(120.0)
    quiet, since = len(site.plant.journal), site.plant.mark()
    site.advance(300.0)
    assert len(site.plant.journal) == quiet
    assert not site.plant.steady(since, 3600.0)
    assert site.plant.steady(since, 60.0)
    site.advance(3600.0)  # dark by now
    since = site.plant.mark()
    site.advance(600.0)
    assert site.plant.steady(since, 86400.0)


def test_a_room_full_of_smoke_is_not_steady_before_it_has_done_its_harm(tmp_path: Path) -> None:
    """Electronics stand it for half an hour, in which the journal is quiet."""
    file = tmp_path / "site.yaml"
    file.write_text(
        "site: smoky\n"
        "power:\n"
        "  utility: {kind: utility}\n"
        "  q: {kind: breaker, from: utility, rated_a: 100}\n"
        "racks: {row: {kind: rack_row, from: {a: q}, phase: 0, racks: 1, rack_kw: 5, place: room}}\n"
        "places: {room: {kind: place}}\n"
    )
    site = Site.load(file)
    site.inject("room", "smoke", {"density": 60.0})
    site.advance(600.0)
    since = site.plant.mark()
    site.advance(60.0)
    assert not site.plant.steady(since, 3600.0)
