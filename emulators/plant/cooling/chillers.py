"""Air-cooled chillers: evaporator, compressors, condenser and the protection built into them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, ClassVar, NamedTuple

from twinfeed.emulators.plant.cooling.climate import Climate
from twinfeed.emulators.plant.cooling.thermal import WATER_KJ_PER_L_K
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.approach import approached
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase


class Curve(NamedTuple):
    """c1 + c2 x + c3 x2 + c4 y + c5 y2 + c6 x y: x leaving water, y air entering the condenser, degC."""

    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float

    def at(self, x: float, y: float) -> float:
        return self.c1 + (self.c2 + self.c3 * x + self.c6 * y) * x + (self.c4 + self.c5 * y) * y


CAPACITY = Curve(1.0079818905, 0.0317180703, 0.0001497851, -0.0045720995, -2.55382e-05, -0.0001470394)
"""Capacity against the reference of the Carrier 30XA325 (air-cooled screw, R-134a): EnergyPlus data set
AirCooledChiller.idf, "ElectricEIRChiller Carrier 30XA325 1077.4kW/3.1COP"."""

INPUT_RATIO = Curve(0.1272250397, 0.0438260038, -0.0004945491, 0.0194247715, 0.0002112362, -0.0014075333)
"""Electric input to cooling output against the reference, same source. At part load the input follows the output
(the published part-load curve is 0, 1, 0)."""

CURVE_WATER_C = (4.44, 10.0)
"""Leaving water for which the curves hold, degC; water outside is taken as at the nearest limit."""

CURVE_AIR_C = (29.44, 55.0)
"""Air for which the curves are used, degC: published to 46.11, extrapolated above; cooler air is taken as 29.44."""


class ChilledWater(ABC):
    """The water of a loop, as the chillers on it meet it."""

    chillers: list[Chiller]

    @property
    @abstractmethod
    def supply_c(self) -> float:
        """Water to the coils, degC."""

    @property
    @abstractmethod
    def return_c(self) -> float:
        """Water that enters the evaporators, degC."""

    @abstractmethod
    def rate_k_s(self, quantity: str) -> float:
        """How fast that temperature moves, K/s."""

    @property
    @abstractmethod
    def evaporator_l_s(self) -> float:
        """Through each chiller whose isolation valve is open, l/s."""


@dataclass(frozen=True)
class ChillerRatings:
    """An air-cooled screw chiller: three of them, two carry 1 MW of IT at 45 degC."""

    loop: Annotated[str, Names("water_loop", needed=True)] = ""
    climate: Annotated[str, Names("climate")] = ""
    reference_kw: Annotated[float, Range(0.1, 100000.0, "kW")] = 1077.4
    """Cooling at 6.67 degC leaving water and 35 degC air, kW."""
    reference_cop: Annotated[float, Range(0.5, 20.0)] = 3.1
    """There, fans of the condenser included."""
    setpoint_c: Annotated[float, Range(1.0, 35.0, "degC")] = 10.0
    """Leaving water, degC: the warm end of the published curves, as data centres run it."""
    recirculation_k: Annotated[float, Range(0.0, 20.0, "K")] = 2.0
    """By how much the condenser's air is warmer than the weather's, K (hot roof and own exhaust; assumption)."""
    approach_k: Annotated[float, Range(0.0, 50.0, "K")] = 14.0
    """Saturated condensing temperature above the air at full load with clean coils, K (assumption)."""
    high_head_c: Annotated[float, Range(40.0, 120.0, "degC")] = 68.0
    """Saturated condensing temperature at which the high-pressure switch opens, degC: R-134a at 20 bar gauge. Clean and
    fully loaded the chiller trips when the air outside passes 52 degC."""
    loading_percent_s: Annotated[float, Range(0.01, 100.0, "%/s")] = 0.5
    """How fast the compressors load, %/s: 200 s from start to full load. JCI quick start: full load 4 to 5 min after
    a power failure (memory, low confidence)."""
    minimum_load: Annotated[float, Range(0.01, 1.0)] = 0.15
    """Below this part of its capacity the slide valve unloads no further: the power stays (assumption)."""
    design_flow_l_s: Annotated[float, Range(0.01, 10000.0, "l/s")] = 46.0
    """The most its evaporator takes, l/s: 1077 kW at 5.6 K."""
    proven_flow_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 10.0
    """From this flow on the flow switch is closed, l/s (assumption)."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.88
    controls_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 1.0
    """Controller and crankcase heaters, kW."""
    inrush: Annotated[float, Range(0.0, 20.0, "times rated")] = 1.1
    """Apparent power of the start against the chiller's rated power: one of two compressors, star-delta, 2.2 times its
    rated load current (assumption)."""
    inrush_s: Annotated[float, Range(0.001, 60.0, "s")] = 2.0
    undervoltage: Annotated[float, Range(0.0, 0.99, "of nominal")] = 0.8
    """Below this part of nominal voltage the contactors open (IEC 60947-4-1: drop-out between 20 and 75 %, an
    undervoltage relay set above that; assumption)."""
    overvoltage: Annotated[float, Range(1.01, 2.0, "of nominal")] = 1.15
    """Above this part of nominal voltage the phase monitor opens the contactors (assumption)."""
    initially_running: bool = True


