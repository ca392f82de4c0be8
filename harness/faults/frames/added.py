"""Faults of messages that installed packages add, as functions of the octets.

FAULTS = {
    "wire": {
        "unit-zero": WireFault("answers carry unit 0", ("modbus-tcp",), answer=lambda octets, p, rng: …),
    },
}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Literal, get_args

from twinfeed.emulators.errors import FileError
from twinfeed.emulators.extensions import WIRE, added_faults, broken
from twinfeed.emulators.plant.kernel.faults import Parameter

Speaks = Literal["modbus-tcp", "modbus-rtu", "snmp"]

PROTOCOLS: tuple[Speaks, ...] = get_args(Speaks)
"""The protocol of a message."""

Alter = Callable[[bytes, Mapping[str, float], Random], bytes]
"""Octets of a whole message, parameters of the fault, random numbers of the run -> the octets that arrive instead."""


@dataclass(frozen=True)
class WireFault:
    """A fault of messages that a package adds: `request` alters those to the device, `answer` those from it.

    A message is a frame of Modbus, with its MBAP header or its CRC, or a datagram of SNMP. The functions must depend on
    nothing but their arguments: a run repeats from its seed.

    Raises:
        ValueError: it alters nothing, or a protocol is none of `PROTOCOLS`.
    """

    doc: str
    protocols: tuple[Speaks, ...] = PROTOCOLS
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    source: str = ""
    request: Alter | None = None
    answer: Alter | None = None

    def __post_init__(self) -> None:
        if unknown := [name for name in self.protocols if name not in PROTOCOLS]:
            raise ValueError(f"found the protocol {', '.join(unknown)}, expected some of {', '.join(PROTOCOLS)}")
        if self.request is None and self.answer is None:
            raise ValueError("a fault of messages needs a function for requests or for answers")


@cache
def added(taken: frozenset[str]) -> Mapping[str, WireFault]:
    """The faults of installed packages, by name.

    Raises:
        FileError: an entry point is broken, or has another object, or a name that is taken.
    """
    found: dict[str, WireFault] = {}
    for point, target, faults in added_faults():
        for name, fault in faults.items() if target == WIRE else ():
            if not isinstance(fault, WireFault):
                raise FileError([broken(point, f"has {fault!r} as {WIRE} {name}, expected a WireFault")])
            if name in taken or name in found:
                raise FileError([broken(point, f"has the fault {name!r}, which messages have already")])
            found[name] = fault
    return found
