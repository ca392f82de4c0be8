"""Air handlers: the fans, filters and thermostats that units with water coils and with compressors share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from typing_extensions import TypeVar

from twinfeed.emulators.plant.air.dust import DUST, airflow, filter_pa, horizon_s, settled
from twinfeed.emulators.plant.air.enclosed import ConditionedAir
from twinfeed.emulators.plant.air.moisture import LATENT_KJ_PER_KG, condensing_kg_s
from twinfeed.emulators.plant.air.properties import AIR_KJ_PER_M3_K, humidity_ratio, relative_humidity_percent
from twinfeed.emulators.plant.air.thermal import Balance
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.approach import approached, arrives_s
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase

THERMOSTAT_K = 5.0
"""A thermostat that has stopped a unit closes so far below its limit, K (assumption)."""


@dataclass(frozen=True)
class AirHandlerRatings:
    """Fans and thermostat of a unit of about 140 kW.

    About the size of a Stulz CyberAir ASD 1500 (from memory of its data sheet, unverified): 36 000 m3/h, 6 kW of EC
    fans.
    """

    hall: Annotated[str, Names("hall", "room", needed=True)] = ""
    """The hall whose air it cools."""
    air_m3_s: Annotated[float, Range(0.01, 1000.0, "m3/s")] = 10.0
    """At full fan speed and clean filters, m3/s."""
    fan_kw: Annotated[float, Range(0.0, 1000.0, "kW")] = 6.0
    """At full speed, kW; with the cube of the speed below."""
    controls_kw: Annotated[float, Range(0.0, 100.0, "kW")] = 0.1
    """Power of its controls, kW."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.95
    """Of EC fans."""
    fan_ramp_s: Annotated[float, Range(0.01, 3600.0, "s")] = 20.0
    """EC fans from standstill to full speed, s (assumption; soft start in their electronics)."""
    fan_percent: Annotated[float, Range(0.0, 100.0, "%")] = 75.0
    """Speed at the start, %."""
    supply_c: Annotated[float, Range(5.0, 40.0, "degC")] = 22.0
    """Supply air setpoint at the start, degC (ASHRAE recommends 18 to 27 at the inlet)."""
    minimum_volts: Annotated[float, Range(0.0, 400.0, "V")] = 0.8 * NOMINAL_VOLTS
    """Below this the fans' electronics stop, V."""
    return_stop_c: Annotated[float, Range(0.0, 100.0, "degC")] = 0.0
    """Return air at which a thermostat stops the unit, degC; 0 for none. A firestat is usually set to 52 degC (125
    degF, option of Liebert units, from memory); limits at 35 to 40 degC protect compressors."""
    return_stop_latches: bool = True
    """The thermostat stays open until it is reset by hand at the unit; otherwise until the air is 5 K cooler."""
    initially_on: bool = True
    """True if it is switched on when the site starts."""


@dataclass
class AirHandlerState(State):
    commanded: bool = True
    """The command of its controller: fans on."""
    fan_percent: float = 75.0
    """The speed its controller asks for, %."""
    supply_c: float = 22.0
    """The supply air setpoint of its controller, degC."""
    speed: float = 0.0
    """Of the fans, 0 to 1."""
    powered: bool = True
    hot: bool = False
    """The thermostat in the return air is open."""
    dirt: float = 0.0
    """Part of the filters' surface that dust covers."""


S = TypeVar("S", bound=AirHandlerState, default=AirHandlerState, covariant=True)
P = TypeVar("P", bound=AirHandlerRatings, default=AirHandlerRatings, covariant=True)


