"""The air outside: what chillers, radiators and transformers breathe."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import cos, inf, pi
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.plant.air.properties import wet_bulb_c
from twinfeed.emulators.plant.kernel.actor import PlantError, State
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Range, Text

DAY_S = 86400.0


@dataclass(frozen=True)
class ClimateRatings:
    """A design day, a constant or a weather file.

    The default day is April in Bamako, the hottest month: mean daily maximum 39 degC and minimum 24 degC (BBC Weather,
    medium confidence; the monthly mean of WMO 61291 Bamako/Senou, 32.4 degC, is 0.9 K above their midpoint). The
    site's design temperature of 45 degC lies between the records of April (44) and May (46, both BBC Weather): a day
    of 39 degC with the fault `heat-wave` at its default. ASHRAE's design values for the station are not verified.
    """

    max_c: Annotated[float, Range(-50.0, 60.0, "degC")] = 39.0
    """Dry bulb in the afternoon, degC."""
    min_c: Annotated[float, Range(-50.0, 60.0, "degC")] = 24.0
    """Dry bulb before sunrise, degC. The same as `max_c` for a constant."""
    peak_hour: Annotated[float, Range(0.0, 24.0, "h")] = 15.0
    """When it is hottest, hour of the day (ASHRAE's clear-sky profile has its peak at 15 h solar time)."""
    dew_point_c: Annotated[float, Range(-60.0, 35.0, "degC")] = 10.0
    """Of the air outside, all day, degC: a relative humidity of 17 % at 39 degC and 41 % at 24 degC. April in Bamako is
    dry; a coincident wet bulb of 20 degC (assumption)."""
    start_hour: Annotated[float, Range(0.0, 24.0, "h")] = 13.0
    """Time of day when the site is started, hour."""
    series: Annotated[str, Text(1_000_000, lines=True)] = ""
    """Weather instead of a design day: CSV text with the columns `hour` (since the start of the site) and
    `dry_bulb_c`, and `dew_point_c` if it is known; linear between the rows, the last row holds."""

    def __post_init__(self) -> None:
        if self.min_c > self.max_c:
            raise ValueError(f"min_c is {self.min_c:g}, expected at most max_c, {self.max_c:g} degC")


@dataclass(frozen=True)
class _Series:
    hours: list[float] = field(default_factory=list)
    dry_bulb_c: list[float] = field(default_factory=list)
    dew_point_c: list[float] = field(default_factory=list)
    """Empty if the file has no such column."""


@dataclass
class ClimateState(State):
    waning_k: float = 0.0
    """Of a heat wave that ended at `ended_s`, K."""
    ended_s: float = 0.0


WANE_K_H = 6.0
"""Rate at which the air returns to the design day after a heat wave, K/h: a front passes in an hour (assumption)."""


class Outdoors(ABC):
    """Air outside, as machines and rooms meet it: the weather, or that of a yard of condensers."""

    @property
    @abstractmethod
    def outdoor_c(self) -> float:
        """Dry bulb now, degC."""

    @property
    @abstractmethod
    def dew_point_c(self) -> float:
        """Dew point now, degC."""

    @property
    @abstractmethod
    def wet_bulb_c(self) -> float:
        """Wet bulb now, degC."""


class Climate(Component[ClimateState, ClimateRatings], Outdoors):
    """Outdoor dry bulb and dew point as functions of the plant's time. After a heat wave the air cools by `WANE_K_H`.

    Raises:
        PlantError: the weather file lacks a column, holds no number or runs backwards.
    """

    kind = "climate"
    PARAMS = ClimateRatings
    STATE = ClimateState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "heat-wave": Fault(
            "it is hotter than the design day",
            {"kelvin": Parameter(6.0, "K", -20.0, 20.0)},
            source="Google europe-west2, 2022-07",
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {"outdoor_c": "°C", "dew_point_c": "°C", "wet_bulb_c": "°C", "hour": "h"}

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        self._series = _parse(id, self.params.series) if self.params.series else None

    @property
    def hour(self) -> float:
        """Time of day, 0 to 24 h."""
        return (self.params.start_hour + self.plant.now / 3600.0) % 24.0

    @property
    def outdoor_c(self) -> float:
        """Dry bulb now, degC."""
        p = self.params
        if self._series is not None:
            c = _interpolate(self._series.hours, self._series.dry_bulb_c, self.plant.now / 3600.0)
        else:
            phase = 2.0 * pi * (self.hour - p.peak_hour) / 24.0
            c = (p.max_c + p.min_c) / 2.0 + (p.max_c - p.min_c) / 2.0 * cos(phase)
        return c + self._wave_k()

    def _wave_k(self) -> float:
        """By how much it is hotter than the design day, K."""
        if wave := self.fault("heat-wave"):
            return wave["kelvin"]
        waning_k = self.state.waning_k
        if not waning_k:
            return 0.0
        left_k = max(0.0, abs(waning_k) - WANE_K_H * (self.plant.now - self.state.ended_s) / 3600.0)
        return left_k if waning_k > 0.0 else -left_k

    @property
    def dew_point_c(self) -> float:
        """Of the air outside, degC."""
        series, c = self._series, self.params.dew_point_c
        if series is not None and series.dew_point_c:
            c = _interpolate(series.hours, series.dew_point_c, self.plant.now / 3600.0)
        return min(c, self.outdoor_c)

    @property
    def wet_bulb_c(self) -> float:
        """Of the air outside, degC: what evaporation can cool water to."""
        return wet_bulb_c(self.outdoor_c, self.dew_point_c)

    def on_fault(self, kind: str, active: bool) -> None:
        """Note how far a heat wave that ends has gone; one that begins is there at once (a `ramp` lets it grow)."""
        s = self.state
        if active:
            s.waning_k = self.state.faults["heat-wave"]["kelvin"]
        else:
            s.ended_s = self.plant.now

    def horizon(self) -> float:
        """Until the air has cooled by a quarter of a kelvin."""
        s = self.state
        if "heat-wave" in s.faults or not s.waning_k:
            return inf
        end_s = s.ended_s + abs(s.waning_k) / WANE_K_H * 3600.0
        return min(900.0 / WANE_K_H, end_s - self.plant.now) if end_s > self.plant.now else inf


def _parse(id: str, text: str) -> _Series:
    series = _Series()
    reader = csv.DictReader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    humid = "dew_point_c" in (reader.fieldnames or ())
    missing = {"hour", "dry_bulb_c"} - set(reader.fieldnames or ())
    if missing:
        raise PlantError(f"{id}: the weather file has no column {', '.join(sorted(missing))}; it needs hour,dry_bulb_c")
    for row in reader:
        try:
            hour, dry_bulb_c = float(row["hour"]), float(row["dry_bulb_c"])
            dew_point_c = float(row["dew_point_c"]) if humid else 0.0
        except (TypeError, ValueError):
            raise PlantError(
                f"{id}: line {reader.line_num} of the weather file has {', '.join(map(repr, row.values()))}; "
                f"expected numbers"
            ) from None
        if series.hours and hour <= series.hours[-1]:
            raise PlantError(f"{id}: line {reader.line_num} of the weather file goes back to hour {hour:g}")
        series.hours.append(hour)
        series.dry_bulb_c.append(dry_bulb_c)
        if humid:
            series.dew_point_c.append(dew_point_c)
    if not series.hours:
        raise PlantError(f"{id}: the weather file has no rows")
    return series


def _interpolate(hours: list[float], values: list[float], hour: float) -> float:
    i = bisect_right(hours, hour)
    if i == 0:
        return values[0]
    if i == len(hours):
        return values[-1]
    part = (hour - hours[i - 1]) / (hours[i] - hours[i - 1])
    return values[i - 1] + part * (values[i] - values[i - 1])
