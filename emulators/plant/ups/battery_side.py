"""The battery side of a UPS: its real charge, the charge that the UPS reckons with, and the effects of faults."""

from __future__ import annotations

from dataclasses import replace

from twinfeed.emulators.plant.kernel.room_air import RoomAir
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.ups.battery import CHEMISTRIES, TAPER_DEPTH, Battery
from twinfeed.emulators.plant.ups.ratings import UpsRatings, UpsState, usual_battery
from twinfeed.emulators.plant.ups.runaway import ABSENT_C, Runaway


class BatterySide:
    """The battery of a UPS with its breaker, as it is and as the UPS reckons with it."""

    def __init__(self, unit: Electrical[UpsState, UpsRatings]) -> None:
        p = unit.params
        rated_kw = p.kw * (1.0 + p.no_load_loss + (p.linear_loss + p.square_loss) / 2.0)
        chemistry = CHEMISTRIES[p.chemistry]
        blocks, strings = usual_battery(p.kva, chemistry)
        self.unit = unit
        self.room: RoomAir | None = None
        """The room whose air is around the battery."""
        self.battery = Battery(
            chemistry,
            rated_kw,
            p.autonomy_min * 60.0,
            p.charger_kw or p.kw / 10.0,
            p.blocks or blocks,
            p.strings or strings,
            p.age_years,
            p.battery_exponent,
        )
        self.runaway = Runaway(unit, self.battery)
        unit.state.rated_at_c = p.battery_c
        self._rate(p.battery_c)
        self.kw = 0.0
        """From the battery, kW; negative while it is charged. Derived by each solution."""
        self.charger_share = 1.0
        """Part of the charging power it asks for that it gets. Derived by each solution."""

    def inverter_losses_kw(self, load_kw: float) -> float:
        """Between battery and output, kW: the fixed losses and half of those that grow with the load."""
        p, share = self.unit.params, load_kw / self.unit.params.kw
        return p.kw * (p.no_load_loss + (p.linear_loss * share + p.square_loss * share * share) / 2.0)

    @property
    def as_built(self) -> float:
        """Capacity of the battery in its room at its age; with no fault it has just that."""
        if self._rated_at_c != self.unit.state.rated_at_c:  # the state is that of a snapshot
            self._rate(self.unit.state.rated_at_c)
        return self._new if self.unit.state.renewed else self._aged

    def _rate(self, air_c: float) -> None:
        """Its capacity in a room of that temperature."""
        self._rated_at_c = air_c
        self._aged = self.battery.capacity(air_c)
        self._new = replace(self.battery, age_years=0.0).capacity(air_c)

    @property
    def celsius(self) -> float:
        """Temperature of the battery, degC."""
        return self.runaway.celsius

    @property
    def ambient_c(self) -> float:
        """Air around the UPS and its battery: that of its place or its room if it has one, else `battery_c`, degC."""
        around = self.unit.surroundings or self.room
        return around.air_c if around is not None else self.unit.params.battery_c

    @property
    def strings_in(self) -> int:
        """Strings that give current."""
        state = self.unit.state
        if not (state.faults or state.strings_out):
            return self.battery.strings
        opened = state.faults.get("string-open")
        return max(0, self.battery.strings - state.strings_out - (int(opened["strings"]) if opened else 0))

    @property
    def _true_capacity(self) -> float:
        weak = self.unit.fault("battery-weak")
        held = self.as_built * self.unit.params.battery_percent / 100.0
        return held * weak["capacity"] / 100.0 if weak else held

    @property
    def connected(self) -> bool:
        return self.unit.state.breaker_closed and self.strings_in > 0 and not self.unit.down

    @property
    def able(self) -> bool:
        """True if the battery holds up the DC link."""
        return not self.unit.state.disconnected and self.unit.state.depth < 1.0 and self.connected

    def full_s(self, kw: float) -> float:
        """Real runtime of the battery from full at that power, s."""
        return self.battery.runtime_s(kw, self._true_capacity, self.strings_in)

    @property
    def health(self) -> float:
        """Real runtime of the battery at rated power, as a share of a faultless one of its age."""
        share, strings = self._true_capacity / self.as_built, self.strings_in
        if strings == self.battery.strings:
            return share
        battery = self.battery
        return share * battery.runtime_s(battery.rated_kw, 1.0, strings) / battery.runtime_s(battery.rated_kw)

    @property
    def charge_percent(self) -> float:
        """State of charge as the UPS counts it, %: too much if it believes in more than there is; 0 of a lost one."""
        if self.unit.state.battery_lost:
            return 0.0
        return 100.0 * (1.0 - self.unit.state.depth * min(1.0, self.health / self.unit.state.believed))

    def runtime_at(self, load_kw: float) -> float:
        """Runtime a UPS would show for that load with its present charge, s."""
        if not self.unit.state.breaker_closed:
            return 0.0
        kw = load_kw + self.inverter_losses_kw(load_kw)
        return self.battery.runtime_s(kw, self.as_built * self.unit.state.believed) * self.charge_percent / 100.0

    @property
    def runtime_s(self) -> float:
        """Estimated runtime at the present load, s."""
        return self.runtime_at(self.unit.load.total_kw)

    @property
    def volts(self) -> float:
        """At the battery's terminals, V: a weak one sags like a good one under more load; 0 with its breaker open."""
        if not self.connected:
            return 0.0
        if self.kw <= 0.0:
            return self.battery.volts(self.unit.state.depth, self.kw)
        return self.battery.volts(self.unit.state.depth, self.kw / max(self.health * self.as_built, 0.05))

    def calibrate(self) -> None:
        """Reckon from now on with the capacity the battery has shown."""
        self.unit.state.believed = max(self.health, 0.01)

    def renew(self) -> bool:
        """Put in a new battery: full, at the temperature of its room, without faults. False with its breaker closed."""
        state = self.unit.state
        if state.breaker_closed:
            self.unit.log("battery kept", reason="its breaker is closed: open it before")
            return False
        for kind in ("battery-weak", "string-open", "thermal-runaway"):
            state.faults.pop(kind, None)
        state.depth, state.believed, state.disconnected = 0.0, 1.0, False
        state.cells_c, state.battery_lost, state.burning, state.burnt = ABSENT_C, "", [], False
        state.strings_hot = state.strings_out = state.strings_lost = 0
        state.renewed = True
        self.unit.log("battery replaced")
        self.unit.touch()
        return True

    def set_breaker(self, closed: bool) -> None:
        if closed != self.unit.state.breaker_closed:
            self.unit.state.breaker_closed = closed
            self.unit.log("battery breaker closed" if closed else "battery breaker opened")
            self.unit.touch()

    def react(self, air_c: float) -> None:
        """Follow the air around it."""
        if abs(air_c - self.unit.state.rated_at_c) > 1.0 and self.kw <= 0.0:
            self.unit.state.rated_at_c = air_c
        out = self.unit.state.strings_out
        self.runaway.watch(air_c)
        if self.unit.state.strings_out != out and self.runaway.hazard.internal:
            self.calibrate()  # the battery management reports what is left

    def horizon(self) -> float:
        """Seconds until the state of the battery has to be evaluated again."""
        state = self.unit.state
        reach = self.runaway.horizon()
        if self.kw > 0.0:
            return min(reach, max((1.0 - state.depth) * self.full_s(self.kw), 0.0), 60.0)
        if self.kw < 0.0:
            return min(reach, 60.0 if state.depth > TAPER_DEPTH else 300.0)
        return reach

    def advance(self, dt: float) -> None:
        """Discharge or charge it, warm it or let it cool, for `dt` seconds."""
        state = self.unit.state
        if not (self.kw or self.runaway.moving):
            return
        if self.kw > 0.0:
            lasting = self.full_s(self.kw)
            state.depth = 1.0 if lasting <= 0.0 else min(1.0, state.depth + dt / lasting)
            if state.depth > 1.0 - 1e-9:
                state.depth = 1.0
        elif self.kw < 0.0:
            state.depth = self.battery.recharged(state.depth, dt, self.charger_share)
        self.runaway.advance(self.kw, dt)
