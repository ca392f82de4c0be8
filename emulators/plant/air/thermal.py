"""Heat in rooms and water: capacities, flows between them, and one step for all of them together.

A `Body` is a component with thermal nodes (the air and the racks of a hall, the layers of a tank). All bodies of a
plant are coupled: warm water warms a hall, a warm hall warms the water. So they move together, as one system
C dT/dt = A T + b, which is linear between two changes of regime (a valve fully open, a compressor at its limit).

The step is ROS2 (Verwer, Spee, Blom and Hundsdorfer 1999, SIAM J. Sci. Comput. 20(4): second order, L-stable
with gamma = 1 - 1/sqrt(2)): far from rest it is accurate to `TOLERANCE_K`, at rest it takes any length of time.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import exp, inf, sqrt
from typing import ClassVar, Generic, NamedTuple

from typing_extensions import TypeVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.component import Component, P

WATER_KJ_PER_L_K = 4.186
"""Heat capacity of water, kJ/(l K)."""

TOLERANCE_K = 0.02
"""Error of one step that is accepted, K."""

LOOK_K = 0.25
"""The plant is evaluated again when some temperature has moved so far, K: a crossing is late by so much at most."""

SHORTEST_LOOK_S = 0.5
"""However fast a temperature moves, it is not evaluated more often than this, s."""

_GAMMA = 1.0 - 1.0 / sqrt(2.0)
_SHORTEST_S = 0.05
"""A step this short is taken whatever its error (a change of regime within it), s."""

Matrix = list[list[float]]


class Balance:
    """The heat balance of all nodes at given temperatures: rate = (A T + b) / C.

    `t` holds the temperatures (degC) by which a body chooses its regimes; powers are in kW, conductances and
    heat capacity flows in kW/K.
    """

    def __init__(self, t: list[float], capacities: Sequence[float]) -> None:
        n = len(t)
        self.t = t
        self._capacities = capacities
        self._a: Matrix = [[0.0] * n for _ in range(n)]
        self._b = [0.0] * n

    def heat(self, node: int, kw: float) -> None:
        """Constant heat into a node."""
        self._b[node] += kw

    def proportional(self, node: int, to: int, kw_per_k: float) -> None:
        """Heat into a node in proportion to the temperature of the node `to` (degC)."""
        self._a[node][to] += kw_per_k

    def flow(self, node: int, source: int, kw_per_k: float) -> None:
        """Fluid that enters the node at the temperature of `source` and leaves it at the node's own."""
        self._a[node][source] += kw_per_k
        self._a[node][node] -= kw_per_k

    def inflow(self, node: int, at_c: float, kw_per_k: float) -> None:
        """Fluid that enters the node at a given temperature and leaves it at the node's own."""
        self._b[node] += kw_per_k * at_c
        self._a[node][node] -= kw_per_k

    def rates(self) -> list[float]:
        """Rate at which every node warms, K/s."""
        t = self.t
        return [
            (sum([x * y for x, y in zip(row, t, strict=True) if x]) + constant) / capacity
            for row, constant, capacity in zip(self._a, self._b, self._capacities, strict=True)
        ]

    def implicit(self, dt: float, gamma: float = _GAMMA) -> Matrix:
        """I - gamma dt A / C, factorised."""
        matrix = []
        for i, (row, capacity) in enumerate(zip(self._a, self._capacities, strict=True)):
            scale = -gamma * dt / capacity
            line = [x * scale for x in row]
            line[i] += 1.0
            matrix.append(line)
        return _factorise(matrix)


class ThermalState(State):
    """A state that holds the temperatures of its nodes in `nodes_c` (degC)."""

    nodes_c: list[float]


S = TypeVar("S", bound=ThermalState, default=ThermalState, covariant=True)


