"""Which ports forward, and how long it takes until they do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lan import Lan, events
from workers.examples import examples

from twinfeed.emulators.plant.network.spanning_tree import BridgeId, End, Segment, path_cost, spanning_tree


def states(plant, switch):
    return {port: plant.actors[switch].stp_state(port) for port in (53, 54)}


@pytest.mark.parametrize(("gbps", "cost"), [(0.1, 200_000), (1, 20_000), (10, 2_000), (100, 200), (1000, 20)])
def test_path_costs_are_those_of_802_1d_2004_table_17_3(gbps, cost):
    assert path_cost(gbps) == cost


def test_the_lowest_bridge_id_is_root_and_one_uplink_of_each_access_switch_is_blocked():
    plant = Lan().build()
    assert plant.actors["core-1"].is_root
    for access in ("access-1", "access-2"):
        assert states(plant, access) == {53: "forwarding", 54: "discarding"}
        assert plant.actors[access].stp_role(54) == "alternate"
        assert plant.actors[access].state.root_cost == path_cost(100)


def test_a_cut_uplink_is_replaced_by_the_alternate_port_well_within_a_second():
    plant = Lan().build()
    plant.advance(10.0)
    plant.inject("up-11", "cut")
    plant.settle()
    assert not plant.actors["network"].reachable("ups")
    plant.advance(11.0)
    assert states(plant, "access-1") == {53: "disabled", 54: "forwarding"}
    assert plant.actors["network"].reachable("ups")


def test_without_link_down_the_neighbour_is_believed_for_three_hellos(shared_data):
    table = (shared_data / "published" / "network_timers.csv").read_text()
    published = next(line for line in table.splitlines() if line.startswith("RSTP,neighbour loss without link-down"))
    age_s = float(published.split(",")[2])
    plant = Lan().build()
    plant.advance(10.0)
    plant.inject("up-11", "loss", {"ratio": 1.0})
    plant.advance(10.0 + age_s - 0.1)
    assert states(plant, "access-1")[54] == "discarding"
    assert not plant.actors["network"].reachable("ups"), "frames are lost although both ports forward"
    plant.advance(10.0 + age_s + 0.2)
    assert states(plant, "access-1")[54] == "forwarding"
    assert plant.actors["network"].reachable("ups")


def test_legacy_spanning_tree_takes_fifty_seconds_for_the_same_and_thirty_after_link_down():
    plant = Lan(core={"protocol": "stp"}, access={"protocol": "stp"}).build()
    plant.advance(10.0)
    plant.inject("up-11", "cut")
    plant.inject("up-21", "loss", {"ratio": 1.0})
    plant.advance(500.0)
    forwarding = {who: t - 10.0 for t, who in events(plant, "port forwarding")}
    assert forwarding["access-1"] == pytest.approx(2 * 15.0), "direct failure: twice the forward delay"
    assert forwarding["access-2"] == pytest.approx(20.0 + 2 * 15.0), "max age and twice the forward delay"


def test_a_half_duplex_link_has_no_agreement_and_passes_through_learning():
    plant = Lan(link={"shared": True}).build()
    plant.inject("up-11", "cut")
    plant.advance(15.5)
    assert states(plant, "access-1")[54] == "learning"
    plant.advance(30.5)
    assert states(plant, "access-1")[54] == "forwarding"


def test_a_port_to_a_host_that_is_no_edge_port_keeps_it_waiting_for_thirty_seconds():
    plant = Lan(access={"edge_ports": False}).build()
    plant.actors["ups"].state.card = "off"
    plant.settle()
    plant.advance(1.0)
    plant.actors["ups"].state.card = "up"
    plant.settle()
    plant.advance(30.9)
    assert not plant.actors["network"].reachable("ups")
    plant.advance(31.1)
    assert plant.actors["network"].reachable("ups")


def test_a_topology_change_is_counted_once_by_every_bridge_of_the_tree():
    plant = Lan().build()
    plant.advance(10.0)
    plant.inject("up-11", "cut")
    plant.advance(20.0)
    switches = [plant.actors[id] for id in ("core-1", "core-2", "access-1", "access-2")]
    assert [switch.topology_changes for switch in switches] == [1, 1, 1, 1]
    assert all(10.0 < switch.state.topology_changed_at < 11.0 for switch in switches)


def test_when_the_root_dies_the_other_core_becomes_root_at_once():
    plant = Lan().build()
    plant.advance(5.0)
    plant.inject("core-1", "psu-a-failed")
    plant.inject("core-1", "psu-b-failed")
    plant.advance(6.0)
    assert plant.actors["core-2"].is_root
    assert plant.actors["access-1"].state.root == "core-2"
    assert plant.actors["access-1"].state.root_port == 54


def test_spanning_tree_off_makes_a_storm_that_ends_when_it_is_on_again():
    plant = Lan().build()
    network = plant.actors["network"]
    plant.inject("network", "stp-off")
    plant.advance(60.0)
    core = plant.actors["core-1"]
    assert network.storm
    assert core.utilisation_percent(1) == pytest.approx(100.0)
    assert core.counters.rate(1, "out_broadcast") > 1e6
    assert core.counters.rate(1, "out_discards") > 1e6
    assert not network.reachable("ups")
    plant.clear("network", "stp-off")
    plant.advance(120.0)
    assert not network.storm
    assert network.reachable("ups")
    assert states(plant, "access-1") == {53: "forwarding", 54: "discarding"}


def test_a_hung_control_processor_opens_the_blocked_port_and_the_circle_with_it():
    """The root still forwards but no longer sends: its neighbours age it out and unblock, and frames go round."""
    plant = Lan().build()
    plant.inject("core-1", "hang")
    plant.advance(5.9)
    assert not plant.actors["network"].storm
    plant.advance(60.0)
    assert plant.actors["network"].storm


def test_with_loop_guard_the_ports_to_a_hung_switch_stay_closed_until_it_speaks_again():
    plant = Lan(core={"loop_guard": True}, access={"loop_guard": True}).build()
    network = plant.actors["network"]
    plant.advance(10.0)
    plant.inject("core-1", "hang")
    plant.advance(80.0)
    assert not network.storm
    assert states(plant, "access-1") == {53: "discarding", 54: "forwarding"}
    plant.clear("core-1", "hang")
    plant.advance(200.0)
    assert plant.actors["access-1"].state.guarded == []
    assert states(plant, "access-1") == {53: "forwarding", 54: "discarding"}
    assert network.reachable("ups")


@settings(max_examples=30, deadline=None)
@given(
    faults=st.lists(
        st.tuples(
            st.sampled_from(["core-1", "core-2", "access-1", "access-2"]),
            st.sampled_from(["hang", "reload"]),
            st.sampled_from([1.0, 7.0, 60.0]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_with_loop_guard_no_hung_switches_close_a_circle(faults):
    """A circle needs a bridge that ignores spanning tree, not one that falls silent."""
    plant = Lan(core={"loop_guard": True}, access={"loop_guard": True}).build()
    for switch, fault, wait_s in faults:
        plant.inject(switch, fault)
        plant.settle()
        plant.advance(plant.now + wait_s)
        assert not plant.actors["network"].storm
    plant.advance(plant.now + 300.0)
    assert not plant.actors["network"].storm


def test_a_loop_behind_one_port_reaches_the_whole_tree():
    plant = Lan().build()
    plant.inject("access-2", "loop")
    plant.settle()
    assert plant.actors["network"].state.storm == ["access-1", "access-2", "core-1", "core-2"]
    plant.clear("access-2", "loop")
    plant.settle()
    assert not plant.actors["network"].storm


def test_a_flapping_fibre_changes_the_topology_again_and_again():
    plant = Lan().build()
    plant.inject("up-11", "flap", {"period_s": 20.0}, for_s=100.0)
    plant.advance(200.0)
    downs = [t for t, who in events(plant, "ports down") if who == "access-1"]
    assert downs == [20.0, 40.0, 60.0, 80.0]
    assert plant.actors["access-1"].topology_changes == 10
    assert states(plant, "access-1") == {53: "forwarding", 54: "discarding"}


@st.composite
def networks(draw):
    """Up to seven bridges with random priorities and random links, parallel ones and a loopback cable included."""
    count = draw(st.integers(1, 7))
    bridges = {
        f"b{n}": BridgeId(draw(st.sampled_from([0, 4096, 32768])), bytes([2, 0, 0, 0, 0, n])) for n in range(count)
    }
    ports = itertools.count(1)
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=14))
    segments = [
        Segment(End(f"b{a}", next(ports)), End(f"b{b}", next(ports)), draw(st.sampled_from([20, 200, 2000])))
        for a, b in pairs
    ]
    return bridges, segments


@settings(max_examples=examples(200), deadline=None)
@given(networks())
def test_forwarding_links_reach_every_bridge_that_is_wired_and_never_close_a_circle(network):
    bridges, segments = network
    tree = spanning_tree(bridges, segments, [])
    open_ = [s for s in segments if all(tree.role[end] in ("root", "designated") for end in (s.a, s.b))]

    def parts(links):
        leader = {bridge: bridge for bridge in bridges}
        for link in links:
            keep, lose = leader[link.a.bridge], leader[link.b.bridge]
            leader = {bridge: keep if head == lose else head for bridge, head in leader.items()}
        groups = {}
        for bridge, head in leader.items():
            groups.setdefault(head, set()).add(bridge)
        return sorted(map(sorted, groups.values()))

    assert parts(open_) == parts(segments)
    assert len(open_) == len(bridges) - len(parts(segments)), "a tree has one link less than bridges"
    for part in parts(segments):
        root = min(part, key=lambda bridge: bridges[bridge])
        assert {tree.root[bridge] for bridge in part} == {root}
