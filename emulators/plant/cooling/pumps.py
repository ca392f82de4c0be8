"""Chilled-water pumps on variable speed drives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

from twinfeed.emulators.plant.cooling.hydraulics import PumpCurve, shaft_power
from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.approach import approached, arrives_s
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.kernel.room_air import room_around
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase


class CircuitRatings(Protocol):
    """The ratings of a loop that concern its pumps."""

    @property
    def design_kpa(self) -> float: ...


class Circuit(Protocol):
    """The loop of a pump."""

    @property
    def params(self) -> CircuitRatings: ...

    def pump_l_s(self, pump: Pump) -> float:
        """Flow through that pump, l/s."""


@dataclass(frozen=True)
class PumpRatings:
    """One of three chilled-water pumps on variable speed drives: two deliver what 1.1 MW at 5.3 K needs."""

    loop: Annotated[str, Names("water_loop", needed=True)] = ""
    """The water loop that it belongs to."""
    flow_l_s: Annotated[float, Range(0.001, 10000.0, "l/s")] = 25.0
    """At full speed, l/s."""
    power_kw: Annotated[float, Range(0.0, 10000.0, "kW")] = 11.0
    """At full speed, kW: 25 l/s against 300 kPa at 68 % of pump, motor and drive."""
    power_factor: Annotated[float, Range(0.1, 1.0)] = 0.95
    """Power factor of its motors."""
    ramp_s: Annotated[float, Range(0.01, 3600.0, "s"), Tolerance(-5.0, 5.0, "assumed")] = 15.0
    """From standstill to full speed, s ("10 to 60 s", engineering practice, low confidence)."""
    restart_s: Annotated[float, Range(0.0, 3600.0, "s"), Tolerance(-20.0, 20.0, "assumed")] = 5.0
    """From the return of power to the drive's start, s: charging its DC link and self-test (assumption)."""
    minimum_volts: Annotated[float, Range(0.0, 400.0, "V")] = 0.8 * NOMINAL_VOLTS
    """Below this the drive trips on DC undervoltage, V."""
    room: Annotated[str, Names("hall", "room")] = ""
    """The room whose air cools its drive. All its power goes into the water."""
    hot_stop_c: Annotated[float, Range(30.0, 120.0, "degC")] = 55.0
    """Air at which the drive trips on over-temperature, degC (drives are rated for 40 degC, derated up to 50; the
    margin is an assumption). It is ready again 10 K below."""
    initially_on: bool = True
    """True if it is switched on when the site starts."""


@dataclass
class PumpState(State):
    commanded: bool = True
    speed_percent: float = 100.0
    """The speed that its controller asks for, %."""
    speed: float = 1.0
    """Of the impeller, 0 to 1."""
    ready: bool = True
    """The drive has power and has started up."""
    hot: bool = False
    """The drive has tripped on over-temperature."""
    run_s: float = 0.0


