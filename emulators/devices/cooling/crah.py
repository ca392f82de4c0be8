"""Firmware of air handlers, with a chilled-water coil or with compressors: fans, supply air, restart one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, ClassVar

from twinfeed.emulators.devices.cooling.probes import AIR_PROBE, WATER_PROBE
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.firmware_faults import left_in_manual
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.air.thermal import passes_s
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.cooling.cracs import Crac
from twinfeed.emulators.plant.cooling.crahs import Crah
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance


@dataclass(frozen=True)
class CrahParams(Params):
    restart_s: Annotated[float, Range(0.0, 86400.0, "s"), Tolerance(-20.0, 20.0, "assumed")] = 15.0
    """From power to fans, s: the controller's boot (assumption)."""
    stagger_s: Annotated[float, Range(0.0, 3600.0, "s")] = 5.0
    """Further delay of each unit after the one before it, s: units do not start at once (assumption)."""
    order: Annotated[int, Range(0, 1000)] = 0
    """Its place in that order, from 0."""
    supply_c: Annotated[float, Range(5.0, 40.0, "degC")] = 22.0
    """Supply air setpoint, degC."""
    fan_percent: Annotated[float, Range(0.0, 100.0, "%")] = 75.0
    """Normal fan speed, %: all units of a hall share its air, the redundant one too."""
    boost_k: Annotated[float, Range(0.0, 50.0, "K")] = 1.5
    """The fans go to full speed when the hall's inlet is so far above the setpoint …, K"""
    boost_end_k: Annotated[float, Range(0.0, 50.0, "K")] = 0.5
    """… and back when it is within this, K."""
    high_return_c: Annotated[float, Range(0.0, 100.0, "degC")] = 40.0
    """Temperature of the returning air above which it warns, degC."""
    high_supply_k: Annotated[float, Range(0.0, 50.0, "K")] = 3.0
    """Supply air alarm above the setpoint, K."""
    high_water_c: Annotated[float, Range(0.0, 100.0, "degC")] = 14.0
    """Water alarm, degC. A unit with two coils leaves a loop whose water is warmer, or stands …"""
    changeover_s: Annotated[float, Range(0.1, 3600.0, "s")] = 20.0
    """… for so long, s (assumption: longer than the pumps' own changeover), if the other loop's is good …"""
    loop_return_s: Annotated[float, Range(0.1, 86400.0, "s")] = 600.0
    """… and goes back when that of its first coil has been good for so long, s (assumption)."""
    low_airflow_percent: Annotated[float, Range(0.0, 100.0, "%")] = 75.0
    """Filter alarm: airflow against what the speed should give, %."""

    def __post_init__(self) -> None:
        if self.boost_end_k > self.boost_k:
            raise ValueError(f"boost_end_k is {self.boost_end_k:g}, expected at most boost_k, {self.boost_k:g} K")


@dataclass
class CrahControllerState(State):
    phase: str = "on"
    """off (no power), starting, on (fans as commanded)."""
    boost: bool = False
    hours_at: float = 0.0
    run_s: float = 0.0
    """Fan running time up to `hours_at`, s."""
    starts: int = 0


SUPPLY_C = (5.0, 50.0)
"""Supply air between which a control that is misled by its sensor ends, degC: valve open, and shut, in any weather."""


