"""The binder: every case as a sheet to sign, with what is done, what is expected, and the outcome on the twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.commissioning.cases import CHAPTERS, Act, Case, Line, NotMade, Proof, Wait
from twinfeed.harness.commissioning.writing import module_of, test_of
from twinfeed.harness.durations import spoken
from twinfeed.harness.report.rendering.page import environment
from twinfeed.harness.report.rendering.wording import Wording

OUTCOMES = {
    "passed": N_("passed on the twin"),
    "failed": N_("failed on the twin"),
    "skipped": N_("skipped"),
    "not run": N_("not run yet"),
}
BADGES = {"passed": "passed", "failed": "failed", "skipped": "marginal", "not run": ""}


@dataclass(frozen=True)
class Row:
    """A line of a sheet."""

    step: str
    expected: str = ""


def rows(case: Case, wording: Wording) -> list[Row]:
    """The lines of a case in words; what is expected stands beside the wait in which it shows."""
    found = [_row(line, wording) for line in case.lines]
    if case.alarms:
        text = wording.say(N_("One of these alarms at the station within 5 min: {alarms}"))
        found.append(Row("", text.format(alarms=", ".join(case.alarms))))
    if case.keeps:
        found.append(Row("", wording.say(N_("All the time: every row supplied, every inlet from 15 to 32 °C"))))
    return found


def _row(line: Line, wording: Wording) -> Row:
    match line:
        case Act(target, deed, parameters):
            given = " ".join(f"{name}={value}" for name, value in parameters)
            return Row(f"{target}: {deed} {given}".rstrip())
        case Wait(seconds):
            return Row(wording.say(N_("Wait {time}")).format(time=spoken(seconds)))
        case Proof(quantity, value):
            return Row(wording.say(N_("Read {quantity}")).format(quantity=quantity), str(value))


def html(site: str, cases: Sequence[Case], not_made: Sequence[NotMade], results: Mapping[str, str], lang: str) -> str:
    """The page, which needs nothing else.

    Raises:
        ReportMissing: Jinja2 or Babel is not installed.
    """
    wording = Wording(lang)
    outcome = {case.id: results.get(test_of(case), "not run") for case in cases}
    template = environment(wording, "twinfeed.harness.commissioning").get_template("binder.html")
    return template.render(
        site=site, cases=cases, not_made=not_made, chapters=CHAPTERS, outcome=outcome, outcomes=OUTCOMES, badges=BADGES,
        rows=lambda case: rows(case, wording), w=wording, say=wording.say, module_of=module_of, test_of=test_of,
        footer=f"twinfeed {version('twinfeed')} · {site}",
    )  # fmt: skip


def counted(results: Mapping[str, str]) -> Phrase:
    """The outcomes in one line."""
    count = {word: sum(one == word for one in results.values()) for word in ("passed", "failed", "skipped")}
    return Phrase("{passed} passed, {failed} failed, {skipped} skipped", **count)
