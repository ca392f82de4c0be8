"""Before a bench is armed: every device must be the one that the rig file means.

A PDU at the wrong address switches off somebody else's load, so nothing moves before each device has said who it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from harness.transports import DeviceHandle
from hil_rigs.checking.asking import Asked
from hil_rigs.checking.findings import Finding
from hil_rigs.checking.identity import verified
from hil_rigs.rigfile import Rig


async def strangers(rig: Rig, handles: Mapping[str, DeviceHandle]) -> list[str]:
    """A line for each device that is another one, or that does not say who it is; empty if all are the ones meant.

    Devices are asked side by side; those that share a line wait for each other there.
    """
    devices = rig.bench.devices
    found = await asyncio.gather(
        *(verified(Asked(handle, devices[name]), devices[name].identity) for name, handle in handles.items())
    )
    return [_said(finding) for of_device in found for finding in of_device]


def _said(finding: Finding) -> str:
    expected = f", expected {finding.expected}" if finding.expected is not None else ""
    return f"{finding.on}: {finding.found}{expected}; {finding.do}"
