"""Faults of messages between a client and a device: their kinds (`KINDS`) and their effect (`Tamper`)."""

from twinfeed.harness.faults.frames.added import Speaks, WireFault
from twinfeed.harness.faults.frames.kinds import (
    BY_NAME,
    KINDS,
    PROTOCOL_KINDS,
    STREAMS_ONLY,
    TRANSPORT_KINDS,
    chosen,
    path,
    protocols,
)
from twinfeed.harness.faults.frames.tamper import Tamper
from twinfeed.harness.virtual.links.tampering import Answer, Conversation, Late

__all__ = [
    "BY_NAME",
    "KINDS",
    "PROTOCOL_KINDS",
    "STREAMS_ONLY",
    "TRANSPORT_KINDS",
    "Answer",
    "Conversation",
    "Late",
    "Speaks",
    "Tamper",
    "WireFault",
    "chosen",
    "path",
    "protocols",
]
