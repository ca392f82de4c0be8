"""The fault tree of a site is that which an engineer would draw by hand, and its data are complete."""

from __future__ import annotations

import json
import math
import random
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_openpsa import by_scram
from typer.testing import CliRunner

from twinfeed.emulators.devices.catalogue import KINDS as DEVICES
from twinfeed.emulators.plant.catalogue import KINDS as COMPONENTS
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.reliability import Grid
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.availability import openpsa
from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.failures import HOURS_A_YEAR
from twinfeed.harness.availability.logic.design import at_full_load, design
from twinfeed.harness.availability.logic.tops import ANY, Logic, logic
from twinfeed.harness.availability.measures import figures
from twinfeed.harness.availability.phases import Phases
from twinfeed.harness.availability.rates.categories import shipped, table
from twinfeed.harness.cli import app

TWO_CORDS = """
site: two-cords
power:
  utility-{path}: {each: {path: [a, b]}, kind: utility}
  q-{path}: {each: {path: [a, b]}, kind: breaker, from: "utility-{path}", rated_a: 125}
racks:
  pdu-{path}: {each: {path: [a, b]}, kind: pdu, from: "q-{path}"}
  row: {kind: rack_row, from: {a: pdu-a, b: pdu-b}, racks: 2, rack_kw: 5}
"""

ONE_PATH = """
site: one-path
power:
  utility: {kind: utility}
  set: {kind: generator, standby_kw: 200, kva: 250}
  ats: {kind: ats, from: {normal: utility, emergency: set}, rated_a: 400}
  board: {kind: board, from: {supply: ats}, rated_a: 400}
  ups: {kind: ups, from: {input: board}, kva: 60, kw: 60}
racks:
  row: {kind: rack_row, from: {a: ups}, phase: 0, racks: 2, rack_kw: 5}
"""


def site_of(text: str, tmp_path: Path) -> Site:
    file = tmp_path / "site.yaml"
    file.write_text(text)
    return Site.load(file)


def drawn(text: str, tmp_path: Path, outage: bool = False) -> Logic:
    site = site_of(text, tmp_path)
    at_full_load(site)
    return logic(site, design(site), table(site.file.head.reliability.data), 6.6, outage)


def cuts(of: Logic, top: str = ANY, order: int = 2) -> set[frozenset[str]]:
    return {cut for cut, _ in figures(of.tree(top)).cut_sets(order)}


def test_a_row_with_two_cords_stops_by_one_failure_on_each(tmp_path: Path) -> None:
    def path(p: str) -> list[str]:
        of_row = [f"row psu-{p}-failure", f"row cord-{p}-short-circuit"]
        of_pdu = [f"pdu-{p} {fault}" for fault in ("inlet-loss", "bank-trip", "short-circuit")]
        return [*of_row, *of_pdu, f"q-{p} trip", f"q-{p} short-circuit", f"utility-{p} outage"]

    expected = {frozenset({a, b}) for a in path("a") for b in path("b")}
    assert cuts(drawn(TWO_CORDS, tmp_path)) == expected


def test_while_the_grid_is_out_a_single_path_lives_on_its_set(tmp_path: Path) -> None:
    there, out = cuts(drawn(ONE_PATH, tmp_path)), cuts(drawn(ONE_PATH, tmp_path, outage=True))
    alone = {frozenset({name}) for name in ("set fail-to-start", "set fail-on-load", "ats stuck")}
    assert alone <= out
    assert not alone & there
    assert {frozenset({"utility outage", "set fail-to-start"}), frozenset({"ats output-failure"})} <= there
    assert frozenset({"ups inverter", "ups bypass"}) in there & out


