"""A site whose ratings are drawn from its seed runs its races in another order with another seed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.emulators.plant.kernel.tolerances import Tolerances, declared
from twinfeed.emulators.site import Site

Line = tuple[float, str, str, dict[str, Any]]


def outage(seed: int, tolerances: Tolerances, name: str = "bench") -> list[Line]:
    """The journal of a minute and a half without utilities, and of their return."""
    site = Site.load(name, seed, tolerances=tolerances)
    for utility in ("utility-a", "utility-b"):
        site.inject(utility, "outage", for_s=90.0)
    site.advance(600.0)
    return story(site)


def story(site: Site) -> list[Line]:
    return [(event.t, event.who, event.what, dict(event.data)) for event in site.plant.journal]


def test_the_same_seed_tells_the_same_story() -> None:
    assert outage(3, "seeded") == outage(3, "seeded")


def test_another_seed_tells_another() -> None:
    assert outage(3, "seeded") != outage(4, "seeded")


def test_nominal_ratings_are_those_of_the_file_whatever_the_seed() -> None:
    assert outage(3, "nominal") == outage(4, "nominal")
    assert Site.load("bench").tolerances == "nominal"


def order(seed: int) -> tuple[str, ...]:
    """In which order sets close, transfer switches arrive, and chillers start after a loss of both utilities."""
    wanted = ("breaker closed", "transferred", "started")
    lines = outage(seed, "seeded", "bamako-weak")
    return tuple(who for _, who, what, _ in lines if what in wanted and who.startswith(("generator", "ats", "chiller")))


def test_races_are_run_in_more_than_one_order() -> None:
    assert len({order(seed) for seed in range(4)}) > 1


def test_sets_synchronise_at_different_moments() -> None:
    closed = [
        t
        for t, _, what, data in outage(1, "seeded", "bamako-weak")
        if (what, data.get("bus")) == ("breaker closed", "live")
    ]
    assert len(set(closed)) == 2


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("name", ["bench", "pilot"])
def test_every_rating_of_a_seeded_site_is_within_its_tolerance(name: str, seed: int) -> None:
    nominal, seeded = Site.load(name), Site.load(name, seed, tolerances="seeded")
    for actor in (*seeded.components.values(), *seeded.devices.values()):
        before = nominal.plant.actors[actor.id].params
        for rating, tolerance in declared(type(actor.params)).items():
            low, high = tolerance.band(getattr(before, rating))
            assert low <= getattr(actor.params, rating) <= high


def test_a_fork_of_a_seeded_site_goes_on_as_the_site_does() -> None:
    site = Site.load("bench", 5, tolerances="seeded")
    site.inject("utility-a", "outage")
    site.advance(5.0)
    fork = site.plant.snapshot()
    site.plant.journal.clear()
    site.advance(300.0)
    first = story(site)
    site.plant.restore(fork)
    site.plant.journal.clear()
    site.advance(300.0)
    assert story(site) == first


def test_a_probe_has_an_offset_and_control_holds_what_it_reads() -> None:
    site = Site.load("bamako-weak", 1, tolerances="seeded")
    site.advance(3600.0)
    chiller = site["chiller-1"]
    offset = chiller.offset("water.leaving")
    assert 0.0 < abs(offset) <= 0.35
    assert chiller.read("water.leaving") == pytest.approx(10.0, abs=0.05)
    assert site.components["chiller-1"].quantity("leaving_c") == pytest.approx(10.0 - offset, abs=0.05)


def test_a_component_that_is_added_changes_no_other(tmp_path: Any) -> None:
    text = Site.load("bench").file.path.read_text(encoding="utf-8")
    more = tmp_path / "more.yaml"
    more.write_text(text.replace("power:\n", "power:\n  another: {kind: utility}\n", 1), encoding="utf-8")
    one, two = (Site.load(path, 1, tolerances="seeded") for path in ("bench", more))
    assert {name: component.params for name, component in two.components.items() if name != "another"} == {
        name: component.params for name, component in one.components.items()
    }
