"""Traffic is conserved: what is offered is delivered or lost, once, and no port sends more than it can."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lan import Lan
from workers.examples import examples

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.network.state import OCTETS_PER_GBIT
from twinfeed.emulators.plant.network.streams import flow_hash
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile import find, names

LINKS = ("isl-1", "isl-2", "up-11", "up-12", "up-21", "up-22")

breaks = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(LINKS), st.just("cut"), st.just({})),
        st.tuples(st.sampled_from(LINKS), st.just("loss"), st.fixed_dictionaries({"ratio": st.floats(0.0, 1.0)})),
        st.tuples(st.sampled_from(("core-1", "core-2", "access-1")), st.just("reload"), st.just({})),
        st.tuples(st.sampled_from(("core-1", "access-2")), st.just("stp-off"), st.just({})),
    ),
    max_size=4,
)


def network_of(plant: Plant) -> ManagementNetwork:
    return next(actor for actor in plant.actors.values() if isinstance(actor, ManagementNetwork))


def check_ports(network: ManagementNetwork) -> None:
    """No port sends more than it can, and every switch passes on or discards the unicast frames that reach it."""
    for switch in network.switches.values():
        taken = sent = discarded = 0.0
        for port in switch.numbers:
            room = switch.speed_gbps(port) * OCTETS_PER_GBIT
            assert switch.counters.rate(port, "out_octets") <= room * (1.0 + 1e-6)
            taken += switch.counters.rate(port, "in_unicast")
            sent += switch.counters.rate(port, "out_unicast")
            discarded += switch.counters.rate(port, "out_discards")
        assert sent - 1e-6 * taken <= taken <= sent + discarded + 1e-6 * taken


@settings(max_examples=examples(150), deadline=None)
@given(
    kw=st.lists(st.floats(0.0, 5000.0), min_size=2, max_size=2),
    outside=st.floats(0.0, 1.0),
    lag_gbps=st.sampled_from([10.0, 40.0, 100.0]),
    both=st.booleans(),
    broken=breaks,
    wait_s=st.sampled_from([0.0, 3.0, 300.0]),
)
def test_offered_traffic_is_delivered_or_lost_whatever_breaks(kw, outside, lag_gbps, both, broken, wait_s):
    access = {"serves": ("row-1", "row-2")} if both else {}
    plant = Lan(access=access, network={"outside_share": outside}, link={"gbps": lag_gbps}).build()
    for row, power in zip(("row-1", "row-2"), kw, strict=True):
        plant.actors[row].state.kw = power
    for target, kind, parameters in broken:
        plant.inject(target, kind, parameters)
    plant.settle()
    plant.advance(wait_s)
    network = network_of(plant)
    assert network.offered_gbps == pytest.approx(network.delivered_gbps + network.lost_gbps, rel=1e-6, abs=1e-9)
    check_ports(network)


@settings(max_examples=examples(50), deadline=None)
@given(ports=st.integers(1, 40), kw=st.floats(1.0, 500.0))
def test_members_of_an_aggregate_share_by_the_hash_of_the_flows(ports, kw):
    """The only way from access-1 to the gateway leads over the two links between the cores."""
    plant = Lan(access={"server_ports": ports}).build()
    plant.actors["row-1"].state.kw, plant.actors["row-2"].state.kw = kw, 0.0
    for link in ("up-11", "up-21"):
        plant.inject(link, "cut")
    plant.settle()
    plant.advance(60.0)
    core, network = plant.actors["core-2"], network_of(plant)
    flows = [flow_hash(f"access-1:{p}", "core-1") for s, p in network.servers if s == "access-1"]
    for member, exit in enumerate((53, 54)):
        share = sum(flow % 2 == member for flow in flows) / len(flows)
        gbps = core.counters.rate(exit, "out_octets") / OCTETS_PER_GBIT
        assert gbps == pytest.approx(kw * network.params.gbps_per_kw * share, abs=1e-4)


def test_the_hash_uses_all_members_of_an_aggregate():
    for members in (2, 3, 4, 8):
        flows = [flow_hash(f"tor-1a:{port}", "core-1") % members for port in range(1, 49)]
        assert set(flows) == set(range(members))
        assert max(map(flows.count, flows)) <= 2.2 * 48 / members


@pytest.mark.parametrize("name", [name for name in names() if "network:" in find(name).read_text()])
def test_a_quiet_shipped_site_loses_no_traffic(name):
    site = Site.load(name)
    site.advance(60.0)
    assert site.network is not None
    assert site.network.lost_gbps == 0.0
    assert site.network.delivered_gbps == pytest.approx(site.network.offered_gbps)
    check_ports(site.network)
