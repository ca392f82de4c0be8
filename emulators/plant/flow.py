"""The power flow: two sweeps over the power paths, exact for any switching state.

Components are sorted so that each comes after what feeds it. Bus ties are the only loops: the boards they join
are solved together, a dead board taking its neighbour's supply through a closed tie.
"""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from emulators.plant.electrical import DEAD, NOTHING, Draw, Electrical, Supply
from emulators.plant.engine import Network, PlantError


class Tie(Electrical):
    """A bus coupler between two boards. A subclass decides when it is closed.

    `seen` has terminals `a` and `b`: what each board has of its own, so that a controller can check synchronism.
    `load` is what flows through; `clash` is set when it was closed onto two sources out of step.
    """

    TERMINALS = ("a", "b")
    clash = False

    @property
    def closed(self) -> bool:
        raise NotImplementedError

    def energise(self) -> Supply:
        a, b = self.seen["a"], self.seen["b"]
        if not self.closed:
            return DEAD
        return a if a.live else b

    def demand(self) -> dict[str, Draw]:
        return {}


class Flow(Network):
    """Solves the power paths made of the given components."""

    def __init__(self, components: Iterable[Electrical]) -> None:
        self.components = {c.id: c for c in components}
        self._groups = self._sort()
        self._crossings: list[tuple[Tie, Electrical, Electrical]] = []

    def resolve(self, ref: str) -> tuple[Electrical, str]:
        """The component and socket (or '') that a feed such as `ups-a` or `pdu-a1:3` names.

        Raises:
            PlantError: no such component in the power path.
        """
        id, _, socket = ref.partition(":")
        if id not in self.components:
            raise PlantError(
                f"{ref!r} is not in the power path; a feed names a component or component:socket"
            )
        return self.components[id], socket

    def supply(self, ref: str) -> Supply:
        """What that feed offers at this moment."""
        component, socket = self.resolve(ref)
        return component.socket(socket) if socket else component.output

    def solve(self) -> None:
        for members, ties in self._groups:
            for component, feeds in members:
                seen = component.seen
                for terminal, upstream, socket in feeds:
                    seen[terminal] = upstream.socket(socket) if socket else upstream.output
                component.output = component.energise()
            if ties:
                self._couple([c for c, _ in members], ties)
        for component in self.components.values():
            component.load = NOTHING
            if component.loads:
                component.loads = {}
        for members, ties in reversed(self._groups):
            if ties:
                self._pass_through(ties)
            for component, feeds in members:
                draws = component.demand()
                for terminal, upstream, socket in feeds:
                    draw = draws.get(terminal)
                    if draw is not None and draw is not NOTHING:
                        upstream.load = upstream.load.plus(draw)
                        if socket:
                            upstream.loads[socket] = upstream.loads.get(socket, NOTHING).plus(draw)

    # -- ties -----------------------------------------------------------------------------------------------

    def _couple(self, boards: list[Electrical], ties: list[Tie]) -> None:
        """Let supplies cross closed ties, and note in which direction and order they did."""
        for tie in ties:
            tie.seen["a"] = self.components[tie.feeds["a"]].output
            tie.seen["b"] = self.components[tie.feeds["b"]].output
            tie.clash = False
        self._crossings = [c for c in self._crossings if c[0] not in ties]
        spread = True
        while spread:
            spread = False
            for tie in ties:
                a, b = self.components[tie.feeds["a"]], self.components[tie.feeds["b"]]
                if not tie.closed:
                    continue
                if a.output.live and b.output.live:
                    tie.clash = tie.clash or a.output.origin != b.output.origin
                    continue
                for giver, taker in ((a, b), (b, a)):
                    if giver.output.live and not taker.output.live:
                        taker.output = giver.output
                        self._crossings.append((tie, giver, taker))
                        spread = True
        for tie in ties:
            tie.output = tie.energise()

    def _pass_through(self, ties: list[Tie]) -> None:
        for tie, giver, taker in reversed(self._crossings):
            if tie in ties:
                tie.load = taker.load
                giver.load = giver.load.plus(taker.load)

    # -- order ----------------------------------------------------------------------------------------------

    def _sort(self) -> list[tuple[list[tuple[Electrical, list[tuple[str, Electrical, str]]]], list[Tie]]]:
        ties = [c for c in self.components.values() if isinstance(c, Tie)]
        leader = {id: id for id in self.components}
        for tie in ties:
            a, b = (self.resolve(tie.feeds[t])[0].id for t in ("a", "b"))
            keep, lose = leader[a], leader[b]
            leader = {id: keep if head == lose else head for id, head in leader.items()}
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for component in self.components.values():
            if isinstance(component, Tie):
                continue
            head = leader[component.id]
            sorter.add(head)
            for ref in component.feeds.values():
                upstream = leader[self.resolve(ref)[0].id]
                if upstream == head:
                    raise PlantError(
                        f"{component.id} is fed by {ref}, which it is tied to: only bus ties may close a loop"
                    )
                sorter.add(head, upstream)
        try:
            order = list(sorter.static_order())
        except CycleError as error:
            loop = " -> ".join(reversed(error.args[1]))
            raise PlantError(
                f"the power path runs in a circle: {loop}; only a bus tie may join two paths"
            ) from None
        groups = []
        for head in order:
            members = [c for c in self.components.values() if leader[c.id] == head and not isinstance(c, Tie)]
            joined = [t for t in ties if leader[self.resolve(t.feeds["a"])[0].id] == head]
            groups.append(
                ([(c, [(t, *self.resolve(ref)) for t, ref in c.feeds.items()]) for c in members], joined)
            )
        return groups
