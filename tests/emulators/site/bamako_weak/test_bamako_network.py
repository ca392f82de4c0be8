"""The Bamako site's management network: what the management station loses, and what it only cannot see."""

from __future__ import annotations

import pytest
from commissioning import each, events, losses, see, unlike_normal, unreachable, when

MINUTE, HOUR = 60.0, 3600.0


def test_everything_can_be_reached(bamako):
    assert unreachable(bamako) == []


def behind(site, switch):
    """The devices whose cable is in that switch."""
    return [entry.name for entry in site.file.devices if entry.params.switch_port.partition(":")[0] == switch]


@pytest.mark.parametrize(
    ("target", "fault"), [("q-net-a", "trip"), ("pdu-net-a", "inlet-loss"), ("mgmt-a", "psu-a-failed")]
)
def test_without_path_a_of_the_network_room_half_of_the_devices_are_silent_and_all_go_on(bamako, target, fault):
    bamako.inject(target, fault)
    bamako.advance(10 * MINUTE)
    silent = unreachable(bamako)
    assert set(silent) == {"mgmt-a", *behind(bamako, "mgmt-a")}
    assert len(silent) > 40
    assert each(bamako, ("ups-a1", "ups-a2"), "mode") == ["online", "online"]
    assert bamako["ups-a1"].answers  # it would answer if it were asked
    assert losses(bamako) == 0
    bamako.clear()
    bamako.advance(HOUR)
    assert unlike_normal(bamako) == []


def test_a_generator_nobody_can_reach_starts_all_the_same(bamako):
    bamako.inject("mgmt-a", "psu-a-failed")
    bamako.inject("utility-a", "outage")
    bamako.advance(MINUTE)
    assert not bamako.reachable("generator-1")
    assert see(bamako, "ats-a", "position") == "emergency"


@pytest.mark.parametrize(("lost", "left"), [("core-1", "core-2"), ("core-2", "core-1")])
def test_without_a_core_switch_the_network_heals_and_nothing_else_is_silent(bamako, lost, left):
    for supply in ("psu-a-failed", "psu-b-failed"):
        bamako.inject(lost, supply)
    bamako.advance(1.0)
    assert unreachable(bamako) == [lost]  # rapid spanning tree: well under a second
    bamako.advance(MINUTE)
    assert see(bamako, "network", "vrrp_master") == left
    if lost == "core-1":
        assert when(bamako, "core-2", "vrrp master") - bamako.now + 61.0 < 4.0  # RFC 5798: three hellos and the skew
    bamako.clear()
    bamako.advance(HOUR)
    assert see(bamako, "network", "vrrp_master") == "core-1"
    assert unlike_normal(bamako) == []


def test_any_uplink_may_be_cut(bamako):
    for link in [name for name, c in bamako.components.items() if c.kind == "link"]:
        bamako.inject(link, "cut")
        bamako.advance(5.0)
        assert unreachable(bamako) == [], link
        bamako.clear()
        bamako.advance(5.0)
    assert not events(bamako, "network", "broadcast storm")
