"""`pytest` runs scenario files, and what `twinfeed adopt` makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from starter import BROKEN, SITE, SOUND

from twinfeed.harness.search.findings import regression_test

pytest_plugins = ["pytester"]

NO_CACHE = ("-p", "no:cacheprovider")


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    (pytester.path / "site.yaml").write_text(Path(SITE).read_text())
    return pytester.path


def test_a_scenario_that_holds_passes_and_one_that_breaks_tells_what(pytester: pytest.Pytester, suite: Path) -> None:
    SOUND.save(suite / "sound.scenario.yaml")
    BROKEN.save(suite / "broken.scenario.yaml")
    result = pytester.runpytest(*NO_CACHE)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*expected racks.[*].supplied; row-1.supplied was false*", "again: twinfeed replay broken.scenario.yaml"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("site: site.yaml\nduration_s: soon\n", "*found 'soon', expected a time*"),
        (
            "site: site.yaml\nproperties: [always racks.*.suplied]\n",
            "*wrong.scenario.yaml:2: properties.0: racks.?.suplied*",
        ),
        (
            "site: site.yaml\nproperties: [always utility.live, never]\n",
            "*wrong.scenario.yaml:2: properties.1: column 6*",
        ),
        (
            "site: site.yaml\nproperties: [always utility.live]\n"
            "injections:\n  - {target: utility, kind: outage, until: nothing.x}\n",
            "*wrong.scenario.yaml:4: injections.0.until: nothing.x: nothing in*",
        ),
        (
            "site: site.yaml\nproperties: [always utility.live]\ncontroller: ../mine\n",
            "*'../mine' is no module; expected package.module:function*",
        ),
        ("site: site.yaml\nduration_s: 1 min\n", "nothing was seen to hold"),
        (
            "site: site.yaml\nduration_s: 1 min\nproperties: ['within 5 s of utility.live falls: utility.live']\n",
            "vacuous: within 5 s of utility.live falls*never put to the test*",
        ),
        (
            "site: site.yaml\nduration_s: 1 min\nproperties: ['always between 1 h and 2 h: utility.live']\n",
            "inconclusive: always between 1 h and 2 h*the record ends too early*",
        ),
        (
            "site: site.yaml\nproperties: [always utility.live]\ncontroller: no_such\n",
            "*no module is called 'no_such'*",
        ),
        (
            "site: site.yaml\nproperties: [always utility.live]\ninjections: [{target: utility, kind: rain}]\n",
            "*utility cannot suffer 'rain'*",
        ),
    ],
)
def test_what_is_wrong_in_a_scenario_is_told_in_a_line(
    pytester: pytest.Pytester, suite: Path, text: str, says: str
) -> None:
    (suite / "wrong.scenario.yaml").write_text(text)
    result = pytester.runpytest(*NO_CACHE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([says])
    result.stdout.no_fnmatch_line("*trial.py*")


def test_an_adopted_test_fails_as_its_scenario_does(pytester: pytest.Pytester, suite: Path) -> None:
    pytester.makepyfile(test_broken=regression_test(BROKEN, "broken"), test_sound=regression_test(SOUND, "sound"))
    result = pytester.runpytest(*NO_CACHE)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*expected racks.[*].supplied; row-1.supplied was false*", "FAILED test_broken.py*"])