class CrahController(Device[CrahControllerState]):
    """Manages the plant's `crah` named by `of`, on the same supply.

    `controller-hang` leaves fans and setpoint as they are; the fire panel stops the fans by its own contact.
    """

    kind = "crah"
    PARAMS = CrahParams
    MANAGES: ClassVar[tuple[type[AirHandler[Any, Any]], ...]] = (Crah,)
    STATE = CrahControllerState
    ACCURACY: ClassVar[Mapping[str, Tolerance]] = {
        "air.supply": AIR_PROBE,
        "air.return": AIR_PROBE,
        "water.in": WATER_PROBE,
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        **Device.DEEDS,
        "off": DeedKind("switch it off at its panel", lambda c, _: c.write("unit.enabled", False), undo="auto"),
        "auto": DeedKind("switch it on", lambda c, _: c.write("unit.enabled", True), undo="off"),
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "controller-hang": Fault("it no longer controls: fans and setpoint stay as they are"),
        "false-shutdown": Fault(
            "the controller stops the unit without a cause",
            source="AWS eu-central-1, 2021-06",
            failure=FailureMode("at once", "air-handler-controller"),
        ),
        **left_in_manual("it is left switched off at its panel"),
    }
    params: CrahParams
    crah: AirHandler[Any, Any]

    def start(self) -> None:
        crah = self.plant.find(self.params.of)
        assert isinstance(crah, AirHandler), f"{self.name} manages {crah.id}, which is not an air handler"
        self.crah = crah

    def setting(self, name: str, default: Any) -> Any:
        return self.state.settings.get(name, default)

    @property
    def enabled(self) -> bool:
        on = bool(self.setting("enabled", self.crah.params.initially_on))
        return on and "left-in-manual" not in self.state.faults

    @property
    def setpoint_c(self) -> float:
        return float(self.setting("supply_c", self.params.supply_c))

    @property
    def return_c(self) -> float:
        """Return air as it measures it, degC."""
        return self.measured("air.return", self.crah.return_air_c)

    @property
    def supply_c(self) -> float:
        """Supply air as it measures it, degC."""
        return self.measured("air.supply", self.crah.supply_air_c)

    @property
    def coil(self) -> Crah:
        """Its unit as one with a water coil."""
        assert isinstance(self.crah, Crah), f"{self.name} manages {self.crah.id}, which has no water coil"
        return self.crah

    @property
    def water_c(self) -> float:
        """Entering water as it measures it, degC."""
        return self.measured("water.in", self.coil.water_in_c)

    @property
    def fan_percent(self) -> float:
        return float(self.setting("fan_percent", self.params.fan_percent))

    @property
    def fire(self) -> bool:
        return self.crah.hall is not None and self.crah.hall.fire

    @property
    def should_run(self) -> bool:
        return self.state.phase == "on" and self.crah.state.commanded and not self.fire

    @property
    def run_hours(self) -> float:
        running = self.plant.now - self.state.hours_at if self.crah.state.commanded else 0.0
        return (self.state.run_s + running) / 3600.0

    def react(self) -> None:
        s = self.state
        if not self.crah.state.powered:
            if s.phase != "off":
                s.phase = "off"
                s.boost = False
                self.cancel("restart")
                self._switch(False)
        elif s.phase == "off":
            s.phase = "starting"
            self.after(self.params.restart_s + self.params.order * self.params.stagger_s, "restart")
        elif s.phase == "on" and self.fault("controller-hang") is None:
            self._control()
        super().react()

    def horizon(self) -> float:
        """Until the hall or the water passes a temperature that it acts on."""
        p, hall, reach = self.params, self.crah.hall, inf
        if hall is not None:
            boost_c = self.setpoint_c + (p.boost_end_k if self.state.boost else p.boost_k)
            reach = min(
                passes_s(hall.inlet_c, hall.rate_k_s("inlet_c"), boost_c),
                passes_s(self.return_c, hall.rate_k_s("return_c"), p.high_return_c, p.high_return_c - 1.0),
            )
        if isinstance(self.crah, Crah) and self.crah.loop is not None:
            high_c = p.high_water_c
            reach = min(reach, passes_s(self.water_c, self.crah.loop.rate_k_s("supply_c"), high_c, high_c - 1.0))
        idle = self._idle_loop
        if idle is not None:
            reach = min(reach, passes_s(idle.supply_c, idle.rate_k_s("supply_c"), p.high_water_c - 1.0))
        return reach

    @property
    def _idle_loop(self) -> WaterLoop | None:
        """The loop of the coil that is not in use, None without a second coil."""
        crah = self.crah
        return crah.loops[not crah.on_alternate] if isinstance(crah, Crah) else None

    def _control(self) -> None:
        self._switch(self.enabled and self.fault("false-shutdown") is None)
        p, s, hall = self.params, self.state, self.crah.hall
        if hall is not None:
            excess = hall.inlet_c - self.setpoint_c
            s.boost = excess > (p.boost_end_k if s.boost else p.boost_k)
        self.crah.set_fan(100.0 if s.boost else self.fan_percent)
        self.crah.set_supply(self.controlled("air.supply", self.setpoint_c, *SUPPLY_C))
        self._choose_coil()

    def _choose_coil(self) -> None:
        """Leave a loop whose water stands or is warm for the other, and go back when that of the first coil is good."""
        idle, p = self._idle_loop, self.params
        if idle is None or self.coil.loop is None:
            return
        loop = self.coil.loop
        good = loop.flow_l_s > 0.0 and self.water_c <= p.high_water_c
        other_good = idle.flow_l_s > 0.0 and idle.supply_c < p.high_water_c - 1.0
        self._time("leave loop", not good and other_good, p.changeover_s)
        self._time("return to loop", good and other_good and self.coil.on_alternate, p.loop_return_s)

    def _time(self, timer: str, holds: bool, delay_s: float) -> None:
        if not holds:
            self.cancel(timer)
        elif self.remaining_s(timer) is None:
            self.after(delay_s, timer)

    def _switch(self, on: bool) -> None:
        s, crah = self.state, self.crah
        if on == crah.state.commanded:
            return
        if crah.state.commanded:
            s.run_s += self.plant.now - s.hours_at
        s.hours_at = self.plant.now
        s.starts += on
        crah.switch(on)
        self.log_event("fans on" if on else "fans off")

    def on_timer(self, name: str) -> None:
        if name == "restart":
            self.state.phase = "on"
            self.touch()
        elif name in ("leave loop", "return to loop"):
            if self.fault("controller-hang") is None:
                self.coil.change_over(not self.coil.on_alternate)
                self.log_event(f"water of {'the second' if self.coil.on_alternate else 'the first'} loop")
        else:
            super().on_timer(name)

    def set_setting(self, name: str, value: Any) -> None:
        self.state.settings[name] = value
        self.log_event(f"{name} {value}")
        self.touch()


class CracController(CrahController):
    """Manages the plant's `crac` named by `of`: fans and setpoint as an air handler's, and the compressors."""

    kind = "crac"
    MANAGES = (Crac,)

    @property
    def rated_kva(self) -> float:
        return self.unit.rated_kva

    @property
    def unit(self) -> Crac:
        """Its unit as one with compressors."""
        assert isinstance(self.crah, Crac), f"{self.name} manages {self.crah.id}, which has no compressors"
        return self.crah

    def reset(self, value: str) -> None:
        """Close the pressure switches and the thermostat again."""
        if value == "reset":
            self.unit.reset()
            self.unit.reset_thermostat()
            self.log_event("alarms reset")
            self.touch()
