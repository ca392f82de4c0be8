"""Failure data of a site, and what is known of its grid: the `reliability` field of site files.

    reliability:
      grid: {outages_a_month: 10.7, hours: 6.6}
      restart_h: 2
      data:
        chiller: {per_year: 0.31, repair_h: 36, beta: 0.05, error_factor: 2, source: own records, confidence: high}
      common_causes:
        - {name: riser-a, by: place, of: [q-row-a1, q-row-a2], data: cable, beta: 0.1}

A category in `data` takes the place of the shipped one as a whole. Its figures have no default: a study refuses a
category that lacks one that it needs.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic
from pydantic import ConfigDict

from twinfeed.emulators.plant.kernel.ratings import Range, Text

HOURS_A_MONTH = 730.0
"""A twelfth of a year, h."""

Confidence = Literal["high", "medium", "low"]
"""Read in the source; from memory of the source; an order of magnitude or a judgement."""

Share = Annotated[float, Range(0.0, 1.0)]
Rate = Annotated[float, Range(0.0, 10_000.0, "1/year")]
Hours = Annotated[float, Range(0.001, 100_000.0, "h")]


class FailureData(pydantic.BaseModel):
    """The data of one category of failures: one of a rate, a probability per demand, and a probability per step."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    per_year: Rate | None = None
    """Failures in a year of operation."""
    repair_h: Hours | None = None
    """From the failure to service, h."""
    per_demand: Share | None = None
    """Probability of failing when it is needed."""
    test_interval_h: Hours | None = None
    """A failure that only a test reveals: the time from test to test, h."""
    per_step: Share | None = None
    """Probability that a person makes the mistake in one step of work."""
    running: bool = False
    """The rate is that of a year of running, as that of an engine that mostly stands still."""
    beta: Share = 0.0
    """The part of the failures that alike equipment shares (beta factor of IEC 61508-6, annex D)."""
    error_factor: Annotated[float, Range(1.0, 1000.0)] = 10.0
    """The 95 % quantile of the rate over its median, lognormal."""
    source: Annotated[str, Text(400)]
    confidence: Confidence = "low"

    @pydantic.model_validator(mode="after")
    def _one_model(self) -> FailureData:
        given = [name for name in ("per_year", "per_demand", "per_step") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"found {' and '.join(given) or 'no figure'}, expected one of per_year, per_demand, per_step"
            )
        repaired = [name for name in ("repair_h", "test_interval_h") if getattr(self, name) is not None]
        if self.per_year is not None and len(repaired) != 1:
            raise ValueError("a rate per_year needs repair_h (it shows at once) or test_interval_h (a test reveals it)")
        return self


class Grid(pydantic.BaseModel):
    """Outages of the grid that feeds the site."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    outages_a_month: Annotated[float, Range(0.0, 10_000.0)]
    hours: Hours
    """Mean length of an outage, h."""
    source: Annotated[str, Text(400)] = "the site file"

    @pydantic.model_validator(mode="after")
    def _fits_a_month(self) -> Grid:
        if self.outages_a_month * self.hours > HOURS_A_MONTH:
            raise ValueError(
                f"{self.outages_a_month:g} outages of {self.hours:g} h are longer than a month, expected "
                f"{HOURS_A_MONTH:g} h at most together"
            )
        return self


class CommonCause(pydantic.BaseModel):
    """Equipment that one cause can fail at the same time."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Annotated[str, Text(60)]
    by: Literal["place", "firmware", "feed", "crew"]
    of: tuple[str, ...]
    """The components."""
    data: str
    """The category whose failures they share."""
    beta: Share


class Reliability(pydantic.BaseModel):
    """Data that a site adds to the shipped ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    grid: Grid | None = None
    """None: a study compares published scenarios."""
    restart_h: Annotated[float, Range(0.0, 1000.0, "h")] | None = None
    """From the return of supply and cooling to services that run again, h."""
    data: dict[str, FailureData] = {}
    common_causes: tuple[CommonCause, ...] = ()

    @pydantic.model_validator(mode="after")
    def _counted_once(self) -> Reliability:
        seen: set[tuple[str, str, str]] = set()
        for cause in self.common_causes:
            if len(set(cause.of)) != len(cause.of):
                raise ValueError(f"common cause {cause.name!r} names a component twice in `of`")
            if (key := (cause.by, cause.name, cause.data)) in seen:
                raise ValueError(f"common cause {cause.name!r} of {cause.data!r} is given twice, expected once")
            seen.add(key)
        return self
