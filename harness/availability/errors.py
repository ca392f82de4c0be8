"""Errors of fault trees."""

from __future__ import annotations


class TreeError(ValueError):
    """The tree is not sound. The message names the gate or the failure, or file and line."""


class AvailabilityMissing(ImportError):
    """The extra `availability` is not installed. The message names the command."""

    def __init__(self) -> None:
        super().__init__("fault trees need OxiDD: pip install 'twinfeed[availability]'")
