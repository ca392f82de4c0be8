"""The temperature of a battery, and its way into thermal runaway: self-heating, off-gas, fire, the next string.

Lead-acid batteries heat themselves only from the charger: a warm one takes more float current, which warms it further.
They dry out, gas, and are lost; they do not burn. An open breaker ends it. Lithium-ion cells heat themselves from
inside: the battery management opens the breaker, and the heat goes on. The stages of a fire are coarse, and their times
are those of tests of racks (UL 9540A, FM Global 2019), from memory and unverified; single products differ widely.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, inf

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.ups.battery import Battery
from twinfeed.emulators.plant.ups.ratings import UpsRatings, UpsState

ABSENT_C = -273.0
"""No temperature has been taken yet."""

WATCHED_C = 55.0
"""Below this nothing follows from the temperature, degC."""

AT_REST_S = 21600.0
"""Time constant of a battery that cools in air, s: 6 h (assumption for cabinets of 100 kg blocks)."""

IN_A_FIRE_S = 1800.0
"""Time constant in the air of a fire, s (assumption: half an hour until a cabinet has gone through)."""

FIRE_AIR_C = 100.0
"""Air from which on it is that of a fire, degC."""

FLAME_C = 700.0
"""Temperature of a battery that burns, degC (UL 9540A tests show 600 to 900)."""

FLAME_S = 300.0
"""Time constant with which a burning battery reaches it, s."""

FASTEST_K_S = 1.0
"""Self-heating is not followed further than this, K/s: the usual sign of full runaway in calorimeters."""

STAGES = ((600.0, 0.01), (1200.0, 0.1), (4800.0, 1.0))
"""Until when after ignition (s) a string gives off which part of its peak heat: a cell, a module, the rack."""

KW_PER_KWH = 30.0
"""Peak heat of a burning rack for each kWh that it stores (FM Global 2019: 2.5 MW of 84 kWh LFP, 6.5 MW of 125 kWh
NMC; from memory)."""

LEAST_PEAK_KW = 20.0
"""Peak heat of a burning string however small, kW."""

GAS_M3_PER_AH = 0.42e-3
"""Hydrogen for each Ah that a cell is overcharged (EN IEC 62485-2, Faraday: 0.42 l), m3."""

GAS_MA_PER_AH = {"float": 1.0, "boost": 8.0, "runaway": 200.0}
"""Current that makes gas for each Ah of a valve-regulated battery, mA (EN IEC 62485-2 table 1; in runaway: the limit of
the charger of about C/5, an assumption)."""

FAST_SHARE = 0.45
"""Part of the ten-hour capacity that a lead-acid battery gives within minutes (usual discharge tables, from memory)."""


@dataclass(frozen=True)
class Hazard:
    """The self-heating of one chemistry."""

    onset_c: float
    """Heats itself from here on, degC."""
    onset_k_min: float
    """Self-heating there, K/min."""
    doubling_k: float
    """Kelvins that double it."""
    lost_c: float
    """Its cells are destroyed here, degC: they are dry, or they vent."""
    ignites_c: float
    """It burns from here on, degC; inf for a chemistry that does not."""
    internal: bool
    """True if it heats itself with its breaker open too."""


HAZARDS: Mapping[str, Hazard] = {
    "vrla": Hazard(60.0, 0.05, 8.0, 80.0, inf, internal=False),
    "li-ion": Hazard(90.0, 0.02, 8.0, 120.0, 180.0, internal=True),
}
"""vrla: float current doubles each 8 to 10 K (IEEE 1635/ASHRAE 21; from memory), at a rate that carries itself from
about 70 degC in a room of 25. li-ion: 0.02 K/min at 90 degC is the threshold of accelerating rate calorimeters. Doubled
each 8 K it carries itself from venting on, and is above 10 K/min at 165 degC; NMC cells go into runaway there (Feng et
al., Energy Storage Materials 10, 2018: 90, 120 to 150 and about 200 degC for onset, venting and runaway; from
memory)."""


class Runaway:
    """The temperature of a battery, and its consequences."""

    def __init__(self, unit: Electrical[UpsState, UpsRatings], battery: Battery) -> None:
        self.unit, self.battery = unit, battery
        self.hazard = HAZARDS[unit.params.chemistry]
        kwh = battery.rated_kw * battery.rated_s / 3600.0
        self._peak_kw = max(LEAST_PEAK_KW, KW_PER_KWH * kwh / battery.strings)
        self._ah = 1000.0 * kwh / battery.open_volts / FAST_SHARE
        """Of all strings, ten-hour rate."""
        self._air_c = unit.params.battery_c
        self._heating_k_s = 0.0

    @property
    def celsius(self) -> float:
        """Temperature of the battery, degC."""
        cells_c = self.unit.state.cells_c
        return cells_c if cells_c > ABSENT_C else self.unit.params.battery_c

    @property
    def moving(self) -> bool:
        """True while its temperature is not that of the air, or does not stay so."""
        state = self.unit.state
        return state.cells_c != self._air_c or self._heating_k_s > 0.0 or bool(state.burning)

    @property
    def off_gas(self) -> bool:
        """True while its cells vent: from the first one that opens until all has burnt."""
        return self.celsius >= self.hazard.lost_c and self.hazard.internal

    @property
    def fire_kw(self) -> float:
        """Heat of all strings that burn, kW."""
        since = [self.unit.plant.now - at for at in self.unit.state.burning]
        shares = [next((share for until, share in STAGES if s < until), 0.0) for s in since]
        return self._peak_kw * sum(shares)

    @property
    def gassing(self) -> str:
        """float, boost or runaway: the current that makes gas; '' for none."""
        state = self.unit.state
        fed = state.breaker_closed and state.rectifier == "on" and "charger" not in state.faults
        if self.hazard.internal or not fed or state.battery_lost:
            return ""
        if self.celsius >= self.hazard.onset_c:
            return "runaway"
        return "boost" if state.depth > 0.0 else "float"

    def hydrogen_m3_h(self) -> float:
        """Hydrogen that it gives off, m3/h (EN IEC 62485-2)."""
        if not self.gassing:
            return 0.0
        cells = self.battery.blocks * self.battery.chemistry.cells_per_block
        return cells * self._ah * GAS_MA_PER_AH[self.gassing] / 1000.0 * GAS_M3_PER_AH

    def self_heating_k_s(self) -> float:
        """Heat of its own, K/s."""
        state, hazard = self.unit.state, self.hazard
        fed = hazard.internal or (state.breaker_closed and state.rectifier == "on")
        if not fed or state.burnt or (state.battery_lost and not hazard.internal):
            return 0.0
        fault = self.unit.fault("thermal-runaway")
        k_min = fault["rate"] if fault else 0.0
        if self.celsius >= hazard.onset_c and not state.burning:
            k_min += hazard.onset_k_min * 2.0 ** ((self.celsius - hazard.onset_c) / hazard.doubling_k)
        return min(FASTEST_K_S, k_min / 60.0)

    def watch(self, air_c: float) -> None:
        """Hold the air and the self-heating of this instant, and act on the temperature."""
        state = self.unit.state
        self._air_c, self._heating_k_s = air_c, 0.0
        if state.cells_c <= ABSENT_C:
            state.cells_c = air_c
        warm = self.celsius
        if warm < WATCHED_C and not state.faults:
            self._cooled()
            return
        self._heating_k_s = self.self_heating_k_s()
        fault = self.unit.fault("thermal-runaway")
        if fault is not None:
            state.strings_hot = max(state.strings_hot, min(int(fault["strings"]), self.battery.strings))
        elif warm >= WATCHED_C and not state.strings_hot:
            state.strings_hot = self.battery.strings
        if self.hazard.internal and warm >= self.battery.chemistry.warmest_c:
            self._isolate()
        if warm >= self.hazard.lost_c:
            self._lose_strings(state.strings_hot, "thermal runaway")
        if warm >= self.hazard.ignites_c and not state.burning and not state.burnt:
            self.ignite()

    def _cooled(self) -> None:
        """The battery management takes isolated strings back once they are cool."""
        state = self.unit.state
        state.strings_hot = 0
        if state.strings_out > state.strings_lost:
            state.strings_out = state.strings_lost
            self.unit.log("battery strings connected again")
            self.unit.touch()

    def _isolate(self) -> None:
        """The battery management takes hot strings off; if all are hot it opens the breaker, which people close."""
        state, hot = self.unit.state, self.unit.state.strings_hot
        if hot < self.battery.strings:
            if state.strings_out < hot:
                state.strings_out = hot
                self.unit.log("battery strings isolated", number=hot, celsius=round(self.celsius, 1))
                self.unit.touch()
        elif state.breaker_closed:
            state.breaker_closed = False
            self.unit.log("battery isolated", cause="battery management", celsius=round(self.celsius, 1))
            self.unit.touch()

    def _lose_strings(self, number: int, cause: str) -> None:
        """So many strings are destroyed; with the last one the battery is."""
        state = self.unit.state
        if number >= self.battery.strings:
            self.lose(cause)
        elif state.strings_lost < number:
            state.strings_lost, state.strings_out = number, max(state.strings_out, number)
            self.unit.log("battery strings destroyed", number=number, celsius=round(self.celsius, 1))
            self.unit.touch()

    def lose(self, cause: str) -> None:
        """All of it is destroyed: it gives nothing any more, until people replace it."""
        state = self.unit.state
        if not state.battery_lost:
            state.battery_lost = cause
            state.strings_lost = state.strings_out = self.battery.strings
            self.unit.log("battery destroyed", cause=cause, celsius=round(self.celsius, 1))
            self.unit.touch()

    def ignite(self) -> None:
        """One more string burns; the one beside it follows unless water cools it."""
        state = self.unit.state
        if len(state.burning) >= self.battery.strings or state.burnt:
            return
        state.burning = [*state.burning, self.unit.plant.now]
        state.strings_hot = max(state.strings_hot, len(state.burning))
        self.unit.log("battery string burns", number=len(state.burning))
        self._lose_strings(state.strings_hot, "fire")
        self.unit.after(60.0 * self.unit.params.string_spread_min, "next string")
        for until, _ in STAGES:
            self.unit.after(until, f"stage {len(state.burning)} {until:g}")
        self.unit.touch()

    def on_timer(self, name: str, wetted: bool) -> bool:
        """True if that timer is one of these, which it then acts on."""
        if name == "next string":
            if not wetted:
                self.ignite()
        elif name.startswith("stage "):
            if not self.fire_kw:
                self.unit.state.burning, self.unit.state.burnt = [], True
                self.unit.cancel("next string")
                self.unit.log("battery burnt out")
        else:
            return False
        self.unit.touch()
        return True

    def horizon(self) -> float:
        """Seconds until the temperature has to be evaluated again."""
        state = self.unit.state
        if self._heating_k_s > 0.0 or state.burning:
            return 10.0
        return 60.0 if abs(self._air_c - self.celsius) > 1.0 and self.celsius >= WATCHED_C - 5.0 else inf

    def advance(self, kw: float, dt: float) -> None:
        """Warm it by `kw` from its terminals and by itself, or let it take the temperature of the air."""
        state, battery = self.unit.state, self.battery
        if state.burning:
            state.cells_c = FLAME_C + (state.cells_c - FLAME_C) * exp(-dt / FLAME_S)
            return
        tau = IN_A_FIRE_S if self._air_c >= FIRE_AIR_C else AT_REST_S
        loading_k_s = battery.chemistry.discharge_rise_k / battery.rated_s * (max(0.0, kw) / battery.rated_kw) ** 2
        steady = self._air_c + (loading_k_s + self._heating_k_s) * tau
        state.cells_c = min(1000.0, steady + (state.cells_c - steady) * exp(-dt / tau))
        if not loading_k_s and abs(state.cells_c - self._air_c) < 0.01:
            state.cells_c = self._air_c
