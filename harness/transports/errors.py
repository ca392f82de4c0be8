"""What can go wrong between the harness and a device."""

from __future__ import annotations


class TransportError(Exception):
    """A device could not be read or written; the message names where and what."""


class NoAnswer(TransportError):
    """Nothing came back within the timeout and its retries."""


class WrongAnswer(TransportError):
    """Something came back that is not the answer: an error, another type, another length."""
