"""The diesel generator: engine, alternator and circuit breaker on a paralleling bus.

The set does what its controller (`devices.generator`) or a person tells it: `crank`, `stop_engine`, `close_breaker`.
What follows is physics: it fires or not, runs up, builds voltage, dips under load, heats, starves, stalls, seizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, hypot, inf, pi, sin
from typing import Any, ClassVar

from emulators.plant.diesel import (
    CRANKING_RPM,
    RATED_RPM,
    Coolant,
    GeneratorRatings,
    Swing,
    coolant_leg,
    derated_kw,
    engine_kw,
    fuel_lph,
    interpolate,
)
from emulators.plant.electrical import DEAD, Draw, Electrical, Supply
from emulators.plant.engine import Fault, Parameter, State
from emulators.plant.fuel import Tank

LOOK_S = 0.1
"""How often the plant is solved while the voltage builds up or a swing is young, s."""

HUNTING_PERIOD_S = 2.0
"""Of a governor that hunts, s (0.5 Hz is usual)."""

STEP = 0.005
"""A change of load below this share of the rating swings nothing worth seeing."""

STALL_SPEED = 0.6
"""An overloaded engine stops below this share of its speed (assumed)."""

EXCITATION_SPEED = 0.75
"""The regulator builds voltage from this share of the speed on."""

MOTORING = 0.06
"""Power a dead engine takes from its bus to be turned, share of its rating (5 to 10 % is usual)."""

OIL_LEAST_KPA = 100.0
OIL_LASTS_S = 60.0
"""An engine running below that oil pressure for so long seizes (assumed)."""


@dataclass
class GeneratorState(State):
    phase: str = "stopped"
    """stopped, cranking, running (under its own power, from the first firing on), stopping or seized."""
    since: float = 0.0
    """When this phase began, s."""
    from_speed: float = 0.0
    """Speed at that moment, per unit."""
    closed: bool = False
    """Its circuit breaker."""
    in_step: bool = False
    """Its phase angle is the bus's: it was synchronised, or it was the first on a dead bus."""
    trip_cause: str = ""
    swing: list[float] = field(default_factory=lambda: list(Swing()))
    loading: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """The bus as the governor last knew it: kW and kVA it carries, kW its sets can give."""
    power_kw: float = 0.0
    """What it has given since `metered_at`, kW."""
    kva: float = 0.0
    kvar: float = 0.0
    kwh: float = 0.0
    kvah: float = 0.0
    kvarh: float = 0.0
    metered_at: float = 0.0
    coolant: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 1.0])
    charge: float = 1.0
    """Of the starter battery at `charged_at`, 0 to 1."""
    charge_rate: float = 0.0
    """Per s."""
    charged_at: float = 0.0


