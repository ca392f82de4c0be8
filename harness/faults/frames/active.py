"""The faults that the messages of one device suffer now, and what they remember. No I/O, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

from twinfeed.harness.faults.frames.added import Speaks, WireFault
from twinfeed.harness.faults.frames.kinds import ALL, READS, WRITES, chosen, of_package, protocols

MOST_REMEMBERED = 10_000
"""Largest number of messages that one fault remembers; further ones pass as if the fault began now."""


class ActiveFaults:
    """The faults of the messages of one device, shared by all its clients; none at first.

    `speaks` is what the device speaks: modbus-tcp (also over UDP), modbus-rtu (serial, or over TCP) or snmp.
    """

    def __init__(self, seed: int = 0, speaks: Speaks = "modbus-tcp") -> None:
        self.speaks = speaks
        self.rng = Random(seed)
        self.active: dict[str, dict[str, float]] = {}
        """The faults there are: kind -> parameter -> number, in the order of their onset."""
        self.memory: dict[str, dict[object, bytes]] = {}
        """The memory of active faults: kind -> request -> answer."""
        self.added: dict[str, WireFault] = {}
        """The faults of `active` that installed packages add."""
        self.struck: Counter[str] = Counter()
        """The requests that each fault has acted on since its onset."""
        self.spared: Counter[tuple[str, str]] = Counter()
        """Faults that a message did not suffer, and why -> how many messages."""

    def spare(self, kind: str, why: str) -> None:
        """A fault does nothing to this message."""
        self.spared[kind, why] += 1

    def apply(self, kind: str, parameters: Mapping[str, float] | None = None) -> None:
        """A fault begins, or its parameters change.

        Raises:
            ValueError: no such fault or parameter, a number out of range, or not a fault of this protocol.
        """
        numbers = chosen(kind, parameters)
        if self.speaks not in protocols(kind):
            among = ", ".join(protocols(kind)) or "the path, not of messages"
            raise ValueError(f"{kind} is a fault of {among}; here {self.speaks} is spoken")
        self.prepare()
        self.active[kind] = numbers
        self.memory.setdefault(kind, {})
        if (theirs := of_package(kind)) is not None:
            self.added[kind] = theirs

    def prepare(self) -> None:
        """Load scapy's layers for Modbus: half a second, once a process, at the first fault or before."""
        if self.speaks != "snmp":
            import scapy.contrib.modbus  # noqa: F401 (imported for its layers to be known)

    def lift(self, kind: str | None = None) -> list[str]:
        """End one fault or all; returns the ended ones. Messages then pass unchanged."""
        ended = [name for name in self.active if kind in (None, name)]
        for name in ended:
            del self.active[name], self.memory[name]
            self.struck.pop(name, None)
            self.added.pop(name, None)
        return ended

    def requested(self, message: bytes) -> bytes:
        """A request as the faults of packages let it arrive."""
        for kind, fault in self.added.items():
            if fault.request is not None:
                message = fault.request(message, self.active[kind], self.rng)
        return message

    def answered(self, message: bytes) -> bytes:
        """An answer as the faults of packages let it arrive."""
        for kind, fault in self.added.items():
            if fault.answer is not None:
                message = fault.answer(message, self.active[kind], self.rng)
        return message

    def first(self, kind: str, key: object, value: bytes) -> bytes:
        """The value that an active fault remembers for this key: the first one that it was given, now or before."""
        memory = self.memory[kind]
        return memory.setdefault(key, value) if len(memory) < MOST_REMEMBERED else memory.get(key, value)

    def last(self, kind: str, key: object, value: bytes) -> bytes:
        """The value that an active fault remembers of this key, which `value` replaces."""
        memory = self.memory[kind]
        before = memory.get(key, value)
        if key in memory or len(memory) < MOST_REMEMBERED:
            memory[key] = value
        return before

    def strikes(self, kind: str, writes: bool, function: int = 0) -> bool:
        """True if an active fault acts on this request, by its parameters `only`, `function`, `percent` and `next`.

        `function` is the function code of a Modbus request, 0 for a message of SNMP.
        """
        fault = self.active.get(kind)
        if fault is None or fault.get("only", ALL) not in (ALL, WRITES if writes else READS):
            return False
        if fault.get("function") not in (None, 0, function):
            return False
        if fault["next"] and self.struck[kind] >= fault["next"]:
            return False
        strikes = fault["percent"] >= 100.0 or self.rng.random() * 100.0 < fault["percent"]
        self.struck[kind] += strikes
        return strikes

    def happens(self, kind: str) -> bool:
        fault = self.active.get(kind)
        return fault is not None and self.rng.random() * 100.0 < fault["percent"]


def spoil(faults: ActiveFaults, frame: bytes) -> bytes:
    """An answer after the faults that need no decoding: those of packages, cut short, random, octets that follow."""
    frame = faults.answered(frame)
    cut = faults.active.get("truncated")
    if "garbage" in faults.active:
        frame = faults.rng.randbytes(len(frame))
    if cut is not None:
        frame = frame[: max(1, len(frame) - int(cut["bytes"]))]
    trailing = faults.active.get("trailing")
    return frame if trailing is None else frame + faults.rng.randbytes(int(trailing["bytes"]))


def noise(rng: Random, octets: bytes, error_rate: float) -> bytes:
    """Octets after a line on which each bit is wrong with this probability."""
    if error_rate <= 0.0:
        return octets
    bits, wrong = 8 * len(octets), 0
    for position in range(bits):
        if rng.random() < error_rate:
            wrong |= 1 << position
    return (int.from_bytes(octets, "big") ^ wrong).to_bytes(len(octets), "big")
