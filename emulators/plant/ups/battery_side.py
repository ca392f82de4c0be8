"""The battery side of a UPS: what it holds, what the UPS believes it holds, and what faults take from it."""

from __future__ import annotations

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.ups.battery import Battery
from twinfeed.emulators.plant.ups.ratings import UpsRatings, UpsState


class BatteryBacked(Electrical):
    """Electrical equipment that lives on a battery when its input fails."""

    state: UpsState
    params: UpsRatings
    battery: Battery
    as_built = 1.0
    """Capacity of the battery in its room at its age; with no fault it has just that."""
    battery_kw = 0.0
    """From the battery, kW; negative while it is charged. Derived by each solution."""

    def inverter_losses_kw(self, load_kw: float) -> float:
        """Between battery and output, kW: the fixed losses and half of those that grow with the load."""
        p, share = self.params, load_kw / self.params.kw
        return p.kw * (p.no_load_loss + (p.linear_loss * share + p.square_loss * share * share) / 2.0)

    @property
    def battery_c(self) -> float:
        """Temperature of the battery, degC."""
        return self.params.battery_c + self.state.rise_k

    @property
    def strings_in(self) -> int:
        """Strings that give current."""
        lost = self.fault("string-open")
        if "thermal-runaway" in self.state.faults and self.battery_c >= self.battery.chemistry.warmest_c:
            return 0
        return max(0, self.battery.strings - int(lost["strings"])) if lost else self.battery.strings

    @property
    def _true_capacity(self) -> float:
        weak = self.fault("battery-weak")
        return self.as_built * weak["capacity"] / 100.0 if weak else self.as_built

    @property
    def battery_connected(self) -> bool:
        return self.state.breaker_closed and self.strings_in > 0

    @property
    def battery_able(self) -> bool:
        """Whether the battery holds up the DC link."""
        return not self.state.disconnected and self.state.depth < 1.0 and self.battery_connected

    def full_s(self, kw: float) -> float:
        """What the battery really lasts from full at that power, s."""
        return self.battery.runtime_s(kw, self._true_capacity, self.strings_in)

    @property
    def health(self) -> float:
        """What the battery really lasts at rated power, as a share of a faultless one of its age."""
        share, strings = self._true_capacity / self.as_built, self.strings_in
        if strings == self.battery.strings:
            return share
        battery = self.battery
        return share * battery.runtime_s(battery.rated_kw, 1.0, strings) / battery.runtime_s(battery.rated_kw)

    @property
    def charge_percent(self) -> float:
        """State of charge as the UPS counts it, %: with a battery weaker than it believes, too much."""
        return 100.0 * (1.0 - self.state.depth * min(1.0, self.health / self.state.believed))

    def runtime_at(self, load_kw: float) -> float:
        """Runtime a UPS would show for that load with its present charge, s."""
        if not self.state.breaker_closed:
            return 0.0
        kw = load_kw + self.inverter_losses_kw(load_kw)
        return self.battery.runtime_s(kw, self.as_built * self.state.believed) * self.charge_percent / 100.0

    @property
    def runtime_s(self) -> float:
        """Estimated runtime at the present load, s."""
        return self.runtime_at(self.load.total_kw)

    @property
    def battery_volts(self) -> float:
        """At the battery's terminals, V: a weak one sags like a good one under more load; 0 with its breaker open."""
        if not self.battery_connected:
            return 0.0
        if self.battery_kw <= 0.0:
            return self.battery.volts(self.state.depth, self.battery_kw)
        return self.battery.volts(self.state.depth, self.battery_kw / max(self.health * self.as_built, 0.05))

    def calibrate(self) -> None:
        """Reckon from now on with the capacity the battery has shown."""
        self.state.believed = max(self.health, 0.01)

    def set_battery_breaker(self, closed: bool) -> None:
        if closed != self.state.breaker_closed:
            self.state.breaker_closed = closed
            self.log("battery breaker closed" if closed else "battery breaker opened")
            self.touch()