class Pump(Electrical[PumpState, PumpRatings]):
    """A pump with its drive: flow with the speed, power with its cube. The drive restarts by itself after a power loss.

    Feeds: `input`, and `alternate` for a drive behind two supplies.
    """

    kind = "pump"
    TERMINALS = ("input", "alternate")
    NEEDS: ClassVar[int] = 0
    PARAMS = PumpRatings
    STATE = PumpState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "failure": Fault("motor, coupling or drive has failed: it stands", failure=FailureMode("at once", "pump")),
        "wear": Fault(
            "the impeller is worn",
            {"loss": Parameter(30.0, "%", 1.0, 100.0, "of the flow")},
            failure=FailureMode("degradation", "pump-wear"),
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "switch-off": DeedKind("stop it at its starter", lambda pump, _: pump.switch(False), undo="switch-on"),
        "switch-on": DeedKind("start it at its starter", lambda pump, _: pump.switch(True), undo="switch-off"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "running": "", "flow_l_s": "l/s", "speed": "", "power_kw": "kW", "run_hours": "h"
    }  # fmt: skip

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self.state.commanded = self.params.initially_on
        self.state.speed = 1.0 if self.params.initially_on else 0.0

    def start(self) -> None:
        self._room = room_around(self)
        loop: Any = self.plant.find(self.params.loop) if self.params.loop else None
        self._loop: Circuit | None = loop if hasattr(loop, "pump_l_s") else None

    def switch(self, on: bool) -> None:
        if on != self.state.commanded:
            self.state.commanded = on
            self.log("started" if on else "stopped")
            self.touch()

    def set_speed(self, percent: float) -> None:
        if percent != self.state.speed_percent:
            self.state.speed_percent = percent
            self.touch()

    @property
    def _terminal(self) -> str:
        return self.live_terminal(self.params.minimum_volts)

    @property
    def target(self) -> float:
        s = self.state
        turning = s.ready and s.commanded and not s.hot and "failure" not in s.faults
        return self.state.speed_percent / 100.0 if turning else 0.0

    @property
    def running(self) -> bool:
        """True if it runs."""
        return self.state.speed > 0.0

    @property
    def speed(self) -> float:
        """Speed against the rated one, 0 to 1."""
        return self.state.speed

    @property
    def run_hours(self) -> float:
        """Hours run since the start."""
        return self.state.run_s / 3600.0

    @property
    def _full_l_s(self) -> float:
        """At full speed and its design head, l/s."""
        wear = self.fault("wear") if self.state.faults else None
        return self.params.flow_l_s * (1.0 - wear["loss"] / 100.0) if wear else self.params.flow_l_s

    @property
    def rated_l_s(self) -> float:
        """Flow in proportion to its speed, where no pressure is modelled, l/s."""
        return self._full_l_s * self.state.speed

    def curve(self, design_kpa: float) -> PumpCurve:
        """Its curve in a loop whose pumps are made for that head, kPa."""
        return PumpCurve(self._full_l_s, design_kpa, self.state.speed)

    @property
    def flow_l_s(self) -> float:
        """Water that it moves, l/s."""
        return self._loop.pump_l_s(self) if self._loop is not None else self.rated_l_s

    @property
    def power_kw(self) -> float:
        """Power that its drive draws, kW."""
        driven = self.state.ready and not self.state.hot and "failure" not in self.state.faults
        if not driven or self.state.speed <= 0.0:
            return 0.0
        full = self.params.power_kw * float(self.state.speed**3)
        if self._loop is None or not self._loop.params.design_kpa:
            return full
        return full * shaft_power(self.flow_l_s / (self.params.flow_l_s * self.state.speed))

    def energise(self) -> Supply:
        return self.seen[self._terminal] if self._terminal else Supply((0.0, 0.0, 0.0), 0.0, "")

    def demand(self) -> dict[str, Draw]:
        terminal = self._terminal
        return {terminal: three_phase(self.power_kw, self.params.power_factor)} if terminal else {}

    def react(self) -> None:
        if self._room is not None:
            self._feel(self._room.air_c)
        powered = self._terminal != ""
        waiting = self.remaining_s("drive ready") is not None
        if not powered:
            if waiting:
                self.cancel("drive ready")
            if self.state.ready:
                self.state.ready = False
                self.log("lost power")
                self.touch()
        elif not self.state.ready and not waiting:
            self.after(self.params.restart_s, "drive ready")

    def _feel(self, air_c: float) -> None:
        s = self.state
        hot = air_c >= self.params.hot_stop_c - (10.0 if s.hot else 0.0)
        if hot != s.hot:
            s.hot = hot
            self.log("drive over-temperature" if hot else "drive cooled down", air_c=round(air_c, 1))
            self.touch()

    def on_timer(self, name: str) -> None:
        if name == "drive ready":
            self.state.ready = True
            self.log("drive ready")
        else:
            super().on_timer(name)

    def horizon(self) -> float:
        return arrives_s(self.state.speed, self.target, self.params.ramp_s)

    def advance(self, dt: float) -> None:
        if self.state.speed > 0.0:
            self.state.run_s += dt
        if self.state.speed != self.target:
            self.state.speed = approached(self.state.speed, self.target, dt / self.params.ramp_s)
