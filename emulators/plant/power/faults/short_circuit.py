"""Short circuits by impedance: which current each path carries, and how far the voltage falls at every node.

The network is made of what conducts (`Electrical.links`) between the sources (`Electrical.emf`) and the faults
(`Electrical.shorts`). A fault is superposed on the voltage before it (IEC 60909-0, equivalent voltage source at the
place of the fault): in every phase the network without its sources is solved for the voltage that the fault takes
away. The voltage before the fault is that of the highest source, so the voltage factor c is 1; `emulators.plant.study`
has the 1.05 and 0.95 of the standard. Load currents are not part of it; they are added to the current of the fault.

A source that limits its current (inverter, alternator with a regulator) gets an impedance that makes its current the
limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    Draw,
    Electrical,
    Emf,
    FaultFlow,
    Inside,
    Link,
    Phases,
    Short,
)
from twinfeed.emulators.plant.power.faults.impedances import CONTACT
from twinfeed.emulators.plant.power.faults.nodal import Nodal

DEAD_VOLTS = 1.0
"""A phase below this is dead, V: no machine takes power from it."""

LIMITING_ROUNDS = 100
"""Rounds in which the currents of limited sources are brought to their limits."""

NO_CURRENT = 1e-4
"""Below this a component takes no part in a short circuit, A."""

DONE = 1e-7
"""The share by which a limited source may exceed its limit."""

Wiring = tuple[int, int, int]
"""Phase of the network that each phase of a node is."""


class Branch(NamedTuple):
    """A path between two nodes, and the component that it is part of."""

    up: str
    down: str
    owner: Electrical
    giver: Electrical
    """The component that it leaves from: the branch is part of its load."""
    link: Link
    phase: int = -1
    """Its phase at `up`, from 0; -1 for all."""

    def ohm(self, alone: bool) -> complex:
        """Of one phase; with its return where that phase is shorted `alone`."""
        return self.link.ohm + CONTACT + (self.link.back_ohm if alone else 0j)


class Place(NamedTuple):
    """A short circuit at its node."""

    node: str
    short: Short
    phases: tuple[int, ...]
    """Of the network."""

    @property
    def alone(self) -> bool:
        return len(self.phases) == 1


class Answer(NamedTuple):
    """One phase of an island."""

    left: Mapping[str, complex]
    """Voltage of each node, V."""
    flows: Sequence[complex]
    """Current of each branch, from `up` to `down`, A."""
    given: Sequence[complex]
    """Current of each source, A."""
    faults: Sequence[tuple[Place, complex]]
    """Current of each short circuit, A."""


class Mesh:
    """All that conducts now: nodes (a component's output, or a point inside it) and the branches between them.

    `components`: those that others feed come before what they feed. `links`: the conducting paths of one of them; as
    switches stand if it is not given.
    """

    def __init__(
        self,
        components: Sequence[Electrical],
        links: Callable[[Electrical], Mapping[str, Link]] = lambda component: component.links(),
    ) -> None:
        self.components = {c.id: c for c in components}
        self.branches: dict[str, list[Branch]] = {c.id: [] for c in components}
        """The branches at each node."""
        self._order = {c.id: i for i, c in enumerate(components)}
        for component in components:
            for terminal, link in links(component).items():
                ref = component.feeds.get(terminal)
                if ref is not None and (up := self.node(ref)) is not None:
                    self._join(Branch(up, component.id, component, self._holder(up), link))

    def node(self, ref: str) -> str | None:
        """The node that a feed such as `ups-a` or `pdu-a1:3` hangs on; None while its socket is off."""
        id, _, socket = ref.partition(":")
        if id not in self.components:
            return None
        if not socket:
            return id
        component = self.components[id]
        tap = component.tap(socket)
        if tap is None or not tap.inside:
            return None if tap is None else id
        node = f"{id}#{tap.inside}"
        if node not in self.branches:
            self.branches[node] = []
            self._order[node] = self._order[id]
            self._join(Branch(id, node, component, component, Link(tap.ohm), tap.phase))
        return node

    def island(self, node: str) -> Island:
        """The network that closed contacts join to a node."""
        reached = {node: None}
        waiting = [node]
        branches: dict[Branch, None] = {}
        for here in waiting:
            for branch in self.branches[here]:
                branches[branch] = None
                other = branch.up if branch.down == here else branch.down
                if other not in reached:
                    reached[other] = None
                    waiting.append(other)
        nodes = sorted(reached, key=self._order.__getitem__)
        return Island({n: self._holder(n) for n in nodes}, list(branches))

    def _join(self, branch: Branch) -> None:
        self.branches[branch.up].append(branch)
        self.branches[branch.down].append(branch)

    def _holder(self, node: str) -> Electrical:
        return self.components[node.partition("#")[0]]


class Island:
    """A network of closed contacts, its sources and its short circuits."""

    def __init__(self, holders: Mapping[str, Electrical], branches: Sequence[Branch]) -> None:
        self.holders, self.branches = holders, branches
        """The component that each node is part of, and the branches between the nodes."""
        self.places: list[Place] = []
        self.sources: list[tuple[str, Emf]] = []
        for node, component in holders.items():
            if node == component.id and (emf := component.emf()) is not None:
                self.sources.append((node, emf))
        self.volts: Phases = max((emf.volts for _, emf in self.sources), key=max, default=(0.0, 0.0, 0.0))
        """Phase to neutral before the fault, V: that of the highest source."""
        self.wiring = self._wiring()

    def suffer(self, node: str, short: Short) -> None:
        """Add a short circuit."""
        wiring = self.wiring[node]
        self.places.append(Place(node, short, tuple(dict.fromkeys(wiring[phase] for phase in short.phases))))

    def _wiring(self) -> dict[str, Wiring]:
        above = {branch.down: branch for branch in self.branches}
        wiring: dict[str, Wiring] = {}
        for node, component in self.holders.items():
            branch = above.get(node)
            before = wiring.get(branch.up, (0, 1, 2)) if branch else (0, 1, 2)
            if branch and branch.phase >= 0:
                own: Wiring = (branch.phase,) * 3
            else:
                own = component.wired() if node == component.id else (0, 1, 2)
            a, b, c = own
            wiring[node] = before[a], before[b], before[c]
        return wiring

    # -- one phase ------------------------------------------------------------------------------------------

    def answers(self) -> list[Answer | None]:
        """The currents and voltages of the three phases; None for one without a fault or without voltage."""
        known: dict[tuple[float, tuple[Place, ...]], Answer] = {}
        answers: list[Answer | None] = []
        for phase, volts in enumerate(self.volts):
            places = tuple(place for place in self.places if phase in place.phases)
            if not places or volts <= DEAD_VOLTS:
                answers.append(None)
                continue
            key = volts, places
            if key not in known:
                known[key] = self._answer(volts, places)
            answers.append(known[key])
        return answers

    def _answer(self, volts: float, places: Sequence[Place]) -> Answer:
        alone = all(place.alone for place in places)
        ohms = [branch.ohm(alone) for branch in self.branches]
        inner = [emf.ohm + CONTACT for _, emf in self.sources]
        tried = [inner]
        for _ in range(LIMITING_ROUNDS):
            nodal = Nodal()
            for branch, ohm in zip(self.branches, ohms, strict=True):
                nodal.link(branch.up, branch.down, ohm)
            for (node, _), ohm in zip(self.sources, inner, strict=True):
                nodal.ground(node, ohm)
            taken: dict[str, complex] = defaultdict(complex)
            for place in places:
                nodal.ground(place.node, place.short.ohm)
                taken[place.node] -= volts / place.short.ohm
            fallen = nodal.solve(taken)
            given = [-fallen[node] / ohm for (node, _), ohm in zip(self.sources, inner, strict=True)]
            limited = [
                _limited(emf, ohm, nodal.solve({node: 1.0})[node], current) if _unlike(emf, ohm, current) else ohm
                for (node, emf), ohm, current in zip(self.sources, inner, given, strict=True)
            ]
            if limited == inner:
                break
            tried.append(limited)
            inner = limited
            if len(tried) == 3:
                inner = [_end_of(*three) for three in zip(*tried, strict=True)]
                tried = [inner]
        left = {node: volts + fall for node, fall in fallen.items()}
        flows = [(left[b.up] - left[b.down]) / ohm for b, ohm in zip(self.branches, ohms, strict=True)]
        return Answer(left, flows, given, [(place, left[place.node] / place.short.ohm) for place in places])


def _unlike(emf: Emf, ohm: complex, current: complex) -> bool:
    """True if a source gives more than its limit, or less although its impedance has been raised for it."""
    size = abs(current)
    return size > emf.limit_a * (1.0 + DONE) or (ohm != emf.ohm + CONTACT and size < emf.limit_a * (1.0 - DONE))


def _limited(emf: Emf, ohm: complex, seen: complex, current: complex) -> complex:
    """The impedance with which a source gives its limit, or its own if it then gives less.

    `seen`: what 1 A into its node meets there, ohm, the source's present impedance included.
    """
    own = emf.ohm + CONTACT
    outside = 1.0 / (1.0 / seen - 1.0 / ohm)
    way, whole = own / abs(own), abs(current) * abs(ohm + outside) / emf.limit_a
    along = (way.conjugate() * outside).real
    times = sqrt(max(0.0, along * along - abs(outside) ** 2 + whole * whole)) - along
    return own if times <= abs(own) else way * times


def _end_of(first: complex, second: complex, third: complex) -> complex:
    """Where three impedances in a row lead to, ohm (Aitken).

    Sources that share a fault each leave a part of it to the others, and so come to their limits by ever smaller steps.
    """
    step, next_step = second - first, third - second
    ratio = abs(next_step) / abs(step) if step else 0.0
    return third + next_step * ratio / (1.0 - ratio) if ratio < 1.0 else third


# -- results ------------------------------------------------------------------------------------------------


class Outcome:
    """Voltages of the nodes and currents of the components while there are short circuits."""

    def __init__(self) -> None:
        self.volts: dict[str, Phases] = {}
        """Of each component's output, V."""
        self.inside: dict[str, dict[str, Inside]] = defaultdict(dict)
        """Of the points inside a component."""
        self.flows: dict[str, FaultFlow] = {}
        self.sources: set[str] = set()
        """The components whose current comes from themselves."""

    def put(self, component: Electrical) -> None:
        """Lower what the component puts out; a source then has its flow as a load that it must carry."""
        self.dip(component)
        if component.id in self.sources and (flow := self.flows.get(component.id)) is not None:
            component.load = flow.draw

    def dip(self, component: Electrical) -> None:
        """Lower what the component puts out."""
        output = component.output
        volts = self.volts.get(component.id)
        if volts is not None and output.origin:
            component.output = output._replace(volts=volts) if max(volts) > 0.0 else DEAD

    def draw(self, components: Mapping[str, Electrical]) -> None:
        """Add the flows to the loads of all that are not sources."""
        for id, flow in self.flows.items():
            if id not in self.sources:
                component = components[id]
                component.load = component.load.plus(flow.draw)

    def add(self, island: Island) -> None:
        answers = island.answers()
        for node, component in island.holders.items():
            at = [
                island.volts[phase] if answer is None else _alive(abs(answer.left[node]))
                for phase, answer in enumerate(answers)
            ]
            a, b, c = (at[phase] for phase in island.wiring[node])
            if node == component.id:
                self.volts[node] = a, b, c
            else:
                amperes = _worst(island, answers, node)
                self.inside[component.id][node.partition("#")[2]] = Inside((a, b, c), amperes)
        self.sources.update(node for node, _ in island.sources)
        totals: dict[str, _Total] = defaultdict(_Total)
        for phase, answer in enumerate(answers):
            if answer is not None:
                _count(island, answer, phase, totals)
        self.flows.update((id, total.flow()) for id, total in totals.items() if total.concerned)


class _Total:
    """The parts of a component's flow, added up."""

    def __init__(self) -> None:
        self.amperes = [0.0, 0.0, 0.0]
        self.residual = 0.0
        self.concerned = False
        """True if there is a current worth counting through its poles, past them or into its fault."""
        self.kva = [0j, 0j, 0j]
        self.heat_kw = 0.0

    def flow(self) -> FaultFlow:
        (a, b, c), (x, y, z) = self.amperes, self.kva
        return FaultFlow(
            (a, b, c), self.residual, Draw((x.real, y.real, z.real), (x.imag, y.imag, z.imag)), self.heat_kw
        )


def _count(island: Island, answer: Answer, phase: int, totals: Mapping[str, _Total]) -> None:
    """Add one phase to the totals of all components that carry current in it."""
    earth = all(place.short.earth for place, _ in answer.faults)
    through: dict[str, float] = defaultdict(float)
    poles: dict[str, list[float]] = defaultdict(list)
    for branch, current in zip(island.branches, answer.flows, strict=True):
        leaving, arriving = (answer.left[node] * current.conjugate() / 1000.0 for node in (branch.up, branch.down))
        if branch.up == branch.giver.id:
            totals[branch.up].kva[phase] += leaving
        totals[branch.owner.id].heat_kw += (leaving - arriving).real
        for end in (branch.up, branch.down):
            through[end] += abs(current) / 2.0
        if branch.owner.id == branch.down:
            poles[branch.down].append(abs(current))
    for place, current in answer.faults:
        kva = answer.left[place.node] * current.conjugate() / 1000.0
        holder = totals[island.holders[place.node].id]
        if place.node == island.holders[place.node].id:
            holder.kva[phase] += kva
        holder.heat_kw += kva.real
        through[place.node] += abs(current) / 2.0
    for (node, _), current in zip(island.sources, answer.given, strict=True):
        through[node] += abs(current) / 2.0
    for node, component in island.holders.items():
        if node == component.id:
            own = poles[node]
            amperes = own[0] if len(own) == 1 else through[node]
            totals[node].amperes[phase] = amperes
            totals[node].concerned |= through[node] > NO_CURRENT
            if earth:
                totals[node].residual = max(totals[node].residual, amperes)


def _worst(island: Island, answers: Sequence[Answer | None], node: str) -> float:
    """The highest current into an inner point, A."""
    flows = [
        abs(current)
        for answer in answers
        if answer is not None
        for branch, current in zip(island.branches, answer.flows, strict=True)
        if branch.down == node
    ]
    return max(flows, default=0.0)


def _alive(volts: float) -> float:
    return volts if volts > DEAD_VOLTS else 0.0


def solved(components: Sequence[Electrical], shorts: Iterable[tuple[Electrical, Short]]) -> Outcome:
    """Every voltage and current that these short circuits change. `components`: as for `Mesh`."""
    mesh = Mesh(components)
    islands: dict[str, Island] = {}
    for owner, short in shorts:
        node = mesh.node(short.ref or owner.id)
        if node is None:
            continue
        if node not in islands:
            island = mesh.island(node)
            islands.update(dict.fromkeys(island.holders, island))
        islands[node].suffer(node, short)
    outcome = Outcome()
    for island in dict.fromkeys(islands.values()):
        if island.sources:
            outcome.add(island)
    return outcome
