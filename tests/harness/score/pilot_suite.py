"""The orders of the reference controller at the pilot hall, each in its time: the suite that `twinfeed score` is measured on.

    twinfeed score --controller reference tests/harness/score/pilot_suite.py

pytest does not collect it by itself. The times are those of docs/reference/controllers.md and of the manuals: a loss
counts after 2 s, a set carries 8 s after its start, chillers are 45 s apart, mains are proved in 5 min; the controller
scans once a second and polls chillers every 3 to 5 s.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from twinfeed.harness.properties import always
from twinfeed.harness.worlds.world import World

pytestmark = [
    pytest.mark.site("pilot", tolerances="nominal"),
    pytest.mark.watch("racks.*.supplied", "hall-1.hottest_inlet_c"),
]

Order = tuple[float, str, str, object]
"""When it is due (s), to which device, which point, which value."""

EARLY_S, LATE_S = 0.9, 0.9
"""An order may come so much before or after its time, s: less than a scan."""

BEGINNING: tuple[Order, ...] = (
    (3, "chiller-3", "chiller.enabled", False),
    (13, "core-2", "port.12.admin", "down"),
)
"""Two chillers are enough, and the second uplink costs money."""


def sets_called(at_s: float) -> tuple[Order, ...]:
    return tuple((at_s, f"generator-{n}", "command.key", "telemetry-start") for n in (1, 2, 3))


def chillers_off(at_s: float) -> tuple[Order, ...]:
    return ((at_s, "chiller-1", "chiller.enabled", False), (at_s, "chiller-2", "chiller.enabled", False))


def exactly(site: World, *expected: Order) -> None:
    """The devices got these orders, each in its time, and no others."""
    got = [
        (event.t, event.data["device"], event.data["point"], event.data["value"])
        for event in site.journal.events
        if event.what == "command"
    ]
    assert _of_each(got) == _of_each(expected)
    for (t_s, *order), (due_s, *_) in zip(sorted(got, key=_by_device), sorted(expected, key=_by_device), strict=True):
        assert due_s - EARLY_S <= t_s <= due_s + LATE_S, f"{order} at {t_s:.1f} s, expected at {due_s:g} s"


def _by_device(order: Order) -> tuple[str, float]:
    return order[1], order[0]


def _of_each(orders: Sequence[Order]) -> list[tuple[str, str, object]]:
    return [order[1:] for order in sorted(orders, key=_by_device)]


async def outage(site: World, *utilities: str) -> None:
    for utility in utilities or ("utility-a", "utility-b"):
        await site.inject(utility, "outage")


async def test_an_outage_with_a_restart_of_the_controller_and_the_way_back(site: World, controller: object) -> None:
    await site.run(20)
    await outage(site)
    await site.run(15)
    await site.inject("controller", "controller-down", for_=5)
    await site.run(45)
    await site.clear("utility-a")
    await site.clear("utility-b")
    await site.run(520)
    released = [(596, f"relay-{b}", "relay.4.closed", closed) for b in "ab" for closed in (False, True)]
    exactly(
        site, *BEGINNING, *chillers_off(21), *sets_called(23), (31, "ats-a", "command.transfer", "emergency"),
        (33, "chiller-3", "chiller.enabled", True), (44, "chiller-1", "chiller.enabled", True),
        (45, "ats-b", "command.transfer", "emergency"), (232, "chiller-2", "chiller.enabled", True),
        (381, "ats-a", "command.transfer", "normal"), (533, "ats-b", "command.transfer", "normal"),
        *released, (596, "generator-1", "command.key", "telemetry-stop"),
    )  # fmt: skip
    site.check(always("racks.*.supplied"), always("hall-1.hottest_inlet_c < 27"))


async def test_machines_and_links_that_fail_are_replaced(site: World, controller: object) -> None:
    await site.run(20)
    await site.inject("chiller-1", "trip")
    await site.inject("pump-2", "failure")
    await site.inject("wan-1", "cut", for_=20)
    await site.run(80)
    exactly(
        site, *BEGINNING, (30, "chilled-water", "command.pump.2", "off"), (30, "chilled-water", "command.pump.3", "on"),
        (36, "core-2", "port.12.admin", "up"), (93, "chiller-1", "chiller.enabled", False),
        (93, "chiller-3", "chiller.enabled", True),
    )  # fmt: skip


async def test_without_a_set_the_least_important_row_is_given_up(site: World, controller: object) -> None:
    await site.run(5)
    for n in (1, 2, 3):
        await site.inject(f"generator-{n}", "fail-to-start")
    await site.run(15)
    await outage(site)
    await site.run(342)
    resets = [(t, f"generator-{n}", "command.key", "reset") for t in (74, 305) for n in (1, 2, 3)]
    off = [(358, f"pdu-3-{b}", f"outlet.{n}.control", "off") for b in "ab" for n in range(1, 9)]
    exactly(site, *BEGINNING, *chillers_off(21), *sets_called(23), *resets, *off)


async def test_a_hung_transfer_controller_is_gone_past_by_its_relay(site: World, controller: object) -> None:
    await site.run(5)
    await site.inject("ats-a", "card-hang")
    await site.run(15)
    await outage(site)
    await site.run(25)
    pulse = [(31, "relay-a", "relay.2.closed", closed) for closed in (False, True)]
    exactly(
        site, *BEGINNING, *chillers_off(21), *sets_called(23), *pulse, (33, "chiller-3", "chiller.enabled", True),
        (38, "ats-b", "command.transfer", "emergency"),
    )  # fmt: skip


async def test_a_transfer_controller_that_cannot_see_the_loss_is_outvoted(site: World, controller: object) -> None:
    await site.run(5)
    await site.inject("ats-a", "blind")
    await site.run(15)
    await outage(site, "utility-a")
    await site.run(20)
    exactly(
        site, *BEGINNING, (21, "ats-chiller-3", "command.transfer", "emergency"),
        (21, "chiller-1", "chiller.enabled", False), *sets_called(24), (27, "chiller-3", "chiller.enabled", True),
        (32, "ats-a", "command.transfer", "emergency"),
    )  # fmt: skip
