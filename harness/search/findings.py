"""Regression tests from findings: a scenario as a readable test file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.properties.syntax import duration

TEMPLATE = '''"""{note}

A scenario{with_seed}, kept as a test by `twinfeed adopt`.
"""

import pytest

{imports}from twinfeed.harness.properties import patterns

{faults}
PROPERTIES = (
{properties})
{left_out}

@pytest.mark.site({site}{settle}{seed}{tolerances})
@pytest.mark.watch(*patterns(PROPERTIES))
{controller}async def test_{name}(site{argument}):
    await site.schedule({scheduled})
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
    told = ", ".join(f"{e.target} {e.what}" for e in scenario.entries) or "No fault at all"
    lists = {
        name: entries
        for name, entries in _lists(scenario).items()
        if entries or (name == "FAULTS" and not scenario.entries)
    }
    note = scenario.note or f"{told}: what was found must stay mended."
    return TEMPLATE.format(
        note=note.replace("\\", "\\\\").replace('"', "'"),
        imports="".join(f"{line}\n" for line in _imports(lists)),
        faults="\n".join(
            f"{name} = (\n{''.join(f'    {_source(entry)},{chr(10)}' for entry in entries)})\n"
            for name, entries in lists.items()
        ),
        scheduled=", ".join(f"*{name}" for name in lists),
        properties="".join(f"    {_quoted(text)},\n" for text in scenario.properties if text not in vacuous),
        left_out=_left_out([text for text in scenario.properties if text in vacuous]),
        undecided=", undecided=True" if undecided else "",
        site=_quoted(scenario.site),
        settle=f', settle="{duration(scenario.settle_s)}"' if scenario.settle_s else "",
        seed="" if scenario.seed is None else f", seed={scenario.seed}",
        tolerances="" if scenario.tolerances is None else f", tolerances={_quoted(scenario.tolerances)}",
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


def _lists(scenario: Scenario) -> dict[str, Sequence[Scheduled]]:
    timed = scenario.of_entries(scenario.by_site_clock)
    return {"FAULTS": timed.injections, "DEEDS": timed.deeds, "COMMANDS": timed.commands}


def _imports(lists: Mapping[str, Sequence[Scheduled]]) -> list[str]:
    people = [cls for name, cls in (("COMMANDS", "Command"), ("DEEDS", "Deed")) if name in lists]
    deeds = [f"from twinfeed.harness.faults.deeds import {', '.join(people)}"] if people else []
    return [*deeds, *(["from twinfeed.harness.faults.injection import Injection"] if lists.get("FAULTS") else [])]


def _source(entry: Scheduled) -> str:
    """The entry as Python source, fields at their defaults left out."""
    first = {Injection: ("target", "kind"), Deed: ("target", "deed"), Command: ("target", "point", "value")}[
        type(entry)
    ]
    fields = {name: value for name, value in entry.to_dict().items() if name not in first}
    if "flap" in fields:
        fields["flap"] = tuple(fields["flap"])
    rest = "".join(
        f", {name}={_quoted(value) if isinstance(value, str) else repr(value)}" for name, value in fields.items()
    )
    start = ", ".join(_literal(getattr(entry, name)) for name in first)
    return f"{type(entry).__name__}({start}{rest})"


def _literal(value: object) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)


def free(path: Path) -> Path:
    """The path, or the first of `name-2`, `name-3` … that does not exist: a finding never overwrites another."""
    number, chosen = 1, path
    while chosen.exists():
        number += 1
        suffixes = "".join(path.suffixes)
        chosen = path.with_name(f"{path.name.removesuffix(suffixes)}-{number}{suffixes}")
    return chosen
