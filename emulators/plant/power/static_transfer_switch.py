"""Switches that change between two sources by themselves: the static one for a board, and the small one in a rack.

They decide within a quarter of a cycle, so their decision is part of the plant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind, Word
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    NOMINAL_HERTZ,
    NOMINAL_VOLTS,
    Draw,
    Electrical,
    Link,
    Supply,
    passed_on_kw,
)

RIDE_THROUGH_S = 0.02
"""Gaps up to this long are logged but not shown downstream: no load notices them (ITIC curve: 0 V for 20 ms), s."""


GAP = Tolerance(-50.0, 0.0, "less than 4 ms, user manual p. 61")
"""Of the time of a transfer."""


@dataclass(frozen=True)
class StaticSwitchRatings:
    """A static transfer switch (Liebert STS2 class).

    Sources: less than 4 ms, user manual p. 61; +-10 % and 3 s, guide specification SL-20610 p. 3.
    """

    rated_a: Annotated[float, Range(1.0, 20000.0, "A")] = 800.0
    """Rated current, A."""
    transfer_ms: Annotated[float, Range(0.1, 1000.0, "ms"), GAP] = 4.0
    """Time of a transfer, ms."""
    out_of_step_ms: Annotated[float, Range(0.0, 1000.0, "ms")] = 10.0
    """Added when the sources are out of step: it waits for the current to stop before firing the other side, ms.
    Half a cycle, assumed."""
    range_v: Annotated[float, Range(1.0, 200.0, "V")] = 23.0
    """A source is left when a phase is further than this from nominal, V."""
    hysteresis_v: Annotated[float, Range(0.0, 100.0, "V")] = 4.6
    """A source is accepted again this much inside the range, V (2 %, assumed)."""
    range_hz: Annotated[float, Range(0.1, 15.0, "Hz")] = 2.5
    """Likewise for frequency, Hz (5 %, assumed)."""
    retransfer_s: Annotated[float, Range(0.0, 86400.0, "s")] = 3.0
    """The preferred source must be good for so long before the return, s."""
    in_step_only: bool = True
    """Voluntary transfers wait until both sources are in step."""
    maintenance_bypass: bool = False
    """It has a manual bypass of either source round its electronics (standard on the STS2: user manual, SL-20610)."""
    fault_times_rated: Annotated[float, Range(1.0, 50.0, "times rated")] = 3.0
    """From this current on it takes the load for faulty and stays where it is until it is reset (assumed)."""

    def __post_init__(self) -> None:
        if self.hysteresis_v >= self.range_v:
            raise ValueError(f"hysteresis_v is {self.hysteresis_v:g}, expected less than range_v, {self.range_v:g} V")


@dataclass
class StaticSwitchState(State):
    active: str = ""
    """The terminal that carries the load, '' while neither does."""
    preferred: str = ""
    good: list[str] = field(default_factory=list)
    """Terminals within limits."""
    proved: bool = False
    """The preferred source has been good for the retransfer delay."""
    inhibited: bool = False
    """Locked onto the present source after a fault current."""
    bypass: str = ""
    """The terminal that the manual bypass connects to the load, '' while it is open."""
    automatic_return: bool = True
    range_v: float = 0.0
    retransfer_s: float = 0.0
    transfers: int = 0


class StaticTransferSwitch(Electrical[StaticSwitchState, StaticSwitchRatings]):
    """Feeds its load from the preferred source while that is within limits, else from the alternate.

    Never onto a source out of limits; back to the preferred one when it has been good for `retransfer_s` and, if
    `in_step_only`, the two are in step (same `origin`). A load fault locks it where it is, or it would take the
    fault to the second source.
    """

    kind = "sts"
    PARAMS = StaticSwitchRatings
    STATE = StaticSwitchState
    TERMINALS: ClassVar[tuple[str, ...]] = ("preferred", "alternate")
    NEEDS: ClassVar[int] = 0
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "stuck": Fault("does not transfer", failure=FailureMode("on demand", "sts-transfer")),
        "slow": Fault("the transfer takes longer", {"delay_ms": Parameter(40.0, "ms", 1.0, 5000.0)}),
        "output-failure": Fault(
            "an open thyristor or relay: nothing reaches the output", failure=FailureMode("at once", "sts")
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "prefer": DeedKind("make a source the preferred one", lambda sts, a: sts.prefer(**a), {"terminal": Word()}),
        "reset": DeedKind("release the lock that a load fault has left", lambda sts, _: sts.reset()),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "active": "",
        "preferred": "",
        "on_preferred": "",
        "redundant": "",
        "in_step": "",
        "inhibited": "",
        "bypassed": "",
        "transfers": "",
    }

    def words(self, name: str) -> tuple[str, ...]:
        return (*self.TERMINALS, "") if name in ("active", "preferred") else super().words(name)

    def start(self) -> None:
        first = self.TERMINALS[0]
        self.state.active = self.state.preferred = first
        self.state.good = list(self.TERMINALS)
        self._through = first
        self.state.range_v, self.state.retransfer_s = self.params.range_v, self.params.retransfer_s

    @property
    def active(self) -> str:
        """The source that feeds its load; empty for none."""
        return self.state.active

    @property
    def preferred(self) -> str:
        """The preferred source."""
        return self.state.preferred

    @property
    def on_preferred(self) -> bool:
        """True if the preferred source feeds its load."""
        return self.state.active == self.state.preferred

    @property
    def redundant(self) -> bool:
        """True if both sources are within limits, and it may choose between them."""
        return len(self.state.good) == 2 and not self.state.bypass

    @property
    def in_step(self) -> bool:
        """True if both sources are live and have one origin."""
        one, other = (self.seen.get(t, DEAD).origin for t in self.TERMINALS)
        return one != "" and one == other

    @property
    def inhibited(self) -> bool:
        """True if its transfers are inhibited."""
        return self.state.inhibited

    @property
    def bypassed(self) -> bool:
        """True if the manual bypass carries the load."""
        return self.state.bypass != ""

    @property
    def transfers(self) -> int:
        """Number of transfers since the start."""
        return self.state.transfers

    @property
    def capacity_kw(self) -> float:
        return passed_on_kw(self, self.state.bypass or self.state.active)

    # -- operation ------------------------------------------------------------------------------------------

    def prefer(self, terminal: str) -> None:
        """Make that source the preferred one; the switch follows as soon as its rules allow.

        Raises:
            ValueError: it has no such terminal.
        """
        if terminal not in self.TERMINALS:
            raise ValueError(f"{self.id} has no source {terminal!r}; it has {', '.join(self.TERMINALS)}")
        if terminal != self.state.preferred:
            self.state.preferred = terminal
            self.state.proved = terminal in self.state.good
            self.cancel("proved")
            self.log("preferred", source=terminal)
            self.touch()

    def return_automatically(self, wanted: bool) -> None:
        """True if it goes back to the preferred source by itself."""
        self.state.automatic_return = wanted
        self.touch()

    def set_range(self, volts: float) -> None:
        """Set the largest deviation of a source from nominal, V."""
        self.state.range_v = volts
        self.touch()

    def set_retransfer(self, seconds: float) -> None:
        """Set the time for which the preferred source must be good before the return, s."""
        self.state.retransfer_s = seconds
        self.touch()

    def set_maintenance(self, closed: bool) -> bool:
        """Work the manual bypass: it takes the load on the source that carries it, without a break, and gives it back.

        False (and a line in the journal) when there is no bypass, or nothing carries the load.
        """
        state = self.state
        if closed and not (self.params.maintenance_bypass and state.active):
            self.log(
                "bypass refused", reason="nothing carries the load" if self.params.maintenance_bypass else "it has none"
            )
            return False
        bypass = state.active if closed else ""
        if bypass != state.bypass:
            state.bypass = bypass
            self.log("bypass closed" if closed else "bypass open", source=state.active)
            self.touch()
        return True

    def reset(self) -> None:
        """Release the lock that a load fault left."""
        if self.state.inhibited:
            self.state.inhibited = False
            self.log("reset")
            self.touch()

    # -- electronics ------------------------------------------------------------------------------------------

    def energise(self) -> Supply:
        """Supply of the conducting side. A source that fails is left within the same solution, so that nothing
        downstream sees a gap it would ride through; `react` then takes note of the transfer.
        """
        if self.state.bypass:
            self._through = self.state.bypass
            return self.seen.get(self._through, DEAD)
        self._through = self._conducting()
        if "output-failure" in self.state.faults:
            return DEAD
        return self.seen.get(self._through, DEAD)

    def demand(self) -> Mapping[str, Draw]:
        return {self._through: self.load}

    def links(self) -> Mapping[str, Link]:
        conducts = self.state.active and "output-failure" not in self.state.faults
        return {self.state.active: Link(0j)} if conducts else {}

    def _conducting(self) -> str:
        """The terminal that carries the load now: the active one, unless it has just failed and the other is good."""
        active = self.state.active
        if not active or self._acceptable(active) or not self._may_transfer or self._overloaded:
            return active
        one, other = self.TERMINALS
        spare = other if active == one else one
        return spare if self._gap_ms() <= RIDE_THROUGH_S * 1000.0 and self._acceptable(spare) else active

    @property
    def _may_transfer(self) -> bool:
        return not self.state.inhibited and not self.state.bypass and "stuck" not in self.state.faults

    def _gap_ms(self) -> float:
        """Time for which the load would be without supply in a transfer now, ms."""
        gap = self.params.transfer_ms
        both_live = all(self.seen.get(t, DEAD).origin for t in self.TERMINALS)
        if both_live and not self.in_step:
            gap += self.params.out_of_step_ms
        slow = self.fault("slow")
        return gap + slow["delay_ms"] if slow else gap

    def react(self) -> None:
        state = self.state
        good = [t for t in self.TERMINALS if self._acceptable(t)]
        if good != state.good:
            for terminal in self.TERMINALS:
                if (terminal in good) != (terminal in state.good):
                    self.log("source good" if terminal in good else "source lost", source=terminal)
            state.good = good
            self.touch()
        self._watch_current()
        if state.active and state.active not in good and good:
            self._transfer(good[0])
        self._prove(state.preferred in good)
        due = state.proved and state.automatic_return and state.active not in ("", state.preferred)
        if due and (self.in_step or not self.params.in_step_only or state.active not in good):
            self._transfer(state.preferred)

    def on_timer(self, name: str) -> None:
        if name == "proved":
            self.state.proved = True
        elif name.startswith("arrive "):
            self._arrive(name.removeprefix("arrive "))
        else:
            super().on_timer(name)

    def on_fault(self, kind: str, active: bool) -> None:
        self.touch()

    def _acceptable(self, terminal: str) -> bool:
        supply = self.seen.get(terminal, DEAD)
        if not supply.origin:
            return False
        margin = self.state.range_v - (0.0 if terminal in self.state.good else self.params.hysteresis_v)
        volts = supply.volts
        return (
            max(volts) <= NOMINAL_VOLTS + margin
            and min(volts) >= NOMINAL_VOLTS - margin
            and abs(supply.hertz - NOMINAL_HERTZ) <= self.params.range_hz
        )

    def _prove(self, good: bool) -> None:
        """Time how long the preferred source has been good while the load is on the other."""
        state = self.state
        if not good or self.on_preferred:
            state.proved = False
            self.cancel("proved")
        elif not state.proved and self.remaining_s("proved") is None:
            self.after(state.retransfer_s, "proved")

    def _watch_current(self) -> None:
        if not self.state.inhibited and self._overloaded:
            self.state.inhibited = True
            self.log("transfer inhibited", reason="load fault")
            self.touch()

    @property
    def _overloaded(self) -> bool:
        """True if it carries a current that only a fault of its load can draw."""
        return self.worst_amperes > self.params.fault_times_rated * self.params.rated_a

    def _transfer(self, to: str) -> None:
        if not self._may_transfer:
            return
        gap_ms = self._gap_ms()
        self.log("transferred", to=to, gap_ms=gap_ms)
        self.state.active = ""
        if gap_ms <= RIDE_THROUGH_S * 1000.0:
            self._arrive(to)
        else:
            self.after(gap_ms / 1000.0, f"arrive {to}")
            self.touch()

    def _arrive(self, terminal: str) -> None:
        self.state.active = terminal
        self.state.transfers += 1
        self.state.proved = False
        self.cancel("proved")
        self.touch()


@dataclass(frozen=True)
class RackSwitchRatings(StaticSwitchRatings):
    """An APC AP4423: 230 V, 16 A, two C20 inlets.

    Sources: 10 ms at high sensitivity and 30 s before the return, AP44xx user manual p. 4; +-23 V at the medium
    range, AP77xx user manual p. 14.
    """

    rated_a: Annotated[float, Range(1.0, 20000.0, "A")] = 16.0
    """Rated current, A."""
    transfer_ms: Annotated[float, Range(0.1, 1000.0, "ms")] = 10.0
    """Time of a transfer, ms."""
    out_of_step_ms: Annotated[float, Range(0.0, 1000.0, "ms")] = 0.0
    """Relays break before they make, so the phase angle does not matter to it, ms."""
    retransfer_s: Annotated[float, Range(0.0, 86400.0, "s")] = 30.0
    in_step_only: bool = False
    fault_times_rated: Annotated[float, Range(1.0, 50.0, "times rated")] = 6.0
    """Its relays do not interrupt more (assumed)."""


class RackTransferSwitch(StaticTransferSwitch):
    """A rack switch for single-corded equipment: sources `a` and `b`."""

    kind = "rack_ats"
    PARAMS = RackSwitchRatings
    TERMINALS = ("a", "b")
