"""The ratings of the site file mean what its comments state: the rest after one loss carries the design load."""

from __future__ import annotations

import pytest
from commissioning import each, events, full_load, losses, see

from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.plant.study import study
from twinfeed.emulators.site import Site

SETS = ("generator-1", "generator-2", "generator-3", "generator-4")
HOTTEST_S = 2.0 * 3600.0
"""The site starts at 13:00, and the hottest hour of the design day begins at 15:00, s."""


@pytest.fixture
def at_design(bamako: Site) -> Site:
    """All IT at its rating in the hottest hour, on the sets."""
    full_load(bamako)
    for utility in ("utility-a", "utility-b"):
        bamako.inject(utility, "outage")
    bamako.advance(HOTTEST_S - 3600.0)
    bamako.plant.journal.clear()
    return bamako


def site_kw(site: Site) -> float:
    return float(see(site, "board-a", "load_kw")) + float(see(site, "board-b", "load_kw"))


def test_two_sets_carry_the_site_at_design_without_end(at_design: Site) -> None:
    for name in ("generator-1", "generator-3"):
        at_design.inject(name, "breaker-fails-to-close")
        at_design.components[name].trip("test")
    at_design.advance(4.0 * 3600.0)
    assert each(at_design, SETS, "on_bus") == [False, True, False, True]
    assert max(each(at_design, SETS, "load_percent")) < 100.0
    assert losses(at_design) == 0


def test_one_set_does_not(at_design: Site) -> None:
    one = at_design.components["generator-1"]
    assert isinstance(one, Generator)
    assert one.site_kw * one.params.overload_percent / 100.0 < site_kw(at_design) < 2.0 * one.site_kw


def test_a_set_is_derated_for_the_hottest_hour(at_design: Site) -> None:
    assert see(at_design, "outdoors", "outdoor_c") == pytest.approx(45.0, abs=0.5)
    assert [round(c.site_kw) for c in map(at_design.components.get, SETS) if isinstance(c, Generator)] == [920] * 4


def test_either_bulk_tank_holds_twelve_hours_of_two_sets_at_full_load(bamako: Site) -> None:
    one = bamako.components["generator-1"]
    assert isinstance(one, Generator)
    for tank in ("bulk-tank-a", "bulk-tank-b"):
        assert see(bamako, tank, "level_l") > 12.0 * 2.0 * one.params.fuel_lph[-1]


def test_with_a_bulk_tank_out_the_sets_run_on_for_a_day(at_design: Site) -> None:
    at_design.components["bulk-tank-a"].switch_off()
    at_design.advance(20.0 * 3600.0)
    assert each(at_design, SETS, "on_bus") == [True] * 4
    assert losses(at_design) == 0


@pytest.mark.parametrize("path", ["a", "b"])
def test_a_path_carries_all_critical_load_with_one_module_out(at_design: Site, path: str) -> None:
    other = "b" if path == "a" else "a"
    at_design.inject(f"ups-board-{other}", "insulation")
    at_design.inject(f"ups-{path}1", "inverter")
    at_design.advance(3600.0)
    assert each(at_design, (f"ups-{path}2", f"ups-{path}3"), "mode") == ["online", "online"]
    assert max(each(at_design, (f"ups-{path}2", f"ups-{path}3"), "load_percent")) < 100.0
    assert not [event for event in at_design.plant.journal if event.what == "lost supply"]


def test_one_bypass_breaker_carries_all_critical_load(at_design: Site) -> None:
    kw = sum(float(see(at_design, board, "load_kw")) for board in ("ups-board-a", "ups-board-b"))
    amperes = kw / (3.0 * 0.230)
    for name, breaker in at_design.components.items():
        if name.startswith("q-byp-") and isinstance(breaker, CircuitBreaker):
            assert breaker.params.rated_a * breaker.params.setting > amperes


def test_cooling_goes_on_while_the_generators_start_and_the_chillers_restart(bamako: Site) -> None:
    """Pumps and air handlers are on the UPS, and the tanks hold the cold: no inlet warms by a kelvin."""
    before = max(each(bamako, ("hall-1", "hall-2"), "hottest_inlet_c"))
    for utility in ("utility-a", "utility-b"):
        bamako.inject(utility, "outage")
    for _ in range(60):
        bamako.advance(5.0)
        assert max(each(bamako, ("hall-1", "hall-2"), "hottest_inlet_c")) < before + 1.0


@pytest.mark.parametrize("loop", ["a", "b"])
def test_one_loop_carries_both_halls_at_design(at_design: Site, loop: str) -> None:
    other, chillers = ("b", ("chiller-1", "chiller-2")) if loop == "a" else ("a", ("chiller-3", "chiller-4"))
    at_design.inject(f"chilled-water-{other}", "valve-shut")
    hottest = 0.0
    for _ in range(60):
        at_design.advance(60.0)
        hottest = max(hottest, *each(at_design, ("hall-1", "hall-2"), "hottest_inlet_c"))
    assert hottest < 27.0
    assert max(each(at_design, chillers, "load_percent")) < 100.0
    assert len([name for name in at_design.components if events(at_design, name, "changed over")]) == 6


def test_air_handlers_return_to_their_loop_when_its_water_is_good_again(bamako: Site) -> None:
    bamako.inject("chilled-water-a", "valve-shut", for_s=600.0)
    bamako.advance(3600.0)
    assert not any(c.quantity("on_alternate") for c in bamako.components.values() if c.kind == "crah")


def test_the_heat_of_the_coils_arrives_in_the_loops(bamako: Site) -> None:
    coils = [c for c in bamako.components.values() if c.kind == "crah"]
    bamako.inject("chilled-water-b", "valve-shut", for_s=300.0)
    for _ in range(40):
        bamako.advance(30.0)
        given = sum(float(coil.quantity("cooling_kw")) for coil in coils)
        taken = sum(each(bamako, ("chilled-water-a", "chilled-water-b"), "load_kw"))
        assert taken == pytest.approx(given, rel=1e-9)


def test_every_breaker_can_break_the_short_circuit_behind_it_and_is_selective(bamako: Site) -> None:
    found = study(bamako.flow.ordered)
    assert (found.weak, found.pairs) == ([], [])


@pytest.mark.parametrize("place", ["ups-board-a", "ups-board-b"])
def test_the_bypasses_clear_a_short_circuit_on_their_board_and_the_main_board_stays(
    in_either_phase: Site, place: str
) -> None:
    site, path = in_either_phase, place[-1]
    site.inject(place, "short-circuit")
    site.advance(2.0)
    opened = [event.who for event in site.plant.journal if event.what == "tripped" and event.who.startswith("q-")]
    assert opened == [f"q-byp-{path}{unit}" for unit in (1, 2, 3)]
    assert each(site, ("board-a", "board-b"), "live") == [True, True]
    assert losses(site) == 0
