"""Condensers: the temperature at which a refrigeration machine rejects its heat."""

from __future__ import annotations

from typing import Protocol

from twinfeed.emulators.plant.air.climate import Outdoors
from twinfeed.emulators.plant.air.thermal import WATER_KJ_PER_L_K

NO_FLOW_C = 150.0
"""Saturated condensing temperature without flow through the condenser, degC: beyond any high-pressure switch."""


class Condenser(Protocol):
    """The condenser, as its machine uses it."""

    @property
    def entering_c(self) -> float:
        """Air or water that enters it, degC."""

    def curve_c(self, load: float, heat_kw: float) -> float:
        """What would have to enter a clean condenser without head-pressure control for the same pressure, degC.

        `load`: part of full load, 0 to 1; `heat_kw`: what it rejects, kW.
        """

    def condensing_c(self, load: float, heat_kw: float) -> float:
        """Saturated condensing temperature while it runs, degC."""

    def fan_part(self, load: float) -> float:
        """Part of their full power that its fans take, 0 to 1."""


class Dirty(Protocol):
    """The state of a machine, as far as it concerns its condenser."""

    @property
    def dirt(self) -> float:
        """Part of the coil that dust covers, 0 to 1."""


class CondenserRatings(Protocol):
    """The ratings of a machine that shape its condenser: K, degC, K."""

    @property
    def approach_k(self) -> float: ...

    @property
    def least_condensing_c(self) -> float: ...

    @property
    def recirculation_k(self) -> float: ...


class Machinery(Protocol):
    """The machine, as its condenser sees it."""

    @property
    def params(self) -> CondenserRatings: ...

    @property
    def state(self) -> Dirty: ...

    def fault(self, kind: str) -> dict[str, float] | None: ...


class AirCondenser:
    """Coils with fans. Head-pressure control slows the fans so that the pressure does not fall below its floor."""

    def __init__(self, machine: Machinery, climate: Outdoors | None, reference_c: float) -> None:
        self._machine, self._climate, self._reference_c = machine, climate, reference_c

    @property
    def entering_c(self) -> float:
        if self._climate is None:
            air_c = self._reference_c
        else:
            air_c = self._climate.outdoor_c + self._machine.params.recirculation_k
        recirculation = self._machine.fault("condenser-recirculation")
        return air_c + recirculation["kelvin"] if recirculation else air_c

    def _approach_k(self) -> float:
        """At full load as dirty as it is, K."""
        return self._machine.params.approach_k / (1.0 - blockage(self._machine))

    def curve_c(self, load: float, heat_kw: float) -> float:
        p = self._machine.params
        dirty_k = self._approach_k() - p.approach_k
        return max(self.entering_c + dirty_k, p.least_condensing_c - p.approach_k * load)

    def condensing_c(self, load: float, heat_kw: float) -> float:
        return max(self.entering_c + self._approach_k() * load, self._machine.params.least_condensing_c)

    def fan_part(self, load: float) -> float:
        """In cold air the fans move only as much as holds the pressure: in proportion to the difference it leaves."""
        spare_k = self._machine.params.least_condensing_c - self.entering_c
        return min(1.0, self._approach_k() * load / spare_k) if spare_k > 0.0 else 1.0


class WaterCondenserRatings(CondenserRatings, Protocol):
    """The ratings of a machine that shape its water-cooled condenser."""

    @property
    def reference_kw(self) -> float: ...

    @property
    def reference_cop(self) -> float: ...

    @property
    def condenser_flow_l_s(self) -> float: ...


class WaterMachinery(Protocol):
    """The machine, as its water-cooled condenser sees it."""

    @property
    def params(self) -> WaterCondenserRatings: ...

    @property
    def state(self) -> Dirty: ...

    def fault(self, kind: str) -> dict[str, float] | None: ...


class CoolingWater(Protocol):
    """The loop of the towers, as a condenser meets it."""

    @property
    def supply_c(self) -> float: ...

    def condenser_l_s(self, machine: object) -> float:
        """Water through the condenser of that machine, l/s."""


class WaterCondenser:
    """A shell with tubes on a loop of cooling towers. A regulating valve holds the floor of the pressure."""

    def __init__(self, machine: WaterMachinery, water: CoolingWater | None, reference_c: float, leaving: bool) -> None:
        """`leaving`: the curves of the machine are functions of the water that leaves the condenser."""
        self._machine, self._water, self._reference_c, self._leaving = machine, water, reference_c, leaving

    @property
    def entering_c(self) -> float:
        return self._water.supply_c if self._water is not None else self._reference_c

    @property
    def flow_l_s(self) -> float:
        return self._water.condenser_l_s(self._machine) if self._water is not None else 0.0

    def rise_k(self, heat_kw: float) -> float:
        """By how much that heat warms the water, K."""
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        return heat_kw / flow if flow > 0.0 else 0.0

    def _tubes_k(self, load: float) -> float:
        """Saturated condensing temperature above the leaving water, K."""
        p = self._machine.params
        design_k = p.reference_kw * (1.0 + 1.0 / p.reference_cop) / (p.condenser_flow_l_s * WATER_KJ_PER_L_K)
        return max(0.5, p.approach_k - design_k) * load / (1.0 - blockage(self._machine))

    def curve_c(self, load: float, heat_kw: float) -> float:
        p = self._machine.params
        dirty_k = self._tubes_k(load) * blockage(self._machine)
        like_clean = max(self.entering_c + dirty_k, p.least_condensing_c - p.approach_k * load)
        rise_k = self.rise_k(heat_kw)
        if self._leaving:
            return like_clean + rise_k
        return like_clean + rise_k - heat_kw / (p.condenser_flow_l_s * WATER_KJ_PER_L_K)

    def condensing_c(self, load: float, heat_kw: float) -> float:
        if self.flow_l_s <= 0.0 and heat_kw > 0.0:
            return NO_FLOW_C
        saturated_c = self.entering_c + self.rise_k(heat_kw) + self._tubes_k(load)
        return max(saturated_c, self._machine.params.least_condensing_c)

    def fan_part(self, load: float) -> float:
        return 1.0


def blockage(machine: Machinery | WaterMachinery) -> float:
    """Part of the condenser's surface that dirt covers, 0 to 1."""
    fouling = machine.fault("condenser-fouling")
    free = 1.0 - (fouling["blockage"] / 100.0 if fouling else 0.0)
    return 1.0 - free * (1.0 - machine.state.dirt)
