"""Switchboards and the bus ties between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings, BreakerState
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.plant.power.electrical import DEAD, NOTHING, Draw, Electrical, Link, Short, Supply, added
from twinfeed.emulators.plant.power.faults.short_faults import earth_fault, short_circuit, shorts_of
from twinfeed.emulators.plant.power.flow import Tie, capacity_kw

ANGLES = (0.0, -2.0 * pi / 3.0, 2.0 * pi / 3.0)
"""Phase angles of a three-phase system, rad."""

OUT_OF_STEP = "out of step"
"""Cause of the trips that follow when two live sources that are out of step are connected."""

SLIP_HZ = 0.3
"""Difference of frequency above which two sources are not in step, Hz (usual for a synchronism check, ANSI 25)."""


@dataclass(frozen=True)
class BoardRatings:
    """A low-voltage main board."""

    rated_a: Annotated[float, Range(1.0, 20000.0, "A")] = 2500.0
    """Busbar rating, A (indicative: its breakers protect it)."""


class Board(Electrical[State, BoardRatings]):
    """A busbar with any number of named incomers (`feeds: {transformer: qf-t1, generator: qf-g}`).

    Live incomers in step share its load in proportion to their `capacity_kw`. Two that are out of step are a fault: the
    surge opens the next interrupters on the way up to both (see `surge_upstream`).
    """

    kind = "board"
    PARAMS = BoardRatings
    TERMINALS = ()
    NEEDS: ClassVar[int] = 0
    """Whatever its `feeds` name."""
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "short-circuit": short_circuit(
            "on the busbar", source="Azure West Europe, 2023-10", failure=FailureMode("at once", "switchgear-bus")
        ),
        "earth-fault": earth_fault("on the busbar", failure=FailureMode("at once", "switchgear-bus")),
        "insulation": Fault("the busbar is withdrawn from service: dead without fault current"),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {**Electrical.QUANTITIES, "current_a": "A", "neutral_a": "A", "clash": ""}

    @property
    def capacity_kw(self) -> float:
        """The sum of its live incomers', kW."""
        return sum(self._weights(self._carrying()))

    @property
    def current_a(self) -> float:
        """Current of the worst phase, A."""
        return self.worst_amperes

    @property
    def neutral_a(self) -> float:
        """Fundamental current in the neutral, A."""
        return neutral_amperes(self.load, self.output)

    @property
    def clash(self) -> bool:
        """True if two of its incomers are live and out of step."""
        first = ""
        for supply in self.seen.values():
            if supply.origin:
                if first and supply.origin != first:
                    return True
                first = supply.origin
        return False

    @property
    def out_of_service(self) -> bool:
        """True if it is kept dead, whatever feeds it."""
        return "insulation" in self.state.faults

    def energise(self) -> Supply:
        if self.out_of_service:
            return DEAD
        best = DEAD
        for supply in self.seen.values():
            if supply.origin and (
                not best.origin or (supply.origin == best.origin and min(supply.volts) > min(best.volts))
            ):
                best = supply
        return best

    def links(self) -> Mapping[str, Link]:
        return {} if self.out_of_service else dict.fromkeys(self.feeds, Link(0j))

    def shorts(self) -> Sequence[Short]:
        return () if self.out_of_service else shorts_of(self.state.faults)

    def demand(self) -> Mapping[str, Draw]:
        load, carrying = self.load, self._carrying()
        if load is NOTHING and len(carrying) < 2:
            return {}
        if len(carrying) == 1:
            return {carrying[0]: load}
        weights = self._weights(carrying)
        whole = sum(weights)
        shares = [weight / whole if whole > 0.0 else 1.0 / len(weights) for weight in weights]
        exchanges = [self.upstream(terminal).exchange for terminal in carrying]
        given = [load.scaled(share) for share in shares]
        if any(exchange is not NOTHING for exchange in exchanges):
            net = added(exchanges)  # of the whole board: part of its load, for it flows over its ties
            given = [
                draw.plus(exchange).plus(net.scaled(-share))
                for draw, exchange, share in zip(given, exchanges, shares, strict=True)
            ]
        return dict(zip(carrying, given, strict=True))

    @property
    def exchange(self) -> Draw:
        return added(self.upstream(terminal).exchange for terminal in self._carrying())

    def react(self) -> None:
        # While others still react to this instant, supplies of one system may differ for a round.
        if len(self.seen) > 1 and self.clash and not self.plant.dirty:
            self.log("clash", incomers=[t for t, s in self.seen.items() if s.origin])
            surge_upstream(self)

    def _carrying(self) -> list[str]:
        """The terminals that share its load."""
        origin = self.output.origin
        return [terminal for terminal, supply in self.seen.items() if supply.origin == origin] if origin else []

    def _weights(self, terminals: Sequence[str]) -> list[float]:
        return [max(0.0, capacity_kw(self.upstream(terminal))) for terminal in terminals]


