"""A bench at a place of a real labgrid coordinator, its meter behind a real exporter's serial port."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable
from importlib.util import find_spec

import pytest
from external import until
from lab import Lab

from twinfeed.harness.transports import DeviceHandle, NoAnswer
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.connecting import connect
from twinfeed.hil_rigs.places import PlaceError, PlaceHeld, acquire, at_place, held, release

if find_spec("labgrid") is None:
    pytest.skip("labgrid is missing: tox -e labgrid, or pip install 'twinfeed[labgrid]'", allow_module_level=True)

pytestmark = pytest.mark.interop

Be = Callable[[str], None]


async def test_a_meter_is_read_through_the_exporter_s_serial_port(lab: Lab, be: Be) -> None:
    be("awa")
    async with held(rigfile.read(lab.rig_file())) as rig:
        assert "acquired: pc-of-awa/awa" in lab.client("show")
        meter = connect(rig)["meter-1"]
        assert (await meter.read("frequency")).value == 49.875
        meter.close()
    assert "acquired: None" in lab.client("show")


async def test_the_second_user_is_told_who_has_the_place(lab: Lab, be: Be) -> None:
    rig = rigfile.read(lab.rig_file())
    be("moussa")
    async with held(rig):
        be("awa")
        with pytest.raises(PlaceHeld) as refused:
            async with held(rig):
                pass
    assert re.match(
        r"the place meter-bench is held by moussa on pc-of-moussa since \d{4}-\d\d-\d\d \d\d:\d\d; ask them",
        str(refused.value),
    )


async def test_a_place_reserved_by_another_is_refused_with_their_name(lab: Lab, be: Be) -> None:
    lab.client("reserve", "--wait", "name=meter-bench", user="moussa")
    be("awa")
    with pytest.raises(PlaceHeld, match="meter-bench is reserved by moussa on pc-of-moussa; ask them"):
        async with held(rigfile.read(lab.rig_file())):
            pass


async def test_who_waits_gets_the_place_when_it_is_released(lab: Lab, be: Be) -> None:
    lab.client("acquire", user="moussa")
    be("awa")

    async def wait_for_it() -> str:
        async with held(rigfile.read(lab.rig_file(more=", wait: 1min"))):
            return await asyncio.to_thread(lab.client, "show")

    waiting = asyncio.create_task(wait_for_it())
    await asyncio.to_thread(until, lambda: "pc-of-awa/awa" in lab.client("reservations"))
    await asyncio.to_thread(lab.client, "release", user="moussa")
    assert "acquired: pc-of-awa/awa" in await waiting
    assert lab.client("reservations").strip() == ""


async def test_who_waits_in_vain_is_told_who_still_has_it(lab: Lab, be: Be) -> None:
    lab.client("acquire", user="moussa")
    be("awa")
    with pytest.raises(PlaceHeld, match=r"after 1 s of waiting the place meter-bench is held by moussa"):
        async with held(rigfile.read(lab.rig_file(more=", wait: 1s"))):
            pass
    assert lab.client("reservations").strip() == ""


async def test_a_place_that_was_ours_before_stays_ours(lab: Lab, be: Be) -> None:
    lab.client("acquire", user="awa")
    be("awa")
    async with held(rigfile.read(lab.rig_file())):
        pass
    assert "acquired: pc-of-awa/awa" in lab.client("show")


async def test_a_serial_port_that_the_place_does_not_have_is_named_and_the_place_given_back(lab: Lab, be: Be) -> None:
    be("awa")
    with pytest.raises(
        PlaceError, match=r"meter-1: the place meter-bench has no serial port 'meter-lime'; there are: meter-line"
    ):
        async with held(rigfile.read(lab.rig_file(serial="meter-lime"))):
            pass
    assert "acquired: None" in lab.client("show")


async def test_a_coordinator_that_is_gone_is_named(lab: Lab, be: Be) -> None:
    """It dies while the place is held. Its exporter then closes the serial ports, which reads report."""
    be("awa")
    rig = rigfile.read(lab.rig_file(more=", timeout: 5s"))
    assert rig.bench.labgrid is not None
    place = await acquire(rig.bench.labgrid)
    meter = connect(at_place(rig, place))["meter-1"]
    lab.processes["coordinator"].send_signal(signal.SIGKILL)
    lab.processes["coordinator"].wait()
    with pytest.raises(NoAnswer, match=r"meter-1 frequency at modbus\+rfc2217://127.0.0.1:\d+/1 .*"):
        await read_for_ever(meter)
    meter.close()
    with pytest.raises(
        PlaceError, match=rf"the labgrid coordinator {lab.coordinator} of place meter-bench does not answer"
    ):
        await release(place)


async def read_for_ever(meter: DeviceHandle) -> None:
    async with asyncio.timeout(60):
        while True:
            await meter.read("frequency")
            await asyncio.sleep(0.1)


async def test_a_stopped_coordinator_does_not_hang_anybody(lab: Lab, be: Be) -> None:
    """It takes connections and sends nothing, as one on a computer that has frozen."""
    be("awa")
    coordinator = lab.processes["coordinator"]
    os.kill(coordinator.pid, signal.SIGSTOP)
    try:
        with pytest.raises(PlaceError, match="does not answer; is labgrid-coordinator running there"):
            async with held(rigfile.read(lab.rig_file(more=", timeout: 2s"))):
                pass
    finally:
        os.kill(coordinator.pid, signal.SIGCONT)
