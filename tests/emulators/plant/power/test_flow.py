"""The power flow on its own: every graph, every switching state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.electrical import DEAD, NOTHING, Draw, Electrical, Supply, three_phase
from twinfeed.emulators.plant.power.flow import Flow, Tie


class Source(Electrical):
    TERMINALS = ()

    def __init__(self, id: str, live: bool = True, origin: str = "", capacity_kw: float = 1.0) -> None:
        super().__init__(id)
        self.on, self.origin, self.capacity_kw = live, origin or id, capacity_kw

    def energise(self) -> Supply:
        return Supply((230.0, 230.0, 230.0), 50.0, self.origin) if self.on else DEAD

    def demand(self) -> dict[str, Draw]:
        return {}


class Node(Electrical):
    """Passes the first live input on when closed, and takes something itself."""

    def __init__(self, id: str, feeds: Mapping[str, str], closed: bool = True, own_kw: float = 0.0) -> None:
        super().__init__(id, None, feeds)
        self.closed, self.own_kw = closed, own_kw
        self.drawn: dict[str, Draw] = {}

    def energise(self) -> Supply:
        return next((s for s in self.seen.values() if s.live), DEAD) if self.closed else DEAD

    def demand(self) -> dict[str, Draw]:
        live = self.carrier
        self.drawn = {live: self.load.plus(three_phase(self.own_kw))} if live else {}
        return self.drawn

    @property
    def carrier(self) -> str:
        """The terminal it draws from, '' for none."""
        return next((t for t, s in self.seen.items() if s.live and self.closed), "")

    @property
    def capacity_kw(self) -> float:
        return 100.0


class Coupler(Tie):
    def __init__(self, id: str, a: str, b: str, closed: bool = True) -> None:
        super().__init__(id, None, {"a": a, "b": b})
        self.shut = closed

    @property
    def closed(self) -> bool:
        return self.shut


def solved(*components: Electrical) -> Flow:
    flow = Flow(components)
    flow.solve()
    return flow


def test_what_a_load_draws_arrives_at_the_source():
    source = Source("s")
    solved(source, Node("board", {"input": "s"}), Node("load", {"input": "board"}, own_kw=42.0))
    assert source.load.total_kw == pytest.approx(42.0)


def test_order_of_the_site_file_does_not_matter():
    source = Source("s")
    solved(Node("load", {"input": "board"}, own_kw=42.0), Node("board", {"input": "s"}), source)
    assert source.load.total_kw == pytest.approx(42.0)


def test_an_open_switch_cuts_supply_and_draw():
    source = Source("s")
    load = Node("load", {"input": "switch"}, own_kw=42.0)
    solved(source, Node("switch", {"input": "s"}, closed=False), load)
    assert not load.live
    assert source.load == NOTHING


@pytest.mark.parametrize(("live", "towards"), [("s1", "b"), ("s2", "a")])
def test_a_tie_feeds_the_dead_board_in_either_direction(live: str, towards: str):
    s1, s2 = Source("s1", live == "s1"), Source("s2", live == "s2")
    b1, b2 = Node("b1", {"input": "s1"}), Node("b2", {"input": "s2"})
    tie = Coupler("tie", "b1", "b2")
    solved(s1, s2, b1, b2, tie, Node("l1", {"input": "b1"}, own_kw=10.0), Node("l2", {"input": "b2"}, own_kw=30.0))
    assert b1.live
    assert b2.live
    assert tie.towards == towards
    assert tie.load.total_kw == pytest.approx(30.0 if live == "s1" else 10.0)
    assert (s1 if live == "s1" else s2).load.total_kw == pytest.approx(40.0)


def test_supply_crosses_several_ties_in_a_row():
    source, far = Source("s"), Node("b3", {"input": "dead"})
    solved(
        source,
        Source("dead", False),
        Node("b1", {"input": "s"}),
        Node("b2", {"input": "dead"}),
        far,
        Coupler("t12", "b1", "b2"),
        Coupler("t23", "b2", "b3"),
        Node("load", {"input": "b3"}, own_kw=5.0),
    )
    assert far.live
    assert source.load.total_kw == pytest.approx(5.0)


def test_a_ring_of_ties_is_solved():
    source = Source("s")
    boards = [Node(f"b{i}", {"input": "s"} if i == 0 else {}) for i in range(3)]
    ring = [Coupler(f"t{i}", f"b{i}", f"b{(i + 1) % 3}") for i in range(3)]
    loads = [Node(f"l{i}", {"input": f"b{i}"}, own_kw=10.0) for i in range(3)]
    solved(source, *boards, *ring, *loads)
    assert source.load.total_kw == pytest.approx(30.0)


def test_tied_boards_in_step_share_their_load_by_capacity():
    s1, s2 = Source("s1", origin="gensets"), Source("s2", origin="gensets")
    b1, b2 = Node("b1", {"input": "s1"}), Node("b2", {"input": "s2"})
    tie = Coupler("tie", "b1", "b2")
    solved(s1, s2, b1, b2, tie, Node("l1", {"input": "b1"}, own_kw=10.0), Node("l2", {"input": "b2"}, own_kw=30.0))
    assert (s1.load.total_kw, s2.load.total_kw) == (pytest.approx(20.0), pytest.approx(20.0))
    assert (tie.load.total_kw, tie.towards) == (pytest.approx(10.0), "b")
    assert (b1.load.total_kw, b2.load.total_kw) == (pytest.approx(20.0), pytest.approx(30.0))
    assert not tie.clash


def test_a_tie_between_sources_out_of_step_clashes_and_passes_nothing():
    s1, s2 = Source("s1"), Source("s2")
    tie = Coupler("tie", "b1", "b2")
    solved(
        s1,
        s2,
        Node("b1", {"input": "s1"}),
        Node("b2", {"input": "s2"}),
        tie,
        Node("l1", {"input": "b1"}, own_kw=10.0),
        Node("l2", {"input": "b2"}, own_kw=30.0),
    )
    assert tie.clash
    assert tie.load == NOTHING
    assert (s1.load.total_kw, s2.load.total_kw) == (pytest.approx(10.0), pytest.approx(30.0))


def test_a_clash_two_ties_away_is_found():
    ties = Coupler("t1", "b1", "b2"), Coupler("t2", "b2", "b3")
    solved(Source("s1"), Source("s3"), Node("b1", {"input": "s1"}), Node("b2", {}), Node("b3", {"input": "s3"}), *ties)
    assert [tie.clash for tie in ties].count(True) == 1


def test_a_circle_is_refused_and_named():
    with pytest.raises(PlantError, match=r"circle: .*x.*only a bus tie"):
        Flow([Node("x", {"input": "y"}), Node("y", {"input": "x"})])


def test_a_board_fed_by_the_one_it_is_tied_to_is_refused():
    with pytest.raises(PlantError, match="b2 is fed by b1, which it is tied to"):
        Flow([Source("s"), Node("b1", {"input": "s"}), Node("b2", {"input": "b1"}), Coupler("tie", "b1", "b2")])


def test_a_path_round_a_tie_through_another_component_is_refused():
    with pytest.raises(PlantError, match="circle"):
        Flow(
            [
                Source("s"),
                Node("b1", {"input": "s"}),
                Node("x", {"input": "b1"}),
                Node("b2", {"input": "x"}),
                Coupler("tie", "b1", "b2"),
            ]
        )


@pytest.mark.parametrize(
    ("feeds", "message"),
    [({"a": "b1"}, "b is missing"), ({"a": "b1", "b": "b1"}, "both sides"), ({"a": "b1", "b": "nowhere"}, "nowhere")],
)
def test_a_miswired_tie_is_refused(feeds: dict[str, str], message: str):
    tie = Coupler("tie", "", "")
    tie.feeds = feeds
    with pytest.raises(PlantError, match=message):
        Flow([Node("b1", {}), tie])


def test_a_feed_from_nowhere_is_refused():
    with pytest.raises(PlantError, match="'mains' is not in the power path"):
        Flow([Node("board", {"input": "mains"})])


# -- every graph --------------------------------------------------------------------------------------------


@dataclass
class Graph:
    sources: list[Source]
    boards: list[Node]
    ties: list[Coupler]
    loads: list[Node]

    @property
    def all(self) -> list[Electrical]:
        return [*self.loads, *self.ties, *self.boards, *self.sources]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Layers of nodes, each fed by one or two of those above, with ties between any two of one layer."""
    flags = st.booleans()
    kw = st.floats(0.0, 500.0)
    sources = [
        Source(f"s{i}", draw(flags), draw(st.sampled_from(["grid", f"s{i}"])), draw(st.floats(0.0, 1000.0)))
        for i in range(draw(st.integers(1, 4)))
    ]
    above = [s.id for s in sources]
    boards: list[Node] = []
    ties: list[Coupler] = []
    for layer in range(draw(st.integers(1, 3))):
        width = draw(st.integers(1, 4))
        nodes = [
            Node(
                f"n{layer}{i}",
                {
                    f"in{k}": ref
                    for k, ref in enumerate(draw(st.lists(st.sampled_from(above), max_size=2, unique=True)))
                },
                draw(flags),
                draw(kw),
            )
            for i in range(width)
        ]
        if width > 1:
            for i in range(draw(st.integers(0, 3))):
                a, b = draw(st.lists(st.sampled_from([n.id for n in nodes]), min_size=2, max_size=2, unique=True))
                ties.append(Coupler(f"t{layer}{i}", a, b, draw(flags)))
        boards += nodes
        above = [n.id for n in nodes]
    loads = [
        Node(f"l{i}", {"input": draw(st.sampled_from(above))}, True, draw(kw)) for i in range(draw(st.integers(1, 5)))
    ]
    return Graph(sources, boards, ties, loads)


