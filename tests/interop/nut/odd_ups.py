"""A UPS one of whose points is answered oddly, and our handle on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from running import Running, running

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS, COUNTERS_ONLY, MODBUS_ONLY
from twinfeed.emulators.site import Site
from twinfeed.harness.transports import DeviceHandle, Reading, SnmpTransport

SITE = """
site: nut-odd
snmp: {read: public, write: private}
power:
  utility: {kind: utility}
  ups: {kind: ups, from: utility, kva: 60, kw: 60, device: {profile: ups-rfc1628, address: ADDRESS}}
racks:
  row: {kind: rack_row, from: ups, racks: 10, rack_kw: 6.5, utilisation: 0.3}
"""

POINT = "battery.charge"
"""So it is called by both."""
OTHERS = {"input.1.voltage": "input.L1-N.voltage", "output.1.voltage": "output.L1-N.voltage"}
"""Points of ours -> NUT's variables, which the fault does not touch."""


@contextmanager
def served(folder: Path, address: str) -> Iterator[Running]:
    """The UPS at that address, a minute after its start; its time stands nearly still."""
    path = folder / "odd.yaml"
    path.write_text(SITE.replace("ADDRESS", address))
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
