"""A study of a site's power paths: short-circuit currents, load flow, breaking capacities and selectivity.

Short-circuit currents follow IEC 60909-0:2016 at 400 V: the equivalent voltage source c Un / sqrt(3) at the place of
the fault, c = 1.05 for the highest and 0.95 for the lowest current (tolerance +-6 %), transformers corrected by K_T,
sets by K_G, cables at 20 degC for the highest and 80 degC for the lowest. A UPS counts with its static bypass closed,
which is how it clears a fault; loads and motors give nothing.

The load flow takes the loads that the site draws now, with constant power, in equal parts on the three phases, behind
sources that hold their voltage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings, breaking_ka
from twinfeed.emulators.plant.power.breakers import Breaker, CircuitBreaker
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Electrical, Link
from twinfeed.emulators.plant.power.faults.impedances import CONTACT, machine_ohm
from twinfeed.emulators.plant.power.faults.nodal import Nodal
from twinfeed.emulators.plant.power.faults.selectivity import unselective
from twinfeed.emulators.plant.power.faults.short_circuit import Branch, Mesh
from twinfeed.emulators.plant.power.pdu import CORD_OHM, Pdu
from twinfeed.emulators.plant.power.transformers import Transformer
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.ups.ups import Ups

C_MAX, C_MIN = 1.05, 0.95
"""Voltage factors of IEC 60909-0, table 1, for low-voltage networks with a tolerance of 6 %."""

C_MAX_MEDIUM, C_MIN_MEDIUM = 1.1, 1.0
"""Voltage factors for medium voltage."""

HOT = 1.0 + 0.004 * (80.0 - 20.0)
"""Resistance of a cable at 80 degC, times that at 20 degC (IEC 60909-0, 4: 0.004 /K)."""

SIN_PHI = 0.6
"""Of a set at its rated power factor, 0.8."""

LOWEST_VOLTS, HIGHEST_VOLTS = 0.9, 1.1
"""Supply voltage at a terminal, times nominal (IEC 60038: +-10 %)."""

FLOW_ROUNDS = 50
"""Rounds in which the voltages of a load flow settle."""


@dataclass(frozen=True)
class BusResult:
    """A board, a PDU or another node."""

    name: str
    kind: str
    volts: float
    """Phase to neutral under the present load, V."""
    drop_percent: float
    """Below the voltage of its source, %."""
    grid_ka: tuple[float, float]
    """Three-phase short-circuit current from the grid, kA: the lowest, the highest; zeros if it is not on the grid."""
    sets_ka: tuple[float, float]
    """From the generating sets, kA: what one set sustains, and the initial current of all."""


@dataclass(frozen=True)
class BranchResult:
    """A breaker, a transformer or a switch under the present load."""

    name: str
    kind: str
    volts: float
    """At its output, phase to neutral, V."""
    amperes: float
    kw: float
    """Into it, kW."""
    kvar: float
    percent: float
    """Of its rating, %; 0 where it has none."""


@dataclass(frozen=True)
class PairResult:
    """Two breakers in a row of which the upper one trips with, or before, the lower one in a range of currents."""

    upper: str
    lower: str
    from_a: float
    """Current of the lower breaker from which it is so, A."""
    to_a: float
    behind: str = ""
    """The node behind which the fault is, if the lower breaker is one of several ways to it: they share the current."""


@dataclass(frozen=True)
class WeakResult:
    """A breaker that cannot break the highest short-circuit current at its place."""

    name: str
    breaking_ka: float
    short_circuit_ka: float


@dataclass(frozen=True)
class Study:
    """All results, each list in the order of the power paths."""

    buses: list[BusResult] = field(default_factory=list)
    branches: list[BranchResult] = field(default_factory=list)
    pairs: list[PairResult] = field(default_factory=list)
    weak: list[WeakResult] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """True if every breaker breaks what it may have to, all pairs are selective, and no voltage is out of 10 %."""
        low, high = LOWEST_VOLTS * NOMINAL_VOLTS, HIGHEST_VOLTS * NOMINAL_VOLTS
        return not self.weak and not self.pairs and all(low <= b.volts <= high for b in self.buses if b.volts)


# -- networks -----------------------------------------------------------------------------------------------------


class Network:
    """The part of a site that hangs on some sources, for short circuits."""

    def __init__(self, mesh: Mesh, sources: Mapping[str, complex], ohm: Callable[[Branch], complex]) -> None:
        self.branches: list[Branch] = []
        self.nodes: dict[str, None] = {}
        self._nodal, self._ohm = Nodal(), ohm
        for source, own in sources.items():
            if source not in self.nodes:
                island = mesh.island(source)
                self.nodes.update(dict.fromkeys(island.holders))
                self.branches += island.branches
                for branch in island.branches:
                    self._nodal.link(branch.up, branch.down, ohm(branch))
            self._nodal.ground(source, own)

    def ohm_at(self, node: str) -> complex:
        """The impedance that a fault at that node sees, ohm."""
        return self._nodal.solve({node: 1.0})[node]

    def ka(self, node: str, c: float) -> float:
        """Three-phase short-circuit current, kA; 0 at a node that no source reaches."""
        return c * NOMINAL_VOLTS / abs(self.ohm_at(node)) / 1000.0 if node in self.nodes else 0.0

    def shares(self, node: str) -> dict[str, float]:
        """The part of the current of a fault at that node that each component with one way through it carries."""
        volts = self._nodal.solve({node: -1.0})
        shares: dict[str, float] = {}
        for branch in self.branches:
            if branch.owner.id == branch.down:
                share = abs(volts[branch.up] - volts[branch.down]) / abs(self._ohm(branch))
                shares[branch.down] = max(shares.get(branch.down, 0.0), share)
        return shares


def _highest(branch: Branch) -> complex:
    """Impedance for the highest current: a transformer corrected by K_T (IEC 60909-0, 6.3.3)."""
    ohm = branch.ohm(False)
    if isinstance(branch.owner, Transformer):
        per_unit = branch.owner.ohm.imag * 1000.0 * branch.owner.params.kva / (3.0 * NOMINAL_VOLTS**2)
        return ohm * 0.95 * C_MAX / (1.0 + 0.6 * per_unit)
    return ohm


def _lowest(branch: Branch) -> complex:
    """Impedance for the lowest current: transformers are not corrected, cables are hot."""
    ohm = branch.ohm(False)
    return complex(ohm.real * HOT, ohm.imag) if isinstance(branch.owner, Breaker) else ohm


def on_bypass(component: Electrical) -> Mapping[str, Link]:
    """Links as they are, with the static bypass of every UPS closed."""
    if isinstance(component, Ups):
        return {"bypass" if "bypass" in component.feeds else "input": Link(component.train.bypass_ohm)}
    return component.links()


class OnSets:
    """Links with the transfer switches on the generating sets, where they can be."""

    def __init__(self, components: Sequence[Electrical]) -> None:
        self._fed = {c.id: _fed_by_sets(c) for c in components}

    def __call__(self, component: Electrical) -> Mapping[str, Link]:
        links = on_bypass(component)
        if len(links) == 1 and len(component.feeds) > 1 and not isinstance(component, Ups):
            (here,) = links
            there = [t for t, ref in component.feeds.items() if self._fed.get(ref.partition(":")[0])]
            if there and here not in there:
                return {there[0]: Link(0j)}
        return links


def _fed_by_sets(component: Electrical) -> bool:
    if isinstance(component, Generator):
        return True
    return any(_fed_by_sets(component.upstream(terminal)) for terminal in component.feeds)


# -- the study ----------------------------------------------------------------------------------------------------


def study(components: Sequence[Electrical]) -> Study:
    """Study a plant that has come to rest. `components`: each after what feeds it."""
    feeds = [u for u in components if isinstance(u, Utility) and u.live]
    on_grid = Mesh(components, on_bypass)
    highest = Network(on_grid, {u.id: _feed_ohm(u, C_MAX, C_MAX_MEDIUM) for u in feeds}, _highest)
    lowest = Network(on_grid, {u.id: _feed_ohm(u, C_MIN, C_MIN_MEDIUM) for u in feeds}, _lowest)
    sets = [g for g in components if isinstance(g, Generator)]
    on_sets = Network(Mesh(components, OnSets(components)), {g.id: _set_ohm(g) for g in sets}, _highest)
    weakest = min((g.params.sustained_short_circuit * g.params.kva / (3.0 * g.params.volts) for g in sets), default=0.0)
    flow = _LoadFlow(components)
    shown = [c for c in components if c.links() or isinstance(c, Generator | Ups)]
    result = Study()
    for component in shown:
        node, initial = component.id, on_sets.ka(component.id, C_MAX)
        if isinstance(component, CircuitBreaker | Transformer) or len(component.feeds) == 2:
            if branch := flow.branch(component):
                result.branches.append(branch)
            if isinstance(component, CircuitBreaker):
                continue
        volts = flow.volts.get(node, 0.0)
        result.buses.append(
            BusResult(
                node, component.kind, volts, 100.0 * (1.0 - volts / flow.before[node]) if volts else 0.0,
                (lowest.ka(node, C_MIN), highest.ka(node, C_MAX)), (min(weakest, initial), initial),
            )
        )  # fmt: skip
    for breaker in (c for c in components if isinstance(c, CircuitBreaker)):
        above = [ref.partition(":")[0] for ref in breaker.feeds.values()]
        most = max((net.ka(node, C_MAX) for node in above for net in (highest, on_sets)), default=0.0)
        if most > breaking_ka(breaker.params):
            result.weak.append(WeakResult(breaker.id, breaking_ka(breaker.params), most))
    result.pairs.extend(_pairs(components, (highest, on_sets)))
    result.pairs.extend(_parallel_pairs(components, (highest, on_sets)))
    return result


def _feed_ohm(utility: Utility, low: float, medium: float) -> complex:
    """Impedance of a network, from its short-circuit power and the voltage factor of its level (IEC 60909-0, 6.2)."""
    return utility.ohm * (medium if utility.medium_voltage else low) + CONTACT


def _set_ohm(genset: Generator) -> complex:
    """Sub-transient impedance of a set, corrected by K_G (IEC 60909-0, 6.6.1)."""
    p = genset.params
    correction = C_MAX / (1.0 + p.subtransient_reactance * SIN_PHI)
    return machine_ohm(p.kva, p.subtransient_reactance, p.volts) * correction


def _pairs(components: Iterable[Electrical], networks: Sequence[Network]) -> Iterator[PairResult]:
    """Every breaker with the next one above it, where the two are not selective up to the highest current."""
    for component in components:
        if isinstance(component, Breaker):
            lower, name, node, more = component.params, component.id, component.id, 0j
        elif isinstance(component, Pdu):
            p = component.params
            lower = BreakerRatings(rated_a=p.bank_a, curve=p.bank_curve)
            name, node, more = f"{component.id} banks", component.id, CORD_OHM / 2.0
        else:
            continue
        reached = [
            (C_MAX * NOMINAL_VOLTS / abs(network.ohm_at(node) + more), network.shares(node))
            for network in networks
            if node in network.nodes
        ]
        for upper in _next_above(component):
            ways = [(most, shares[upper.id]) for most, shares in reached if shares.get(upper.id, 0.0) > 1e-6]
            for most, share in sorted(ways)[-1:]:
                for found in unselective(upper.params, lower, most, share):
                    yield PairResult(upper.id, name, found.from_a, found.to_a)


def _parallel_pairs(components: Iterable[Electrical], networks: Sequence[Network]) -> Iterator[PairResult]:
    """Breakers of parallel ways with the next one above, at a fault behind the place where the ways meet.

    There each of them carries a part of the current that flows through the one above it.
    """
    seen: set[tuple[str, str]] = set()
    for component in components:
        lowers = [breaker for breaker in _next_above(component) if isinstance(breaker, Breaker)]
        if isinstance(component, CircuitBreaker) or len(lowers) < 2:
            continue
        for lower in lowers:
            for upper in _next_above(lower):
                if (upper.id, lower.id) in seen:
                    continue
                worst = max((_behind(network, component.id, lower, upper) for network in networks), default=(0.0, 0.0))
                if worst[0] > 0.0:
                    seen.add((upper.id, lower.id))  # the first node is the one where the ways meet
                    for found in unselective(upper.params, lower.params, *worst):
                        yield PairResult(upper.id, lower.id, found.from_a, found.to_a, component.id)


def _behind(network: Network, node: str, lower: Breaker, upper: CircuitBreaker) -> tuple[float, float]:
    """Highest current of the lower breaker at a fault at that node, A, and the upper one's, times that; else zeros."""
    shares = network.shares(node) if node in network.nodes else {}
    part, whole = shares.get(lower.id, 0.0), shares.get(upper.id, 0.0)
    if part < 1e-6 or whole <= part * 1.01:
        return 0.0, 0.0
    return C_MAX * NOMINAL_VOLTS / abs(network.ohm_at(node)) * part, whole / part


