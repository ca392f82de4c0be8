"""Circuit breakers: a mechanism that people and controllers work, and a trip unit that nobody can talk to.

The trip unit is physics: it opens the breaker by itself, after the time its curve says, and its thermal memory
carries over from one overload to the next. Controllers read the position and work `open`, `close` and `reset`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log
from typing import Annotated, ClassVar, Literal

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind, Word
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.electrical import DEAD, LOADING_PERCENT, NOTHING, Draw, Electrical, Supply

MISTAKE = "mistake"
"""Why a breaker was opened that somebody took for another one."""


TRIP_TIME = Tolerance(-30.0, 0.0, "trip time 0 to -30 %, Schneider Compact NS catalogue p. A-15")
"""Of the trip time of an electronic release."""


@dataclass(frozen=True)
class Curve:
    """A trip characteristic. The thermal element is one exponential in the square of the current.

    From cold a current of i times the setting trips after tau * ln(i^2 / (i^2 - p^2)), p being the pickup.
    """

    pickup: float
    """Smallest current that ever trips, times the setting."""
    instantaneous: float
    """Trips without delay from here, times the rated current."""
    tau_s: float
    """Thermal time constant, s."""
    short_time_s: float = 0.0
    """Delay of the short-time protection, s; 0 for none."""


CURVES: Mapping[str, Curve] = {
    "B": Curve(pickup=1.28, instantaneous=4.0, tau_s=70.0),
    "C": Curve(pickup=1.28, instantaneous=7.5, tau_s=70.0),
    "D": Curve(pickup=1.28, instantaneous=15.0, tau_s=70.0),
    "electronic": Curve(pickup=1.2, instantaneous=15.0, tau_s=8.0 / log(36.0 / (36.0 - 1.44)), short_time_s=0.14),
}
"""B, C, D: IEC 60898-1 table 7, as printed in IEK VA47-100 user manual table 2 (1.13 In: no trip within 1 h; 1.45 In:
within 1 h; 2.55 In: 1 to 60 s, 120 s above 32 A; instantaneous 3-5, 5-10, 10-20 In). Pickup is the geometric mean of
the two conventional currents, instantaneous the middle of its band, tau gives 20 s at 2.55 In.

electronic: Micrologic 5.0 long-time protection with tr = 8 s, tsd = 0.1 s (Schneider Compact NS
catalogue p. A-15: tripping between 1.05 and 1.20 Ir; at 1.5 / 6 / 7.2 Ir 200 / 8 / 5.5 s, 0 to -30 %; short-time
break time at most 140 ms): p = 1.2 reproduces all three points of its upper limit. Ii is 15 In.
"""


@dataclass(frozen=True)
class BreakerRatings:
    """A 2500 A air circuit breaker with an electronic trip unit, as between a 1600 kVA transformer and its board."""

    rated_a: Annotated[float, Range(0.1, 20000.0, "A")] = 2500.0
    setting: Annotated[float, Range(0.1, 1.0, "times rated")] = 1.0
    """Long-time setting, times rated (Ir of an electronic trip unit, 0.4 to 1; IEC 60898 types have 1)."""
    curve: Literal["electronic", "B", "C", "D"] = "electronic"
    """B, C or D of IEC 60898-1, or electronic."""
    tr_s: Annotated[float, Range(0.1, 60.0, "s"), TRIP_TIME] = 8.0
    """Long-time delay of an electronic trip unit at 6 Ir, s (0.5 to 24 on Micrologic 5.0)."""
    short_time: Annotated[float, Range(1.0, 20.0, "times the setting")] = 10.0
    """Short-time pickup of an electronic trip unit, times Ir (Isd: 1.5 to 10 on Micrologic 5.0)."""
    closed: bool = True
    """Position when the site starts."""


@dataclass
class BreakerState(State):
    position: str = "closed"
    """closed, open or tripped (open until `reset`)."""
    cause: str = ""
    """What it last tripped on: overload, short-time, instantaneous, out of step, fault or a caller's word."""
    mistaken: bool = False
    """It stands open because somebody took it for another one."""
    locks: list[str] = field(default_factory=list)
    """Who has a padlock on it: it cannot be closed until every one of them has taken theirs off."""
    heat: float = -1.0
    """Thermal memory at `since`, (current / rated)^2; negative until first looked at."""
    current: float = 0.0
    """Worst phase current held since then, times rated."""
    since: float = 0.0
    pickup: float = 0.0
    """The pickup of the setting that the thermal memory belongs to, times rated; 0 before it is first looked at."""
    operations: int = 0


PADLOCK: Mapping[str, Word] = {"person": Word(default="a person", doc="whose padlock it is")}
"""What the deeds `lock` and `unlock` take."""

OUT = "its cubicle, withdrawn"
"""Holds a breaker that is racked out, as a padlock does."""


