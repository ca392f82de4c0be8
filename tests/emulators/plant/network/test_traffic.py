"""Counters of ports: rate times time, along the path that frames take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lan import Lan
from workers.examples import examples

from twinfeed.emulators.plant.network.streams import flow_hash
from twinfeed.emulators.plant.network.switch import OCTETS_PER_GBIT
from twinfeed.emulators.plant.network.traffic import INBOUND_PER_OUTBOUND

ROW_GBPS = 100.0 * 0.1
"""100 kW of servers in the test's rows, at the network's Gb/s for each kW."""


def sent(plant, switch, port):
    """Gb/s out of a port, without the protocols' own few frames."""
    return round(plant.actors[switch].counters.rate(port, "out_octets") / OCTETS_PER_GBIT, 4)


def test_servers_traffic_climbs_the_forwarding_uplink_and_not_the_blocked_one():
    plant = Lan().build()
    assert sent(plant, "access-1", 53) == pytest.approx(ROW_GBPS, abs=0.01)
    assert sent(plant, "access-1", 54) == pytest.approx(0.0, abs=0.01)
    network = plant.actors["network"]
    from_outside = network.params.outside_share * INBOUND_PER_OUTBOUND
    assert network.offered_gbps == pytest.approx(2 * ROW_GBPS * (1.0 + from_outside))
    assert network.lost_gbps == 0.0


def test_after_a_cut_it_takes_the_surviving_path_and_each_flow_one_member_of_the_aggregate():
    plant = Lan().build()
    plant.inject("up-11", "cut")
    plant.settle()
    assert plant.actors["network"].lost_gbps == pytest.approx(ROW_GBPS, rel=1e-6), "no way yet"
    plant.advance(10.0)
    assert sent(plant, "access-1", 54) == pytest.approx(ROW_GBPS, abs=0.01)
    ports = [port for switch, port in plant.actors["network"].servers if switch == "access-1"]
    for member, exit in enumerate((53, 54)):
        flows = sum(flow_hash(f"access-1:{port}", "core-1") % 2 == member for port in ports)
        assert sent(plant, "core-2", exit) == pytest.approx(ROW_GBPS * flows / len(ports), abs=0.01)
    assert plant.actors["network"].lost_gbps == 0.0


def test_what_leaves_one_end_of_a_link_arrives_at_the_other():
    plant = Lan().build()
    plant.advance(1000.0)
    core, access = plant.actors["core-1"], plant.actors["access-1"]
    for there, here in (("out", "in"), ("in", "out")):
        for count in ("octets", "unicast", "multicast", "broadcast"):
            assert core.counters.count(1, f"{there}_{count}") == pytest.approx(
                access.counters.count(53, f"{here}_{count}")
            )
    assert core.counters.count(1, "in_octets") > 0


def test_a_bad_connector_damages_its_share_of_frames_where_they_arrive():
    plant = Lan().build()
    plant.inject("up-11", "loss", {"ratio": 0.02})
    plant.advance(100.0)
    core, access = plant.actors["core-1"], plant.actors["access-1"]
    frames = (
        access.counters.count(53, "out_unicast")
        + access.counters.count(53, "out_multicast")
        + access.counters.count(53, "out_broadcast")
    )
    assert core.counters.count(1, "in_errors") == pytest.approx(0.02 * frames)
    assert core.counters.count(1, "in_octets") == pytest.approx(0.98 * access.counters.count(53, "out_octets"))


def test_more_than_a_link_carries_is_discarded_at_its_sender():
    plant = Lan().build()
    plant.actors["row-1"].state.kw = 2000.0
    plant.settle()
    access = plant.actors["access-1"]
    assert sent(plant, "access-1", 53) == pytest.approx(100.0)
    assert access.utilisation_percent(53) == 100.0
    assert access.counters.rate(53, "out_discards") == pytest.approx(
        (200.0 - 100.0) * OCTETS_PER_GBIT / 800.0, rel=1e-3
    )
    assert plant.actors["network"].lost_gbps == pytest.approx(100.0), "lost once, not again on the way down"


def test_servers_on_a_pair_split_their_traffic_and_the_survivor_takes_it_all():
    plant = Lan(access={"serves": ("row-1", "row-2")}).build()
    assert sent(plant, "access-1", 53) == pytest.approx(ROW_GBPS, abs=0.01)
    plant.inject("access-2", "reload")
    plant.advance(10.0)
    assert sent(plant, "access-1", 53) == pytest.approx(2 * ROW_GBPS, abs=0.01)


def test_traffic_follows_the_power_of_the_racks():
    plant = Lan().build()
    plant.advance(10.0)
    before = plant.actors["access-1"].counters.count(53, "out_octets")
    plant.actors["row-1"].state.kw = 20.0
    plant.settle()
    plant.advance(20.0)
    grown = plant.actors["access-1"].counters.count(53, "out_octets") - before
    assert grown == pytest.approx(10.0 * 20.0 * 0.1 * OCTETS_PER_GBIT, rel=1e-3)


def test_a_row_without_power_takes_its_ports_down():
    plant = Lan().build()
    assert plant.actors["access-1"].is_up(1)
    plant.actors["row-1"].state.kw = 0.0
    plant.settle()
    assert not plant.actors["access-1"].is_up(1)


def test_counters_start_again_when_the_switch_has_booted():
    plant = Lan().build()
    plant.advance(100.0)
    assert plant.actors["access-1"].counters.count(53, "out_octets") > 0
    plant.inject("access-1", "reload")
    plant.advance(100.0 + plant.actors["access-1"].params.boot_s)
    assert plant.actors["access-1"].counters.count(53, "out_octets") == 0.0


def test_the_gateways_uplink_carries_what_leaves_the_site():
    plant = Lan().build()
    share = plant.actors["network"].params.outside_share
    assert sent(plant, "core-1", 50) == pytest.approx(share * 2 * ROW_GBPS)
    plant.inject("core-1", "reload")
    plant.advance(20.0)
    assert sent(plant, "core-2", 50) == pytest.approx(share * 2 * ROW_GBPS)


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.floats(0.1, 300.0), min_size=1, max_size=8))
def test_a_counter_read_in_many_places_is_the_counter_read_once(steps):
    """The closed form: how often time is cut into steps changes nothing, and counters never go back."""
    often, once = Lan().build(), Lan().build()
    last = 0.0
    for step in steps:
        often.advance(often.now + step)
        count = often.actors["core-1"].counters.count(1, "in_octets")
        assert count >= last
        last = count
    once.advance(often.now)
    assert once.actors["core-1"].counters.count(1, "in_octets") == pytest.approx(last, rel=1e-12)
