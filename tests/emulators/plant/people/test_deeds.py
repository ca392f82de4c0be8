"""Deeds of people: every kind of component and device lists its own, and a refusal is an outcome."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.plant import catalogue as components
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import AnyValue, DeedKind, Word
from twinfeed.emulators.site import Site
from twinfeed.harness.worlds.sites import fresh

EVERY_LIST = {
    **{name: cls.DEEDS for name, cls in components.KINDS.items()},
    **{f"{name}/device": kind.firmware.DEEDS for name, kind in devices.KINDS.items()},
}
"""Kind of component or device -> its deeds."""


@pytest.mark.parametrize("kind", EVERY_LIST)
def test_what_takes_a_deed_back_is_a_deed_of_the_same_kind_with_the_same_parameters(kind: str) -> None:
    deeds = EVERY_LIST[kind]
    for name, deed in deeds.items():
        if deed.undo:
            assert deeds[deed.undo].takes == deed.takes, name


def _arguments(deed: DeedKind) -> dict[str, float | str]:
    """Arguments that the deed takes, for what must be given."""
    words = {n: t for n, t in deed.takes.items() if isinstance(t, Word) and t.default is None}
    values = {n: t for n, t in deed.takes.items() if isinstance(t, AnyValue)}
    return {**{n: t.words[0] if t.words else "a" for n, t in words.items()}, **dict.fromkeys(values, "a")}


@pytest.mark.parametrize("site", ["bamako", "pilot"])
@given(data=st.data())
def test_any_deed_at_anything_is_done_or_refused_and_noted(site: str, data: st.DataObject) -> None:
    model = fresh(site, 1)
    for _ in range(4):
        target = data.draw(st.sampled_from([*model.components, *model.devices]))
        deeds = model.deeds(target)
        if not deeds:
            continue
        name = data.draw(st.sampled_from(sorted(deeds)))
        outcome = model.do(target, name, _arguments(deeds[name]))
        assert outcome.done or outcome.reason
        noted = [e for e in model.plant.journal if e.what == "deed"][-1]
        assert (noted.who, noted.data["deed"], noted.data["outcome"]) == (target, name, outcome.word)
        model.advance(5.0)


def test_a_padlock_refuses_to_be_closed_over_and_says_whose_it_is() -> None:
    site = Site.load("pilot")
    breaker = next(n for n, c in site.components.items() if c.kind == "breaker" and c.quantity("closed"))
    assert site.do(breaker, "open")
    assert site.do(breaker, "lock", {"person": "Awa"})
    refused = site.do(breaker, "close")
    assert not refused
    assert "Awa" in refused.reason
    assert site.do(breaker, "unlock", {"person": "Awa"})
    assert site.do(breaker, "close")


def test_a_breaker_that_is_racked_out_cannot_be_closed() -> None:
    site = Site.load("pilot")
    breaker = next(n for n, c in site.components.items() if c.kind == "breaker" and c.quantity("closed"))
    assert "open it before" in site.do(breaker, "rack-out").reason
    site.do(breaker, "open")
    assert site.do(breaker, "rack-out")
    assert "withdrawn" in site.do(breaker, "close").reason


@pytest.mark.parametrize(
    ("deed", "given", "said"),
    [
        ("opne", {}, "open"),
        ("lock", {"persom": "Awa"}, "person"),
        ("lock", {"person": ""}, "expected a text"),
    ],
)
def test_a_deed_that_cannot_be_is_an_error_that_names_the_near_one(deed: str, given: dict[str, str], said: str) -> None:
    site = Site.load("pilot")
    breaker = next(n for n, c in site.components.items() if c.kind == "breaker")
    with pytest.raises(PlantError, match=said):
        site.do(breaker, deed, given)
    assert not [e for e in site.plant.journal if e.what == "deed"]


def _row(site: Site) -> str:
    return next(n for n, c in site.components.items() if c.kind == "rack_row")


def test_a_row_that_was_shut_down_restarts_rack_by_rack_at_the_given_rate() -> None:
    site = Site.load("bamako")
    row = _row(site)
    site.do(row, "shut-down")
    site.advance(600.0)
    assert site.components[row].quantity("racks_running") == 0
    before = site.now
    site.do(row, "restart", {"gap_s": 20.0})
    site.advance(1800.0)
    starts = [e.t - before for e in site.plant.journal if e.who == row and e.what == "booting"]
    assert starts == pytest.approx([20.0 * n for n in range(len(starts))])
    assert len(starts) == site.components[row].quantity("racks_running") > 1


def test_a_rack_whose_cords_are_both_moved_to_one_side_falls_with_that_side() -> None:
    site = Site.load("bamako")
    row = _row(site)
    assert site.do(row, "recable", {"rack": 2, "cord": "b", "to": "a"})
    site.advance(10.0)
    pdu = site.file.components[[c.name for c in site.file.components].index(row)].feeds["a"]
    site.inject(pdu, "bank-trip", {"bank": 0})
    site.advance(10.0)
    supplied = [site.components[row].quantity(f"rack-{n}.supplied") for n in (1, 2, 3)]
    assert supplied == [True, False, True]


def test_a_new_battery_is_full_and_young_and_needs_its_breaker_open() -> None:
    site = Site.load("bamako")
    ups = next(n for n, c in site.components.items() if c.kind == "ups")
    site.inject(ups, "battery-weak")
    assert "breaker is closed" in site.do(ups, "replace-battery").reason
    site.do(ups, "open-battery")
    assert site.do(ups, "replace-battery")
    site.do(ups, "close-battery")
    assert not [kind for target, kind, _ in site.active_faults() if target == ups]
    assert site[ups].read("battery.charge") == pytest.approx(100.0)


def test_a_whole_row_is_moved_to_the_other_source_rack_by_rack() -> None:
    site = Site.load("bamako")
    row = _row(site)
    racks = site.components[row].params.racks  # type: ignore[attr-defined]
    start = site.now
    site.do(row, "recable", {"cord": "b", "to": "a", "gap_s": 60.0})
    site.advance(60.0 * racks + 10.0)
    moved = [(e.data["rack"], e.t - start) for e in site.plant.journal if e.who == row and e.what == "recabled"]
    assert moved == [(n + 1, pytest.approx(60.0 * n)) for n in range(racks)]
    assert site.components[row].quantity("supplied")
