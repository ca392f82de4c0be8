"""The result of an import as a document."""

from __future__ import annotations

from dataclasses import dataclass

from twinfeed.harness.importing.drafting import Unknown


@dataclass(frozen=True)
class Imported:
    """A site file that was made of lists."""

    file: str
    readable: bool
    """True if the site starts as it is."""
    mistakes: list[str]
    """The reasons for which it does not."""
    unknown: list[Unknown]
    """All that is not in the lists."""
    names: dict[str, str]
    """Name in the lists -> name in the file, where they differ."""
