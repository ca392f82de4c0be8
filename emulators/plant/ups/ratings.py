"""Ratings and state of a UPS module, and the time for which it stands an overload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, log
from typing import Annotated, Literal

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range, Text
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.electrical import NOMINAL_HERTZ, NOMINAL_VOLTS
from twinfeed.emulators.plant.power.faults.short_faults import earth_fault, short_circuit
from twinfeed.emulators.plant.ups import sizes
from twinfeed.emulators.plant.ups.battery import CHEMISTRIES, Chemistry

OVERLOAD = ((1.25, 600.0), (1.50, 60.0), (1.65, 1.0))
"""(load, s): how long the inverter carries it. MGE Galaxy PW 100-225 kVA user's manual p. 56: 10 min at 125 %, 1 min at
150 %, above 165 % at once (1 s in current limit when the bypass is bad). Between the points and below, a power law."""

CONTINUOUS = 1.04
"""Load the inverter carries for ever, times rated (Liebert Series 610 manual p. 61)."""

OVERLOAD_COOLING_S = 600.0
"""Time for the inverter to forget a full overload, s (assumed: as long as the longest published overload)."""


NEW_BATTERY = Tolerance(-5.0, 5.0, "95 % at least when new (IEC 60896-21, from memory); the upper end is assumed")
"""Of the charge of a battery."""


@dataclass(frozen=True)
class UpsRatings:
    """A 500 kW module, two of which in parallel make a path of the Bamako site.

    Windows and bypass tolerances: MGE Galaxy 5000 specification p. 17 (bypass +-10 % to couple); the rectifier's window
    (-15/+15 % and 45 to 65 Hz) and the losses (96 % at half and full load) are usual for transformerless modules of
    this size (vendors' data sheets, from memory, unverified).
    """

    kva: Annotated[float, Range(0.1, 100000.0, "kVA")] = 500.0
    """Rated apparent power, kVA."""
    kw: Annotated[float, Range(0.0, 100000.0, "kW")] = 0.0
    """0 for the usual power of this size (see `sizes`): that of its kVA from 10 kVA on."""
    volts: Annotated[float, Range(90.0, 400.0, "V")] = NOMINAL_VOLTS
    """Output voltage, phase to neutral, V."""
    hertz: Annotated[float, Range(45.0, 65.0, "Hz")] = NOMINAL_HERTZ
    """Nominal frequency, Hz."""
    phases: Literal[1, 3] = 3
    """1 or 3: a single-phase unit feeds phase 1 only."""
    bus: Annotated[str, Text(100)] = ""
    """Name shared by the modules of a parallel system: they keep in step and go to bypass together."""
    eco: bool = False
    """Runs on the static bypass while that is good."""
    rectifier_low: Annotated[float, Range(0.1, 0.99, "times nominal")] = 0.85
    """Lowest input voltage at which the rectifier works, times nominal."""
    rectifier_high: Annotated[float, Range(1.01, 2.0, "times nominal")] = 1.15
    """Input voltage the rectifier works at, times nominal."""
    rectifier_hertz: tuple[Annotated[float, Range(10.0, 100.0, "Hz")], Annotated[float, Range(10.0, 100.0, "Hz")]] = (
        45.0,
        65.0,
    )
    """Largest deviation from the nominal frequency at which the rectifier works, Hz."""
    walk_in_delay_s: Annotated[float, Range(0.0, 3600.0, "s"), Tolerance(-5.0, 5.0, "assumed")] = 10.0
    """Wait after the input has returned, so that a generator settles first, s."""
    walk_in_s: Annotated[float, Range(0.0, 3600.0, "s"), Tolerance(-5.0, 5.0, "assumed")] = 10.0
    """Ramp of the rectifier's power from nothing to full, s."""
    rectifier_limit: Annotated[float, Range(0.1, 5.0, "times rated")] = 1.25
    """Most the rectifier takes from its input, times rated kW."""
    inverter_limit: Annotated[float, Range(1.0, 10.0, "times rated")] = 2.0
    """Most the inverter gives into a short circuit, times its rated current (two to three times is usual for
    transformerless modules; vendors' data sheets, from memory, unverified)."""
    input_power_factor: Annotated[float, Range(0.1, 1.0)] = 0.99
    """Power factor at its input."""
    bypass_tolerance: Annotated[float, Range(0.001, 0.5, "of nominal")] = 0.10
    """Deviation of the bypass voltage from nominal at which no transfer to it is allowed."""
    bypass_percent: Annotated[float, Range(0.1, 50.0, "%")] = 3.0
    """Impedance of the way over its bypass (cables, choke, static switch), % of its own rating (assumed): only the
    ratio between the modules of a system counts, since they share the load on the bypass by it."""
    sync_hertz: Annotated[float, Range(0.05, 10.0, "Hz")] = 2.0
    """Deviation from nominal up to which the inverter follows the bypass, Hz."""
    no_load_loss: Annotated[float, Range(0.0, 0.5, "of rated")] = 0.0
    """0 for the usual loss at this size (see `sizes`): 1 % from 10 kVA on."""
    linear_loss: Annotated[float, Range(0.0, 0.5, "of rated")] = 0.018
    """Part of the losses that grows with the load, of the rated power."""
    square_loss: Annotated[float, Range(0.0, 0.5, "of rated")] = 0.012
    """Losses of double conversion at load l, times rated kW: no_load + linear l + square l^2."""
    eco_loss: Annotated[float, Range(0.0, 0.5, "of the load")] = 0.010
    """Losses on static bypass in eco mode, times load (and a third of the no-load loss)."""
    retransfer_s: Annotated[float, Range(0.0, 86400.0, "s")] = 10.0
    """Time on bypass before it goes back to the inverter by itself, s."""
    chemistry: Literal["vrla", "li-ion"] = "vrla"
    """vrla or li-ion."""
    autonomy_min: Annotated[float, Range(0.0, 10000.0, "min")] = 0.0
    """Battery runtime at rated kW when new, min; 0 for the usual one at this size (see `sizes`), 10 min from 10 kVA."""
    battery_percent: Annotated[float, Range(10.0, 200.0, "%"), NEW_BATTERY] = 100.0
    """Charge that the battery holds when new, % of its rated charge. The UPS counts with the rated charge."""
    battery_exponent: Annotated[float, Range(0.0, 2.0)] = 0.0
    """Rate exponent of the battery; 0 for the usual one of this size and chemistry."""
    strings: Annotated[int, Range(0, 64, "strings")] = 0
    """In parallel; 0 for the usual number at this size (see `usual_battery`)."""
    blocks: Annotated[int, Range(0, 400, "blocks")] = 0
    """Of 12 V (vrla) or 8 cells (li-ion), in series in each string; 0 for the usual number at this size."""
    age_years: Annotated[float, Range(0.0, 30.0, "years")] = 0.0
    """Age of the battery when the site starts, years."""
    battery_c: Annotated[float, Range(-20.0, 60.0, "degC")] = 25.0
    """Temperature of the battery's room where neither a place nor a hall is named, degC."""
    battery_place: Annotated[str, Names("place")] = ""
    """The place of its battery where that stands in a room of its own."""
    string_spread_min: Annotated[float, Range(0.1, 1440.0, "min")] = 30.0
    """Time in which a fire goes from one string of the battery to the next, min: half an hour between racks with a gap
    (UL 9540A, from memory); 1 min for packs that stand against each other (as published of Daejeon, September 2025)."""
    charger_kw: Annotated[float, Range(0.0, 10000.0, "kW")] = 0.0
    """Charger power, kW; 0 for a tenth of the rated kW, which recharges in ten times the discharge time."""
    restart_charge_percent: Annotated[float, Range(0.0, 100.0, "%")] = 0.0
    """Charge from which the inverter feeds the load again after the battery was exhausted, %, also from the bypass.
    By default that is as soon as the rectifier has walked in: 0 % is the factory setting of "restart battery level" of
    Eaton's 9PX and Lenovo's RT (user guides, battery settings, 0 to 100 %) and of APC's upsAdvConfigMinReturnCapacity
    (PowerNet-MIB; default from memory)."""
    segments: Annotated[int, Range(0, 32, "groups")] = 0
    """Switched outlet groups, sockets 1 to n."""
    room: Annotated[str, Names("hall", "room")] = ""
    """The room that its losses heat and whose air is around it and its battery, instead of `battery_c`."""
    hall: Annotated[str, Names("hall")] = ""
    """The data hall that its losses heat, for a UPS that stands in one."""
    hot_bypass_c: Annotated[float, Range(30.0, 100.0, "degC")] = 50.0
    """Air around it at which the inverter stops on over-temperature and the bypass takes the load, degC; it may return
    5 K below (IEC 62040-3 requires operation up to 40 degC; the margin is an assumption)."""
    hot_stop_c: Annotated[float, Range(30.0, 120.0, "degC")] = 60.0
    """Air at which the whole UPS stops until it is switched on by hand, degC (assumption)."""

    def __post_init__(self) -> None:
        if self.rectifier_hertz[0] >= self.rectifier_hertz[1]:
            raise ValueError("rectifier_hertz: expected the lower limit and then the upper one")
        for name, value in self._usual().items():
            if getattr(self, name) == 0.0:
                object.__setattr__(self, name, value)

    def _usual(self) -> Mapping[str, float]:
        """The figures of a usual UPS of this size, for those that are not given."""
        size = sizes.usual(self.kva)
        kw = self.kw or self.kva * size.power_factor
        known_kw = self.kva * size.power_factor if self.kva <= sizes.LARGEST_PRODUCT_KVA else kw
        own_kw = size.no_load_loss * known_kw
        exponent = self.battery_exponent or (size.exponent if self.chemistry == "vrla" else 0.0)

        def battery_kw(load_kw: float) -> float:
            share = load_kw / kw
            return load_kw + own_kw + kw * (self.linear_loss * share + self.square_loss * share * share) / 2.0

        at_rated = (battery_kw(kw) / battery_kw(known_kw)) ** -exponent
        return {
            "kw": kw,
            "no_load_loss": own_kw / kw,
            "battery_exponent": exponent,
            "autonomy_min": size.autonomy_min * at_rated,
        }


UPS_FAULTS: Mapping[str, Fault] = {
    "short-circuit": short_circuit("at its output", failure=FailureMode("at once", "ups-output")),
    "earth-fault": earth_fault("at its output", failure=FailureMode("at once", "ups-output")),
    "left-in-manual": Fault(
        "it is left on its static bypass, as after a maintenance",
        family="people",
        actuator=True,
        failure=FailureMode("people", "left-in-manual"),
    ),
    "module": Fault(
        "the whole module has failed, as after a burst capacitor: it puts out nothing, not even by its bypass",
        failure=FailureMode("at once", "ups-module"),
    ),
    "inverter": Fault("the inverter stops", failure=FailureMode("at once", "ups-inverter")),
    "rectifier": Fault(
        "the rectifier stops: the battery carries the load", failure=FailureMode("at once", "ups-rectifier")
    ),
    "charger": Fault("the battery is not charged", failure=FailureMode("degradation", "battery")),
    "bypass": Fault("the static switch does not conduct", failure=FailureMode("on demand", "ups-bypass")),
    "static-switch-stuck": Fault("the static switch stays as it is", failure=FailureMode("on demand", "ups-bypass")),
    "fan": Fault(
        "a fan stands still: the inverter carries less",
        {"derating": Parameter(50.0, "%", 5.0, 90.0, "of the rating that remains", neutral=100.0)},
    ),
    "string-open": Fault(
        "strings of the battery are open: they give no current, which does not show on float",
        {"strings": Parameter(1.0, "", 1.0, 64.0, "how many", whole=True)},
        failure=FailureMode("on demand", "battery"),
    ),
    "battery-weak": Fault(
        "the battery holds less than the UPS believes",
        {"capacity": Parameter(40.0, "%", 1.0, 99.0, "of its rated charge", neutral=100.0)},
        source="Cloudflare PDX, 2023-11",
        failure=FailureMode("on demand", "battery"),
    ),
    "thermal-runaway": Fault(
        "the battery heats itself; past its onset it goes on by itself until it is lost (vrla) or burns (li-ion)",
        {
            "rate": Parameter(2.0, "K/min", 0.1, 60.0),
            "strings": Parameter(64.0, "", 1.0, 64.0, "how many of its strings heat up", neutral=None, whole=True),
        },
        source="SK C&C Pangyo, 2022-10",
        failure=FailureMode("degradation", "battery"),
    ),
}


@dataclass
class UpsState(State):
    path: str = "inverter"
    """Path that is closed to the output: inverter, eco, bypass, maintenance or none."""
    wanted: str = "inverter"
    """Path that the operator wants: inverter, bypass or none."""
    cause: str = ""
    """Why the path last changed."""
    hot: bool = False
    """The inverter has stopped on over-temperature."""
    latched: bool = False
    """Shut down on overload: only an operator switches it on again."""
    eco: bool = False
    rectifier: str = "on"
    """off, waiting, walking (power rises) or on."""
    walk_in_at: float = 0.0
    reference: str = ""
    """The origin the inverter keeps in step with, empty when it runs free."""
    reference_hertz: float = 0.0
    window: list[float] = field(default_factory=list)
    """Lowest and highest input voltage an operator has set, V; empty for the rated window."""
    breaker_closed: bool = True
    """The battery breaker."""
    disconnected: bool = False
    """The battery was cut off to save it from deep discharge; the charger reconnects it."""
    testing: bool = False
    """The rectifier is held back so that the battery carries the load."""
    auto_restart: bool = True
    """True if the output comes back by itself when the input returns after a full discharge."""
    depth: float = 0.0
    """Depth of discharge of what the battery really holds, 0 full to 1 empty."""
    discharging: bool = False
    """True if the inverter lives on it, as last written to the journal."""
    renewed: bool = False
    """People have replaced the battery since the start."""
    rated_at_c: float = 25.0
    """Air for which the capacity of the battery is worked out, degC; it follows the air around it in steps."""
    believed: float = 1.0
    """Battery capacity the UPS reckons with; a deep test measures it."""
    cells_c: float = -300.0
    """Temperature of the battery, degC; below absolute zero until it is first read."""
    battery_lost: str = ""
    """Cause that has destroyed the battery, until it is replaced."""
    strings_hot: int = 0
    """Strings of the battery that are hot."""
    strings_out: int = 0
    """Strings that give no current: isolated by the battery management, or destroyed."""
    strings_lost: int = 0
    """Strings that are destroyed."""
    burnt: bool = False
    """It has burnt: no string heats itself any more."""
    burning: list[float] = field(default_factory=list)
    """When each burning string of the battery caught fire, s of the plant."""
    overload: float = 0.0
    """Thermal image of the inverter's overload, trips at 1."""
    energy_kwh: float = 0.0
    """Given to the load so far."""
    segments: list[bool] = field(default_factory=list)


def usual_battery(kva: float, chemistry: Chemistry) -> tuple[int, int]:
    """Blocks in series and strings in parallel of a UPS of that rating: as many as make the usual DC voltage.

    24, 48 and 192 V are what APC builds into Smart-UPS up to 1.5, 3 and 10 kVA; 40 blocks is the usual DC link of
    three-phase modules (Eaton 91PS/93PS manual p. 108: 28 to 40 blocks a string); the strings are an assumption.
    """
    lead, strings = (40, 4) if kva >= 10.0 else (2 if kva <= 1.6 else 4 if kva <= 3.5 else 16, 1)
    return max(1, round(lead * CHEMISTRIES["vrla"].block_volts / chemistry.block_volts)), strings


def overload_s(load: float) -> float:
    """Time for which the inverter carries that load (times rated), s: a power law between the points of `OVERLOAD`."""
    if load <= CONTINUOUS:
        return inf
    if load >= OVERLOAD[-1][0]:
        return 0.001
    (low, long), (high, short) = OVERLOAD[:2] if load <= OVERLOAD[1][0] else OVERLOAD[1:]
    return float(long * (load / low) ** (log(short / long) / log(high / low)))
