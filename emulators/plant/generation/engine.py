"""The diesel engine of a generating set: cranking, firing, running, heat, oil, fuel and starter battery.

The engine does what its controller or a person tells it (`crank`, `stop_engine`). What follows is physics: it fires
or not, runs up, heats, starves, seizes. `generators.Generator` adds the alternator, the breaker and the bus.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, pi, sin
from typing import Any, ClassVar

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
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.power.electrical import Electrical

HUNTING_PERIOD_S = 2.0
"""Of a governor that hunts, s (0.5 Hz is usual)."""

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


class DieselEngine(Electrical):
    """What `Generator` is as an engine. A subclass says what load and bus do to its speed."""

    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fail-to-start": Fault("it cranks but does not fire"),
        "fail-on-load": Fault(
            "it dies under load",
            {
                "delay_s": Parameter(10.0, "s", 0.0, 36000.0, "after it has taken load", neutral=None),
                "load_percent": Parameter(5.0, "%", 0.0, 110.0, "of its rating, from which it fails", neutral=None),
            },
            source="AWS us-east-1, 2019-08",
        ),
        "governor": Fault(
            "the governor hunts: frequency swings", {"amplitude": Parameter(1.5, "Hz", 0.1, 10.0, "each way")}
        ),
        "overspeed": Fault(
            "the governor lets it race", {"hertz": Parameter(8.0, "Hz", 0.5, 20.0, "above the set point")}
        ),
        "radiator-fan": Fault(
            "the radiator fan stands still: the engine overheats in minutes", source="AWS us-east-1, 2012-06-14"
        ),
        "low-oil": Fault(
            "oil pressure is low", {"pressure": Parameter(60.0, "kPa", 0.0, 400.0, "at rated speed", neutral=None)}
        ),
        "starter-battery-flat": Fault("the starter battery turns nothing"),
        "charger": Fault("the battery charger and the charge alternator give nothing"),
        "jacket-heater": Fault("the jacket heater is dead: the engine stands cold"),
        "fuel-contaminated": Fault(
            "water or algae in the fuel: filters clog and it dies",
            {"minutes": Parameter(3.0, "min", 0.0, 600.0, "of running until it dies", neutral=None)},
        ),
        "fails-to-stop": Fault("the fuel valve stays open: it runs on when told to stop"),
    }

    params: GeneratorRatings
    state: EngineState

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self._tank: Tank | None = None
        self._climate: Any = None

    def start(self) -> None:
        tank = self.plant.actors.get(self.params.tank)
        self._tank = tank if isinstance(tank, Tank) else None
        self._climate = self.plant.actors.get(self.params.climate)
        standing = max(self.air_c, self.params.jacket_heater_c)
        self.state.coolant = [self.plant.now, standing, standing, 1.0]

    # -- what the alternator does to it ------------------------------------------------------------------------

    @property
    def motored(self) -> bool:
        """Whether something turns the dead engine at rated speed."""
        return False

    @property
    def loaded(self) -> bool:
        """Whether its breaker is closed."""
        return False

    def swing(self) -> float:
        """What load steps do to its speed at this moment, per unit."""
        return 0.0

    # -- what people and controllers see ------------------------------------------------------------------------

    @property
    def phase(self) -> str:
        return self.state.phase

    @property
    def running(self) -> bool:
        """Whether it turns under its own power."""
        return self.state.phase == "running"

    @property
    def speed(self) -> float:
        """Share of rated speed."""
        state, params, passed = self.state, self.params, self.plant.now - self.state.since
        if state.phase == "cranking":
            return CRANKING_RPM / RATED_RPM if self.turns else 0.0
        if state.phase == "running":
            share = min(1.0, passed / params.run_up_s)
            speed = state.from_speed + (1.0 - state.from_speed) * share + self.swing()
            if race := self.fault("overspeed"):
                speed += race["hertz"] / params.hertz * share
            if hunt := self.fault("governor"):
                speed += hunt["amplitude"] / params.hertz * sin(2.0 * pi * self.plant.now / HUNTING_PERIOD_S)
            return max(0.0, speed)
        if state.phase == "stopping":
            return 1.0 if self.motored else max(0.0, state.from_speed - passed / params.run_down_s)
        return 0.0

    @property
    def rpm(self) -> float:
        return self.speed * RATED_RPM

    @property
    def fuel_tank(self) -> str:
        """The tank it burns from, '' for none."""
        return self.params.tank

    @property
    def air_c(self) -> float:
        """Intake air, degC."""
        return self.params.air_c if self._climate is None else float(self._climate.outdoor_c)

    @property
    def power_kw(self) -> float:
        """What it gives, kW."""
        return self.load.total_kw

    @property
    def load_percent(self) -> float:
        """Of what it can give now."""
        return 100.0 * self.power_kw / max(1.0, self.site_kw)

    @property
    def site_kw(self) -> float:
        """What it could give at this air temperature and altitude, kW, whether it runs or not."""
        return derated_kw(self.params, self.air_c)

    @property
    def fuel_lph(self) -> float:
        """What it burns, l/h."""
        if self.state.phase != "running":
            return 0.0
        return fuel_lph(self.params, engine_kw(self.params, self.load.total_kw))

    @property
    def fuel_percent(self) -> float:
        """Level of its day tank, %; 100 without one."""
        return 100.0 if self._tank is None else self._tank.level_percent

    @property
    def filling(self) -> bool:
        """Whether the transfer pump fills its day tank."""
        return bool(getattr(self._tank, "pumping", False))

    @property
    def coolant_c(self) -> float:
        return Coolant(*self.state.coolant).celsius(self.plant.now)

    @property
    def oil_kpa(self) -> float:
        """Oil pressure, kPa: with the speed, a fifth more when cold."""
        speed = min(1.0, self.speed)
        if low := self.fault("low-oil"):
            return low["pressure"] * speed
        return self.params.oil_kpa * speed * interpolate(self.coolant_c, (20.0, 82.0), (1.2, 1.0))

    @property
    def battery_charge(self) -> float:
        """Of the starter battery, 0 to 1."""
        state = self.state
        return min(1.0, max(0.0, state.charge + state.charge_rate * (self.plant.now - state.charged_at)))

    @property
    def charging(self) -> bool:
        return "charger" not in self.state.faults

    @property
    def battery_volts(self) -> float:
        """24 V starter battery: 23.5 to 25.4 V at rest, 27.2 V on charge, 6 V less while cranking (typical)."""
        if "starter-battery-flat" in self.state.faults:
            return 11.0
        rest = 23.5 + 1.9 * self.battery_charge
        if self.state.phase == "cranking":
            return rest - 6.0
        return 27.2 if self.charging else rest

    @property
    def charge_volts(self) -> float:
        """Of the charge alternator the engine drives, V."""
        return 27.8 * min(1.0, self.speed) if self.state.phase == "running" and self.charging else 0.0

    @property
    def turns(self) -> bool:
        """Whether the battery can turn the engine."""
        return "starter-battery-flat" not in self.state.faults and self.battery_charge > 1e-9

    def coolant_reaches_s(self, celsius: float) -> float:
        """Seconds until that temperature if nothing changes, inf if it is not on the way."""
        return Coolant(*self.state.coolant).reaches_s(self.plant.now, celsius)

    def fuel_reaches_s(self, percent: float) -> float:
        """Seconds until the day tank stands at that level if nothing changes, inf if it is not going there."""
        return inf if self._tank is None else self._tank.reaches_s(percent)

    # -- what people and controllers do -------------------------------------------------------------------------

    def crank(self) -> bool:
        """Open the fuel and engage the starter. False (and a line in the journal) unless the engine stands still."""
        if self.state.phase != "stopped":
            self.log("crank refused", phase=self.state.phase)
            return False
        self._enter("cranking")
        self.log("cranking")
        if self.turns:
            self.after(self._firing_s(), "fire")
        return True

    def stop_cranking(self) -> None:
        """Release the starter."""
        if self.state.phase == "cranking":
            self._enter("stopped")
            self.cancel("fire")
            self.log("cranking stopped")

    def stop_engine(self) -> None:
        """Shut the fuel: it runs down."""
        self.stop_cranking()
        if self.state.phase == "running" and "fails-to-stop" not in self.state.faults:
            self._die("stopped on command")

    def repair(self) -> None:
        """Put a seized engine right."""
        if self.state.phase == "seized":
            self._enter("stopped")
            self.log("repaired")

    # -- the clock's calls --------------------------------------------------------------------------------------

    def react(self) -> None:
        state = self.state
        if state.phase == "cranking":
            if self.turns and self.remaining_s("fire") is None:
                self.after(self._firing_s(), "fire")
        elif state.phase == "running":
            self._watch_engine()
        self._charge_battery()
        self._follow_coolant()

    def on_timer(self, name: str) -> None:
        if name == "fire":
            self._fire()
        elif name == "at speed":
            self.log("at speed")
            self.touch()
        elif name == "standstill":
            self._enter("stopped")
            self.log("standing still")
        elif name == "fail on load":
            self._die("failed on load")
        elif name == "clogged":
            self._die("fuel filters clogged")
        elif name == "oil":
            self._seize("no oil pressure")
        elif name == "hot":
            self._seize("overheated")
        elif name not in ("thermostat", "battery"):
            super().on_timer(name)

    # -- inside -------------------------------------------------------------------------------------------------

    def _enter(self, phase: str) -> None:
        state = self.state
        state.from_speed, state.since = self.speed, self.plant.now
        state.phase = phase
        if phase != "running":
            for timer in ("fail on load", "clogged", "oil", "hot", "at speed"):
                self.cancel(timer)
        self.touch()

    def _firing_s(self) -> float:
        params = self.params
        return interpolate(self.coolant_c, (10.0, 40.0), (params.fire_cold_s, params.fire_hot_s))

    def _fire(self) -> None:
        """Time to fire: it does if it has good fuel; else it is cranked on."""
        faults = self.state.faults
        clogged = self.fault("fuel-contaminated")
        starved = self._tank is not None and self._tank.empty
        if not self.turns or starved or "fail-to-start" in faults or (clogged and clogged["minutes"] <= 0.0):
            self.after(self._firing_s(), "fire")
            return
        self._enter("running")
        self.after(self.params.run_up_s, "at speed")
        self.log("fired")

    def _die(self, why: str) -> None:
        self._enter("stopping")
        self.log("engine stopping", why=why, rpm=round(self.state.from_speed * RATED_RPM))
        self.after(self.state.from_speed * self.params.run_down_s, "standstill")

    def _seize(self, why: str) -> None:
        self._enter("seized")
        self.cancel("standstill")
        self.log("seized", why=why)

    def _watch_engine(self) -> None:
        """What may stop a running engine, by and by or at once."""
        if self._tank is not None and self._tank.empty:
            self._die("out of fuel")
            return
        clogged, bad = self.fault("fuel-contaminated"), self.fault("fail-on-load")
        self._time("clogged", clogged is not None, clogged["minutes"] * 60.0 if clogged else 0.0)
        loaded = bad is not None and self.loaded and self.load_percent >= bad["load_percent"]
        self._time("fail on load", loaded, bad["delay_s"] if bad else 0.0)
        low = self.fault("low-oil")
        self._time("oil", low is not None and low["pressure"] < OIL_LEAST_KPA, OIL_LASTS_S)

    def _time(self, timer: str, holds: bool, delay_s: float) -> None:
        """Run that timer while a condition holds."""
        running = self.remaining_s(timer) is not None
        if holds and not running:
            self.after(delay_s, timer)
        elif running and not holds:
            self.cancel(timer)

    def _follow_coolant(self) -> None:
        """Take a new leg when heat, air or fan have changed by more than half a kelvin's worth."""
        state, now = self.state, self.plant.now
        here = Coolant(*state.coolant).celsius(now)
        running = state.phase == "running"
        ratings = self.params
        fan = "radiator-fan" not in state.faults
        target, tau = coolant_leg(ratings, here, self.air_c, self.fuel_lph, running, fan)
        if not running and "jacket-heater" in state.faults:
            target = self.air_c
        if abs(target - state.coolant[2]) <= 0.5 and abs(tau - state.coolant[3]) <= 0.01 * tau:
            return
        state.coolant = [now, here, target, tau]
        leg = Coolant(now, here, target, tau)
        self._arm("thermostat", leg.reaches_s(now, ratings.thermostat_c) if running else inf)
        self._arm("hot", leg.reaches_s(now, ratings.seize_c) if running else inf)

    def _arm(self, timer: str, in_s: float) -> None:
        if in_s < inf:
            self.after(in_s, timer)
        else:
            self.cancel(timer)

    def _charge_battery(self) -> None:
        state = self.state
        if state.phase == "cranking":
            rate = -1.0 / self.params.crank_reserve_s if self.turns else 0.0
        else:
            rate = 1.0 / self.params.recharge_s if self.charging and self.battery_charge < 1.0 - 1e-6 else 0.0
        if rate == state.charge_rate:
            return
        state.charge, state.charge_rate, state.charged_at = self.battery_charge, rate, self.plant.now
        self._arm("battery", inf if rate == 0.0 else (state.charge if rate < 0.0 else 1.0 - state.charge) / abs(rate))
