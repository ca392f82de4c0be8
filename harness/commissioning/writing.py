"""The pytest tests of the cases, one file a chapter, and the traceability from requirements to tests and evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree
from zlib import crc32

from twinfeed.harness.commissioning.cases import ALARM_S, Act, Case, Line, Proof, Wait

RESULTS = "results.xml"
"""JUnit XML of the run, in the folder: `pytest --junitxml results.xml`."""


WORSE = ("passed", "skipped", "failed")

MADE_BY = "made by `twinfeed commission`"
"""Stands in every file that the command writes, and writes again."""


def module_of(chapter: str) -> str:
    return f"test_{chapter}.py"


def test_of(case: Case) -> str:
    """The name of its test function, another one for each case: `q-a` and `q_a` are two components."""
    name = "test_" + re.sub(r"\W", "_", case.id)
    return name if re.fullmatch(r"[^\W_]+(-+[^\W_]+)*", case.id) else f"{name}_{crc32(case.id.encode()):08x}"


def module(title: str, cases: Sequence[Case], site: str, controller: str, demands: Sequence[str]) -> str:
    """The text of the test file of a chapter."""
    marks = f"[pytest.mark.site({site!r}, settle='30 min')]"
    if controller:
        marks = f"[pytest.mark.site({site!r}, settle='30 min'), pytest.mark.controller({controller!r})]"
    names = sorted({"within" for case in cases if case.alarms})
    head = [
        f'"""{title}: {MADE_BY}. Persons do every step (deeds), in each world."""',
        "",
        "import pytest",
        "",
        *([f"from twinfeed import {', '.join(names)}", ""] if names else []),
        f"pytestmark = {marks}",
        "",
        "EQUIPMENT = [",
        *(f"    {json.dumps(each, ensure_ascii=False)}," for each in demands),
        "]",
        '"""Must hold all the time: supply of every row, inlets of class A1."""',
    ]
    return "\n".join([*head, *(line for case in cases for line in ("", "", *_function(case, controller)))]) + "\n"


def _function(case: Case, controller: str) -> Iterator[str]:
    yield f"@pytest.mark.requirement({case.id!r})"
    yield f"async def {test_of(case)}(site{', controller' if controller else ''}):"
    yield f'    """{case.title}."""'
    watched = ", ".join(json.dumps(name) for name in case.alarms)
    if watched:
        yield f"    site.watch({watched})"
    for line in case.lines:
        yield f"    {_line(line)}"
    checks = ["*EQUIPMENT"] if case.keeps else []
    if case.alarms:
        checks.append(f'within("{ALARM_S:g} s", {json.dumps(_any(case.alarms))}, after={json.dumps(case.after)})')
    if checks:
        yield f"    site.check({', '.join(checks)})"


def _any(alarms: Sequence[str]) -> str:
    return alarms[0] if len(alarms) == 1 else f"any({', '.join(alarms)})"


def _line(line: Line) -> str:
    match line:
        case Act(target, deed, parameters):
            given = "".join(f", {name}={value!r}" for name, value in parameters)
            return f"assert await site.do({target!r}, {deed!r}{given})"
        case Wait(seconds):
            return f'await site.run("{seconds:g} s")'
        case Proof(quantity, value):
            return f"assert site.observe({quantity!r}) == {value!r}"


def outcomes(folder: Path) -> dict[str, str]:
    """Name of a test -> passed, failed or skipped, by the JUnit XML in that folder; none without it.

    Of a test that ran several times the worst outcome counts.
    """
    path = folder / RESULTS
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        marks = {child.tag for child in case}
        bad = "failed" if marks & {"failure", "error"} else "skipped" if "skipped" in marks else "passed"
        name = case.get("name", "")
        found[name] = max(found.get(name, bad), bad, key=WORSE.index)
    return found


def traceability(cases: Sequence[Case], results: dict[str, str]) -> str:
    """YAML: each requirement, its test, the outcome and the file of its evidence."""
    lines = [f"# requirement -> test -> evidence, {MADE_BY}"]
    for case in cases:
        outcome = results.get(test_of(case), "not run")
        lines += [
            f"{case.id}:",
            f"  requirement: {json.dumps(str(case.title), ensure_ascii=False)}",
            f"  test: {module_of(case.chapter)}::{test_of(case)}",
            f"  outcome: {outcome}",
            f"  evidence: {RESULTS if outcome != 'not run' else ''}".rstrip(),
        ]
    return "\n".join(lines) + "\n"
