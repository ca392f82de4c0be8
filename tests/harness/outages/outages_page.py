"""`docs/explanation/outages.md` from the files of the outages: `python tests/harness/outages/outages_page.py` writes it."""

from __future__ import annotations

from pathlib import Path

from twinfeed.fixtures import outages
from twinfeed.harness.durations import spoken

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "outages.md"

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

Facts are those of the named sources. "Unsure" lists what the record leaves open, and what is the twin's own.
"""


def page() -> str:
    """The whole page."""
    found = [outages.load(id) for id in outages.ids()]
    return "\n".join([HEAD.format(count=len(found)), *map(section, found)])


def section(outage: outages.Outage) -> str:
    """One outage: facts, story, table of events, lesson."""
    lines = [
        f"## {outage.title}",
        "",
        f"{outage.operator}, {outage.place}, {outage.date} (`{outage.id}`, confidence {outage.confidence}).",
        "",
        outage.story,
        "",
        "| event | published | after | seen on the twin by | |",
        "|---|---|---|---|---|",
    ]
    for event in outage.events:
        after = "" if event.at_s is None else spoken(event.at_s)
        given = "given" if event.given else f"within x {outage.factor:g}" if event.at_s else ""
        when = event.when.replace("|", "\\|")
        lines.append(f"| {event.what} | {event.clock} | {after} | `{when}` | {given} |")
    return "\n".join(
        [*lines, "", f"**Lesson.** {outage.lesson.text}", "", f"**Unsure.** {outage.unsure}", "",
         *(f"Source: {source}  " for source in outage.sources), ""]
    )  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page())
