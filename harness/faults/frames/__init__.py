"""Faults of what is said between a client and a device: which there are (`KINDS`) and what they do (`Tamper`)."""

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
from twinfeed.harness.faults.frames.tamper import Answer, Conversation, Late, Speaks, Tamper

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
    "chosen",
    "path",
    "protocols",
]
