"""NUT's upsmon decides when to shut computers down that have a cord on each of two UPSs and need one (MINSUPPLIES 1).

The expectations are the manual's, upsmon(8) and upsmon.conf(5) of NUT 2.8.0. Only the last test is of something in which
NUT does not do as its manual states.
"""

from __future__ import annotations

import pytest
from computers import UPSS

pytestmark = pytest.mark.interop

DEADTIME_S = 15.0
"""upsmon.conf(5): the default, which these tests leave."""

POLLS_S = 5.0 + 2.0
"""The age that the last good answer may have had: upsmon's and the driver's intervals."""


async def outage(world, *paths: str) -> None:
    for path in paths:
        await world.inject(f"utility-{path}", "outage")


async def low_at(world, minutes: float) -> None:
    """Let the UPSs call their batteries low from that much runtime on (upsConfigLowBattTime)."""
    for ups in UPSS:
        await world[ups].write("setting.low_battery", 60.0 * minutes)


async def test_when_both_upss_are_low_the_secondary_shuts_down_and_then_the_primary(world, computers):
    await low_at(world, 6.0)
    await outage(world, "a", "b")
    await computers.until("primary", "SHUTDOWNCMD")
    for ups in UPSS:
        assert world.observe(f"{ups}.battery.status") == "low"
        assert f"set FSD on UPS [{ups}]" in computers.output
    assert computers.shut_down == ["secondary", "primary"]
    # The primary gives its users notice only after the secondary has left (HOSTSYNC).
    assert computers.place("secondary", "SHUTDOWNCMD") < computers.place("primary", "SHUTDOWN")
    # Each event is reported by a process of its own, so those of the same second may come in any order.
    for ups in UPSS:
        said = computers.order("secondary", ups)
        assert said[0] == "ONBATT"
        assert sorted(said[1:-1]) == ["FSD", "LOWBATT", "SHUTDOWN"]
        assert said[-1] == "SHUTDOWNCMD"


async def test_one_low_ups_of_two_shuts_nothing_down(world, computers):
    await low_at(world, 6.0)
    await outage(world, "a")
    for role in ("primary", "secondary"):
        await computers.until(role, "LOWBATT", "ups-a")
    await world.run("40 s")
    computers.look()
    assert world.observe("ups-a.battery.status") == "low"
    assert not computers.shutting_down


@pytest.mark.parametrize("faketime", [True, False], ids=["at the site's speed", "at the machine's speed"])
async def test_back_on_mains_nothing_is_shut_down(world, computers):
    await outage(world, "a", "b")
    for ups in UPSS:
        await computers.until("primary", "ONBATT", ups)
    await world.clear()
    for ups in UPSS:
        await computers.until("primary", "ONLINE", ups)
    await world.run("40 s")
    computers.look()
    assert not computers.shutting_down


@pytest.mark.parametrize("fault", ["card-hang", "black-hole"])
async def test_upss_that_go_silent_on_battery_are_dead_after_deadtime_and_count_as_low(world, computers, fault):
    await outage(world, "a", "b")
    for ups in UPSS:
        await computers.until("primary", "ONBATT", ups)
    for ups in UPSS:
        await world.inject(ups, fault)
    silent_s = world.now
    for ups in UPSS:
        await computers.until("primary", "COMMBAD", ups)
    shutdown = await computers.until("primary", "SHUTDOWN")
    assert shutdown.t_s > silent_s + DEADTIME_S - POLLS_S
    # Nothing but silence made it so: the batteries were not low.
    assert [world.observe(f"{ups}.battery.status") for ups in UPSS] == ["normal", "normal"]
    assert not any(notice.what == "LOWBATT" for notice in computers.notices)


async def test_one_silent_ups_on_battery_shuts_nothing_down_while_the_other_is_on_line(world, computers):
    await outage(world, "a")
    await computers.until("primary", "ONBATT", "ups-a")
    await world.inject("ups-a", "black-hole")
    await computers.until("primary", "COMMBAD", "ups-a")
    await world.run(3 * DEADTIME_S)
    computers.look()
    assert not computers.shutting_down


async def test_upss_that_go_silent_on_line_shut_nothing_down(world, computers):
    for ups in UPSS:
        await world.inject(ups, "card-hang")
    for ups in UPSS:
        await computers.until("primary", "COMMBAD", ups)
    await world.run(3 * DEADTIME_S)
    computers.look()
    assert not computers.shutting_down
    await world.clear()
    for ups in UPSS:
        await computers.until("primary", "COMMOK", ups)
    assert not computers.shutting_down


async def test_over_silent_upss_the_primary_does_not_wait_for_its_secondary(world, computers):
    """Not as upsmon(8) has it, where a primary "will wait for the secondary systems to disconnect".

    upsd 2.8.0 answers DATA-STALE to the question how many are logged in, which upsmon takes for nobody; and as it answers
    the same to the secondary, that one does not learn of the forced shutdown and waits all of its HOSTSYNC.
    """
    await outage(world, "a", "b")
    for ups in UPSS:
        await computers.until("primary", "ONBATT", ups)
    for ups in UPSS:
        await world.inject(ups, "black-hole")
    await computers.until("secondary", "SHUTDOWNCMD")
    assert computers.shut_down == ["primary", "secondary"]
