"""The devices that the management station can reach."""

from __future__ import annotations

import pytest
from lan import Card, Lan, events

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.network.network import Link, ManagementNetwork, Switch


def reachable(plant, id="ups"):
    return plant.actors["network"].reachable(id)


def test_a_device_is_reachable_while_its_card_answers():
    plant = Lan().build()
    assert reachable(plant)
    plant.actors["ups"].state.card = "booting"
    assert not reachable(plant)


def test_without_power_on_its_switch_a_device_is_silent_until_the_switch_has_booted():
    plant = Lan().build()
    plant.advance(1.0)
    for psu in ("psu-a-failed", "psu-b-failed"):
        plant.inject("access-1", psu)
    plant.advance(2.0)
    assert not reachable(plant)
    assert reachable(plant, "pdu"), "the other access switch runs on"
    plant.clear("access-1")
    plant.advance(2.0 + plant.actors["access-1"].params.boot_s - 0.5)
    assert not reachable(plant)
    plant.advance(2.0 + plant.actors["access-1"].params.boot_s + 0.5)
    assert reachable(plant)


def test_one_power_supply_is_enough_and_takes_the_whole_load():
    plant = Lan().build()
    switch = plant.actors["access-1"]
    assert switch.demand()["psu_a"].total_kw == pytest.approx(switch.params.kw / 2)
    plant.inject("mains-a", "outage")
    plant.advance(10.0)
    assert reachable(plant)
    assert switch.demand()["psu_b"].total_kw == pytest.approx(switch.params.kw)
    assert not switch.psu_a_live


def test_an_interruption_shorter_than_the_hold_up_time_goes_unnoticed():
    plant = Lan().build()
    for mains in ("mains-a", "mains-b"):
        plant.inject(mains, "outage", for_s=0.010)
    plant.advance(1.0)
    assert events(plant, "lost power") == []
    for mains in ("mains-a", "mains-b"):
        plant.inject(mains, "outage", for_s=0.020)
    plant.advance(2.0)
    assert len(events(plant, "lost power")) == 4


def test_a_shut_port_cuts_its_device_off_and_stays_shut_through_a_power_loss():
    plant = Lan().build()
    switch = plant.actors["access-1"]
    switch.shut(10)
    plant.advance(1.0)
    assert not reachable(plant)
    plant.inject("access-1", "reload")
    plant.advance(200.0)
    assert switch.running
    assert not reachable(plant)
    switch.open(10)
    plant.advance(201.0)
    assert reachable(plant)


def test_a_restart_may_be_given_a_duration_like_any_fault():
    plant = Lan().build()
    plant.inject("access-1", "reload", for_s=5.0)
    plant.advance(200.0)
    assert reachable(plant)


def test_a_pulled_patch_cable_cuts_off_its_device_alone():
    plant = Lan().build()
    plant.inject("access-1", "port-dark", {"port": 10})
    plant.settle()
    assert not reachable(plant)
    assert plant.actors["access-1"].is_up(53)


def test_both_uplinks_gone_an_access_switch_is_an_island():
    plant = Lan().build()
    plant.inject("up-11", "cut")
    plant.inject("up-12", "cut")
    plant.advance(10.0)
    assert not reachable(plant)
    assert reachable(plant, "pdu")


def test_without_its_own_switch_the_station_reaches_nothing():
    plant = Lan().build()
    plant.inject("core-1", "reload")
    plant.advance(60.0)
    assert not reachable(plant)
    assert not reachable(plant, "pdu")
    assert plant.actors["network"].reachable_devices == 0


def test_switches_themselves_are_asked_in_band():
    plant = Lan().build(firmware=True)
    assert plant.actors["network"].reachable("access-2/device")
    plant.inject("up-21", "cut")
    plant.inject("up-22", "cut")
    plant.advance(1.0)
    assert not plant.actors["network"].reachable("access-2/device")


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("access-9:1", "is no switch port; expected switch:number"),
        ("access-1:99", "has no port 99; its ports are 1 to 54"),
        ("access-1:53", "is used by up-11 and by extra; a port takes one cable"),
    ],
)
def test_a_wrong_switch_port_is_named_with_what_was_expected(port, message):
    plant = Plant()
    for actor in Lan().build().actors.values():
        again = type(actor)(actor.id, actor.params) if isinstance(actor, (Switch, Link, ManagementNetwork)) else actor
        plant.add(again)
    plant.add(Card("extra", port))
    with pytest.raises(PlantError, match=message):
        plant.start()


def test_a_fork_of_the_plant_runs_the_same_course():
    plant = Lan().build(firmware=True)
    plant.advance(5.0)
    plant.inject("up-11", "flap", {"period_s": 7.0}, for_s=60.0)
    plant.inject("isl-1", "loss", {"ratio": 1.0})
    plant.advance(20.25)
    snapshot = plant.snapshot()

    def course():
        plant.inject("core-1", "reload")
        plant.advance(400.0)
        counts = [plant.actors[s].counters.count(53, "in_octets") for s in ("core-1", "core-2", "access-1", "access-2")]
        return list(plant.journal), counts

    plant.journal.clear()
    first = course()
    plant.restore(snapshot)
    assert course() == first
    assert len(first[0]) > 30


def test_a_quiet_network_takes_no_steps_of_its_own():
    plant = Lan().build(firmware=True)
    plant.advance(10.0)
    before = plant.revision
    plant.advance(10.0 + 4 * 3600.0)
    assert plant.revision - before <= 4 * 4 + 1, "only the plant's own longest step"
