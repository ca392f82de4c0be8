"""The master of a paralleling switchgear: a PLC whose order every set needs to close onto the common bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Supply, three_phase


@dataclass(frozen=True)
class ParallelingPlcRatings:
    """A PLC with its remote inputs and outputs in the doors of the breakers."""

    power_kw: Annotated[float, Range(0.0, 10.0, "kW")] = 0.3
    """Power that it draws, kW (assumption)."""
    ride_through_s: Annotated[float, Range(0.0, 86400.0, "s")] = 3600.0
    """Time that its own battery lasts when no feed is live, s (assumption)."""
    boot_s: Annotated[float, Range(0.0, 3600.0, "s")] = 40.0
    """From power, or a restart, to its first order, s (assumption)."""
    minimum_volts: Annotated[float, Range(0.0, 400.0, "V")] = 0.8 * NOMINAL_VOLTS
    """Below this a feed is dead, V."""
    halt_latches: bool = True
    """After a `halt` it stays halted until a person restarts it."""


@dataclass
class ParallelingPlcState(State):
    phase: str = "up"
    """up, booting, halted, or off without power."""


class ParallelingPlc(Electrical[ParallelingPlcState, ParallelingPlcRatings]):
    """The paralleling PLC of a switchgear. In automatic, sets that name it as `plc` close on its order only.

    Without any feed in the site file it is always supplied. People in manual mode do without it.
    """

    kind = "paralleling_plc"
    TERMINALS = ("input", "alternate")
    NEEDS: ClassVar[int] = 0
    FEED_OPTIONAL = True
    PARAMS = ParallelingPlcRatings
    STATE = ParallelingPlcState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "halt": Fault(
            "its program stops: it gives no order to close, and breakers stay as they are",
            failure=FailureMode("on demand", "paralleling-controller"),
        ),
        "opens-all": Fault(
            "its outputs open the breakers of all its sets, and keep them open",
            failure=FailureMode("at once", "paralleling-opens"),
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "restart": DeedKind("switch it off and on", lambda plc, _: plc.restart()),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {**Electrical.QUANTITIES, "phase": "", "closes": "", "opens": ""}
    WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {"phase": ("up", "booting", "halted", "off")}

    @property
    def phase(self) -> str:
        """up, booting, halted or off."""
        return self.state.phase

    @property
    def closes(self) -> bool:
        """True if it gives sets the order to close."""
        return self.state.phase == "up" and not self.opens

    @property
    def opens(self) -> bool:
        """True while it keeps the breakers of its sets open."""
        return "opens-all" in self.state.faults

    def restart(self) -> bool:
        """Boot it; False while what halts it is still there, or without power."""
        if "halt" in self.state.faults or self.state.phase == "off":
            self.log("kept", reason="its program does not run" if self.state.phase != "off" else "it has no power")
            return False
        self._boot()
        return True

    def _boot(self) -> None:
        self.state.phase = "booting"
        self.log("booting")
        self.after(self.params.boot_s, "up")
        self.touch()

    @property
    def _fed(self) -> str:
        return self.live_terminal(self.params.minimum_volts)

    def react(self) -> None:
        s = self.state
        fed = not self.feeds or self._fed != ""
        if fed:
            self.cancel("battery empty")
        elif s.phase != "off" and self.remaining_s("battery empty") is None:
            self.after(self.params.ride_through_s, "battery empty")
        if s.phase == "off" and fed:
            self._boot()
        if s.phase in ("up", "booting") and "halt" in s.faults:
            self._leave("halted")
        elif s.phase == "halted" and "halt" not in s.faults and not self.params.halt_latches:
            self._boot()

    def _leave(self, phase: str) -> None:
        self.cancel("up")
        self.state.phase = phase
        self.log(phase)
        self.touch()

    def on_timer(self, name: str) -> None:
        if name == "up":
            self.state.phase = "up"
            self.log("up")
            self.touch()
        elif name == "battery empty":
            self._leave("off")
        else:
            super().on_timer(name)

    def energise(self) -> Supply:
        return self.seen[self._fed] if self._fed else Supply((0.0, 0.0, 0.0), 0.0, "")

    def demand(self) -> dict[str, Draw]:
        return {self._fed: three_phase(self.params.power_kw, 0.9)} if self._fed else {}
