"""The power flow: two sweeps over the power paths, exact for any switching state.

Components are sorted so that each comes after what feeds it; `energise` runs down that order, `demand` up. Bus
ties are the only loops: the boards they may join are solved together. A dead board takes its neighbour's supply
through closed ties, unless it is out of service; boards that are both live and in step form one busbar, whose load
their own incomers share in proportion to `capacity_kw`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import ClassVar, NamedTuple

from twinfeed.emulators.plant.kernel.actor import PlantError, S
from twinfeed.emulators.plant.kernel.component import P
from twinfeed.emulators.plant.power.electrical import DEAD, NOTHING, Draw, Electrical, Short, Supply, added
from twinfeed.emulators.plant.power.faults.short_circuit import Outcome, solved


class Tie(Electrical[S, P]):
    """A bus coupler between two boards. A subclass decides when it is closed.

    `seen` has terminals `a` and `b`: what each board has of its own, so that a controller can check synchronism.
    `load` is what flows through it, towards the board named by `towards` (`a`, `b` or '' when nothing flows).
    `clash` is set when it is closed onto two sources out of step; nothing is then passed through.
    """

    TERMINALS: ClassVar[tuple[str, ...]] = ("a", "b")
    NEEDS: ClassVar[int] = 2
    clash = False
    towards = ""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """True if it is closed."""

    def energise(self) -> Supply:
        a, b = self.seen["a"], self.seen["b"]
        if not self.closed:
            return DEAD
        return a if a.live else b

    def demand(self) -> dict[str, Draw]:
        return {}


def capacity_kw(component: Electrical) -> float:
    """Its weight when several sources share a load: its attribute `capacity_kw`, 1 if it has none."""
    weight: float = getattr(component, "capacity_kw", 1.0)
    return weight


def out_of_service(board: Electrical) -> bool:
    """True if nothing can make it live: its attribute `out_of_service`, False if it has none."""
    return bool(getattr(board, "out_of_service", False))


class Feed(NamedTuple):
    """The wiring of one input terminal."""

    terminal: str
    upstream: Electrical
    socket: str


Member = tuple[Electrical, tuple[Feed, ...]]


@dataclass
class Busbar:
    """Boards joined by closed ties and in step: a tree of ties, each leading to a board from its parent."""

    boards: list[Electrical]
    branches: list[tuple[Tie, Electrical, Electrical]] = field(default_factory=list)
    """(tie, parent, child), parents first."""
    incomers: list[Electrical] = field(default_factory=list)
    """The boards that are live of their own."""


@dataclass
class Stage:
    """Components that are solved one after the other, and the ties among them (then they are boards)."""

    members: list[Member]
    ties: list[tuple[Tie, Electrical, Electrical]]
    busbars: list[Busbar] = field(default_factory=list)


class Flow:
    """Solves the power paths made of the given components.

    Raises:
        PlantError: a feed names nothing in the power path, or the paths run in a circle without a bus tie.
    """

    def __init__(self, components: Iterable[Electrical]) -> None:
        self.components = {c.id: c for c in components}
        self._all = list(self.components.values())
        self._resolved: dict[str, tuple[Electrical, str]] = {}
        self.out: set[str] = set()
        """Components that are dead whatever feeds them: destroyed, or without power by the event of a place."""
        self._held: set[tuple[str, str]] = set()
        """Component and terminal of the supplies that are held down."""
        self._stages = self._sort()
        ordered = [component for stage in self._stages for component, _ in stage.members]
        self.ordered = ordered + [tie for stage in self._stages for tie, _, _ in stage.ties]
        self._outcome: Outcome | None = None
        """Voltages and currents of short circuits, while there are any."""

    def resolve(self, ref: str) -> tuple[Electrical, str]:
        """The component and socket (or '') that a feed such as `ups-a` or `pdu-a1:3` names.

        Raises:
            PlantError: no such component in the power path.
        """
        found = self._resolved.get(ref)
        if found is None:
            id, _, socket = ref.partition(":")
            if id not in self.components:
                raise PlantError(f"{ref!r} is not in the power path; a feed names a component or component:socket")
            found = self._resolved[ref] = self.components[id], socket
        return found

    def supply(self, ref: str) -> Supply:
        """The supply of that feed at this moment."""
        component, socket = self.resolve(ref)
        return component.socket(socket) if socket else component.output

    def solve(self, falling: bool = False) -> None:
        """Bring supplies and draws up to date; `falling` lets no terminal see a better supply than before.

        A load that lets go below some voltage and a source that sags under that load may have no common state: with
        the load the voltage is too low for it, without the load it is not. The load then sees the lower one until
        `release`: it lets go, and takes up again as late as after any other loss of its supply.
        """
        out = self.out
        shorts = [
            (component, short) for component in self._all if component.state.faults for short in component.shorts()
        ]
        if shorts or self._outcome is not None:
            self._short(shorts)
        outcome = self._outcome
        for stage in self._stages:
            for component, feeds in stage.members:
                seen = component.seen
                if out and component.id in out:
                    _take_out(component)
                    continue
                for terminal, upstream, socket in feeds:
                    supply = upstream.socket(socket) if socket else upstream.output
                    if falling or self._held:
                        supply = self._lower(component.id, terminal, seen[terminal], supply, falling)
                    seen[terminal] = supply
                component.output = component.energise()
                component.load = NOTHING
                if component.loads:
                    component.loads = {}
                if outcome is not None:
                    outcome.put(component)
            if stage.ties:
                stage.busbars = _couple(stage, out)
                if outcome is not None:
                    for board, _ in stage.members:
                        outcome.dip(board)
        for stage in reversed(self._stages):
            if stage.ties:
                _draw_together(stage, out)
            else:
                _draw(reversed(stage.members), out)
        if outcome is not None:
            outcome.draw(self.components)

    def _short(self, shorts: Sequence[tuple[Electrical, Short]]) -> None:
        """Work out what short circuits do now, and give every component its part of it."""
        whole = [c for c in self.ordered if c.id not in self.out] if self.out else self.ordered
        self._outcome = solved(whole, shorts) if shorts else None
        for component in self._all:
            component.fault_flow = None if self._outcome is None else self._outcome.flows.get(component.id)
            component.feel({} if self._outcome is None else self._outcome.inside.get(component.id, {}))

    def release(self) -> None:
        """Let all terminals see their supplies again."""
        self._held.clear()

    def _lower(self, id: str, terminal: str, before: Supply, now: Supply, falling: bool) -> Supply:
        """The supply that a terminal sees while supplies may only get worse, everywhere or where they did before."""
        if now.worst_volts <= before.worst_volts:
            return now
        if falling:
            self._held.add((id, terminal))
        return before if (id, terminal) in self._held else now

    # -- order ----------------------------------------------------------------------------------------------

    def _sort(self) -> list[Stage]:
        ties = [c for c in self._all if isinstance(c, Tie)]
        leader = self._leaders(ties)
        sorter: TopologicalSorter[str] = TopologicalSorter()
        groups: dict[str, Stage] = {}
        for component in self._all:
            if isinstance(component, Tie):
                continue
            head = leader[component.id]
            feeds = tuple(Feed(terminal, *self.resolve(ref)) for terminal, ref in component.feeds.items())
            groups.setdefault(head, Stage([], [])).members.append((component, feeds))
            sorter.add(head)
            for feed in feeds:
                if isinstance(feed.upstream, Tie):
                    raise PlantError(
                        f"{component.id} is fed by the bus tie {feed.upstream.id}; name a board instead", component.id
                    )
                upstream = leader[feed.upstream.id]
                if upstream == head:
                    raise PlantError(
                        f"{component.id} is fed by {feed.upstream.id}, which it is tied to or is itself: "
                        f"only bus ties may close a loop",
                        component.id,
                    )
                sorter.add(head, upstream)
        for tie in ties:
            a, b = self._ends(tie)
            groups[leader[a.id]].ties.append((tie, a, b))
        try:
            order = [groups[head] for head in sorter.static_order()]
        except CycleError as error:
            loop = " -> ".join(reversed(error.args[1]))
            raise PlantError(
                f"the power path runs in a circle: {loop}; only a bus tie may join two paths", error.args[1][0]
            ) from None
        return _merged(order)

    def _ends(self, tie: Tie) -> tuple[Electrical, Electrical]:
        ends = []
        for terminal in ("a", "b"):
            if terminal not in tie.feeds:
                raise PlantError(f"the bus tie {tie.id} needs both its feeds a and b; {terminal} is missing", tie.id)
            component, socket = self.resolve(tie.feeds[terminal])
            if socket or isinstance(component, Tie):
                raise PlantError(f"the bus tie {tie.id} joins boards; {tie.feeds[terminal]!r} is not one", tie.id)
            ends.append(component)
        if ends[0] is ends[1]:
            raise PlantError(f"the bus tie {tie.id} has {ends[0].id} on both sides", tie.id)
        return ends[0], ends[1]

    def _leaders(self, ties: Sequence[Tie]) -> dict[str, str]:
        """For each component the one that stands for all it may be tied to."""
        leader = {id: id for id in self.components}
        for tie in ties:
            keep, lose = (leader[end.id] for end in self._ends(tie))
            leader = {id: keep if head == lose else head for id, head in leader.items()}
        return leader


def _take_out(component: Electrical) -> None:
    """It sees no supply, gives none and carries nothing."""
    for terminal in component.seen:
        component.seen[terminal] = DEAD
    component.energise()
    component.output, component.load, component.loads = DEAD, NOTHING, {}


def _merged(order: list[Stage]) -> list[Stage]:
    """Runs of stages without ties as one, so that a solution is a few plain loops."""
    stages: list[Stage] = []
    for stage in order:
        if stages and not stage.ties and not stages[-1].ties:
            stages[-1].members.extend(stage.members)
        else:
            stages.append(stage)
    return stages


def _draw(members: Iterable[Member], out: Collection[str]) -> None:
    """Add what each component draws to the load of what feeds it, last first; what is out draws nothing."""
    for component, feeds in members:
        if not feeds:
            continue
        draws = component.demand()
        if out and component.id in out:
            continue
        for terminal, upstream, socket in feeds:
            draw = draws.get(terminal)
            if draw is None or draw is NOTHING:
                continue
            load = upstream.load
            upstream.load = draw if load is NOTHING else load.plus(draw)
            if socket:
                loads = upstream.loads
                loads[socket] = loads[socket].plus(draw) if socket in loads else draw


def _draw_together(stage: Stage, out: Collection[str]) -> None:
    """Each board draws its incomers' share from them, then shows what it carries: own loads and exports."""
    carried: dict[str, Draw] = {}
    for busbar in stage.busbars:
        _share(busbar, carried)
    _draw(stage.members, out)
    for component, _ in stage.members:
        component.load = carried.get(component.id, component.load)


