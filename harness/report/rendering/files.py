"""The report for programs: JSON with all data, and JUnit XML for collectors of test results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import TypeAdapter

from twinfeed.harness.report.account import Account, Attempt, Test
from twinfeed.harness.report.outcomes import Ending
from twinfeed.harness.report.verifying import Standing

FORM = 1
"""Version of the JSON document's form."""

_ACCOUNT = TypeAdapter(Account)

_NO_XML = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), 0xFFFE, 0xFFFF) if code not in (0x9, 0xA, 0xD)}
"""Characters that XML 1.0 cannot hold."""


def document(account: Account) -> dict[str, Any]:
    """The contents of the report as JSON values; `schema` describes them."""
    made: dict[str, Any] = _ACCOUNT.dump_python(account, mode="json")
    counts = {str(ending): number for ending, number in account.counts.items()}
    troubles = [str(trouble) for trouble in account.troubles]
    standing = account.standing.name.lower()
    return {"form": FORM, "sound": account.sound, "standing": standing, "counts": counts, **made, "troubles": troubles}


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    made = _ACCOUNT.json_schema(mode="serialization")
    made["properties"] |= {
        "form": {"const": FORM},
        "sound": {"type": "boolean"},
        "standing": {"enum": [standing.name.lower() for standing in Standing]},
        "troubles": {"type": "array", "items": {"type": "string"}},
        "counts": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    }
    made["required"] = [*made["required"], "form", "sound", "standing", "counts"]
    return made


def write_json(account: Account, path: Path) -> None:
    """
    Raises:
        OSError: the file cannot be written.
    """
    path.write_text(json.dumps(document(account), ensure_ascii=False, indent=2, allow_nan=False) + "\n", "utf-8")


def write_junit(account: Account, path: Path) -> None:
    """JUnit XML; the measurements of a test, devices and calibrations are properties.

    An interrupted test is an error, a broken record one of its own.

    Raises:
        OSError: the file cannot be written.
    """
    tree = ElementTree.ElementTree(_suites(account))
    ElementTree.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _suites(account: Account) -> ElementTree.Element:
    counts = account.counts
    troubles = [str(trouble) for trouble in account.troubles if trouble.standing is Standing.WRONG]
    numbers = {
        "tests": str(len(account.tests) + bool(troubles)),
        "failures": str(counts[Ending.FAILED]),
        "errors": str(counts[Ending.INTERRUPTED] + bool(troubles)),
    }
    time = f"{sum(test.last.duration_s or 0.0 for test in account.tests):.3f}"
    suites = ElementTree.Element("testsuites", {"name": "twinfeed", "time": time, **numbers})
    session = account.sessions[-1] if account.sessions else None
    name = session.bench if session else account.folder
    began = account.sessions[0].started.removesuffix("Z") if session else "1970-01-01T00:00:00"
    skipped = str(counts[Ending.SKIPPED])
    fields = {"name": _text(name), "time": time, "timestamp": began, "skipped": skipped, **numbers}
    suite = ElementTree.SubElement(suites, "testsuite", fields)
    facts: list[tuple[str, str]] = []
    if session:
        facts += [("bench", session.bench), ("world", session.world), ("twinfeed", session.twinfeed)]
    facts += [("tester", name) for name in account.testers]
    facts += [(f"device {d.device}", f"{d.product}, serial {d.serial}, firmware {d.firmware}") for d in account.devices]
    facts += [
        (f"instrument {c.instrument}", f"{c.accuracy}, {c.certificate}, due {c.due}") for c in account.calibrations
    ]
    facts += [(f"record {c.file}", f"{c.last} {c.standing.name.lower()}") for c in account.chains]
    _properties(suite, facts)
    for test in account.tests:
        _case(suite, test)
    if troubles:
        case = ElementTree.SubElement(suite, "testcase", classname="record", name="is what was written", time="0")
        ElementTree.SubElement(case, "error", type="altered", message=_text(troubles[0])).text = _text(
            "\n".join(troubles)
        )
    return suites


def _case(suite: ElementTree.Element, test: Test) -> None:
    path, _, name = test.name.partition("::")
    last = test.last
    case = ElementTree.SubElement(
        suite, "testcase", classname=_text(path.removesuffix(".py").replace("/", ".")), name=_text(name or path),
        time=f"{last.duration_s or 0.0:.3f}",
    )  # fmt: skip
    _properties(case, _measured(last))
    first = last.reason.partition("\n")[0]
    match last.outcome:
        case Ending.FAILED:
            ElementTree.SubElement(case, "failure", type="failed", message=_text(first)).text = _text(last.reason)
        case Ending.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=_text(last.reason))
        case Ending.INTERRUPTED:
            message = "it began and never ended: the run was stopped, killed, or lost its power"
            ElementTree.SubElement(case, "error", type="interrupted", message=message).text = message


def _measured(attempt: Attempt) -> list[tuple[str, str]]:
    measured = [(f"measurement {m.name}", f"{m.outcome}: {m}") for m in attempt.measurements]
    measured += [(f"property {judgement.about}", judgement.text) for judgement in attempt.judgements]
    return measured + [(f"attachment {a.name}", f"{a.file} sha256 {a.sha256}") for a in attempt.attachments]


def _properties(parent: ElementTree.Element, facts: list[tuple[str, str]]) -> None:
    if facts:
        properties = ElementTree.SubElement(parent, "properties")
        for name, value in facts:
            ElementTree.SubElement(properties, "property", name=_text(name), value=_text(value))


def _text(text: str) -> str:
    return text.translate(_NO_XML)
