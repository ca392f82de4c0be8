"""The alternator of a generating set: voltage, the swings of load steps, and its share of the bus's load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, hypot, inf

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings, Swing
from twinfeed.emulators.plant.generation.engine import DieselEngine, EngineState
from twinfeed.emulators.plant.power.electrical import DEAD, Electrical, Supply

LOOK_S = 0.1
"""How often the plant is solved while the voltage builds up or a swing is young, s."""

DYING_SWING = 0.005
"""A swing below this share of nominal (a quarter of a hertz, a volt) is looked at no more before it has died out …"""

DYING_S = 3.0
"""… which it has after this long with any usual governor and regulator, s."""

STEP = 0.005
"""A change of load below this share of the rating swings nothing worth seeing."""

STALL_SPEED = 0.6
"""An overloaded engine stops below this share of its speed (assumed)."""

EXCITATION_SPEED = 0.75
"""The regulator builds voltage from this share of the speed on."""

MOTORING = 0.06
"""Power a dead engine takes from its bus to be turned, share of its rating (5 to 10 % is usual)."""


@dataclass
class GeneratorState(EngineState):
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


class Alternator:
    """The alternator that an engine drives. Sets in step share the load of their bus in proportion to `capacity_kw`."""

    def __init__(self, unit: Electrical[GeneratorState, GeneratorRatings], engine: DieselEngine) -> None:
        self.unit, self.engine = unit, engine
        engine.shaft = self
        self.origin = unit.params.bus or unit.id
        """The name of its phase angle: that of the bus, which sets in step share."""
        self.peers: Sequence[Alternator] = []
        """The other alternators on its bus."""

    @property
    def on_bus(self) -> bool:
        """True if it feeds the bus."""
        return self.unit.state.closed and self.unit.state.in_step and self.excited

    @property
    def excited(self) -> bool:
        """True if its terminals are live."""
        return self.unit.state.phase == "running" and self.unit.plant.now >= self._excited_at() - 1e-9

    @property
    def power_kw(self) -> float:
        """What it gives, kW; negative while the bus turns a dead engine."""
        if self.motored:
            return -MOTORING * self.unit.params.standby_kw
        return self.unit.load.total_kw

    @property
    def capacity_kw(self) -> float:
        """The same while it runs, else 0, kW: its weight in the sharing of the load."""
        return self.engine.site_kw if self.unit.state.phase == "running" else 0.0

    @property
    def load_percent(self) -> float:
        """Power it gives, % of what the engine can give now."""
        return 100.0 * self.power_kw / max(1.0, self.engine.site_kw)

    def horizon(self) -> float:
        """Often while voltage builds up or swings by more than 2 %, seldom below, once it has died out, then never."""
        state, params, now = self.unit.state, self.unit.params, self.unit.plant.now
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
        size = swing.size(now, params)
        return LOOK_S if size > 0.02 else 10.0 * LOOK_S if size > DYING_SWING else DYING_S

    @property
    def motored(self) -> bool:
        return self.motored_by() is not None

    @property
    def loaded(self) -> bool:
        return self.unit.state.closed

    def swing(self) -> float:
        state, params = self.unit.state, self.unit.params
        deviation = Swing(*state.swing).speed(self.unit.plant.now, params)
        if params.droop_percent and state.closed:
            deviation -= params.droop_percent / 100.0 * state.power_kw / params.standby_kw
        return deviation

    def entered(self, phase: str) -> None:
        """The engine has just changed its phase: swings end, the voltage begins to build up or is gone."""
        self.unit.state.swing = list(Swing())
        self.unit.cancel("stall")
        if phase == "running":
            self.unit.state.loading = [0.0, 0.0, self.capacity_kw]
            self.unit.after(self._excited_at() - self.unit.plant.now, "excited")
        else:
            self.unit.cancel("excited")

    def _excited_at(self) -> float:
        """When its speed passes the point where voltage builds up, s."""
        state = self.unit.state
        share = (EXCITATION_SPEED - state.from_speed) / (1.0 - min(0.99, state.from_speed))
        return state.since + max(0.0, share) * self.unit.params.run_up_s

    def terminals(self) -> Supply:
        """What the set's side of the breaker offers."""
        state, params, now = self.unit.state, self.unit.params, self.unit.plant.now
        if state.phase != "running":
            driver = self.motored_by()
            return DEAD if driver is None else driver.terminals()
        built = now - self._excited_at()
        if built < -1e-9:
            return DEAD
        speed = self.engine.speed
        volts = params.volts * (1.0 + Swing(*state.swing).voltage(now, params)) * min(1.0, speed / 0.95)
        volts *= 1.0 - exp(-max(0.0, built) / params.excitation_s)
        if wrong := self.unit.fault("avr"):
            volts *= 1.0 + wrong["error"] / 100.0
        volts = max(0.0, volts)
        return Supply((volts, volts, volts), speed * params.hertz, self.origin)

    def motored_by(self) -> Alternator | None:
        """A set that turns this dead engine through the bus, if any."""
        state = self.unit.state
        if state.phase != "stopping" or not (state.closed and state.in_step):
            return None
        for peer in self.peers:
            if peer.on_bus:
                return peer
        return None

    def met(self) -> bool:
        """True if another source is on the bus while its own breaker is closed."""
        return any(peer.unit.state.closed and peer.excited for peer in self.peers)

    def bus_loading(self) -> tuple[float, float, float]:
        """What this set and those in step with it carry and can give: kW, kVA, kW."""
        kw, kvar, capacity = self.unit.load.total_kw, self.unit.load.total_kvar, self.capacity_kw
        for peer in self.peers:
            if peer.on_bus:
                kw += peer.unit.load.total_kw
                kvar += peer.unit.load.total_kvar
                capacity += peer.capacity_kw
        return kw, hypot(kw, kvar), capacity

    def watch_load(self) -> None:
        """Swing when the load of the running sets has changed, or when there are fewer to carry it."""
        state, now = self.unit.state, self.unit.plant.now
        kw, kva, capacity = self.bus_loading() if self.on_bus else (0.0, 0.0, self.capacity_kw)
        kw_before, kva_before, capacity_before = state.loading
        fewer = capacity < 0.99 * capacity_before
        divisor = capacity_before if fewer else capacity
        if capacity <= 0.0 or divisor <= 0.0:
            return
        kva_of = self.unit.params.kva / self.unit.params.standby_kw
        step = kw / capacity - kw_before / divisor
        kva_step = (kva / capacity - kva_before / divisor) / kva_of
        swing = Swing(*state.swing)
        if abs(step) > STEP or abs(kva_step) > STEP or fewer:
            swing = swing.loaded(now, self.unit.params, step, kva_step)
            state.loading = [kw, kva, capacity]
            self.unit.touch()
        elif capacity > 1.01 * capacity_before:
            state.loading = [kw, kva, capacity]
        excess = max(0.0, kw / capacity - self.unit.params.overload_percent / 100.0)
        if abs(excess / (2.0 * self.unit.params.inertia_s) - swing.rate) > 1e-4:
            swing = swing.overloaded(now, self.unit.params, excess)
            self.engine.arm("stall", (1.0 - STALL_SPEED - swing.drop) / swing.rate if swing.rate > 0.0 else inf)
        state.swing = list(swing)
