"""The diesel generator: an engine (`prime_mover`) with alternator and circuit breaker on a paralleling bus.

The set does what its controller (`devices.generator`) or a person tells it: `crank`, `stop_engine`, `close_breaker`.
What follows is physics: it builds voltage, dips under load, shares, stalls, trips when it is out of step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, hypot, inf
from typing import Any, ClassVar

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings, Swing
from twinfeed.emulators.plant.generation.engine import DieselEngine, EngineState
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.power.electrical import DEAD, LOADING_PERCENT, Draw, Electrical, Supply

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


class Generator(DieselEngine):
    """A diesel generating set with its circuit breaker, one of those on the bus `params.bus`.

    Sets in step share the bus's load in proportion to `capacity_kw` (isochronous load sharing). One that closes onto
    a live bus without being in step, or is met by another source, trips together with all sets on the bus.
    """

    kind = "generator"
    PARAMS = GeneratorRatings
    STATE = GeneratorState
    TERMINALS = ()
    SOURCE = True
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **DieselEngine.FAULTS,
        "avr": Fault(
            "the voltage regulator is off",
            {"error": Parameter(-20.0, "%", -100.0, 40.0, "of nominal")},
            source="AWS us-east-1, 2012-06-29",
        ),
        "breaker-fails-to-close": Fault("its circuit breaker does not close"),
        "breaker-fails-to-open": Fault("its circuit breaker does not open"),
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
        "coolant_c": "°C",
        "oil_kpa": "kPa",
        "battery_volts": "V",
        "energy_kwh": "kWh",
    }
    WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {"phase": ("stopped", "cranking", "running", "stopping", "seized")}
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {"load_percent": LOADING_PERCENT}

    params: GeneratorRatings
    state: GeneratorState

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self.origin = self.params.bus or id
        self._peers: list[Generator] = []
        self._bus: Any = None

    def start(self) -> None:
        super().start()
        actors = self.plant.actors
        self._peers = [
            a for a in actors.values() if isinstance(a, Generator) and a is not self and a.origin == self.origin
        ]
        bus = actors.get(self.params.bus)
        self._bus = bus if isinstance(bus, Electrical) else None

    # -- what people and controllers see ---------------------------------------------------------------------

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
        if self.motored:
            return -MOTORING * self.params.standby_kw
        return self.load.total_kw

    @property
    def capacity_kw(self) -> float:
        """The same while it runs, else 0, kW: its weight in the sharing of the load."""
        return self.site_kw if self.state.phase == "running" else 0.0

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

    # -- what people and controllers do ----------------------------------------------------------------------

    def close_breaker(self, synchronised: bool = False) -> bool:
        """Close the set onto its bus; `synchronised` when a synchroniser has matched it to a live bus.

        False (and a line in the journal) when the breaker does not close.
        """
        if self.state.closed:
            return True
        if "breaker-fails-to-close" in self.state.faults:
            self.log("breaker failed to close")
            return False
        timer = "closed in step" if synchronised else "closed"
        if self.remaining_s("closed") is None and self.remaining_s("closed in step") is None:
            self.after(self.params.breaker_s, timer)
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

    def acknowledge_trip(self) -> None:
        """Put the breaker's trip indication back."""
        if not self.state.closed:
            self.state.trip_cause = ""

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
        self._meter()
        super().react()
        if self.state.closed:
            self._watch_bus()
        if self.state.phase == "running":
            self._watch_load()

    def horizon(self) -> float:
        """Often while voltage builds up or swings by more than 2 %, seldom below, once it has died out, then never."""
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
        size = swing.size(now, params)
        return LOOK_S if size > 0.02 else 10.0 * LOOK_S if size > DYING_SWING else DYING_S

    def on_timer(self, name: str) -> None:
        if name == "excited":
            self.touch()
        elif name in ("closed", "closed in step"):
            self._close(name == "closed in step")
        elif name == "stall":
            self._die("stalled")
        else:
            super().on_timer(name)

    # -- the engine and its load ---------------------------------------------------------------------------------

    @property
    def motored(self) -> bool:
        return self._motored_by() is not None

    @property
    def loaded(self) -> bool:
        return self.state.closed

    def swing(self) -> float:
        state, params = self.state, self.params
        deviation = Swing(*state.swing).speed(self.plant.now, params)
        if params.droop_percent and state.closed:
            deviation -= params.droop_percent / 100.0 * state.power_kw / params.standby_kw
        return deviation

    def _enter(self, phase: str) -> None:
        super()._enter(phase)
        self.state.swing = list(Swing())
        self.cancel("stall")
        if phase == "running":
            self.state.loading = [0.0, 0.0, self.capacity_kw]
            self.after(self._excited_at() - self.plant.now, "excited")
        else:
            self.cancel("excited")

    def _excited_at(self) -> float:
        """When its speed passes the point where voltage builds up, s."""
        state = self.state
        share = (EXCITATION_SPEED - state.from_speed) / (1.0 - min(0.99, state.from_speed))
        return state.since + max(0.0, share) * self.params.run_up_s

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
        elif not self.motored:
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
