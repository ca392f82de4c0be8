"""Two live sources out of step that are connected do not stay connected, and neither side gets off without a trip."""

from __future__ import annotations

from typing import Any

from gensets import Load, build
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.static_transfer_switch import StaticTransferSwitch
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch, TransferSwitchRatings
from twinfeed.emulators.plant.power.transformers import Transformer, TransformerRatings
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.ups.rotary_ups import RotaryUps
from twinfeed.emulators.plant.ups.ups import Ups


class Side:
    """A source and what leads from it to a board, the source first."""

    def __init__(self, name: str, source: str, chain: list[str]) -> None:
        self.name, self.chain, self.kinds = name, [], chain
        self.source: Any = {
            "utility": lambda: Utility(f"{name}-source"),
            "set": lambda: Generator(f"{name}-source", GeneratorRatings(bus=f"{name}-bus")),
            "ups": lambda: Ups(f"{name}-source", None, {"input": f"{name}-utility"}),
            "rotary": lambda: RotaryUps(f"{name}-source", None, {"input": f"{name}-utility"}),
        }[source]()
        self.components: list[Electrical] = [Utility(f"{name}-utility")] if source in ("ups", "rotary") else []
        self.components.append(self.source)
        feed = self.source.id
        for number, kind in enumerate(chain):
            id = f"{name}-{kind}-{number}"
            made: Any = {
                "breaker": lambda id=id, feed=feed: Breaker(id, None, {"input": feed}),
                "failing": lambda id=id, feed=feed: Breaker(id, None, {"input": feed}),
                "transformer": lambda id=id, feed=feed: Transformer(
                    id, TransformerRatings(inrush_times_rated=0.0), {"input": feed}
                ),
                "ats": lambda id=id, feed=feed: AutomaticTransferSwitch(id, None, {"normal": feed}),
                "sts": lambda id=id, feed=feed: StaticTransferSwitch(id, None, {"preferred": feed}),
                "board": lambda id=id, feed=feed: Board(id, None, {"in": feed}),
            }[kind]()
            self.chain.append(made)
            feed = id
        self.board = Board(f"{name}-board", None, {"in": feed})
        self.components += [*self.chain, self.board, Load(f"{name}-load", self.board.id)]

    @property
    def source_down(self) -> bool:
        if isinstance(self.source, Generator):
            return self.source.trip_cause == "out of step" or not self.source.running
        return not self.source.live

    @property
    def tripped(self) -> list[str]:
        return [c.id for c in self.chain if isinstance(c, Breaker) and c.state.cause == "out of step"]


chains = st.lists(st.sampled_from(["breaker", "failing", "ats", "sts", "transformer", "board"]), max_size=4)
sides = st.tuples(st.sampled_from(["utility", "set", "ups", "rotary"]), chains)


@settings(max_examples=examples(150), deadline=None)
@given(one=sides, other=sides, closing=st.sampled_from(["tie", "stuck tie", "incomer", "ats", "set"]))
def test_every_closing_out_of_step_opens_interrupters_on_both_sides_or_takes_the_source_down(
    one: tuple[str, list[str]], other: tuple[str, list[str]], closing: str
) -> None:
    a, b = Side("a", *one), Side("b", *other)
    joint: list[Component] = []
    if "tie" in closing:
        joint = [BusTie("closing", None, {"a": "a-board", "b": "b-board"})]
    elif closing == "incomer":
        joint = [Breaker("closing", BreakerRatings(closed=False), {"input": "b-board"})]
    elif closing == "ats":
        off = TransferSwitchRatings(position="off")
        joint = [AutomaticTransferSwitch("closing", off, {"emergency": "b-board"})]
    else:
        joint = [Generator("closing", GeneratorRatings(bus="joint"))]
    if "tie" not in closing:
        joint.append(Board("joint", None, {"one": "a-board", "other": "closing"}))
    plant = build(*a.components, *(b.components if closing != "set" else []), *joint)
    machines = [c for c in plant.actors.values() if isinstance(c, Generator)]
    for machine in machines:
        machine.crank()
    plant.advance(20.0)
    for machine in machines:
        if machine.id != "closing":
            machine.close_breaker()
    for side in (a, b):
        for component, kind in zip(side.chain, side.kinds, strict=True):
            if kind == "failing" and component.id in plant.actors:
                plant.inject(component.id, "fail-to-open")
    plant.advance(30.0)
    closer: Any = plant.actors["closing"]
    if closing == "stuck tie":
        plant.inject("closing", "fail-to-open")
    if closing == "set":
        closer.close_breaker(synchronised=True)
    elif closing == "ats":
        closer.transfer("emergency")
    else:
        closer.close()
    plant.advance(30.5)

    assert not getattr(plant.actors.get("joint"), "clash", False)
    assert not getattr(closer, "clash", False)
    assert any(event.what == "clash" for event in plant.journal) or closing == "set"
    for side in (a, b) if closing != "set" else (a,):
        sound = [c.id for c, kind in zip(side.chain, side.kinds, strict=True) if kind == "breaker"]
        if closing == "incomer" and side is b:
            assert closer.state.cause == "out of step" and not side.tripped, "it is the nearest itself"
            assert side.source_down is isinstance(side.source, Generator)
            continue
        if sound:
            assert side.tripped == [sound[-1]], "the nearest one that can open opens, and no other"
            assert side.source_down is isinstance(side.source, Generator), "a set slips even behind a breaker"
        else:
            assert side.source_down
        assert not side.board.live
    if closing == "set":
        assert closer.trip_cause == "out of step"
