"""Profiles: how one real product shows a device's points as OIDs and registers."""

from emulators.profiles.library import get, load, names
from emulators.profiles.schema import Profile

__all__ = ["Profile", "get", "load", "names"]