@dataclass
class ChillerState(State):
    running: bool = True
    valve_open: bool = True
    """Of the evaporator's isolation valve."""
    setpoint_c: float = 10.0
    limit: float = 1.0
    """Demand limit its controller sets, 0 to 1."""
    loading: float = 0.0
    """How far the compressors have loaded, part of the capacity."""
    inrush: bool = False
    starts: int = 0
    run_s: float = 0.0
    trip: str = ""
    """The protection that stopped it last; '' after an orderly stop."""


class Chiller(Electrical[ChillerState, ChillerRatings]):
    """The machine: evaporator, compressors, condenser and its built-in protection. When to start is its controller's.

    EnergyPlus Chiller:Electric:EIR: available = reference * CAPACITY, input = output / COP * INPUT_RATIO, both
    at the leaving water and the condenser's air. The leaving water is held at the setpoint while the load is within
    what the compressors have loaded to.
    """

    kind = "chiller"
    PARAMS = ChillerRatings
    STATE = ChillerState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "trip": Fault("a protection has opened: it stops and cannot start", actuator=True),
        "refrigerant-leak": Fault(
            "charge is lost, capacity with it; from 50 % on the low-pressure switch opens when it runs",
            {"loss": Parameter(20.0, "%", 1.0, 100.0)},
        ),
        "condenser-fouling": Fault(
            "Sahel dust in the condenser: hotter condensing, less capacity, more power",
            {"blockage": Parameter(30.0, "%", 1.0, 90.0)},
        ),
        "start-failure": Fault("the compressors do not start when ordered"),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "shut-valve": DeedKind("shut its isolating valve", lambda c, _: c.isolate(True), undo="open-valve"),
        "open-valve": DeedKind("open its isolating valve", lambda c, _: c.isolate(False), undo="shut-valve"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "tripped": "", "power_kw": "kW", "cooling_kw": "kW",
        "capacity_kw": "kW", "load_percent": "%", "entering_c": "°C", "leaving_c": "°C", "flow_l_s": "l/s",
        "flow_proven": "", "condensing_c": "°C", "air_c": "°C", "starts": "", "run_hours": "h",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        s, p = self.state, self.params
        s.running = s.valve_open = p.initially_running
        s.loading = 1.0 if p.initially_running else 0.0
        s.setpoint_c = p.setpoint_c
        self._loads_to = s.loading
        """`_loading_target` when the plant last came to rest."""

    def start(self) -> None:
        loop = self.plant.find(self.params.loop) if self.params.loop else None
        climate = self.plant.find(self.params.climate) if self.params.climate else None
        self.loop: ChilledWater | None = loop if isinstance(loop, ChilledWater) else None
        self._climate = climate if isinstance(climate, Climate) else None

    # -- what its controller does ---------------------------------------------------------------------------

    def start_compressors(self) -> bool:
        """Close the contactors; False if nothing turns."""
        s = self.state
        if not self.power_good or "trip" in s.faults or "start-failure" in s.faults:
            self.log("start failed")
            return False
        s.running, s.loading, s.trip, s.inrush = True, self.params.minimum_load, "", True
        s.starts += 1
        self.after(self.params.inrush_s, "inrush over")
        self.log("started")
        self.touch()
        return True

    def stop(self, reason: str = "") -> None:
        """Open the contactors: an orderly stop, or a trip with its reason."""
        s = self.state
        s.trip = reason
        if not s.running:
            return
        s.running, s.inrush, s.loading = False, False, 0.0
        self.cancel("inrush over")
        if reason:
            self.log("tripped", reason=reason)
        else:
            self.log("stopped")
        self.touch()

    def isolate(self, closed: bool) -> None:
        """Close or open the evaporator's isolation valve."""
        if self.state.valve_open == closed:
            self.state.valve_open = not closed
            self.touch()

    def set_leaving(self, setpoint_c: float) -> None:
        if setpoint_c != self.state.setpoint_c:
            self.state.setpoint_c = setpoint_c
            self.touch()

    def set_limit(self, limit: float) -> None:
        if limit != self.state.limit:
            self.state.limit = limit
            self.touch()

    # -- states ---------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self.state.running

    @property
    def tripped(self) -> bool:
        return self.state.trip != "" or "trip" in self.state.faults

    @property
    def starts(self) -> int:
        return self.state.starts

    @property
    def run_hours(self) -> float:
        return self.state.run_s / 3600.0

    @property
    def power_good(self) -> bool:
        volts, p = self.seen["input"].volts, self.params
        return min(volts) >= p.undervoltage * NOMINAL_VOLTS and max(volts) <= p.overvoltage * NOMINAL_VOLTS

    # -- water side -----------------------------------------------------------------------------------------

    @property
    def flow_l_s(self) -> float:
        """Through the evaporator, l/s."""
        return self.loop.evaporator_l_s if self.loop is not None and self.state.valve_open else 0.0

    @property
    def flow_proven(self) -> bool:
        """The flow switch."""
        return self.flow_l_s >= self.params.proven_flow_l_s

    @property
    def entering_c(self) -> float:
        return self.loop.return_c if self.loop else self.state.setpoint_c

    @property
    def leaving_c(self) -> float:
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        return self.entering_c - self.cooling_kw / flow if flow > 0.0 else self.entering_c

    @property
    def cooling_kw(self) -> float:
        constant, slope = self.duty(self.entering_c)
        return constant + slope * self.entering_c

    @property
    def load_percent(self) -> float:
        """Of the capacity it has at this moment, %."""
        return 100.0 * self.cooling_kw / self.capacity_kw if self.state.running else 0.0

    @property
    def capacity_kw(self) -> float:
        """What it could take out now, kW."""
        return self._capacity(self.entering_c)

    def duty(self, entering_c: float) -> tuple[float, float]:
        """The heat it takes out of water that enters so warm, as (constant kW, slope kW/K of that temperature)."""
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        wanted = flow * (entering_c - self.state.setpoint_c)
        if not self.state.running or wanted <= 0.0:
            return 0.0, 0.0
        most = self._capacity(entering_c) * self.state.loading
        return (most, 0.0) if wanted > most else (-flow * self.state.setpoint_c, flow)

    def _capacity(self, entering_c: float) -> float:
        p, flow = self.params, max(self.flow_l_s, 1.0) * WATER_KJ_PER_L_K
        leaving = max(self.state.setpoint_c, entering_c - p.reference_kw * self.state.loading / flow)
        capacity = p.reference_kw * CAPACITY.at(_within(leaving, CURVE_WATER_C), self._curve_air())
        leak = self.fault("refrigerant-leak")
        return capacity * (1.0 - leak["loss"] / 100.0) if leak else capacity

    # -- air side -------------------------------------------------------------------------------------------

    @property
    def air_c(self) -> float:
        """Entering the condenser, degC; the reference 35 degC without a climate."""
        return self._climate.outdoor_c + self.params.recirculation_k if self._climate else 35.0

    @property
    def condensing_c(self) -> float:
        """Saturated condensing temperature, degC; that of the air when it stands."""
        return self.air_c + self.params.approach_k * self.load_percent / 100.0 / (1.0 - self._blockage())

    def _blockage(self) -> float:
        fouling = self.fault("condenser-fouling")
        return fouling["blockage"] / 100.0 if fouling else 0.0

    def _curve_air(self) -> float:
        """The air a clean condenser would need to condense as hot as this one does, for the curves, degC."""
        blocked = self._blockage()
        return _within(self.air_c + self.params.approach_k * blocked / (1.0 - blocked), CURVE_AIR_C)

    # -- power ----------------------------------------------------------------------------------------------

    @property
    def power_kw(self) -> float:
        """Electric input, kW."""
        if not self.power_good:
            return 0.0
        p = self.params
        if not self.state.running:
            return p.controls_kw
        output = max(self.cooling_kw, p.minimum_load * self.capacity_kw)
        water = _within(self.leaving_c, CURVE_WATER_C)
        return p.controls_kw + output / p.reference_cop * INPUT_RATIO.at(water, self._curve_air())

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> dict[str, Draw]:
        p = self.params
        if self.state.inrush:
            return {"input": three_phase(0.35 * p.inrush * p.reference_kw / p.reference_cop, 0.35)}
        return {"input": three_phase(self.power_kw, p.power_factor)}

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        if not self.state.running:
            return
        leak = self.fault("refrigerant-leak")
        if not self.power_good:
            self.stop("supply voltage")
        elif "trip" in self.state.faults:
            self.stop("protection")
        elif leak and leak["loss"] >= 50.0:
            self.stop("low pressure")
        elif self.condensing_c > self.params.high_head_c:
            self.stop("high pressure")

    def on_timer(self, name: str) -> None:
        if name == "inrush over":
            self.state.inrush = False
        else:
            super().on_timer(name)

    @property
    def _loading_target(self) -> float:
        """What the compressors load to: the load and a reserve of 10 %, within the demand limit."""
        flow = self.flow_l_s * WATER_KJ_PER_L_K
        wanted = flow * (self.entering_c - self.state.setpoint_c) / self.capacity_kw
        return max(self.params.minimum_load, min(self.state.limit, wanted + 0.1))

    def horizon(self) -> float:
        if not self.state.running:
            return inf
        self._loads_to = self._loading_target
        gap = abs(self._loads_to - self.state.loading)
        return inf if gap < 0.01 else min(10.0, gap * 100.0 / self.params.loading_percent_s)

    def advance(self, dt: float) -> None:
        s = self.state
        if s.running:
            s.run_s += dt
            s.loading = approached(s.loading, self._loads_to, self.params.loading_percent_s / 100.0 * dt)


def _within(value: float, limits: tuple[float, float]) -> float:
    return min(limits[1], max(limits[0], value))
