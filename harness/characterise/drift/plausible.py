"""The values of a recording that their points cannot have, as the device's profile names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.characterise.drift.served import Item, served
from twinfeed.harness.characterise.recording.recording import Recording

RATED = "ups.rating.power"
"""The point of a UPS that shows its rated apparent power, VA (RFC 1628 upsConfigOutputVA)."""


def implausible(recording: Recording, profile: Profile) -> list[str]:
    """A line for each point and reason, in the order of the profile: what was recorded is kept as it came.

    A number that the profile itself gives for "no value now" (`missing`) is no trouble.
    """
    lines = [
        f"{item.name} ({item.at}): {why}; kept as it came"
        for _, items in served(recording, profile)
        for item, why in _judged(list(items.values()))
        if why and item.place.point and (item.raw is None or item.raw != item.place.entry.missing)
    ]
    return list(dict.fromkeys(lines))


def _judged(items: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """Each value of one walk and why it is none, also beside the rated power that the device itself shows."""
    rated = [item.value for item in items if item.name == RATED and not item.unknown]
    rated_kva = rated[0] / 1000.0 if rated and isinstance(rated[0], int | float) and rated[0] > 0 else None
    for item in items:
        beyond = None
        if not item.unknown and item.raw is not None and item.name != RATED:
            beyond = item.place.rated(rated_kva).impossible(item.raw, item.value)
        yield item, item.unknown or beyond or ""
