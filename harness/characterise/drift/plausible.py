"""The values of a recording that their points cannot have, as the device's profile names them."""

from __future__ import annotations

from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.characterise.drift.served import served
from twinfeed.harness.characterise.recording.recording import Recording


def implausible(recording: Recording, profile: Profile) -> list[str]:
    """A line for each point and reason, in the order of the profile: what was recorded is kept as it came.

    A number that the profile itself gives for "no value now" (`missing`) is no trouble.
    """
    lines = [
        f"{item.name} ({item.at}): {item.unknown}; kept as it came"
        for _, items in served(recording, profile)
        for item in items.values()
        if item.unknown and item.place.point and (item.raw is None or item.raw != item.place.entry.missing)
    ]
    return list(dict.fromkeys(lines))
