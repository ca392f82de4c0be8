"""Faults of kinds that ship with twinfeed: an open battery breaker of a UPS, and a stuck bit of Modbus devices."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.ups.ups import Ups
from twinfeed.harness.faults.frames import WireFault


def _work_the_breaker(ups: Ups, open: bool) -> None:
    ups.set_battery_breaker(not open)


READS = (3, 4)
"""Function codes of Modbus: read holding registers, read input registers."""

FUNCTION_AT, FIRST_REGISTER_AT = 7, 9
"""Offsets in the answer to a read on Modbus TCP, octets (Modbus Messaging on TCP/IP Implementation Guide V1.0b)."""


def _stick(frame: bytes, parameters: Mapping[str, float], rng: Random) -> bytes:
    if len(frame) < FIRST_REGISTER_AT + 2 or frame[FUNCTION_AT] not in READS:
        return frame
    register = int.from_bytes(frame[FIRST_REGISTER_AT : FIRST_REGISTER_AT + 2], "big") | 1 << int(parameters["bit"])
    return frame[:FIRST_REGISTER_AT] + register.to_bytes(2, "big") + frame[FIRST_REGISTER_AT + 2 :]


FAULTS: Mapping[str, Mapping[str, Fault | WireFault]] = {
    "ups": {
        "battery-breaker-open": Fault(
            "somebody has opened the battery breaker; clearing the fault closes it",
            family="people",
            actuator=True,
            changed=_work_the_breaker,
        ),
    },
    "wire": {
        "stuck-bit": WireFault(
            "one bit of the first register of each answer is always set",
            ("modbus-tcp",),
            {"bit": Parameter(15, "", 0, 15, "the number of the bit; 15 is the highest", whole=True)},
            answer=_stick,
        ),
    },
}