def _next_above(component: Electrical) -> Iterator[CircuitBreaker]:
    """The breakers that come first on the ways up."""
    waiting = [component.upstream(terminal) for terminal in component.feeds]
    for above in waiting:
        if isinstance(above, CircuitBreaker):
            yield above
        else:
            waiting += [up for up in map(above.upstream, above.feeds) if up not in waiting]


class _LoadFlow:
    """Voltages and currents under the present load."""

    def __init__(self, components: Sequence[Electrical]) -> None:
        self.volts: dict[str, float] = {}
        """Of each node, phase to neutral, V."""
        self.before: dict[str, float] = {}
        """Of its source, V."""
        self._currents: dict[str, complex] = {}
        self._powers: dict[str, complex] = {}
        mesh = Mesh(components)
        sources = {c.id: max(emf.volts) for c in components if (emf := c.emf()) is not None}
        loads = _loads(components, mesh)
        done: set[str] = set()
        for source, volts in sources.items():
            if source not in done:
                island = mesh.island(source)
                done.update(island.holders)
                self._solve(island.branches, island.holders, [s for s in sources if s in island.holders], volts, loads)

    def _solve(
        self, branches: Sequence[Branch], nodes: Iterable[str], sources: Sequence[str], volts: float,
        loads: Mapping[str, complex],
    ) -> None:  # fmt: skip
        nodal = Nodal()
        for branch in branches:
            nodal.link(branch.up, branch.down, branch.ohm(False))
        for source in sources:
            nodal.ground(source, CONTACT)
        drawn = {node: loads[node] for node in nodes if node in loads}
        here = dict.fromkeys(nodes, complex(volts))
        for _ in range(FLOW_ROUNDS):
            fallen = nodal.solve({node: -(power / here[node]).conjugate() for node, power in drawn.items()})
            after = {node: volts + fall for node, fall in fallen.items()}
            change = max(abs(after[node] - here[node]) for node in after)
            here = after
            if change < 1e-6:
                break
        self.volts.update((node, abs(v)) for node, v in here.items())
        self.before.update(dict.fromkeys(here, volts))
        for branch in branches:
            if branch.owner.id == branch.down:
                current = (here[branch.up] - here[branch.down]) / branch.ohm(False)
                self._currents[branch.down] = self._currents.get(branch.down, 0j) + current
                power = here[branch.up] * current.conjugate()
                self._powers[branch.down] = self._powers.get(branch.down, 0j) + power

    def branch(self, component: Electrical) -> BranchResult | None:
        """The flow through a component; None if it is not part of a live path."""
        id = component.id
        if id not in self._currents or id not in self.volts:
            return None
        amperes, power = abs(self._currents[id]), self._powers[id] * 3.0 / 1000.0
        rated = getattr(component.params, "rated_a", 0.0)
        if isinstance(component, Transformer):
            rated = 1000.0 * component.params.kva / (3.0 * NOMINAL_VOLTS)
        percent = 100.0 * amperes / rated if rated else 0.0
        return BranchResult(id, component.kind, self.volts[id], amperes, power.real, power.imag, percent)


def _loads(components: Iterable[Electrical], mesh: Mesh) -> dict[str, complex]:
    """Power of one phase that is drawn from each node by all that passes nothing on, VA."""
    loads: dict[str, complex] = {}
    for component in components:
        passing = component.links()
        for terminal, draw in component.demand().items():
            if terminal in passing and not isinstance(component, Transformer):
                continue
            node = mesh.node(component.feeds[terminal])
            if node is None:
                continue
            power = complex(draw.total_kw, draw.total_kvar) * 1000.0 / 3.0
            if isinstance(component, Transformer):  # its load and its copper are part of the network
                p = component.params
                power = complex(p.no_load_w, p.magnetising_percent / 100.0 * p.kva * 1000.0) / 3.0
            loads[node] = loads.get(node, 0j) + power
    return loads
