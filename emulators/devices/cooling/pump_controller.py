"""The controller of a loop's pumps: it keeps so many running, starts a standby when one fails, and changes the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from twinfeed.emulators.devices.cooling.probes import WATER_PROBE
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.air.thermal import passes_s
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance


@dataclass(frozen=True)
class PlantControllerParams(Params):
    duty_pumps: Annotated[int, Range(0, 32, "pumps")] = 2
    """The number of pumps that run."""
    changeover_s: Annotated[float, Range(0.1, 86400.0, "s")] = 5.0
    """Time that a pump ordered to run may stand still before the standby starts, s (assumption)."""
    surplus_s: Annotated[float, Range(0.0, 86400.0, "s")] = 60.0
    """More pumps than needed run on so long once all are back, s (assumption)."""
    speed_percent: Annotated[float, Range(0.0, 100.0, "%")] = 100.0
    """Of the running pumps, %."""
    pressure_kpa: Annotated[float, Range(0.0, 5000.0, "kPa")] = 0.0
    """Differential pressure that the speed of the running pumps holds, kPa; 0 for a fixed speed."""
    lag_pumps: Annotated[int, Range(0, 32, "pumps")] = 0
    """Pumps beyond `duty_pumps` that it may start when those at full speed do not hold `pressure_kpa`."""
    lag_s: Annotated[float, Range(0.1, 86400.0, "s")] = 60.0
    """Time for which the pressure must be missed, or fewer pumps must be enough, s (assumption)."""
    alternate_h: Annotated[float, Range(0.0, 8760.0, "h")] = 0.0
    """The lead changes after so long, h; 0 for never. It then starts the idle pump with the fewest hours run and stops
    the one with the most. A week is 168 h."""
    without_power: Literal["hold", "stop"] = "hold"
    """hold: pumps go on as they are while it is without power. stop: their run signal falls with it."""
    low_static_kpa: Annotated[float, Range(0.0, 2500.0, "kPa")] = 100.0
    """Alarm of the static pressure, kPa (assumption)."""
    high_supply_c: Annotated[float, Range(0.0, 60.0, "degC")] = 14.0
    """Supply water alarm, degC."""
    low_flow_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 30.0
    """Flow alarm, l/s."""


@dataclass
class PlantControllerState(State):
    lag: int = 0
    """Lag pumps that are to run."""
    held: list[str] = field(default_factory=list)
    """Pumps that had its run signal when that fell; they get it back."""


class ChilledWaterPlant(Device[PlantControllerState]):
    """Manages the plant's `water_loop` named by `of`: the number of its pumps that run, and their speed."""

    kind = "chilled_water_plant"
    PARAMS = PlantControllerParams
    MANAGES = (WaterLoop,)
    STATE = PlantControllerState
    ACCURACY: ClassVar[Mapping[str, Tolerance]] = {
        "loop.supply": WATER_PROBE,
        "loop.return": WATER_PROBE,
        "loop.tank": WATER_PROBE,
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "controller-hang": Fault(
            "no changeover: pumps stay as they are", failure=FailureMode("on demand", "pump-controller")
        ),
        "false-stop": Fault(
            "it takes the run signal from all its pumps without a cause",
            source="Azure Australia East, 2023-08",
            failure=FailureMode("at once", "pump-controller-stop"),
        ),
    }
    params: PlantControllerParams
    loop: WaterLoop

    def start(self) -> None:
        loop = self.plant.find(self.params.of)
        assert isinstance(loop, WaterLoop), f"{self.name} manages {loop.id}, which is not a water_loop"
        self.loop = loop

    @property
    def pumps(self) -> list[Pump]:
        return self.loop.pumps

    @property
    def turning(self) -> list[Pump]:
        """Pumps whose drives report that they run."""
        return [pump for pump in self.pumps if pump.target > 0.0]

    @property
    def failed(self) -> list[Pump]:
        return [pump for pump in self.pumps if pump.state.commanded and pump.target <= 0.0]

    @property
    def supply_c(self) -> float:
        """Water to the coils as it measures it, degC."""
        return self.measured("loop.supply", self.loop.supply_c)

    @property
    def flow_l_s(self) -> float:
        """The measured flow of the pumps, l/s."""
        return self.measured("loop.flow", self.loop.flow_l_s)

    @property
    def pressure_kpa(self) -> float:
        """Differential pressure of the pumps as it measures it, kPa."""
        return self.measured("loop.pressure", self.loop.head_kpa)

    @property
    def static_kpa(self) -> float:
        """Static pressure as it measures it, kPa."""
        return self.measured("loop.static_pressure", self.loop.static_kpa)

    @property
    def _speed_wanted_percent(self) -> float:
        """Speed of the running pumps: as set, or that which holds the pressure (pressure goes with its square)."""
        if not self.params.pressure_kpa:
            return self.speed_percent
        held = self.controlled("loop.pressure", self.params.pressure_kpa, 1.0, 2.0 * self.params.pressure_kpa)
        return min(self.speed_percent, max(30.0, 100.0 * self.loop.speed_for(held)))

    @property
    def duty(self) -> int:
        """The number of pumps that are to run, lag pumps apart."""
        return int(self.state.settings.get("duty", self.params.duty_pumps))

    @property
    def wanted(self) -> int:
        """The number of pumps that are to run now."""
        return self.duty + self.state.lag

    @property
    def speed_percent(self) -> float:
        return float(self.state.settings.get("speed_percent", self.params.speed_percent))

    def indices(self, name: str) -> Sequence[Index]:
        return tuple(range(1, len(self.pumps) + 1)) if name == "pump" else super().indices(name)

    def card_supplied(self) -> bool:
        """A controller that names no feed has a supply of its own: its loop is not in the power path."""
        return super().card_supplied() if self.params.powered_by else True

    def horizon(self) -> float:
        """Until the supply passes the limit of its alarm."""
        high_c = self.params.high_supply_c
        return passes_s(self.supply_c, self.loop.rate_k_s("supply_c"), high_c, high_c - 0.5)

    def react(self) -> None:
        super().react()
        self._signal()
        if not self._working or self.state.held:
            return
        idle = [pump for pump in self.pumps if not pump.state.commanded]
        speed = round(self._speed_wanted_percent, 3)
        for pump in self.pumps:
            pump.set_speed(speed)
        self._while(len(self.turning) < self.wanted and bool(idle), "changeover", self.params.changeover_s)
        self._while(len(self.turning) > self.wanted, "surplus", self.params.surplus_s)
        self._while(bool(self.params.alternate_h and idle), "alternate", 3600.0 * self.params.alternate_h)
        if self.params.lag_pumps and self.params.pressure_kpa:
            self._stage(speed)

    def _stage(self, speed_percent: float) -> None:
        """Start a lag pump while full speed does not hold the pressure; stop one while one fewer would do."""
        p, lag = self.params, self.state.lag
        missed = speed_percent >= self.speed_percent and self.pressure_kpa < 0.95 * p.pressure_kpa
        spare = speed_percent < 0.9 * self.speed_percent * (self.wanted - 1) / max(1, self.wanted)
        self._while(missed and lag < p.lag_pumps, "lag on", p.lag_s)
        self._while(spare and lag > 0, "lag off", p.lag_s)

    def _signal(self) -> None:
        """Take the run signal from all pumps, or give it back to those that had it."""
        unpowered = self.params.without_power == "stop" and not self.card_supplied()
        fallen = unpowered or self.fault("false-stop") is not None
        held = self.state.held
        if fallen and not held:
            self.state.held = [pump.id for pump in self.pumps if pump.state.commanded]
            for pump in self.pumps:
                pump.switch(False)
        elif held and not fallen and self.state.card == "up":
            self.state.held = []
            for pump in self.pumps:
                if pump.id in held:
                    pump.switch(True)

    @property
    def _working(self) -> bool:
        return self.state.card == "up" and self.fault("controller-hang") is None

    def _while(self, holds: bool, timer: str, delay_s: float) -> None:
        if not holds:
            self.cancel(timer)
        elif (self.id, timer) not in self.plant.timers:
            self.after(delay_s, timer)

    def on_timer(self, name: str) -> None:
        if name not in ("changeover", "surplus", "alternate", "lag on", "lag off"):
            super().on_timer(name)
        elif self._working and name in ("lag on", "lag off"):
            self.state.lag += 1 if name == "lag on" else -1
            self.touch()
        elif self._working:
            self._switch_one(on=name != "surplus")

    def _switch_one(self, on: bool) -> None:
        """Start an idle pump or stop a running one: by hours run where the lead changes, else in their order."""
        choice = [p for p in self.pumps if p.state.commanded != on and (on or p.target > 0.0)]
        if self.params.alternate_h:
            choice.sort(key=lambda pump: pump.run_hours)
        if choice:
            pump = choice[0] if on else choice[-1]
            pump.switch(on)
            self.log_event(f"{pump.id} {'started' if on else 'stopped'}")

    def order(self, n: int, on: bool) -> None:
        self.log_event(f"{self.pumps[n - 1].id} {'on' if on else 'off'} by hand")
        self.pumps[n - 1].switch(on)

    def set_setting(self, name: str, value: float) -> None:
        self.state.settings[name] = value
        self.log_event(f"{name} {value:g}")
        self.touch()