def test_the_minutes_are_those_of_the_states_of_the_grid(tmp_path: Path) -> None:
    """By hand: (1 - s) U(there) + s U(out), and the restarts of those events."""
    site = site_of(ONE_PATH, tmp_path)
    at_full_load(site)
    grid = Grid(outages_a_month=10.0, hours=7.3)  # a tenth of the year
    result = Phases(site, design(site), table({}), grid, restart_h=2.0).of(ANY).result()
    there, out = (drawn(ONE_PATH, tmp_path, outage) for outage in (False, True))
    u_there = figures(there.tree(ANY)).unavailability
    in_an_outage = {  # shipped data: start, breaker of the set, switch, run of 7.3 h, battery tested each quarter
        "start": 0.02, "closes": 0.001, "transfer": 0.001, "run": 5.82 * 7.3 / HOURS_A_YEAR, "battery": 0.05 * 0.25 / 2.0,
    }  # fmt: skip
    u_out = figures(out.tree(ANY)).unavailability  # with runs of 6.6 h
    assert result.unavailability == pytest.approx(0.9 * u_there + 0.1 * u_out, rel=0.02)
    assert result.per_year == pytest.approx(120.0 * sum(in_an_outage.values()), rel=0.05)
    assert result.minutes_a_year == pytest.approx(result.unavailability * 525600.0 + result.per_year * 120.0)


def test_more_modules_are_needed_when_the_other_ups_fails(tmp_path: Path) -> None:
    """Bamako as it is often built: one module carries half of the critical load, two carry all of it; a bypass breaker
    of 1250 A carries 862 kW of 1100."""
    site = Site.load("bamako-weak")
    at_full_load(site)
    of_site = design(site)
    assert (of_site.modules["ups-a"].needed, of_site.modules["ups-a"].needed_without) == (1, {"ups-b": 2})
    assert of_site.bypasses["ups-a"].needed_without == {"ups-b": 2}
    assert of_site.sets.needed == of_site.chillers["chilled-water"].needed == 2
    single = cuts(logic(site, of_site, table({}), 2.5), "hall-1 is too hot", order=1)
    assert frozenset({"chilled-water valve-shut"}) in single  # one loop, one isolation valve


def test_a_shared_cause_takes_a_part_of_each_failure(tmp_path: Path) -> None:
    own = "reliability: {common_causes: [{name: riser, by: place, of: [q-a, q-b], data: cable, beta: 0.25}]}\n"
    found = drawn(TWO_CORDS + own, tmp_path)
    assert frozenset({"place riser cable"}) in cuts(found, order=1)
    whole = drawn(TWO_CORDS, tmp_path).events.failures["q-a short-circuit"].frequency_per_year
    assert found.events.failures["q-a short-circuit"].frequency_per_year == pytest.approx(0.75 * whole, rel=1e-4)


def test_an_event_by_event_simulation_finds_the_same_minutes_and_events(tmp_path: Path) -> None:
    """Of a path of which the switch, its set and the grid fail, and nothing else: 4000 years, each failure repaired, each
    outage of its own length. The figures agree within three standard errors of the simulation."""
    rates = {"ats": "{per_year: 0.5, repair_h: 50, source: test}", "generator-start": "{per_demand: 0.05, source: test}",
             "generator-run": "{per_year: 60, repair_h: 9, running: true, source: test}"}  # fmt: skip
    never = {name: "{per_demand: 0, source: test}" for name in shipped() if name not in rates}
    data = ", ".join(f"{name}: {given}" for name, given in (rates | never).items())
    site = site_of(ONE_PATH + f"reliability: {{data: {{{data}}}}}\n", tmp_path)
    at_full_load(site)
    own = table(site.file.head.reliability.data)
    grid = Grid(outages_a_month=2.0, hours=10.0)
    result = Phases(site, design(site), own, grid, restart_h=0.0).of(ANY).result()

    rng, years = random.Random(5), 4000
    minutes, events = [], []
    for _ in range(years):
        down = [*_failing(rng, 0.5 / HOURS_A_YEAR, 50.0)]
        for begins in (rng.uniform(0.0, HOURS_A_YEAR) for _ in range(24)):
            runs = 0.0 if rng.random() < 0.05 else rng.expovariate(60.0 / HOURS_A_YEAR)
            if runs < 10.0:
                down.append((begins + runs, begins + 10.0))
        merged = _merged(down)
        minutes.append(60.0 * sum(end - begin for begin, end in merged))
        events.append(float(len(merged)))
    for found, expected in (minutes, result.minutes_a_year), (events, result.per_year):
        error = statistics.stdev(found) / math.sqrt(years)
        assert statistics.fmean(found) == pytest.approx(expected, abs=3.0 * error + 0.01 * expected)


