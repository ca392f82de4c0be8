"""Faults in a world: a client's readings over the wire, by the world's clock."""

from __future__ import annotations

import pytest

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.harness.worlds.world import World

pytestmark = pytest.mark.site("bench")


async def return_c(site: World) -> float:
    value = (await site["crah-1"].read("air.return")).value
    assert isinstance(value, float)
    return value


async def test_a_sensor_fault_reaches_the_wire(site: World) -> None:
    before = await return_c(site)
    await site.inject("crah-1:air.return", "sensor-bias", offset=5.0, for_="1 min")
    assert await return_c(site) == pytest.approx(before + 5.0, abs=0.2)
    await site.run("2 min")
    assert await return_c(site) == pytest.approx(before, abs=1.0)


@pytest.mark.parametrize("device", ["crah-1", "chiller-1"])
async def test_a_slow_card_answers_late_over_snmp_and_modbus(site: World, device: str) -> None:
    point = {"crah-1": "air.return", "chiller-1": "water.entering"}[device]
    await site.inject(device, "card-slow", delay_s=0.6)
    asked_s = site.now
    await site[device].read(point)
    assert site.now - asked_s >= 0.6
    await site.clear(device, "card-slow")
    asked_s = site.now
    await site[device].read(point)
    assert site.now - asked_s < 0.5


async def test_an_ignored_command_is_acknowledged_over_the_wire(site: World) -> None:
    await site.inject("pdu-2", "command-ignored")
    await site["pdu-2"].write("outlet.12.control", "off")
    await site.run("5 s")
    assert site.observe("pdu-2.outlet.12.state") == "on"


async def test_a_fault_flaps(site: World) -> None:
    begun_s = site.now
    await site.inject("utility-a", "outage", flap=("5 s", "1 s"), for_="12 s")
    await site.run("1 min")
    assert when(site, "utility-a", "fault") == pytest.approx([begun_s, begun_s + 6.0], abs=0.001)
    assert when(site, "utility-a", "fault cleared") == pytest.approx([begun_s + 5.0, begun_s + 11.0], abs=0.001)


async def test_a_fault_lasts_until_a_condition_holds(site: World) -> None:
    await site.inject("utility-b", "outage", until="ats-main.on_emergency")
    await site.run("1 min")
    (transferred_s,) = [e.t for e in site.journal if (e.who, e.what) == ("ats-main", "transferred")]
    assert when(site, "utility-b", "fault cleared") == pytest.approx([transferred_s], abs=0.01)
    assert site.model.active_faults() == []


def when(site: World, who: str, what: str) -> list[float]:
    """When that happened, s of the site's clock."""
    return [event.t for event in site.journal if (event.who, event.what) == (who, what)]


async def test_links_of_the_plant_have_losses_of_their_own(site: World) -> None:
    """The kind `loss` is known to the plant's links and to the world's network; the target decides which is meant."""
    await site.inject("meter-1", "loss", percent=0.0)
    assert site.model.active_faults() == []


@pytest.mark.parametrize(("target", "kind"), [("utility-b", "outage"), ("utilty-a", None), (None, "outag")])
async def test_a_fault_that_was_never_injected_cannot_be_cleared(site: World, target: str, kind: str) -> None:
    await site.inject("utility-a", "outage")
    with pytest.raises(PlantError, match="was never injected; injected so far: utility-a outage"):
        await site.clear(target, kind)
    await site.clear("utility-a")
    await site.clear("utility-a", "outage")  # it is over already


async def test_clearing_a_device_clears_the_faults_of_its_points(site: World) -> None:
    await site.inject("crah-1:air.return", "sensor-bias", offset=5.0)
    await site.clear("crah-1")
    assert site.model.active_faults() == []


async def test_a_check_of_nothing_is_refused(site: World) -> None:
    with pytest.raises(ValueError, match="no property"):
        site.check()
