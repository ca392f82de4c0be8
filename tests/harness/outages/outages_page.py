"""`docs/explanation/outages.md` with its pictures: `python tests/harness/outages/outages_page.py [ID...]` writes it.

The command plays the named outages, or all (minutes each on a busy machine), and keeps what came in `played.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twinfeed.fixtures import outages
from twinfeed.harness.durations import spoken
from twinfeed.harness.properties import Verdict

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "explanation" / "outages.md"
PICTURES = DOCS / "pictures" / "outages"
PLAYED = Path(__file__).with_name("played.json")

HEAD = """# Published outages on the twin

Operators and the press have described many outages of data centres with times. {count} of them are scenarios in `fixtures/outages`,
each on a small site of its own shape. `twinfeed outages` lists them, and `twinfeed outages run ID` plays one: the published and
the simulated times side by side, and then the same with the lesson applied.
`--plot FILE` draws the run (extra `plot`). The tests check for each outage:

- Every event comes, in the published order.
- Each compared time is within the stated factor. It counts from the last event that the scenario causes itself; events marked "given" are
  caused at their published time and show nothing.
- Nothing is compared after an event that is caused at a time which the record does not give.
- The properties of the scenario break, and with the lesson they all hold.

Facts are those of the named sources. "Unsure" lists what the record leaves open, and what is the twin's own. The column "twin" and the times
of violations are those of a run with the twin's nominal ratings.
"""

Record = dict[str, Any]


def record(played: outages.Played) -> Record:
    """The outcome of a played outage: times of its events, and the verdicts of both runs, s."""
    return {
        "twin_s": [row.twin_s for row in played.rows],
        "properties": [
            {"text": str(first.about), "published": _verdict(first), "lesson": _verdict(second)}
            for first, second in zip(played.outcome.verdicts, played.mended.verdicts, strict=True)
        ],
        "begins_s": played.begins_s,
    }


def _verdict(verdict: Verdict) -> Record:
    return {"word": verdict.word, "at_s": verdict.violations[0].t_s if verdict.violations else None}


def kept() -> dict[str, Record]:
    """The records that were kept, by the id of their outage."""
    found: dict[str, Record] = json.loads(PLAYED.read_text(encoding="utf-8"))
    return found


def page() -> str:
    """The whole page."""
    found, records = [outages.load(id) for id in outages.ids()], kept()
    return "\n".join([HEAD.format(count=len(found)), *(section(outage, records[outage.id]) for outage in found)])


def section(outage: outages.Outage, came: Record) -> str:
    """One outage: facts, story, table of events, picture, both runs, lesson."""
    lines = [
        f"## {outage.title}",
        "",
        f"{outage.operator}, {outage.place}, {outage.date} (`{outage.id}`, confidence {outage.confidence}).",
        "",
        outage.story,
        "",
        "| event | published | after | twin | | seen on the twin by |",
        "|---|---|---:|---:|---|---|",
    ]
    for event, twin_s in zip(outage.events, came["twin_s"], strict=True):
        after = "" if event.at_s is None else spoken(event.at_s)
        given = "given" if event.given else f"within x {outage.factor:g}" if event.at_s else ""
        twin = "never" if twin_s is None else spoken(twin_s)
        lines.append(f"| {event.what} | {event.clock} | {after} | {twin} | {given} | `{_cell(event.when)}` |")
    lines += [
        "",
        f"![{outage.title}](../pictures/outages/{outage.id}.svg)",
        "",
        "| property | as published | with the lesson |",
        "|---|---|---|",
    ]
    for one in came["properties"]:
        runs = (_said(one[run], came["begins_s"]) for run in ("published", "lesson"))
        lines.append(f"| `{_cell(one['text'])}` | {' | '.join(runs)} |")
    return "\n".join(
        [*lines, "", f"**Lesson.** {outage.lesson.text}", "", f"**Unsure.** {outage.unsure}", "",
         *(f"Source: {source}  " for source in outage.sources), ""]
    )  # fmt: skip


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _said(verdict: Record, begins_s: float) -> str:
    at_s = verdict["at_s"]
    return str(verdict["word"]) if at_s is None else f"{verdict['word']} at {spoken(at_s - begins_s)}"


def write(ids: Iterable[str]) -> None:
    """Play these outages, keep what came, draw them and write the page."""
    from twinfeed.harness.properties.plots import plot

    PICTURES.mkdir(exist_ok=True)
    for id in ids:
        played = outages.play(outages.load(id))
        plot(played.outcome.verdicts[0], played.outcome.journal, PICTURES / f"{id}.svg", played.outage.title)
        records = {**(kept() if PLAYED.exists() else {}), id: record(played)}
        PLAYED.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(id, played.right, played.factor)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(sys.argv[1:] or outages.ids())
