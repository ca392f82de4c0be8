"""Power distribution units: switched and metered outlets on banks with a breaker each.

What is plugged in takes an outlet as a socket (`pdu-r1-a:12`); a row of racks (`emulators.plant.racks`) plugs into
a whole PDU at once (`pdu-r1-a`).

Meters and trip curves are integrals of what is constant between two changes of the flow, so they are brought up to
date only when it changes or when somebody asks: a quiet PDU costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, hypot, log, sqrt
from typing import ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.power.breaker_ratings import CURVES
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    NOTHING,
    Draw,
    Electrical,
    Inside,
    Link,
    Phases,
    Short,
    Supply,
    Tap,
)
from twinfeed.emulators.plant.power.faults.impedances import CORD_M, CORD_MM2, cable_ohm, miniature_ohm
from twinfeed.emulators.plant.power.faults.short_faults import earth_fault, fault_ohm, short_circuit
from twinfeed.emulators.plant.power.pdu_ratings import PduRatings, PduState

NONE: Phases = NOTHING.kw
"""Of what draws nothing, kVA per phase."""


WHERE = {"outlet": Parameter(0, "", 0, 256, "which outlet's cord, 0 for the inlet", neutral=None, whole=True)}

BANK_BREAK_S = 0.01
"""From pickup of a bank breaker's instantaneous release to the end of the current, s (half a cycle; usual)."""

CORD_OHM = 2.0 * cable_ohm(CORD_M, CORD_MM2)
"""To the end of a cord and back, ohm."""

OUTLET: Mapping[str, Parameter] = {"outlet": Parameter(1, "", 1, 256, "which outlet", neutral=None, whole=True)}
BANK: Mapping[str, Parameter] = {"bank": Parameter(1, "", 1, 64, "which bank", neutral=None, whole=True)}
"""Arguments of the deeds at outlets and banks."""