class CircuitBreaker(Electrical[BreakerState, BreakerRatings]):
    """What a breaker and a bus tie share: mechanism, padlocks and trip unit."""

    PARAMS = BreakerRatings
    STATE = BreakerState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "trip": Fault("trips without cause; clearing the fault resets and recloses it", actuator=True),
        "fail-to-open": Fault("the mechanism does not open, neither on command nor on a trip"),
        "fail-to-close": Fault("the mechanism does not close", actuator=True),
        "slow": Fault("the mechanism moves late", {"delay_s": Parameter(1.0, "s", 0.05, 60.0)}),
        "mis-set": Fault(
            "the trip unit acts at a wrong threshold",
            {"percent": Parameter(50.0, "%", 10.0, 300.0, "of the intended setting", neutral=100.0)},
            source="AWS us-east-1, 2012-06-14",
        ),
        "wrong-breaker": Fault(
            "a person opens the wrong breaker; clearing the fault closes it again", family="people", actuator=True
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "open": DeedKind("open it", lambda q, _: q.open(), undo="close"),
        "close": DeedKind("close it", lambda q, _: q.close(), undo="open"),
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
        "current_a": "A",
        "current_percent": "%",
        "heat_percent": "%",
    }
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {
        "current_percent": LOADING_PERCENT,
        "heat_percent": LOADING_PERCENT,
    }

    def start(self) -> None:
        self.state.position = "closed" if self.params.closed else "open"
        self.curve = CURVES[self.params.curve]
        self.tau_s = self.curve.tau_s
        if self.params.curve == "electronic":
            self.tau_s *= self.params.tr_s / 8.0
        self._looked: tuple[Draw, Supply] | None = None

    # -- what people and controllers see and do ---------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return self.state.position == "closed"

    @property
    def tripped(self) -> bool:
        return self.state.position == "tripped"

    @property
    def locked(self) -> bool:
        return bool(self.state.locks)

    @property
    def current_a(self) -> float:
        """Current of the worst phase, A."""
        return max(self.load.amperes(self.output.volts)) if self.load is not NOTHING else 0.0

    @property
    def current_percent(self) -> float:
        """Current of the worst phase against the long-time setting, %."""
        return 100.0 * self.current_a / (self.params.rated_a * self.params.setting)

    @property
    def heat_percent(self) -> float:
        """How far the thermal element is on its way to tripping, %."""
        return 100.0 * self._heat_now() / self._pickup() ** 2

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

    def reset(self) -> bool:
        """Reset a tripped mechanism: open, ready to be closed. False if it was not tripped."""
        if not self.tripped:
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
        for timer in ("overload", "short-time"):
            self.cancel(timer)
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
            self._looked = None
            self.state.heat, self.state.since = self._heat_now(), self.plant.now
            self.state.current = -1.0

    def on_timer(self, name: str) -> None:
        if name.startswith("move "):
            _, to, cause = (*name.split(" ", 2), "")[:3]
            self._arrive(to, cause)
        elif name in ("overload", "short-time"):
            self.trip(name)
        else:
            super().on_timer(name)

    # -- trip unit ----------------------------------------------------------------------------------------------

    def react(self) -> None:
        looked = (self.load, self.output)
        if looked == self._looked:
            return
        self._looked = looked
        current = self.current_a / self.params.rated_a
        if self.state.heat < 0.0 or abs(current - self.state.current) > 0.002 * current:
            self._hold(current)

    def _hold(self, current: float) -> None:
        """A new current from now on: bring the thermal memory up to date and time the trip that follows."""
        state, curve, pickup = self.state, self.curve, self._pickup()
        if state.heat < 0.0:
            state.heat = current * current if current <= self.params.setting else 0.0
        else:
            state.heat = self._heat_now()
            if state.pickup and state.pickup != pickup:  # a trip unit remembers parts of its setting, not amperes
                state.heat *= (pickup / state.pickup) ** 2
        state.current, state.since, state.pickup = current, self.plant.now, pickup
        if current < pickup:
            self.cancel("overload")
            self.cancel("short-time")
            return
        scale = pickup / curve.pickup
        if current >= curve.instantaneous * scale / self.params.setting:
            self.trip("instantaneous")
            return
        final, limit = current * current, pickup * pickup
        if state.heat >= limit:
            self.after(0.0, "overload")
        elif final > limit:
            self.after(self.tau_s * log((final - state.heat) / (final - limit)), "overload")
        if curve.short_time_s and current >= self.params.short_time * scale:
            if self.remaining_s("short-time") is None:
                self.after(curve.short_time_s, "short-time")
        else:
            self.cancel("short-time")

    def _pickup(self) -> float:
        """The current that just trips it, times rated, as actually set."""
        wrong = self.fault("mis-set")
        return self.curve.pickup * self.params.setting * (wrong["percent"] / 100.0 if wrong else 1.0)

    def _heat_now(self) -> float:
        state = self.state
        final = max(0.0, state.current) ** 2
        return final + (max(0.0, state.heat) - final) * exp(-(self.plant.now - state.since) / self.tau_s)


class Breaker(CircuitBreaker):
    """A breaker (or a fused switch, an isolator with a large rating) in one path."""

    kind = "breaker"

    @property
    def capacity_kw(self) -> float:
        """That of what feeds it: a breaker is not a source."""
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
