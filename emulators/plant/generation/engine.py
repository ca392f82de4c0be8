"""The diesel engine of a generating set: cranking, firing, running, heat, oil, fuel and starter battery.

The engine obeys its controller or a person (`crank`, `stop_engine`). The rest is physics: it fires or not, runs up,
heats, starves, seizes. `Shaft` is the machine that it drives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from twinfeed.emulators.plant.generation.diesel import (
    CRANKING_RPM,
    RATED_RPM,
    Coolant,
    GeneratorRatings,
    coolant_leg,
    derated_kw,
    engine_kw,
    fuel_lph,
    interpolate,
)
from twinfeed.emulators.plant.generation.fuel import Tank
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.power.electrical import Electrical

OIL_LEAST_KPA = 100.0
OIL_LASTS_S = 60.0
"""An engine running below that oil pressure for so long seizes (assumed)."""


@dataclass
class EngineState(State):
    phase: str = "stopped"
    """stopped, cranking, running (under its own power, from the first firing on), stopping or seized."""
    since: float = 0.0
    """When this phase began, s."""
    from_speed: float = 0.0
    """Speed at that moment, per unit."""
    coolant: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 1.0])
    """The leg the coolant is on, as `Coolant` has it."""
    charge: float = 1.0
    """Of the starter battery at `charged_at`, 0 to 1."""
    charge_rate: float = 0.0
    """Per s."""
    charged_at: float = 0.0


ENGINE_FAULTS: Mapping[str, Fault] = {
    "fail-to-start": Fault(
        "it cranks but does not fire", actuator=True, failure=FailureMode("on demand", "generator-start")
    ),
    "fail-on-load": Fault(
        "it dies under load",
        {
            "delay_s": Parameter(10.0, "s", 0.0, 36000.0, "after it has taken load", neutral=None),
            "load_percent": Parameter(5.0, "%", 0.0, 110.0, "of its rating, from which it fails", neutral=None),
        },
        source="AWS us-east-1, 2019-08",
        failure=FailureMode("at once", "generator-run"),
    ),
    "governor": Fault(
        "the governor hunts: frequency swings",
        {"amplitude": Parameter(1.5, "Hz", 0.1, 10.0, "each way")},
        failure=FailureMode("at once", "generator-run"),
    ),
    "overspeed": Fault(
        "the governor lets it race",
        {"hertz": Parameter(8.0, "Hz", 0.5, 20.0, "above the set point")},
        failure=FailureMode("at once", "generator-run"),
    ),
    "radiator-fan": Fault(
        "the radiator fan stands still: the engine overheats in minutes",
        source="AWS us-east-1, 2012-06-14",
        failure=FailureMode("at once", "generator-run"),
    ),
    "low-oil": Fault(
        "oil pressure is low",
        {"pressure": Parameter(60.0, "kPa", 0.0, 400.0, "at rated speed", neutral=None)},
        failure=FailureMode("at once", "generator-run"),
    ),
    "starter-battery-flat": Fault(
        "the starter battery turns nothing", failure=FailureMode("on demand", "generator-start")
    ),
    "charger": Fault(
        "the battery charger and the charge alternator give nothing",
        failure=FailureMode("degradation", "generator-start"),
    ),
    "jacket-heater": Fault(
        "the jacket heater is dead: the engine stands cold", failure=FailureMode("degradation", "generator-start")
    ),
    "fuel-contaminated": Fault(
        "water or algae in the fuel: filters clog and it dies",
        {"minutes": Parameter(3.0, "min", 0.0, 600.0, "of running until it dies", neutral=None)},
        failure=FailureMode("on demand", "generator-run"),
    ),
    "fails-to-stop": Fault("the fuel valve stays open: the engine runs on after a stop order"),
}


class Shaft(Protocol):
    """The machine that an engine drives."""

    def held_speed(self) -> float | None:
        """Speed at which something else holds it, per unit; None while it sets the speed itself."""

    @property
    def loaded(self) -> bool:
        """True if its breaker is closed."""

    @property
    def load_percent(self) -> float:
        """Power it gives, % of what the engine can give now."""

    def swing(self) -> float:
        """Deviation of speed from the set point at this moment, per unit."""

    def entered(self, phase: str) -> None:
        """The engine has just changed its phase."""


class DieselEngine:
    """The prime mover of a generating set."""

    def __init__(self, unit: Electrical[EngineState, GeneratorRatings]) -> None:
        self.unit = unit
        self.shaft: Shaft
        """The machine it drives, which names itself here."""
        self._tank: Tank | None = None
        self._climate: Any = None

    def start(self) -> None:
        """Find tank and weather; the coolant is at rest."""
        tank = self.unit.plant.actors.get(self.unit.params.tank)
        self._tank = tank if isinstance(tank, Tank) else None
        self._climate = self.unit.plant.actors.get(self.unit.params.climate)
        standing = max(self.air_c, self.unit.params.jacket_heater_c)
        self.unit.state.coolant = [self.unit.plant.now, standing, standing, 1.0]

    # -- observations -------------------------------------------------------------------------------------------

    @property
    def phase(self) -> str:
        return self.unit.state.phase

    @property
    def running(self) -> bool:
        """True if it turns under its own power."""
        return self.unit.state.phase == "running"

    @property
    def speed(self) -> float:
        """Share of rated speed."""
        state, params, passed = self.unit.state, self.unit.params, self.unit.plant.now - self.unit.state.since
        if state.phase in ("running", "stopping") and (held := self.shaft.held_speed()) is not None:
            return held
        if state.phase == "cranking":
            return CRANKING_RPM / RATED_RPM if self.turns else 0.0
        if state.phase == "running":
            share = min(1.0, passed / params.run_up_s)
            speed = state.from_speed + (1.0 - state.from_speed) * share + self.shaft.swing()
            return max(0.0, speed)
        if state.phase == "stopping":
            return max(0.0, state.from_speed - passed / params.run_down_s)
        return 0.0

    @property
    def rpm(self) -> float:
        return self.speed * RATED_RPM

    @property
    def fuel_tank(self) -> str:
        """The tank it burns from, '' for none."""
        return self.unit.params.tank

    @property
    def air_c(self) -> float:
        """Intake air, degC."""
        return self.unit.params.air_c if self._climate is None else float(self._climate.outdoor_c)

    @property
    def site_kw(self) -> float:
        """Power that it could give at this air temperature and altitude, kW, running or not."""
        return derated_kw(self.unit.params, self.air_c)

    @property
    def fuel_lph(self) -> float:
        """Fuel burnt, l/h."""
        if self.unit.state.phase != "running":
            return 0.0
        return max(0.0, fuel_lph(self.unit.params, engine_kw(self.unit.params, self.unit.load.total_kw)))

    @property
    def fuel_percent(self) -> float:
        """Level of its day tank, %; 100 without one."""
        return 100.0 if self._tank is None else self._tank.level_percent

    @property
    def filling(self) -> bool:
        """True if the transfer pump fills its day tank."""
        return bool(getattr(self._tank, "pumping", False))

    @property
    def coolant_c(self) -> float:
        return Coolant(*self.unit.state.coolant).celsius(self.unit.plant.now)

    @property
    def oil_kpa(self) -> float:
        """Oil pressure, kPa: with the speed, a fifth more when cold."""
        speed = min(1.0, self.speed)
        if low := self.unit.fault("low-oil"):
            return low["pressure"] * speed
        return self.unit.params.oil_kpa * speed * interpolate(self.coolant_c, (20.0, 82.0), (1.2, 1.0))

    @property
    def battery_charge(self) -> float:
        """Of the starter battery, 0 to 1."""
        state = self.unit.state
        return min(1.0, max(0.0, state.charge + state.charge_rate * (self.unit.plant.now - state.charged_at)))

    @property
    def charging(self) -> bool:
        return "charger" not in self.unit.state.faults

    @property
    def battery_volts(self) -> float:
        """24 V starter battery: 23.5 to 25.4 V at rest, 27.2 V on charge, 6 V less while cranking (typical)."""
        if "starter-battery-flat" in self.unit.state.faults:
            return 11.0
        rest = 23.5 + 1.9 * self.battery_charge
        if self.unit.state.phase == "cranking":
            return rest - 6.0
        return 27.2 if self.charging else rest

    @property
    def charge_volts(self) -> float:
        """Of the charge alternator the engine drives, V."""
        return 27.8 * min(1.0, self.speed) if self.unit.state.phase == "running" and self.charging else 0.0

    @property
    def turns(self) -> bool:
        """True if the battery can turn the engine."""
        return "starter-battery-flat" not in self.unit.state.faults and self.battery_charge > 1e-9

    def coolant_reaches_s(self, celsius: float) -> float:
        """Seconds until that temperature if nothing changes, inf if it is not on the way."""
        return Coolant(*self.unit.state.coolant).reaches_s(self.unit.plant.now, celsius)

    def fuel_reaches_s(self, percent: float) -> float:
        """Seconds until the day tank stands at that level if nothing changes, inf if it is not going there."""
        return inf if self._tank is None else self._tank.reaches_s(percent)

    # -- actions of people and controllers ----------------------------------------------------------------------

    def crank(self) -> bool:
        """Open the fuel and engage the starter. False (and a line in the journal) unless the engine stands still."""
        if self.unit.state.phase != "stopped":
            self.unit.log("crank refused", phase=self.unit.state.phase)
            return False
        self._enter("cranking")
        self.unit.log("cranking")
        if self.turns:
            self.unit.after(self._firing_s(), "fire")
        return True

    def stop_cranking(self) -> None:
        """Release the starter."""
        if self.unit.state.phase == "cranking":
            self._enter("stopped")
            self.unit.cancel("fire")
            self.unit.log("cranking stopped")

    def stop_engine(self) -> None:
        """Shut the fuel: it runs down."""
        self.stop_cranking()
        if self.unit.state.phase == "running" and "fails-to-stop" not in self.unit.state.faults:
            self.die("stopped on command")

    def repair(self) -> None:
        """Put a seized engine right."""
        if self.unit.state.phase == "seized":
            self._enter("stopped")
            self.unit.log("repaired")

    # -- the clock's calls --------------------------------------------------------------------------------------

    def react(self) -> None:
        """Follow starter, fuel, oil and coolant at this instant."""
        state = self.unit.state
        if state.phase == "cranking":
            if self.turns and self.unit.remaining_s("fire") is None:
                self.unit.after(self._firing_s(), "fire")
        elif state.phase == "running":
            self._watch_engine()
        self._charge_battery()
        self._follow_coolant()

    def on_timer(self, name: str) -> bool:
        """Act on a timer; False if it is none of the engine's."""
        if name == "fire":
            self._fire()
        elif name == "at speed":
            self.unit.log("at speed")
            self.unit.touch()
        elif name == "standstill":
            self._enter("stopped")
            self.unit.log("standing still")
        elif name == "fail on load":
            self.die("failed on load")
        elif name == "clogged":
            self.die("fuel filters clogged")
        elif name == "oil":
            self._seize("no oil pressure")
        elif name == "hot":
            self._seize("overheated")
        elif name not in ("thermostat", "battery"):
            return False
        return True

    # -- inside -------------------------------------------------------------------------------------------------

    def _enter(self, phase: str) -> None:
        state = self.unit.state
        state.from_speed, state.since = self.speed, self.unit.plant.now
        state.phase = phase
        if phase != "running":
            for timer in ("fail on load", "clogged", "oil", "hot", "at speed"):
                self.unit.cancel(timer)
        self.unit.touch()
        self.shaft.entered(phase)

    def _firing_s(self) -> float:
        params = self.unit.params
        return interpolate(self.coolant_c, (10.0, 40.0), (params.fire_cold_s, params.fire_hot_s))

    def _fire(self) -> None:
        """Time to fire: it does if it has good fuel; else it is cranked on."""
        faults = self.unit.state.faults
        clogged = self.unit.fault("fuel-contaminated")
        starved = self._tank is not None and self._tank.empty
        if not self.turns or starved or "fail-to-start" in faults or (clogged and clogged["minutes"] <= 0.0):
            self.unit.after(self._firing_s(), "fire")
            return
        self._enter("running")
        self.unit.after(self.unit.params.run_up_s, "at speed")
        self.unit.log("fired")

    def die(self, why: str) -> None:
        """The fuel is gone or the engine stalls: it runs down."""
        self._enter("stopping")
        self.unit.log("engine stopping", why=why, rpm=round(self.unit.state.from_speed * RATED_RPM))
        self.unit.after(self.unit.state.from_speed * self.unit.params.run_down_s, "standstill")

    def _seize(self, why: str) -> None:
        self._enter("seized")
        self.unit.cancel("standstill")
        self.unit.log("seized", why=why)

    def _watch_engine(self) -> None:
        """Watch everything that stops a running engine, by and by or at once."""
        if self._tank is not None and self._tank.empty:
            self.die("out of fuel")
            return
        clogged, bad = self.unit.fault("fuel-contaminated"), self.unit.fault("fail-on-load")
        self._time("clogged", clogged is not None, clogged["minutes"] * 60.0 if clogged else 0.0)
        loaded = bad is not None and self.shaft.loaded and self.shaft.load_percent >= bad["load_percent"]
        self._time("fail on load", loaded, bad["delay_s"] if bad else 0.0)
        low = self.unit.fault("low-oil")
        self._time("oil", low is not None and low["pressure"] < OIL_LEAST_KPA, OIL_LASTS_S)

    def _time(self, timer: str, holds: bool, delay_s: float) -> None:
        """Run that timer while a condition holds."""
        running = self.unit.remaining_s(timer) is not None
        if holds and not running:
            self.unit.after(delay_s, timer)
        elif running and not holds:
            self.unit.cancel(timer)

    def _follow_coolant(self) -> None:
        """Take a new leg when heat, air or fan have changed by more than half a kelvin's worth."""
        state, now = self.unit.state, self.unit.plant.now
        here = Coolant(*state.coolant).celsius(now)
        running = state.phase == "running"
        ratings = self.unit.params
        fan = "radiator-fan" not in state.faults
        target, tau = coolant_leg(ratings, here, self.air_c, self.fuel_lph, running, fan)
        if not running and "jacket-heater" in state.faults:
            target = self.air_c
        if abs(target - state.coolant[2]) <= 0.5 and abs(tau - state.coolant[3]) <= 0.01 * tau:
            return
        state.coolant = [now, here, target, tau]
        leg = Coolant(now, here, target, tau)
        self.arm("thermostat", leg.reaches_s(now, ratings.thermostat_c) if running else inf)
        self.arm("hot", leg.reaches_s(now, ratings.seize_c) if running else inf)

    def arm(self, timer: str, in_s: float) -> None:
        """Set that timer; inf stops it."""
        if in_s < inf:
            self.unit.after(in_s, timer)
        else:
            self.unit.cancel(timer)

    def _charge_battery(self) -> None:
        state = self.unit.state
        if state.phase == "cranking":
            rate = -1.0 / self.unit.params.crank_reserve_s if self.turns else 0.0
        else:
            rate = 1.0 / self.unit.params.recharge_s if self.charging and self.battery_charge < 1.0 - 1e-6 else 0.0
        if rate == state.charge_rate:
            return
        state.charge, state.charge_rate, state.charged_at = self.battery_charge, rate, self.unit.plant.now
        self.arm("battery", inf if rate == 0.0 else (state.charge if rate < 0.0 else 1.0 - state.charge) / abs(rate))
