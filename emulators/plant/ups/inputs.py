"""What a UPS sees at its inputs, and whether it can use it."""

from __future__ import annotations

from twinfeed.emulators.plant.power.electrical import Supply
from twinfeed.emulators.plant.ups.battery_side import BatteryBacked


class Fed(BatteryBacked):
    """Terminals `input`, `bypass` (the input's, when it has none) and `maintenance` (the bypass's)."""

    @property
    def bypass_supply(self) -> Supply:
        return self.seen.get("bypass", self.seen["input"])

    @property
    def maintenance_supply(self) -> Supply:
        return self.seen.get("maintenance", self.bypass_supply)

    def _lines(self, supply: Supply) -> tuple[float, ...]:
        return supply.volts[: self.params.phases]

    @property
    def window(self) -> tuple[float, float]:
        """Lowest and highest input voltage the rectifier works at, V."""
        if self.state.window:
            return self.state.window[0], self.state.window[1]
        return self.params.rectifier_low * self.params.volts, self.params.rectifier_high * self.params.volts

    @property
    def input_ok(self) -> bool:
        """Whether the rectifier can work on its input; once refused, the voltage must come back 2 % further in."""
        supply, p = self.seen["input"], self.params
        if not supply.live or not p.rectifier_hertz[0] <= supply.hertz <= p.rectifier_hertz[1]:
            return False
        margin = 0.0 if self.state.rectifier != "off" else 0.02 * p.volts
        low, high = self.window
        lines = self._lines(supply)
        return low + margin <= min(lines) and max(lines) <= high - margin

    @property
    def bypass_ok(self) -> bool:
        """Whether the load may be put on the bypass: voltage in tolerance and the inverter in step with it."""
        supply, p = self.bypass_supply, self.params
        if not supply.live or "bypass" in self.state.faults or abs(supply.hertz - p.hertz) > p.sync_hertz:
            return False
        lines, tolerance = self._lines(supply), p.bypass_tolerance * p.volts
        return p.volts - min(lines) <= tolerance and max(lines) - p.volts <= tolerance
