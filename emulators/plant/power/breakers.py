"""Circuit breakers: a mechanism that people and controllers work, and a trip unit that nobody can talk to.

Controllers read the position and work `open`, `close` and `reset`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from twinfeed.emulators.plant.kernel.deeds import DeedKind, Word
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.steadiness import Store
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings, BreakerState, breaking_ka
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    NOTHING,
    SHORTED_PERCENT,
    Draw,
    Electrical,
    Link,
    Short,
    Supply,
)
from twinfeed.emulators.plant.power.faults.impedances import USUAL_A_PER_MM2, cable_ohm
from twinfeed.emulators.plant.power.faults.short_faults import earth_fault, short_circuit, shorts_of
from twinfeed.emulators.plant.power.trip_unit import TripUnit

MISTAKE = "mistake"
"""Why a breaker was opened that somebody took for another one."""

BREAKING_CAPACITY = "breaking capacity"
"""Why a breaker is open that had to break more than it can, once somebody else has ended the current."""

PADLOCK: Mapping[str, Word] = {"person": Word(default="a person", doc="whose padlock it is")}
"""Argument of the deeds `lock` and `unlock`."""

OUT = "its cubicle, withdrawn"
"""Holds a breaker that is racked out, as a padlock does."""


class CircuitBreaker(Electrical[BreakerState, BreakerRatings]):
    """A switching device with a mechanism, padlocks and a trip unit: a breaker or a bus tie."""

    PARAMS = BreakerRatings
    STATE = BreakerState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "trip": Fault(
            "trips without cause; clearing the fault resets and recloses it",
            actuator=True,
            failure=FailureMode("at once", "breaker-trip"),
        ),
        "fail-to-open": Fault(
            "the mechanism does not open, neither on command nor on a trip",
            failure=FailureMode("on demand", "breaker-opens"),
        ),
        "fail-to-close": Fault(
            "the mechanism does not close", actuator=True, failure=FailureMode("on demand", "breaker-closes")
        ),
        "slow": Fault("the mechanism moves late", {"delay_s": Parameter(1.0, "s", 0.05, 60.0)}),
        "mis-set": Fault(
            "the trip unit acts at a wrong threshold",
            {"percent": Parameter(50.0, "%", 10.0, 300.0, "of the intended setting", neutral=100.0)},
            source="AWS us-east-1, 2012-06-14",
            failure=FailureMode("degradation", "breaker-setting"),
        ),
        "wrong-breaker": Fault(
            "a person opens the wrong breaker; clearing the fault closes it again",
            family="people",
            actuator=True,
            failure=FailureMode("people", "wrong-breaker"),
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "open": DeedKind("open it", lambda q, _: q.open(), undo="close"),
        "close": DeedKind("close it", lambda q, _: q.close(), undo="open"),
        "replace": DeedKind("put a new one in the place of a damaged one, open", lambda q, _: q.replace()),
        "reset": DeedKind("reset its mechanism after a trip: open, ready to be closed", lambda q, _: q.reset()),
        "trip": DeedKind("press its trip button", lambda q, _: q.trip("trip button")),
        "lock": DeedKind("hang a padlock on it while it is open", lambda q, a: q.lock(**a), PADLOCK, "unlock"),
        "unlock": DeedKind("take the padlock off", lambda q, a: q.unlock(**a), PADLOCK, "lock"),
        "rack-out": DeedKind("withdraw it from its cubicle while it is open", lambda q, _: q.lock(OUT), undo="rack-in"),
        "rack-in": DeedKind("push it back into its cubicle, open", lambda q, _: q.unlock(OUT), undo="rack-out"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "closed": "",
        "tripped": "",
        "locked": "",
        "damaged": "",
        "current_a": "A",
        "residual_a": "A",
        "current_percent": "%",
        "heat_percent": "%",
    }
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {
        "current_percent": SHORTED_PERCENT,
        "heat_percent": SHORTED_PERCENT,
    }

    def __init__(self, id: str, params: BreakerRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        self.trip_unit = TripUnit(self, self.trip)

    def start(self) -> None:
        self.state.position = "closed" if self.params.closed else "open"
        if self.params.zone_selective:
            for above in self._next_zone():
                above.trip_unit.below = [*above.trip_unit.below, self.trip_unit]

    def _next_zone(self) -> Iterator[CircuitBreaker]:
        """The zone-selective breakers that come first on the ways up to the sources."""
        waiting = [self.upstream(terminal) for terminal in self.feeds]
        for component in waiting:
            if isinstance(component, CircuitBreaker) and component.params.zone_selective:
                yield component
            else:
                waiting += [component.upstream(t) for t in component.feeds if component.upstream(t) not in waiting]

    # -- state and operation -------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """True if its contacts are closed."""
        return self.state.position == "closed"

    @property
    def tripped(self) -> bool:
        """True if it was opened by its protection and not reset."""
        return self.state.position == "tripped"

    @property
    def locked(self) -> bool:
        """True if somebody has locked it."""
        return bool(self.state.locks)

    @property
    def current_a(self) -> float:
        """Current of the worst phase, A."""
        return self.worst_amperes

    @property
    def current_percent(self) -> float:
        """Current of the worst phase against the long-time setting, %."""
        return 100.0 * self.current_a / (self.params.rated_a * self.params.setting)

    @property
    def heat_percent(self) -> float:
        """Heat of the thermal element, % of that at which it trips."""
        return self.trip_unit.heat_percent

    def stores(self) -> Iterable[Store]:
        if self.heat_percent > 0.0 and self.closed:
            yield Store("heat_percent", self.heat_percent, 100.0)

    @property
    def residual_a(self) -> float:
        """Current that returns by the protective conductor, A."""
        return self.trip_unit.residual_a

    @property
    def damaged(self) -> bool:
        """True if it had to break more than it can: it must be replaced."""
        return self.state.damaged

    def open(self) -> bool:
        """Open it; False (and a line in the journal) when the mechanism does not."""
        return self._move("open")

    def close(self) -> bool:
        """Close it; False (and a line in the journal) when it is tripped, locked, or the mechanism does not move."""
        return self._move("closed")

    def trip(self, cause: str) -> bool:
        """Open it on its release: it cannot be closed again before `reset`."""
        return self._move("tripped", cause)

    def surge(self, cause: str, broken: bool) -> bool:
        return broken or self.trip(cause)

    def replace(self) -> bool:
        """Put a new one, open, in the place of a damaged one. False if it was not damaged, or still carries current."""
        if not self.state.damaged or self.closed:
            return False
        self.state.damaged, self.state.position = False, "open"
        self.log("replaced")
        self.touch()
        return True

    def reset(self) -> bool:
        """Reset a tripped mechanism: open, ready to be closed. False if it was not tripped, or is damaged."""
        if not self.tripped or self.state.damaged:
            return False
        self.state.position = "open"
        self.log("reset")
        self.touch()
        return True

    def lock(self, person: str) -> None:
        """Hang a padlock on the open breaker.

        Raises:
            ValueError: it is closed: a closed breaker cannot be locked out.
        """
        if self.closed:
            raise ValueError(f"{self.id} is closed: open it before locking it out")
        if person not in self.state.locks:
            self.state.locks.append(person)
            self.log("locked", by=person)

    def unlock(self, person: str) -> None:
        """Take a padlock off.

        Raises:
            ValueError: that person has none on it; nobody may remove another's.
        """
        if person not in self.state.locks:
            holders = ", ".join(self.state.locks) or "nobody"
            raise ValueError(f"{self.id} is not locked by {person}; locked by {holders}")
        self.state.locks.remove(person)
        self.log("unlocked", by=person)

    # -- mechanism ----------------------------------------------------------------------------------------------

    def _move(self, to: str, cause: str = "") -> bool:
        state = self.state
        if state.position == to or (to == "open" and state.position == "tripped"):
            return True
        if state.damaged:
            self.log("move refused", to=to, reason="damaged: replace it")
            return False
        if to == "closed":
            refusal = (
                "tripped: reset it first"
                if self.tripped
                else f"locked by {', '.join(state.locks)}"
                if state.locks
                else "mechanism"
                if "fail-to-close" in state.faults
                else ""
            )
            if refusal:
                self.log("close refused", reason=refusal)
                return False
        elif "fail-to-open" in state.faults and self.closed:
            self.log("open refused", reason="mechanism", **({"cause": cause} if cause else {}))
            return False
        if slow := self.fault("slow"):
            timer = f"move {to} {cause}".strip()
            if self.remaining_s(timer) is None:
                self.after(slow["delay_s"], timer)
            return True
        self._arrive(to, cause)
        return True

    def _arrive(self, to: str, cause: str) -> None:
        state = self.state
        self.trip_unit.stand_down()
        breaking = self.closed and to != "closed"
        if breaking and (ka := self._fault_ka()) > breaking_ka(self.params):
            state.damaged = True
            self.log("breaking capacity exceeded", ka=round(ka, 1), capacity_ka=breaking_ka(self.params))
            self.touch()
            return
        state.position = to
        state.mistaken = to == "open" and cause == MISTAKE
        state.operations += 1
        if to == "tripped":
            state.cause = cause
            self.log("tripped", cause=cause)
        else:
            self.log("closed" if to == "closed" else "opened")
        self.touch()

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "trip":
            if active and self.closed:
                self.trip("fault")
            elif not active and self.tripped and self.state.cause == "fault":
                self.reset()
                self.close()
        elif kind == "wrong-breaker":
            if active and self.closed:
                self._move("open", MISTAKE)
            elif not active and self.state.mistaken:
                self.close()
        elif kind in ("mis-set", "fail-to-open"):
            self.trip_unit.look_again()

    def _fault_ka(self) -> float:
        """The current that it would have to break, kA; the load's is never too high."""
        return 0.0 if self.fault_flow is None else max(self.fault_flow.amperes) / 1000.0

    def react(self) -> None:
        if self.state.damaged:
            if self.closed and self._fault_ka() == 0.0:
                self.state.position, self.state.cause = "tripped", BREAKING_CAPACITY
                self.log("tripped", cause=BREAKING_CAPACITY)
                self.touch()
            return
        self.trip_unit.react()

    def on_timer(self, name: str) -> None:
        if name.startswith("move "):
            _, to, cause = (*name.split(" ", 2), "")[:3]
            self._arrive(to, cause)
        elif not self.trip_unit.on_timer(name):
            super().on_timer(name)


