"""The reference controller on the pilot hall: what it must bring the hall through."""

from __future__ import annotations

from itertools import pairwise

import pytest

from twinfeed.harness.controllers.in_process import InProcess
from twinfeed.harness.properties import always, eventually, never, within
from twinfeed.harness.worlds.world import World

pytestmark = [
    pytest.mark.site("pilot"),
    pytest.mark.controller("twinfeed.fixtures.controllers.plant:main"),
    pytest.mark.watch("racks.*.supplied", "hall-1.hottest_inlet_c", "generator-*.load_percent", "network.lost_gbps"),
]

SUPPLIED = always("racks.*.supplied")
COOL = always("hall-1.hottest_inlet_c < 27")


async def both_utilities_fail(site: World) -> None:
    await site.inject("utility-a", "outage")
    await site.inject("utility-b", "outage")


async def both_utilities_return(site: World) -> None:
    await site.clear("utility-a")
    await site.clear("utility-b")


async def test_mains_loss_and_return(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("10 min")
    site.check(
        within("15 s", "generator-1.on_bus", after="utility-a.live falls"),
        within("20 s", "generator-3.on_bus and generator-2.on_bus", after="utility-a.live falls"),
        within("20 s", "board-a.live and board-b.live", after="utility-a.live falls"),
        within("5 min", "chiller-1.running or chiller-2.running", after="utility-a.live falls"),
        never("generator-*.load_percent > 100"),
    )
    assert site.observe("ats-a.position") == site.observe("ats-b.position") == "emergency"
    await both_utilities_return(site)
    await site.run("15 min")
    assert site.observe("ats-a.position") == site.observe("ats-b.position") == "normal"
    assert not any(site.observe(f"generator-{n}.running") for n in (1, 2, 3))
    assert sum(bool(site.observe(f"chiller-{n}.running")) for n in (1, 2, 3)) == 2
    assert site.observe("ats-a.transfers") == site.observe("ats-b.transfers") == 2
    site.check(SUPPLIED, COOL, always("ups-*.live"))


async def test_boards_return_one_after_the_other_when_the_mains_have_proved_themselves(
    site: World, controller: InProcess
) -> None:
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("2 min")
    await both_utilities_return(site)
    site.check(always("ats-a.on_normal or ats-a.on_emergency or not board-a.live"))
    await site.run("290 s")
    assert site.observe("ats-a.on_emergency"), "it goes back before the mains have been good for five minutes"
    await site.run("20 s")
    assert site.observe("ats-a.on_normal")
    assert site.observe("ats-b.on_emergency"), "half the cooling has to run through either return"


async def test_no_two_chillers_start_within_half_a_minute(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("8 min")
    starts = sorted(
        t for n in (1, 2, 3) for t, running in site.journal.trace[f"chiller-{n}.running"] if running and t > 60.0
    )
    assert len(starts) >= 2
    assert all(later - earlier >= 30.0 for earlier, later in pairwise(starts))


async def test_with_one_set_less_two_carry_the_hall(site: World, controller: InProcess) -> None:
    await site.inject("generator-2", "fail-to-start")
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("15 min")
    site.check(SUPPLIED, COOL, never("generator-*.load_percent > 105"))


async def test_with_one_set_alone_the_least_important_rows_go_and_the_most_important_stays(
    site: World, controller: InProcess
) -> None:
    await site.inject("generator-1", "fail-to-start")
    await site.inject("generator-2", "fail-to-start")
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("10 min")
    site.check(always("row-1.supplied"), always("generator-3.on_bus", between=("2 min", "10 min")))
    assert not site.observe("row-3.supplied")


async def test_without_generators_rows_are_given_up_in_order_so_that_the_rest_lasts(
    site: World, controller: InProcess
) -> None:
    for n in (1, 2, 3):
        await site.inject(f"generator-{n}", "fail-to-start")
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("13 min")
    lost = {row: _first_loss_s(site, row) for row in ("row-1", "row-2", "row-3")}
    assert 0.0 < lost["row-3"] < lost["row-2"]
    assert lost["row-1"] == 0.0, "at full load the batteries would have been empty three minutes ago"


def _first_loss_s(site: World, row: str) -> float:
    return next((t for t, supplied in site.journal.trace[f"{row}.supplied"] if not supplied), 0.0)


async def test_a_tripped_chiller_is_replaced(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    await site.inject("chiller-1", "trip")
    await site.run("3 min")
    assert site.observe("chiller-3.running")
    assert site.observe("chiller-2.running")
    site.check(COOL)


async def test_a_failed_pump_is_taken_out_and_another_started(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    await site.inject("pump-1", "failure")
    await site.run("1 min")
    assert site.observe("pump-3.running")
    assert not await _commanded(site, 1)
    site.check(COOL)


async def _commanded(site: World, pump: int) -> object:
    return (await site["chilled-water"].read(f"pump.{pump}.commanded")).value


async def test_the_standby_uplink_is_opened_and_shut_again(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    assert not site.observe("wan-2.up"), "the standby costs money while it is open"
    await site.inject("wan-1", "cut")
    await site.run("1 min")
    assert site.observe("wan-2.up")
    await site.clear("wan-1")
    await site.run("4 min")
    assert site.observe("wan-2.up"), "it is held until the first has been up for five minutes"
    await site.run("2 min")
    assert not site.observe("wan-2.up")


async def test_a_hung_transfer_controller_is_gone_past_by_its_relays(site: World, controller: InProcess) -> None:
    await site.inject("ats-a", "card-hang")
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("1 min")
    assert site.observe("ats-a.on_emergency")
    site.check(SUPPLIED, COOL)


async def test_a_transfer_controller_that_cannot_see_the_loss_is_outvoted(site: World, controller: InProcess) -> None:
    await site.inject("ats-a", "blind")
    await site.run("1 min")
    await site.inject("utility-a", "outage")
    await site.run("1 min")
    assert site.observe("ats-a.on_emergency")


async def test_a_false_alarm_of_one_instrument_moves_nothing(site: World, controller: InProcess) -> None:
    await site.inject("ats-a", "false-loss")
    await site.run("3 min")
    assert site.observe("ats-a.transfers") == 0
    assert not any(site.observe(f"generator-{n}.running") for n in (1, 2, 3))


async def test_a_silent_field_moves_nothing(site: World, controller: InProcess) -> None:
    for name in ("ats-a", "relay-a", "meter-utility-a"):
        await site.inject(name, "card-hang")
    await site.run("3 min")
    site.check(SUPPLIED, always("board-a.live"))
    assert site.observe("ats-a.transfers") == 0


async def test_generators_that_die_are_left_for_mains_that_live(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run("2 min")
    await both_utilities_return(site)
    await site.run("30 s")
    for n in (1, 2, 3):
        await site.inject(f"generator-{n}", "fail-on-load", delay_s=1.0)
    await site.run("1 min")
    assert site.observe("board-a.live")
    assert site.observe("board-b.live")


@pytest.mark.parametrize("after_s", [6, 12, 40, 300])
async def test_a_restart_in_an_outage_changes_nothing(site: World, controller: InProcess, after_s: int) -> None:
    await site.run("1 min")
    await both_utilities_fail(site)
    await site.run(after_s)
    await controller.stop()
    await site.run("5 s")
    await controller.restart()
    await site.run("5 min")
    assert site.observe("ats-a.transfers") == site.observe("ats-b.transfers") == 1
    site.check(SUPPLIED, COOL, eventually("chiller-1.running or chiller-3.running", between=("2 min", "8 min")))


async def test_a_second_outage_is_met_like_the_first(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    for _ in range(2):
        await site.inject("utility-a", "outage", for_="1 min")
        await site.run("14 min")
        assert not any(site.observe(f"generator-{n}.running") for n in (1, 2, 3))
        assert site.observe("ats-a.on_normal")
    site.check(within("15 s", "generator-1.on_bus", after="utility-a.live falls"), SUPPLIED, COOL)


async def test_an_outage_while_the_sets_stop_finds_one_that_runs_or_starts(site: World, controller: InProcess) -> None:
    await site.run("1 min")
    await site.inject("utility-a", "outage", for_="1 min")
    await site.run("1 min")
    while site.observe("generator-1.phase") != "stopping":
        await site.run("1 s")
    await site.run("15 s")
    await both_utilities_fail(site)
    await site.run("1 min")
    site.check(within("15 s", "any(generator-*.running)", after="utility-b.live falls"), SUPPLIED)
    assert site.observe("board-a.live")
    assert site.observe("board-b.live")
