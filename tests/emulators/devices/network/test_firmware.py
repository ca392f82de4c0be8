"""A switch as its management station sees it."""

from __future__ import annotations

import pytest
from lan import Lan

from twinfeed.emulators.devices.firmware.alarms import Notice
from twinfeed.emulators.devices.firmware.points import BadValue


@pytest.fixture
def plant():
    return Lan().build(firmware=True)


def notices(device, alarm):
    return [notice for notice in device.outbox if notice.alarm == alarm]


def test_every_point_of_a_running_switch_can_be_read(plant):
    for id in ("core-1/device", "access-1/device"):
        device = plant.actors[id]
        assert len({type(device.read(name)) for name in device.point_names()}) > 3


# -- ports ----------------------------------------------------------------------------------------------------


def test_shutting_a_port_from_the_management_station_cuts_the_device_off(plant):
    device = plant.actors["access-1/device"]
    device.write("port.10.admin", "down")
    plant.advance(1.0)
    assert device.read("port.10.oper") == "down"
    assert not plant.actors["network"].reachable("ups")
    device.write("port.10.admin", "up")
    plant.advance(2.0)
    assert plant.actors["network"].reachable("ups")
    assert device.read("port.10.changed") == 1.0


def test_shutting_an_aggregate_shuts_its_members(plant):
    device = plant.actors["core-1/device"]
    device.write("port.769.admin", "down")
    assert device.read("port.53.admin") == device.read("port.54.admin") == "down"
    assert device.read("port.769.oper") == "down"
    with pytest.raises(BadValue, match="expected one of up, down"):
        device.write("port.769.admin", "testing")


def test_an_aggregate_counts_what_its_members_count(plant):
    plant.inject("up-11", "cut")
    plant.advance(100.0)
    device = plant.actors["core-2/device"]
    assert device.read("port.769.out_octets") == device.read("port.53.out_octets") + device.read("port.54.out_octets")
    assert device.read("port.769.speed") == 200_000.0


def test_names_given_to_ports_survive_a_restart_and_counters_do_not(plant):
    device = plant.actors["access-1/device"]
    device.write("port.53.alias", "to core 1")
    plant.advance(60.0)
    assert device.read("port.53.out_octets") > 0
    device.write("command.reboot_card", "reboot")
    assert not device.answers
    plant.advance(60.0 + 120.0 + 10.0)
    assert device.answers
    assert device.read("port.53.alias") == "to core 1"
    assert device.read("system.uptime") == 0.0
    assert device.read("port.53.out_octets") == pytest.approx(
        10.0 * plant.actors["access-1"].counters.rate(53, "out_octets"), rel=1e-2
    )


# -- announcements --------------------------------------------------------------------------------------------


def test_a_port_going_down_and_up_is_announced_with_its_number(plant):
    device = plant.actors["access-1/device"]
    plant.advance(5.0)
    plant.inject("up-11", "cut", for_s=60.0)
    plant.advance(5.0)
    assert device.read("alarm.link_down.active")
    plant.advance(100.0)
    assert notices(device, "link_down") == [Notice(5.0, "link_down", True, 53), Notice(65.0, "link_down", False, 53)]
    assert not device.read("alarm.link_down.active")


def test_a_port_may_be_told_to_keep_quiet(plant):
    device = plant.actors["access-1/device"]
    device.write("port.53.link_trap", False)
    plant.inject("up-11", "cut")
    plant.advance(5.0)
    assert notices(device, "link_down") == []


def test_a_switch_that_has_started_announces_the_ports_that_came_up(plant):
    plant.inject("access-1", "reload")
    plant.advance(200.0)
    up = [n.index for n in notices(plant.actors["access-1/device"], "link_down") if not n.raised]
    assert up == [1, 2, 3, 4, 10, 53, 54]


def test_every_bridge_announces_a_topology_change_and_the_new_root_says_so(plant):
    for psu in ("psu-a-failed", "psu-b-failed"):
        plant.inject("core-1", psu)
    plant.advance(10.0)
    assert len(notices(plant.actors["core-2/device"], "new_root")) == 1
    assert len(notices(plant.actors["access-1/device"], "topology_change")) == 2, "raised and over"
    assert not plant.actors["access-1/device"].read("alarm.topology_change.active")


