"""Profiles: how one real product shows a device's points as OIDs and registers."""

from twinfeed.emulators.profiles.library import get, load, names
from twinfeed.emulators.profiles.schema import Profile

__all__ = ["Profile", "get", "load", "names"]
