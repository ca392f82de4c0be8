"""Diesel on site: a bulk tank, and a day tank at each set that is kept full from it by a pump.

Levels are straight lines between events, so nothing is computed while nothing changes: each tank sets a timer for
the moment it runs dry or its float switch acts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, ClassVar, Generic, Protocol, cast

from typing_extensions import TypeVar

from twinfeed.emulators.plant.kernel.actor import PlantError, State
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.power.electrical import DEAD, Draw, Electrical, Supply, three_phase


class Burner(Protocol):
    """A set that a day tank feeds (it names the tank as its `fuel_tank`)."""

    @property
    def fuel_lph(self) -> float: ...


LEAK = Parameter(100.0, "l/h", 0.1, 20000.0, "what runs out")


@dataclass(frozen=True)
class TankRatings:
    """The bulk tank of the Bamako site.

    Twelve hours at the load of the site must be on hand (Uptime Institute, Tier Standard: Topology, Tier III and IV;
    from memory, unverified): two sets at 437 l/h (see `diesel`) burn 10,500 l in that time. The rest is what a
    city with uncertain deliveries keeps.
    """

    capacity_l: Annotated[float, Range(1.0, 10000000.0, "l")] = 30000.0
    """Capacity, l."""
    initial_percent: Annotated[float, Range(0.0, 100.0, "%")] = 95.0
    """Level when the site starts, %."""


@dataclass
class TankState(State):
    level_l: float = 0.0
    """At `since`, l."""
    rate_lph: float = 0.0
    """Net flow held since then, l/h, positive when filling."""
    since: float = 0.0


S = TypeVar("S", bound=TankState, default=TankState, covariant=True)
P = TypeVar("P", bound=TankRatings, default=TankRatings, covariant=True)


class Tank(Component[S, P], Generic[S, P]):
    """The common part of both tanks: a level that moves in straight lines."""

    PARAMS = TankRatings
    STATE = TankState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "leak": Fault("the tank leaks", {"rate": LEAK}, failure=FailureMode("degradation", "tank-leak")),
        "empty": Fault(
            "nothing can be drawn (empty, valve shut, line blocked); clearing it gives the contents back",
            failure=FailureMode("at once", "fuel-line"),
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "refuel": DeedKind(
            "fill it from a tanker; what does not fit stays in the tanker",
            lambda tank, a: tank.deliver(**a),
            {"litres": Parameter(1000.0, "l", 0.0, 1e6, "what the tanker brings", neutral=None)},
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {"level_l": "l", "level_percent": "%", "rate_lph": "l/h", "empty": ""}

    def start(self) -> None:
        self.state.level_l = self.params.capacity_l * self.params.initial_percent / 100.0

    @property
    def level_l(self) -> float:
        """Content, l (the fault `empty` leaves none to be had)."""
        if "empty" in self.state.faults:
            return 0.0
        return self._level_now()

    @property
    def level_percent(self) -> float:
        """Fuel in the tank against its capacity, %."""
        return 100.0 * self.level_l / self.params.capacity_l

    @property
    def rate_lph(self) -> float:
        """Net flow, l/h, positive when filling."""
        return self.state.rate_lph

    @property
    def empty(self) -> bool:
        """True if no fuel can be drawn."""
        return "empty" in self.state.faults or self._level_now() <= 1e-6

    @abstractmethod
    def outflow_lph(self) -> float:
        """Flow drawn from it, l/h, without leaks."""

    def inflow_lph(self) -> float:
        """Flow into it, l/h."""
        return 0.0

    def reaches_s(self, percent: float) -> float:
        """Seconds until it stands at that level if nothing changes, inf if it is not going there."""
        gap = self.params.capacity_l * percent / 100.0 - self._level_now()
        rate = self.state.rate_lph
        return gap / rate * 3600.0 if gap * rate > 0.0 else inf

    def deliver(self, litres: float) -> None:
        """Fill it from a tanker; what does not fit stays in the tanker.

        Raises:
            PlantError: a negative amount.
        """
        if litres < 0.0:
            raise PlantError(f"{self.id}: cannot deliver {litres:g} l; expected 0 or more")
        before = self._level_now()
        self._hold(min(self.params.capacity_l, before + litres), self.state.rate_lph)
        self.log("delivered", litres=round(self.state.level_l - before, 1))
        self.touch()

    def react(self) -> None:
        leak = self.fault("leak")
        level = self._level_now()
        out = self.outflow_lph() + (leak["rate"] if leak else 0.0)
        rate = self.inflow_lph() - out
        if (level <= 1e-6 and rate < 0.0) or (level >= self.params.capacity_l - 1e-6 and rate > 0.0):
            rate = 0.0
        if abs(rate - self.state.rate_lph) > 1e-9:
            self._hold(level, rate)

    def on_timer(self, name: str) -> None:
        if name == "dry":
            self._hold(0.0, 0.0)
            self.log("ran dry")
        elif name == "full":
            self._hold(self.params.capacity_l, 0.0)
        else:
            super().on_timer(name)

    def _level_now(self) -> float:
        state = self.state
        level = state.level_l + state.rate_lph * (self.plant.now - state.since) / 3600.0
        return min(self.params.capacity_l, max(0.0, level))

    def _hold(self, level_l: float, rate_lph: float) -> None:
        """Go on from here at that rate; time the end."""
        state = self.state
        state.level_l, state.rate_lph, state.since = level_l, rate_lph, self.plant.now
        self.cancel("dry")
        self.cancel("full")
        if rate_lph < 0.0:
            self.after(level_l / -rate_lph * 3600.0, "dry")
        elif rate_lph > 0.0:
            self.after((self.params.capacity_l - level_l) / rate_lph * 3600.0, "full")


@dataclass
class BulkTankState(TankState):
    shut: bool = False
    """Its outlet valve is shut for work on the tank."""


class BulkTank(Tank[BulkTankState, TankRatings]):
    """The store of the site. Day tanks that name it as their `bulk` or `bulk_2` are filled from it."""

    kind = "bulk_tank"
    STATE = BulkTankState
    QUANTITIES: ClassVar[Mapping[str, str]] = {**Tank.QUANTITIES, "shut": ""}

    def start(self) -> None:
        super().start()
        self._day_tanks = [
            actor
            for actor in self.plant.actors.values()
            if isinstance(actor, DayTank) and self.id in (actor.params.bulk, actor.params.bulk_2)
        ]

    def outflow_lph(self) -> float:
        return sum(tank.inflow_lph() for tank in self._day_tanks if tank.source == self.id)

    @property
    def shut(self) -> bool:
        """True if its outlet valve is shut."""
        return self.state.shut

    @property
    def empty(self) -> bool:
        """True if nothing can be drawn from it."""
        return self.state.shut or super().empty

    def switch_off(self) -> None:
        """Shut the outlet valve."""
        self._set_valve(True)

    def switch_on(self) -> None:
        """Open the outlet valve."""
        self._set_valve(False)

    def _set_valve(self, shut: bool) -> None:
        if shut != self.state.shut:
            self.state.shut = shut
            self.log("outlet shut" if shut else "outlet open")
            self.touch()


@dataclass(frozen=True)
class DayTankRatings(TankRatings):
    """A tank beside a set that lasts 8 h at full load (437 l/h at most), and the pump that keeps it full."""

    capacity_l: Annotated[float, Range(1.0, 10000000.0, "l")] = 3600.0
    """Capacity, l."""
    initial_percent: Annotated[float, Range(0.0, 100.0, "%")] = 95.0
    bulk: Annotated[str, Names("bulk_tank")] = ""
    """The tank the pump draws from; none means it is only filled by hand."""
    bulk_2: Annotated[str, Names("bulk_tank")] = ""
    """The tank of a second transfer pump, which runs when the first cannot; none means there is one pump."""
    pump_lph: Annotated[float, Range(0.0, 1000000.0, "l/h")] = 3600.0
    """Flow of the pump, l/h: eight sets' worth, so that a tank is full again within the hour (assumed)."""
    pump_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 1.5
    """Power of each transfer pump, kW."""
    pump_on_percent: Annotated[float, Range(0.0, 100.0, "%")] = 70.0
    """The lower float starts the pump, % of the tank."""
    pump_off_percent: Annotated[float, Range(0.0, 100.0, "%")] = 95.0
    """The upper float stops it, % of the tank."""

    def __post_init__(self) -> None:
        if self.pump_on_percent >= self.pump_off_percent:
            raise ValueError(f"pump_on_percent is {self.pump_on_percent:g}, expected less than pump_off_percent")


