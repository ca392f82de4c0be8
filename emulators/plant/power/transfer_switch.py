"""The mechanical transfer switch between two sources.

It has no mind of its own: its firmware (`devices.transfer_switch`) times and orders every move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind, Word
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.breakers import PADLOCK
from twinfeed.emulators.plant.power.electrical import DEAD, NOTHING, Draw, Electrical, Link, Supply, passed_on_kw

TRAVEL = Tolerance(-70.0, 0.0, "30 to 100 ms, typical vendor data, unverified")
"""Of the time from contact to contact."""


@dataclass(frozen=True)
class TransferSwitchRatings:
    """An open-transition automatic transfer switch of contactor type."""

    rated_a: Annotated[float, Range(1.0, 20000.0, "A")] = 2500.0
    """Rated current, A."""
    transfer_s: Annotated[float, Range(0.001, 60.0, "s"), TRAVEL] = 0.1
    """Contact to contact, s (30 to 100 ms, typical vendor data, unverified)."""
    off_s: Annotated[float, Range(0.0, 600.0, "s")] = 0.0
    """Extra stay between the sources (delayed transition, lets motors' residual voltage decay), s."""
    fault_times_rated: Annotated[float, Range(1.0, 50.0, "times rated")] = 2.0
    """Current that means a fault of the load, times rated (assumed: no load of a board draws it for longer than an
    inrush, and one set feeds at least that into a short circuit)."""
    position: Literal["normal", "off", "emergency"] = "normal"
    """Its position when the site starts: normal, off or emergency."""


@dataclass
class TransferSwitchState(State):
    position: str = "normal"
    """normal, off or emergency."""
    heading: str = ""
    """The position that the contacts are moving to, '' at rest."""
    fault_current: bool = False
    """The current of a fault flows through it."""
    load_fault: str = ""
    """Position in which the supply was lost to a fault of the load, '' for none or once reset."""
    start_request: bool = False
    """The engine-start contact, closed to call for a generator."""
    locks: list[str] = field(default_factory=list)
    transfers: int = 0


class AutomaticTransferSwitch(Electrical[TransferSwitchState, TransferSwitchRatings]):
    """A two-source switch for a board: `normal`, `off` in between, `emergency`."""

    kind = "ats"
    PARAMS = TransferSwitchRatings
    STATE = TransferSwitchState
    TERMINALS = ("normal", "emergency")
    NEEDS: ClassVar[int] = 0
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "stuck": Fault(
            "the mechanism does not leave the position it is in", failure=FailureMode("on demand", "ats-transfer")
        ),
        "stuck-off": Fault(
            "the mechanism stops between the sources; it continues when the fault is cleared",
            failure=FailureMode("on demand", "ats-transfer"),
        ),
        "output-failure": Fault(
            "burnt contacts or a broken connection: nothing reaches the output", failure=FailureMode("at once", "ats")
        ),
        "slow": Fault("the mechanism moves late", {"delay_s": Parameter(2.0, "s", 0.05, 60.0)}),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "transfer": DeedKind(
            "move it by hand", lambda ats, a: ats.transfer(**a), {"to": Word(("normal", "emergency"))}
        ),
        "lock": DeedKind("hang a padlock on it: it stays where it is", lambda ats, a: ats.lock(**a), PADLOCK, "unlock"),
        "unlock": DeedKind("take the padlock off", lambda ats, a: ats.unlock(**a), PADLOCK, "lock"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "position": "",
        "on_normal": "",
        "on_emergency": "",
        "start_request": "",
        "load_fault": "",
        "normal_volts": "V",
        "emergency_volts": "V",
        "transfers": "",
    }

    WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "position": ("normal", "off", "emergency"),
        "load_fault": ("", "normal", "off", "emergency"),
    }

    def start(self) -> None:
        self.state.position = self.params.position

    @property
    def position(self) -> str:
        """Its position: normal, off or emergency."""
        return self.state.position

    @property
    def on_normal(self) -> bool:
        """True if it stands on the normal source."""
        return self.state.position == "normal"

    @property
    def on_emergency(self) -> bool:
        """True if it stands on the emergency source."""
        return self.state.position == "emergency"

    @property
    def start_request(self) -> bool:
        """Its engine-start contact: a generator's firmware in automatic runs while it is closed."""
        return self.state.start_request

    @property
    def load_fault(self) -> str:
        """Position in which its board lost the supply to a fault of its own: the trip contact of the breaker before it.

        It stays until `reset_fault`; '' for none.
        """
        return self.state.load_fault

    def reset_fault(self) -> None:
        """Put the indication of a load fault back."""
        if self.state.load_fault:
            self.state.load_fault = ""
            self.log("load fault reset")
            self.touch()

    @property
    def moving(self) -> bool:
        return self.state.heading != ""

    @property
    def normal_volts(self) -> float:
        """The lowest phase voltage of the normal source, V."""
        return self.seen.get("normal", DEAD).worst_volts

    @property
    def emergency_volts(self) -> float:
        """The lowest phase voltage of the emergency source, V."""
        return self.seen.get("emergency", DEAD).worst_volts

    @property
    def transfers(self) -> int:
        """Number of transfers since the start."""
        return self.state.transfers

    @property
    def capacity_kw(self) -> float:
        """Capacity of the source it stands on, kW."""
        return passed_on_kw(self, self.state.position)

    @property
    def exchange(self) -> Draw:
        return self.upstream(self.state.position).exchange if self.output.live else NOTHING

    def request_start(self, wanted: bool) -> None:
        """Close or open the engine-start contact."""
        if wanted != self.state.start_request:
            self.state.start_request = wanted
            self.log("start requested" if wanted else "start request dropped")
            self.touch()

    def transfer(self, to: str) -> bool:
        """Break before make: leave the present source, arrive on the other `transfer_s` later.

        False (and a line in the journal) when the mechanism is stuck or locked.
        """
        state = self.state
        if to == (state.heading or state.position):
            return True
        if state.locks or "stuck" in state.faults:
            self.log(
                "transfer refused", to=to, reason=f"locked by {', '.join(state.locks)}" if state.locks else "mechanism"
            )
            return False
        slow = self.fault("slow")
        delay = slow["delay_s"] if slow else 0.0
        if delay and not state.heading:
            state.heading = to
            self.after(delay, "leave")
        else:
            state.heading = to
            self._leave()
        return True

    def lock(self, person: str) -> None:
        """Hang a padlock on it: it stays where it is until every padlock is off."""
        if person not in self.state.locks:
            self.state.locks.append(person)
            self.log("locked", by=person)

    def unlock(self, person: str) -> None:
        """Take a padlock off.

        Raises:
            ValueError: that person has none on it.
        """
        if person not in self.state.locks:
            raise ValueError(
                f"{self.id} is not locked by {person}; locked by {', '.join(self.state.locks) or 'nobody'}"
            )
        self.state.locks.remove(person)
        self.log("unlocked", by=person)

    def energise(self) -> Supply:
        if "output-failure" in self.state.faults:
            return DEAD
        return self.seen.get(self.state.position, DEAD)

    def demand(self) -> Mapping[str, Draw]:
        return {self.state.position: self.load}

    def links(self) -> Mapping[str, Link]:
        return {} if "output-failure" in self.state.faults else {self.state.position: Link(0j)}

    def react(self) -> None:
        state = self.state
        if self.load is NOTHING and self.fault_flow is None and not state.fault_current:
            return
        limit = self.params.fault_times_rated * self.params.rated_a
        if self.worst_amperes >= limit:
            state.fault_current = True
        elif state.fault_current:
            state.fault_current = False
            if not self.output.live:
                state.load_fault = state.position
                self.log("load fault", position=state.position)
                self.touch()

    def on_timer(self, name: str) -> None:
        if name == "leave":
            self._leave()
        elif name == "arrive":
            self._arrive()
        else:
            super().on_timer(name)

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "stuck-off" and not active and self.state.heading and self.remaining_s("leave") is None:
            self._arrive()

    def _leave(self) -> None:
        self.cancel("leave")
        travel = 0.0 if self.state.position == "off" else self.params.off_s
        self.state.position = "off"
        if self.state.heading == "off":
            self._arrive()
            return
        self.after(self.params.transfer_s + travel, "arrive")
        self.touch()

    def _arrive(self) -> None:
        state = self.state
        if "stuck-off" in state.faults and state.heading != "off":
            self.log("stuck", between="normal and emergency")
            return
        self.cancel("arrive")
        state.position, state.heading = state.heading, ""
        state.transfers += state.position != "off"
        self.log("transferred", to=state.position)
        self.touch()
