"""Laws that hold whatever breaks, in whatever order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lan import Lan
from workers.examples import examples

LINKS = ("isl-1", "isl-2", "up-11", "up-12", "up-21", "up-22")
SWITCHES = ("core-1", "core-2", "access-1", "access-2")

link_faults = st.tuples(
    st.sampled_from(LINKS), st.sampled_from([("cut", {}), ("flap", {"period_s": 3.0}), ("loss", {"ratio": 1.0})])
)
switch_faults = st.tuples(
    st.sampled_from(SWITCHES),
    st.sampled_from([("psu-a-failed", {}), ("psu-b-failed", {}), ("reload", {}), ("port-dark", {"port": 53})]),
)
mains = st.tuples(st.sampled_from(["mains-a", "mains-b"]), st.just(("outage", {})))
steps = st.lists(
    st.tuples(
        st.one_of(link_faults, switch_faults, mains),
        st.sampled_from([0.0, 0.01, 0.3, 2.5, 7.0, 40.0, 150.0]),
        st.sampled_from([None, 0.02, 1.0, 30.0]),
    ),
    max_size=10,
)


def play(plant, course):
    for (target, (kind, parameters)), wait_s, for_s in course:
        plant.inject(target, kind, parameters, for_s)
        plant.advance(plant.now + wait_s)
        yield


@settings(max_examples=examples(60), deadline=None)
@given(steps, st.sampled_from(["rstp", "stp"]), st.sampled_from(["rstp", "stp"]))
def test_spanning_tree_never_closes_a_circle_and_everything_heals(course, of_the_cores, of_the_others):
    plant = Lan(core={"protocol": of_the_cores}, access={"protocol": of_the_others}).build(firmware=True)
    network = plant.actors["network"]
    for _ in play(plant, course):
        pass
    plant.clear()
    plant.advance(plant.now + 600.0)
    assert [event for event in plant.journal if event.what == "broadcast storm"] == []
    assert network.converged
    assert network.reachable_devices == 2
    assert network.vrrp_master == "core-1"
    assert network.vrrp_masters == 1
    assert network.lost_gbps == 0.0
    assert plant.actors["core-1"].active_members(769) == [53, 54]
    for switch in SWITCHES:
        assert plant.actors[switch].state.root == "core-1"
        assert plant.actors[f"{switch}/device"].answers
        assert plant.actors[f"{switch}/device"].state.alarms == {}
        assert len(plant.actors[f"{switch}/device"].indices("neighbour")) == (2 if "access" in switch else 4)


@settings(max_examples=examples(30), deadline=None)
@given(steps, steps)
def test_a_fork_at_any_moment_runs_the_same_course(before, after):
    plant = Lan().build(firmware=True)
    for _ in play(plant, before):
        pass
    snapshot = plant.snapshot()

    def run():
        plant.journal.clear()
        for _ in play(plant, after):
            pass
        return list(plant.journal), plant.snapshot()

    first = run()
    plant.restore(snapshot)
    journal, end = run()
    assert journal == first[0]
    assert end["actors"] == first[1]["actors"]