class Body(Component[S, P], Generic[S, P]):
    """A component with thermal nodes. The first body of the plant moves them all."""

    STATE = ThermalState
    COUPLED: ClassVar[bool] = True
    system: System
    shares: Mapping[str, Sequence[float]] = {}
    """Share of each node in each temperature among its quantities."""
    first = 0
    """Index of this body's first node in the vector of all nodes."""

    @abstractmethod
    def capacities(self) -> list[float]:
        """Heat capacity of each node, kJ/K."""

    @abstractmethod
    def balance(self, balance: Balance) -> None:
        """Write all heat that enters this body's nodes, given the temperatures in `balance.t`."""

    def start(self) -> None:
        bodies = [a for a in self.plant.actors.values() if isinstance(a, Body)]
        self._system = System(bodies) if bodies[0] is self else None

    def rate_k_s(self, quantity: str) -> float:
        """Rate at which that temperature moved when the plant came to rest, K/s; 0 for a quantity that is none."""
        rates = self.system.rates_k_s
        shares = self.shares.get(quantity, ())
        return sum([share * rates[n] for n, share in enumerate(shares, self.first) if share])

    def react(self) -> None:
        """At its start the plant is at rest with whatever runs, so that nothing drifts afterwards."""
        if self._system is not None and self.plant.starting and self._system.rest():
            self.touch()

    def horizon(self) -> float:
        return inf if self._system is None else self._system.horizon()

    def advance(self, dt: float) -> None:
        if self._system is not None:
            self._system.advance(self.plant.now, self.plant.now + dt, self.plant.next_event_s)


class Knot(NamedTuple):
    """The temperatures of all nodes (degC) at one time."""

    at_s: float
    t: list[float]


class System:
    """All bodies of a plant, moved together.

    Their course is computed once from one event of the plant to the next. A reader in between sees the straight
    line between two steps of it: within a step the curve is nowhere further from it than a quarter of `TOLERANCE_K`.
    """

    HOTTEST_REST_C = 60.0
    """A start whose rest would be hotter than this is none: the cooling does not run (yet)."""

    def __init__(self, bodies: Sequence[Body]) -> None:
        self.bodies = bodies
        self._capacities: list[float] = []
        self.rates_k_s = [0.0] * sum(len(body.capacities()) for body in bodies)
        """Rate at which each node moved when the plant came to rest, K/s."""
        self._course: list[Knot] = []
        self._here: Balance | None = None
        """The balance when the plant last came to rest: where the course begins."""
        for body in bodies:
            body.system, body.first = self, len(self._capacities)
            self._capacities += body.capacities()

    def horizon(self) -> float:
        """Seconds until some node has moved by `LOOK_K` at its present rate."""
        self._course = []
        self._here = self._balance(self._gather())
        self.rates_k_s = self._here.rates()
        fastest = max(map(abs, self.rates_k_s))
        return max(SHORTEST_LOOK_S, LOOK_K / fastest) if fastest > 0.0 else inf

    def advance(self, now: float, to: float, event: float) -> None:
        """Move all nodes from `now` along their course to the next `event` of the plant, as far as `to` (all s)."""
        if not self._course:
            self._course = self._ahead(now, max(to, event))
        after = bisect_right(self._course, to, key=lambda knot: knot.at_s)
        if after == len(self._course):
            self._scatter(self._course[-1].t)
            return
        (begin, old), (end, new) = self._course[after - 1], self._course[after]
        part = (to - begin) / (end - begin)
        self._scatter([x + (y - x) * part for x, y in zip(old, new, strict=True)])

    def _ahead(self, begin: float, end: float) -> list[Knot]:
        """The course with the surroundings held constant, in as many steps as the tolerance asks for."""
        balance = self._here or self._balance(self._gather())
        course = [Knot(begin, balance.t)]
        left = step = end - begin
        while left > 0.0:
            step = min(step, left)
            new, error = self._step(balance, step)
            if error > TOLERANCE_K and step > _SHORTEST_S:
                step = max(_SHORTEST_S, step * max(0.1, 0.9 * sqrt(TOLERANCE_K / error)))
                continue
            left -= step
            course.append(Knot(end - left, new))
            balance = self._balance(new) if left > 0.0 else balance
            step *= 4.0 if error <= 0.0 else min(4.0, max(1.0, 0.9 * sqrt(TOLERANCE_K / error)))
        return course

    def rest(self) -> bool:
        """Take the state in which nothing moves any more; False if that is (nearly) the present one, or none.

        Implicit Euler steps from an hour on: each takes the regimes as they are and goes nearly to their rest. Steps
        grow, since the walls of a room take days.
        """
        t = before = self._gather()
        for i in range(30):
            step_s = 3600.0 * min(4.0 ** max(0, i - 5), 1e6)
            balance = self._balance(t)
            rates = balance.rates()
            if max(map(abs, rates)) < 1e-7:
                break
            moves = _solve(balance.implicit(step_s, 1.0), rates)
            t = [x + step_s * k for x, k in zip(t, moves, strict=True)]
        else:
            return False
        if not 0.0 < min(t) <= max(t) < self.HOTTEST_REST_C:
            return False
        if max(abs(x - y) for x, y in zip(t, before, strict=True)) < 1e-3:
            return False
        self._scatter(t)
        return True

    def _step(self, balance: Balance, dt: float) -> tuple[list[float], float]:
        t, matrix = balance.t, balance.implicit(dt)
        first = _solve(matrix, balance.rates())
        predicted = [x + dt * k for x, k in zip(t, first, strict=True)]
        there = self._balance(predicted).rates()
        second = _solve(matrix, [r - 2.0 * k for r, k in zip(there, first, strict=True)])
        new = [x + dt * (1.5 * k + 0.5 * m) for x, k, m in zip(t, first, second, strict=True)]
        return new, max(abs(x - y) for x, y in zip(new, predicted, strict=True))

    def _balance(self, t: list[float]) -> Balance:
        balance = Balance(t, self._capacities)
        for body in self.bodies:
            body.balance(balance)
        return balance

    def _gather(self) -> list[float]:
        return [c for body in self.bodies for c in body.state.nodes_c]

    def _scatter(self, t: list[float]) -> None:
        for body in self.bodies:
            nodes = body.state.nodes_c
            nodes[:] = t[body.first : body.first + len(nodes)]


