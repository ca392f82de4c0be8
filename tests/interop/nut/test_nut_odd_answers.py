"""NUT's snmp-ups beside our handle on a UPS one of whose points is answered oddly, as some cards do.

NUT marks nothing as unknown: it drops the variable or shows what the octets give. What counts here is that both read the
other variables, and that a number which our handle takes for a reading is the one that NUT shows.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from nut import Nut
from running import Running, running

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS, COUNTERS_ONLY, MODBUS_ONLY
from twinfeed.emulators.site import Site
from twinfeed.harness.transports import DeviceHandle, Reading, SnmpTransport, TransportError

pytestmark = pytest.mark.interop

SITE = """
site: nut-odd
snmp: {read: public, write: private}
power:
  utility: {kind: utility}
  ups: {kind: ups, from: utility, kva: 60, kw: 60, device: {profile: ups-rfc1628, address: 127.15.0.1}}
racks:
  row: {kind: rack_row, from: ups, racks: 10, rack_kw: 6.5, utilisation: 0.3}
"""

POINT = "battery.charge"
"""So it is called by both."""
OTHERS = {"input.1.voltage": "input.L1-N.voltage", "output.1.voltage": "output.L1-N.voltage"}
"""Points of ours -> NUT's variables, which the fault does not touch."""


@pytest.fixture
def ups(tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "odd.yaml"
    path.write_text(SITE)
    with running(Site.load(path), speed=0.001) as live:
        live.advance(60.0)
        yield live


def read(live: Running, *points: str) -> dict[str, Reading]:
    endpoint = live.endpoint("ups", "snmp")
    profile = next(entry.profile for entry in live.site.file.devices)

    async def ask() -> dict[str, Reading]:
        agent = SnmpTransport.v2c(endpoint.address, endpoint.port, timeout_s=0.5)
        try:
            return await DeviceHandle("ups", profile, snmp=agent).read_many(points)
        finally:
            agent.close()

    return asyncio.run(ask())


CASES = [
    (kind, form)
    for kind, fault in ANSWER_FAULTS.items()
    if kind not in MODBUS_ONLY | COUNTERS_ONLY
    for form in range(1, int(fault.parameters["form"].high) + 1 if "form" in fault.parameters else 2)
]


@pytest.mark.parametrize(("kind", "form"), CASES)
def test_one_odd_answer_costs_neither_of_them_the_others(ups: Running, tmp_path: Path, kind: str, form: int) -> None:
    nut = Nut(tmp_path, {"ups": [f"port = {ups.at('ups')}", "mibs = ietf", "community = private"]})
    given = {"form": float(form)} if "form" in ANSWER_FAULTS[kind].parameters else {}
    ups.do(lambda: ups.site.inject(f"ups:{POINT}", kind, given))
    theirs, others = nut.look("ups"), read(ups, *OTHERS)
    for point, variable in OTHERS.items():
        assert not others[point].unknown
        assert float(theirs[variable]) == pytest.approx(float(others[point].value), rel=0.01)
    try:
        ours = read(ups, POINT)[POINT]
    except TransportError:  # no such instance, silence, a variable of another name
        return
    if ours.unknown:
        assert math.isnan(float(ours.value))
    elif POINT in theirs:  # NUT drops a UInteger32, which RFC 1442 had and 2578 has not; so its number is the true one
        assert float(theirs[POINT]) == pytest.approx(float(ours.value))
    else:
        assert ours.value == 100.0
