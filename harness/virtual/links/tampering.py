"""Alteration of messages on their way: the interface between a network and the code that alters them.

`twinfeed.harness.faults.frames` has the faults of Modbus and SNMP messages; a network knows no protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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


class Tampering(Protocol):
    """Alters the messages of one service of a device, for all its clients."""

    @property
    def notifies(self) -> bool:
        """True if the service also sends messages that answer no request."""

    @property
    def answers_elsewhere(self) -> bool:
        """True if answers come from another port than the requests went to."""

    def conversation(self) -> Conversation:
        """A new client's exchange with the device."""

    def notification(self, datagram: bytes) -> list[bytes | Late]:
        """The messages that reach the station in place of one that answers no request."""
