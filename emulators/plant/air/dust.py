"""Dust that settles on filters and coils while air moves through them. It stays until people clean them."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from twinfeed.emulators.plant.kernel.faults import Fault, Parameter

FILTER_SHARE = 0.2
"""Part of the pressure of a unit's fans that its clean filters take (EN ISO 16890 class ePM10 50 % at design flow takes
about 80 of 400 Pa; assumption)."""

CLEAN_PA = 80.0
"""Pressure drop of clean filters at full airflow, Pa."""

WORST = 0.95
"""Part of a surface that dust covers at most."""

STEP = 0.005
"""Dust that makes the plant visit an instant: so much more of a surface is covered."""

DUST: Mapping[str, Fault] = {
    "dust": Fault(
        "dust-laden air, as in a Sahel dust storm: filters and condenser coils clog while their fans run, and stay so",
        {"rate": Parameter(5.0, "%/h", 0.1, 500.0, "of the free surface of filters or coil that is lost")},
    ),
}


def settled(dirt: float, rate_percent_h: float, dt: float) -> float:
    """The covered part after `dt` seconds more, 0 to `WORST`."""
    return min(WORST, dirt + rate_percent_h / 100.0 * dt / 3600.0)


def horizon_s(dirt: float, rate_percent_h: float) -> float:
    """Seconds until `STEP` more is covered; inf when nothing more settles."""
    return STEP / (rate_percent_h / 100.0) * 3600.0 if dirt < WORST else inf


def airflow(dirt: float) -> float:
    """Airflow against that with clean filters at the same fan speed: the fans' pressure is shared with the rest."""
    return 1.0 if dirt <= 0.0 else float((1.0 - FILTER_SHARE + FILTER_SHARE / (1.0 - dirt) ** 2) ** -0.5)


def filter_pa(dirt: float, flow: float) -> float:
    """Pressure drop of filters at that part of full airflow, Pa."""
    return CLEAN_PA * (flow / (1.0 - dirt)) ** 2
