"""The effect of faults on the messages between clients and one device: bytes in, bytes out, seeded. No I/O, no clock.

    client  -> request ->  Tamper  -> request ->  device  -> notification ->  Tamper  -> station
            <- answer  <-          <- answer  <-

Without a fault nothing is decoded and everything passes as it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol

from twinfeed.harness.faults.frames.kinds import ALL, READS, WRITES, chosen, protocols

MOST_REMEMBERED = 10_000
"""Largest number of messages that one fault remembers; further ones pass as if the fault began now."""

Speaks = Literal["modbus-tcp", "modbus-rtu", "snmp"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to the client instead of the device's; the device never gets the request."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Late:
    """A message that is to be passed on `delay_s` seconds from now."""

    frame: bytes
    delay_s: float


class Conversation(Protocol):
    """One client's exchange with the device: a TCP connection, a UDP address, a serial line.

    None of these raises, whatever the octets.
    """

    def request(self, data: bytes) -> list[bytes | Answer]:
        """The effect on octets of the client: those for the device, and answers instead of it."""

    def answer(self, data: bytes) -> list[bytes]:
        """The octets for the client when the device sends these."""

    def idle(self) -> tuple[bytes, bytes]:
        """The octets held back towards device and client, after a silence longer than a frame allows."""

    @property
    def waiting(self) -> bool:
        """True if part of a frame is held back."""


class Tamper:
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
        self.spared: Counter[tuple[str, str]] = Counter()
        """Faults that a message did not suffer, and why -> how many messages."""
        self._own: Conversation | None = None

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

    def prepare(self) -> None:
        """Load scapy's layers for Modbus: half a second, once a process, at the first fault or before."""
        if self.speaks != "snmp":
            import scapy.contrib.modbus  # noqa: F401 (imported for its layers to be known)

    def lift(self, kind: str | None = None) -> list[str]:
        """End one fault or all; returns the ended ones. Messages then pass unchanged."""
        ended = [name for name in self.active if kind in (None, name)]
        for name in ended:
            del self.active[name], self.memory[name]
        return ended

    def first(self, kind: str, key: object, value: bytes) -> bytes:
        """What an active fault remembers of this key: the value it was first told, which is this one now or before."""
        memory = self.memory[kind]
        return memory.setdefault(key, value) if len(memory) < MOST_REMEMBERED else memory.get(key, value)

    def last(self, kind: str, key: object, value: bytes) -> bytes:
        """What an active fault was told of this key the time before; this value is what it is told now."""
        memory = self.memory[kind]
        before = memory.get(key, value)
        if key in memory or len(memory) < MOST_REMEMBERED:
            memory[key] = value
        return before

    def conversation(self) -> Conversation:
        """A new client's exchange with the device."""
        # Imported here: what only wants to know the faults needs no decoders.
        if self.speaks == "snmp":
            from twinfeed.harness.faults.frames.snmp import SnmpConversation

            return SnmpConversation(self)
        from twinfeed.harness.faults.frames.modbus import ModbusConversation

        return ModbusConversation(self)

    def request(self, data: bytes) -> list[bytes | Answer]:
        """`Conversation.request` where there is one client only."""
        return self._only().request(data)

    def answer(self, data: bytes) -> list[bytes]:
        """`Conversation.answer` where there is one client only."""
        return self._only().answer(data)

    def strikes(self, kind: str, writes: bool) -> bool:
        """True if an active fault with the parameters `percent` and `only` acts on this request."""
        fault = self.active.get(kind)
        if fault is None or fault["only"] not in (ALL, WRITES if writes else READS):
            return False
        return fault["percent"] >= 100.0 or self.rng.random() * 100.0 < fault["percent"]

    def notification(self, datagram: bytes) -> list[bytes | Late]:
        """The messages for the station when the device sends a trap or an inform."""
        active = self.active
        if not active or self._happens("traps-lost"):
            return [] if active else [datagram]
        copies = 2 if self._happens("traps-duplicated") else 1
        late = active.get("traps-late")
        return [Late(datagram, late["delay_s"]) if late is not None else datagram] * copies

    def _happens(self, kind: str) -> bool:
        fault = self.active.get(kind)
        return fault is not None and self.rng.random() * 100.0 < fault["percent"]

    def _only(self) -> Conversation:
        if self._own is None:
            self._own = self.conversation()
        return self._own


def spoil(tamper: Tamper, frame: bytes) -> bytes:
    """An answer after the faults that ask for no decoding: cut short, random octets, octets that follow."""
    cut = tamper.active.get("truncated")
    if "garbage" in tamper.active:
        frame = tamper.rng.randbytes(len(frame))
    if cut is not None:
        frame = frame[: max(1, len(frame) - int(cut["bytes"]))]
    trailing = tamper.active.get("trailing")
    return frame if trailing is None else frame + tamper.rng.randbytes(int(trailing["bytes"]))


def noise(rng: Random, octets: bytes, error_rate: float) -> bytes:
    """Octets after a line on which each bit is wrong with this probability."""
    if error_rate <= 0.0:
        return octets
    bits, wrong = 8 * len(octets), 0
    for position in range(bits):
        if rng.random() < error_rate:
            wrong |= 1 << position
    return (int.from_bytes(octets, "big") ^ wrong).to_bytes(len(octets), "big")
