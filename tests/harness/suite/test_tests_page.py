"""docs/reference/tests.md is true: its options, markers, fixtures and examples exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.worlds.capabilities import CAPABILITIES
from twinfeed.harness.worlds.world import World

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "tests.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_scenario_is_one(tmp_path: Path) -> None:
    path = tmp_path / "page.scenario.yaml"
    path.write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert [injection.kind for injection in Scenario.load(path).injections] == ["outage", "fail-to-start"]


@pytest.mark.parametrize("block", PYTHON, ids=["test", "operators"])
def test_the_examples_can_be_imported(block: str) -> None:
    exec(compile(block, "docs/reference/tests.md", "exec"), {})


def test_the_page_has_every_option_and_no_other(pytestconfig: pytest.Config) -> None:
    groups = [group for group in pytestconfig._parser._groups if group.name.startswith("twinfeed")]
    options = {name for group in groups for option in group.options for name in option.names()}
    section = PAGE.split("## Options")[1].split("\n## ")[0]
    assert options == set(re.findall(r"`(--[a-z-]+)", section))


def test_the_markers_exist(pytestconfig: pytest.Config) -> None:
    known = {line.partition("(")[0] for line in pytestconfig.getini("markers")}
    section = PAGE.split("## Markers")[1].split("##")[0]
    found = set(re.findall(r"^\| `(\w+)\(", section, re.MULTILINE))
    assert {"site", "controller", "watch", "needs", "requirement", "measures"} == found
    assert found <= known


def test_what_a_site_does_and_offers_exists() -> None:
    section = PAGE.split("## Fixtures")[1].split("##")[0]
    called = re.findall(r"`(?:await )?site\.(\w+)", section)
    assert len(called) > 6
    assert all(hasattr(World, name) or name == "journal" for name in called)
    assert {"truth", "virtual-time", "deterministic", "programs"} <= set(CAPABILITIES)
