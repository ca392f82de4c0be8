"""Faults in the simulated world through `site.inject`: one of each family, at their times, and gone without a trace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import MethodType
from typing import Any

import pytest
import pytest_asyncio

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.harness.controllers.in_process import ControllerFailed, InProcess
from twinfeed.harness.faults.injection import InjectionError
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.transports import NoAnswer, Refused, TransportError
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh

pytestmark = pytest.mark.site("bench")


@pytest_asyncio.fixture
async def ups(site: SimulatedWorld) -> AsyncIterator[Any]:
    yield site["ups-1"]


async def battery(site: SimulatedWorld) -> float:
    return float((await site["ups-1"].read("battery.charge")).value)


# -- each family ----------------------------------------------------------------------------------------------------------


async def test_of_the_plant(site: SimulatedWorld) -> None:
    await site.inject("utility-a", "outage", at="10 s", for_="20 s")
    seen = []
    for _ in range(4):
        await site.run(9.5)
        seen.append(site.observe("utility-a.live"))
    assert seen == [True, False, False, True]
    told = [(event.t, event.what) for event in site.journal if event.who == "utility-a"]
    assert told[:2] == [(10.0, "fault"), (30.0, "fault cleared")]


async def test_of_a_sensor(site: SimulatedWorld) -> None:
    before = (await site["sensor-1"].read("probe.1.value")).value
    await site.inject("sensor-1:probe.1.value", "sensor-bias", offset=7)
    await site.run(5)
    assert (await site["sensor-1"].read("probe.1.value")).value == pytest.approx(before + 7, abs=0.3)
    await site.clear("sensor-1:probe.1.value")
    await site.run(5)
    assert (await site["sensor-1"].read("probe.1.value")).value == pytest.approx(before, abs=0.3)


async def test_of_the_firmware(site: SimulatedWorld) -> None:
    await site.inject("ups-1", "card-reboot")
    await site.run(1)
    with pytest.raises(NoAnswer):
        await battery(site)


async def test_of_an_answer_to_one_point(site: SimulatedWorld) -> None:
    await site.inject("generator-1:engine.speed", "missing", for_=30)
    with pytest.raises(Refused):
        await site["generator-1"].read("engine.speed")
    await site["generator-1"].read("battery.voltage")
    await site.run(31)
    await site["generator-1"].read("engine.speed")


@pytest.mark.parametrize(
    ("kind", "parameters", "why"),
    [
        ("null", {}, "NULL"),
        ("wrong-type", {}, "a value of another type than the profile's came"),
        ("sentinel", {"form": 2}, "impossible"),
        ("malformed", {"form": 4}, "impossible"),
    ],
)
async def test_an_odd_value_is_unknown_and_spoils_no_other(
    site: SimulatedWorld, kind: str, parameters: dict[str, float], why: str
) -> None:
    await site.inject("ups-1:battery.charge", kind, **parameters)
    readings = await site["ups-1"].read_many(["battery.charge", "battery.voltage"])
    assert why in readings["battery.charge"].unknown
    assert not readings["battery.voltage"].unknown


async def test_answers_come_from_another_port(site: SimulatedWorld) -> None:
    heard: list[tuple[str, int]] = []

    class Hearing(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            heard.append(addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Hearing)
    get_sys_descr = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500")
    await site.inject("ups-1", "snmp-other-port", for_=10)
    for _ in range(2):
        transport.sendto(get_sys_descr, ("127.30.0.11", 1161))
        await site.run(11)
    assert [(host, port == 1161) for host, port in heard] == [("127.30.0.11", False), ("127.30.0.11", True)]


async def test_of_the_protocol(site: SimulatedWorld) -> None:
    await site.inject("generator-1", "modbus-exception", for_=30, code=6)
    with pytest.raises(Refused):
        await site["generator-1"].read("engine.speed")
    await battery(site)  # others are not concerned
    await site.run(31)
    await site["generator-1"].read("engine.speed")


async def test_of_the_transport(site: SimulatedWorld) -> None:
    await site.inject("ups-1", "delay", delay_s=0.3)
    start_s = site.now
    await battery(site)
    assert site.now - start_s == pytest.approx(0.601, abs=0.01)
    await site.clear("ups-1", "delay")
    start_s = site.now
    await battery(site)
    assert site.now - start_s == pytest.approx(0.001, abs=0.01)


async def test_of_the_controller(site: SimulatedWorld) -> None:
    seen: list[tuple[float, str]] = []

    async def main(inventory: Any, store: Any) -> None:
        seen.append((site.now, "started"))
        try:
            await asyncio.Event().wait()
        finally:
            seen.append((site.now, "stopped"))

    await site.start_controller(InProcess(main, "looking on"))
    await site.inject("controller", "controller-down", at=10, for_=20)
    await site.run(60)
    assert seen == [(0.0, "started"), (10.0, "stopped"), (30.0, "started")]


async def test_a_controller_that_fails_after_its_restart_ends_the_run(site: SimulatedWorld) -> None:
    async def main(inventory: Any, store: Any) -> None:
        store["began"] = store.get("began", 0) + 1
        await asyncio.sleep(5)
        if store["began"] == 2:
            raise ValueError("a store of another version")
        await asyncio.Event().wait()

    await site.start_controller(InProcess(main, "forgetful"))
    await site.inject("controller", "controller-down", at=10, for_=20)
    with pytest.raises(ControllerFailed, match="a store of another version"):
        await site.run(600)
    assert site.now == 35.0


# -- when -----------------------------------------------------------------------------------------------------------------


async def answers(site: SimulatedWorld, until_s: float) -> str:
    """A dot for each second in which the generator answers over the wire, an x for each in which it refuses."""
    seen = ""
    while site.now < until_s:
        try:
            await site["generator-1"].read("engine.speed")
            seen += "."
        except TransportError:
            seen += "x"
        await site.run(1)
    return seen


async def test_a_fault_of_the_wire_that_flaps(site: SimulatedWorld) -> None:
    await site.inject("generator-1", "modbus-exception", at=2.5, for_=9, flap=(1, 2))
    assert await answers(site, 15) == "...x..x..x....."


async def test_a_fault_of_the_wire_until_a_condition_holds(site: SimulatedWorld) -> None:
    await site.inject("generator-1", "modbus-exception", until="not utility-b.live")
    await site.inject("utility-b", "outage", at=5.5)
    assert await answers(site, 10) == "xxxxxx...."


async def test_clearing_everything(site: SimulatedWorld) -> None:
    await site.inject("generator-1", "modbus-exception")
    await site.inject("ups-1", "black-hole")
    await site.inject("utility-a", "outage")
    await site.run(1)
    await site.clear()
    await site.run(1)
    assert site.observe("utility-a.live")
    await site["generator-1"].read("engine.speed")
    await battery(site)


async def test_a_ramp_of_the_wire(site: SimulatedWorld) -> None:
    await site.inject("ups-1", "delay", ramp="100 s", delay_s=0.4)
    took = []
    for _ in range(3):
        start_s = site.now
        await battery(site)
        took.append(site.now - start_s)
        await site.run(50)
    assert took == pytest.approx([0.001, 0.401, 0.801], abs=0.01)


async def test_a_black_hole_and_what_comes_after_it(site: SimulatedWorld) -> None:
    await site["generator-1"].read("engine.speed")
    await site.inject("generator-1", "black-hole", for_=60)
    with pytest.raises(NoAnswer):
        await site["generator-1"].read("engine.speed")
    await site.run(60)
    await site["generator-1"].read("engine.speed")


# -- refused --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "error", "said"),
    [
        ({"target": "utility-z", "kind": "outage"}, PlantError, "utility-z"),
        (
            {"target": "utility-a", "kind": "tsunami"},
            PlantError,
            "utility-a cannot suffer 'tsunami'; it knows: .*outage",
        ),
        ({"target": "utility-a", "kind": "sag", "depth": 1}, PlantError, "depth"),
        ({"target": "utility-a", "kind": "sag", "at": 10, "depth": 1}, PlantError, "depth"),
        (
            {"target": "generator-1", "kind": "modbus-exception", "code": 999},
            PlantError,
            "code is 999, expected 1 to 255",
        ),
        ({"target": "generator-1", "kind": "modbus-exception", "at": 9, "code": 999}, PlantError, "code is 999"),
        (
            {"target": "ups-1", "kind": "modbus-exception"},
            PlantError,
            "ups-1 does not speak what modbus-exception alters",
        ),
        (
            {"target": "generator-1", "kind": "loss", "speed": 1},
            PlantError,
            "loss: unknown parameter speed; it takes percent",
        ),
        ({"target": "ups-1", "kind": "controller-down"}, PlantError, "its target is `controller`"),
        ({"target": "utility-a", "kind": "outage", "for_": -1}, ValueError, "for_s: is -1, expected more than 0 s"),
        ({"target": "utility-a", "kind": "outage", "for_": 0}, InjectionError, "for_s: is 0, expected more than 0"),
        ({"target": "utility-a", "kind": "outage", "at": "soon"}, ValueError, "'soon'"),
        ({"target": "utility-a", "kind": "outage", "until": "moon.full"}, UnknownQuantity, "moon"),
        ({"target": "utility-a", "kind": "outage", "until": "1 +"}, Exception, r"1 \+"),
    ],
)
async def test_what_cannot_happen_is_refused_at_once(
    site: SimulatedWorld, what: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await site.inject(**what)
    await site.run(20)
    assert not [event for event in site.journal if event.what == "fault"]


async def test_a_point_that_is_not_there_is_refused_before_its_time_comes(site: SimulatedWorld) -> None:
    with pytest.raises(PlantError, match=r"probe\.99"):
        await site.inject("sensor-1:probe.99.value", "sensor-bias", at=10, offset=1)


async def test_what_goes_wrong_when_its_time_comes_ends_the_run(
    site: SimulatedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PlantError("the plant has changed meanwhile")

    await site.inject("utility-a", "outage", at=10)
    monkeypatch.setattr(site.model, "inject", refused)
    with pytest.raises(PlantError, match="has changed meanwhile"):
        await site.run(60)
    assert site.now == 10.0


# -- defects of the emulators ---------------------------------------------------------------------------------------------


def make_defective(site: SimulatedWorld) -> Any:
    """The next reaction of the UPS's firmware raises."""
    device = site.model["ups-1"]

    def raising(_: object) -> None:
        raise TypeError("seeded")

    device.react = MethodType(raising, device)  # type: ignore[method-assign]
    site.model.plant.rearrange()
    return device


