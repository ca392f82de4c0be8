"""The code of docs/reference/properties.md and docs/explanation/tier3.md runs, and their quantities exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinfeed.emulators.site import Site
from twinfeed.harness import properties
from twinfeed.harness.properties import parse
from twinfeed.harness.quantities import resolve

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference" / "properties.md").read_text(encoding="utf-8")
TIER3 = (DOCS / "explanation" / "tier3.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE + TIER3, re.DOTALL)
TEXTS = [line for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[:1] for line in block.splitlines()]


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.splitlines()[0])
def test_the_examples_run(block):
    exec(compile(block, "docs/reference/properties.md", "exec"), {})


@pytest.mark.parametrize("text", TEXTS)
def test_the_texts_are_properties_written_as_they_are_written_back(text):
    assert str(parse(text)) == text


def test_text_and_python_of_the_first_examples_are_the_same():
    calls = [line for line in PYTHON[0].splitlines() if line and not line.startswith("from")]
    assert [eval(call, vars(properties)) for call in calls] == [parse(text) for text in TEXTS]


def test_the_quantities_of_the_table_exist():
    site = Site.load("bamako")
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| quantities |")]
    for name in re.findall(r"`([^`]+)`", row):
        assert resolve(site, name)