def passes_s(value: float, rate: float, *marks: float) -> float:
    """Seconds until a value that changes by `rate` a second has passed the next of these marks; inf if it will not.

    For the horizons of firmware that watches a temperature: its alarm comes when the mark is passed, not a round later.
    """
    if not rate:
        return inf
    ahead = [(mark - value) / rate for mark in marks if (mark - value) * rate > 0.0]
    return max(SHORTEST_LOOK_S, min(ahead)) if ahead else inf


def counterflow_effectiveness(ua: float, a: float, b: float) -> float:
    """Effectiveness of a counterflow exchanger with that UA between two heat capacity flows, all kW/K."""
    small, large = min(a, b), max(a, b)
    ntu, ratio = ua / small, small / large
    if ratio > 0.999:
        return ntu / (1.0 + ntu)
    fading = exp(-ntu * (1.0 - ratio))
    return (1.0 - fading) / (1.0 - ratio * fading)


def _factorise(matrix: Matrix) -> Matrix:
    """L and U in one matrix, in place, without pivoting: the diagonal dominates in a heat balance."""
    n = len(matrix)
    for k in range(n):
        pivot = matrix[k]
        for i in range(k + 1, n):
            row = matrix[i]
            if row[k]:
                factor = row[k] / pivot[k]
                row[k] = factor
                for j in range(k + 1, n):
                    if pivot[j]:
                        row[j] -= factor * pivot[j]
    return matrix


def _solve(lu: Matrix, right: Sequence[float]) -> list[float]:
    x = list(right)
    n = len(x)
    for i in range(n):
        row = lu[i]
        for j in range(i):
            if row[j]:
                x[i] -= row[j] * x[j]
    for i in range(n - 1, -1, -1):
        row = lu[i]
        for j in range(i + 1, n):
            if row[j]:
                x[i] -= row[j] * x[j]
        x[i] /= row[i]
    return x
