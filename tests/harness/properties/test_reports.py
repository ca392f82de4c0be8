"""The report of a violation for people, as text and as a picture."""

from __future__ import annotations

import sys

import pytest
from courses import mains_failure

from twinfeed.harness.properties import PropertyViolated, check, evaluate, within
from twinfeed.harness.properties.plots import PlottingMissing, plot


def test_a_violation_tells_when_with_what_values_and_what_had_happened():
    with pytest.raises(PropertyViolated) as caught:
        check(mains_failure(), within("10 s", "generator-1.running", after="utility-a.live falls"))
    assert str(caught.value) == (
        "violated at 0:01:50.000 (110.000 s): within 10 s of utility-a.live falls: generator-1.running\n"
        "  expected generator-1.running by then (counted from 100.000 s); generator-1.running was false\n"
        "  with utility-a outage since 100.000 s (depth 1)\n"
        "  what had happened before:\n"
        "    100.000 s  utility-a: fault outage\n"
        "    100.000 s  ups-a1, ups-a2: alarm on_battery"
    )


def test_only_those_to_blame_are_named():
    (verdict,) = evaluate(mains_failure(), "always racks.*.supplied and hall-*.inlet_c < 27")
    assert [dict(violation.values) for violation in verdict.violations] == [
        {"row-1.supplied": False},
        {"hall-1.inlet_c": pytest.approx(27.0)},
    ]


@pytest.mark.parametrize(
    "text", ["always hall-*.inlet_c < 27", "never ats-a.position == 'off'", "always row-2.supplied"]
)
def test_the_picture_is_the_same_for_the_same_run(tmp_path, text):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'twinfeed[plot]'")
    journal = mains_failure()
    for name in ("one.svg", "two.svg"):
        plot(evaluate(journal, text)[0], journal, tmp_path / name)
    picture = (tmp_path / "one.svg").read_bytes()
    assert b"<svg" in picture and picture == (tmp_path / "two.svg").read_bytes()


def test_the_picture_shows_what_is_to_blame(tmp_path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install 'twinfeed[plot]'")
    from twinfeed.harness.properties import plots

    monkeypatch.setitem(plots._STYLE, "svg.fonttype", "none")  # letters stay letters
    assert matplotlib
    journal = mains_failure()
    plot(evaluate(journal, "always hall-*.inlet_c < 27")[0], journal, tmp_path / "hall.svg")
    picture = (tmp_path / "hall.svg").read_text()
    for text in ("hall-1.inlet_c", "violated at 0:03:03.333", "utility-a outage", "inlet_c", ">27<"):
        assert text in picture, text


def test_without_matplotlib_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    journal = mains_failure()
    with pytest.raises(PlottingMissing, match=r"pip install 'twinfeed\[plot\]'"):
        plot(evaluate(journal, "always row-1.supplied")[0], journal, tmp_path / "row.svg")