def test_the_new_master_announces_itself(plant):
    plant.inject("core-1", "reload")
    plant.advance(10.0)
    device = plant.actors["core-2/device"]
    (notice,) = notices(device, "vrrp_new_master")
    assert notice.index == (16777217, 1, 1)
    assert device.read("vrrp.16777217-1-1.state") == "master"
    assert device.read("vrrp.16777217-1-1.reason") == "priority"
    assert device.read("vrrp.16777217-1-1.mac") == bytes.fromhex("00005e000101")


def test_a_dead_power_supply_is_an_alarm_and_the_other_delivers_everything(plant):
    device = plant.actors["core-1/device"]
    plant.inject("mains-b", "outage")
    plant.advance(1.0)
    assert (device.read("psu.1.state"), device.read("psu.2.state")) == ("ok", "input")
    assert device.read("alarm.psu_b_failed.active")
    assert device.read("psu.1.power") == pytest.approx(105.0)
    assert device.read("psu.2.power") == 0.0


def test_a_standing_fan_is_an_alarm_and_the_others_turn_faster(plant):
    device = plant.actors["core-1/device"]
    before = device.read("fan.1.speed")
    plant.inject("core-1", "fan-failed", {"fan": 2})
    plant.settle()
    assert (device.read("fan.2.speed"), device.read("fan.2.state")) == (0.0, "fault")
    assert device.read("fan.1.speed") > before
    assert device.read("alarm.fan_failed.active")


def test_a_storm_occupies_the_processor(plant):
    device = plant.actors["core-1/device"]
    plant.inject("access-1", "loop")
    plant.advance(29.0)
    assert device.read("cpu.load") > 90.0
    assert not device.read("alarm.cpu.active")
    plant.advance(31.0)
    assert device.read("alarm.cpu.active")


def test_a_hung_control_processor_is_silent(plant):
    plant.inject("core-2", "hang")
    plant.settle()
    assert not plant.actors["core-2/device"].answers


# -- neighbours -----------------------------------------------------------------------------------------------


def test_neighbours_are_what_the_cables_lead_to(plant):
    device = plant.actors["access-1/device"]
    found = {
        (
            index[1],
            device.read(f"lldp.{'-'.join(map(str, index))}.name"),
            device.read(f"lldp.{'-'.join(map(str, index))}.port"),
        )
        for index in device.indices("neighbour")
    }
    assert found == {(53, "core-1", "1/1/1"), (54, "core-2", "1/1/1")}


def test_a_neighbour_is_forgotten_a_time_to_live_after_its_last_frame(plant):
    device = plant.actors["access-1/device"]
    plant.advance(100.0)
    plant.inject("up-11", "cut")
    last_heard_s, ttl_s = 90.0, 120.0
    plant.advance(last_heard_s + ttl_s - 0.1)
    assert [row[1] for row in device.indices("neighbour")] == [53, 54]
    plant.advance(last_heard_s + ttl_s + 0.1)
    assert [row[1] for row in device.indices("neighbour")] == [54]
    assert device.read("lldp.ageouts") == 1
    plant.clear("up-11")
    plant.advance(300.0)
    assert [row[:2] for row in device.indices("neighbour")] == [(int(210.1 * 100), 53), (0, 54)]


def test_a_neighbour_is_known_by_the_name_its_operator_gave_it(plant):
    plant.actors["core-1/device"].write("system.name", "bko-core-1")
    assert plant.actors["access-1/device"].read("lldp.0-53-1.name") == "bko-core-1"


def test_addresses_are_learned_behind_the_port_that_leads_to_them(plant):
    ups = plant.actors["ups"].mac
    core = plant.actors["core-2/device"]
    assert core.stations()[ups] == 769, "by way of core 1"
    plant.inject("up-11", "cut")
    plant.advance(10.0)
    assert core.stations()[ups] == 1


# -- aggregates -----------------------------------------------------------------------------------------------


def test_a_member_shows_what_lacp_made_of_it(plant):
    device = plant.actors["core-1/device"]
    activity, aggregation, in_sync, collecting, distributing, defaulted = 0x80, 0x20, 0x10, 0x08, 0x04, 0x02
    assert device.read("lacp.53.state") == bytes([activity | aggregation | in_sync | collecting | distributing])
    assert device.read("lag.769.members") == bytes.fromhex("0000000000000c")
    plant.inject("isl-1", "cut")
    plant.settle()
    assert device.read("lacp.53.state") == bytes([activity | aggregation | defaulted])
    assert device.read("lacp.53.attached") == 0
    assert device.read("lag.769.members") == bytes.fromhex("00000000000004")
