"""Batteries of a UPS: how long they last, what they show at their terminals, how they fill up again.

A battery is discharged at constant power. How much it gives depends on how fast it is asked: its runtime falls with
a power of the load that is greater than one (Peukert's law, written for power). What is remembered of a battery is
one number, its depth of discharge: at a steady load it grows from 0 to 1 in that load's runtime, so every step has
a closed form, and charge taken at different rates adds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, inf, log

TAPER_DEPTH = 0.1
"""Above 90 % of charge the charger is at its voltage limit and the current decays exponentially."""

FULL_DEPTH = 0.002
"""A battery charged to 99.8 % is on float: what the charger still gives is lost in self-discharge."""

SMALLEST_LOAD = 0.002
"""Below this share of the rated power the runtime grows no further: self-discharge and electronics, of rated."""


@dataclass(frozen=True)
class Chemistry:
    """Properties that batteries of one kind have in common."""

    exponent: float
    """Runtime is proportional to power^-exponent."""
    cells_per_block: int
    nominal_volts: float
    """Per cell, on its name plate, V."""
    float_volts: float
    """Per cell, V."""
    open_volts: float
    """Per cell at rest, full, V."""
    cutoff_volts: float
    """Per cell under load, where the UPS disconnects it, V."""
    sag: float
    """Fall of the voltage when the rated power is drawn from the full battery, share of `open_volts`."""
    knee: float
    """Share of the fall from the first to the last voltage that comes in the steep end."""
    per_kelvin: float
    """Capacity gained for each kelvin above 25 degC."""
    life_years: float
    """Design life at 25 degC: the time to 80 % of the rated capacity."""
    halving_k: float
    """Kelvins above 25 degC that halve the life."""
    charge_efficiency: float
    """Energy stored for each kWh from the charger."""
    discharge_rise_k: float
    """Rise of its temperature by a full discharge at rated power, K."""
    warmest_c: float
    """Above this it gasses or its management system takes it off, degC."""

    @property
    def block_volts(self) -> float:
        """Voltage of a full block at rest, V."""
        return self.cells_per_block * self.open_volts


CHEMISTRIES: Mapping[str, Chemistry] = {
    "vrla": Chemistry(
        exponent=1.28,
        cells_per_block=6,
        nominal_volts=2.0,
        float_volts=2.27,
        open_volts=2.13,
        cutoff_volts=1.67,
        sag=0.06,
        knee=0.5,
        per_kelvin=0.01,
        life_years=10.0,
        halving_k=10.0,
        charge_efficiency=0.9,
        discharge_rise_k=7.0,
        warmest_c=80.0,
    ),
    "li-ion": Chemistry(
        exponent=1.04,
        cells_per_block=8,
        nominal_volts=3.7,
        float_volts=4.1,
        open_volts=4.05,
        cutoff_volts=3.0,
        sag=0.04,
        knee=0.4,
        per_kelvin=0.004,
        life_years=15.0,
        halving_k=20.0,
        charge_efficiency=0.95,
        discharge_rise_k=9.0,
        warmest_c=65.0,
    ),
}
"""vrla: the exponent is that of the APC Smart-UPS 420 and 650 runtime tables (user's manual p. 18) once the inverter's
own consumption is taken out; 2.27 V float and 1.67 V/cell at high rate are usual data sheet values; 1 %/K is the
correction of IEC 60896-21 for rates faster than 3 h, the halving each 10 K that of EUROBAT's guide (all but the
exponent from memory, unverified). li-ion: NMC/LMO cells as in UPS cabinets of about 8 cells a module (from memory of
vendors' data, unverified); its management system opens the contactor when warm, lead-acid runs away.
"""

REFERENCE_C = 25.0
"""Temperature at which capacity and life are rated, degC."""


@dataclass(frozen=True)
class Battery:
    """One battery: strings of blocks in parallel, sized to give `rated_kw` at its terminals for `rated_s`."""

    chemistry: Chemistry
    rated_kw: float
    rated_s: float
    charger_kw: float
    blocks: int = 40
    """In series in each string."""
    strings: int = 4
    age_years: float = 0.0
    exponent: float = 0.0
    """Its own rate exponent; 0 for that of the chemistry."""

    # -- runtime --------------------------------------------------------------------------------------------

    def capacity(self, celsius: float) -> float:
        """Capacity in a room of that temperature at this age, 1 when new and at 25 degC.

        Ageing is linear to 80 % at the end of life, which a warm room brings closer.
        """
        warm = celsius - REFERENCE_C
        life = self.chemistry.life_years * 0.5 ** (max(0.0, warm) / self.chemistry.halving_k)
        faded = max(0.1, 1.0 - 0.2 * self.age_years / life)
        return float(faded * min(1.1, max(0.2, 1.0 + self.chemistry.per_kelvin * warm)))

    def runtime_s(self, kw: float, capacity: float = 1.0, strings_in: int | None = None) -> float:
        """How long a full battery gives `kw` at its terminals, s.

        `capacity` is that of `capacity()`, times what a fault takes; `strings_in` strings share the load.
        """
        strings = self.strings if strings_in is None else strings_in
        if strings <= 0 or capacity <= 0.0:
            return 0.0
        share = max(kw / self.rated_kw, SMALLEST_LOAD) * self.strings / strings
        return float(self.rated_s * capacity * share ** -(self.exponent or self.chemistry.exponent))

    # -- filling up -----------------------------------------------------------------------------------------

    @property
    def _bulk_rate(self) -> float:
        """Depth regained each second at full charger power."""
        return self.charger_kw * self.chemistry.charge_efficiency / (self.rated_kw * self.rated_s)

    def charging_kw(self, depth: float) -> float:
        """Power that it takes from an unlimited charger: full power, tapering over the last tenth, kW."""
        if depth <= FULL_DEPTH:
            return 0.0
        return self.charger_kw * min(1.0, depth / TAPER_DEPTH)

    def recharged(self, depth: float, seconds: float, share: float = 1.0) -> float:
        """Depth of discharge after charging for that long with `share` of the power it would take."""
        rate = self._bulk_rate * share
        if rate <= 0.0:
            return depth
        if depth > TAPER_DEPTH:
            bulk = min(seconds, (depth - TAPER_DEPTH) / rate)
            depth, seconds = depth - bulk * rate, seconds - bulk
        if seconds > 0.0:
            depth *= exp(-seconds * rate / TAPER_DEPTH)
        return depth if depth > FULL_DEPTH else 0.0

    def recharge_s(self, depth: float, to: float, share: float = 1.0) -> float:
        """Time to charge from one depth of discharge to a smaller one, s."""
        rate = self._bulk_rate * share
        if depth <= to:
            return 0.0
        if rate <= 0.0:
            return inf
        bulk = max(0.0, depth - max(to, TAPER_DEPTH)) / rate
        start, end = min(depth, TAPER_DEPTH), max(min(to, TAPER_DEPTH), FULL_DEPTH)
        return bulk + (TAPER_DEPTH / rate * log(start / end) if start > end else 0.0)

    # -- at its terminals -----------------------------------------------------------------------------------

    def volts(self, depth: float, kw: float) -> float:
        """Terminal voltage, V: `kw` is positive when discharging, negative when charging, 0 at rest or on float.

        Under load it falls from the sagged open-circuit voltage in a line and, in the last quarter, a knee down to
        the cut-off voltage, which it reaches when the depth is 1.
        """
        c, cells = self.chemistry, self.blocks * self.chemistry.cells_per_block
        empty = c.open_volts * 0.92
        if kw > 0.0:
            first = c.open_volts * (1.0 - c.sag * min(2.0, (kw / self.rated_kw) ** 0.5))
            fall = max(0.0, first - c.cutoff_volts)
            return float(cells * (first - fall * ((1.0 - c.knee) * depth + c.knee * depth**8)))
        if kw < 0.0:
            return cells * (c.float_volts - (c.float_volts - empty) * depth)
        if depth <= FULL_DEPTH:
            return cells * c.float_volts
        return cells * (c.open_volts - (c.open_volts - empty) * depth)

    @property
    def nominal_volts(self) -> float:
        """As on the name plate, V: 12 V for a block of six lead-acid cells (IEC 60896-21), 3.7 V for a cell of NMC."""
        return self.blocks * self.chemistry.cells_per_block * self.chemistry.nominal_volts

    @property
    def open_volts(self) -> float:
        """Of the full battery at rest, V."""
        return self.blocks * self.chemistry.block_volts
