"""The answer of `twinfeed availability SITE`: figures, cut sets, improvements and the verdict, as tables or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twinfeed.harness.availability.enumeration.enumerated import Enumeration
from twinfeed.harness.availability.failures import MINUTES_A_YEAR
from twinfeed.harness.availability.logic.tops import ALL, ANY
from twinfeed.harness.availability.study import TARGET, Figures, Scenario, Study
from twinfeed.harness.cli.output import console, table, tell

SHOWN = 12
"""Rows of a table; JSON has all."""

CAVEAT = (
    f"{TARGET:.3%} (94.6 min a year) is a figure that Tier III was said to have. Uptime Institute certifies a topology "
    "and promises no percentage."
)


def as_json(study: Study) -> dict[str, Any]:
    """The study as JSON values."""
    used = {mode.category for mode in study.counted}
    return {
        "site": study.site,
        "target": TARGET,
        "caveat": CAVEAT,
        "scenarios": [
            {
                "name": scenario.name,
                "grid": scenario.grid.model_dump(),
                "verdict": scenario.verdict,
                "figures": [asdict(one) for one in scenario.figures],
                "cut_sets": [asdict(cut) for cut in scenario.cuts],
                "importances": [
                    {**asdict(one), "raw": _finite(one.raw), "rrw": _finite(one.rrw)} for one in scenario.weights
                ],
                "improvements": [asdict(one) for one in scenario.improvements],
            }
            for scenario in study.scenarios
        ],
        "data": {name: data.model_dump() for name, data in study.table.items() if name in used},
        "counted": [asdict(mode) for mode in study.counted],
        "left_out": [asdict(mode) for mode in study.left_out],
    }


def enumerated_as_json(found: Enumeration, scenarios: Sequence[Path]) -> dict[str, Any]:
    """The enumeration as JSON values."""
    return {**asdict(found), "scenarios": [str(file) for file in scenarios]}


def show_enumeration(found: Enumeration, scenarios: Sequence[Path]) -> None:
    """Print what the plant has shown."""
    made = ", ".join(f"{count} of {kind} failed" for kind, count in found.runs.items())
    tell(f"Plant: {sum(found.runs.values())} runs ({made}), {found.seconds / 60.0:.1f} min, {found.cpu_s:.0f} s CPU")
    if found.left:
        left = ", ".join(f"{count} of {kind} failed" for kind, count in found.left.items())
        tell(f"Not run: {left}; together at most {two(found.left_minutes_a_year)} min a year")
    seen = table("Losses in the plant", "failures", "grid", "first after s", "rows", "min a year")
    for one in found.seen[:SHOWN]:
        minutes = two(one.minutes_a_year)
        seen.add_row(", ".join(one.failures), one.grid, f"{one.first_s:.0f}", str(len(one.rows)), minutes)
    console.print(seen)
    differing = table("The drawing and the plant disagree", "failures", "grid", "only plant", "only drawing", "why")
    for case in found.disagreements[:SHOWN]:
        counts = str(len(case.only_plant)), str(len(case.only_logic))
        differing.add_row(", ".join(case.failures), case.grid, *counts, case.explanation)
    console.print(differing)
    tell(f"{len(found.disagreements)} disagreements; {len(found.unsteady)} runs ended while something moved.")
    for line in found.broken:
        tell(f"The model did not carry a run to its end: {line}")
    for key, margins in found.closest:
        tell(f"Closest without a loss: {key} ({margins})")
    if scenarios:
        tell(f"{len(scenarios)} scenarios in {scenarios[0].parent}; run one again: twinfeed replay {scenarios[0]}")


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None


def show(study: Study) -> None:
    """Print the study."""
    for scenario in study.scenarios:
        _show(scenario)
    categories = {mode.category for mode in study.counted}
    low = sum(study.table[name].confidence == "low" for name in categories)
    tell(f"{len(study.counted)} failure modes in {len(categories)} categories; data of {low} are of low confidence.")
    tell(f"{len(study.left_out)} modes are not counted: degradations, errors of people, modes without a rule.")
    tell(CAVEAT)


def _show(scenario: Scenario) -> None:
    grid = scenario.grid
    tell(f"Grid {scenario.name}: {grid.outages_a_month:g} outages a month of {grid.hours:g} h ({grid.source})")
    figures = table("Equipment stops", "what", "min a year", "5 to 95 %", "events a year", "availability")
    worst = max(scenario.figures[2:], key=lambda one: one.minutes_a_year, default=scenario.figures[0])
    best = min(
        (one for one in scenario.figures if one.top.endswith(" stops")),
        key=lambda one: one.minutes_a_year,
        default=worst,
    )
    chosen = {one.top: one for one in scenario.figures if one.top in (ANY, ALL) or one.low is not None}
    for one in {**chosen, worst.top: worst, best.top: best}.values():
        figures.add_row(
            one.top, digits(one.minutes_a_year, one), _interval(one), f"{one.events_a_year:.2g}", share(one)
        )
    console.print(figures)
    cuts = table("Minimal cut sets of any row", "failures", "grid", "probability", "min a year")
    for cut in scenario.cuts[:SHOWN]:
        cuts.add_row(", ".join(cut.failures), cut.grid, f"{cut.probability:.2g}", two(cut.minutes_a_year))
    console.print(cuts)
    better = table("Most valuable improvements", "if there were", "min a year saved")
    for improvement in scenario.improvements:
        better.add_row(improvement.what, two(improvement.minutes_a_year))
    console.print(better)
    tell(f"Target {TARGET:.3%}, any row, grid {scenario.name}: {VERDICTS[scenario.verdict]}")


VERDICTS = {
    "met": "met, over the whole interval of the data.",
    "not met": "not met, over the whole interval of the data.",
    "open": "open: the interval of the data lies on both sides.",
}


def two(value: float) -> str:
    """A figure with two significant digits, as 760 and not 7.6e+02."""
    return f"{float(f'{value:.2g}'):g}"


def digits(minutes: float, figures: Figures) -> str:
    """Two significant digits; one where the interval spans two decades."""
    wide = figures.low is not None and figures.high is not None and figures.high > 100.0 * max(figures.low, 1e-12)
    return f"{float(f'{minutes:.1g}'):g}" if wide else two(minutes)


def _interval(figures: Figures) -> str:
    if figures.low is None or figures.high is None:
        return "-"
    return f"{two(figures.low)} to {two(figures.high)}"


def share(figures: Figures) -> str:
    """The availability with as many nines as two digits of the minutes give."""
    lost = float(f"{figures.minutes_a_year / MINUTES_A_YEAR:.2g}")
    decimals = max(0, len(f"{lost * 100.0:.10f}".rstrip("0").partition(".")[2]))
    return f"{100.0 * (1.0 - lost):.{min(decimals, 6)}f} %"
