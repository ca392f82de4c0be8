"""Regression tests from findings: a scenario as a readable test file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.properties.syntax import duration

TEMPLATE = '''"""{note}

A scenario{with_seed}, kept as a test by `twinfeed adopt`.
"""

import pytest

from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.properties import patterns

FAULTS = (
{faults})

PROPERTIES = (
{properties})
{left_out}

@pytest.mark.site({site}{seed})
@pytest.mark.watch(*patterns(PROPERTIES))
{controller}async def test_{name}(site{argument}):
    await site.schedule(*FAULTS)
    await site.run("{duration}")
    site.check(*PROPERTIES{undecided})
'''


def test_name(text: str) -> str:
    """A text as the name of a test: letters, digits and underscores."""
    return re.sub(r"\W+", "_", text).strip("_").lower() or "scenario"


def regression_test(scenario: Scenario, name: str, vacuous: Collection[str] = (), undecided: bool = False) -> str:
    """The source of a test file in which this scenario must not break its properties.

    Those in `vacuous` are left out, for the scenario does not put them to the test. With `undecided` the scenario ends
    too early for some of what the others count from.
    """
    told = ", ".join(f"{i.target} {i.kind}" for i in scenario.injections) or "No fault at all"
    note = scenario.note or f"{told}: what was found must stay mended."
    return TEMPLATE.format(
        note=note.replace("\\", "\\\\").replace('"', "'"),
        faults="".join(f"    {_source(injection)},\n" for injection in scenario.injections),
        properties="".join(f"    {_quoted(text)},\n" for text in scenario.properties if text not in vacuous),
        left_out=_left_out([text for text in scenario.properties if text in vacuous]),
        undecided=", undecided=True" if undecided else "",
        site=_quoted(scenario.site),
        seed="" if scenario.seed is None else f", seed={scenario.seed}",
        with_seed="" if scenario.seed is None else f" with seed {scenario.seed}",
        controller=f"@pytest.mark.controller({_quoted(scenario.controller)})\n" if scenario.controller else "",
        name=test_name(name),
        argument=", controller" if scenario.controller else "",
        duration=duration(scenario.duration_s),
    )


def _left_out(properties: Sequence[str]) -> str:
    if not properties:
        return ""
    lines = "".join(f"#   {text}\n" for text in properties)
    return f"# Left out, since this scenario does not put them to the test:\n{lines}"


def _quoted(text: str) -> str:
    """The text as a Python literal, in double quotes as formatters write it."""
    return json.dumps(text, ensure_ascii=False)


def _source(injection: Injection) -> str:
    """The injection as Python source, fields at their defaults left out."""
    fields = {name: value for name, value in injection.to_dict().items() if name not in ("target", "kind")}
    if "flap" in fields:
        fields["flap"] = tuple(fields["flap"])
    rest = "".join(
        f", {name}={_quoted(value) if isinstance(value, str) else repr(value)}" for name, value in fields.items()
    )
    return f"Injection({_quoted(injection.target)}, {_quoted(injection.kind)}{rest})"


def free(path: Path) -> Path:
    """The path, or the first of `name-2`, `name-3` … that does not exist: a finding never overwrites another."""
    number, chosen = 1, path
    while chosen.exists():
        number += 1
        suffixes = "".join(path.suffixes)
        chosen = path.with_name(f"{path.name.removesuffix(suffixes)}-{number}{suffixes}")
    return chosen