# -- ties ---------------------------------------------------------------------------------------------------


def _couple(stage: Stage, out: Collection[str]) -> list[Busbar]:
    """Let supplies cross closed ties and return the busbars they make; a tie between two origins clashes."""
    closed = []
    for tie, a, b in stage.ties:
        tie.seen["a"], tie.seen["b"] = a.output, b.output
        tie.output = tie.energise()
        tie.load, tie.clash, tie.towards = NOTHING, False, ""
        if tie.closed and tie.id not in out:
            closed.append((tie, a, b))
    own = [component for component, _ in stage.members if component.output.live]
    spread = True
    while spread:
        spread = False
        for tie, a, b in closed:
            for giver, taker in ((a, b), (b, a)):
                if giver.output.live and not taker.output.live and not (out_of_service(taker) or taker.id in out):
                    taker.output = tie.output = giver.output
                    spread = True
    live = [(tie, a, b) for tie, a, b in closed if a.output.live and b.output.live]
    for tie, a, b in live:
        tie.clash = a.output.origin != b.output.origin
    joined = [(tie, a, b) for tie, a, b in live if not tie.clash]
    return _busbars(joined, own)


def _busbars(joined: Sequence[tuple[Tie, Electrical, Electrical]], own: Sequence[Electrical]) -> list[Busbar]:
    busbars: list[Busbar] = []
    reached: set[str] = set()
    for root in own:
        if root.id in reached:
            continue
        busbar = Busbar([root])
        reached.add(root.id)
        for board in busbar.boards:  # grows while it is walked: breadth first
            for tie, a, b in joined:
                for parent, child in ((a, b), (b, a)):
                    if parent is board and child.id not in reached:
                        reached.add(child.id)
                        busbar.boards.append(child)
                        busbar.branches.append((tie, parent, child))
        busbar.incomers = [board for board in busbar.boards if board in own]
        if busbar.branches:
            busbars.append(busbar)
    return busbars


