"""Racks: dual-corded IT load that rides through what the ITIC curve allows, drops, boots again and can be shed.

A rack's power supplies share the load while both cords are good, and the surviving ones take all of it when a cord
fails. It loses its supply only when every cord has been out of the ITIC envelope for longer than a power supply
rides through.

A row of racks is one component, so that 190 racks cost little. Its continuous state (how much of its ride-through
each power supply has used up) moves at constant rates between two changes of voltage, so it is only counted when
one happens or a crossing is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf, sqrt
from typing import ClassVar, Protocol, cast

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.steadiness import Store
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    NOMINAL_VOLTS,
    Draw,
    Electrical,
    Short,
    Supply,
    single_phase,
    three_phase,
)
from twinfeed.emulators.plant.power.faults.short_faults import fault_ohm, short_circuit
from twinfeed.emulators.plant.power.pdu import CORD_OHM, Pdu
from twinfeed.emulators.plant.racks.deeds import DEEDS
from twinfeed.emulators.plant.racks.power_supplies import DELIVERING, output_kw, platinum_efficiency, ride_through_s
from twinfeed.emulators.plant.racks.ratings import IT_STATES, RackRowRatings, RackRowState

UNPLUGGED = (False, ride_through_s(0.0))
"""The supply of a cord that is plugged into nothing, and the time that a power supply stands it, s."""


class Room(Protocol):
    """The hall of a row, as the row uses it (halls know nothing of rows)."""

    @property
    def inlet_c(self) -> float: ...

    @property
    def hottest_inlet_c(self) -> float: ...


class RackRow(Electrical[RackRowState, RackRowRatings]):
    """A row of racks with one or two cords each (`feeds: {a: pdu-r1-a, b: pdu-r1-b}`).

    A feed that names a PDU plugs rack n into outlet `first_outlet + n - 1`; any other feed (a socket, a static
    switch, a board) serves all racks of the row alike. Quantities of one rack are `rack-3.supplied`,
    `rack-3.kw`, `rack-3.utilisation`, `rack-3.state`.
    """

    kind = "rack_row"
    TERMINALS = ("a", "b")
    PARAMS = RackRowRatings
    STATE = RackRowState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **{
            f"psu-{cord}-failure": Fault(
                f"the power supplies on cord {cord} of a rack are dead",
                {"rack": Parameter(1, "", 0, 64, "which rack, 0 for all", neutral=None, whole=True)},
                failure=FailureMode("at once", "rack-supply", cord),
            )
            for cord in ("a", "b")
        },
        **{
            f"cord-{cord}-short-circuit": short_circuit(
                f"at the end of cord {cord} of a rack",
                {"rack": Parameter(1, "", 1, 64, "which rack", neutral=None, whole=True)},
                failure=FailureMode("at once", "rack-short", cord),
            )
            for cord in ("a", "b")
        },
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = DEEDS
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "supplied": "",
        "racks_supplied": "",
        "racks_running": "",
        "losses": "",
        "it_kw": "kW",
        "heat_kw": "kW",
        "redundant": "",
        "overheated": "",
    }
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {"utilisation": (0.0, 1.0)}
    RACK_QUANTITIES: ClassVar[Mapping[str, str]] = {"supplied": "", "kw": "kW", "state": "", "utilisation": ""}
    """Name -> unit of what an observer may ask of one rack: `rack-3.supplied`."""
    RACK_WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {"state": IT_STATES}

    heat_kw: float
    """Power of all racks, all of which becomes heat, kW."""

    def __init__(self, id: str, params: RackRowRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        p, cords = self.params, len(self.feeds)
        if not cords or any(t not in self.TERMINALS for t in self.feeds):
            raise PlantError(f"{id}: feeds are {', '.join(self.feeds) or 'missing'}, expected a, or a and b")
        self.state.it = ["running"] * p.racks
        self.state.since = [0.0] * p.racks
        self.state.utilisation = [p.utilisation] * p.racks
        self.state.plugged = [[cord] * p.racks for cord in range(cords)]
        self.state.used = [[0.0] * p.racks for _ in range(cords)]
        self.state.dropped = [[False] * p.racks for _ in range(cords)]
        self.state.rates = [[0.0] * p.racks for _ in range(cords)]
        self._full_kw = output_kw(p.rack_kw, cords, p.psu_side_kw)
        """Power of the equipment of a rack from its power supplies at full utilisation, kW."""
        self._kvar_per_kw = sqrt(1.0 / p.power_factor**2 - 1.0)
        self._pdus: list[Pdu | None] = [None] * cords
        self._terminals = list(self.feeds)
        self._hall: Room | None = None
        # Derived between two solutions, and what they were derived from.
        self._sources: list[object] = [None] * cords
        self._quality: list[list[tuple[bool, float]]] = [[(True, inf)] * p.racks] * cords
        """By cord and rack: whether its voltage carries load, and for how long a power supply stands it, s."""
        self._derived_from: RackRowState | None = None
        self._reacted_to: list[list[float]] | None = None
        self._rates: list[list[float]] = []
        self._restored = False
        """The state is that of a snapshot, and nothing has been worked out from it yet."""
        self._kw: list[float] = [0.0] * p.racks
        self._draws: dict[str, Draw] = {}
        self.heat_kw = 0.0

    def numbered(self, parameter: str) -> int | None:
        return self.params.racks if parameter == "rack" else None

    def start(self) -> None:
        for c, ref in enumerate(self.feeds.values()):
            upstream = self.plant.actors.get(ref)
            if isinstance(upstream, Pdu):
                last = self.params.first_outlet + self.params.racks - 1
                if last > upstream.params.outlets:
                    raise PlantError(
                        f"{self.id}: rack {self.params.racks} would be on outlet {last} of {ref}, "
                        f"which has {upstream.params.outlets}; use fewer racks or another PDU"
                    )
                self._pdus[c] = upstream
        if self.params.hall:
            hall = self.plant.find(self.params.hall)
            self._hall = cast(Room, hall) if hasattr(hall, "hottest_inlet_c") else None

    # -- supply and demand ----------------------------------------------------------------------------------

    def energise(self) -> Supply:
        for c, pdu in enumerate(self._pdus):
            if pdu is not None:
                if pdu.outlet_volts is not self._sources[c]:
                    self._sources[c] = pdu.outlet_volts
                    self._see(c, self._slice(pdu.outlet_volts))
            elif self.seen[self._terminals[c]] != self._sources[c]:
                self._sources[c] = seen = self.seen[self._terminals[c]]
                volts = seen.volts[self.params.phase - 1] if self.params.phase else seen.worst_volts
                self._see(c, [volts] * self.params.racks)
        return DEAD

    def shorts(self) -> Sequence[Short]:
        found = []
        for cord, terminal in enumerate(self._terminals):
            if given := self.fault(f"cord-{terminal}-short-circuit"):
                pdu, ref = self._pdus[cord], self.feeds[terminal]
                if pdu is not None:
                    outlet = self.params.first_outlet + min(int(given["rack"]), self.params.racks) - 1
                    found.append(Short(fault_ohm(given) + CORD_OHM, f"{ref}:{outlet}"))
                else:
                    phases = (self.params.phase - 1,) if self.params.phase else (0, 1, 2)
                    found.append(Short(fault_ohm(given) + CORD_OHM, ref, phases))
        return found

    def _slice(self, outlet_volts: list[float]) -> list[float]:
        first = self.params.first_outlet - 1
        return outlet_volts[first : first + self.params.racks]

    def _see(self, cord: int, volts: list[float]) -> None:
        """Note the voltages at a cord of all racks; only what the ITIC curve makes of them can change a draw."""
        quality = [(v / NOMINAL_VOLTS >= DELIVERING, ride_through_s(v / NOMINAL_VOLTS)) for v in volts]
        if quality != self._quality[cord]:
            self._quality[cord] = quality
            self._derived_from = None

    def demand(self) -> Mapping[str, Draw]:
        if self._derived_from is not self.state:
            self._derive()
        return self._draws

    def _derive(self) -> None:
        """The cords that carry each rack, the draw of each cord, and the rate of each ride-through."""
        p, state, cords = self.params, self.state, range(len(self._terminals))
        at = state.counted_at if self._restored else self.plant.now
        failed = [self.fault(f"psu-{t}-failure") for t in self._terminals]
        shares = [[0.0] * p.racks for _ in cords]
        rates = [[0.0] * p.racks for _ in cords]
        self._kw = [0.0] * p.racks
        for r in range(p.racks):
            carrying = []
            for c in cords:
                plugged = state.plugged[c][r]
                delivering, tolerance = self._quality[plugged][r] if plugged >= 0 else UNPLUGGED
                fault = failed[c]
                if fault is not None and int(fault["rack"]) in (0, r + 1):
                    delivering, tolerance = False, ride_through_s(0.0)
                if state.dropped[c][r]:
                    rates[c][r] = -1.0 / p.psu_start_s if tolerance == inf else 0.0
                else:
                    rates[c][r] = 1.0 / tolerance if tolerance < inf else 0.0
                    if delivering:
                        carrying.append(c)
            if carrying:
                self._kw[r] = kw = self._input_kw(r, len(carrying), at)
                for c in carrying:
                    shares[state.plugged[c][r]][r] += kw / len(carrying)
        self._draws = {t: self._plug(c, shares[c]) for c, t in enumerate(self._terminals)}
        self.heat_kw = sum(self._kw)
        self._rates = rates
        self._derived_from = state

    def _plug(self, cord: int, kw: list[float]) -> Draw:
        """The racks' shares of a cord as a draw at its terminal."""
        pdu, ratio = self._pdus[cord], self._kvar_per_kw
        if pdu is None:
            total, phase, power_factor = sum(kw), self.params.phase, self.params.power_factor
            return single_phase(total, phase - 1, power_factor) if phase else three_phase(total, power_factor)
        pdu.plug(self.id, self.params.first_outlet, kw, [p * ratio for p in kw])
        phases = [0.0, 0.0, 0.0]
        for outlet, p in enumerate(kw, self.params.first_outlet):
            on = pdu.on_phase(outlet, p, 0.0).kw
            phases = [phases[0] + on[0], phases[1] + on[1], phases[2] + on[2]]
        a, b, c = phases
        return Draw((a, b, c), (a * ratio, b * ratio, c * ratio))

    def _input_kw(self, r: int, cords: int, at: float) -> float:
        """Draw of rack `r` (from 0) at that time, s, from that many good cords, kW."""
        p, state = self.params, self.state
        it, u = state.it[r], state.utilisation[r]
        full = p.idle_fraction + (1.0 - p.idle_fraction) * u
        if it in ("stopped", "overheated", "down"):
            fraction = p.standby_fraction
        elif it == "booting":
            elapsed = at - state.since[r]
            if elapsed < p.inrush_s:
                fraction = p.inrush
            else:
                ramp = min(1.0, (elapsed - p.inrush_s) / (p.boot_s - p.inrush_s))
                fraction = p.idle_fraction + (full - p.idle_fraction) * ramp
        else:
            fraction = full
        output = self._full_kw * fraction
        return output / platinum_efficiency(output / cords / p.psu_side_kw)

    # -- behaviour without orders --------------------------------------------------------------------------------

    def react(self) -> None:
        if self._hall is not None and self._hall.hottest_inlet_c >= self.params.overheat_c:
            self._feel(self._hall.inlet_c, self._hall.hottest_inlet_c)
        if self._restored and self._rates == self.state.rates:
            self._reacted_to = self._rates  # nothing has changed by the restore
        self._restored = False
        if self._rates is not self._reacted_to:
            self._count()

    def on_restore(self) -> None:
        self._restored = True

    def stores(self) -> Iterable[Store]:
        if self._hall is not None and not all(it == "overheated" for it in self.state.it):
            yield Store("inlet_c", self._hall.hottest_inlet_c, self.params.overheat_c)

    def _feel(self, mean_c: float, hottest_c: float) -> None:
        """Stop hot racks: those in the middle of the row breathe the mean inlet, those at its ends the worst."""
        middle = (self.params.racks - 1) / 2.0
        for r, it in enumerate(self.state.it):
            if it in ("running", "booting", "stopping"):
                inlet_c = mean_c + abs(r - middle) / max(middle, 0.5) * (hottest_c - mean_c)
                if inlet_c >= self.params.overheat_c:
                    self._become(r, "overheated")
                    self.log("overheated", rack=r + 1, inlet_c=round(inlet_c, 1))

    def _count(self) -> None:
        """Move every ride-through up to now, drop and restart those that are due, and set the next evaluation."""
        state = self.state
        dt = self.plant.now - state.counted_at
        state.counted_at = self.plant.now
        due, racks = inf, self.params.racks
        for c, rates in enumerate(self._rates):
            old, used, dropped = state.rates[c], state.used[c], state.dropped[c]
            for r, rate in enumerate(rates):
                if not (rate or old[r] or used[r]):
                    continue
                used[r] += old[r] * dt
                if not dropped[r] and used[r] >= 1.0 - 1e-9:
                    dropped[r], used[r] = True, 1.0
                    self._stale()
                elif dropped[r] and rate >= 0.0:
                    used[r] = 1.0
                elif dropped[r] and used[r] <= 1e-9:
                    dropped[r], used[r] = False, 0.0
                    self._stale()
                elif not dropped[r] and not rate:
                    used[r] = 0.0
                if rate:
                    due = min(due, (1.0 - used[r]) / rate if rate > 0.0 else used[r] / -rate)
        state.rates = self._rates
        self._reacted_to = self._rates
        for r in range(racks):
            self._supply_changed(r)
            due = min(due, self._next_in(r))
        if due < inf:
            self.after(due, "look")
        else:
            self.cancel("look")

    def _supply_changed(self, r: int) -> None:
        state = self.state
        it, supplied = state.it[r], self.supplied_rack(r + 1)
        if not supplied and it != "down" and it != "stopped":
            if it != "overheated":
                state.losses += 1
            self.log("lost supply", rack=r + 1)
            self._become(r, "down")
        elif supplied and it == "down":
            self.log("supply returned", rack=r + 1)
            self._become(r, "booting" if self.params.auto_restart else "stopped")
        elif it == "booting" and self.plant.now - state.since[r] >= self.params.boot_s - 1e-9:
            self.log("running", rack=r + 1)
            self._become(r, "running")
        elif it == "stopping" and self.plant.now - state.since[r] >= self.params.shutdown_s - 1e-9:
            self.log("shut down", rack=r + 1)
            self._become(r, "stopped")

    def _next_in(self, r: int) -> float:
        """Seconds until the draw of rack `r` has to be worked out again for what its equipment is doing."""
        p, it = self.params, self.state.it[r]
        elapsed = self.plant.now - self.state.since[r]
        if it == "stopping":
            return p.shutdown_s - elapsed
        if it != "booting":
            return inf
        if elapsed < p.inrush_s:
            return p.inrush_s - elapsed
        return min(p.boot_s / 12.0, max(p.boot_s - elapsed, 0.001))

    def _become(self, r: int, it: str) -> None:
        self.state.it[r] = it
        self.state.since[r] = self.plant.now
        self._stale()

    def _stale(self) -> None:
        self._derived_from = None
        self.touch()

    def on_timer(self, name: str) -> None:
        step, *given = name.split(" ")
        if step == "restart":
            self.restart(float(given[0]))
        elif step == "recable":
            rack, cord, to, gap = given
            self._recable_on(int(rack), cord, to, float(gap))
        elif name != "look":
            super().on_timer(name)
        self._stale()

    def on_fault(self, kind: str, active: bool) -> None:
        self._stale()

    # -- actions of staff and of a controller ----------------------------------------------------------------

    def set_utilisation(self, utilisation: float, rack: int = 0) -> None:
        """Utilisation of the equipment, 0 to 1, of one rack (from 1) or of all."""
        if not 0.0 <= utilisation <= 1.0:
            raise PlantError(f"{self.id}: utilisation is {utilisation:g}, expected 0 to 1")
        for r in self._chosen(rack):
            self.state.utilisation[r] = utilisation
        self._stale()

    def shut_down(self, rack: int = 0) -> None:
        """Begin an orderly shutdown of one rack (from 1) or of all: off after `shutdown_s`."""
        for r in self._chosen(rack):
            if self.state.it[r] in ("running", "booting"):
                self._become(r, "stopping")
                self.log("shutting down", rack=r + 1)

    def start_up(self, rack: int = 0) -> None:
        """Start shut-down or overheated equipment of one rack (from 1) or of all, where there is supply."""
        for r in self._chosen(rack):
            if self.state.it[r] in ("stopped", "overheated") and self.supplied_rack(r + 1):
                self._become(r, "booting")
                self.log("booting", rack=r + 1)

    def restart(self, gap_s: float) -> bool:
        """Start its stopped racks where there is supply, one each `gap_s`. False if there is none to start."""
        waiting = [
            r for r, it in enumerate(self.state.it, 1) if it in ("stopped", "overheated") and self.supplied_rack(r)
        ]
        if not waiting:
            self.log("no restart", reason="no rack stands still with supply")
            return False
        if gap_s == 0.0:
            waiting, rest = [], waiting
            for rack in rest:
                self.start_up(rack)
        else:
            self.start_up(waiting[0])
        if len(waiting) > 1:
            self.after(gap_s, f"restart {gap_s!r}")
        return True

    def recable(self, rack: int, cord: str, to: str, gap_s: float = 0.0) -> bool:
        """Plug that cord of one rack (from 1), or of all at a rate, into the terminal `to` or into `none`.

        Raises:
            ValueError: the row has no such cord or terminal.
        """
        for name in (cord, to):
            if name not in (*self._terminals, "none") or cord == "none":
                raise ValueError(f"{self.id} has no {name!r}; it has {', '.join(self._terminals)}")
        if rack == 0 and gap_s > 0.0:
            self._recable_on(1, cord, to, gap_s)
            return True
        state, c = self.state, self._terminals.index(cord)
        place = self._terminals.index(to) if to != "none" else -1
        for r in self._chosen(rack):
            if state.plugged[c][r] != place:
                state.plugged[c][r] = place
                state.dropped[c][r], state.used[c][r] = True, 1.0  # the cord was out on the way
                self.log("recabled", rack=r + 1, cord=cord, to=to)
        self._stale()
        return True

    def _recable_on(self, rack: int, cord: str, to: str, gap_s: float) -> None:
        """Move the cord of this rack, and later those of the racks after it."""
        self.recable(rack, cord, to)
        if rack < self.params.racks:
            self.after(gap_s, f"recable {rack + 1} {cord} {to} {gap_s!r}")

    def _chosen(self, rack: int) -> Sequence[int]:
        if not 0 <= rack <= self.params.racks:
            raise PlantError(f"{self.id} has no rack {rack}; its racks are 1 to {self.params.racks}, 0 means all")
        return range(self.params.racks) if rack == 0 else (rack - 1,)

    # -- queries of an observer ------------------------------------------------------------------------------

    def quantity(self, name: str) -> float | bool | str:
        rack, _, what = name.partition(".")
        if rack.startswith("rack-") and rack[5:].isdigit() and 1 <= int(rack[5:]) <= self.params.racks:
            n = int(rack[5:])
            if what == "supplied":
                return self.supplied_rack(n)
            if what == "kw":
                return self._kw[n - 1]
            if what == "state":
                return self.state.it[n - 1]
            if what == "utilisation":
                return self.state.utilisation[n - 1]
            raise PlantError(f"{self.id} {rack} has no quantity {what!r}; it has: {', '.join(self.RACK_QUANTITIES)}")
        return super().quantity(name)

    def supplied_rack(self, rack: int) -> bool:
        """True if any power supply of that rack (from 1) is up, or still rides through."""
        return any(not dropped[rack - 1] for dropped in self.state.dropped)

    @property
    def supplied(self) -> bool:
        """True if every rack is supplied."""
        dropped = self.state.dropped
        return any(True not in cord for cord in dropped) or self.racks_supplied == self.params.racks

    @property
    def racks_supplied(self) -> int:
        """Number of racks that have not lost all of their cords."""
        return sum(not all(d) for d in zip(*self.state.dropped, strict=True))

    @property
    def racks_running(self) -> int:
        """Number of racks whose equipment runs."""
        return self.state.it.count("running")

    @property
    def overheated(self) -> int:
        """Racks that shut themselves down for heat."""
        return self.state.it.count("overheated")

    @property
    def redundant(self) -> bool:
        """True if every rack has all its cords good."""
        return not any(map(any, self.state.dropped)) and not any(map(any, self.state.rates))

    @property
    def losses(self) -> int:
        """Number of times that a rack lost its supply since the start."""
        return self.state.losses

    @property
    def it_kw(self) -> float:
        """Electrical power of the row, kW."""
        return self.heat_kw