class Breaker(CircuitBreaker):
    """A breaker (or a fused switch, an isolator with a large rating) in one path, and the cable to what it feeds."""

    kind = "breaker"
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **CircuitBreaker.FAULTS,
        "short-circuit": short_circuit("at the far end of its cable", failure=FailureMode("at once", "cable")),
        "earth-fault": earth_fault("at the far end of its cable", failure=FailureMode("at once", "cable")),
    }

    @property
    def capacity_kw(self) -> float:
        """Capacity of the component that feeds it: a breaker is not a source."""
        if not self.output.live:
            return 0.0
        weight: float = getattr(self.upstream("input"), "capacity_kw", 1.0)
        return weight

    @property
    def exchange(self) -> Draw:
        return self.upstream("input").exchange if self.output.live else NOTHING

    def energise(self) -> Supply:
        return self.seen["input"] if self.state.position == "closed" else DEAD

    def demand(self) -> Mapping[str, Draw]:
        return {"input": self.load}

    def links(self) -> Mapping[str, Link]:
        return {"input": Link(self.cable_ohm, self.cable_ohm)} if self.state.position == "closed" else {}

    def shorts(self) -> Sequence[Short]:
        return shorts_of(self.state.faults)

    @property
    def cable_ohm(self) -> complex:
        """Of one conductor; the neutral and the protective conductor have the same section."""
        if any(self.params.cable_mohm):
            return complex(*self.params.cable_mohm) / 1000.0
        return cable_ohm(self.params.cable_m, self.params.cable_mm2 or self.params.rated_a / USUAL_A_PER_MM2)
