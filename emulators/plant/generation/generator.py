"""The diesel generator: an engine and an alternator with a circuit breaker on a paralleling bus.

The set obeys its controller (`twinfeed.emulators.devices.generator`) or a person: `crank`, `stop_engine`,
`close_breaker`. The rest is physics: it builds voltage, dips under load, shares, stalls, trips when it is out of step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from twinfeed.emulators.plant.generation.alternator import Alternator
from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.engine import ENGINE_FAULTS, DieselEngine
from twinfeed.emulators.plant.generation.fault_current import FaultCurrent
from twinfeed.emulators.plant.generation.state import GeneratorState
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.power.electrical import DEAD, LOADING_PERCENT, Draw, Electrical, Emf, Short, Supply
from twinfeed.emulators.plant.power.faults.short_faults import earth_fault, short_circuit, shorts_of


class Generator(Electrical[GeneratorState, GeneratorRatings]):
    """A diesel generating set with its circuit breaker, one of those on the bus `params.bus`.

    Sets in step turn at one speed and have one voltage. They share the bus's load in proportion to `capacity_kw`
    (isochronous load sharing), unless governors, regulators, droop or a dead engine move power between them
    (`paralleling`). One that closes onto
    a live bus without being in step, or is met by another source, trips together with all sources of the bus.
    """

    kind = "generator"
    PARAMS = GeneratorRatings
    STATE = GeneratorState
    TERMINALS = ()
    SOURCE = True
    UPKEEP = frozenset({"thermostat"})
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **ENGINE_FAULTS,
        "avr": Fault(
            "the voltage regulator is off",
            {"error": Parameter(-20.0, "%", -100.0, 40.0, "of nominal")},
            source="AWS us-east-1, 2012-06-29",
        ),
        "short-circuit": short_circuit("at its terminals", failure=FailureMode("at once", "generator-terminals")),
        "earth-fault": earth_fault("at its terminals", failure=FailureMode("at once", "generator-terminals")),
        "breaker-fails-to-close": Fault("its circuit breaker does not close"),
        "breaker-fails-to-open": Fault("its circuit breaker does not open"),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "close": DeedKind("close its breaker by hand, in step or not", lambda g, _: g.close_breaker(), undo="open"),
        "open": DeedKind("open its breaker", lambda g, _: g.open_breaker(), undo="close"),
        "repair": DeedKind("put a seized engine right", lambda g, _: g.repair()),
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

    @property
    def rated_kva(self) -> float:
        return self.params.kva

    def __init__(self, id: str, params: GeneratorRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self.engine = DieselEngine(self)
        self.alternator = Alternator(self, self.engine)
        self.fault_current = FaultCurrent(self, self.alternator)
        self.origin = self.alternator.origin
        self._bus: Electrical | None = None

    def start(self) -> None:
        self.engine.start()
        actors = self.plant.actors
        sets = [a for a in actors.values() if isinstance(a, Generator) and a.origin == self.origin]
        self.alternator.start([one.alternator for one in sets])
        bus = actors.get(self.params.bus)
        self._bus = bus if isinstance(bus, Electrical) else None

    # -- observations ----------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """True if speed and voltage are within 2 % and 5 % of nominal: a load could be put on it."""
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
        """True if it is on the bus in synchronism with the others."""
        return self.state.in_step

    @property
    def trip_cause(self) -> str:
        """Why its breaker last tripped, '' if it was opened on purpose."""
        return self.state.trip_cause

    @property
    def bus_live(self) -> bool:
        """True if there is voltage on the bus side of its breaker."""
        return self.alternator.met() or (self._bus is not None and self._bus.output.live)

    @property
    def bus_supply(self) -> Supply:
        """Supply on the bus side of its breaker."""
        if self.on_bus:
            return self.terminals()
        if self._bus is not None and self._bus.output.live:
            return self._bus.output
        return next((peer.terminals() for peer in self.alternator.peers if peer.on_bus), DEAD)

    @property
    def terminal_volts(self) -> float:
        """Phase to neutral on the set's side of its breaker, V."""
        return self.terminals().worst_volts

    @property
    def terminal_hertz(self) -> float:
        """Hz on the set's side of its breaker; 0 while it has no voltage."""
        return self.terminals().hertz

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

    # -- actions of people and controllers -------------------------------------------------------------------

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

    def cut_off(self, cause: str) -> None:
        """Stop the engine, as the emergency stop does."""
        self.log("emergency stop", cause=cause)
        self.open_breaker()
        self.stop_engine()

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
        self.alternator.forget()
        self.state.trip_cause = ""
        self.log("breaker opened", kw=round(self.load.total_kw, 1))
        self.touch()
        return True

    def trip(self, cause: str) -> None:
        """Open the breaker for a fault."""
        if self.state.closed and self.open_breaker():
            self.state.trip_cause = cause
            self.log("tripped", cause=cause)

    def surge(self, cause: str, broken: bool) -> bool:
        """Its poles slip: it trips (ANSI 78) even if a breaker nearer to the fault has opened.

        If its own breaker does not open either, the engine cannot hold against the torque and stalls.
        """
        self.trip(cause)
        if self.state.closed and not broken and self.running:
            self.engine.die("stalled")
        return True

    def acknowledge_trip(self) -> None:
        """Put the breaker's trip indication back."""
        if not self.state.closed:
            self.state.trip_cause = ""

    # -- power flow ------------------------------------------------------------------------------------------

    def energise(self) -> Supply:
        state = self.state
        if not state.closed:
            return DEAD
        own = self.alternator.terminals()
        return own if state.in_step or not own.live else own._replace(origin=self.id)

    def demand(self) -> Mapping[str, Draw]:
        return {}

    @property
    def exchange(self) -> Draw:
        """Power given above its share by capacity, to the other sets of its bus (below zero: from them)."""
        return self.alternator.exchange

    def emf(self) -> Emf | None:
        return self.fault_current.emf()

    def shorts(self) -> Sequence[Short]:
        return shorts_of(self.state.faults) if self.state.closed else ()

    # -- the clock's calls -----------------------------------------------------------------------------------

    def react(self) -> None:
        self._meter()
        self.engine.react()
        self.fault_current.watch()
        if self.state.closed:
            self._watch_bus()
        if self.state.phase == "running":
            self.alternator.react()

    def horizon(self) -> float:
        return self.alternator.horizon()

    def on_timer(self, name: str) -> None:
        if name in ("excited", "transient", "sustained"):
            self.touch()
        elif name == "differential":
            self.trip("differential")
        elif name in ("closed", "closed in step"):
            self._close(name == "closed in step")
        elif not self.engine.on_timer(name):
            super().on_timer(name)

    # -- breaker, bus and meter -------------------------------------------------------------------------------

    def _close(self, synchronised: bool) -> None:
        state = self.state
        live = self.bus_live
        if live and synchronised and state.phase == "running":
            self.alternator.join()
        state.closed, state.trip_cause = True, ""
        state.in_step = not live or synchronised
        self.alternator.forget()
        self.log("breaker closed", bus="live" if live else "dead", in_step=state.in_step)
        self.touch()
        if state.phase != "running" and live:
            self.trip("closed onto a live bus while standing")

    def _watch_bus(self) -> None:
        """Take note of being in step; what follows when it is not comes from the board, by `surge`."""
        if self.alternator.excited:
            # Alone on the bus, it is the reference whatever it was before.
            self.state.in_step = self.state.in_step or not self.alternator.met()
        elif not self.alternator.motored:
            self.state.in_step = False

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

    # -- state of engine and alternator ---------------------------------------------------------------------

    @property
    def phase(self) -> str:
        """stopped, cranking, running, stopping or seized."""
        return self.state.phase

    @property
    def running(self) -> bool:
        """True if it turns under its own power."""
        return self.engine.running

    @property
    def speed(self) -> float:
        """Share of rated speed."""
        return self.engine.speed

    @property
    def rpm(self) -> float:
        """Speed, rpm."""
        return self.engine.rpm

    @property
    def on_bus(self) -> bool:
        """True if it feeds the bus."""
        return self.alternator.on_bus

    @property
    def power_kw(self) -> float:
        """Power it gives, kW; negative while the bus turns a dead engine."""
        return self.alternator.power_kw

    @property
    def load_percent(self) -> float:
        """Power it gives, % of what the engine can give now."""
        return self.alternator.load_percent

    @property
    def capacity_kw(self) -> float:
        """Power it can give while it runs, else 0, kW: its weight in the sharing of the load."""
        return self.alternator.capacity_kw

    @property
    def site_kw(self) -> float:
        """Power it could give at this air temperature and altitude, kW, whether it runs or not."""
        return self.engine.site_kw

    @property
    def fuel_tank(self) -> str:
        """The tank it burns from, '' for none."""
        return self.params.tank

    @property
    def fuel_lph(self) -> float:
        """Fuel it burns, l/h."""
        return self.engine.fuel_lph

    @property
    def fuel_percent(self) -> float:
        """Level of its day tank, %; 100 without one."""
        return self.engine.fuel_percent

    @property
    def filling(self) -> bool:
        """True if the transfer pump fills its day tank."""
        return self.engine.filling

    @property
    def air_c(self) -> float:
        """Intake air, degC."""
        return self.engine.air_c

    @property
    def coolant_c(self) -> float:
        """Coolant, degC."""
        return self.engine.coolant_c

    @property
    def oil_kpa(self) -> float:
        """Oil pressure, kPa."""
        return self.engine.oil_kpa

    @property
    def battery_volts(self) -> float:
        """Starter battery, V."""
        return self.engine.battery_volts

    @property
    def battery_charge(self) -> float:
        """Charge of the starter battery, 0 to 1."""
        return self.engine.battery_charge

    @property
    def charge_volts(self) -> float:
        """Voltage of the charge alternator that the engine drives, V."""
        return self.engine.charge_volts

    def terminals(self) -> Supply:
        """Supply on the set's side of its breaker at this moment; that of its bus while the breaker is closed."""
        own = self.alternator.terminals()
        if "short-circuit" in self.state.faults:
            return own._replace(volts=DEAD.volts)
        if self.state.closed and self.fault_flow is not None:
            return own._replace(volts=self.output.volts)
        return own

    def coolant_reaches_s(self, celsius: float) -> float:
        """Seconds until the coolant is at that temperature if nothing changes, inf if it is not on the way."""
        return self.engine.coolant_reaches_s(celsius)

    def fuel_reaches_s(self, percent: float) -> float:
        """Seconds until the day tank stands at that level if nothing changes, inf if it is not going there."""
        return self.engine.fuel_reaches_s(percent)

    # -- actions on the engine ------------------------------------------------------------------------------

    def crank(self) -> bool:
        """Open the fuel and engage the starter. False (and a line in the journal) unless the engine stands still."""
        return self.engine.crank()

    def stop_cranking(self) -> None:
        """Release the starter."""
        self.engine.stop_cranking()

    def stop_engine(self) -> None:
        """Shut the fuel: the engine runs down."""
        self.engine.stop_engine()

    def repair(self) -> None:
        """Put a seized engine right."""
        self.engine.repair()