class Pdu(Electrical[PduState, PduRatings]):
    """A power distribution unit: an inlet, banks with a breaker each, switched and metered outlets.

    Outlets are the sockets "1" to "n". A single-phase outlet shows its voltage on all three phases of its `Supply`
    and puts whatever is drawn from it on its own phase, so what is plugged in need not know which one that is.
    """

    kind = "pdu"
    PARAMS = PduRatings
    STATE = PduState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "inlet-loss": Fault(
            "the inlet cord is pulled: the whole PDU is dead", actuator=True, failure=FailureMode("at once", "pdu")
        ),
        "bank-trip": Fault(
            "a bank's breaker is held open",
            {"bank": Parameter(1, "", 0, 64, "which bank, 0 for all", neutral=None, whole=True)},
            failure=FailureMode("at once", "pdu-bank"),
        ),
        "relay-stuck": Fault(
            "an outlet's relay stays where it is",
            {"outlet": Parameter(1, "", 0, 256, "which outlet, 0 for all", neutral=None, whole=True)},
        ),
        "short-circuit": short_circuit(
            "at an outlet's cord, or at the inlet", WHERE, failure=FailureMode("at once", "pdu-short")
        ),
        "earth-fault": earth_fault(
            "at an outlet's cord, or at the inlet", WHERE, failure=FailureMode("at once", "pdu-short")
        ),
        "meter-drift": Fault(
            "the PDU's meters read too much or too little; breakers and loads do not care",
            {"percent": Parameter(10.0, "%", -100.0, 100.0, "error of every current, power and energy reading")},
            family="sensor",
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "switch-off": DeedKind(
            "switch an outlet off", lambda pdu, a: pdu.switch(int(a["outlet"]), False), OUTLET, "switch-on"
        ),
        "switch-on": DeedKind(
            "switch an outlet on", lambda pdu, a: pdu.switch(int(a["outlet"]), True), OUTLET, "switch-off"
        ),
        "reset": DeedKind("close the tripped breaker of a bank", lambda pdu, a: pdu.reset_bank(int(a["bank"])), BANK),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "energy_kwh": "kWh",
        "tripped_banks": "",
        "outlets_on": "",
        "worst_phase_a": "A",
    }

    def __init__(self, id: str, params: PduRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        p = self.params
        self.curve = CURVES[p.bank_curve]
        self.outlet_banks = [o * p.banks // p.outlets for o in range(p.outlets)]
        """Bank of each outlet, both from 0."""
        self.outlet_phases = [
            -1 if o + 1 in p.three_phase_outlets else (p.phase - 1 if p.phases == 1 else bank % 3)
            for o, bank in enumerate(self.outlet_banks)
        ]
        """Phase of each outlet, from 0; -1 for a three-phase outlet."""
        self.state.relays = [True] * p.outlets
        self.state.tripped = [False] * p.banks
        self.state.kw, self.state.kva = [0.0] * p.outlets, [0.0] * p.outlets
        self.state.kwh, self.state.kvah = [0.0] * p.outlets, [0.0] * p.outlets
        self.state.heating, self.state.warmth = [0.0] * p.banks, [0.0] * p.banks
        # Derived between two solutions, and what they were derived from.
        self.outlet_volts: list[float] = [0.0] * p.outlets
        """Voltage at each outlet, V; a new list whenever one changes, so that a row sees at a glance that none did."""
        self.outlet_draws: list[Draw] = [NOTHING] * p.outlets
        self.changes = 0
        """Grows when a relay, a breaker or a fault changes, for those who must read them again then."""
        self._plugged: dict[str, tuple[int, list[float], list[float]]] = {}
        self._behind = DEAD
        """The supply behind the inlet."""
        self._inside: Mapping[str, Inside] = {}
        """The banks that a short circuit concerns."""
        self._volts_from: tuple[PduState, Supply] | None = None
        self._draws_from: dict[str, Draw] | None = None
        self._draw = NOTHING
        self._demand: dict[str, Draw] = {}
        self._bank_kva: list[Phases] = [NONE] * p.banks
        self._metered: tuple[object, object, object, object] = (None, None, None, None)

    # -- supply ---------------------------------------------------------------------------------------------

    def numbered(self, parameter: str) -> int | None:
        return {"bank": self.params.banks, "outlet": self.params.outlets}.get(parameter)

    def energise(self) -> Supply:
        seen = self.seen.get("input", DEAD)
        before = self._volts_from
        if before is None or before[0] is not self.state or before[1] != seen:
            volts = self._behind.volts
            self._behind = self._behind_inlet(seen)
            if before is None or before[0] is not self.state or self._behind.volts != volts:
                self._switch_outlets()
            self._volts_from = (self.state, seen)
        return self._behind

    def _behind_inlet(self, seen: Supply) -> Supply:
        p = self.params
        if self.fault("inlet-loss") is not None or not seen.live:
            return DEAD
        if p.phases == 1:
            volts = seen.volts[p.phase - 1]
            return Supply((volts, volts, volts), seen.hertz, seen.origin)
        return seen

    def _switch_outlets(self) -> None:
        p = self.params
        banks = [self._bank_volts(bank) for bank in range(1, p.banks + 1)]
        closed = [not self.bank_open(bank) for bank in range(1, p.banks + 1)]
        outlet_volts = [
            banks[bank][phase] if relay and closed[bank] else 0.0
            for relay, bank, phase in zip(self.state.relays, self.outlet_banks, self.outlet_phases, strict=True)
        ]
        if outlet_volts != self.outlet_volts:
            self.outlet_volts = outlet_volts

    def _bank_volts(self, bank: int) -> tuple[float, float, float, float]:
        """Voltage of the phases behind that bank's breaker, and the lowest, which a three-phase outlet (-1) shows,
        V."""
        inside = self._inside.get(_point(bank))
        a, b, c = self._behind.volts if inside is None else inside.volts
        return a, b, c, min(a, b, c)

    def feel(self, inside: Mapping[str, Inside]) -> None:
        if inside != self._inside:
            self._inside = inside
            self._volts_from = None

    def links(self) -> Mapping[str, Link]:
        return {} if "inlet-loss" in self.state.faults else {"input": Link(0j)}

    def wired(self) -> tuple[int, int, int]:
        return (self.params.phase - 1,) * 3 if self.params.phases == 1 else (0, 1, 2)

    def tap(self, socket: str) -> Tap | None:
        outlet = self._outlet(socket)
        bank = self.outlet_banks[outlet] + 1
        if self.bank_open(bank) or not self.state.relays[outlet]:
            return None
        return Tap(_point(bank), miniature_ohm(self.params.bank_a), self.outlet_phases[outlet])

    def shorts(self) -> Sequence[Short]:
        found = []
        for kind in ("short-circuit", "earth-fault"):
            if given := self.fault(kind):
                outlet, earth = int(given["outlet"]), kind == "earth-fault"
                phases = (int(given["phase"]) - 1,) if earth else (0, 1, 2)
                if outlet:
                    ohm = fault_ohm(given) + CORD_OHM / (1.0 if earth or self.outlet_phases[outlet - 1] >= 0 else 2.0)
                    found.append(Short(ohm, f"{self.id}:{outlet}", phases, earth))
                else:
                    found.append(Short(fault_ohm(given), "", phases, earth))
        return found

    def socket(self, name: str) -> Supply:
        outlet = self._outlet(name)
        volts = self.outlet_volts[outlet]
        if volts <= 0.0:
            return DEAD
        if self.outlet_phases[outlet] < 0:
            return self.output
        return Supply((volts, volts, volts), self.output.hertz, self.output.origin)

    def _outlet(self, name: str) -> int:
        """The position from 0 of the outlet called "1" to "n"."""
        if not name.isdigit() or not 1 <= int(name) <= self.params.outlets:
            raise PlantError(f"{self.id} has no outlet {name!r}; its outlets are 1 to {self.params.outlets}")
        return int(name) - 1

    # -- demand ---------------------------------------------------------------------------------------------

    def plug(self, who: str, first: int, kw: list[float], kvar: list[float]) -> None:
        """Take note of the draws of a row of racks from the outlets `first` (from 1) and following, kW and kvar each.

        They hold until the row calls again. The row also reports the sum as the draw of its terminal.
        """
        self._plugged[who] = (first - 1, kw, kvar)
        self._draws_from = None

    def on_phase(self, outlet: int, kw: float, kvar: float) -> Draw:
        """The draw of `kw` and `kvar` from that outlet (from 1), on the three phases."""
        phase = self.outlet_phases[outlet - 1]
        if phase < 0:
            return Draw((kw / 3, kw / 3, kw / 3), (kvar / 3, kvar / 3, kvar / 3))
        if phase == 0:
            return Draw((kw, 0.0, 0.0), (kvar, 0.0, 0.0))
        if phase == 1:
            return Draw((0.0, kw, 0.0), (0.0, kvar, 0.0))
        return Draw((0.0, 0.0, kw), (0.0, 0.0, kvar))

    def demand(self) -> Mapping[str, Draw]:
        if self._draws_from is None or self._draws_from != self.loads:
            self._add_up()
        self.load = self._draw
        return self._demand

    def _add_up(self) -> None:
        draws = [NOTHING] * self.params.outlets
        for first, kw, kvar in self._plugged.values():
            for o, (p, q) in enumerate(zip(kw, kvar, strict=True), first):
                if p or q:
                    draws[o] = draws[o].plus(self.on_phase(o + 1, p, q))
        for name, draw in self.loads.items():
            o = self._outlet(name)
            if self.outlet_phases[o] >= 0:
                draw = self.on_phase(o + 1, draw.total_kw, draw.total_kvar)
            draws[o] = draws[o].plus(draw)
        total = NOTHING
        for draw in draws:
            if draw is not NOTHING:
                total = total.plus(draw)
        self.outlet_draws, self._draw, self._demand = draws, total, {"input": total}
        self._bank_kva = self._by_bank()
        self._draws_from = dict(self.loads)

    def _by_bank(self) -> list[Phases]:
        """Apparent power through each pole of each bank's breaker, kVA."""
        banks = [NOTHING] * self.params.banks
        for draw, bank in zip(self.outlet_draws, self.outlet_banks, strict=True):
            if draw is not NOTHING:
                banks[bank] = banks[bank].plus(draw)
        return [
            NONE if p == NONE and q == NONE else (hypot(p[0], q[0]), hypot(p[1], q[1]), hypot(p[2], q[2]))
            for p, q in banks
        ]

    # -- breakers and energy ------------------------------------------------------------------------------------

    def react(self) -> None:
        draws, volts, state, inside = self._metered
        if draws is self.outlet_draws and volts == self.output.volts and state is self.state and inside is self._inside:
            return
        self.bring_up_to_date()
        if draws is not self.outlet_draws or state is not self.state:
            self.state.kw = [d.total_kw for d in self.outlet_draws]
            self.state.kva = [d.total_kva for d in self.outlet_draws]
            self.state.inlet_kva = self._draw.total_kva
        self.state.heating = [(self.bank_amperes(b) / self.params.bank_a) ** 2 for b in range(1, self.params.banks + 1)]
        self._metered = (self.outlet_draws, self.output.volts, self.state, self._inside)
        self._watch_breakers()
        if not self.params.latching and not self.output.live and any(self.state.relays):
            for outlet in range(1, self.params.outlets + 1):
                self.switch(outlet, False)

    def _watch_breakers(self) -> None:
        hot, instantaneous = self.curve.pickup**2, self.curve.instantaneous**2
        for bank, heating in enumerate(self.state.heating):
            timer, warmth = f"trip {bank + 1}", self.state.warmth[bank]
            running = self.remaining_s(timer)
            if running is not None and running <= BANK_BREAK_S:
                continue  # its contacts part
            if heating >= instantaneous:
                self.after(BANK_BREAK_S, timer)
            elif warmth >= hot * (1 - 1e-9):
                self._trip(bank + 1)
            elif heating > hot:
                self.after(self.curve.tau_s * log((heating - warmth) / (heating - hot)), timer)
            elif running is not None:
                self.cancel(timer)

    def on_timer(self, name: str) -> None:
        verb, _, bank = name.partition(" ")
        if verb != "trip":
            super().on_timer(name)
        self.bring_up_to_date()
        self._trip(int(bank))

    def _trip(self, bank: int) -> None:
        if not self.state.tripped[bank - 1]:
            self.state.tripped[bank - 1] = True
            self.log(
                "bank tripped", bank=bank, amperes=round(sqrt(self.state.heating[bank - 1]) * self.params.bank_a, 1)
            )
            self._changed_outlets()

    def on_fault(self, kind: str, active: bool) -> None:
        self._changed_outlets()

    def _changed_outlets(self) -> None:
        self.changes += 1
        self._volts_from = None
        self.touch()

    def bring_up_to_date(self) -> None:
        """Integrate energies and breaker temperatures up to now."""
        state = self.state
        dt = self.plant.now - state.metered_at
        if dt <= 0.0:
            return
        hours = dt / 3600.0
        for o, kw in enumerate(state.kw):
            if kw or state.kva[o]:
                state.kwh[o] += kw * hours
                state.kvah[o] += state.kva[o] * hours
        state.inlet_kvah += state.inlet_kva * hours
        left = exp(-dt / self.curve.tau_s)
        state.warmth = [h + (w - h) * left for h, w in zip(state.heating, state.warmth, strict=True)]
        state.metered_at = self.plant.now

    # -- relays and resets -----------------------------------------------------------------------------------

    def switch(self, outlet: int, closed: bool) -> bool:
        """Move the relay of `outlet` (from 1); False if it has not obeyed (a stuck one does not)."""
        self._outlet(str(outlet))
        if not self.params.switched:
            raise PlantError(f"{self.id} is a metered PDU: its outlets cannot be switched")
        if self.state.relays[outlet - 1] != closed:
            stuck = self.fault("relay-stuck")
            if stuck is not None and int(stuck["outlet"]) in (0, outlet):
                return False
            self.state.relays[outlet - 1] = closed
            self.log("outlet on" if closed else "outlet off", outlet=outlet)
            self._changed_outlets()
        return True

    def reset_bank(self, bank: int) -> None:
        """Close a tripped breaker again, as staff do by hand."""
        if not 1 <= bank <= self.params.banks:
            raise PlantError(f"{self.id} has no bank {bank}; its banks are 1 to {self.params.banks}")
        if self.state.tripped[bank - 1]:
            self.state.tripped[bank - 1] = False
            self.log("bank reset", bank=bank)
            self._changed_outlets()

    # -- meters (outlets, banks and phases are numbered from 1) -------------------------------------

    def relay_closed(self, outlet: int) -> bool:
        return self.state.relays[outlet - 1]

    def bank_open(self, bank: int) -> bool:
        """True if that bank's breaker is open, tripped or held."""
        held = self.fault("bank-trip")
        return self.state.tripped[bank - 1] or (held is not None and int(held["bank"]) in (0, bank))

    @property
    def meter_gain(self) -> float:
        """Reading of a true 1.0."""
        drift = self.fault("meter-drift")
        return 1.0 if drift is None else 1.0 + drift["percent"] / 100.0

    def outlet_amperes(self, outlet: int) -> float:
        return max(self.outlet_draws[outlet - 1].amperes(self.output.volts))

    def bank_draw(self, bank: int) -> Draw:
        total = NOTHING
        for draw, on in zip(self.outlet_draws, self.outlet_banks, strict=True):
            if on == bank - 1:
                total = total.plus(draw)
        return total

    def bank_amperes(self, bank: int) -> float:
        """The current of that bank's most loaded pole, A."""
        kva = self._bank_kva[bank - 1]
        inside = self._inside.get(_point(bank))
        short = inside.amperes if inside is not None else 0.0
        if kva is NONE:
            return short
        return max(
            short,
            *(
                1000.0 * pole / volts if volts > 1.0 else 0.0
                for pole, volts in zip(kva, self.output.volts, strict=True)
            ),
        )

    @property
    def worst_phase_a(self) -> float:
        """Current of the worst phase, A."""
        return max(self.amperes)

    @property
    def wired_phases(self) -> Sequence[int]:
        """The phases its inlet has, from 0."""
        return range(3) if self.params.phases == 3 else (self.params.phase - 1,)

    def outlet_kwh(self, outlet: int) -> float:
        """Energy drawn from that outlet since the plant was started, kWh."""
        return self.state.kwh[outlet - 1] + self.state.kw[outlet - 1] * self._unmetered_h

    def outlet_kvah(self, outlet: int) -> float:
        return self.state.kvah[outlet - 1] + self.state.kva[outlet - 1] * self._unmetered_h

    def bank_kwh(self, bank: int) -> float:
        return sum(self.outlet_kwh(o) for o, b in enumerate(self.outlet_banks, 1) if b == bank - 1)

    def phase_kwh(self, phase: int) -> float:
        """Energy drawn from that phase, kWh; three-phase outlets count a third on each."""
        return sum(
            self.outlet_kwh(o) * (1.0 if on == phase - 1 else 1.0 / 3.0 if on < 0 else 0.0)
            for o, on in enumerate(self.outlet_phases, 1)
        )

    @property
    def energy_kwh(self) -> float:
        """Energy delivered since the start, kWh."""
        return sum(self.state.kwh) + sum(self.state.kw) * self._unmetered_h

    @property
    def energy_kvah(self) -> float:
        """Apparent energy through the inlet since the plant was started, kVAh."""
        return self.state.inlet_kvah + self.state.inlet_kva * self._unmetered_h

    @property
    def _unmetered_h(self) -> float:
        return (self.plant.now - self.state.metered_at) / 3600.0

    @property
    def tripped_banks(self) -> int:
        """Number of banks whose breaker is open."""
        return sum(self.bank_open(b) for b in range(1, self.params.banks + 1))

    @property
    def any_bank_open(self) -> bool:
        return True in self.state.tripped or "bank-trip" in self.state.faults

    @property
    def outlets_on(self) -> int:
        """Number of outlets that are switched on."""
        return sum(v > 0.0 for v in self.outlet_volts)


def _point(bank: int) -> str:
    """The name of the point behind that bank's breaker, from 1."""
    return f"bank-{bank}"
