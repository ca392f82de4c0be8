"""The controller of a chilled water loop's pumps: keeps so many running, starts a standby when one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Annotated, ClassVar

from twinfeed.emulators.devices.cooling.probes import WATER_PROBE
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.air.thermal import passes_s
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.kernel.faults import Fault
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
    low_static_kpa: Annotated[float, Range(0.0, 2500.0, "kPa")] = 100.0
    """Alarm of the static pressure, kPa (assumption)."""
    high_supply_c: Annotated[float, Range(0.0, 60.0, "degC")] = 14.0
    """Supply water alarm, degC."""
    low_flow_l_s: Annotated[float, Range(0.0, 10000.0, "l/s")] = 30.0
    """Flow alarm, l/s."""


class ChilledWaterPlant(Device[State]):
    """Manages the plant's `water_loop` named by `of`. Its pumps run on as they are while it is without power."""

    kind = "chilled_water_plant"
    PARAMS = PlantControllerParams
    MANAGES = (WaterLoop,)
    STATE = State
    ACCURACY: ClassVar[Mapping[str, Tolerance]] = {
        "loop.supply": WATER_PROBE,
        "loop.return": WATER_PROBE,
        "loop.tank": WATER_PROBE,
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "controller-hang": Fault("no changeover: pumps stay as they are"),
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
        full = self.loop.full_speed_kpa()
        return min(self.speed_percent, max(30.0, 100.0 * sqrt(held / full))) if full > 0.0 else self.speed_percent

    @property
    def duty(self) -> int:
        return int(self.state.settings.get("duty", self.params.duty_pumps))

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
        if not self._working:
            return
        idle = [pump for pump in self.pumps if not pump.state.commanded]
        speed = round(self._speed_wanted_percent, 3)
        for pump in self.pumps:
            pump.set_speed(speed)
        self._while(len(self.turning) < self.duty and bool(idle), "changeover", self.params.changeover_s)
        self._while(len(self.turning) > self.duty, "surplus", self.params.surplus_s)

    @property
    def _working(self) -> bool:
        return self.state.card == "up" and self.fault("controller-hang") is None

    def _while(self, holds: bool, timer: str, delay_s: float) -> None:
        if not holds:
            self.cancel(timer)
        elif (self.id, timer) not in self.plant.timers:
            self.after(delay_s, timer)

    def on_timer(self, name: str) -> None:
        if name not in ("changeover", "surplus"):
            super().on_timer(name)
        elif self._working:
            wanted = name == "changeover"
            choice = [p for p in self.pumps if p.state.commanded != wanted and (wanted or p.target > 0.0)]
            if choice:
                pump = choice[0] if wanted else choice[-1]
                pump.switch(wanted)
                self.log_event(f"{pump.id} {'started' if wanted else 'stopped'}")

    def order(self, n: int, on: bool) -> None:
        self.log_event(f"{self.pumps[n - 1].id} {'on' if on else 'off'} by hand")
        self.pumps[n - 1].switch(on)

    def set_setting(self, name: str, value: float) -> None:
        self.state.settings[name] = value
        self.log_event(f"{name} {value:g}")
        self.touch()
