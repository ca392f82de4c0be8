"""A diesel rotary UPS: a machine on the line, a store of kinetic energy, and a diesel that couples in.

In normal operation the machine runs as a motor from the input behind a choke and conditions the output. When the input
leaves its window the isolation breaker opens, the store carries the load as a generator, and the diesel starts and
takes over. Kinetic energy falls in proportion to the load (E = 1/2 J (w1^2 - w2^2) between full and lowest speed), so
the store lasts `energy_s` at the rating and longer below it.

Two weaknesses that have been published can be set. A breaker that stays closed in a deep sag lets the store feed the
grid (AWS Sydney, 2016-06-05). An engine controller that is called again within `reset_s` of a stop does not start (365
Main, 2007-07-24).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.kernel.steadiness import Store
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    NOMINAL_VOLTS,
    Draw,
    Electrical,
    Supply,
    three_phase,
)

MODES = ("line", "store", "diesel", "off")
"""The sources of the output."""


@dataclass(frozen=True)
class RotaryUpsRatings:
    """A unit of the megawatt class with an induction coupling or a flywheel. Makers quote 10 to 15 s of store, and the
    diesel on load within 3 to 10 s (from memory of data sheets, unverified)."""

    kw: Annotated[float, Range(1.0, 20000.0, "kW")] = 1000.0
    """Rated active power, kW."""
    energy_s: Annotated[float, Range(0.5, 600.0, "s")] = 12.0
    """Time that the full store carries the rating, s."""
    recharge_s: Annotated[float, Range(1.0, 86400.0, "s")] = 180.0
    """Time to fill the empty store from the line or the diesel, s."""
    losses: Annotated[float, Range(0.0, 0.5, "of rated")] = 0.04
    """Of the machine and the choke, of the rating."""
    room: Annotated[str, Names("hall", "room")] = ""
    """The room that its losses heat."""
    isolates_percent: Annotated[float, Range(1.0, 99.0, "%")] = 85.0
    """Input voltage below which the isolation breaker opens, %."""
    isolate_s: Annotated[float, Range(0.001, 60.0, "s")] = 0.05
    """… from there to its open contacts, s."""
    start_percent: Annotated[float, Range(1.0, 100.0, "%")] = 90.0
    """Input voltage below which the diesel is called, %."""
    start_delay_s: Annotated[float, Range(0.0, 60.0, "s")] = 0.2
    """A dip that is shorter does not call the diesel, s."""
    start_s: Annotated[float, Range(0.5, 120.0, "s")] = 5.0
    """From the call to the diesel on load, s."""
    return_s: Annotated[float, Range(0.1, 86400.0, "s")] = 10.0
    """The input must be good so long before the machine goes back to the line, s."""
    run_on_s: Annotated[float, Range(0.0, 86400.0, "s")] = 0.0
    """A diesel that was called runs at least so long, s."""
    reset_s: Annotated[float, Range(0.0, 3600.0, "s")] = 0.0
    """An engine controller that is called within this time after a stop does not start, s."""
    backfeed: Annotated[float, Range(0.0, 20.0)] = 3.0
    """Power into a sagging grid through a breaker that is still closed, as a multiple of the rating for a sag to 0 V:
    one over the reactance of choke and machine (assumption)."""


@dataclass
class RotaryUpsState(State):
    mode: str = "line"
    breaker_closed: bool = True
    """The isolation breaker."""
    energy: float = 1.0
    """Of the store, 0 to 1."""
    diesel: str = "stopped"
    """stopped, starting, running or failed."""
    called_s: float = -1e9
    stopped_s: float = -1e9
    latched: str = ""
    """Why it has shut down and waits for a reset."""


class RotaryUps(Electrical[RotaryUpsState, RotaryUpsRatings]):
    """A diesel rotary UPS (DRUPS) of one line-up: `from: {input: board}`."""

    kind = "rotary_ups"
    PARAMS = RotaryUpsRatings
    STATE = RotaryUpsState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "fail-to-start": Fault(
            "the diesel does not start", source="365 Main, 2007-07", failure=FailureMode("on demand", "generator-start")
        ),
        "machine": Fault(
            "the machine has failed: it puts out nothing",
            source="Azure Japan East, 2017-03",
            failure=FailureMode("at once", "rotary-ups"),
        ),
        "breaker-stuck": Fault(
            "the isolation breaker does not open",
            source="AWS Sydney, 2016-06",
            failure=FailureMode("on demand", "breaker-opens"),
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "start": DeedKind("start the diesel by hand", lambda unit, _: unit.start_by_hand()),
        "reset": DeedKind("inspect and reset it after a shutdown", lambda unit, _: unit.reset()),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES, "mode": "", "energy_percent": "%", "diesel": "", "diesel_running": "", "latched": "",
        "input_kw": "kW",
    }  # fmt: skip
    WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": MODES,
        "diesel": ("stopped", "starting", "running", "failed"),
    }

    # -- readings, and work of people -----------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """Its mode of operation."""
        return self.state.mode

    @property
    def energy_percent(self) -> float:
        """Energy in the kinetic store against a full one, %."""
        return 100.0 * self.state.energy

    @property
    def diesel(self) -> str:
        """State of its diesel engine."""
        return self.state.diesel

    @property
    def diesel_running(self) -> bool:
        """True if its diesel engine runs."""
        return self.state.diesel == "running"

    @property
    def latched(self) -> bool:
        """True if it has shut down and waits for a reset."""
        return self.state.latched != ""

    @property
    def capacity_kw(self) -> float:
        return self.params.kw

    @property
    def input_kw(self) -> float:
        """Taken from the line, kW."""
        return self.demand()["input"].total_kw

    def start_by_hand(self) -> bool:
        """Start the diesel; False (and a line in the journal) if it does not turn."""
        if "fail-to-start" in self.state.faults:
            self.log("start failed", reason="the diesel does not start")
            return False
        if self.state.diesel != "running":
            self._call()
        return True

    def reset(self) -> bool:
        """Clear a shutdown, as after an inspection; False if there is none."""
        if not self.state.latched:
            return False
        self.state.latched = ""
        self.log("reset")
        self.touch()
        return True

    # -- power flow -------------------------------------------------------------------------------------------------

    @property
    def _line(self) -> float:
        """Lowest phase of the input, of nominal."""
        return self.seen["input"].worst_volts / NOMINAL_VOLTS

    @property
    def _drained(self) -> float:
        """Power that the store gives, of the rating; negative while it is filled."""
        p, state = self.params, self.state
        load = self.load.total_kw / p.kw
        if state.mode == "store":
            back = p.backfeed * max(0.0, 1.0 - self._line) if state.breaker_closed and self.seen["input"].live else 0.0
            return load + p.losses + back
        if state.mode in ("line", "diesel") and state.energy < 1.0:
            return -p.energy_s / p.recharge_s
        return 0.0

    @property
    def heat_kw(self) -> float:
        """Heat given to its room, kW."""
        return self.params.kw * self.params.losses if self.output.live else 0.0

    def energise(self) -> Supply:
        state = self.state
        if state.mode == "off" or "machine" in state.faults:
            return DEAD
        volts = (NOMINAL_VOLTS, NOMINAL_VOLTS, NOMINAL_VOLTS)
        if state.mode == "line":
            seen = self.seen["input"]
            return Supply(volts, seen.hertz, seen.origin) if seen.live else Supply(volts, 50.0, self.id)
        return Supply(volts, 50.0, self.id)

    def demand(self) -> Mapping[str, Draw]:
        if self.state.mode != "line" or not self.seen["input"].live:
            return {"input": three_phase(0.0)}
        return {
            "input": three_phase(self.load.total_kw + self.params.kw * (self.params.losses + max(0.0, -self._drained)))
        }

    def surge(self, cause: str, broken: bool) -> bool:
        """A surge that nothing nearer has broken shuts the machine down, and its isolation breaker opens."""
        if not broken and self.output.live:
            self._shut_down(cause)
        return True

    # -- changes by itself ------------------------------------------------------------------------------------------

    def react(self) -> None:
        state, p, line = self.state, self.params, self._line
        if state.mode == "line" and line * 100.0 < max(p.isolates_percent, p.start_percent):
            self._to("store")
        if state.mode == "store" and state.breaker_closed and line * 100.0 < p.isolates_percent:
            self._wait("isolate", p.isolate_s)
        if state.mode in ("store", "off") and line * 100.0 < p.start_percent and state.diesel == "stopped":
            self._wait("call", p.start_delay_s)
        elif line * 100.0 >= p.start_percent:
            self.cancel("call")
        if line * 100.0 >= max(p.start_percent, p.isolates_percent) and state.mode != "line" and not state.latched:
            self._wait("return", p.return_s if state.mode != "off" else 0.0)
        else:
            self.cancel("return")
        if state.mode == "store" and state.energy <= 1e-9:
            self._shut_down("the store is used up")
        if state.diesel == "running" and state.mode in ("store", "off") and not state.latched:
            state.breaker_closed = False
            self._to("diesel")

    def _wait(self, timer: str, delay_s: float) -> None:
        if self.remaining_s(timer) is None:
            self.after(delay_s, timer)

    def _to(self, mode: str) -> None:
        self.state.mode = mode
        self.log(f"on {mode}", energy_percent=round(self.energy_percent, 1))
        self.touch()

    def cut_off(self, cause: str) -> None:
        """Shut down, as the contact for emergency power-off does."""
        self.cancel("started")
        self.state.diesel = "stopped"
        self._shut_down(cause)

    def _shut_down(self, reason: str) -> None:
        self.state.latched = reason
        self.state.breaker_closed = False
        self.log("shut down", reason=self.state.latched)
        self._to("off")

    def _call(self) -> None:
        state, now = self.state, self.plant.now
        confused = now - state.stopped_s < self.params.reset_s
        if "fail-to-start" in state.faults or confused:
            state.diesel = "failed"
            self.log(
                "start failed", reason="its controller is not ready again" if confused else "the diesel does not start"
            )
        else:
            state.diesel, state.called_s = "starting", now
            self.after(self.params.start_s, "started")
            self.log("diesel starting")
        self.touch()

    def on_timer(self, name: str) -> None:
        state = self.state
        if name == "isolate":
            if "breaker-stuck" not in state.faults and state.mode == "store":
                state.breaker_closed = False
                self.log("isolated")
        elif name == "call":
            if state.diesel == "stopped":
                self._call()
        elif name == "started":
            state.diesel = "running"
            self.log("diesel running")
        elif name == "return":
            state.breaker_closed = True
            self._to("line")
            rest = self.params.run_on_s - (self.plant.now - state.called_s)
            self.after(max(0.0, rest), "stop")
        elif name == "stop":
            if state.mode == "line" and state.diesel in ("running", "starting"):
                self.cancel("started")
                state.diesel, state.stopped_s = "stopped", self.plant.now
                self.log("diesel stopped")
        else:
            super().on_timer(name)
        self.touch()

    def stores(self) -> Iterable[Store]:
        if self.state.mode == "store":
            yield Store("energy_percent", self.energy_percent, 0.0)

    def horizon(self) -> float:
        drained = self._drained
        if drained > 0.0:
            return self.state.energy * self.params.energy_s / drained
        return (1.0 - self.state.energy) * self.params.energy_s / -drained if drained < 0.0 else inf

    def advance(self, dt: float) -> None:
        drained = self._drained
        if drained:
            self.state.energy = min(1.0, max(0.0, self.state.energy - drained * dt / self.params.energy_s))