class BusTie(CircuitBreaker, Tie[BreakerState, BreakerRatings]):
    """A bus coupler with a breaker in it, normally open.

    Nothing in the switchgear stops it closing onto two sources out of step: that is its controller's interlock. If it
    happens, the tie trips, and the surge opens the next interrupters on the way up from both boards. Closed onto a
    short circuit it trips at once, before the healthy board's own incomers.
    """

    kind = "bus_tie"
    QUANTITIES: ClassVar[Mapping[str, str]] = {**CircuitBreaker.QUANTITIES, "synchronous": "", "flow_kw": "kW"}

    def __init__(self, id: str, params: BreakerRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params or BreakerRatings(closed=False), feeds)

    def links(self) -> Mapping[str, Link]:
        return dict.fromkeys(self.TERMINALS, Link(0j)) if self.closed and not self.clash else {}

    @property
    def synchronous(self) -> bool:
        """True if it may be closed: one side dead, or both in step.

        Two halves of one group of sets that run apart are in step while they have one frequency.
        """
        a, b = self.seen["a"], self.seen["b"]
        return not a.live or not b.live or (a.origin == b.origin and abs(a.hertz - b.hertz) <= SLIP_HZ)

    @property
    def flow_kw(self) -> float:
        """Power through it, kW, positive from a to b."""
        return -self.load.total_kw if self.towards == "a" else self.load.total_kw

    def react(self) -> None:
        if self.clash and self.closed and not self.plant.dirty:
            self._surge()
        elif self.closed and self._onto_short():
            self.trip("short circuit")
        else:
            super().react()

    def _arrive(self, to: str, cause: str) -> None:
        slips = to == "closed" and not self.synchronous and self.seen["a"].origin == self.seen["b"].origin
        super()._arrive(to, cause)
        if slips:  # once it is closed both sides have one frequency, and nothing shows what they were
            self._surge()

    def _surge(self) -> None:
        """Two sources out of step are connected by it."""
        a, b = self.seen["a"], self.seen["b"]
        self.log("clash", a=a.origin, b=b.origin, slip_hz=round(abs(a.hertz - b.hertz), 2))
        self.trip(OUT_OF_STEP)
        for terminal in ("a", "b"):
            surge_upstream(self.upstream(terminal))

    def _onto_short(self) -> bool:
        """True if it carries the current of a short circuit or an earth fault on one of its boards (ANSI 87B)."""
        boards = self.upstream("a"), self.upstream("b")
        return self.fault_flow is not None and any(
            kind in board.state.faults for board in boards for kind in ("short-circuit", "earth-fault")
        )


def surge_upstream(board: Electrical) -> None:
    """Send the surge of two sources out of step from a board up every live way to its sources.

    On each way the nearest interrupter opens, whatever it is: a breaker, a closed bus tie, a set's own breaker. One
    that fails to open leaves it to the next. A source with nothing before it goes down. Sets always trip (ANSI 78).
    """
    ways: dict[str, list[tuple[Electrical, Electrical]]] = {}
    """By component, as everything stands before anything opens: what each way up goes through, and where it leads."""
    ahead = [board]
    while ahead:
        component = ahead.pop()
        if component.id not in ways:
            ways[component.id] = _ways_up(component)
            ahead += [above for _, above in ways[component.id]]
    reached: dict[str, bool] = {}

    def rise(component: Electrical, broken: bool) -> None:
        if component.id in reached and reached[component.id] <= broken:
            return
        reached[component.id] = broken
        for through, above in ways[component.id]:
            rise(above, through.surge(OUT_OF_STEP, broken))

    rise(board, False)


def _ways_up(component: Electrical) -> list[tuple[Electrical, Electrical]]:
    """The live neighbours that feed a component or are tied to it, each with the interrupter of the way to it."""
    fed = [component.upstream(terminal) for terminal in component.links() if component.seen[terminal].live]
    ways = [(above, above) for above in fed]
    for tie in component.plant.actors.values():
        if isinstance(tie, Tie) and tie.closed and not tie.clash:
            ends = tie.upstream("a"), tie.upstream("b")
            if component in ends:
                far = ends[0] if component is ends[1] else ends[1]
                ways += [(tie, far)] if far.live else []
    return ways


def neutral_amperes(load: Draw, supply: Supply) -> float:
    """Fundamental current in the neutral: the sum of the phase currents as phasors, A."""
    real = imaginary = 0.0
    for kw, kvar, volts, angle in zip(load.kw, load.kvar, supply.volts, ANGLES, strict=True):
        if volts > 1.0:
            along, across = kw * 1000.0 / volts, -kvar * 1000.0 / volts
            real += along * cos(angle) - across * sin(angle)
            imaginary += along * sin(angle) + across * cos(angle)
    return hypot(real, imaginary)