async def test_a_defect_in_a_firmware_takes_the_device_down_and_fails_the_run(site: SimulatedWorld) -> None:
    device = make_defective(site)
    with pytest.raises(TypeError, match="seeded") as failure:
        await site.run(5)
    del device.react
    assert failure.value.__notes__ == ["ups-1/device crashed of this at t=0.000 s (react)"]
    assert not device.answers


def test_a_defect_after_the_last_run_fails_the_test_when_the_world_stops() -> None:
    async def life() -> None:
        world = SimulatedWorld(fresh("bench"))
        await world.start()
        device = make_defective(world)
        world.model.plant.settle()
        del device.react
        await world.stop()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner, pytest.raises(TypeError, match="seeded"):
        runner.run(life())


# -- conditions and complete checks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ["racks.*.supplied", "count(racks.*.supplied) >= 1", "utility-b.live rises"])
async def test_a_fault_lasts_until_any_expression_of_properties_holds(site: SimulatedWorld, condition: str) -> None:
    await site.inject("utility-b", "outage", at="5 s", for_="20 s")
    await site.inject("utility-a", "outage", at="10 s", until=condition)
    await site.run("1 min")
    assert site.model.active_faults() == []
    assert [event.what for event in site.journal if event.who == "utility-a"][:2] == ["fault", "fault cleared"]


@pytest.mark.parametrize(("target", "expected"), [("sensor-1", "point"), ("sensor-1:probe.9.value", "probe.9.value")])
async def test_a_fault_of_no_point_is_refused_before_its_time(site: SimulatedWorld, target: str, expected: str) -> None:
    with pytest.raises(PlantError, match=expected):
        await site.inject(target, "sensor-bias", at="5 min", offset=1.0)
    assert site.waiting() == []
