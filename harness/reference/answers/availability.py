"""The JSON documents of `twinfeed availability`: of a site, and of a fault tree."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from twinfeed.emulators.sitefile.reliability import FailureData, Grid
from twinfeed.harness.availability.enumeration.comparison import Disagreement
from twinfeed.harness.availability.enumeration.enumerated import Seen
from twinfeed.harness.availability.logic.events import Mode
from twinfeed.harness.availability.study import Cut, Figures, Improvement


class CutSet(TypedDict):
    """Failures that together cause the top event, and no fewer of them do."""

    failures: list[str]
    probability: float


class ImportanceOf(TypedDict):
    """The importance of one failure (NUREG/CR-3385). None stands for an infinite figure."""

    failure: str
    unavailability: float
    birnbaum: float
    fussell_vesely: float
    achievement: float | None
    """Risk achievement worth."""
    reduction: float | None
    """Risk reduction worth."""


class TreeFigures(TypedDict):
    """A fault tree, quantified."""

    top: str
    unavailability: float
    minutes_a_year: float
    cut_sets: list[CutSet]
    importances: list[ImportanceOf]


class WeightOf(TypedDict):
    """The importance of one failure of a site. None stands for an infinite figure."""

    failure: str
    category: str
    birnbaum: float
    fussell_vesely: float
    raw: float | None
    """Risk achievement worth."""
    rrw: float | None
    """Risk reduction worth."""


class OnGrid(TypedDict):
    """The availability of a site on one grid."""

    name: str
    grid: Grid
    verdict: str
    """met, not met, or open: the interval of the data lies on both sides of the target."""
    figures: list[Figures]
    cut_sets: list[Cut]
    importances: list[WeightOf]
    improvements: list[Improvement]


class PlantRuns(TypedDict):
    """Failures that were run on the plant."""

    runs: dict[str, int]
    """Runs by kind: `there, 1` is one failure while the grid is there."""
    left: dict[str, int]
    """Runs that were not made, by kind."""
    left_minutes_a_year: float
    """The most that the pairs not run could add, min a year."""
    seconds: float
    """Wall time of this call, s."""
    cpu_s: float
    """Processor time of all runs, s."""
    seen: list[Seen]
    unsteady: list[str]
    """Runs that ended while something was still moving."""
    broken: list[str]
    """Runs that the model did not carry to an end, with the error."""
    disagreements: list[Disagreement]
    closest: list[tuple[str, str]]
    """Runs without a loss with the highest loadings: the run, and its margins."""
    scenarios: list[str]
    """Scenario files of the losses."""


class SiteAvailability(TypedDict):
    """The availability of a site."""

    site: str
    target: float
    """A share of the year."""
    caveat: str
    scenarios: list[OnGrid]
    data: dict[str, FailureData]
    """Category -> its failure data."""
    counted: list[Mode]
    left_out: list[Mode]
    """Failure modes that are not counted."""
    plant: NotRequired[PlantRuns]
    """With `--plant`: what the plant has shown."""