def _share(busbar: Busbar, carried: dict[str, Draw]) -> None:
    """Set the load of each board to its incomers' share, the flow of each tie, and note what each board carries."""
    total = NOTHING
    for board in busbar.boards:
        total = total.plus(board.load)
    weights = {board.id: max(0.0, capacity_kw(board)) for board in busbar.incomers}
    whole = sum(weights.values())
    if whole <= 0.0:
        weights, whole = dict.fromkeys(weights, 1.0), float(len(weights))
    missing: dict[str, Draw] = {}
    exchanges = {board.id: board.exchange for board in busbar.incomers}
    net = added(exchanges.values())
    for board in busbar.boards:
        carried[board.id] = board.load
        weight = weights.get(board.id, 0.0) / whole
        share = total.scaled(weight)
        if (exchange := exchanges.get(board.id, NOTHING)) is not NOTHING:
            share = share.plus(exchange).plus(net.scaled(-weight))
        missing[board.id] = board.load.plus(share.scaled(-1.0))
        board.load = share
    for tie, parent, child in reversed(busbar.branches):
        flow = missing[child.id]
        missing[parent.id] = missing[parent.id].plus(flow)
        outward = flow.total_kw >= 0.0
        giver, taker = (parent, child) if outward else (child, parent)
        tie.load = flow if outward else flow.scaled(-1.0)
        if flow.total_kva > 0.0:
            tie.towards = "b" if tie.feeds["b"] == taker.id else "a"
        carried[giver.id] = carried[giver.id].plus(tie.load)