@given(graphs())
def test_power_is_neither_made_nor_lost(graph: Graph):
    solved(*graph.all)
    taken = sum(n.own_kw for n in (*graph.boards, *graph.loads) if n.carrier)
    assert sum(s.load.total_kw for s in graph.sources) == pytest.approx(taken, rel=1e-9, abs=1e-6)


@given(graphs())
def test_nothing_is_drawn_from_what_is_dead(graph: Graph):
    solved(*graph.all)
    for component in graph.all:
        if not component.output.live:
            assert component.load.total_kw == pytest.approx(0.0, abs=1e-9), component.id


@given(graphs())
def test_what_flows_into_a_node_flows_out_of_it(graph: Graph):
    solved(*graph.all)
    for node in (*graph.sources, *graph.boards, *graph.loads):
        exports = sum(
            t.load.total_kw for t in graph.ties if t.towards and t.feeds["ab".replace(t.towards, "")] == node.id
        )
        imports = sum(t.load.total_kw for t in graph.ties if t.towards and t.feeds[t.towards] == node.id)
        out = exports + sum(
            draw.total_kw
            for taker in (*graph.boards, *graph.loads)
            for terminal, draw in taker.drawn.items()
            if taker.feeds[terminal] == node.id
        )
        assert node.load.total_kw == pytest.approx(out, rel=1e-9, abs=1e-6), node.id
        if isinstance(node, Node):
            drawn = sum(draw.total_kw for draw in node.drawn.values())
            own = node.own_kw if node.carrier else 0.0
            assert drawn + imports == pytest.approx(node.load.total_kw + own, rel=1e-9, abs=1e-6), node.id


@given(graphs())
def test_closed_ties_equalise_what_they_join(graph: Graph):
    solved(*graph.all)
    by_id = {b.id: b for b in graph.boards}
    for tie in graph.ties:
        a, b = by_id[tie.feeds["a"]], by_id[tie.feeds["b"]]
        if tie.closed:
            assert a.live == b.live
            assert tie.clash == (a.output.origin != b.output.origin)
        else:
            assert not tie.clash
            assert tie.load == NOTHING


@given(graphs())
def test_solving_again_changes_nothing(graph: Graph):
    flow = solved(*graph.all)
    first = [(c.id, c.output, c.load, dict(c.seen)) for c in graph.all]
    flow.solve()
    assert [(c.id, c.output, c.load, dict(c.seen)) for c in graph.all] == first
