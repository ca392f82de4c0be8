"""A test as a procedure: steps with what is expected and what was observed, and the pictures around its actions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness.journal import Journal
from twinfeed.harness.language import N_
from twinfeed.harness.report.account import Attempt
from twinfeed.harness.report.rendering.courses import ACTIONS, MOST_PICTURES, course, in_words, windows
from twinfeed.harness.report.rendering.wording import Wording

ROWS = 12
"""Quantities in one picture; more make another one."""

_CAME = {
    "done": N_("done at {time}"),
    "refused": N_("refused at {time}"),
    "skipped": N_("left out at {time}"),
}


@dataclass(frozen=True)
class Row:
    """One step."""

    step: str
    expected: str = ""
    observed: str = ""
    result: str = ""
    """In words; empty where a person judges."""
    badge: str = ""
    """passed, failed or marginal."""


def journal_of(attempt: Attempt, folder: Path) -> Journal | None:
    """The journal that was kept with a test, None if there is none that can be relied on."""
    for kept in attempt.attachments:
        if kept.name == "journal.jsonl" and not kept.trouble:
            try:
                return Journal.read(folder / kept.file)
            except (OSError, ValueError):
                return None
    return None


def rows(attempt: Attempt, journal: Journal | None, wording: Wording) -> list[Row]:
    """The steps of a test: those by hand, its actions, its measurements, its properties."""
    found = [Row(step.instruction, step.expected, step.observed) for step in attempt.steps]
    found += [_action(event, wording) for event in _actions(journal)]
    for m in attempt.measurements:
        observed = wording.reading(m) if not m.points else wording.say(N_("series, see below"))
        if m.uncertainty and m.low is None and not m.points:
            observed = f"{observed} {wording.uncertainty(m)}"
        marginal = m.outcome in ("marginal", "inconclusive") and m.accepted
        badge = "marginal" if marginal else "passed" if m.accepted else "failed"
        step = wording.say(N_("Measure {name}")).format(name=m.name)
        found.append(Row(step, wording.limits(m), observed, wording.outcome(m), badge))
    for judgement in attempt.judgements:
        badge = {"holds": "passed", "violated": "failed"}.get(judgement.verdict, "marginal")
        step = wording.say(N_("Check {property}")).format(property=judgement.about)
        word = wording.verdict(judgement.verdict)
        found.append(Row(step, wording.verdict("holds"), word, word, badge))
    return found


def _actions(journal: Journal | None) -> Iterator[Event]:
    if journal is not None:
        yield from (event for event in journal.events if event.what in ACTIONS)


def _action(event: Event, wording: Wording) -> Row:
    came = wording.say(_CAME[str(event.data.get("outcome", "done"))])
    return Row(in_words(event, wording), "", came.format(time=wording.quantity(round(event.t, 3), "s")))


def pictures(attempt: Attempt, journal: Journal | None, wording: Wording) -> tuple[list[str], int]:
    """The courses of the watched quantities around each action, as SVG; and how many more there are."""
    if journal is None:
        return [], 0
    watched = [name for name in attempt.watched if name in journal.trace]
    chunks = [watched[at : at + ROWS] for at in range(0, len(watched), ROWS)]
    drawn = [(window, chunk) for window in windows(journal) for chunk in chunks]
    shown = [course(journal, chunk, window, wording) for window, chunk in drawn[:MOST_PICTURES]]
    return shown, max(0, len(drawn) - MOST_PICTURES)
