"""Water vapour in the air of a hall or room: it leaks in, humidifiers give it, and it condenses on cold coils.

The air is well mixed. Its humidity ratio w follows m dw/dt = leak (w_out - w) + given - sum of flow k (w - w_coil), the
last term only for coils colder than the dew point. Between two instants of the plant the coefficients stay, so that w
is a closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf
from typing import Protocol

from twinfeed.emulators.plant.air.properties import dew_point_at, humidity_ratio

CONTACT = 0.5
"""Part of the air that touches a coil's cold surface (one less the bypass factor of a row-deep coil; assumption)."""

LATENT_KJ_PER_KG = 2460.0
"""Heat that water vapour gives up when it condenses on a coil of 15 degC, kJ/kg."""

DRY_AIR_KG_PER_M3 = 1.19

LOOK_KG_PER_KG = 0.0001
"""Change of the humidity ratio that makes the plant visit an instant (about 0.2 K of dew point at 10 degC)."""


class Coil(Protocol):
    """An air handler, as far as vapour concerns it."""

    @property
    def air_m3_s(self) -> float: ...

    @property
    def surface_c(self) -> float:
        """Mean temperature of its coil's cold surface, degC; that of the air when it does not cool."""


class Outside(Protocol):
    """The air outside."""

    @property
    def dew_point_c(self) -> float: ...


class Vapour(Protocol):
    """The state that holds the humidity ratio."""

    vapour: float


def condensing_kg_s(coil: Coil, ratio: float) -> float:
    """Water that condenses on that coil out of air of that humidity ratio, kg/s."""
    flow = coil.air_m3_s
    return flow * DRY_AIR_KG_PER_M3 * CONTACT * max(0.0, ratio - humidity_ratio(coil.surface_c)) if flow > 0.0 else 0.0


class Moisture:
    """The vapour of one hall or room."""

    def __init__(self, state: Vapour, volume_m3: float, leak_per_h: float) -> None:
        self._state = state
        self._kg = volume_m3 * DRY_AIR_KG_PER_M3
        self._leak_kg_s = self._kg * leak_per_h / 3600.0
        self._source = self._sink = 0.0
        """The coefficients of dw/dt = source - sink w, kg/kg/s and 1/s."""
        self.damp = True
        """Water may condense: a surface may be colder than the dew point."""

    @property
    def dew_point_c(self) -> float:
        return dew_point_at(self._state.vapour)

    def look(self, coils: Sequence[Coil], coldest_c: float, outside: Outside | None, added_kg_s: float = 0.0) -> float:
        """Note what feeds and dries the air now; returns the time until it has changed noticeably, s.

        `coldest_c`: the coldest that a surface can be here; above the dew point nothing condenses. `added_kg_s`: what
        humidifiers give.
        """
        ratio, kg = self._state.vapour, self._kg
        source = sink = 0.0
        if outside is not None:
            source, sink = self._leak_kg_s * humidity_ratio(outside.dew_point_c) / kg, self._leak_kg_s / kg
        self.damp = ratio > humidity_ratio(coldest_c)
        if self.damp:
            for coil in coils:
                surface = humidity_ratio(coil.surface_c)
                if ratio > surface:
                    dried = coil.air_m3_s * DRY_AIR_KG_PER_M3 * CONTACT / kg
                    source, sink = source + dried * surface, sink + dried
        source += added_kg_s / kg
        self._source, self._sink = source, sink
        rate = abs(source - sink * ratio)
        return max(1.0, LOOK_KG_PER_KG / rate) if rate * 900.0 > LOOK_KG_PER_KG else inf

    def advance(self, dt: float) -> None:
        """Move the humidity ratio along its course for `dt` seconds."""
        if self._sink > 0.0:
            rest = self._source / self._sink
            self._state.vapour = rest + (self._state.vapour - rest) * exp(-self._sink * dt)
        else:
            self._state.vapour += self._source * dt
