"""Every kind of component has one state and one main value, as an operator's screen shows them."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from twinfeed.emulators.plant.catalogue import OWN
from twinfeed.emulators.plant.screen import MAIN, Word, condition, condition_of_kind, figure
from twinfeed.emulators.site import Site


@pytest.mark.parametrize("cls", OWN, ids=lambda cls: cls.kind)
def test_every_kind_has_a_main_value_and_a_state_of_its_own(cls: type) -> None:
    assert MAIN[cls.kind] in cls.QUANTITIES  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=["bench", "pilot"])
def site(request: pytest.FixtureRequest) -> Site:
    site = Site.load(request.param)
    site.advance(60.0)
    return site


def test_every_component_has_a_known_state_and_a_finite_load(site: Site) -> None:
    for component in site.components.values():
        state, shown = condition(component), figure(component)
        assert state.state in get_args(Word) and state.text
        assert shown.load is None or math.isfinite(shown.load)


def test_at_rest_nothing_is_failed_or_in_doubt(site: Site) -> None:
    states = {name: condition(c).state for name, c in site.components.items()}
    assert not {name for name, state in states.items() if state in ("failed", "unknown", "isolated")}


def test_a_running_chiller_shows_its_cooling(site: Site) -> None:
    chillers = [c for c in site.components.values() if c.kind == "chiller" and c.quantity("running")]
    assert chillers
    for chiller in chillers:
        assert condition(chiller) == ("ok", "running")
        assert float(figure(chiller).value) > 1.0


def test_a_set_at_rest_is_off_and_not_dead(site: Site) -> None:
    sets = [condition(c) for c in site.components.values() if c.kind == "generator"]
    assert sets and all(state.state == "off" for state in sets)


@pytest.mark.parametrize(
    ("target", "kind", "state"),
    [("utility-a", "outage", "dead"), ("chiller-1", "trip", "failed"), ("pump-1", "failure", "failed")],
)
def test_a_fault_shows_at_its_own_symbol(target: str, kind: str, state: str) -> None:
    site = Site.load("bench")
    site.inject(target, kind)
    site.advance(60.0)
    assert condition(site.components[target]).state == state


def test_what_is_destroyed_is_failed() -> None:
    site = Site.load("bench")
    ups = site.components["ups-1"]
    ups.destroy("fire")
    assert condition(ups) == ("failed", "destroyed: fire")


def test_a_kind_of_another_package_may_have_its_own_state() -> None:
    own = type("Own", (OWN[0],), {"kind": "own"})
    assert condition_of_kind.dispatch(own) is condition_of_kind.dispatch(OWN[0])