@dataclass
class DayTankState(TankState):
    called: bool = False
    """The lower float has called for fuel and the upper one has not yet been reached."""
    pumping: bool = False
    pump: str = "pump"
    """Which pump runs, or was the last to run: the terminal that feeds it."""


class DayTank(Tank[DayTankState, DayTankRatings], Electrical[DayTankState, DayTankRatings]):
    """A day tank with its transfer pumps and float switches.

    Its feed `pump` powers the pump that draws from `bulk`, its feed `pump_2` that of `bulk_2`; a tank without feeds has
    pumps with a supply of their own. Generators that name it as their `tank` burn from it.
    """

    kind = "day_tank"
    PARAMS = DayTankRatings
    STATE = DayTankState
    TERMINALS = ("pump", "pump_2")
    NEEDS: ClassVar[int] = 0
    FEED_OPTIONAL = True
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Tank.FAULTS,
        "pump-fails": Fault(
            "the first transfer pump does not run", actuator=True, failure=FailureMode("on demand", "fuel-pump")
        ),
        "float-stuck": Fault(
            "the float switches show a full tank: the pump is not called",
            actuator=True,
            failure=FailureMode("on demand", "fuel-pump"),
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {**Tank.QUANTITIES, "pumping": ""}

    def start(self) -> None:
        super().start()
        stores = (self.plant.actors.get(name) for name in (self.params.bulk, self.params.bulk_2))
        self._stores = dict(zip(self.TERMINALS, stores, strict=True))
        """The tank that each pump draws from, by the pump's terminal."""
        actors = self.plant.actors.values()
        self._sets = [cast(Burner, actor) for actor in actors if getattr(actor, "fuel_tank", "") == self.id]

    @property
    def pumping(self) -> bool:
        """True while a transfer pump fills it."""
        return self.state.pumping

    def outflow_lph(self) -> float:
        return sum((burner.fuel_lph for burner in self._sets), 0.0)

    def inflow_lph(self) -> float:
        return self.params.pump_lph if self.state.pumping else 0.0

    @property
    def source(self) -> str:
        """The bulk tank that the running pump draws from."""
        return self.params.bulk if self.state.pump == "pump" else self.params.bulk_2

    def energise(self) -> Supply:
        return DEAD

    def demand(self) -> Mapping[str, Draw]:
        return {self.state.pump: three_phase(self.params.pump_kw, 0.85)} if self.state.pumping and self.feeds else {}

    def _can_pump(self, pump: str) -> bool:
        """True if that pump has fuel, power and no defect."""
        store = self._stores[pump]
        if not isinstance(store, Tank) or store.empty or (pump == "pump" and "pump-fails" in self.state.faults):
            return False
        return not self.feeds or self.seen.get(pump, DEAD).worst_volts > 180.0

    def react(self) -> None:
        state, params = self.state, self.params
        percent = 100.0 * self._level_now() / params.capacity_l
        stuck = "float-stuck" in state.faults
        called = not stuck and (
            percent < params.pump_off_percent - 1e-6 if state.called else percent <= params.pump_on_percent + 1e-6
        )
        able = next((pump for pump in self.TERMINALS if self._can_pump(pump)), "") if called else ""
        pumping, pump = able != "", able or state.pump
        if called != state.called or pumping != state.pumping or pump != state.pump:
            if pumping != state.pumping:
                self.log("pump started" if pumping else "pump stopped", level_percent=round(percent, 1))
            state.called, state.pumping, state.pump = called, pumping, pump
            self.touch()
        super().react()

    def on_timer(self, name: str) -> None:
        if name != "float":
            super().on_timer(name)

    def _hold(self, level_l: float, rate_lph: float) -> None:
        super()._hold(level_l, rate_lph)
        self.cancel("float")
        reach = self.reaches_s(self.params.pump_off_percent if self.state.called else self.params.pump_on_percent)
        if reach < inf:
            self.after(reach, "float")
