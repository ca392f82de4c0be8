"""Which sets are connected with each other by closed switchgear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Tie
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.power.transformers import Transformer

SWITCHGEAR = (Board, CircuitBreaker, AutomaticTransferSwitch, Transformer)


class Link(NamedTuple):
    """A component and one of its terminals, between what feeds the terminal and the component itself."""

    of: Electrical
    terminal: str
    ends: tuple[str, str]

    @property
    def closed(self) -> bool:
        """True if current can flow from one end to the other."""
        return self.terminal in self.of.links()


class Couplings:
    """The switchgear between some sets, the breakers of the sets themselves apart."""

    def __init__(self, sets: Sequence[Electrical]) -> None:
        self._links: dict[str, list[Link]] = {}
        for link in _between(sets):
            for end in link.ends:
                self._links.setdefault(end, []).append(link)

    def connected(self, one: Electrical, other: Electrical) -> bool:
        """True if the two have a closed way between them."""
        reached, ahead = {one.id}, [one.id]
        while ahead:
            here = ahead.pop()
            for link in self._links.get(here, ()):
                there = link.ends[1] if link.ends[0] == here else link.ends[0]
                if there not in reached and link.closed:
                    if there == other.id:
                        return True
                    reached.add(there)
                    ahead.append(there)
        return False


def _between(sets: Sequence[Electrical]) -> list[Link]:
    """The links on ways from one of the sets to another."""
    switchgear = [actor for actor in sets[0].plant.actors.values() if isinstance(actor, SWITCHGEAR)]
    links = [link for component in switchgear for link in _of(component)]
    ends = {one.id for one in sets}
    while True:  # a way that ends blind is none
        met: dict[str, int] = {}
        for link in links:
            for end in link.ends:
                met[end] = met.get(end, 0) + 1
        kept = [link for link in links if all(met[end] > 1 or end in ends for end in link.ends)]
        if len(kept) == len(links):
            return kept
        links = kept


def _of(component: Electrical) -> Iterator[Link]:
    if isinstance(component, Tie):
        yield Link(component, "a", (component.upstream("a").id, component.upstream("b").id))
        return
    for terminal in component.feeds:
        yield Link(component, terminal, (component.upstream(terminal).id, component.id))
