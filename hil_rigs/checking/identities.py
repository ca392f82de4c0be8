"""Before a bench is armed: every device must be the one that the rig file means, and its clock right.

A PDU at the wrong address switches off somebody else's load, so nothing moves before each device is identified.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from twinfeed._phrases import Phrase
from twinfeed.harness.report.notes import Identity
from twinfeed.harness.transports import DeviceHandle
from twinfeed.hil_rigs.checking import clocks
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.identity import Card, verified
from twinfeed.hil_rigs.rigfile import Rig


async def introductions(rig: Rig, handles: Mapping[str, DeviceHandle]) -> tuple[list[Identity], list[str]]:
    """Every device as it identifies itself, and a line for each that is another one, or does not identify itself.

    Devices are asked side by side; those that share a line wait for each other there.
    """
    devices = rig.bench.devices
    found = await asyncio.gather(
        *(verified(Asked(handle, devices[name]), devices[name].identity) for name, handle in handles.items())
    )
    told = zip(handles, found, strict=True)
    known = [Identity(name, card.product, card.serial, card.firmware, _source(card)) for name, (card, _) in told]
    return known, [str(finding) for _, findings in found for finding in findings]


async def wrong_clocks(
    rig: Rig, handles: Mapping[str, DeviceHandle], now: Callable[[], float] = time.time
) -> list[str]:
    """A line for each device whose own clock differs from this computer's: the same judgement as that of a check.

    A device that gives no time has none to be wrong.
    """

    async def judged(name: str, handle: DeviceHandle) -> list[str]:
        day_s = await clocks.day_of(Asked(handle, rig.bench.devices[name]))
        return [str(finding) for finding in clocks.day_judged(name, day_s, now())]

    found = await asyncio.gather(*(judged(name, handle) for name, handle in handles.items()))
    return [line for lines in found for line in lines]


def _source(card: Card) -> str:
    """The source of that knowledge."""
    return "FC 43/14" if card.objects else "sysDescr" if card.description else Phrase("its points")
