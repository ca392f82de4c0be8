"""The agent that a session sends to: its address, the carrier of the messages, the tries of each request."""

from __future__ import annotations

from dataclasses import dataclass

from twinfeed.harness.transports.errors import url
from twinfeed.harness.transports.snmp.stream import Over
from twinfeed.harness.transports.tries import Tries, TryOptions

SNMP_PORT = 161
"""IANA."""

TIMEOUT_S = 1.0
"""Default time of one try, s of the loop's clock."""

MAX_VARBINDS = 20
"""Default number of variables in one GET: the answer fits in the 1,472 octets of an Ethernet frame."""


class SnmpOptions(TryOptions, total=False):
    """Options of every constructor of an SNMP transport."""

    max_varbinds: int
    """Variables that one GET requests at most."""
    over: Over
    """The carrier of the messages: udp, or tcp as in RFC 3430."""


@dataclass(frozen=True)
class Target:
    """An agent at an address, with the options of the transport to it."""

    address: str
    port: int
    tries: Tries
    over: Over = "udp"
    max_varbinds: int = MAX_VARBINDS

    @classmethod
    def of(cls, address: str, port: int, options: SnmpOptions) -> Target:
        tries = Tries.of(options, TIMEOUT_S)
        return cls(address, port, tries, options.get("over", "udp"), options.get("max_varbinds", MAX_VARBINDS))

    def url(self, scheme: str) -> str:
        """Its address in the form of `urls`: `snmp+tcp://192.0.2.7:161`."""
        return url(f"{scheme}+tcp" if self.over == "tcp" else scheme, self.address, self.port)
