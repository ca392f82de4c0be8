"""Power distribution units: switched and metered outlets on banks with a breaker each.

What is plugged in takes an outlet as a socket (`pdu-r1-a:12`); a row of racks (`emulators.plant.racks`) plugs into
a whole PDU at once (`pdu-r1-a`).

Meters and trip curves are integrals of what is constant between two changes of the flow, so they are brought up to
date only when it changes or when somebody asks: a quiet PDU costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
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
    added,
)
from twinfeed.emulators.plant.power.faults.impedances import CORD_M, CORD_MM2, cable_ohm, miniature_ohm
from twinfeed.emulators.plant.power.faults.short_faults import earth_fault, fault_ohm, short_circuit
from twinfeed.emulators.plant.power.pdu_banks import Banks, point
from twinfeed.emulators.plant.power.pdu_energy import Energies
from twinfeed.emulators.plant.power.pdu_ratings import PduRatings, PduState

WHERE = {"outlet": Parameter(0, "", 0, 256, "which outlet's cord, 0 for the inlet", neutral=None, whole=True)}

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
        "reset": DeedKind("close the tripped breaker of a bank", lambda pdu, a: pdu.banks.reset(int(a["bank"])), BANK),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "energy_kwh": "kWh",
        "tripped_banks": "",
        "outlets_on": "",
        "worst_phase_a": "A",
        "losses_kw": "kW",
    }

    def __init__(self, id: str, params: PduRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        p = self.params
        self.outlet_banks = [o * p.banks // p.outlets for o in range(p.outlets)]
        """Bank of each outlet, both from 0."""
        self.outlet_phases = [
            -1 if o + 1 in p.three_phase_outlets else (p.phase - 1 if p.phases == 1 else bank % 3)
            for o, bank in enumerate(self.outlet_banks)
        ]
        """Phase of each outlet, from 0; -1 for a three-phase outlet."""
        self.state.relays = [True] * p.outlets
        self.banks = Banks(self, self.outlet_banks, self._changed_outlets)
        self.energy = Energies(self, self.outlet_banks, self.outlet_phases)
        # Derived between two solutions, and what they were derived from.
        self.outlet_volts: list[float] = [0.0] * p.outlets
        """Voltage at each outlet, V; a new list whenever one changes, so that a row sees at a glance that none did."""
        self.outlet_draws: list[Draw] = [NOTHING] * p.outlets
        self._lost_kw = 0.0
        self.changes = 0
        """Grows when a relay, a breaker or a fault changes, for those who must read them again then."""
        self._plugged: dict[str, tuple[int, list[float], list[float]]] = {}
        self._behind = DEAD
        """The supply behind the inlet."""
        self._volts_from: tuple[PduState, Supply] | None = None
        self._draws_from: dict[str, Draw] | None = None
        self._draw = NOTHING
        self._demand: dict[str, Draw] = {}
        self._lost_from: tuple[Draw, Phases] | None = None
        self._metered: tuple[object, object, object, object] = (None,) * 4

    def start(self) -> None:
        self.banks.start()

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
        volts = [self.banks.volts(bank, self._behind.volts) for bank in self.banks.all]
        closed = [not self.banks.is_open(bank) for bank in self.banks.all]
        outlet_volts = [
            volts[bank][phase] if relay and closed[bank] else 0.0
            for relay, bank, phase in zip(self.state.relays, self.outlet_banks, self.outlet_phases, strict=True)
        ]
        if outlet_volts != self.outlet_volts:
            self.outlet_volts = outlet_volts

    def feel(self, inside: Mapping[str, Inside]) -> None:
        if inside != self.banks.inside:
            self.banks.inside = inside
            self._volts_from = None

    def links(self) -> Mapping[str, Link]:
        return {} if "inlet-loss" in self.state.faults else {"input": Link(0j)}

    def wired(self) -> tuple[int, int, int]:
        return (self.params.phase - 1,) * 3 if self.params.phases == 1 else (0, 1, 2)

    def tap(self, socket: str) -> Tap | None:
        outlet = self._outlet(socket)
        bank = self.outlet_banks[outlet] + 1
        if self.banks.is_open(bank) or not self.state.relays[outlet]:
            return None
        return Tap(point(bank), miniature_ohm(self.params.bank_a), self.outlet_phases[outlet])

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
        if self._lost_from is None or self._lost_from[0] is not self._draw or self._lost_from[1] != self._behind.volts:
            self._lose()
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
        self.outlet_draws, self._draw = draws, added(draws)
        self.banks.carry(draws)
        self._draws_from = dict(self.loads)

    def _lose(self) -> None:
        """Work out its own losses, which it draws beside what its outlets do. Its controls live on the best phase."""
        volts = self._behind.volts
        self._lost_from = self._draw, volts
        lost = list(self.banks.losses_kw(volts))
        if self._behind.live:
            lost[self.params.phase - 1 if self.params.phases == 1 else volts.index(max(volts))] += (
                self.params.controls_kw
            )
        a, b, c = lost
        self._lost_kw = a + b + c
        self._demand = {"input": self._draw.plus(Draw((a, b, c), NOTHING.kvar)) if self._lost_kw else self._draw}

    @property
    def losses_kw(self) -> float:
        """Power that its controls and the poles of its breakers take, kW."""
        return self._lost_kw

    @property
    def heat_kw(self) -> float:
        """Heat that it gives to its room, kW."""
        return self._lost_kw

    # -- breakers and energy ------------------------------------------------------------------------------------

    def react(self) -> None:
        state = self.state
        rated = self.banks.rate()
        draws, volts, of, inside = self._metered
        same = draws is self.outlet_draws and of is state
        if same and not rated and volts == self.output.volts and inside is self.banks.inside:
            return
        self._metered = self.outlet_draws, self.output.volts, state, self.banks.inside
        counted = same or self.energy.counts(self.outlet_draws, self._draw)
        heating = self.banks.heating
        if rated or not counted or heating != state.heating:
            self.bring_up_to_date()
            if not counted:
                self.energy.count(self.outlet_draws, self._draw)
            state.heating = heating
            self.banks.watch()
        if not self.params.latching and not self.output.live and any(state.relays):
            for outlet in range(1, self.params.outlets + 1):
                self.switch(outlet, False)

    def on_timer(self, name: str) -> None:
        verb, _, bank = name.partition(" ")
        if verb != "trip":
            super().on_timer(name)
        self.bring_up_to_date()
        self.banks.trip(int(bank))

    def on_fault(self, kind: str, active: bool) -> None:
        self._changed_outlets()

    def _changed_outlets(self) -> None:
        self.changes += 1
        self._volts_from = None
        self.touch()

    def bring_up_to_date(self) -> None:
        """Integrate energies and breaker temperatures up to now."""
        seconds = self.plant.now - self.state.metered_at
        if seconds > 0.0:
            self.energy.add(seconds)
            self.banks.warm(seconds)
            self.state.metered_at = self.plant.now

    # -- relays -----------------------------------------------------------------------------------

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

    # -- meters (outlets, banks and phases are numbered from 1) -------------------------------------

    def relay_closed(self, outlet: int) -> bool:
        return self.state.relays[outlet - 1]

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

    @property
    def worst_phase_a(self) -> float:
        """Current of the worst phase, A."""
        return max(self.amperes)

    @property
    def wired_phases(self) -> Sequence[int]:
        """The phases its inlet has, from 0."""
        return range(3) if self.params.phases == 3 else (self.params.phase - 1,)

    @property
    def energy_kwh(self) -> float:
        """Energy delivered since the start, kWh."""
        return self.energy.kwh

    @property
    def tripped_banks(self) -> int:
        """Number of banks whose breaker is open."""
        return sum(self.banks.is_open(bank) for bank in self.banks.all)

    @property
    def outlets_on(self) -> int:
        """Number of outlets that are switched on."""
        return sum(v > 0.0 for v in self.outlet_volts)