class Generator(Electrical):
    """A diesel generating set with its circuit breaker, one of those on the bus `params.bus`.

    Sets in step share the bus's load in proportion to `capacity_kw` (isochronous load sharing). One that closes onto
    a live bus without being in step, or is met by another source, trips together with all sets on the bus.
    """

    kind = "generator"
    PARAMS = GeneratorRatings
    STATE = GeneratorState
    TERMINALS = ()
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fail-to-start": Fault("it cranks but does not fire"),
        "fail-on-load": Fault(
            "it dies under load",
            {
                "delay_s": Parameter(10.0, "s", 0.0, 36000.0, "after it has taken load"),
                "load_percent": Parameter(5.0, "%", 0.0, 110.0, "of its rating, from which it fails"),
            },
        ),
        "governor": Fault(
            "the governor hunts: frequency swings", {"amplitude": Parameter(1.5, "Hz", 0.1, 10.0, "each way")}
        ),
        "overspeed": Fault(
            "the governor lets it race", {"hertz": Parameter(8.0, "Hz", 0.5, 20.0, "above the set point")}
        ),
        "avr": Fault("the voltage regulator is off", {"error": Parameter(-20.0, "%", -100.0, 40.0, "of nominal")}),
        "radiator-fan": Fault("the radiator fan stands still: the engine overheats in minutes"),
        "low-oil": Fault("oil pressure is low", {"pressure": Parameter(60.0, "kPa", 0.0, 400.0, "at rated speed")}),
        "starter-battery-flat": Fault("the starter battery turns nothing"),
        "charger": Fault("the battery charger and the charge alternator give nothing"),
        "jacket-heater": Fault("the jacket heater is dead: the engine stands cold"),
        "breaker-fails-to-close": Fault("its circuit breaker does not close"),
        "breaker-fails-to-open": Fault("its circuit breaker does not open"),
        "fuel-contaminated": Fault(
            "water or algae in the fuel: filters clog and it dies",
            {"minutes": Parameter(3.0, "min", 0.0, 600.0, "of running until it dies")},
        ),
        "fails-to-stop": Fault("the fuel valve stays open: it runs on when told to stop"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "phase": "",
        "running": "",
        "ready": "",
        "on_bus": "",
        "closed": "",
        "in_step": "",
        "rpm": "rpm",
        "terminal_volts": "V",
        "terminal_hertz": "Hz",
        "power_kw": "kW",
        "load_percent": "%",
        "capacity_kw": "kW",
        "fuel_lph": "l/h",
        "coolant_c": "degC",
        "oil_kpa": "kPa",
        "battery_volts": "V",
        "energy_kwh": "kWh",
    }

    params: GeneratorRatings
    state: GeneratorState

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self.origin = self.params.bus or id
        self._peers: list[Generator] = []
        self._tank: Tank | None = None
        self._climate: Any = None
        self._bus: Any = None

    def start(self) -> None:
        actors = self.plant.actors
        self._peers = [
            a for a in actors.values() if isinstance(a, Generator) and a is not self and a.origin == self.origin
        ]
        tank = actors.get(self.params.tank)
        self._tank = tank if isinstance(tank, Tank) else None
        self._climate = actors.get(self.params.climate)
        bus = actors.get(self.params.bus)
        self._bus = bus if isinstance(bus, Electrical) else None
        standing = max(self.air_c, self.params.jacket_heater_c)
        self.state.coolant = [self.plant.now, standing, standing, 1.0]

    # -- what people and controllers see ---------------------------------------------------------------------

    @property
    def fuel_tank(self) -> str:
        """The tank it burns from, '' for none."""
        return self.params.tank

    @property
    def phase(self) -> str:
        return self.state.phase

    @property
    def running(self) -> bool:
        """Whether it turns under its own power."""
        return self.state.phase == "running"

    @property
    def ready(self) -> bool:
        """Whether speed and voltage are within 2 % and 5 % of nominal: a load could be put on it."""
        return (
            abs(self.terminal_hertz - self.params.hertz) <= 0.02 * self.params.hertz
            and abs(self.terminal_volts - self.params.volts) <= 0.05 * self.params.volts
        )

    @property
    def closed(self) -> bool:
        """Its circuit breaker."""
        return self.state.closed

    @property
    def in_step(self) -> bool:
        return self.state.in_step

    @property
    def on_bus(self) -> bool:
        """Whether it feeds the bus."""
        return self.state.closed and self.state.in_step and self.excited

    @property
    def trip_cause(self) -> str:
        """Why its breaker last tripped, '' if it was opened on purpose."""
        return self.state.trip_cause

    @property
    def bus_live(self) -> bool:
        """Whether there is voltage on the bus side of its breaker."""
        return self._met() or (self._bus is not None and self._bus.output.live)

    @property
    def speed(self) -> float:
        """Share of rated speed."""
        state, passed = self.state, self.plant.now - self.state.since
        if state.phase == "cranking":
            return CRANKING_RPM / RATED_RPM if self.turns else 0.0
        if state.phase == "running":
            speed = min(1.0, state.from_speed + (1.0 - state.from_speed) * passed / self.params.run_up_s)
            speed += Swing(*state.swing).speed(self.plant.now, self.params)
            if self.params.droop_percent and state.closed:
                speed -= self.params.droop_percent / 100.0 * state.power_kw / self.params.standby_kw
            if race := self.fault("overspeed"):
                speed += race["hertz"] / self.params.hertz * min(1.0, passed / self.params.run_up_s)
            if hunt := self.fault("governor"):
                speed += hunt["amplitude"] / self.params.hertz * sin(2.0 * pi * self.plant.now / HUNTING_PERIOD_S)
            return max(0.0, speed)
        if state.phase == "stopping":
            if self._motored_by() is not None:
                return 1.0
            return max(0.0, state.from_speed - passed / self.params.run_down_s)
        return 0.0

    @property
    def rpm(self) -> float:
        return self.speed * RATED_RPM

    @property
    def excited(self) -> bool:
        """Whether its terminals are live."""
        return self.state.phase == "running" and self.plant.now >= self._excited_at() - 1e-9

    @property
    def terminal_volts(self) -> float:
        """Phase to neutral on the set's side of its breaker, V."""
        return self.terminals().worst_volts

    @property
    def terminal_hertz(self) -> float:
        """Hz on the set's side of its breaker; 0 while it has no voltage."""
        return self.terminals().hertz

    @property
    def power_kw(self) -> float:
        """What it gives, kW; negative while the bus turns a dead engine."""
        if self.state.phase == "stopping" and self._motored_by() is not None:
            return -MOTORING * self.params.standby_kw
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
    def capacity_kw(self) -> float:
        """The same while it runs, else 0, kW: its weight in the sharing of the load."""
        return self.site_kw if self.state.phase == "running" else 0.0

    @property
    def air_c(self) -> float:
        """Intake air, degC."""
        return self.params.air_c if self._climate is None else float(self._climate.outdoor_c)

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

    @property
    def energy_kwh(self) -> float:
        """Given in all, kWh."""
        return self._energies()[0]

    @property
    def energy_kvah(self) -> float:
        return self._energies()[1]

    @property
    def energy_kvarh(self) -> float:
        return self._energies()[2]

    def coolant_reaches_s(self, celsius: float) -> float:
        """Seconds until that temperature if nothing changes, inf if it is not on the way."""
        return Coolant(*self.state.coolant).reaches_s(self.plant.now, celsius)

    def fuel_reaches_s(self, percent: float) -> float:
        """Seconds until the day tank stands at that level if nothing changes, inf if it is not going there."""
        return inf if self._tank is None else self._tank.reaches_s(percent)

    # -- what people and controllers do ----------------------------------------------------------------------

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

    def close_breaker(self, synchronised: bool = False) -> bool:
        """Close the set onto its bus; `synchronised` when a synchroniser has matched it to a live bus.

        False (and a line in the journal) when the breaker does not close.
        """
        if self.state.closed:
            return True
        if "breaker-fails-to-close" in self.state.faults:
            self.log("breaker failed to close")
            return False
        self.after(self.params.breaker_s, "closed in step" if synchronised else "closed")
        return True

    def open_breaker(self) -> bool:
        """False (and a line in the journal) when the breaker does not open."""
        self.cancel("closed")
        self.cancel("closed in step")
        if not self.state.closed:
            return True
        if "breaker-fails-to-open" in self.state.faults:
            self.log("breaker failed to open")
            return False
        self.state.closed = self.state.in_step = False
        self.state.trip_cause = ""
        self.log("breaker opened", kw=round(self.load.total_kw, 1))
        self.touch()
        return True

    def trip(self, cause: str) -> None:
        """Open the breaker for a fault."""
        if self.state.closed and self.open_breaker():
            self.state.trip_cause = cause
            self.log("tripped", cause=cause)

    def repair(self) -> None:
        """Put a seized engine right."""
        if self.state.phase == "seized":
            self._enter("stopped")
            self.log("repaired")

    # -- power flow ------------------------------------------------------------------------------------------

    def energise(self) -> Supply:
        state = self.state
        if not state.closed:
            return DEAD
        if state.phase == "running":
            own = self.terminals()
            return own if state.in_step or not own.origin else own._replace(origin=self.id)
        driver = self._motored_by()
        return DEAD if driver is None else driver.terminals()

    def demand(self) -> Mapping[str, Draw]:
        return {}

    # -- the clock's calls -----------------------------------------------------------------------------------

    def react(self) -> None:
        state = self.state
        self._meter()
        if state.phase == "cranking":
            if self.turns and self.remaining_s("fire") is None:
                self.after(self._firing_s(), "fire")
        elif state.phase == "running":
            self._watch_engine()
        if state.closed:
            self._watch_bus()
        if state.phase == "running":
            self._watch_load()
        self._charge_battery()
        self._follow_coolant()

    def horizon(self) -> float:
        """Often while voltage builds up or a swing is young, seldom while it dies out, not at all when steady."""
        state, params, now = self.state, self.params, self.plant.now
        if state.phase != "running":
            return inf
        excited = self._excited_at()
        swing = Swing(*state.swing)
        if now < excited:
            return excited - now
        if now < excited + 3.0 * params.excitation_s or "governor" in state.faults or swing.rate > 0.0:
            return LOOK_S
        if swing.settled(now, params):
            return inf
        return LOOK_S if now - swing.at < 2.0 * params.governor_s else 5.0 * LOOK_S

    def on_timer(self, name: str) -> None:
        if name == "fire":
            self._fire()
        elif name == "excited":
            self.touch()
        elif name == "at speed":
            self.log("at speed")
            self.touch()
        elif name == "standstill":
            self._enter("stopped")
            self.log("standing still")
        elif name in ("closed", "closed in step"):
            self._close(name == "closed in step")
        elif name == "stall":
            self._die("stalled")
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

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "jacket-heater" and self.state.phase == "stopped":
            self._follow_coolant()

    # -- engine ----------------------------------------------------------------------------------------------

    def _enter(self, phase: str) -> None:
        state = self.state
        state.from_speed, state.since = self.speed, self.plant.now
        state.phase = phase
        if phase != "running":
            state.swing = list(Swing())
            for timer in ("stall", "fail on load", "clogged", "oil", "hot", "excited", "at speed"):
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
        self.state.loading = [0.0, 0.0, self.capacity_kw]
        self.after(self._excited_at() - self.plant.now, "excited")
        self.after(self.params.run_up_s, "at speed")
        self.log("fired")

    def _excited_at(self) -> float:
        """When its speed passes the point where voltage builds up, s."""
        state = self.state
        share = (EXCITATION_SPEED - state.from_speed) / (1.0 - min(0.99, state.from_speed))
        return state.since + max(0.0, share) * self.params.run_up_s

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
        loaded = bad is not None and self.state.closed and self.load_percent >= bad["load_percent"]
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

    # -- alternator, breaker and bus -------------------------------------------------------------------------

    def terminals(self) -> Supply:
        """What the set's side of the breaker offers."""
        state, params, now = self.state, self.params, self.plant.now
        if state.phase != "running":
            driver = self._motored_by()
            return DEAD if driver is None else driver.terminals()
        built = now - self._excited_at()
        if built < -1e-9:
            return DEAD
        speed = self.speed
        volts = params.volts * (1.0 + Swing(*state.swing).voltage(now, params)) * min(1.0, speed / 0.95)
        volts *= 1.0 - exp(-max(0.0, built) / params.excitation_s)
        if wrong := self.fault("avr"):
            volts *= 1.0 + wrong["error"] / 100.0
        volts = max(0.0, volts)
        return Supply((volts, volts, volts), speed * params.hertz, self.origin)

    def _motored_by(self) -> Generator | None:
        """A set that turns this dead engine through the bus, if any."""
        state = self.state
        if state.phase != "stopping" or not (state.closed and state.in_step):
            return None
        for peer in self._peers:
            if peer.on_bus:
                return peer
        return None

    def _close(self, synchronised: bool) -> None:
        state = self.state
        live = self.bus_live
        state.closed, state.trip_cause = True, ""
        state.in_step = not live or synchronised
        self.log("breaker closed", bus="live" if live else "dead", in_step=state.in_step)
        self.touch()
        if state.phase != "running" and live:
            self.trip("closed onto a live bus while standing")
        elif live and synchronised:
            for peer in self._peers:
                if peer.on_bus:
                    state.swing = list(peer.state.swing)
            kw, kva, capacity = self._bus_loading()
            state.loading = [kw, kva, capacity]

    def _watch_bus(self) -> None:
        """Sources out of step on one bus: everything on it trips."""
        clash = self._bus is not None and getattr(self._bus, "clash", False)
        if self.excited and (clash or (self._met() and not self.state.in_step)):
            for peer in self._peers:
                peer.trip("out of step")
            self.trip("out of step")
        elif self.excited:
            self.state.in_step = True  # alone on the bus, it is the reference whatever it was before
        elif self.state.phase != "stopping" or self._motored_by() is None:
            self.state.in_step = False

    def _met(self) -> bool:
        """Whether another source is on the bus while its own breaker is closed."""
        return any(peer.state.closed and peer.excited for peer in self._peers)

    def _bus_loading(self) -> tuple[float, float, float]:
        """What this set and those in step with it carry and can give: kW, kVA, kW."""
        kw, kvar, capacity = self.load.total_kw, self.load.total_kvar, self.capacity_kw
        for peer in self._peers:
            if peer.on_bus:
                kw += peer.load.total_kw
                kvar += peer.load.total_kvar
                capacity += peer.capacity_kw
        return kw, hypot(kw, kvar), capacity

    def _watch_load(self) -> None:
        """Swing when the load of the running sets has changed, or when there are fewer to carry it."""
        state, now = self.state, self.plant.now
        kw, kva, capacity = self._bus_loading() if self.on_bus else (0.0, 0.0, self.capacity_kw)
        kw_before, kva_before, capacity_before = state.loading
        fewer = capacity < 0.99 * capacity_before
        divisor = capacity_before if fewer else capacity
        if capacity <= 0.0 or divisor <= 0.0:
            return
        kva_of = self.params.kva / self.params.standby_kw
        step = kw / capacity - kw_before / divisor
        kva_step = (kva / capacity - kva_before / divisor) / kva_of
        swing = Swing(*state.swing)
        if abs(step) > STEP or abs(kva_step) > STEP or fewer:
            swing = swing.loaded(now, self.params, step, kva_step)
            state.loading = [kw, kva, capacity]
            self.touch()
        elif capacity > 1.01 * capacity_before:
            state.loading = [kw, kva, capacity]
        excess = max(0.0, kw / capacity - self.params.overload_percent / 100.0)
        if abs(excess / (2.0 * self.params.inertia_s) - swing.rate) > 1e-4:
            swing = swing.overloaded(now, self.params, excess)
            self._arm("stall", (1.0 - STALL_SPEED - swing.drop) / swing.rate if swing.rate > 0.0 else inf)
        state.swing = list(swing)

    def _meter(self) -> None:
        state = self.state
        kw = self.power_kw
        if kw != state.power_kw or self.load.total_kva != state.kva:
            state.kwh, state.kvah, state.kvarh = self._energies()
            state.power_kw, state.kva, state.kvar = kw, self.load.total_kva, self.load.total_kvar
            state.metered_at = self.plant.now

    def _energies(self) -> tuple[float, float, float]:
        """kWh, kVAh and kvarh given so far."""
        state = self.state
        hours = (self.plant.now - state.metered_at) / 3600.0
        return (
            state.kwh + max(0.0, state.power_kw) * hours,
            state.kvah + state.kva * hours,
            state.kvarh + state.kvar * hours,
        )
