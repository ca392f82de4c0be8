"""The alternator of a generating set: voltage, the swings of load steps, its share of the power of its bus."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import exp, hypot, inf

from twinfeed.emulators.plant.generation.characteristics import hunting_amplitude, inertia_kws
from twinfeed.emulators.plant.generation.couplings import Couplings
from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.engine import DieselEngine
from twinfeed.emulators.plant.generation.load_sharing import regulate
from twinfeed.emulators.plant.generation.paralleling import Regulation, hunting_kw, hunting_speed
from twinfeed.emulators.plant.generation.state import GeneratorState
from twinfeed.emulators.plant.generation.swing import Machine, Swing, coupled, machine
from twinfeed.emulators.plant.power.electrical import DEAD, NOTHING, Draw, Electrical, Supply

LOOK_S = 0.1
"""Time between solutions of the plant while the voltage builds up or a swing is young, s."""

DYING_SWING = 0.005
"""A swing below this share of nominal (a quarter of a hertz, a volt) is evaluated no more before it has died out …"""

DYING_S = 3.0
"""… which it has after this long with any usual governor and regulator, s."""

STEP = 0.005
"""A change of load below this share of the rating swings nothing worth seeing."""

STALL_SPEED = 0.6
"""An overloaded engine stops below this share of its speed (assumed)."""

EXCITATION_SPEED = 0.75
"""The regulator builds voltage from this share of the speed on."""


class Alternator:
    """The alternator that an engine drives.

    Sets that are closed onto one bus in step turn at one speed and have one voltage. The first of them that runs leads:
    it keeps the swing and the regulation for all.
    """

    def __init__(self, unit: Electrical[GeneratorState, GeneratorRatings], engine: DieselEngine) -> None:
        self.unit, self.engine = unit, engine
        engine.shaft = self
        self.origin = unit.params.group or unit.params.bus or unit.id
        """The name of its phase angle: that of its group or bus, which sets in step share."""
        self.sets: Sequence[Alternator] = (self,)
        """The alternators that name its group or bus, in the order of the site file, itself among them."""
        self._alone: Sequence[Alternator] = (self,)
        self._together: Sequence[Alternator] = (self,)
        self._found_at = -1

    def start(self, sets: Sequence[Alternator]) -> None:
        """Take note of all alternators that name its bus, itself among them."""
        self.sets = sets
        self._uniform = len({one.machine for one in sets}) == 1

    @property
    def peers(self) -> Sequence[Alternator]:
        """The other alternators on its bus."""
        return [one for one in self.sets if one is not self]

    @cached_property
    def machine(self) -> Machine:
        return machine(self.unit.params)

    @cached_property
    def _couplings(self) -> Couplings:
        return Couplings([one.unit for one in self.sets])

    # -- the sets of its bus ------------------------------------------------------------------------------------

    @property
    def together(self) -> Sequence[Alternator]:
        """The sets that the bus holds in step with it, itself among them, the one that leads first."""
        if len(self.sets) == 1 or not self.unit.state.closed:
            return self._alone
        moment = self.unit.plant.moment
        if self._found_at != moment:
            self._found_at, self._together = moment, self._find()
        return self._together

    def _find(self) -> Sequence[Alternator]:
        if not self._held:
            return self._alone
        held = [one for one in self.sets if one._held and (one is self or self._connected(one))]
        running = [one for one in held if one.excited]
        if not running:
            return self._alone
        return (*running, *(one for one in held if not one.excited))

    def _connected(self, other: Alternator) -> bool:
        return self._couplings.connected(self.unit, other.unit)

    @property
    def _held(self) -> bool:
        """True if a live bus would hold it in step, whether its engine runs or has died."""
        state = self.unit.state
        return state.closed and state.in_step and (state.phase == "stopping" or self.excited)

    def forget(self) -> None:
        """Something has been opened or closed at this moment: find out anew which sets are together."""
        for one in self.sets:
            one._found_at = -1

    def join(self) -> None:
        """It is being synchronised to a live bus: take over what the sets on it do."""
        for peer in self.peers:
            if peer.on_bus:
                lead = peer.together[0].unit.state
                self.unit.state.swing, self.unit.state.loading = list(lead.swing), list(lead.loading)
                if lead.regulation:
                    self.unit.state.regulation = list(
                        Regulation(*lead.regulation)._replace(kw=0.0, kvar=0.0, kw_aim=0.0, kvar_aim=0.0)
                    )
                return

    @property
    def _bus_machine(self) -> Machine:
        """The machine that the sets together are."""
        together = self.together
        if len(together) == 1 or self._uniform:
            return self.machine
        return coupled([(one.machine, one.unit.params.standby_kw) for one in together])

    # -- output -------------------------------------------------------------------------------------------------

    @property
    def on_bus(self) -> bool:
        """True if it feeds the bus."""
        return self.unit.state.closed and self.unit.state.in_step and self.excited

    @property
    def excited(self) -> bool:
        """True if its terminals are live."""
        return self.unit.state.phase == "running" and self.unit.plant.now >= self._excited_at() - 1e-9

    @property
    def power_kw(self) -> float:
        """Power given, kW; negative while the bus turns its engine."""
        return self.unit.load.total_kw

    @property
    def capacity_kw(self) -> float:
        """Power it can give while it runs, else 0, kW: its weight in the sharing of the load."""
        return self.engine.site_kw if self.unit.state.phase == "running" else 0.0

    @property
    def load_percent(self) -> float:
        """Power given, % of what the engine can give now."""
        return 100.0 * self.power_kw / max(1.0, self.engine.site_kw)

    @property
    def exchange(self) -> Draw:
        """Power given above its share by capacity: it comes from the other sets of its bus, or goes to them."""
        together = self.together
        if len(together) == 1:
            return NOTHING
        kw, kvar = self._hunting_kw(), 0.0
        if self.unit.state.regulation:
            way = self._way()
            kw, kvar = kw + way.kw, way.kvar
        return Draw((kw / 3.0,) * 3, (kvar / 3.0,) * 3) if kw or kvar else NOTHING

    @property
    def loaded(self) -> bool:
        return self.unit.state.closed

    @property
    def motored(self) -> bool:
        """True if its bus turns the dead engine."""
        return self.unit.state.phase == "stopping" and len(self.together) > 1

    def met(self) -> bool:
        """True if another source is on the bus while its own breaker is closed."""
        return any(peer.unit.state.closed and peer.excited for peer in self.peers)

    def terminals(self) -> Supply:
        """Supply on the set's side of the breaker."""
        lead = self.together[0]
        if lead is not self:
            return lead.terminals()
        state, params, now = self.unit.state, self.unit.params, self.unit.plant.now
        if state.phase != "running":
            return DEAD
        built = now - self._excited_at()
        if built < -1e-9:
            return DEAD
        speed = self.engine.speed
        volts = params.volts * (1.0 + Swing(*state.swing).voltage(now, self._bus_machine)) * min(1.0, speed / 0.95)
        volts *= 1.0 - exp(-max(0.0, built) / params.excitation_s)
        if state.regulation:
            volts *= 1.0 + self._way().volts
        volts = max(0.0, volts)
        return Supply((volts, volts, volts), speed * params.hertz, self.origin)

    # -- speed --------------------------------------------------------------------------------------------------

    def held_speed(self) -> float | None:
        """Speed at which its bus holds it, per unit; None while it sets the speed itself."""
        lead = self.together[0]
        return None if lead is self else lead.engine.speed

    def swing(self) -> float:
        """Deviation of speed of its bus, per unit: load steps, governors, hunting."""
        state, now = self.unit.state, self.unit.plant.now
        deviation = Swing(*state.swing).speed(now, self._bus_machine) + hunting_speed(self._hunting()[0], now)
        return deviation + self._way().speed if state.regulation else deviation

    def _hunting(self) -> tuple[float, float]:
        """Amplitude of hunting of its bus and of its own governor, per unit.

        Each governor turns its own set; coupled, the sets turn with the mean, weighted with their inertia.
        """
        own = hunting_amplitude(self.unit)
        if len(self.together) == 1:
            return own, own
        if not any("governor" in one.unit.state.faults for one in self.together):
            return 0.0, 0.0
        whole = sum(inertia_kws(one.unit) for one in self.together)
        return sum(inertia_kws(one.unit) * hunting_amplitude(one.unit) for one in self.together) / whole, own

    def _hunting_kw(self) -> float:
        bus, own = self._hunting()
        return hunting_kw(inertia_kws(self.unit), own - bus, self.unit.plant.now) if own or bus else 0.0

    @property
    def way_left(self) -> float:
        """The distance of its regulation from its aims, per unit."""
        return self._way().left(self.unit.params.standby_kw) if self.unit.state.regulation else 0.0

    def _way(self) -> Regulation:
        """Its regulation at this moment."""
        m = self._bus_machine
        return Regulation(*self.unit.state.regulation).moved(self.unit.plant.now, m.governor_s, m.avr_s)

    # -- the clock's calls --------------------------------------------------------------------------------------

    def horizon(self) -> float:
        """Often while voltage builds up or swings by more than 2 %, seldom below, once it has died out, then never."""
        state, params, now = self.unit.state, self.unit.params, self.unit.plant.now
        if state.phase != "running":
            return inf
        excited = self._excited_at()
        if now < excited:
            return excited - now
        if self.together[0] is not self:
            return inf
        m, swing = self._bus_machine, Swing(*state.swing)
        if swing.limited:
            return min(LOOK_S, swing.stalls_s(now, m, 1.0 - STALL_SPEED))
        if now < excited + 3.0 * params.excitation_s or self._hunting()[0]:
            return LOOK_S
        left = max((one.way_left for one in self.together), default=0.0) if state.regulation else 0.0
        if left < 4e-4 and swing.settled(now, m):
            return inf
        size = max(swing.size(now, m), left)
        return LOOK_S if size > 0.02 else 10.0 * LOOK_S if size > DYING_SWING else DYING_S

    def entered(self, phase: str) -> None:
        """The engine has just changed its phase: swings end, the voltage begins to build up or is gone."""
        self.forget()
        state = self.unit.state
        state.swing, state.regulation = list(Swing.standing(self.unit.plant.now, self.machine)), []
        if phase == "running":
            state.loading = [0.0, 0.0, self.capacity_kw]
            self.unit.after(self._excited_at() - self.unit.plant.now, "excited")
        else:
            self.unit.cancel("excited")

    def _excited_at(self) -> float:
        """When its speed passes the point where voltage builds up, s."""
        state = self.unit.state
        share = (EXCITATION_SPEED - state.from_speed) / (1.0 - min(0.99, state.from_speed))
        return state.since + max(0.0, share) * self.unit.params.run_up_s

    def react(self) -> None:
        """Follow the load, the governors and the regulators of all sets together, if it leads them."""
        together = self.together
        if together[0] is not self:
            return
        self._watch_load()
        regulate(together, self.unit.plant.now, self._bus_machine, len(together) == 1 or self._uniform)
        for one in together[1:]:
            one.unit.state.swing, one.unit.state.loading = list(self.unit.state.swing), list(self.unit.state.loading)
        if self._stalls:
            for one in together:
                if one.excited:
                    one.engine.die("stalled")

    # -- load steps ---------------------------------------------------------------------------------------------

    def _bus_loading(self) -> tuple[float, float, float]:
        """Load and capacity of the running sets together: kW, kVA, kW.

        A short circuit slows the sets by its active power; the fall of voltage that it makes is that of its network.
        """
        kw = steady_kw = kvar = capacity = 0.0
        for one in self.together:
            if one.excited and one.unit.state.closed:
                steady = one.unit.steady_load
                kw += one.unit.load.total_kw
                steady_kw, kvar = steady_kw + steady.total_kw, kvar + steady.total_kvar
            capacity += one.capacity_kw
        return kw, hypot(steady_kw, kvar), capacity

    def _watch_load(self) -> None:
        """Swing when the load of the running sets has changed, or when there are fewer to carry it."""
        state, now, m = self.unit.state, self.unit.plant.now, self._bus_machine
        kw, kva, capacity = self._bus_loading()
        kw_before, kva_before, capacity_before = state.loading
        fewer, more = capacity < 0.99 * capacity_before, capacity > 1.01 * capacity_before
        divisor = capacity_before if fewer else capacity
        if capacity <= 0.0 or divisor <= 0.0:
            return
        power = kw / capacity
        step = power - kw_before / divisor
        kva_step = (kva / capacity - kva_before / divisor) / m.kva_per_kw
        swing = Swing(*state.swing)
        if more:  # those that have joined have no air for a load yet
            swing = swing.moved(now, m)
            fresh = 1.0 - capacity_before / capacity
            swing = swing._replace(limit=swing.limit + fresh * (m.aspirated - swing.limit))
        if abs(step) > STEP or abs(kva_step) > STEP or fewer:
            swing = swing.loaded(now, m, power, step, kva_step)
            state.loading = [kw, kva, capacity]
            self.unit.touch()
        elif more:
            state.loading = [kw, kva, capacity]
        if swing.back(now, m):
            swing = swing.released(now, m)
        state.swing = list(swing)

    @property
    def _stalls(self) -> bool:
        swing = Swing(*self.unit.state.swing)
        return swing.stalls_s(self.unit.plant.now, self._bus_machine, 1.0 - STALL_SPEED) <= 1e-9