class AirHandler(Electrical[S, P]):
    """A unit that moves the air of a hall or room. Feeds: `input`, and `alternate` for a unit with two cords.

    Fans turn while powered, commanded and not stopped by the fire panel or the thermostat in the return air.
    """

    TERMINALS = ("input", "alternate")
    NEEDS: ClassVar[int] = 0
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fan-failure": Fault(
            "fans stand still",
            {"lost": Parameter(100.0, "%", 1.0, 100.0, "part of the airflow that is gone")},
            actuator=True,
            failure=FailureMode("at once", "air-handler"),
        ),
        "clogged-filter": Fault(
            "dust in the filters",
            {"restriction": Parameter(40.0, "%", 1.0, 100.0, "part of the airflow that is gone")},
            failure=FailureMode("degradation", "filter"),
        ),
        **DUST,
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "change-filter": DeedKind("put clean filters in", lambda unit, _: unit.clean()),
        "reset-thermostat": DeedKind("reset the thermostat of its return air", lambda unit, _: unit.reset_thermostat()),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "speed_percent": "%", "air_m3_s": "m3/s", "supply_air_c": "°C",
        "return_air_c": "°C", "cooling_kw": "kW", "heat_kw": "kW", "airflow_percent": "%", "hot": "",
        "filter_pa": "Pa", "condensate_kg_h": "kg/h", "latent_kw": "kW",
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        s, p = self.state, self.params
        s.commanded, s.fan_percent, s.supply_c = p.initially_on, p.fan_percent, p.supply_c
        s.speed = p.fan_percent / 100.0 if p.initially_on else 0.0

    def start(self) -> None:
        hall = self.plant.find(self.params.hall) if self.params.hall else None
        self.hall: ConditionedAir | None = hall if isinstance(hall, ConditionedAir) else None

    # -- commands of its controller -------------------------------------------------------------------------

    def switch(self, on: bool) -> None:
        if on != self.state.commanded:
            self.state.commanded = on
            self.log("started" if on else "stopped")
            self.touch()

    def set_fan(self, percent: float) -> None:
        if percent != self.state.fan_percent:
            self.state.fan_percent = percent
            self.touch()

    def set_supply(self, supply_c: float) -> None:
        if supply_c != self.state.supply_c:
            self.state.supply_c = supply_c
            self.touch()

    # -- power ----------------------------------------------------------------------------------------------

    @property
    def supply(self) -> Supply | None:
        """The cord it runs on, None when neither is good enough."""
        terminal = self.live_terminal(self.params.minimum_volts)
        return self.seen[terminal] if terminal else None

    def energise(self) -> Supply:
        return self.supply or Supply((0.0, 0.0, 0.0), 0.0, "")

    def demand(self) -> dict[str, Draw]:
        terminal = self.live_terminal(self.params.minimum_volts)
        return {terminal: three_phase(self.input_kw, self.params.power_factor)} if terminal else {}

    def react(self) -> None:
        powered = self.supply is not None
        if powered != self.state.powered:
            self.state.powered = powered
            self.log("powered" if powered else "lost power")
            self.touch()
        if self.params.return_stop_c:
            self._watch_return()

    def _watch_return(self) -> None:
        s, limit_c = self.state, self.params.return_stop_c
        if not s.hot and self.return_air_c >= limit_c:
            s.hot = True
            self.log("stopped by its thermostat", return_c=round(self.return_air_c, 1))
            self.touch()
        elif s.hot and not self.params.return_stop_latches and self.return_air_c < limit_c - THERMOSTAT_K:
            self.reset_thermostat()

    def reset_thermostat(self) -> bool:
        """Close the thermostat of the return air again; False while the air is too warm for it."""
        if not self.state.hot:
            return True
        if self.return_air_c >= self.params.return_stop_c:
            self.log("kept", reason="the return air is too warm")
            return False
        self.state.hot = False
        self.log("thermostat reset")
        self.touch()
        return True

    @property
    def hot(self) -> bool:
        """True if the thermostat in the return air has stopped it."""
        return self.state.hot

    # -- air ------------------------------------------------------------------------------------------------

    @property
    def target(self) -> float:
        """Speed that the fans go towards, 0 to 1."""
        s = self.state
        blocked = not s.powered or not s.commanded or s.hot or (self.hall is not None and self.hall.fire)
        return 0.0 if blocked else s.fan_percent / 100.0

    @property
    def running(self) -> bool:
        """True if it runs."""
        return self.state.speed > 0.0 and self.airflow_percent > 0.0

    @property
    def speed_percent(self) -> float:
        """Speed of its fans, %."""
        return 100.0 * self.state.speed

    @property
    def airflow_percent(self) -> float:
        """Of the airflow at full speed with clean filters, %."""
        flow = 100.0 * self.state.speed * airflow(self.state.dirt)
        if not self.state.faults:
            return flow
        for kind, name in (("fan-failure", "lost"), ("clogged-filter", "restriction")):
            if fault := self.fault(kind):
                flow *= 1.0 - fault[name] / 100.0
        return flow

    @property
    def filter_pa(self) -> float:
        """Pressure drop of its filters, Pa."""
        return filter_pa(self.state.dirt, self.airflow_percent / 100.0)

    def clean(self) -> None:
        """Put clean filters in."""
        if self.state.dirt:
            self.state.dirt = 0.0
            self.log("filters changed")
            self.touch()

    @property
    def air_m3_s(self) -> float:
        """Flow of air, m3/s."""
        return self.params.air_m3_s * self.airflow_percent / 100.0

    @property
    def air_kw_per_k(self) -> float:
        """Heat capacity flow of the air, kW/K."""
        return self.air_m3_s * AIR_KJ_PER_M3_K

    @property
    def heat_kw(self) -> float:
        """Input of the fans, kW; it goes into the air."""
        if not self.state.powered:
            return 0.0
        kw = self.params.fan_kw * float(self.state.speed**3)
        lost = self.fault("fan-failure") if self.state.faults else None
        return kw * (1.0 - lost["lost"] / 100.0) if lost else kw

    @property
    def return_air_c(self) -> float:
        """Temperature of the air that returns to it, degC."""
        return self.hall.return_c if self.hall else self.state.supply_c

    @property
    def return_humidity_percent(self) -> float:
        """Relative humidity of the return air, %."""
        return relative_humidity_percent(self.return_air_c, self.hall.dew_point_c) if self.hall else 50.0

    @property
    def supply_humidity_percent(self) -> float:
        """Relative humidity of the supply air, %."""
        return relative_humidity_percent(self.supply_air_c, self.hall.dew_point_c) if self.hall else 50.0

    @property
    def input_kw(self) -> float:
        """Electric input, kW."""
        return self.params.controls_kw + self.heat_kw if self.state.powered else 0.0

    @property
    def supply_air_c(self) -> float:
        """Air that leaves the unit, degC; that of the return when the fans stand."""
        air = self.air_kw_per_k
        return self.return_air_c - (self.cooling_kw - self.heat_kw) / air if air > 0.0 else self.return_air_c

    @property
    @abstractmethod
    def coldest_c(self) -> float:
        """The coldest that its coil's surface can be now, degC."""

    @property
    @abstractmethod
    def surface_c(self) -> float:
        """Mean temperature of its coil's cold surface, degC; that of the return air when it does not cool."""

    @property
    def condensate_kg_h(self) -> float:
        """Water that condenses on its coil, kg/h."""
        if self.hall is None or not self.hall.damp or self.hall.dew_point_c <= self.coldest_c:
            return 0.0
        return 3600.0 * condensing_kg_s(self, humidity_ratio(self.hall.dew_point_c))

    @property
    def latent_kw(self) -> float:
        """Heat of the water that condenses on its coil, kW, beyond that which it takes out of the air."""
        return self.condensate_kg_h / 3600.0 * LATENT_KJ_PER_KG

    @property
    @abstractmethod
    def cooling_kw(self) -> float:
        """Heat that its coil takes out of the air, kW."""

    @abstractmethod
    def balance(self, balance: Balance, cold: int, hot: int) -> None:
        """Write its air, its heat and the heat of its coil between the cold and the hot side of a hall."""

    def move_air(self, balance: Balance, cold: int, hot: int) -> None:
        """Write its air and the heat of its fans and electronics, which enters the cold side."""
        if self.state.powered:
            balance.heat(cold, self.params.controls_kw + self.heat_kw)
        if self.air_kw_per_k > 0.0 and cold != hot:
            balance.flow(cold, hot, self.air_kw_per_k)

    # -- time -----------------------------------------------------------------------------------------------

    def horizon(self) -> float:
        reach = arrives_s(self.state.speed, self.target, self.params.fan_ramp_s)
        if (dust := self.fault("dust")) and self.state.speed > 0.0:
            reach = min(reach, horizon_s(self.state.dirt, dust["rate"]))
        return reach

    def advance(self, dt: float) -> None:
        if (dust := self.fault("dust")) and self.state.speed > 0.0:
            self.state.dirt = settled(self.state.dirt, dust["rate"], dt)
        if self.state.speed != self.target:
            self.state.speed = approached(self.state.speed, self.target, dt / self.params.fan_ramp_s)
