"""An injection and a scenario file: what they hold, what they refuse, and that they survive being written down."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.faults.injection import Injection, InjectionError
from twinfeed.harness.faults.scenario import Scenario

times = st.floats(0.001, 1e6)
prose = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=30)
words = st.text("abc-1:.,", min_size=1, max_size=12)


@st.composite
def injections(draw: st.DrawFn) -> Injection:
    parameters = draw(st.dictionaries(st.sampled_from(["depth", "rate", "delay_s"]), st.floats(-1e6, 1e6), max_size=3))
    spans = st.floats(0.05, 1e4)
    flap = draw(st.none() | st.tuples(spans, spans))
    return Injection(
        draw(words.filter(lambda target: ":" not in target)),
        draw(words),
        draw(st.floats(0.0, 1e6)),
        draw(st.none() | times),
        parameters,
        draw(times) if parameters and flap is None and draw(st.booleans()) else 0.0,
        flap,
        draw(st.none() | prose),
        draw(st.floats(0.0, 0.9)),
    )


@given(injections())
def test_an_injection_is_the_same_after_json(injection: Injection) -> None:
    assert Injection.from_dict(injection.to_dict()) == injection


@given(st.lists(injections(), max_size=4), prose, st.integers(0, 2**32))
def test_a_scenario_is_the_same_after_its_file(tmp_path_factory, found: list[Injection], note: str, seed: int) -> None:
    path: Path = tmp_path_factory.mktemp("scenario") / "finding.yaml"
    scenario = Scenario("bamako", seed, 1800.0, tuple(found), ('always("racks.*.supplied")',), "reference", note)
    scenario.save(path)
    assert Scenario.load(path) == scenario


def test_times_may_be_written_as_people_do() -> None:
    injection = Injection.from_dict(
        {"target": "utility-a", "kind": "outage", "at_s": "1 min", "for_s": "20min", "flap": ["2 s", 0.5]}
    )
    assert (injection.at_s, injection.for_s, injection.flap) == (60.0, 1200.0, (2.0, 0.5))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "outage"}, "target: found nothing, expected a text"),
        ({"target": "", "kind": "outage"}, "target: is empty, expected a component or device"),
        ({"target": "a", "kind": "outage", "for": 3}, "for: unknown field; did you mean for_s?"),
        ({"target": "a", "kind": "outage", "at_s": -1}, "at_s: is -1, expected 0 s or later"),
        ({"target": "a", "kind": "outage", "at_s": "soon"}, "at_s: found 'soon', expected a time"),
        ({"target": "a", "kind": "outage", "for_s": 0}, "for_s: is 0, expected more than 0 s"),
        ({"target": "a", "kind": "outage", "ramp_s": 5}, "ramp_s: there is nothing to ramp"),
        (
            {"target": "a", "kind": "sag", "parameters": {"depth": 40}, "ramp_s": 5, "flap": [1, 1]},
            "flap: a fault either",
        ),
        (
            {"target": "a", "kind": "sag", "parameters": {"depth": "much"}},
            "parameters.depth: found 'much', expected a number",
        ),
        (
            {"target": "a", "kind": "sag", "parameters": {"depth": True}},
            "parameters.depth: found True, expected a number",
        ),
        ({"target": "a", "kind": "outage", "flap": [1]}, "flap: found [1], expected [time on, time off]"),
        ({"target": "a", "kind": "outage", "flap": [1, 0]}, "flap: is 0, expected the seconds on and off"),
        (
            {"target": "a", "kind": "outage", "flap": [1, 0.001]},
            "flap: is 0.001, expected the seconds on and off, 0.01",
        ),
        (
            {"target": "a", "kind": "outage", "flap": [0.01, 0.02]},
            "flap: comes again every 0.03 s, expected 0.1 s or more",
        ),
        ({"target": "a", "kind": "outage", "until": 5}, "until: found 5, expected a condition"),
    ],
)
def test_an_injection_that_contradicts_itself_is_refused(fields: dict, says: str) -> None:
    with pytest.raises(InjectionError) as refusal:
        Injection.from_dict(fields)
    assert str(refusal.value).startswith(says)


def test_every_mistake_in_a_scenario_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(
        "site: bench\n"
        "seed: one\n"
        "duration_s: a while\n"
        "injections:\n"
        "  - {target: utility-a, kind: outage, for_s: 0}\n"
        "  - target: utility-b\n"
        "    kind: sag\n"
        "    parameters:\n"
        "      depth: much\n"
        "  - outage\n"
        "speed: 3\n"
    )
    with pytest.raises(FileError) as refusal:
        Scenario.load(path)
    assert [line.removeprefix(f"{path}:") for line in refusal.value.problems] == [
        "11: speed: unknown field; expected site, seed, duration_s, injections, properties, controller, note, deeds, "
        "commands, tolerances, settle_s",
        "2: seed: found 'one', expected a whole number",
        "3: duration_s: found 'a while', expected a time such as 90, 30s, 15min or 2h",
        "5: injections.0.for_s: is 0, expected more than 0 s (or leave it out)",
        "9: injections.1.parameters.depth: found 'much', expected a number",
        "10: injections.2: found 'outage', expected a mapping such as {target: …, kind: …}",
    ]


def test_a_scenario_needs_a_site(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("seed: 1\n")
    with pytest.raises(FileError, match="site: is missing"):
        Scenario.load(path)
