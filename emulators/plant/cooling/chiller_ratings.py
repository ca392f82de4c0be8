"""Ratings and state of chillers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from twinfeed.emulators.plant.air.dust import DUST
from twinfeed.emulators.plant.cooling.machines import Machine, machines, named
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Form, Names, Range


@dataclass(frozen=True)
class ChillerRatings:
    """An air-cooled screw chiller: three of them, two carry 1 MW of IT at 45 degC.

    A rating of 0 with the note "0 for the machine's" takes the figure of `machine` in the data file.
    """

    loop: Annotated[str, Names("water_loop", needed=True)] = ""
    """The water loop that it belongs to."""
    climate: Annotated[str, Names("climate", "yard")] = ""
    """The air around an air-cooled condenser; without it the air has the machine's reference temperature."""
    condenser_loop: Annotated[str, Names("water_loop")] = ""
    """The loop that cools a water-cooled condenser: its cooling towers and condenser-water pumps name it as `loop`."""
    machine: Annotated[str, Form(f"one of {', '.join(machines())}", named)] = "carrier-30xa325"
    """The published chiller whose curves it has."""
    reference_kw: Annotated[float, Range(0.0, 100000.0, "kW")] = 0.0
    """Cooling at the machine's reference temperatures, kW; 0 for the machine's: another size with the same curves."""
    reference_cop: Annotated[float, Range(0.0, 20.0)] = 0.0
    """There, fans of an air-cooled condenser included; 0 for the machine's."""
    setpoint_c: Annotated[float, Range(1.0, 35.0, "degC")] = 10.0
    """Leaving water, degC: the warm end of the published curves, as data centres run it."""
    recirculation_k: Annotated[float, Range(0.0, 20.0, "K")] = 2.0
    """By how much the condenser's air is warmer than the weather's, K (hot roof and own exhaust; assumption)."""
    approach_k: Annotated[float, Range(0.0, 50.0, "K")] = 0.0
    """Saturated condensing temperature above the entering air or water at full load, clean, K; 0 for the machine's."""
    high_head_c: Annotated[float, Range(0.0, 120.0, "degC")] = 0.0
    """Saturated condensing temperature at which the high-pressure switch opens, degC; 0 for the machine's. Clean and
    fully loaded the default machine trips when the air outside passes 52 degC."""
    least_condensing_c: Annotated[float, Range(0.0, 60.0, "degC")] = 0.0
    """Saturated condensing temperature that head-pressure control holds in cold weather, degC; 0 for the machine's."""
    loading_percent_s: Annotated[float, Range(0.01, 100.0, "%/s")] = 0.5
    """How fast the compressors load, %/s: 200 s from start to full load. JCI quick start: full load 4 to 5 min after
    a power failure (memory, low confidence)."""
    minimum_load: Annotated[float, Range(0.0, 1.0)] = 0.0
    """Part of its capacity below which it cannot unload; 0 for the machine's. Below it the compressors cycle."""
    hot_gas_bypass: bool = False
    """Below the minimum load the compressors run on and hot gas loads them artificially (false loading): the power
    stays. Otherwise they cycle."""
    design_flow_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 0.0
    """The most its evaporator takes, l/s; 0 for the machine's reference flow in proportion to `reference_kw`."""
    condenser_flow_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 0.0
    """The most a water-cooled condenser takes, l/s; 0 for the machine's flow in proportion to `reference_kw`."""
    proven_flow_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 0.0
    """From this flow on the flow switch of the evaporator is closed, l/s; 0 for a fifth of `design_flow_l_s`
    (assumption)."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.88
    """Power factor of its motors."""
    controls_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 1.0
    """Controller and crankcase heaters, kW."""
    inrush: Annotated[float, Range(0.0, 20.0, "times rated")] = 1.1
    """Apparent power of the start against the chiller's rated power: one of two compressors, star-delta, 2.2 times its
    rated load current (assumption)."""
    inrush_s: Annotated[float, Range(0.001, 60.0, "s")] = 2.0
    """Duration of the inrush, s."""
    undervoltage: Annotated[float, Range(0.0, 0.99, "of nominal")] = 0.8
    """Below this part of nominal voltage the contactors open (IEC 60947-4-1: drop-out between 20 and 75 %, an
    undervoltage relay set above that; assumption)."""
    overvoltage: Annotated[float, Range(1.01, 2.0, "of nominal")] = 1.15
    """Above this part of nominal voltage the phase monitor opens the contactors (assumption)."""
    initially_running: bool = True
    """True if it runs when the site starts."""

    def __post_init__(self) -> None:
        of = named(self.machine)
        if of.condenser == "water" and not self.condenser_loop:
            raise ValueError(f"condenser_loop is missing: {of.product} is water-cooled; name the loop of its towers")
        if of.condenser == "air" and self.condenser_loop:
            raise ValueError(f"condenser_loop is {self.condenser_loop}, but {of.product} is air-cooled; name a climate")
        size = self.reference_kw / of.reference_kw if self.reference_kw else 1.0
        usual: Mapping[str, float] = {
            "reference_kw": of.reference_kw,
            "reference_cop": of.reference_cop,
            "approach_k": of.approach_k,
            "high_head_c": of.high_head_c,
            "least_condensing_c": of.least_condensing_c,
            "minimum_load": of.least_load,
            "design_flow_l_s": of.water_l_s * size,
            "condenser_flow_l_s": of.condenser_l_s * size,
        }
        for name, value in usual.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)  # as dataclasses do in a frozen class
        if not self.proven_flow_l_s:
            object.__setattr__(self, "proven_flow_l_s", 0.2 * self.design_flow_l_s)

    @cached_property
    def curves(self) -> Machine:
        return named(self.machine)


@dataclass
class ChillerState(State):
    running: bool = True
    valve_open: bool = True
    """Of the isolation valves of evaporator and condenser."""
    setpoint_c: float = 10.0
    limit: float = 1.0
    """Demand limit its controller sets, 0 to 1."""
    loading: float = 0.0
    """Part of the capacity to which the compressors have loaded."""
    inrush: bool = False
    starts: int = 0
    run_s: float = 0.0
    dirt: float = 0.0
    """Part of the condenser's coil that dust covers."""
    trip: str = ""
    """The protection that stopped it last; '' after an orderly stop."""


CHILLER_FAULTS: Mapping[str, Fault] = {
    "trip": Fault(
        "a protection has opened: it stops and cannot start", actuator=True, failure=FailureMode("at once", "chiller")
    ),
    "refrigerant-leak": Fault(
        "charge is lost, capacity with it; from 50 % on the low-pressure switch opens when it runs",
        {"loss": Parameter(20.0, "%", 1.0, 100.0)},
        failure=FailureMode("degradation", "chiller"),
    ),
    "condenser-fouling": Fault(
        "Sahel dust on the coil or scale in the tubes: hotter condensing, less capacity, more power",
        {"blockage": Parameter(30.0, "%", 1.0, 90.0)},
        failure=FailureMode("degradation", "condenser-fouling"),
    ),
    "condenser-recirculation": Fault(
        "the condenser draws in its own exhaust or that of its neighbours",
        {"kelvin": Parameter(8.0, "K", 0.1, 40.0, "by which the air that enters is warmer")},
    ),
    **DUST,
    "start-failure": Fault(
        "the compressors do not start when ordered", failure=FailureMode("on demand", "chiller-start")
    ),
}