def _failing(rng: random.Random, per_h: float, repair_h: float) -> Iterator[tuple[float, float]]:
    """Failures in a year, each with its repair, h."""
    now = rng.expovariate(per_h)
    while now < HOURS_A_YEAR:
        back = now + rng.expovariate(1.0 / repair_h)
        yield now, back
        now = back + rng.expovariate(per_h)


def _merged(down: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for begin, end in sorted(down):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def test_two_units_are_the_markov_chain_of_the_textbook(tmp_path: Path) -> None:
    """Two alike units, either of which carries the load, each repaired by itself: both are down for λ² / (λ + μ)² of
    the time (Billinton and Allan, Reliability Evaluation of Engineering Systems, two-unit model)."""
    per_year, repair_h = 4.0, 100.0
    own = f"utility-feed: {{per_year: {per_year}, repair_h: {repair_h}, source: test}}"
    rest = ", ".join(f"{name}: {{per_demand: 0, source: test}}" for name in shipped() if name != "utility-feed")
    found = figures(drawn(TWO_CORDS + f"reliability: {{data: {{{own}, {rest}}}}}\n", tmp_path).tree(ANY))
    fails, repairs = per_year / HOURS_A_YEAR, 1.0 / repair_h
    assert found.unavailability == pytest.approx(fails**2 / (fails + repairs) ** 2, rel=1e-9)
    assert found.per_year == pytest.approx(found.unavailability * 2.0 * repairs * HOURS_A_YEAR, rel=1e-9)


# -- data ---------------------------------------------------------------------------------------------------------------


def test_every_category_of_the_catalogue_has_data_with_a_source_and_none_has_data_in_vain() -> None:
    kinds = [cls.FAULTS for cls in COMPONENTS.values()] + [kind.faults for kind in DEVICES.values()]
    named = {fault.failure.data for faults in kinds for fault in faults.values() if fault.failure is not None}
    assert named | {"operator"} == set(shipped())
    assert all(data.source for data in shipped().values())


def test_a_category_without_data_is_an_error_that_names_it(tmp_path: Path) -> None:
    site = site_of(TWO_CORDS, tmp_path)
    at_full_load(site)
    without = {name: data for name, data in shipped().items() if name != "cable"}
    with pytest.raises(TreeError, match=r"q-a short-circuit is counted in the category 'cable', which has no data"):
        logic(site, design(site), without, 2.5)


def test_records_of_the_site_take_the_place_of_shipped_data(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("category,per_year,repair_h,error_factor,source,confidence\nchiller,0.31,36,2,own,high\n")
    assert (table({}, file)["chiller"].per_year, table({}, file)["pump"]) == (0.31, shipped()["pump"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("category,per_year,source\nchiller,0.3,own\n", "own.csv:2: chiller: .*needs repair_h"),
        (
            "category,per_year,repair_h,source\nchiler,0.3,4,own\n",
            "no fault is counted in a category 'chiler'.*chiller",
        ),
        ("category,per_year,repair_h,source\nchiller,-1,4,own\n", "own.csv:2: per_year: "),
        ("name,per_year\nchiller,1\n", "own.csv:2: there is no category"),
    ],
)
def test_records_that_are_wrong_are_refused_with_their_place(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    with pytest.raises(TreeError, match=expected):
        table({}, file)


def test_data_in_the_site_file_that_are_wrong_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"site.yaml:8: .*expected one of per_year, per_demand, per_step"):
        site_of(TWO_CORDS.lstrip() + "reliability: {data: {cable: {repair_h: 3, source: own}}}\n", tmp_path)


def test_a_doubled_rate_doubles_its_part(tmp_path: Path) -> None:
    def minutes(per_year: float) -> float:
        own = f"reliability: {{data: {{ats: {{per_year: {per_year}, repair_h: 6, source: own}}}}}}\n"
        return figures(drawn(ONE_PATH + own, tmp_path).tree(ANY)).minutes_a_year

    assert minutes(0.2) - minutes(0.1) == pytest.approx(0.1 * 360.0, rel=2e-3)


# -- the command --------------------------------------------------------------------------------------------------------


def test_the_command_answers_with_an_interval_and_a_verdict(tmp_path: Path) -> None:
    site_of(TWO_CORDS + "reliability: {grid: {outages_a_month: 2, hours: 1}, restart_h: 0}\n", tmp_path)
    done = CliRunner().invoke(app, ["availability", str(tmp_path / "site.yaml"), "--json"])
    found = json.loads(done.stdout)["scenarios"][0]
    of_any = found["figures"][0]
    assert (found["name"], found["verdict"], of_any["top"]) == ("site", "not met", ANY)
    assert of_any["low"] < of_any["minutes_a_year"] < of_any["high"]
    assert of_any["minutes_a_year"] == pytest.approx(24.0 * 60.0, rel=0.01)  # nothing lives through an outage
    plain = CliRunner().invoke(app, ["availability", str(tmp_path / "site.yaml")]).stdout
    assert re.search(r"any row stops +1400 ", plain)
    assert "Uptime Institute certifies a topology and promises no percentage" in " ".join(plain.split())


def test_a_grid_that_is_none_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["availability", "pilot", "--grid", "milde"])
    assert done.exit_code == 2
    assert "expected one of mild, regional, crisis" in done.stderr


@pytest.mark.interop
def test_scram_finds_the_same_in_the_tree_of_a_site(tmp_path: Path) -> None:
    site = Site.load("pilot")
    at_full_load(site)
    tree = logic(site, design(site), table({}), 6.6, outage=True).tree("row-1 stops")
    file = tmp_path / "tree.xml"
    openpsa.write(openpsa.plainly_named(tree), file)
    probability, count = by_scram(file, order=2)
    found = figures(tree)
    assert math.isclose(found.unavailability, probability, rel_tol=1e-4)
    assert len(found.cut_sets(2)) == count


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "not met, over the whole interval of the data"),
        ("fr", "non atteint, sur tout l&#39;intervalle des données"),
    ],
)
def test_the_pages_have_the_verdict_the_caveat_and_the_data(tmp_path: Path, lang: str, words: str) -> None:
    pytest.importorskip("jinja2")
    site_of(TWO_CORDS + "reliability: {grid: {outages_a_month: 2, hours: 1}}\n", tmp_path)
    folder = tmp_path / "pages"
    done = CliRunner().invoke(app, ["availability", str(tmp_path / "site.yaml"), "--page", str(folder)])
    assert done.exit_code == 0, done.output
    page = (folder / f"availability.{lang}.html").read_text()
    assert words in page
    assert "Uptime Institute" in page
    assert "IEEE 493, cable below ground in conduit" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("{grid: {outages_a_month: 100, hours: 12}}", "longer than a month"),
        ("{common_causes: [{name: x, by: feed, of: [q-a, q-a], data: cable, beta: 0.1}]}", "names a component twice"),
        (
            "{common_causes: [{name: x, by: feed, of: [q-a], data: cable, beta: 0.1}, "
            "{name: x, by: feed, of: [q-b], data: cable, beta: 0.2}]}",
            "is given twice",
        ),
    ],
)
def test_data_that_contradict_themselves_are_refused(tmp_path: Path, own: str, expected: str) -> None:
    with pytest.raises(FileError, match=expected):
        site_of(f"{TWO_CORDS}reliability: {own}\n", tmp_path)


def test_common_causes_are_no_more_than_all_failures(tmp_path: Path) -> None:
    causes = ", ".join(f"{{name: {name}, by: feed, of: [q-a], data: cable, beta: 0.6}}" for name in "xy")
    site = site_of(f"{TWO_CORDS}reliability: {{common_causes: [{causes}]}}\n", tmp_path)
    at_full_load(site)
    with pytest.raises(TreeError, match=r"q-a cable: its common causes and its beta are 1\.2"):
        logic(site, design(site), table({}), 1.0)
