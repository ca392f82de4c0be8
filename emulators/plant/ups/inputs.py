"""The inputs of a UPS: the supply at each of them, and whether the UPS can use it."""

from __future__ import annotations

from twinfeed.emulators.plant.power.electrical import Electrical, Supply
from twinfeed.emulators.plant.ups.ratings import UpsRatings, UpsState


class Inputs:
    """Terminals `input`, `bypass` (the input's, when it has none) and `maintenance` (the bypass's)."""

    def __init__(self, unit: Electrical[UpsState, UpsRatings]) -> None:
        self.unit = unit

    @property
    def bypass(self) -> Supply:
        return self.unit.seen.get("bypass", self.unit.seen["input"])

    @property
    def maintenance(self) -> Supply:
        return self.unit.seen.get("maintenance", self.bypass)

    @property
    def window(self) -> tuple[float, float]:
        """Lowest and highest input voltage the rectifier works at, V."""
        state, p = self.unit.state, self.unit.params
        if state.window:
            return state.window[0], state.window[1]
        return p.rectifier_low * p.volts, p.rectifier_high * p.volts

    @property
    def ok(self) -> bool:
        """True if the rectifier can work on its input; once refused, the voltage must come back 2 % further in."""
        (volts, hertz, origin), p = self.unit.seen["input"], self.unit.params
        if not origin or not p.rectifier_hertz[0] <= hertz <= p.rectifier_hertz[1]:
            return False
        margin = 0.0 if self.unit.state.rectifier != "off" else 0.02 * p.volts
        low, high = self.window
        lines = volts if p.phases == 3 else volts[:1]
        return low + margin <= min(lines) and max(lines) <= high - margin

    @property
    def bypass_ok(self) -> bool:
        """True if the load may be put on the bypass: voltage in tolerance and the inverter in step with it."""
        (volts, hertz, origin), p = self.bypass, self.unit.params
        if not origin or "bypass" in self.unit.state.faults or abs(hertz - p.hertz) > p.sync_hertz:
            return False
        lines, tolerance = volts if p.phases == 3 else volts[:1], p.bypass_tolerance * p.volts
        return p.volts - min(lines) <= tolerance and max(lines) - p.volts <= tolerance
